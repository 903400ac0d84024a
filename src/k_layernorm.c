/* Layer normalisation: rows of packed x[rows,n], each by its own mean and variance, then scaled and
   shifted by a weight and a bias that all rows share. */
#include "kernel.h"
#include <math.h>
#include <string.h>

#define LANES  32 /* running sums: enough to hide the latency of an addition */
#define WORK   65536
#define PIECES 16 /* of a gradient: each has sums of its own for weight and bias */

#define INLINE static inline __attribute__((always_inline))

typedef struct job {
  const sk_layer_norm *l;
  const void *x, *g;
  double *stats; /* [rows,2]: mean, 1 / sqrt(variance + eps) */
  void *y;
  double *sums; /* [pieces,2,n]: of the gradients of weight and bias */
  int64_t grain;
} job;

#define HALF(N)                                                                                    \
  for (int i = 0; i < N; i++) u[i] += u[i + N], v[i] += v[i + N];
#define FOLD HALF(16) HALF(8) HALF(4) HALF(2) HALF(1)

/* u += a, v += b for each element j of a row. */
#define ROW_SUMS(A, B)                                                                             \
  double u[LANES] = {0}, v[LANES] = {0};                                                           \
  int64_t from = 0;                                                                                \
  for (; from + LANES <= n; from += LANES)                                                         \
    for (int i = 0; i < LANES; i++) {                                                              \
      int64_t j = from + i;                                                                        \
      double a = A;                                                                                \
      u[i] += a, v[i] += a * (B);                                                                  \
    }                                                                                              \
  for (int i = 0; from + i < n; i++) {                                                             \
    int64_t j = from + i;                                                                          \
    double a = A;                                                                                  \
    u[i] += a, v[i] += a * (B);                                                                    \
  }                                                                                                \
  FOLD

#define LAYER_NORM(T)                                                                              \
  /* One pass: the sums are of differences from the row's first element f. (mean - f)^2 is at most \
     n times the variance, so that little is lost where one is taken from the other. */            \
  INLINE void measure_##T(const T *x, int64_t n, double eps, double *stats) {                      \
    double f = (double)x[0];                                                                       \
    ROW_SUMS((double)x[j] - f, a)                                                                  \
    double d = u[0] / (double)n, var = v[0] / (double)n - d * d;                                   \
    stats[0] = f + d, stats[1] = 1 / sqrt((var < 0 ? 0 : var) + eps);                              \
  }                                                                                                \
                                                                                                   \
  /* high + low is the mean in twice the digits, so that a large one costs none. */                \
  SK_CLONES static void forward_##T(void *ctx, int64_t first, int64_t last) {                      \
    const job *k = ctx;                                                                            \
    int64_t n = k->l->n;                                                                           \
    const T *w = k->l->weight, *b = k->l->bias;                                                    \
    for (int64_t r = first; r < last; r++) {                                                       \
      const T *x = (const T *)k->x + r * n;                                                        \
      T *restrict y = (T *)k->y + r * n;                                                           \
      measure_##T(x, n, k->l->eps, k->stats + 2 * r);                                              \
      double mean = k->stats[2 * r], scale = k->stats[2 * r + 1];                                  \
      T high = (T)mean, s = (T)scale, low = (T)(((double)high - mean) * scale);                    \
      if (w)                                                                                       \
        for (int64_t j = 0; j < n; j++) y[j] = ((x[j] - high) * s + low) * w[j] + b[j];            \
      else                                                                                         \
        for (int64_t j = 0; j < n; j++) y[j] = (x[j] - high) * s + low;                            \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  INLINE void row_sums_##T(const T *x, const T *g, const T *w, int64_t n, double mean, double *a1, \
                           double *a2) {                                                           \
    ROW_SUMS(w ? (double)(g[j] * w[j]) : (double)g[j], (double)x[j] - mean)                        \
    *a1 = u[0], *a2 = v[0];                                                                        \
  }                                                                                                \
                                                                                                   \
  SK_CLONES static void backward_##T(void *ctx, int64_t first, int64_t last) {                     \
    const job *k = ctx;                                                                            \
    int64_t n = k->l->n;                                                                           \
    const T *w = k->l->weight;                                                                     \
    double *restrict dw = k->sums + first / k->grain * 2 * n, *restrict db = dw + n;               \
    memset(dw, 0, (size_t)(2 * n) * sizeof *dw);                                                   \
    for (int64_t r = first; r < last; r++) {                                                       \
      const T *x = (const T *)k->x + r * n, *g = (const T *)k->g + r * n;                          \
      T *restrict dx = (T *)k->y + r * n;                                                          \
      double mean = k->stats[2 * r], scale = k->stats[2 * r + 1], u, v;                            \
      if (w)                                                                                       \
        row_sums_##T(x, g, w, n, mean, &u, &v);                                                    \
      else                                                                                         \
        row_sums_##T(x, g, 0, n, mean, &u, &v);                                                    \
      double slope = -scale * scale * scale * v / (double)n;                                       \
      T high = (T)mean, s = (T)scale, low = (T)(((double)high - mean) * scale);                    \
      T t = (T)slope, level = (T)(-scale * u / (double)n + slope * ((double)high - mean));         \
      for (int64_t j = 0; j < n; j++) {                                                            \
        T d = x[j] - high, e = w ? g[j] * w[j] : g[j];                                             \
        dx[j] = e * s + (d * t + level);                                                           \
        dw[j] += (double)(g[j] * (d * s + low)), db[j] += (double)g[j];                            \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  static void add_up_##T(const double *sums, int64_t pieces, int64_t n, T *out) {                  \
    for (int64_t j = 0; j < n; j++) {                                                              \
      double sum = 0;                                                                              \
      for (int64_t p = 0; p < pieces; p++) sum += sums[p * 2 * n + j];                             \
      out[j] = (T)sum;                                                                             \
    }                                                                                              \
  }
LAYER_NORM(float)
LAYER_NORM(double)

void sk_layer_norm_forward(const sk_layer_norm *l, const void *x, double *stats, void *y) {
  job k = {.l = l, .x = x, .stats = stats, .y = y};
  if (l->n == 0) return;
  sk_parallel(l->rows, l->n < WORK ? WORK / l->n : 1,
              l->dtype == SK_F32 ? forward_float : forward_double, &k);
}

static int64_t grain(const sk_layer_norm *l) {
  int64_t least = l->n > 0 && l->n < WORK ? WORK / l->n : 1, even = (l->rows + PIECES - 1) / PIECES;
  return even > least ? even : least;
}

static int64_t pieces(const sk_layer_norm *l) { return (l->rows + grain(l) - 1) / grain(l); }

int64_t sk_layer_norm_scratch(const sk_layer_norm *l) {
  return pieces(l) * 2 * l->n * (int64_t)sizeof(double);
}

void sk_layer_norm_backward(const sk_layer_norm *l, const void *x, const double *stats,
                            const void *g, void *dx, void *dw, void *db, void *scratch) {
  job k = {.l = l,
           .x = x,
           .g = g,
           .stats = (double *)stats,
           .y = dx,
           .sums = scratch,
           .grain = grain(l)};
  if (l->n == 0) return;
  sk_parallel(l->rows, k.grain, l->dtype == SK_F32 ? backward_float : backward_double, &k);
  if (l->dtype == SK_F32) {
    add_up_float(k.sums, pieces(l), l->n, dw);
    add_up_float(k.sums + l->n, pieces(l), l->n, db);
  } else {
    add_up_double(k.sums, pieces(l), l->n, dw);
    add_up_double(k.sums + l->n, pieces(l), l->n, db);
  }
}
