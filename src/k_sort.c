/* Sorting along one axis of [outer,n,inner]. Rows, or panels of neighbouring columns, go to threads
   whole; a long row is shared by them (k_split.c). Where few of many are asked for, a limit that at
   least so many keep is found first, and only those are sorted. */
#include "order.h"
#include "slots.h"

#define PANEL  16        /* columns that are fetched together at most, */
#define CELLS  65536     /* and their elements */
#define WORK   16384     /* elements that one thread takes at a time */
#define LONG   (1 << 16) /* elements of a row that the threads share */
#define GROUPS 64        /* at least, whose best elements give the limit; */
#define RANKED 256       /* to so many, the limit is found by counting */

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

/* What one thread works in. */
typedef struct room {
  void *keys, *a, *b, *best;
  uint32_t *count;
  char *row, *values; /* of a panel */
  int64_t *index;
} room;

typedef struct job {
  const sk_order *o;
  const sk_ordering *type;
  int64_t item, panel, panels; /* columns of a panel, panels of a slab [n,inner] */
  int64_t groups;              /* 0: all are sorted */
  char *scratch;
  int64_t slot_bytes;
  sk_slots slots;
} job;

/* {== One row ============================================================= */

/* SUF: narrow or wide records REC of keys K. */
#define ROW(SUF, REC, K, BITS)                                                                     \
  static void sort_##SUF(const job *j, const room *w, const char *x, char *values,                 \
                         int64_t *index) {                                                         \
    const sk_order *o = j->o;                                                                      \
    K lo, hi, *key = w->keys;                                                                      \
    j->type->keys(x, o->n, o->descending, key);                                                    \
    sk_range_##BITS(key, o->n, &lo, &hi);                                                          \
    REC *r = sk_radix_keys_##SUF(key, lo, w->a, w->b, o->n, sk_bits((K)(hi - lo)), w->count);      \
    j->type->emit(r, o->k, lo, o->descending, x, values, index);                                   \
  }                                                                                                \
                                                                                                   \
  /* The position of the k-th smallest of n keys: the largest of those with fewer than k below. */ \
  SK_CLONES static int64_t ranked_##SUF(const K *key, int64_t n, int64_t k) {                      \
    int64_t at = 0, most = -1;                                                                     \
    for (int64_t i = 0; i < n; i++) {                                                              \
      K below = 0, mine = key[i];                                                                  \
      for (int64_t g = 0; g < n; g++) below += key[g] < mine;                                      \
      if ((int64_t)below < k && (int64_t)below > most) {                                           \
        most = (int64_t)below;                                                                     \
        at = i;                                                                                    \
      }                                                                                            \
    }                                                                                              \
    return at;                                                                                     \
  }                                                                                                \
                                                                                                   \
  /* The same by sorting them. */                                                                  \
  static int64_t sorted_##SUF(const room *w, const K *key, int64_t n, int64_t k) {                 \
    K lo, hi;                                                                                      \
    sk_range_##BITS(key, n, &lo, &hi);                                                             \
    REC *r = sk_radix_keys_##SUF(key, lo, w->a, w->b, n, sk_bits((K)(hi - lo)), w->count);         \
    return SK_##BITS##_AT(r[k - 1]);                                                               \
  }                                                                                                \
                                                                                                   \
  /* At least k groups hold an element as good as the k-th of the groups' best ones, so no worse   \
     one is among the first k. False where NaN leave fewer than k. */                              \
  static bool select_##SUF(const job *j, const room *w, const char *x, char *values,               \
                           int64_t *index) {                                                       \
    const sk_order *o = j->o;                                                                      \
    K lo, hi, *key = w->keys;                                                                      \
    uint32_t *at = (uint32_t *)((char *)w->b + sk_align(o->n * j->item));                          \
    j->type->best(x, o->n, j->groups, o->descending, w->best);                                     \
    j->type->keys(w->best, j->groups, o->descending, key);                                         \
    int64_t limit = j->groups <= RANKED ? ranked_##SUF(key, j->groups, o->k)                       \
                                        : sorted_##SUF(w, key, j->groups, o->k);                   \
    int64_t n =                                                                                    \
        j->type->collect(x, o->n, (char *)w->best + limit * j->item, o->descending, w->b, at);     \
    if (n < o->k) return false;                                                                    \
    j->type->keys(w->b, n, o->descending, key);                                                    \
    sk_range_##BITS(key, n, &lo, &hi);                                                             \
    REC *r = w->a;                                                                                 \
    for (int64_t i = 0; i < n; i++) r[i] = sk_##SUF##_of(key[i] - lo, at[i]);                      \
    r = sk_radix_##SUF(r, w->b, n, sk_bits((K)(hi - lo)), SK_RADIX_SPREAD, w->count);              \
    j->type->emit(r, o->k, lo, o->descending, x, values, index);                                   \
    return true;                                                                                   \
  }

#define SK_u32_AT SK_NARROW_AT
#define SK_u64_AT SK_WIDE_AT
ROW(narrow, sk_narrow, uint32_t, u32)
ROW(wide, sk_wide, uint64_t, u64)

static void order_row(const job *j, const room *w, const char *x, char *values, int64_t *index) {
  if (j->type->wide) {
    if (j->groups == 0 || !select_wide(j, w, x, values, index)) sort_wide(j, w, x, values, index);
  } else if (j->groups == 0 || !select_narrow(j, w, x, values, index))
    sort_narrow(j, w, x, values, index);
}

/* ==} */

/* {== Panels of columns =================================================== */

/* Copies between w columns of [n,inner] and packed rows [w,n]. */
#define TURN(T)                                                                                    \
  static void fetch_##T(const T *from, int64_t n, int64_t inner, int64_t w, T *rows) {             \
    for (int64_t i = 0; i < n; i++)                                                                \
      for (int64_t c = 0; c < w; c++) rows[c * n + i] = from[i * inner + c];                       \
  }                                                                                                \
  static void store_##T(const T *rows, int64_t n, int64_t inner, int64_t w, T *to) {               \
    for (int64_t i = 0; i < n; i++)                                                                \
      for (int64_t c = 0; c < w; c++) to[i * inner + c] = rows[c * n + i];                         \
  }
TURN(uint8_t)
TURN(uint32_t)
TURN(uint64_t)

static void fetch(int64_t item, const void *from, int64_t n, int64_t inner, int64_t w, void *to) {
  if (item == 8)
    fetch_uint64_t(from, n, inner, w, to);
  else if (item == 4)
    fetch_uint32_t(from, n, inner, w, to);
  else
    fetch_uint8_t(from, n, inner, w, to);
}

static void store(int64_t item, const void *rows, int64_t n, int64_t inner, int64_t w, void *to) {
  if (item == 8)
    store_uint64_t(rows, n, inner, w, to);
  else if (item == 4)
    store_uint32_t(rows, n, inner, w, to);
  else
    store_uint8_t(rows, n, inner, w, to);
}

/* ==} */

/* {== All rows ============================================================ */

static bool is_long(const sk_order *o, const job *j) { return o->n >= LONG && j->groups == 0; }

static job plan(const sk_order *o) {
  job j = {.o = o, .type = &sk_orderings[o->dtype], .item = sk_itemsize[o->dtype]};
  j.panel = max64(1, min64(min64(o->inner, PANEL), CELLS / max64(1, o->n)));
  j.panels = (o->inner + j.panel - 1) / j.panel;
  int64_t groups = max64(GROUPS, (2 * o->k + GROUPS - 1) / GROUPS * GROUPS);
  if (o->k > 0 && groups <= o->n / 4) j.groups = groups;
  return j;
}

static room room_at(const job *j, char *p, int64_t *bytes) {
  const sk_order *o = j->o;
  int64_t record = j->type->wide ? sizeof(sk_wide) : sizeof(sk_narrow), used = 0;
  int64_t cells = o->inner > 1 ? j->panel : 0, n = is_long(o, j) ? 0 : o->n;
  room w;
#define PART(FIELD, BYTES) w.FIELD = p ? (void *)(p + used) : 0, used += sk_align(BYTES)
  PART(a, n * record);
  PART(b, n * record + 64); /* found elements, aligned, and their positions fit in too */
  PART(keys, j->groups > 0 ? n * record / 2 : 0);
  if (j->groups == 0) w.keys = w.b; /* the keys are done with when b is first written to */
  PART(best, j->groups * j->item);
  PART(count, SK_RADIX_COUNTS * (int64_t)sizeof(uint32_t));
  PART(row, cells * o->n * j->item);
  PART(values, o->values ? cells * o->k * j->item : 0);
  PART(index, o->index ? cells * o->k * (int64_t)sizeof(int64_t) : 0);
#undef PART
  if (bytes) *bytes = used;
  return w;
}

static int slot_count(const sk_order *o, const job *j, int threads) {
  return is_long(o, j) ? 1 : (int)max64(1, min64(threads, o->outer * j->panels));
}

int64_t sk_sort_scratch(const sk_order *o, int threads) {
  job j = plan(o);
  int64_t bytes;
  room_at(&j, 0, &bytes);
  return slot_count(o, &j, threads) * bytes +
         (is_long(o, &j) ? sk_split_scratch(o->dtype, o->n, threads) : 0);
}

/* Panel p, by the whole pool where `threads` is not 0. */
static void order_panel(const job *j, const room *w, int64_t p, int threads, void *scratch) {
  const sk_order *o = j->o;
  int64_t slab = p / j->panels, c = p % j->panels * j->panel, wide = min64(j->panel, o->inner - c);
  int64_t from = slab * o->n * o->inner + c, to = slab * o->k * o->inner + c;
  const char *x = (const char *)o->a + from * j->item;
  char *values = o->values ? (char *)o->values + to * j->item : 0;
  int64_t *index = o->index ? o->index + to : 0;
  bool turned = o->inner > 1;
  if (turned) fetch(j->item, x, o->n, o->inner, wide, w->row);
  for (int64_t i = 0; i < wide; i++) {
    const char *row = turned ? w->row + i * o->n * j->item : x;
    char *v = values && turned ? w->values + i * o->k * j->item : values;
    int64_t *at = index && turned ? w->index + i * o->k : index;
    if (threads > 0)
      sk_split_sort(o->dtype, row, o->n, o->k, o->descending, v, at, threads, scratch);
    else
      order_row(j, w, row, v, at);
  }
  if (turned && values) store(j->item, w->values, o->k, o->inner, wide, values);
  if (turned && index) store(sizeof(int64_t), w->index, o->k, o->inner, wide, index);
}

static void panels_piece(void *ctx, int64_t first, int64_t last) {
  job *j = ctx;
  int slot = sk_slot_take(&j->slots);
  room w = room_at(j, j->scratch + slot * j->slot_bytes, 0);
  for (int64_t p = first; p < last; p++) order_panel(j, &w, p, 0, 0);
  sk_slot_give(&j->slots, slot);
}

void sk_sort(const sk_order *o, int threads, void *scratch) {
  job j = plan(o);
  room w = room_at(&j, scratch, &j.slot_bytes);
  int64_t panels = o->outer * j.panels;
  if (is_long(o, &j)) {
    for (int64_t p = 0; p < panels; p++)
      order_panel(&j, &w, p, threads, (char *)scratch + j.slot_bytes);
    return;
  }
  j.scratch = scratch;
  sk_slots_init(&j.slots, slot_count(o, &j, threads));
  sk_parallel(panels, max64(1, WORK / (o->n * j.panel)), panels_piece, &j);
}

/* ==} */
