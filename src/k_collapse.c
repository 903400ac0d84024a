/* What a collapsing representation shows column by column and row by row: how unit rows spread, and
   rows that repeat. */
#include "kernel.h"
#include <math.h>
#include <string.h>

#define STRIP 64

/* --- unit rows -------------------------------------------------------------------------------- */

typedef struct units {
  sk_dtype dtype;
  const char *z;
  int64_t n, d;
  double *unit, *mean, *m2;
} units;

static void unit_piece(void *ctx, int64_t first, int64_t last) {
  const units *p = ctx;
  int64_t bytes = p->d * sk_itemsize[p->dtype];
  for (int64_t i = first; i < last; i++) p->unit[i] = sk_row_unit(p->dtype, p->z + i * bytes, p->d);
}

/* Two passes over a strip of columns, the first about the first row. */
#define COLUMNS(T)                                                                                 \
  SK_CLONES static void columns_##T(const units *p, int64_t first, int64_t last) {                 \
    const T *z = (const T *)p->z;                                                                  \
    double n = (double)p->n, shift[STRIP], sum[STRIP] = {0}, square[STRIP] = {0};                  \
    int64_t nc = last - first;                                                                     \
    for (int64_t j = 0; j < nc; j++) shift[j] = (double)z[first + j] * p->unit[0];                 \
    for (int64_t i = 1; i < p->n; i++)                                                             \
      for (int64_t j = 0; j < nc; j++)                                                             \
        sum[j] += (double)z[i * p->d + first + j] * p->unit[i] - shift[j];                         \
    for (int64_t j = 0; j < nc; j++) shift[j] += sum[j] / n;                                       \
    for (int64_t i = 0; i < p->n; i++)                                                             \
      for (int64_t j = 0; j < nc; j++) {                                                           \
        double v = (double)z[i * p->d + first + j] * p->unit[i] - shift[j];                        \
        square[j] += v * v;                                                                        \
      }                                                                                            \
    for (int64_t j = 0; j < nc; j++) p->mean[first + j] = shift[j], p->m2[first + j] = square[j];  \
  }
COLUMNS(float)
COLUMNS(double)

static void columns_piece(void *ctx, int64_t first, int64_t last) {
  const units *p = ctx;
  if (p->dtype == SK_F32)
    columns_float(p, first, last);
  else
    columns_double(p, first, last);
}

int64_t sk_unit_columns(sk_dtype dtype, const void *z, int64_t n, int64_t d, double *mean,
                        double *m2, double *scratch) {
  units p = {dtype, z, n, d, scratch, mean, m2};
  int64_t zeros = 0;
  sk_parallel(n, 64, unit_piece, &p);
  sk_parallel(d, STRIP, columns_piece, &p);
  for (int64_t i = 0; i < n; i++) zeros += p.unit[i] == 0;
  return zeros;
}

/* --- rows that repeat ------------------------------------------------------------------------- */

typedef struct repeats {
  sk_dtype dtype;
  const char *z;
  int64_t d;
  uint64_t *hash;
} repeats;

/* Of values, not of bytes: -0 is 0. */
#define HASH(T, U)                                                                                 \
  static uint64_t hash_##T(const T *x, int64_t d) {                                                \
    uint64_t h = 0x9E3779B97F4A7C15u;                                                              \
    for (int64_t j = 0; j < d; j++) {                                                              \
      T v = x[j] + 0;                                                                              \
      U bits;                                                                                      \
      memcpy(&bits, &v, sizeof bits);                                                              \
      h = (h ^ bits) * 0xFF51AFD7ED558CCDu;                                                        \
      h ^= h >> 32;                                                                                \
    }                                                                                              \
    return h;                                                                                      \
  }                                                                                                \
  static bool same_##T(const T *x, const T *y, int64_t d) {                                        \
    for (int64_t j = 0; j < d; j++)                                                                \
      if (x[j] != y[j]) return false;                                                              \
    return true;                                                                                   \
  }
HASH(float, uint32_t)
HASH(double, uint64_t)

static const char *row_at(const repeats *p, int64_t i) {
  return p->z + i * p->d * sk_itemsize[p->dtype];
}

static void hash_piece(void *ctx, int64_t first, int64_t last) {
  const repeats *p = ctx;
  for (int64_t i = first; i < last; i++)
    p->hash[i] = p->dtype == SK_F32 ? hash_float((const float *)row_at(p, i), p->d)
                                    : hash_double((const double *)row_at(p, i), p->d);
}

static bool same(const repeats *p, int64_t i, int64_t j) {
  const char *x = row_at(p, i), *y = row_at(p, j);
  if (p->hash[i] != p->hash[j]) return false;
  return p->dtype == SK_F32 ? same_float((const float *)x, (const float *)y, p->d)
                            : same_double((const double *)x, (const double *)y, p->d);
}

static int64_t table_size(int64_t n) {
  int64_t size = 16;
  while (size < 2 * n) size *= 2;
  return size;
}

int64_t sk_repeated_rows_scratch(int64_t n) {
  return (n + table_size(n)) * (int64_t)sizeof(int64_t);
}

int64_t sk_repeated_rows(sk_dtype dtype, const void *z, int64_t n, int64_t d, void *scratch) {
  repeats p = {dtype, z, d, scratch};
  int64_t size = table_size(n), repeated = 0;
  int64_t *table = (int64_t *)scratch + n; /* open addressing; 0: free, else 1 + a row */
  memset(table, 0, (size_t)size * sizeof *table);
  sk_parallel(n, 64, hash_piece, &p);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = (int64_t)(p.hash[i] & (uint64_t)(size - 1));
    while (table[at] && !same(&p, i, table[at] - 1)) at = (at + 1) & (size - 1);
    if (table[at])
      repeated++;
    else
      table[at] = i + 1;
  }
  return repeated;
}
