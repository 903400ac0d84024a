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
