/* Fused kernels of learning: softmax and cross-entropy over rows. */
#include "block.h"
#include "fastmath.h"
#include "kernel.h"

#define WORK 16384

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
