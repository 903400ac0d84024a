/* The gradient of distances: for each row of x the sum over the rows of y of what a pair's distance
   changes with x, in float64. Where a distance is 0 it has no slope, and 0 is taken. */
#include "kernel.h"
#include <math.h>

#define STRIP 256       /* elements of a row whose sums are kept side by side */
#define WORK  (1 << 16) /* elements of a piece */

/* sum[n] += w * what a pair (x, y) of distance `dist` gives; share: of p infinite, how many
   elements are the largest. */
#define SLOPES(T, ABS)                                                                             \
  SK_CLONES static void squares_##T(const T *x, const T *y, double w, int64_t n, double *sum) {    \
    for (int64_t i = 0; i < n; i++) sum[i] += w * ((double)x[i] - (double)y[i]);                   \
  }                                                                                                \
  SK_CLONES static void signs_##T(const T *x, const T *y, double w, int64_t n, double *sum) {      \
    for (int64_t i = 0; i < n; i++) sum[i] += x[i] > y[i] ? w : x[i] < y[i] ? -w : 0;              \
  }                                                                                                \
  SK_CLONES static void extremes_##T(const T *x, const T *y, T dist, double w, int64_t n,          \
                                     double *sum) {                                                \
    for (int64_t i = 0; i < n; i++) {                                                              \
      T t = x[i] - y[i];                                                                           \
      sum[i] += t == dist ? w : -t == dist ? -w : 0;                                               \
    }                                                                                              \
  }                                                                                                \
  SK_CLONES static int64_t ties_##T(const T *x, const T *y, T dist, int64_t n) {                   \
    int64_t count = 0;                                                                             \
    for (int64_t i = 0; i < n; i++) count += ABS(x[i] - y[i]) == dist;                             \
    return count;                                                                                  \
  }                                                                                                \
  static void powers_##T(const T *x, const T *y, double p, double dist, double w, int64_t n,       \
                         double *sum) {                                                            \
    for (int64_t i = 0; i < n; i++) {                                                              \
      double t = (double)x[i] - (double)y[i];                                                      \
      if (t != 0) sum[i] += (t > 0 ? w : -w) * pow(fabs(t) / dist, p - 1);                         \
    }                                                                                              \
  }                                                                                                \
  static void row_##T(const sk_slope *job, int64_t row) {                                          \
    int64_t d = job->d, m = job->m, batch = row / job->n, i = row % job->n;                        \
    const T *x = (const T *)job->x + row * d, *y = (const T *)job->y + batch * m * d;              \
    const T *g = (const T *)job->g + batch * job->n * m + i * job->down;                           \
    const T *dist = (const T *)job->dist + batch * job->n * m + i * job->down;                     \
    T *out = (T *)job->out + row * d;                                                              \
    for (int64_t at = 0; at < d; at += STRIP) {                                                    \
      int64_t n = d - at < STRIP ? d - at : STRIP;                                                 \
      double sum[STRIP] = {0};                                                                     \
      for (int64_t j = 0; j < m; j++) {                                                            \
        const T *a = x + at, *b = y + j * d + at;                                                  \
        double w = (double)g[j * job->across], r = (double)dist[j * job->across];                  \
        if (r == 0) continue;                                                                      \
        if (job->p == 2)                                                                           \
          squares_##T(a, b, w / r, n, sum);                                                        \
        else if (job->p == 1)                                                                      \
          signs_##T(a, b, w, n, sum);                                                              \
        else if (isinf(job->p))                                                                    \
          extremes_##T(a, b, (T)r, w / (double)ties_##T(x, y + j * d, (T)r, d), n, sum);           \
        else if (job->p != 0)                                                                      \
          powers_##T(a, b, job->p, r, w, n, sum);                                                  \
      }                                                                                            \
      for (int64_t k = 0; k < n; k++) out[at + k] = (T)sum[k];                                     \
    }                                                                                              \
  }
SLOPES(float, fabsf)
SLOPES(double, fabs)

static void slope_piece(void *ctx, int64_t first, int64_t last) {
  const sk_slope *job = ctx;
  for (int64_t row = first; row < last; row++)
    if (job->dtype == SK_F32)
      row_float(job, row);
    else
      row_double(job, row);
}

void sk_distance_slope(const sk_slope *job) {
  int64_t grain = job->m * job->d < WORK ? WORK / (job->m * job->d + 1) : 1;
  sk_parallel(job->batch * job->n, grain, slope_piece, (void *)job);
}
