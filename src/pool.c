#define _GNU_SOURCE /* sched_getaffinity */
#include "pool.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Looks of a thread at its condition before it goes to sleep: some 50 microseconds, the time
   between two products of a training step, whose pieces are not longer than a wake-up by the
   kernel. */
#define LOOKS 1000

static struct {
  pthread_mutex_t lock, busy; /* busy: held by the caller whose job runs */
  pthread_cond_t wake, done;
  int wanted, started; /* threads asked for; helpers that exist (the caller is not one) */
  int asleep;          /* helpers that need to be woken */
  atomic_int helping;  /* helpers still inside the job */
  atomic_ullong job;   /* counts jobs, so that a helper joins each one once */
  int joining;         /* helpers that the job still takes */
  sk_piece piece;
  void *ctx;
  int64_t n, grain;
  atomic_llong next;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .busy = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};

/* The thread for tasks, beside the pool: one, which takes them in the order of the list. */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
  sk_task *first; /* all that are not done; the first may be running */
  bool started;
} background = {.lock = PTHREAD_MUTEX_INITIALIZER,
                .wake = PTHREAD_COND_INITIALIZER,
                .done = PTHREAD_COND_INITIALIZER};

/* Not NULL in the thread for tasks: the pool is the caller's, and a task that took it would make
   him wait. (A key, since the search for leaks of gcc 12's sanitizer dies of _Thread_local in
   modules.) */
static pthread_key_t in_task;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void work(void) {
  for (;;) {
    int64_t first = atomic_fetch_add(&pool.next, pool.grain);
    if (first >= pool.n) return;
    int64_t last = pool.n - first < pool.grain ? pool.n : first + pool.grain;
    pool.piece(pool.ctx, first, last);
  }
}

static inline void rest(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void *helper(void *unused) {
  unsigned long long seen = 0;
  (void)unused;
  for (;;) {
    for (int i = 0; i < LOOKS && atomic_load(&pool.job) == seen; i++) rest();
    pthread_mutex_lock(&pool.lock);
    if (pool.job == seen) {
      pool.asleep++;
      pthread_cond_wait(&pool.wake, &pool.lock);
      pool.asleep--;
    }
    if (pool.job == seen || pool.joining == 0) { /* too late for this one: look out for the next */
      seen = pool.job;
      pthread_mutex_unlock(&pool.lock);
      continue;
    }
    seen = pool.job;
    pool.joining--;
    pool.helping++;
    pthread_mutex_unlock(&pool.lock);
    work();
    pthread_mutex_lock(&pool.lock);
    if (--pool.helping == 0) pthread_cond_signal(&pool.done);
    pthread_mutex_unlock(&pool.lock);
  }
  return 0;
}

/* A forked child has none of the helpers: it starts with an empty, unlocked pool. */
static void after_fork(void) {
  pthread_mutex_init(&pool.lock, 0);
  pthread_mutex_init(&pool.busy, 0);
  pthread_cond_init(&pool.wake, 0);
  pthread_cond_init(&pool.done, 0);
  pool.started = pool.asleep = pool.helping = pool.joining = 0;
  pthread_mutex_init(&background.lock, 0);
  pthread_cond_init(&background.wake, 0);
  pthread_cond_init(&background.done, 0);
  background.started = false; /* who waits for a task does it himself */
  for (sk_task *t = background.first; t; t = t->next) t->state = SK_TASK_QUEUED;
}

static void prepare(void) {
  pthread_key_create(&in_task, 0);
  pthread_atfork(0, 0, after_fork);
}

static int processors(void) {
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return n < 1 ? 1 : n > SK_MAXTHREADS ? SK_MAXTHREADS : n;
}

/* A thread with every signal blocked, since signals are the host's. */
static bool start_thread(void *(*body)(void *)) {
  sigset_t all, old;
  pthread_attr_t attr;
  pthread_t t;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  bool started = pthread_create(&t, &attr, body, 0) == 0;
  pthread_attr_destroy(&attr);
  pthread_sigmask(SIG_SETMASK, &old, 0);
  return started;
}

/* With pool.lock held: helpers are started on first need. Where the system gives no thread, fewer
   work. */
static void start_helpers(void) {
  while (pool.started < pool.wanted - 1 && start_thread(helper)) pool.started++;
}

void sk_parallel(int64_t n, int64_t grain, sk_piece piece, void *ctx) {
  if (grain < 1) grain = 1;
  if (n <= 0) return;
  if (n <= grain || sk_get_threads() == 1 || pthread_getspecific(in_task) ||
      pthread_mutex_trylock(&pool.busy) != 0) {
    for (int64_t first = 0; first < n; first += grain)
      piece(ctx, first, n - first < grain ? n : first + grain);
    return;
  }
  pthread_mutex_lock(&pool.lock);
  start_helpers();
  pool.piece = piece, pool.ctx = ctx, pool.n = n, pool.grain = grain;
  atomic_store(&pool.next, 0);
  pool.joining = pool.started < pool.wanted - 1 ? pool.started : pool.wanted - 1;
  pool.job++;
  if (pool.asleep > 0) pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.lock);
  work();
  pthread_mutex_lock(&pool.lock);
  pool.joining = 0; /* who has not come by now need not */
  pthread_mutex_unlock(&pool.lock);
  for (int i = 0; i < LOOKS && atomic_load(&pool.helping) > 0; i++) rest();
  pthread_mutex_lock(&pool.lock);
  while (pool.helping > 0) pthread_cond_wait(&pool.done, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
  pthread_mutex_unlock(&pool.busy);
}

void sk_set_threads(int n) {
  pthread_mutex_lock(&pool.lock);
  pool.wanted = n < 1 ? 1 : n > SK_MAXTHREADS ? SK_MAXTHREADS : n;
  pthread_mutex_unlock(&pool.lock);
}

int sk_get_threads(void) {
  pthread_once(&once, prepare);
  pthread_mutex_lock(&pool.lock);
  if (pool.wanted == 0) pool.wanted = processors();
  int n = pool.wanted;
  pthread_mutex_unlock(&pool.lock);
  return n;
}

static void *background_thread(void *unused) {
  (void)unused;
  pthread_setspecific(in_task, &background);
  pthread_mutex_lock(&background.lock);
  for (;;) {
    while (!background.first) pthread_cond_wait(&background.wake, &background.lock);
    sk_task *task = background.first;
    task->state = SK_TASK_RUNNING;
    pthread_mutex_unlock(&background.lock);
    task->run(task->ctx);
    pthread_mutex_lock(&background.lock);
    background.first = task->next;
    task->state = SK_TASK_DONE;
    pthread_cond_broadcast(&background.done);
  }
  return 0;
}

void sk_task_start(sk_task *task, void (*run)(void *ctx), void *ctx) {
  pthread_once(&once, prepare);
  *task = (sk_task){.run = run, .ctx = ctx, .state = SK_TASK_QUEUED};
  pthread_mutex_lock(&background.lock);
  if (!background.started) background.started = start_thread(background_thread);
  sk_task **end = &background.first;
  while (*end) end = &(*end)->next;
  *end = task;
  pthread_cond_signal(&background.wake);
  pthread_mutex_unlock(&background.lock);
}

/* One that nobody has begun is taken off the list and done here. */
void sk_task_wait(sk_task *task) {
  pthread_mutex_lock(&background.lock);
  while (task->state == SK_TASK_RUNNING) pthread_cond_wait(&background.done, &background.lock);
  bool ours = task->state == SK_TASK_QUEUED;
  if (ours) {
    sk_task **at = &background.first;
    while (*at != task) at = &(*at)->next;
    *at = task->next;
    task->state = SK_TASK_DONE;
  }
  pthread_mutex_unlock(&background.lock);
  if (ours) task->run(task->ctx);
}
