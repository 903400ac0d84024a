/* One row at a time, in float64 whatever it is stored in: what the pairwise kernels are made of. */
#include "kernel.h"
#include <math.h>

#define LANES 16 /* independent partial sums: the order of summation is fixed, and vectorises */

#define ADD_UP(sum)                                                                                \
  for (int h = LANES / 2; h > 0; h /= 2)                                                           \
    for (int j = 0; j < h; j++) sum[j] += sum[j + h];

/* sum over i of TERM(i) */
#define SUM(TERM)                                                                                  \
  double sum[LANES] = {0};                                                                         \
  int64_t i = 0;                                                                                   \
  for (; i + LANES <= d; i += LANES)                                                               \
    for (int j = 0; j < LANES; j++) sum[j] += TERM(i + j);                                         \
  for (int j = 0; i < d; i++, j++) sum[j] += TERM(i);                                              \
  ADD_UP(sum)                                                                                      \
  return sum[0];

#define SQUARE(i)   (((double)x[i] * s) * ((double)x[i] * s))
#define PRODUCT(i)  ((double)x[i] * (double)y[i])
#define SCALED(i)   (((double)x[i] * s) * ((double)y[i] * t))
#define DISTANCE(i) (((double)x[i] * s - (double)y[i] * t) * ((double)x[i] * s - (double)y[i] * t))
#define UNFINITE(i) (x[i] - x[i]) /* 0, or NaN */

#define ROWS(T)                                                                                    \
  SK_CLONES static double squares_##T(const T *x, double s, int64_t d){                            \
      SUM(SQUARE)} SK_CLONES static double unfinite_##T(const T *x, int64_t d){                    \
      SUM(UNFINITE)} SK_CLONES static double distance_##T(const T *x, double s, const T *y,        \
                                                          double t, int64_t d){                    \
      SUM(DISTANCE)} SK_CLONES static double largest_##T(const T *x, const double *c, int64_t d) { \
    double a = 0;                                                                                  \
    for (int64_t i = 0; i < d; i++) {                                                              \
      double v = fabs(c ? (double)x[i] - c[i] : (double)x[i]);                                     \
      a = v > a ? v : a;                                                                           \
    }                                                                                              \
    return a;                                                                                      \
  }                                                                                                \
  SK_CLONES static void scale_##T(const T *x, const double *c, double s, int64_t d, double *out) { \
    for (int64_t i = 0; i < d; i++) out[i] = (c ? (double)x[i] - c[i] : (double)x[i]) * s;         \
  }                                                                                                \
  SK_CLONES static void scale32_##T(const T *x, const double *c, double s, int64_t d,              \
                                    float *out) {                                                  \
    for (int64_t i = 0; i < d; i++)                                                                \
      out[i] = (float)((c ? (double)x[i] - c[i] : (double)x[i]) * s);                              \
  }
ROWS(float)
ROWS(double)

/* No product of two float32 leaves float64's range; of two float64, one may. */
SK_CLONES static double product_float(const float *x, double s, const float *y, double t,
                                      int64_t d) {
  (void)s, (void)t;
  SUM(PRODUCT)
}

SK_CLONES static double product_double(const double *x, double s, const double *y, double t,
                                       int64_t d) {
  SUM(SCALED)
}

#define CALL(f, x, ...)                                                                            \
  (dtype == SK_F32 ? f##_float((const float *)(x), __VA_ARGS__)                                    \
                   : f##_double((const double *)(x), __VA_ARGS__))
#define CALL2(f, x, s, y, ...)                                                                     \
  (dtype == SK_F32 ? f##_float((const float *)(x), s, (const float *)(y), __VA_ARGS__)             \
                   : f##_double((const double *)(x), s, (const double *)(y), __VA_ARGS__))

double sk_row_largest(sk_dtype dtype, const void *x, const double *c, int64_t d) {
  return CALL(largest, x, c, d);
}

double sk_row_unit(sk_dtype dtype, const void *x, int64_t d) {
  double a = CALL(largest, x, 0, d); /* no square overflows when the largest element is 1 */
  return a > 1e-300 ? 1 / a / sqrt(CALL(squares, x, 1 / a, d)) : 0;
}

void sk_row_scale(sk_dtype dtype, const void *x, const double *c, double s, int64_t d,
                  double *out) {
  CALL(scale, x, c, s, d, out);
}

void sk_row_scale32(sk_dtype dtype, const void *x, const double *c, double s, int64_t d,
                    float *out) {
  CALL(scale32, x, c, s, d, out);
}

double sk_row_squares(sk_dtype dtype, const void *x, double s, int64_t d) {
  return CALL(squares, x, s, d);
}

double sk_row_product(sk_dtype dtype, const void *x, double s, const void *y, double t, int64_t d) {
  double p = CALL2(product, x, s, y, t, d);
  return dtype == SK_F32 ? p * s * t : p;
}

double sk_row_distance(sk_dtype dtype, const void *x, double s, const void *y, double t,
                       int64_t d) {
  return CALL2(distance, x, s, y, t, d);
}

/* --- finite or not ---------------------------------------------------------------------------- */

#define MAX_PIECES 64

typedef struct scan {
  sk_dtype dtype;
  const char *a;
  int64_t d, grain;
  int64_t bad[MAX_PIECES]; /* the first bad row of each piece, or -1 */
} scan;

static void scan_piece(void *ctx, int64_t first, int64_t last) {
  scan *s = ctx;
  sk_dtype dtype = s->dtype;
  int64_t bad = -1, bytes = s->d * sk_itemsize[dtype];
  for (int64_t i = first; i < last && bad < 0; i++)
    if (CALL(unfinite, s->a + i * bytes, s->d) != 0) bad = i;
  s->bad[first / s->grain] = bad;
}

int64_t sk_nonfinite_row(sk_dtype dtype, const void *a, int64_t rows, int64_t d) {
  scan s = {.dtype = dtype, .a = a, .d = d, .grain = (rows + MAX_PIECES - 1) / MAX_PIECES};
  if (rows == 0 || d == 0) return -1;
  sk_parallel(rows, s.grain, scan_piece, &s);
  for (int64_t p = 0; p * s.grain < rows; p++)
    if (s.bad[p] >= 0) return s.bad[p];
  return -1;
}
