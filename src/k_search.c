/* Where values would stand in sorted rows. Several are looked for in step, so that their memory
   accesses overlap. */
#include "kernel.h"

#define TOGETHER 16
#define WORK     4096 /* values a piece */

typedef struct search {
  const void *sorted, *values;
  int64_t n, m; /* of a row */
  bool shared;  /* one sorted row for all */
  bool right;
  int64_t *out;
} search;

#define LEFT(x, v)  ((x) < (v))
#define RIGHT(x, v) ((x) <= (v))

/* How many of s[n] stand before each of v[w]; NaN, which is the last, is seen to elsewhere. */
#define STEPS(NAME, T, BEFORE)                                                                     \
  SK_CLONES static void NAME(const T *s, int64_t n, const T *v, int64_t w, int64_t *out) {         \
    int64_t at[TOGETHER] = {0}, left = n;                                                          \
    for (; left > 1; left -= left / 2) {                                                           \
      int64_t half = left / 2;                                                                     \
      for (int64_t q = 0; q < w; q++) at[q] += BEFORE(s[at[q] + half - 1], v[q]) ? half : 0;       \
    }                                                                                              \
    for (int64_t q = 0; q < w; q++) out[q] = at[q] + (n > 0 && BEFORE(s[at[q]], v[q]));            \
  }

#define SEARCH(SUF, T)                                                                             \
  STEPS(left_##SUF, T, LEFT)                                                                       \
  STEPS(right_##SUF, T, RIGHT)                                                                     \
  static int64_t numbers_##SUF(const T *s, int64_t n) {                                            \
    int64_t first = 0, last = n;                                                                   \
    while (first < last) {                                                                         \
      int64_t middle = first + (last - first) / 2;                                                 \
      if (s[middle] == s[middle])                                                                  \
        first = middle + 1;                                                                        \
      else                                                                                         \
        last = middle;                                                                             \
    }                                                                                              \
    return first;                                                                                  \
  }                                                                                                \
  static void piece_##SUF(void *ctx, int64_t from, int64_t to) {                                   \
    const search *j = ctx;                                                                         \
    while (from < to) {                                                                            \
      int64_t row = from / j->m, end = (row + 1) * j->m < to ? (row + 1) * j->m : to;              \
      int64_t w = end - from < TOGETHER ? end - from : TOGETHER;                                   \
      const T *s = (const T *)j->sorted + (j->shared ? 0 : row * j->n);                            \
      const T *v = (const T *)j->values + from;                                                    \
      int64_t *out = j->out + from;                                                                \
      (j->right ? right_##SUF : left_##SUF)(s, j->n, v, w, out);                                   \
      for (int64_t q = 0; q < w; q++) {                                                            \
        if (v[q] != v[q]) out[q] = j->right ? j->n : numbers_##SUF(s, j->n);                       \
        out[q]++;                                                                                  \
      }                                                                                            \
      from += w;                                                                                   \
    }                                                                                              \
  }

SEARCH(f32, float)
SEARCH(f64, double)
SEARCH(i64, int64_t)
SEARCH(u8, uint8_t)

void sk_search(sk_dtype dtype, const void *sorted, int64_t n, bool shared, const void *values,
               int64_t rows, int64_t m, bool right, int64_t *out) {
  static const sk_piece run[SK_NDTYPES] = {piece_f32, piece_f64, piece_i64, piece_u8};
  search j = {sorted, values, n, m, shared, right, out};
  sk_parallel(rows * m, WORK, run[dtype], &j);
}
