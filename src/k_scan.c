/* Running sums and products along one axis of [outer,n,inner], from either end. Several rows, or
   several columns, run side by side, since each sum waits for the one before it. Floats accumulate
   in float64. */
#include "kernel.h"

#define ROWS  4     /* side by side */
#define STRIP 256   /* columns, the same */
#define WORK  65536 /* elements a piece */

typedef struct scan {
  const char *a;
  char *out;
  int64_t outer, n, inner, strips, item, result;
  bool reverse;
} scan;

#define SCAN(NAME, T, R, A, OP, START)                                                             \
  SK_CLONES static void NAME##_rows(const T *a, int64_t rows, int64_t n, bool reverse, R *out) {   \
    int64_t step = reverse ? -1 : 1, first = reverse ? n - 1 : 0, r = 0;                           \
    for (; r + ROWS <= rows; r += ROWS) {                                                          \
      A run[ROWS] = {START, START, START, START};                                                  \
      for (int64_t i = 0, at = r * n + first; i < n; i++, at += step) {                            \
        for (int64_t l = 0; l < ROWS; l++) run[l] = run[l] OP(A) a[at + l * n];                    \
        for (int64_t l = 0; l < ROWS; l++) out[at + l * n] = (R)run[l];                            \
      }                                                                                            \
    }                                                                                              \
    for (; r < rows; r++) {                                                                        \
      A run = START;                                                                               \
      for (int64_t i = 0, at = r * n + first; i < n; i++, at += step) {                            \
        run = run OP(A) a[at];                                                                     \
        out[at] = (R)run;                                                                          \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
  SK_CLONES static void NAME##_columns(const T *a, int64_t n, int64_t inner, int64_t width,        \
                                       bool reverse, R *out) {                                     \
    A run[STRIP];                                                                                  \
    for (int64_t c = 0; c < width; c++) run[c] = START;                                            \
    for (int64_t i = 0; i < n; i++) {                                                              \
      int64_t at = (reverse ? n - 1 - i : i) * inner;                                              \
      for (int64_t c = 0; c < width; c++) {                                                        \
        run[c] = run[c] OP(A) a[at + c];                                                           \
        out[at + c] = (R)run[c];                                                                   \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
  static void NAME##_piece(void *ctx, int64_t from, int64_t to) {                                  \
    scan *s = ctx;                                                                                 \
    const T *a = (const T *)s->a;                                                                  \
    R *out = (R *)s->out;                                                                          \
    if (s->inner == 1) {                                                                           \
      NAME##_rows(a + from * s->n, to - from, s->n, s->reverse, out + from * s->n);                \
      return;                                                                                      \
    }                                                                                              \
    for (int64_t p = from; p < to; p++) {                                                          \
      int64_t c = p % s->strips * STRIP, at = p / s->strips * s->n * s->inner + c;                 \
      NAME##_columns(a + at, s->n, s->inner, s->inner - c < STRIP ? s->inner - c : STRIP,          \
                     s->reverse, out + at);                                                        \
    }                                                                                              \
  }

/* clang-format off */
SCAN(sum_f32, float, float, double, +, 0)
SCAN(sum_f64, double, double, double, +, 0)
SCAN(sum_i64, int64_t, int64_t, uint64_t, +, 0) /* wraps */
SCAN(sum_u8, uint8_t, int64_t, uint64_t, +, 0)
SCAN(prod_f32, float, float, double, *, 1)
SCAN(prod_f64, double, double, double, *, 1)
SCAN(prod_i64, int64_t, int64_t, uint64_t, *, 1)
/* clang-format on */

void sk_scan(bool product, sk_dtype dtype, const void *a, int64_t outer, int64_t n, int64_t inner,
             bool reverse, void *out) {
  static const sk_piece run[2][SK_NDTYPES] = {
      {sum_f32_piece, sum_f64_piece, sum_i64_piece, sum_u8_piece},
      {prod_f32_piece, prod_f64_piece, prod_i64_piece, 0},
  };
  scan s = {.a = a, .out = out, .outer = outer, .n = n, .inner = inner, .reverse = reverse};
  s.strips = (inner + STRIP - 1) / STRIP;
  if (inner == 1) { /* whole groups of rows a piece */
    int64_t rows = WORK / n / ROWS * ROWS;
    sk_parallel(outer, rows > 0 ? rows : ROWS, run[product][dtype], &s);
  } else {
    int64_t strip = n * (inner < STRIP ? inner : STRIP);
    sk_parallel(outer * s.strips, strip < WORK ? WORK / strip : 1, run[product][dtype], &s);
  }
}
