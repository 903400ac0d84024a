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

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

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
}

static void watch_fork(void) { pthread_atfork(0, 0, after_fork); }

static int processors(void) {
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return n < 1 ? 1 : n > SK_MAXTHREADS ? SK_MAXTHREADS : n;
}

/* With pool.lock held: helpers are started on first need, with every signal blocked, since signals
   are the host's. Where the system gives no thread, fewer work. */
static void start_helpers(void) {
  sigset_t all, old;
  pthread_attr_t attr;
  pthread_t t;
  if (pool.started >= pool.wanted - 1) return;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  while (pool.started < pool.wanted - 1 && pthread_create(&t, &attr, helper, 0) == 0)
    pool.started++;
  pthread_attr_destroy(&attr);
  pthread_sigmask(SIG_SETMASK, &old, 0);
}

void sk_parallel(int64_t n, int64_t grain, sk_piece piece, void *ctx) {
  if (grain < 1) grain = 1;
  if (n <= 0) return;
  if (n <= grain || sk_get_threads() == 1 || pthread_mutex_trylock(&pool.busy) != 0) {
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
  pthread_once(&fork_once, watch_fork);
  pthread_mutex_lock(&pool.lock);
  if (pool.wanted == 0) pool.wanted = processors();
  int n = pool.wanted;
  pthread_mutex_unlock(&pool.lock);
  return n;
}
