/* Distinct elements: of sorted values, or of whole numbers from a small range by a table. */
#include "kernel.h"
#include <string.h>

#define DIFFER(x, y) ((x) != (y) && ((x) == (x) || (y) == (y))) /* NaN equals NaN */

#define UNIQUE(SUF, T)                                                                             \
  SK_CLONES static int64_t count_##SUF(const T *sorted, int64_t n) {                               \
    int64_t groups = 1;                                                                            \
    for (int64_t i = 1; i < n; i++) groups += DIFFER(sorted[i - 1], sorted[i]);                    \
    return groups;                                                                                 \
  }                                                                                                \
  static void groups_##SUF(const T *sorted, const int64_t *index, int64_t n, T *values,            \
                           int64_t *inverse, int64_t *counts) {                                    \
    int64_t group = 0, first = 0;                                                                  \
    values[0] = sorted[0];                                                                         \
    for (int64_t i = 0; i < n; i++) {                                                              \
      if (i > 0 && DIFFER(sorted[i - 1], sorted[i])) {                                             \
        if (counts) counts[group] = i - first;                                                     \
        values[++group] = sorted[i];                                                               \
        first = i;                                                                                 \
      }                                                                                            \
      if (inverse) inverse[index[i] - 1] = group + 1;                                              \
    }                                                                                              \
    if (counts) counts[group] = n - first;                                                         \
  }
UNIQUE(f32, float)
UNIQUE(f64, double)
UNIQUE(i64, int64_t)
UNIQUE(u8, uint8_t)

int64_t sk_unique_count(sk_dtype dtype, const void *sorted, int64_t n) {
  if (n == 0) return 0;
  switch (dtype) {
  case SK_F32: return count_f32(sorted, n);
  case SK_F64: return count_f64(sorted, n);
  case SK_I64: return count_i64(sorted, n);
  default: return count_u8(sorted, n);
  }
}

void sk_unique_groups(sk_dtype dtype, const void *sorted, const int64_t *index, int64_t n,
                      void *values, int64_t *inverse, int64_t *counts) {
  if (n == 0) return;
  switch (dtype) {
  case SK_F32: groups_f32(sorted, index, n, values, inverse, counts); break;
  case SK_F64: groups_f64(sorted, index, n, values, inverse, counts); break;
  case SK_I64: groups_i64(sorted, index, n, values, inverse, counts); break;
  default: groups_u8(sorted, index, n, values, inverse, counts);
  }
}

/* {== Rows ================================================================ */

/* The first difference decides; NaN comes last. */
#define COMPARE(SUF, T)                                                                            \
  static int compare_##SUF(const void *rows, int64_t i, int64_t j, int64_t d) {                    \
    const T *x = (const T *)rows + i * d, *y = (const T *)rows + j * d;                            \
    for (int64_t c = 0; c < d; c++)                                                                \
      if (DIFFER(x[c], y[c])) return x[c] < y[c] || y[c] != y[c] ? -1 : 1;                         \
    return 0;                                                                                      \
  }
COMPARE(f32, float)
COMPARE(f64, double)
COMPARE(i64, int64_t)
COMPARE(u8, uint8_t)

/* Merges runs of 1, 2, 4, ... rows. */
void sk_row_order(sk_dtype dtype, const void *rows, int64_t n, int64_t d, int64_t *order,
                  int64_t *spare) {
  static int (*const compares[SK_NDTYPES])(const void *, int64_t, int64_t, int64_t) = {
      compare_f32, compare_f64, compare_i64, compare_u8};
  int64_t *from = order, *to = spare;
  for (int64_t i = 0; i < n; i++) from[i] = i;
  for (int64_t run = 1; run < n; run *= 2) {
    for (int64_t first = 0; first < n; first += 2 * run) {
      int64_t middle = first + run < n ? first + run : n;
      int64_t last = first + 2 * run < n ? first + 2 * run : n;
      for (int64_t i = first, j = middle, out = first; out < last; out++) {
        bool left = j == last || (i < middle && compares[dtype](rows, from[i], from[j], d) <= 0);
        to[out] = left ? from[i++] : from[j++];
      }
    }
    int64_t *swap = from;
    from = to;
    to = swap;
  }
  for (int64_t i = 0; i < n; i++) order[i] = from[i] + 1;
}

/* ==} */

int64_t sk_table_count(const int64_t *a, int64_t n, int64_t least, int64_t width, int64_t *table) {
  int64_t groups = 0;
  memset(table, 0, (size_t)width * sizeof *table);
  for (int64_t i = 0; i < n; i++) table[a[i] - least]++;
  for (int64_t c = 0; c < width; c++) groups += table[c] > 0;
  return groups;
}

void sk_table_groups(const int64_t *a, int64_t n, int64_t least, int64_t width, int64_t *table,
                     int64_t *values, int64_t *inverse, int64_t *counts) {
  int64_t group = 0;
  for (int64_t c = 0; c < width; c++)
    if (table[c] > 0) {
      values[group] = least + c;
      if (counts) counts[group] = table[c];
      table[c] = ++group;
    }
  if (inverse)
    for (int64_t i = 0; i < n; i++) inverse[i] = table[a[i] - least];
}
