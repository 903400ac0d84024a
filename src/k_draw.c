/* Drawing row numbers with given weights. Row i of the weights uses its own blocks of the
   generator, so that the rows may be drawn on any threads. */
#include "kernel.h"
#include "slots.h"
#include <math.h>

typedef struct draw {
  sk_generator g;
  sk_dtype dtype;
  const void *p;
  int64_t k, n;
  bool replacement;
  int64_t *out;
  double *scratch;
  sk_slots slots;
} draw;

typedef struct arrival {
  double time;
  int64_t at;
} arrival;

static inline double weight(const draw *j, int64_t row, int64_t i) {
  return j->dtype == SK_F32 ? (double)((const float *)j->p)[row * j->k + i]
                            : ((const double *)j->p)[row * j->k + i];
}

sk_weights_fault sk_weights_check(sk_dtype dtype, const void *p, int64_t rows, int64_t k,
                                  int64_t least, int64_t *row) {
  const draw j = {.dtype = dtype, .p = p, .k = k};
  for (*row = 0; *row < rows; ++*row) {
    int64_t positive = 0;
    for (int64_t i = 0; i < k; i++) {
      double w = weight(&j, *row, i);
      if (!(w >= 0 && w < INFINITY)) return SK_WEIGHT_ODD;
      positive += w > 0;
    }
    if (positive == 0) return SK_WEIGHTS_ZERO;
    if (positive < least) return SK_WEIGHTS_FEW;
  }
  return SK_WEIGHTS_OK;
}

/* Uniform numbers in [0,1): two a block. */
static int64_t blocks_of(int64_t n) { return n / 2 + n % 2; }

static void uniforms(const draw *j, int64_t row, int64_t n, double *u) {
  uint64_t first = j->g.offset + (uint64_t)row * (uint64_t)blocks_of(n);
  for (int64_t i = 0; i < n; i += 2) {
    uint32_t w[4];
    sk_random_block(&j->g, first + (uint64_t)i / 2, w);
    u[i] = (double)(((uint64_t)w[1] << 32 | w[0]) >> 11) * 0x1p-53;
    if (i + 1 < n) u[i + 1] = (double)(((uint64_t)w[3] << 32 | w[2]) >> 11) * 0x1p-53;
  }
}

/* With replacement: the first position where the cumulated weights pass u times their sum. Weights
   are taken relative to the largest, so that no sum overflows. */
static void with_replacement(const draw *j, int64_t row, double *sums, double *u) {
  double top = 0, sum = 0;
  int64_t last = 0; /* that may be drawn */
  for (int64_t i = 0; i < j->k; i++) top = fmax(top, weight(j, row, i));
  for (int64_t i = 0; i < j->k; i++) {
    double w = weight(j, row, i) / top;
    if (w > 0) last = i;
    sums[i] = sum += w;
  }
  uniforms(j, row, j->n, u);
  for (int64_t d = 0; d < j->n; d++) {
    double at = u[d] * sum;
    int64_t lo = 0, hi = last;
    while (lo < hi) {
      int64_t mid = lo + (hi - lo) / 2;
      if (sums[mid] > at)
        hi = mid;
      else
        lo = mid + 1;
    }
    j->out[row * j->n + d] = lo + 1;
  }
}

static bool later(const arrival *a, const arrival *b) {
  return a->time > b->time || (a->time == b->time && a->at > b->at);
}

/* Sinks the arrival at i in a heap of n whose latest is on top. */
static void sink(arrival *heap, int64_t n, int64_t i) {
  arrival x = heap[i];
  for (int64_t child; (child = 2 * i + 1) < n; i = child) {
    if (child + 1 < n && later(&heap[child + 1], &heap[child])) child++;
    if (!later(&heap[child], &x)) break;
    heap[i] = heap[child];
  }
  heap[i] = x;
}

/* Without replacement: exponential clocks of these rates; the first n to ring, in their order, are
   draws without replacement (Efraimidis and Spirakis, 2006). */
static void without_replacement(const draw *j, int64_t row, double *u, arrival *heap) {
  int64_t have = 0;
  double top = 0;
  for (int64_t i = 0; i < j->k; i++) top = fmax(top, weight(j, row, i));
  uniforms(j, row, j->k, u);
  for (int64_t i = 0; i < j->k; i++) {
    double w = weight(j, row, i) / top;
    if (weight(j, row, i) == 0) continue;
    arrival x = {w > 0 ? -log1p(-u[i]) / w : INFINITY, i};
    if (have < j->n) {
      heap[have++] = x;
      if (have == j->n)
        for (int64_t h = have / 2 - 1; h >= 0; h--) sink(heap, have, h);
    } else if (later(&heap[0], &x)) {
      heap[0] = x;
      sink(heap, have, 0);
    }
  }
  for (int64_t n = have - 1; n >= 0; n--) { /* the latest goes to the end */
    j->out[row * j->n + n] = heap[0].at + 1;
    heap[0] = heap[n];
    sink(heap, n, 0);
  }
}

/* Of one slot: k sums or uniforms, then n uniforms or arrivals. */
static int64_t slot_doubles(int64_t k, int64_t n) { return k + 2 * n; }

int64_t sk_multinomial_scratch(int64_t k, int64_t n, int threads) {
  int64_t bytes, each = (int64_t)sizeof(double) * threads;
  if (k > INT64_MAX / 4 || n > INT64_MAX / 8) return -1;
  return __builtin_mul_overflow(slot_doubles(k, n), each, &bytes) ? -1 : bytes;
}

static void rows_piece(void *ctx, int64_t first, int64_t last) {
  draw *j = ctx;
  int slot = sk_slot_take(&j->slots);
  double *mine = j->scratch + slot * slot_doubles(j->k, j->n);
  for (int64_t row = first; row < last; row++) {
    if (j->replacement)
      with_replacement(j, row, mine, mine + j->k);
    else
      without_replacement(j, row, mine, (arrival *)(mine + j->k));
  }
  sk_slot_give(&j->slots, slot);
}

void sk_multinomial(sk_generator *g, sk_dtype dtype, const void *p, int64_t rows, int64_t k,
                    int64_t n, bool replacement, int threads, void *scratch, int64_t *out) {
  draw j = {.g = *g,
            .dtype = dtype,
            .p = p,
            .k = k,
            .n = n,
            .replacement = replacement,
            .out = out,
            .scratch = scratch};
  if (n == 0) return;
  sk_slots_init(&j.slots, threads);
  sk_parallel(rows, 4096 / (k + 1) + 1, rows_piece, &j);
  g->offset += (uint64_t)rows * (uint64_t)blocks_of(replacement ? n : k);
}
