/* One long row, sorted by all threads: pieces of it count their uppermost digits and deal their
   elements out by these; then each digit's elements are a small row of their own. */
#include "order.h"
#include "slots.h"

#define PIECE  32768 /* elements that count and deal as one */
#define PARTS  8     /* digits whose elements one thread sorts at a time */
#define SPREAD 2     /* the exponent is mostly dealt with */

typedef struct split {
  const sk_ordering *type;
  const char *x;
  int64_t item, n, k, pieces;
  bool descending;
  char *values;
  int64_t *index;
  char *keys, *a, *b;
  uint64_t *least, *most; /* of each piece; in the end of all */
  uint32_t *starts;       /* [pieces,SK_RADIX_COUNTS] */
  uint32_t *first;        /* [SK_RADIX_COUNTS+1]: where a digit's elements stand */
  uint32_t *counts;       /* [slots,SK_RADIX_COUNTS] */
  int shift;              /* of the uppermost digit */
  sk_slots slots;
} split;

static int64_t piece_end(const split *s, int64_t p) {
  return (p + 1) * PIECE < s->n ? (p + 1) * PIECE : s->n;
}

static void keys_piece(void *ctx, int64_t from, int64_t to) {
  split *s = ctx;
  int64_t size = s->type->wide ? 8 : 4;
  for (int64_t p = from; p < to; p++) {
    int64_t first = p * PIECE, n = piece_end(s, p) - first;
    char *key = s->keys + first * size;
    s->type->keys(s->x + first * s->item, n, s->descending, key);
    if (s->type->wide)
      sk_range_u64((uint64_t *)key, n, &s->least[p], &s->most[p]);
    else {
      uint32_t lo, hi;
      sk_range_u32((uint32_t *)key, n, &lo, &hi);
      s->least[p] = lo;
      s->most[p] = hi;
    }
  }
}

#define DEAL(SUF, REC, K)                                                                          \
  static void count_##SUF(void *ctx, int64_t from, int64_t to) {                                   \
    split *s = ctx;                                                                                \
    const K *key = (const K *)s->keys, lo = (K)s->least[0];                                        \
    for (int64_t p = from; p < to; p++) {                                                          \
      uint32_t *count = s->starts + p * SK_RADIX_COUNTS;                                           \
      memset(count, 0, SK_RADIX_COUNTS * sizeof *count);                                           \
      for (int64_t i = p * PIECE; i < piece_end(s, p); i++) count[(K)(key[i] - lo) >> s->shift]++; \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  static void deal_##SUF(void *ctx, int64_t from, int64_t to) {                                    \
    split *s = ctx;                                                                                \
    const K *key = (const K *)s->keys, lo = (K)s->least[0];                                        \
    REC *a = (REC *)s->a;                                                                          \
    for (int64_t p = from; p < to; p++) {                                                          \
      uint32_t *start = s->starts + p * SK_RADIX_COUNTS;                                           \
      for (int64_t i = p * PIECE; i < piece_end(s, p); i++) {                                      \
        K k = key[i] - lo;                                                                         \
        a[start[k >> s->shift]++] = sk_##SUF##_of(k, i);                                           \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  static void parts_##SUF(void *ctx, int64_t from, int64_t to) {                                   \
    split *s = ctx;                                                                                \
    int slot = sk_slot_take(&s->slots);                                                            \
    for (int64_t d = from; d < to; d++) {                                                          \
      int64_t at = s->first[d], n = s->first[d + 1] - at;                                          \
      if (n == 0 || at >= s->k) continue;                                                          \
      REC *r = sk_radix_##SUF((REC *)s->a + at, (REC *)s->b + at, n, s->shift, SPREAD,             \
                              s->counts + slot * SK_RADIX_COUNTS);                                 \
      s->type->emit(r, at + n < s->k ? n : s->k - at, s->least[0], s->descending, s->x,            \
                    s->values ? s->values + at * s->item : 0, s->index ? s->index + at : 0);       \
    }                                                                                              \
    sk_slot_give(&s->slots, slot);                                                                 \
  }
DEAL(narrow, sk_narrow, uint32_t)
DEAL(wide, sk_wide, uint64_t)

static int64_t lay_out(split *s, sk_dtype dtype, int64_t n, int threads, char *p) {
  int64_t used = 0, record, word = sizeof(uint32_t);
  s->type = &sk_orderings[dtype];
  s->item = sk_itemsize[dtype];
  s->n = n;
  s->pieces = (n + PIECE - 1) / PIECE;
  record = s->type->wide ? sizeof(sk_wide) : sizeof(sk_narrow);
#define PART(FIELD, BYTES) s->FIELD = p ? (void *)(p + used) : 0, used += sk_align(BYTES)
  PART(a, n * record);
  PART(b, n * record);
  s->keys = s->b; /* done with when b is first written to */
  PART(least, s->pieces * 8);
  PART(most, s->pieces * 8);
  PART(starts, s->pieces * SK_RADIX_COUNTS * word);
  PART(first, (SK_RADIX_COUNTS + 1) * word);
  PART(counts, threads * SK_RADIX_COUNTS * word);
#undef PART
  return used;
}

int64_t sk_split_scratch(sk_dtype dtype, int64_t n, int threads) {
  split s;
  return lay_out(&s, dtype, n, threads, 0);
}

void sk_split_sort(sk_dtype dtype, const void *x, int64_t n, int64_t k, bool descending,
                   void *values, int64_t *index, int threads, void *scratch) {
  split s = {.x = x, .k = k, .descending = descending, .values = values, .index = index};
  uint32_t sum = 0;
  lay_out(&s, dtype, n, threads, scratch);
  sk_slots_init(&s.slots, threads);
  sk_parallel(s.pieces, 1, keys_piece, &s);
  for (int64_t p = 1; p < s.pieces; p++) {
    if (s.least[p] < s.least[0]) s.least[0] = s.least[p];
    if (s.most[p] > s.most[0]) s.most[0] = s.most[p];
  }
  int bits = sk_bits(s.most[0] - s.least[0]);
  s.shift = bits > SK_RADIX_WIDTH ? bits - SK_RADIX_WIDTH : 0;
  sk_parallel(s.pieces, 1, s.type->wide ? count_wide : count_narrow, &s);
  for (int64_t d = 0; d < SK_RADIX_COUNTS; d++) {
    s.first[d] = sum;
    for (int64_t p = 0; p < s.pieces; p++) {
      uint32_t *start = s.starts + p * SK_RADIX_COUNTS + d, here = *start;
      *start = sum;
      sum += here;
    }
  }
  s.first[SK_RADIX_COUNTS] = sum;
  sk_parallel(s.pieces, 1, s.type->wide ? deal_wide : deal_narrow, &s);
  sk_parallel(SK_RADIX_COUNTS, PARTS, s.type->wide ? parts_wide : parts_narrow, &s);
}
