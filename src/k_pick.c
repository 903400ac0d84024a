/* Elements picked by byte offsets, read and written: what index tensors and masks in a key come
   down to; and filling under a mask. */
#include "kernel.h"
#include <stdatomic.h>
#include <string.h>

#define GRAIN  65536 /* elements a piece */
#define PIECES 4     /* of a write at most: narrow slices of rows cost more than they save */

/* {== Offsets ============================================================= */

typedef struct offsets {
  sk_loop loop;
  int64_t n, stride;
  atomic_bool bad;
} offsets;

/* p: indices, offsets. An index below 0 counts from the end; as unsigned, everything outside 0 ..
   n-1 is at least n. */
SK_CLONES static bool add_run(int64_t n, int64_t stride, int64_t count, const char *index,
                              int64_t step, int64_t *offset) {
  uint64_t bad = 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t v = *(const int64_t *)(index + i * step);
    uint64_t at = (uint64_t)v + (v > 0 ? (uint64_t)-1 : (uint64_t)n);
    bad |= at >= (uint64_t)n;
    offset[i] += (int64_t)(at * (uint64_t)stride);
  }
  return bad != 0;
}

static void index_run(void *ctx, int64_t count, char *const *p, const int64_t *s) {
  offsets *o = ctx;
  if (add_run(o->n, o->stride, count, p[0], s[0], (int64_t *)p[1]))
    atomic_store_explicit(&o->bad, true, memory_order_relaxed);
}

static void raw_run(void *ctx, int64_t count, char *const *p, const int64_t *s) {
  (void)ctx;
  for (int64_t i = 0; i < count; i++) ((int64_t *)p[1])[i] += *(const int64_t *)(p[0] + i * s[0]);
}

static void offsets_piece(void *ctx, int64_t first, int64_t last) {
  offsets *o = ctx;
  sk_loop_run(&o->loop, first, last, o->n < 0 ? raw_run : index_run, o);
}

bool sk_add_offsets(const sk_array *index, int64_t n, int64_t stride, int64_t *offset) {
  sk_array to = sk_packed(SK_I64, index->ndim, index->shape, offset);
  offsets o = {.n = n, .stride = stride};
  atomic_init(&o.bad, false);
  sk_loop_init(&o.loop, 2, (const sk_array *const[]){index, &to});
  sk_parallel(o.loop.count, GRAIN, offsets_piece, &o);
  return !atomic_load(&o.bad);
}

typedef struct found {
  const char *base;
  int64_t *next;
} found;

/* p: the mask, the elements that it is laid over. Every offset is written, and stays where the mask
   is not 0: a branch would be mispredicted half the time. Eight zeros at once are passed over. */
static void mask_run(void *ctx, int64_t n, char *const *p, const int64_t *s) {
  found *f = ctx;
  int64_t *next = f->next, at = p[1] - f->base, i = 0;
  const uint8_t *m = (const uint8_t *)p[0];
  for (uint64_t eight; s[0] == 1 && i + 8 <= n; i += 8) {
    memcpy(&eight, m + i, sizeof eight);
    if (eight == 0) continue;
    for (int64_t k = i; k < i + 8; k++) {
      *next = at + k * s[1];
      next += m[k] != 0;
    }
  }
  for (; i < n; i++) {
    *next = at + i * s[1];
    next += m[i * s[0]] != 0;
  }
  f->next = next;
}

void sk_mask_offsets(const sk_array *mask, const sk_array *over, int64_t *offset) {
  found f = {over->data, offset};
  sk_loop w;
  sk_loop_init(&w, 2, (const sk_array *const[]){mask, over});
  sk_loop_run(&w, 0, w.count, mask_run, &f);
}

/* ==} */

/* {== Reading and writing ================================================= */

/* p: the element at offset 0, the offset, the other side. Along a dimension that stays the offset
   is one and the same. */
#define PICK(T)                                                                                    \
  static void pick_##T(void *ctx, int64_t n, char *const *p, const int64_t *s) {                   \
    (void)ctx;                                                                                     \
    if (s[1] != 0) {                                                                               \
      for (int64_t i = 0; i < n; i++)                                                              \
        *(T *)(p[2] + i * s[2]) =                                                                  \
            *(const T *)(p[0] + i * s[0] + *(const int64_t *)(p[1] + i * s[1]));                   \
      return;                                                                                      \
    }                                                                                              \
    const char *from = p[0] + *(const int64_t *)p[1];                                              \
    if (s[0] == sizeof(T) && s[2] == sizeof(T))                                                    \
      memcpy(p[2], from, (size_t)n * sizeof(T));                                                   \
    else                                                                                           \
      for (int64_t i = 0; i < n; i++) *(T *)(p[2] + i * s[2]) = *(const T *)(from + i * s[0]);     \
  }
PICK(uint8_t)
PICK(uint32_t)
PICK(uint64_t)

#define PLACE(NAME, T, WRITE)                                                                      \
  static void NAME(void *ctx, int64_t n, char *const *p, const int64_t *s) {                       \
    (void)ctx;                                                                                     \
    for (int64_t i = 0; i < n; i++) {                                                              \
      T *to = (T *)(p[0] + i * s[0] + *(const int64_t *)(p[1] + i * s[1]));                        \
      T value = *(const T *)(p[2] + i * s[2]);                                                     \
      WRITE;                                                                                       \
    }                                                                                              \
  }
PLACE(place_uint8_t, uint8_t, *to = value)
PLACE(place_uint32_t, uint32_t, *to = value)
PLACE(place_uint64_t, uint64_t, *to = value)
PLACE(add_f32, float, *to += value)
PLACE(add_f64, double, *to += value)
PLACE(add_i64, uint64_t, *to += value) /* wraps, as int64 arithmetic does */

static sk_inner by_size(sk_dtype dtype, sk_inner one, sk_inner four, sk_inner eight) {
  return sk_itemsize[dtype] == 1 ? one : sk_itemsize[dtype] == 4 ? four : eight;
}

typedef struct pick {
  sk_array a, offset, other; /* of one shape */
  int cut;                   /* the dimension that pieces are cut along, or -1 */
  sk_loop loop;
  sk_inner inner;
} pick;

/* What the offsets stand for is a dimension of `other`, at `axis`: a seen with it repeats itself,
   and the offsets repeat themselves along all others. */
static pick align(const sk_array *a, int axis, const int64_t *offset, const sk_array *other) {
  pick c = {.other = *other, .cut = -1};
  c.a = (sk_array){.data = a->data, .dtype = a->dtype, .ndim = other->ndim};
  c.offset = (sk_array){.data = (char *)offset, .dtype = SK_I64, .ndim = other->ndim};
  for (int d = 0; d < other->ndim; d++) {
    c.a.shape[d] = c.offset.shape[d] = other->shape[d];
    c.a.stride[d] = d == axis ? 0 : a->stride[d < axis ? d : d - 1];
    c.offset.stride[d] = d == axis ? (int64_t)sizeof *offset : 0;
  }
  return c;
}

static void pick_piece(void *ctx, int64_t first, int64_t last) {
  pick *c = ctx;
  sk_loop_run(&c->loop, first, last, c->inner, 0);
}

void sk_pick(const sk_array *a, int axis, const int64_t *offset, const sk_array *out) {
  pick c = align(a, axis, offset, out);
  c.inner = by_size(a->dtype, pick_uint8_t, pick_uint32_t, pick_uint64_t);
  sk_loop_init(&c.loop, 3, (const sk_array *const[]){&c.a, &c.offset, &c.other});
  sk_parallel(c.loop.count, GRAIN, pick_piece, &c);
}

static void place_piece(void *ctx, int64_t first, int64_t last) {
  const pick *c = ctx;
  sk_array x[3] = {c->a, c->offset, c->other};
  sk_loop w;
  for (int k = 0; k < 3 && c->cut >= 0; k++) x[k] = sk_slice(&x[k], c->cut, first, 1, last - first);
  sk_loop_init(&w, 3, (const sk_array *const[]){&x[0], &x[1], &x[2]});
  sk_loop_run(&w, 0, w.count, c->inner, 0);
}

/* Equal offsets meet in their order: pieces are cut along a dimension that stays, the longest. */
void sk_place(const sk_array *a, int axis, const int64_t *offset, const sk_array *src, bool add) {
  pick c = align(a, axis, offset, src);
  int64_t count = sk_numel(src), grain = 1;
  if (count == 0) return;
  if (add)
    c.inner = a->dtype == SK_F32 ? add_f32 : a->dtype == SK_F64 ? add_f64 : add_i64;
  else
    c.inner = by_size(a->dtype, place_uint8_t, place_uint32_t, place_uint64_t);
  for (int d = 0; d < src->ndim; d++)
    if (d != axis && (c.cut < 0 || src->shape[d] > src->shape[c.cut])) c.cut = d;
  int64_t length = c.cut < 0 ? 1 : src->shape[c.cut];
  if (c.cut >= 0) grain = GRAIN / (count / length) + 1;
  if (grain < (length + PIECES - 1) / PIECES) grain = (length + PIECES - 1) / PIECES;
  sk_parallel(length, grain, place_piece, &c);
}

/* ==} */

/* {== Filling under a mask ================================================ */

/* p: the mask, the elements, the value (which stays). */
#define FILL(T)                                                                                    \
  SK_CLONES static void fill_##T(void *ctx, int64_t n, char *const *p, const int64_t *s) {         \
    T value = *(const T *)p[2];                                                                    \
    (void)ctx;                                                                                     \
    if (s[0] == 1 && s[1] == sizeof(T)) {                                                          \
      const uint8_t *m = (const uint8_t *)p[0];                                                    \
      T *to = (T *)p[1];                                                                           \
      _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) to[i] = m[i] ? value : to[i];           \
    } else                                                                                         \
      for (int64_t i = 0; i < n; i++)                                                              \
        if (*(const uint8_t *)(p[0] + i * s[0])) *(T *)(p[1] + i * s[1]) = value;                  \
  }
FILL(uint8_t)
FILL(uint32_t)
FILL(uint64_t)

void sk_mask_fill(const sk_array *mask, const void *value, const sk_array *a) {
  sk_array v = {.data = (char *)value, .dtype = a->dtype};
  sk_expand(&v, a->ndim, a->shape, &v);
  sk_walk(3, (const sk_array *const[]){mask, a, &v}, GRAIN,
          by_size(a->dtype, fill_uint8_t, fill_uint32_t, fill_uint64_t));
}

/* ==} */
