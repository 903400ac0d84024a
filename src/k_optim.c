/* Steps of optimisers over whole parameters, in place, and the sums that they ask for first. */
#include "block.h"
#include "kernel.h"
#include <math.h>
#include <string.h>

#define WORK   16384
#define LANES  16 /* running sums, so that a loop does not wait for its last addition */
#define PIECES 64 /* of a sum: as many at most */

/* {== Subnormal numbers =================================================== */

/* Moments of units that get no gradient any more decay into subnormal numbers, on which arithmetic
   is many times slower; in optimiser steps these are 0. The caller's mode comes back afterwards. */
#if defined(__x86_64__)
#define FLUSH_SUBNORMALS 0x8040u
static inline unsigned flush_subnormals(void) {
  unsigned mode = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(mode | FLUSH_SUBNORMALS);
  return mode;
}
static inline void restore_mode(unsigned mode) { __builtin_ia32_ldmxcsr(mode); }
#else
static inline unsigned flush_subnormals(void) { return 0; }
static inline void restore_mode(unsigned mode) { (void)mode; }
#endif

/* ==} */

/* {== Steps =============================================================== */

typedef struct step {
  void *x, *m, *v; /* m is the momentum of sgd, too */
  const void *g, *y;
  sk_adam_settings adam;
  sk_sgd_settings sgd;
  sk_lion_settings lion;
  double a, b; /* of a combination: of y and of g */
} step;

#define STEPS(T, SQRT)                                                                             \
  SK_CLONES static void adam_##T(void *ctx, int64_t first, int64_t last) {                         \
    const step *s = ctx;                                                                           \
    T *x = s->x, *m = s->m, *v = s->v;                                                             \
    const T *g = s->g;                                                                             \
    T b1 = (T)s->adam.beta1, b2 = (T)s->adam.beta2, c1 = (T)(1 - s->adam.beta1);                   \
    T c2 = (T)(1 - s->adam.beta2), eps = (T)s->adam.eps;                                           \
    T rate = (T)(s->adam.lr / (1 - pow(s->adam.beta1, (double)s->adam.t)));                        \
    T unbias = (T)(1 / sqrt(1 - pow(s->adam.beta2, (double)s->adam.t)));                           \
    T decay = (T)s->adam.weight_decay, keep = (T)(1 - s->adam.lr * s->adam.weight_decay);          \
    T add = s->adam.decoupled ? 0 : decay, shrink = s->adam.decoupled ? keep : 1;                  \
    unsigned mode = flush_subnormals();                                                            \
    _Pragma("GCC ivdep") for (int64_t i = first; i < last; i++) {                                  \
      T d = g[i] + add * x[i];                                                                     \
      m[i] = b1 * m[i] + c1 * d;                                                                   \
      v[i] = b2 * v[i] + c2 * d * d;                                                               \
      x[i] = shrink * x[i] - rate * m[i] / (SQRT(v[i]) * unbias + eps);                            \
    }                                                                                              \
    restore_mode(mode);                                                                            \
  }                                                                                                \
  SK_CLONES static void sgd_##T(void *ctx, int64_t first, int64_t last) {                          \
    const step *s = ctx;                                                                           \
    T *x = s->x, *b = s->m;                                                                        \
    const T *g = s->g;                                                                             \
    T lr = (T)s->sgd.lr, wd = (T)s->sgd.weight_decay, mu = (T)s->sgd.momentum;                     \
    T scale = (T)s->sgd.scale, damp = s->sgd.first ? 1 : (T)(1 - s->sgd.dampening);                \
    unsigned mode = flush_subnormals();                                                            \
    if (!b)                                                                                        \
      _Pragma("GCC ivdep") for (int64_t i = first; i < last; i++) x[i] -=                          \
          lr * (scale * (g[i] + wd * x[i]));                                                       \
    else                                                                                           \
      _Pragma("GCC ivdep") for (int64_t i = first; i < last; i++) {                                \
        T d = scale * (g[i] + wd * x[i]);                                                          \
        b[i] = mu * b[i] + damp * d;                                                               \
        x[i] -= lr * (s->sgd.nesterov ? d + mu * b[i] : b[i]);                                     \
      }                                                                                            \
    restore_mode(mode);                                                                            \
  }                                                                                                \
  SK_CLONES static void lion_##T(void *ctx, int64_t first, int64_t last) {                         \
    const step *s = ctx;                                                                           \
    T *x = s->x, *m = s->m;                                                                        \
    const T *g = s->g;                                                                             \
    T b1 = (T)s->lion.beta1, b2 = (T)s->lion.beta2, c1 = (T)(1 - s->lion.beta1);                   \
    T c2 = (T)(1 - s->lion.beta2), lr = (T)s->lion.lr, keep = (T)(1 - s->lion.shrink);             \
    unsigned mode = flush_subnormals();                                                            \
    if (!m) _Pragma("GCC ivdep") for (int64_t i = first; i < last; i++) {                          \
        T sign = (T)((g[i] > 0) - (g[i] < 0));                                                     \
        x[i] = keep * x[i] - lr * sign;                                                            \
      }                                                                                            \
    else                                                                                           \
      _Pragma("GCC ivdep") for (int64_t i = first; i < last; i++) {                                \
        T u = b1 * m[i] + c1 * g[i], sign = (T)((u > 0) - (u < 0));                                \
        x[i] = keep * x[i] - lr * sign;                                                            \
        m[i] = b2 * m[i] + c2 * g[i];                                                              \
      }                                                                                            \
    restore_mode(mode);                                                                            \
  }                                                                                                \
  SK_CLONES static void combine_##T(void *ctx, int64_t first, int64_t last) {                      \
    const step *s = ctx;                                                                           \
    T *out = s->x, a = (T)s->a, b = (T)s->b;                                                       \
    const T *y = s->y, *z = s->g;                                                                  \
    _Pragma("GCC ivdep") for (int64_t i = first; i < last; i++) out[i] = a * y[i] + b * z[i];      \
  }
STEPS(float, sqrtf)
STEPS(double, sqrt)

void sk_adam(const sk_adam_settings *settings, sk_dtype dtype, int64_t n, void *x, const void *g,
             void *m, void *v) {
  step s = {.x = x, .m = m, .v = v, .g = g, .adam = *settings};
  sk_parallel(n, WORK, dtype == SK_F32 ? adam_float : adam_double, &s);
}

void sk_sgd(const sk_sgd_settings *settings, sk_dtype dtype, int64_t n, void *x, const void *g,
            void *momentum) {
  step s = {.x = x, .m = momentum, .g = g, .sgd = *settings};
  sk_parallel(n, WORK, dtype == SK_F32 ? sgd_float : sgd_double, &s);
}

void sk_lion(const sk_lion_settings *settings, sk_dtype dtype, int64_t n, void *x, const void *g,
             void *m) {
  step s = {.x = x, .m = m, .g = g, .lion = *settings};
  sk_parallel(n, WORK, dtype == SK_F32 ? lion_float : lion_double, &s);
}

void sk_combine(sk_dtype dtype, int64_t n, double a, const void *y, double b, const void *z,
                void *out) {
  step s = {.x = out, .y = y, .g = z, .a = a, .b = b};
  sk_parallel(n, WORK, dtype == SK_F32 ? combine_float : combine_double, &s);
}

/* ==} */

/* {== What gradients are like ============================================= */

/* An exponent of all ones marks NaN and Inf; looked at as integers, the search vectorises. */
#define FINITE(T, U, EXPONENT)                                                                     \
  SK_CLONES static bool finite_##T(const T *x, int64_t n) {                                        \
    U bad = 0;                                                                                     \
    for (int64_t i = 0; i < n; i++) {                                                              \
      U bits;                                                                                      \
      memcpy(&bits, &x[i], sizeof bits);                                                           \
      bad |= (U)((bits & EXPONENT) == EXPONENT);                                                   \
    }                                                                                              \
    return bad == 0;                                                                               \
  }
FINITE(float, uint32_t, 0x7f800000u)
FINITE(double, uint64_t, 0x7ff0000000000000u)

bool sk_all_finite(sk_dtype dtype, int64_t n, const void *x) {
  return dtype == SK_F32 ? finite_float(x, n) : finite_double(x, n);
}

/* Sums over pieces: that of each stands by itself, so that they are added in their order. */
static int64_t grain_of(int64_t n) { return n / PIECES < WORK ? WORK : n / PIECES + 1; }

typedef struct squares {
  const char *x;
  sk_dtype dtype;
  int64_t grain;
  double sum[PIECES];
} squares;

static void square(void *ctx, int64_t first, int64_t last) {
  squares *s = ctx;
  sk_slot acc;
  sk_block b = {.a = s->x + first * sk_itemsize[s->dtype],
                .n = last - first,
                .width = 1,
                .stride = 1,
                .step = 1,
                .acc = &acc};
  sk_block_kernel(SK_PASS_SQUARE, s->dtype)(&b);
  s->sum[first / s->grain] = acc.d;
}

double sk_squares(sk_dtype dtype, int64_t n, const void *x) {
  squares s = {.x = x, .dtype = dtype, .grain = grain_of(n)};
  double sum = 0;
  sk_parallel(n, s.grain, square, &s);
  for (int p = 0; p < PIECES; p++) sum += s.sum[p];
  return sum;
}

typedef struct products {
  const void *x, *g;
  double decay;
  int64_t grain;
  double sum[PIECES][3];
} products;

#define PRODUCTS(T)                                                                                \
  SK_CLONES static void products_##T(void *ctx, int64_t first, int64_t last) {                     \
    products *s = ctx;                                                                             \
    const T *x = s->x, *g = s->g;                                                                  \
    double wd = s->decay, xx[LANES] = {0}, dd[LANES] = {0}, xd[LANES] = {0};                       \
    double *sum = s->sum[first / s->grain];                                                        \
    int64_t i = first;                                                                             \
    for (; i + LANES <= last; i += LANES)                                                          \
      for (int k = 0; k < LANES; k++) {                                                            \
        double a = (double)x[i + k], d = (double)g[i + k] + wd * a;                                \
        xx[k] += a * a, dd[k] += d * d, xd[k] += a * d;                                            \
      }                                                                                            \
    for (int k = 0; k < LANES; k++) sum[0] += xx[k], sum[1] += dd[k], sum[2] += xd[k];             \
    for (; i < last; i++) {                                                                        \
      double a = (double)x[i], d = (double)g[i] + wd * a;                                          \
      sum[0] += a * a, sum[1] += d * d, sum[2] += a * d;                                           \
    }                                                                                              \
  }
PRODUCTS(float)
PRODUCTS(double)

void sk_products(sk_dtype dtype, int64_t n, const void *x, const void *g, double decay,
                 double out[3]) {
  products s = {.x = x, .g = g, .decay = decay, .grain = grain_of(n)};
  sk_parallel(n, s.grain, dtype == SK_F32 ? products_float : products_double, &s);
  for (int k = 0; k < 3; k++) {
    out[k] = 0;
    for (int p = 0; p < PIECES; p++) out[k] += s.sum[p][k];
  }
}

/* ==} */
