/* Reductions along one axis of an array seen as [outer, n, inner]. With inner = 1 a row is summed
   by 8 running partial results in fixed order; otherwise `inner` results run side by side. Neither
   order depends on the number of threads. Sums of floats accumulate in float64. */
#include "kernel.h"
#include <math.h>
#include <string.h>

#define LANES 8
#define WORK  65536 /* elements a piece */
#define STRIP 512   /* columns whose running results are kept side by side */

typedef struct job {
  sk_reduce_op op;
  const char *a;
  char *out;
  int64_t outer, n, inner;
  double ddof;
} job;

/* {== Sums ================================================================ */

/* A sum along rows and along columns for each summand that we need, in the accumulator type A. */
#define SUMMER(NAME, T, A, TERM)                                                                   \
  SK_CLONES static A NAME##_row(const T *a, int64_t n, double shift) {                             \
    A lane[LANES] = {0}, total = 0;                                                                \
    int64_t i = 0;                                                                                 \
    (void)shift;                                                                                   \
    for (; i + LANES <= n; i += LANES)                                                             \
      for (int l = 0; l < LANES; l++) {                                                            \
        A x = (A)a[i + l];                                                                         \
        lane[l] += TERM;                                                                           \
      }                                                                                            \
    for (; i < n; i++) {                                                                           \
      A x = (A)a[i];                                                                               \
      total += TERM;                                                                               \
    }                                                                                              \
    for (int l = 0; l < LANES; l++) total += lane[l];                                              \
    return total;                                                                                  \
  }                                                                                                \
  SK_CLONES static void NAME##_columns(const T *a, int64_t n, int64_t stride, int64_t width,       \
                                       const double *shifts, A *total) {                           \
    for (int64_t j = 0; j < width; j++) total[j] = 0;                                              \
    for (int64_t i = 0; i < n; i++)                                                                \
      for (int64_t j = 0; j < width; j++) {                                                        \
        A x = (A)a[i * stride + j];                                                                \
        double shift = shifts ? shifts[j] : 0;                                                     \
        (void)shift;                                                                               \
        total[j] += TERM;                                                                          \
      }                                                                                            \
  }

/* clang-format off */
SUMMER(sum_f32, float, double, x)
SUMMER(sum_f64, double, double, x)
SUMMER(sum_i64, int64_t, uint64_t, x) /* wraps, as int64 arithmetic does */
SUMMER(sum_u8, uint8_t, uint64_t, x)
SUMMER(dev_f32, float, double, (x - shift) * (x - shift))
SUMMER(dev_f64, double, double, (x - shift) * (x - shift))
SUMMER(dev_i64, int64_t, double, (x - shift) * (x - shift))
SUMMER(dev_u8, uint8_t, double, (x - shift) * (x - shift))
SUMMER(abs_f32, float, double, fabs(x))
SUMMER(abs_f64, double, double, fabs(x))
SUMMER(real_i64, int64_t, double, x)
/* clang-format on */

/* sum, mean, var and the norms of one outer slab: T in, R out, A the accumulator of a plain sum. */
#define SUMS(SUF, T, SUM, DEV, ABS, R_SUM, R_MEAN)                                                 \
  static void sums_##SUF(const job *j, const T *a, char *out) {                                    \
    double n = (double)j->n, freedom = n > j->ddof ? n - j->ddof : (double)NAN;                    \
    if (j->inner == 1) {                                                                           \
      double v = 0;                                                                                \
      if (j->op == SK_SUM) {                                                                       \
        *(R_SUM *)out = (R_SUM)SUM##_row(a, j->n, 0);                                              \
        return;                                                                                    \
      }                                                                                            \
      if (j->op == SK_MEAN)                                                                        \
        v = (double)MEANABLE_##SUF##_row(a, j->n, 0) / n;                                          \
      else if (j->op == SK_VAR)                                                                    \
        v = DEV##_row(a, j->n, (double)MEANABLE_##SUF##_row(a, j->n, 0) / n) / freedom;            \
      else if (j->op == SK_NORM1)                                                                  \
        v = ABS##_row(a, j->n, 0);                                                                 \
      else                                                                                         \
        v = sqrt(DEV##_row(a, j->n, 0));                                                           \
      *(R_MEAN *)out = (R_MEAN)v;                                                                  \
      return;                                                                                      \
    }                                                                                              \
    for (int64_t c = 0; c < j->inner; c += STRIP) {                                                \
      int64_t w = j->inner - c < STRIP ? j->inner - c : STRIP;                                     \
      double mean[STRIP], v[STRIP];                                                                \
      ACC_##SUF total[STRIP];                                                                      \
      if (j->op == SK_SUM) {                                                                       \
        SUM##_columns(a + c, j->n, j->inner, w, 0, total);                                         \
        for (int64_t k = 0; k < w; k++) ((R_SUM *)out)[c + k] = (R_SUM)total[k];                   \
        continue;                                                                                  \
      }                                                                                            \
      if (j->op == SK_MEAN || j->op == SK_VAR) {                                                   \
        MEANABLE_##SUF##_columns(a + c, j->n, j->inner, w, 0, MEAN_INTO_##SUF);                    \
        for (int64_t k = 0; k < w; k++) v[k] = mean[k] = (double)MEAN_INTO_##SUF[k] / n;           \
      }                                                                                            \
      if (j->op == SK_VAR || j->op == SK_NORM2)                                                    \
        DEV##_columns(a + c, j->n, j->inner, w, j->op == SK_VAR ? mean : 0, v);                    \
      if (j->op == SK_NORM1) ABS##_columns(a + c, j->n, j->inner, w, 0, v);                        \
      for (int64_t k = 0; k < w; k++)                                                              \
        ((R_MEAN *)out)[c + k] = (R_MEAN)(j->op == SK_VAR     ? v[k] / freedom                     \
                                          : j->op == SK_NORM2 ? sqrt(v[k])                         \
                                                              : v[k]);                             \
    }                                                                                              \
  }

/* Means of integers add in float64, so that they cannot wrap. */
#define MEANABLE_f32_row     sum_f32_row
#define MEANABLE_f64_row     sum_f64_row
#define MEANABLE_i64_row     real_i64_row
#define MEANABLE_u8_row      sum_u8_row
#define MEANABLE_f32_columns sum_f32_columns
#define MEANABLE_f64_columns sum_f64_columns
#define MEANABLE_i64_columns real_i64_columns
#define MEANABLE_u8_columns  sum_u8_columns
#define MEAN_INTO_f32        total
#define MEAN_INTO_f64        total
#define MEAN_INTO_i64        mean
#define MEAN_INTO_u8         total
typedef double ACC_f32, ACC_f64;
typedef uint64_t ACC_i64, ACC_u8;
SUMS(f32, float, sum_f32, dev_f32, abs_f32, float, float)
SUMS(f64, double, sum_f64, dev_f64, abs_f64, double, double)
SUMS(i64, int64_t, sum_i64, dev_i64, real_i64, int64_t, double)
SUMS(u8, uint8_t, sum_u8, dev_u8, dev_u8, int64_t, double)

/* ==} */

/* {== The others: element by element in order ============================= */

/* NaN wins in min and max, as in NumPy; the lowest index wins a tie. */
#define FIRST_MIN(x, best) ((x) < (best) || ((x) != (x) && (best) == (best)))
#define FIRST_MAX(x, best) ((x) > (best) || ((x) != (x) && (best) == (best)))

#define ORDER(SUF, T)                                                                              \
  static void order_##SUF(const job *j, const T *a, char *out) {                                   \
    for (int64_t c = 0; c < j->inner; c++) {                                                       \
      T best = j->n > 0 ? a[c] : 0;                                                                \
      PRODUCT_OF_##SUF prod = 1;                                                                   \
      int64_t at = 0;                                                                              \
      bool any = false, all = true, low = j->op == SK_MIN || j->op == SK_ARGMIN;                   \
      for (int64_t i = 0; i < j->n; i++) {                                                         \
        T x = a[i * j->inner + c];                                                                 \
        if (j->op == SK_PROD)                                                                      \
          prod *= (PRODUCT_OF_##SUF)x;                                                             \
        else if (j->op == SK_ANY || j->op == SK_ALL)                                               \
          any |= x != 0, all &= x != 0;                                                            \
        else if (low ? FIRST_MIN(x, best) : FIRST_MAX(x, best))                                    \
          best = x, at = i;                                                                        \
      }                                                                                            \
      switch (j->op) {                                                                             \
      case SK_PROD: ((T *)out)[c] = (T)prod; break;                                                \
      case SK_ANY: ((uint8_t *)out)[c] = any; break;                                               \
      case SK_ALL: ((uint8_t *)out)[c] = all; break;                                               \
      case SK_MIN:                                                                                 \
      case SK_MAX: ((T *)out)[c] = best; break;                                                    \
      default: ((int64_t *)out)[c] = at + 1; /* 1-based */                                         \
      }                                                                                            \
    }                                                                                              \
  }
/* What a product accumulates in: float32 in float64, int64 so that it wraps. */
typedef double PRODUCT_OF_f32, PRODUCT_OF_f64;
typedef uint64_t PRODUCT_OF_i64, PRODUCT_OF_u8;
ORDER(f32, float)
ORDER(f64, double)
ORDER(i64, int64_t)
ORDER(u8, uint8_t)

/* log sum exp, shifted by the maximum; all -inf gives -inf, and +inf gives +inf. */
#define LOGSUMEXP(SUF, T)                                                                          \
  static void logsumexp_##SUF(const job *j, const T *a, char *out) {                               \
    for (int64_t c = 0; c < j->inner; c++) {                                                       \
      double top = -INFINITY, sum = 0;                                                             \
      for (int64_t i = 0; i < j->n; i++) {                                                         \
        double x = (double)a[i * j->inner + c];                                                    \
        if (FIRST_MAX(x, top)) top = x;                                                            \
      }                                                                                            \
      if (isinf(top))                                                                              \
        ((T *)out)[c] = (T)top;                                                                    \
      else {                                                                                       \
        for (int64_t i = 0; i < j->n; i++) sum += exp((double)a[i * j->inner + c] - top);          \
        ((T *)out)[c] = (T)(top + log(sum));                                                       \
      }                                                                                            \
    }                                                                                              \
  }
LOGSUMEXP(f32, float)
LOGSUMEXP(f64, double)

/* ==} */

/* {== Dispatch ============================================================ */

static bool is_sum(sk_reduce_op op) {
  return op == SK_SUM || op == SK_MEAN || op == SK_VAR || op == SK_NORM1 || op == SK_NORM2;
}

sk_dtype sk_reduce_gives(sk_reduce_op op, sk_dtype dtype) {
  switch (op) {
  case SK_ARGMIN:
  case SK_ARGMAX: return SK_I64;
  case SK_ANY:
  case SK_ALL: return SK_U8;
  case SK_SUM: return dtype == SK_U8 ? SK_I64 : dtype;
  case SK_MEAN:
  case SK_VAR: return sk_is_float(dtype) ? dtype : SK_F64;
  default: return dtype;
  }
}

bool sk_reduce_has(sk_reduce_op op, sk_dtype dtype) {
  if (op == SK_NORM1 || op == SK_NORM2 || op == SK_LOGSUMEXP) return sk_is_float(dtype);
  return op != SK_PROD || dtype != SK_U8;
}

#define SLAB(SUF, T)                                                                               \
  static void slab_##SUF(const job *j, int64_t o, char *out) {                                     \
    const T *a = (const T *)j->a + o * j->n * j->inner;                                            \
    if (is_sum(j->op))                                                                             \
      sums_##SUF(j, a, out);                                                                       \
    else if (j->op == SK_LOGSUMEXP)                                                                \
      LSE_##SUF;                                                                                   \
    else                                                                                           \
      order_##SUF(j, a, out);                                                                      \
  }
#define LSE_f32 logsumexp_f32(j, a, out)
#define LSE_f64 logsumexp_f64(j, a, out)
#define LSE_i64 (void)0
#define LSE_u8  (void)0
SLAB(f32, float)
SLAB(f64, double)
SLAB(i64, int64_t)
SLAB(u8, uint8_t)

typedef struct slabs {
  job j;
  int64_t out_bytes;
  void (*run)(const job *, int64_t, char *);
} slabs;

static void slab_piece(void *ctx, int64_t first, int64_t last) {
  slabs *s = ctx;
  for (int64_t o = first; o < last; o++) s->run(&s->j, o, s->j.out + o * s->out_bytes);
}

void sk_reduce(sk_reduce_op op, sk_dtype dtype, const void *a, int64_t outer, int64_t n,
               int64_t inner, double ddof, void *out) {
  static void (*const run[SK_NDTYPES])(const job *, int64_t, char *) = {slab_f32, slab_f64,
                                                                        slab_i64, slab_u8};
  slabs s = {{op, a, out, outer, n, inner, ddof},
             inner * sk_itemsize[sk_reduce_gives(op, dtype)],
             run[dtype]};
  int64_t slab = n * inner > 0 ? n * inner : 1;
  sk_parallel(outer, slab < WORK ? WORK / slab : 1, slab_piece, &s);
}

/* ==} */
