/* Floor 0: the thread pool, the only process-wide state. Asleep when idle, and one job at a time: a
   second caller (another lua_State in another thread) simply does its job alone. Results never
   depend on the number of threads, because a job's pieces are cut by size alone. */
#ifndef SK_POOL_H
#define SK_POOL_H

#include <stdint.h>

typedef void (*sk_piece)(void *ctx, int64_t first, int64_t last);

/* Calls piece over 0 .. n-1 in pieces of `grain` (the last may be shorter), on whichever thread is
 * free. */
void sk_parallel(int64_t n, int64_t grain, sk_piece piece, void *ctx);
/* Threads used, the caller's own included; the first value is the number of processors. */
void sk_set_threads(int n);
int sk_get_threads(void);
#define SK_MAXTHREADS 64

/* Work for one thread behind the caller's back, such as the next batch while this one trains. What
   run(ctx) reads and writes must stay until sk_task_wait has returned; it may be run twice, when
   the process forks in between. */
typedef struct sk_task {
  void (*run)(void *ctx);
  void *ctx;
  enum { SK_TASK_DONE, SK_TASK_QUEUED, SK_TASK_RUNNING } state;
  struct sk_task *next;
} sk_task;
void sk_task_start(sk_task *task, void (*run)(void *ctx), void *ctx);
void sk_task_wait(sk_task *task);

#endif
