/* Counting ids and into bins of equal width. */
#include "kernel.h"
#include "slots.h"
#include <math.h>
#include <string.h>

#define WORK  65536 /* elements a piece */
#define SMALL 65536 /* counters that each thread may have for itself */
#define BLOCK 256   /* elements whose bins are found together */

/* {== Tables of the threads' own ========================================== */

/* Adds the elements first .. last-1 to a table. */
typedef void (*tally_fn)(const void *ctx, int64_t first, int64_t last, int64_t *table);

typedef struct tally {
  tally_fn add;
  const void *ctx;
  int64_t k;
  int64_t *tables;
  sk_slots slots;
} tally;

static int table_count(int64_t n, int64_t k, int threads) {
  return k > SMALL || n <= WORK ? 1 : threads;
}

int64_t sk_tally_scratch(int64_t n, int64_t k, int threads) {
  int tables = table_count(n, k, threads);
  return tables > 1 ? tables * k * (int64_t)sizeof(int64_t) : 0;
}

static void tally_piece(void *ctx, int64_t first, int64_t last) {
  tally *t = ctx;
  int slot = sk_slot_take(&t->slots);
  t->add(t->ctx, first, last, t->tables + slot * t->k);
  sk_slot_give(&t->slots, slot);
}

static void count_all(tally_fn add, const void *ctx, int64_t n, int64_t k, int threads,
                      int64_t *scratch, int64_t *out) {
  int tables = table_count(n, k, threads);
  memset(out, 0, (size_t)k * sizeof *out);
  if (tables == 1) {
    add(ctx, 0, n, out);
    return;
  }
  tally t = {.add = add, .ctx = ctx, .k = k, .tables = scratch};
  memset(scratch, 0, (size_t)(tables * k) * sizeof *scratch);
  sk_slots_init(&t.slots, tables);
  sk_parallel(n, WORK, tally_piece, &t);
  for (int i = 0; i < tables; i++)
    for (int64_t c = 0; c < k; c++) out[c] += scratch[i * k + c];
}

/* ==} */

/* {== Ids ================================================================= */

SK_CLONES void sk_id_range(const int64_t *id, int64_t n, int64_t *least, int64_t *most) {
  int64_t lo = INT64_MAX, hi = INT64_MIN;
  for (int64_t i = 0; i < n; i++) {
    lo = id[i] < lo ? id[i] : lo;
    hi = id[i] > hi ? id[i] : hi;
  }
  *least = lo;
  *most = hi;
}

static void add_ids(const void *ctx, int64_t first, int64_t last, int64_t *table) {
  const int64_t *id = ctx;
  for (int64_t i = first; i < last; i++) table[id[i] - 1]++;
}

void sk_bincount(const int64_t *id, int64_t n, int64_t k, int threads, void *scratch,
                 int64_t *out) {
  count_all(add_ids, id, n, k, threads, scratch, out);
}

#define WEIGH(SUF, T)                                                                              \
  static void weigh_##SUF(const int64_t *id, const T *weight, int64_t n, int64_t k, double *sum,   \
                          T *out) {                                                                \
    for (int64_t c = 0; c < k; c++) sum[c] = 0;                                                    \
    for (int64_t i = 0; i < n; i++) sum[id[i] - 1] += (double)weight[i];                           \
    for (int64_t c = 0; c < k; c++) out[c] = (T)sum[c];                                            \
  }
WEIGH(f32, float)
WEIGH(f64, double)

void sk_weighcount(const int64_t *id, sk_dtype dtype, const void *weight, int64_t n, int64_t k,
                   double *sum, void *out) {
  if (dtype == SK_F32)
    weigh_f32(id, weight, n, k, sum, out);
  else
    weigh_f64(id, weight, n, k, sum, out);
}

/* ==} */

/* {== Bins ================================================================ */

typedef struct bins {
  const void *a;
  int64_t n;
  double lo, width;
} bins;

/* A block's bins first, then the counting; what lies outside goes to one bin more. */
#define BINS(SUF, T)                                                                               \
  SK_CLONES static void range_##SUF(const T *a, int64_t n, double *least, double *most) {          \
    double lo = INFINITY, hi = -INFINITY;                                                          \
    for (int64_t i = 0; i < n; i++) {                                                              \
      double x = (double)a[i];                                                                     \
      lo = x < lo ? x : lo;                                                                        \
      hi = x > hi ? x : hi;                                                                        \
    }                                                                                              \
    *least = lo;                                                                                   \
    *most = hi;                                                                                    \
  }                                                                                                \
  SK_CLONES static void find_##SUF(const T *a, int64_t n, const bins *b, int64_t *bin) {           \
    double lo = b->lo, width = b->width, most = (double)b->n;                                      \
    for (int64_t i = 0; i < n; i++) {                                                              \
      double part = ((double)a[i] - lo) / width, at = part * most;                                 \
      at = at < most ? at : most - 1; /* the last bin is closed */                                 \
      bin[i] = (int64_t)((part >= 0) & (part <= 1) ? at : most);                                   \
    }                                                                                              \
  }                                                                                                \
  static void bin_##SUF(const void *ctx, int64_t first, int64_t last, int64_t *table) {            \
    const bins *b = ctx;                                                                           \
    int64_t bin[BLOCK];                                                                            \
    for (int64_t i = first; i < last; i += BLOCK) {                                                \
      int64_t n = last - i < BLOCK ? last - i : BLOCK;                                             \
      find_##SUF((const T *)b->a + i, n, b, bin);                                                  \
      for (int64_t j = 0; j < n; j++) table[bin[j]]++;                                             \
    }                                                                                              \
  }
BINS(f32, float)
BINS(f64, double)
BINS(i64, int64_t)
BINS(u8, uint8_t)

void sk_number_range(sk_dtype dtype, const void *a, int64_t n, double *lo, double *hi) {
  switch (dtype) {
  case SK_F32: range_f32(a, n, lo, hi); break;
  case SK_F64: range_f64(a, n, lo, hi); break;
  case SK_I64: range_i64(a, n, lo, hi); break;
  default: range_u8(a, n, lo, hi);
  }
}

void sk_histc(sk_dtype dtype, const void *a, int64_t n, int64_t count, double lo, double hi,
              int threads, void *scratch, int64_t *out) {
  static const tally_fn add[SK_NDTYPES] = {bin_f32, bin_f64, bin_i64, bin_u8};
  bins b = {a, count, lo, hi - lo};
  count_all(add[dtype], &b, n, count + 1, threads, scratch, out);
}

/* ==} */
