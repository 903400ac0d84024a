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

#endif
