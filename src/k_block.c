/* The loops of a reduction over one block. A row of memory is taken by LANES running results in a
   fixed order, columns side by side; how blocks are cut is k_reduce.c's matter. */
#include "block.h"
#include "fastmath.h"
#include <stdbool.h>
#include <stddef.h>

#define LANES 32        /* enough to hide the latency of an addition */
#define CHUNK 256       /* exponentials made, or elements looked through, at a time */
#define SMALL (1 << 20) /* rows that a 32-bit count has room for */

#define INLINE static inline __attribute__((always_inline))

/* Asks for what lies a page ahead of LANES elements: a long row comes from memory, and the
   processor's own guess stays too close. */
#define AHEAD 4096
#define PREFETCH(p)                                                                                \
  for (size_t byte = 0; byte < LANES * sizeof *(p); byte += 64)                                    \
    __builtin_prefetch((const char *)(p) + AHEAD + byte);

/* NAME(b) runs the row loop, or the column loop with a step that the compiler knows to be 1. */
#define BLOCK(NAME)                                                                                \
  SK_CLONES static void NAME(const sk_block *b) {                                                  \
    if (b->width == 1 && b->stride == 1)                                                           \
      NAME##_row(b);                                                                               \
    else if (b->step == 1)                                                                         \
      NAME##_columns(b, 1);                                                                        \
    else                                                                                           \
      NAME##_columns(b, b->step);                                                                  \
  }

/* {== Sums and products =================================================== */

/* What is left of a row joins the first lanes, and these are folded in halves of known size. */
#define HALF(N, STEP)                                                                              \
  for (int l = 0; l < N; l++) lane[l] STEP lane[l + N];
#define FOLD_LANES(STEP) HALF(16, STEP) HALF(8, STEP) HALF(4, STEP) HALF(2, STEP) HALF(1, STEP)

/* TERM(x, s) of an element x and its column's shift s, added (or multiplied: STEP) in type A. */
#define FOLD(NAME, T, A, F, START, STEP, TERM)                                                     \
  INLINE void NAME##_row(const sk_block *b) {                                                      \
    const T *a = b->a;                                                                             \
    A lane[LANES], s = b->shift ? (A)b->shift->d : 0;                                              \
    int64_t i = 0;                                                                                 \
    (void)s;                                                                                       \
    for (int l = 0; l < LANES; l++) lane[l] = START;                                               \
    for (; i + LANES <= b->n; i += LANES) {                                                        \
      PREFETCH(a + i)                                                                              \
      for (int l = 0; l < LANES; l++) lane[l] STEP TERM((A)a[i + l], s);                           \
    }                                                                                              \
    for (int l = 0; i + l < b->n; l++) lane[l] STEP TERM((A)a[i + l], s);                          \
    FOLD_LANES(STEP)                                                                               \
    b->acc->F = lane[0];                                                                           \
  }                                                                                                \
  INLINE void NAME##_columns(const sk_block *b, int64_t step) {                                    \
    A total[SK_STRIP], s[SK_STRIP];                                                                \
    for (int64_t j = 0; j < b->width; j++) total[j] = START;                                       \
    for (int64_t j = 0; j < b->width; j++) s[j] = b->shift ? (A)b->shift[j].d : 0;                 \
    (void)s;                                                                                       \
    for (int64_t i = 0; i < b->n; i++) {                                                           \
      const T *a = (const T *)b->a + i * b->stride;                                                \
      for (int64_t j = 0; j < b->width; j++) total[j] STEP TERM((A)a[j * step], s[j]);             \
    }                                                                                              \
    for (int64_t j = 0; j < b->width; j++) b->acc[j].F = total[j];                                 \
  }                                                                                                \
  BLOCK(NAME)

#define ITSELF(x, s)    (x)
#define ABSOLUTE(x, s)  fabs(x)
#define SQUARED(x, s)   ((x) * (x))
#define DEVIATION(x, s) (((x) - (s)) * ((x) - (s)))

/* clang-format off */
FOLD(sum_f32, float, double, d, 0, +=, ITSELF)
FOLD(sum_f64, double, double, d, 0, +=, ITSELF)
FOLD(sum_i64, int64_t, uint64_t, u, 0, +=, ITSELF)
FOLD(sum_u8, uint8_t, uint64_t, u, 0, +=, ITSELF)
FOLD(real_i64, int64_t, double, d, 0, +=, ITSELF)
FOLD(real_u8, uint8_t, double, d, 0, +=, ITSELF)
FOLD(abs_f32, float, double, d, 0, +=, ABSOLUTE)
FOLD(abs_f64, double, double, d, 0, +=, ABSOLUTE)
FOLD(square_f32, float, double, d, 0, +=, SQUARED)
FOLD(square_f64, double, double, d, 0, +=, SQUARED)
FOLD(deviation_f32, float, double, d, 0, +=, DEVIATION)
FOLD(deviation_f64, double, double, d, 0, +=, DEVIATION)
FOLD(deviation_i64, int64_t, double, d, 0, +=, DEVIATION)
FOLD(deviation_u8, uint8_t, double, d, 0, +=, DEVIATION)
FOLD(prod_f32, float, double, d, 1, *=, ITSELF)
FOLD(prod_f64, double, double, d, 1, *=, ITSELF)
FOLD(prod_i64, int64_t, uint64_t, u, 1, *=, ITSELF)
/* clang-format on */

/* Counted in 32 bits, which keep pace with narrow elements. */
#define NONZERO(NAME, T)                                                                           \
  INLINE void NAME##_row(const sk_block *b) {                                                      \
    b->acc->u = 0;                                                                                 \
    for (int64_t i = 0; i < b->n; i += SMALL) {                                                    \
      const T *a = (const T *)b->a + i;                                                            \
      int64_t n = b->n - i < SMALL ? b->n - i : SMALL;                                             \
      uint32_t count = 0;                                                                          \
      for (int64_t k = 0; k < n; k++) count += a[k] != 0;                                          \
      b->acc->u += count;                                                                          \
    }                                                                                              \
  }                                                                                                \
  INLINE void NAME##_columns(const sk_block *b, int64_t step) {                                    \
    uint32_t count[SK_STRIP];                                                                      \
    for (int64_t j = 0; j < b->width; j++) b->acc[j].u = count[j] = 0;                             \
    for (int64_t i = 0; i < b->n; i++) {                                                           \
      const T *a = (const T *)b->a + i * b->stride;                                                \
      for (int64_t j = 0; j < b->width; j++) count[j] += a[j * step] != 0;                         \
      if ((i + 1) % SMALL == 0 || i + 1 == b->n)                                                   \
        for (int64_t j = 0; j < b->width; j++) b->acc[j].u += count[j], count[j] = 0;              \
    }                                                                                              \
  }                                                                                                \
  BLOCK(NAME)
NONZERO(nonzero_f32, float)
NONZERO(nonzero_f64, double)
NONZERO(nonzero_i64, int64_t)
NONZERO(nonzero_u8, uint8_t)

/* The exponentials of a stretch first, in a loop that vectorises, then their sum. */
#define EXP_SUM(NAME, T, EXP)                                                                      \
  INLINE void NAME##_row(const sk_block *b) {                                                      \
    T e[CHUNK], s = (T)b->shift->d;                                                                \
    double lane[LANES] = {0};                                                                      \
    for (int64_t i = 0; i < b->n; i += CHUNK) {                                                    \
      const T *a = (const T *)b->a + i;                                                            \
      int64_t n = b->n - i < CHUNK ? b->n - i : CHUNK, k = 0;                                      \
      for (int64_t j = 0; j < n; j++) e[j] = EXP(a[j] - s);                                        \
      for (; k + LANES <= n; k += LANES)                                                           \
        for (int l = 0; l < LANES; l++) lane[l] += (double)e[k + l];                               \
      for (int l = 0; k + l < n; l++) lane[l] += (double)e[k + l];                                 \
    }                                                                                              \
    FOLD_LANES(+=)                                                                                 \
    b->acc->d = lane[0];                                                                           \
  }                                                                                                \
  INLINE void NAME##_columns(const sk_block *b, int64_t step) {                                    \
    T e[SK_STRIP], s[SK_STRIP];                                                                    \
    double total[SK_STRIP];                                                                        \
    for (int64_t j = 0; j < b->width; j++) total[j] = 0, s[j] = (T)b->shift[j].d;                  \
    for (int64_t i = 0; i < b->n; i++) {                                                           \
      const T *a = (const T *)b->a + i * b->stride;                                                \
      for (int64_t j = 0; j < b->width; j++) e[j] = EXP(a[j * step] - s[j]);                       \
      for (int64_t j = 0; j < b->width; j++) total[j] += (double)e[j];                             \
    }                                                                                              \
    for (int64_t j = 0; j < b->width; j++) b->acc[j].d = total[j];                                 \
  }                                                                                                \
  BLOCK(NAME)
EXP_SUM(exp_f32, float, fast_expf)
EXP_SUM(exp_f64, double, exp)

/* ==} */

/* {== The smallest and the largest ======================================== */

/* NaN wins, as in NumPy; where nothing is said of positions, any NaN does. */
#define BETTER(x, y, BEFORE) (((x)BEFORE(y)) | ((x) != (x)) ? (x) : (y))

#define BEST(N, BEFORE)                                                                            \
  for (int l = 0; l < N; l++) lane[l] = BETTER(lane[l + N], lane[l], BEFORE);

#define EXTREME(NAME, T, F, BEFORE)                                                                \
  INLINE T NAME##_of_row(const T *a, int64_t n) {                                                  \
    T lane[LANES];                                                                                 \
    int64_t i = LANES;                                                                             \
    for (int l = 0; l < LANES; l++) lane[l] = a[l < n ? l : 0];                                    \
    for (; i + LANES <= n; i += LANES) {                                                           \
      PREFETCH(a + i)                                                                              \
      for (int l = 0; l < LANES; l++) lane[l] = BETTER(a[i + l], lane[l], BEFORE);                 \
    }                                                                                              \
    for (int l = 0; i + l < n; l++) lane[l] = BETTER(a[i + l], lane[l], BEFORE);                   \
    BEST(16, BEFORE)                                                                               \
    BEST(8, BEFORE) BEST(4, BEFORE) BEST(2, BEFORE) BEST(1, BEFORE) return lane[0];                \
  }                                                                                                \
  INLINE void NAME##_row(const sk_block *b) { b->acc->F = NAME##_of_row(b->a, b->n); }             \
  INLINE void NAME##_columns(const sk_block *b, int64_t step) {                                    \
    T best[SK_STRIP];                                                                              \
    for (int64_t j = 0; j < b->width; j++) best[j] = ((const T *)b->a)[j * step];                  \
    for (int64_t i = 1; i < b->n; i++) {                                                           \
      const T *a = (const T *)b->a + i * b->stride;                                                \
      for (int64_t j = 0; j < b->width; j++) best[j] = BETTER(a[j * step], best[j], BEFORE);       \
    }                                                                                              \
    for (int64_t j = 0; j < b->width; j++) b->acc[j].F = best[j];                                  \
  }                                                                                                \
  BLOCK(NAME)

/* With the first position: of a row, by a second look, stretch by stretch, for what the first one
   found. Columns keep it in P, as wide as an element, for SMALL rows at a time. */
#define POSITION(NAME, EXTREME_NAME, T, P, F, BEFORE)                                              \
  INLINE void NAME##_row(const sk_block *b) {                                                      \
    const T *a = b->a;                                                                             \
    T best = EXTREME_NAME##_of_row(a, b->n);                                                       \
    int64_t i = 0;                                                                                 \
    for (bool seen = false; !seen && i + CHUNK <= b->n; i += seen ? 0 : CHUNK) {                   \
      P same = 0;                                                                                  \
      for (int k = 0; k < CHUNK; k++)                                                              \
        same |= (P)((a[i + k] == best) | ((a[i + k] != a[i + k]) & (best != best)));               \
      seen = same != 0;                                                                            \
    }                                                                                              \
    while (!(a[i] == best || (a[i] != a[i] && best != best))) i++;                                 \
    b->acc->F = best;                                                                              \
    *b->at = i;                                                                                    \
  }                                                                                                \
  INLINE void NAME##_columns(const sk_block *b, int64_t step) {                                    \
    T best[SK_STRIP];                                                                              \
    P at[SK_STRIP];                                                                                \
    for (int64_t j = 0; j < b->width; j++)                                                         \
      best[j] = ((const T *)b->a)[j * step], b->at[j] = 0, at[j] = -1;                             \
    for (int64_t i = 0; i < b->n; i++) {                                                           \
      const T *a = (const T *)b->a + i * b->stride;                                                \
      P row = (P)(i % SMALL);                                                                      \
      for (int64_t j = 0; j < b->width; j++) {                                                     \
        T x = a[j * step], y = best[j];                                                            \
        bool wins = (x BEFORE y) | ((x != x) & (y == y));                                          \
        best[j] = wins ? x : y;                                                                    \
        at[j] = wins ? row : at[j];                                                                \
      }                                                                                            \
      if (row + 1 == SMALL || i + 1 == b->n)                                                       \
        for (int64_t j = 0; j < b->width; j++) {                                                   \
          if (at[j] >= 0) b->at[j] = i - row + at[j];                                              \
          at[j] = -1;                                                                              \
        }                                                                                          \
    }                                                                                              \
    for (int64_t j = 0; j < b->width; j++) b->acc[j].F = best[j];                                  \
  }                                                                                                \
  BLOCK(NAME)

#define EXTREMES(SUF, T, P, F)                                                                     \
  EXTREME(min_##SUF, T, F, <)                                                                      \
  EXTREME(max_##SUF, T, F, >)                                                                      \
  POSITION(argmin_##SUF, min_##SUF, T, P, F, <)                                                    \
  POSITION(argmax_##SUF, max_##SUF, T, P, F, >)
EXTREMES(f32, float, int32_t, d)
EXTREMES(f64, double, int64_t, d)
EXTREMES(i64, int64_t, int64_t, i)
EXTREMES(u8, uint8_t, int32_t, i)

/* ==} */

sk_block_fn sk_block_kernel(sk_pass pass, sk_dtype dtype) {
  static const sk_block_fn table[SK_NPASS][SK_NDTYPES] = {
      [SK_PASS_SUM] = {sum_f32, sum_f64, sum_i64, sum_u8},
      [SK_PASS_REAL] = {sum_f32, sum_f64, real_i64, real_u8},
      [SK_PASS_ABS] = {abs_f32, abs_f64},
      [SK_PASS_SQUARE] = {square_f32, square_f64},
      [SK_PASS_DEVIATION] = {deviation_f32, deviation_f64, deviation_i64, deviation_u8},
      [SK_PASS_EXP] = {exp_f32, exp_f64},
      [SK_PASS_NONZERO] = {nonzero_f32, nonzero_f64, nonzero_i64, nonzero_u8},
      [SK_PASS_PROD] = {prod_f32, prod_f64, prod_i64},
      [SK_PASS_MIN] = {min_f32, min_f64, min_i64, min_u8},
      [SK_PASS_MAX] = {max_f32, max_f64, max_i64, max_u8},
      [SK_PASS_ARGMIN] = {argmin_f32, argmin_f64, argmin_i64, argmin_u8},
      [SK_PASS_ARGMAX] = {argmax_f32, argmax_f64, argmax_i64, argmax_u8},
  };
  return table[pass][dtype];
}
