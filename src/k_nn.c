/* Fused kernels of learning: softmax and cross-entropy over rows, and optimiser steps over whole
 * parameters. */
#include "block.h"
#include "fastmath.h"
#include "kernel.h"

#define WORK 16384

/* {== Softmax over rows =================================================== */

/* z, p, g, out: [rows,n], or [rows] where noted; the exponentials are of the row's dtype, the sums
   float64. */
typedef struct rows {
  const void *z, *p, *g;
  int64_t n;
  bool logarithm;
  void *out;
} rows;

static inline float exp_float(float x) { return fast_expf(x); }
static inline double exp_double(double x) { return exp(x); }

/* A pass of a reduction over one row. */
static double pass(sk_pass pass, sk_dtype dtype, const void *row, int64_t n, double shift) {
  sk_slot s = {.d = shift}, acc;
  sk_block b = {.a = row, .n = n, .width = 1, .stride = 1, .step = 1, .shift = &s, .acc = &acc};
  sk_block_kernel(pass, dtype)(&b);
  return acc.d;
}

#define SOFTMAX(T, DTYPE)                                                                          \
  SK_CLONES static void exponentials_##T(const T *z, int64_t n, T top, T *e) {                     \
    _Pragma("GCC ivdep") for (int64_t k = 0; k < n; k++) e[k] = exp_##T(z[k] - top);               \
  }                                                                                                \
  SK_CLONES static void scale_##T(const T *e, int64_t n, T scale, T *o) {                          \
    _Pragma("GCC ivdep") for (int64_t k = 0; k < n; k++) o[k] = e[k] * scale;                      \
  }                                                                                                \
  SK_CLONES static void logarithms_##T(const T *z, int64_t n, T top, double log_sum, T *o) {       \
    _Pragma("GCC ivdep") for (int64_t k = 0; k < n; k++) o[k] =                                    \
        (T)((double)(z[k] - top) - log_sum);                                                       \
  }                                                                                                \
  SK_CLONES static void differences_##T(const T *e, const T *p, int64_t n, T g, T *o) {            \
    _Pragma("GCC ivdep") for (int64_t k = 0; k < n; k++) o[k] = g * (e[k] - p[k]);                 \
  }                                                                                                \
  /* A row of -inf alone has no softmax: NaN. */                                                   \
  static void softmax_##T(void *ctx, int64_t first, int64_t last) {                                \
    const rows *r = ctx;                                                                           \
    for (int64_t i = first; i < last; i++) {                                                       \
      const T *z = (const T *)r->z + i * r->n;                                                     \
      T *o = (T *)r->out + i * r->n, top = (T)pass(SK_PASS_MAX, DTYPE, z, r->n, 0);                \
      if (r->logarithm)                                                                            \
        logarithms_##T(z, r->n, top, log(pass(SK_PASS_EXP, DTYPE, z, r->n, (double)top)), o);      \
      else {                                                                                       \
        exponentials_##T(z, r->n, top, o);                                                         \
        scale_##T(o, r->n, (T)(1 / pass(SK_PASS_SUM, DTYPE, o, r->n, 0)), o);                      \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
  /* out[rows] = -sum_k p_k log softmax(z)_k */                                                    \
  static void cross_entropy_##T(void *ctx, int64_t first, int64_t last) {                          \
    const rows *r = ctx;                                                                           \
    for (int64_t i = first; i < last; i++) {                                                       \
      const T *z = (const T *)r->z + i * r->n, *p = (const T *)r->p + i * r->n;                    \
      double top = pass(SK_PASS_MAX, DTYPE, z, r->n, 0), loss = 0;                                 \
      double lse = top + log(pass(SK_PASS_EXP, DTYPE, z, r->n, top));                              \
      for (int64_t k = 0; k < r->n; k++)                                                           \
        if (p[k] != 0) loss += (double)p[k] * (lse - (double)z[k]);                                \
      ((T *)r->out)[i] = (T)loss;                                                                  \
    }                                                                                              \
  }                                                                                                \
  /* out = g[row] (softmax(z) - p): exactly 0 where p is the softmax of the same logits */         \
  static void cross_entropy_grad_##T(void *ctx, int64_t first, int64_t last) {                     \
    const rows *r = ctx;                                                                           \
    for (int64_t i = first; i < last; i++) {                                                       \
      const T *z = (const T *)r->z + i * r->n, *p = (const T *)r->p + i * r->n;                    \
      T *o = (T *)r->out + i * r->n, top = (T)pass(SK_PASS_MAX, DTYPE, z, r->n, 0);                \
      exponentials_##T(z, r->n, top, o);                                                           \
      /* rounded as softmax rounds it: in a loop of its own, which no fused multiply-add joins */  \
      scale_##T(o, r->n, (T)(1 / pass(SK_PASS_SUM, DTYPE, o, r->n, 0)), o);                        \
      differences_##T(o, p, r->n, ((const T *)r->g)[i], o);                                        \
    }                                                                                              \
  }
SOFTMAX(float, SK_F32)
SOFTMAX(double, SK_F64)

static void run(sk_piece f32, sk_piece f64, sk_dtype dtype, int64_t n_rows, rows r) {
  if (r.n == 0) return;
  sk_parallel(n_rows, r.n < WORK ? WORK / r.n : 1, dtype == SK_F32 ? f32 : f64, &r);
}

void sk_softmax(sk_dtype dtype, const void *z, int64_t n_rows, int64_t n, bool logarithm,
                void *out) {
  run(softmax_float, softmax_double, dtype, n_rows,
      (rows){.z = z, .n = n, .logarithm = logarithm, .out = out});
}

void sk_cross_entropy(sk_dtype dtype, const void *z, const void *p, int64_t n_rows, int64_t n,
                      void *out) {
  run(cross_entropy_float, cross_entropy_double, dtype, n_rows,
      (rows){.z = z, .p = p, .n = n, .out = out});
}

void sk_cross_entropy_grad(sk_dtype dtype, const void *z, const void *p, const void *g,
                           int64_t n_rows, int64_t n, void *out) {
  run(cross_entropy_grad_float, cross_entropy_grad_double, dtype, n_rows,
      (rows){.z = z, .p = p, .g = g, .n = n, .out = out});
}

/* ==} */

/* {== Optimiser steps ===================================================== */

typedef struct step {
  char *x, *m, *v;
  const char *g;
  sk_adam_settings adam;
  sk_sgd_settings sgd;
} step;

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

#define OPTIMISERS(T, SQRT)                                                                        \
  SK_CLONES static void adam_##T(void *ctx, int64_t first, int64_t last) {                         \
    const step *s = ctx;                                                                           \
    T *x = (T *)s->x, *m = (T *)s->m, *v = (T *)s->v;                                              \
    const T *g = (const T *)s->g;                                                                  \
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
    T *x = (T *)s->x, *b = (T *)s->m;                                                              \
    const T *g = (const T *)s->g;                                                                  \
    T lr = (T)s->sgd.lr, wd = (T)s->sgd.weight_decay, mu = (T)s->sgd.momentum;                     \
    T damp = s->sgd.first ? 1 : (T)(1 - s->sgd.dampening);                                         \
    if (!b)                                                                                        \
      for (int64_t i = first; i < last; i++) x[i] -= lr * (g[i] + wd * x[i]);                      \
    else                                                                                           \
      _Pragma("GCC ivdep") for (int64_t i = first; i < last; i++) {                                \
        T d = g[i] + wd * x[i];                                                                    \
        b[i] = mu * b[i] + damp * d;                                                               \
        x[i] -= lr * (s->sgd.nesterov ? d + mu * b[i] : b[i]);                                     \
      }                                                                                            \
  }
OPTIMISERS(float, sqrtf)
OPTIMISERS(double, sqrt)

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

/* ==} */
