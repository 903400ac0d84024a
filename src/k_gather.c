/* One index for each element: gathering and scattering along an axis. */
#include "kernel.h"
#include <stdatomic.h>

#define GRAIN  65536     /* elements a piece */
#define CACHED (1 << 19) /* bytes of the indexed array that a piece comes back to */
#define LINE   16        /* columns at least */
#define RUN    1024      /* indices that are checked, then used */

typedef struct pick {
  sk_array origin; /* a's element with the same other coordinates, at position 0 of the axis */
  sk_array index, other;
  int64_t step, limit; /* of a along the axis */
  int cut;             /* the dimension along which pieces are cut */
  int64_t width;
  sk_inner inner;
  atomic_bool bad;
} pick;

/* As unsigned, 0 and what is below it lie above every limit. */
SK_CLONES static bool within(const char *index, int64_t stride, int64_t n, int64_t limit) {
  uint64_t bad = 0, top = (uint64_t)limit;
  if (stride == sizeof(int64_t))
    for (int64_t i = 0; i < n; i++) bad |= ((const uint64_t *)index)[i] - 1 >= top;
  else
    for (int64_t i = 0; i < n; i++) bad |= *(const uint64_t *)(index + i * stride) - 1 >= top;
  return bad == 0;
}

typedef struct checked {
  const int64_t *index;
  int64_t limit;
  atomic_bool bad;
} checked;

static void check_piece(void *ctx, int64_t first, int64_t last) {
  checked *c = ctx;
  if (!within((const char *)(c->index + first), sizeof(int64_t), last - first, c->limit))
    atomic_store_explicit(&c->bad, true, memory_order_relaxed);
}

bool sk_within(const int64_t *index, int64_t n, int64_t limit) {
  checked c = {.index = index, .limit = limit};
  atomic_init(&c.bad, false);
  sk_parallel(n, GRAIN, check_piece, &c);
  return !atomic_load(&c.bad);
}

/* p: origin, index, out. Along the axis itself, that of every row of a matrix, the origin stays. */
#define GATHER(T)                                                                                  \
  SK_CLONES static void gather_##T(void *ctx, int64_t n, char *const *p, const int64_t *s) {       \
    pick *c = ctx;                                                                                 \
    for (int64_t r = 0; r < n; r += RUN) {                                                         \
      int64_t w = n - r < RUN ? n - r : RUN, step = c->step;                                       \
      const char *origin = p[0] + r * s[0] - step, *index = p[1] + r * s[1];                       \
      char *out = p[2] + r * s[2];                                                                 \
      if (!within(index, s[1], w, c->limit))                                                       \
        atomic_store_explicit(&c->bad, true, memory_order_relaxed);                                \
      else if (s[0] == 0 && s[1] == sizeof(int64_t) && s[2] == sizeof(T) && step == sizeof(T))     \
        for (int64_t i = 0; i < w; i++)                                                            \
          ((T *)out)[i] = ((const T *)origin)[((const int64_t *)index)[i]];                        \
      else                                                                                         \
        for (int64_t i = 0; i < w; i++)                                                            \
          *(T *)(out + i * s[2]) =                                                                 \
              *(const T *)(origin + i * s[0] + *(const int64_t *)(index + i * s[1]) * step);       \
    }                                                                                              \
  }
GATHER(uint8_t)
GATHER(uint32_t)
GATHER(uint64_t)

/* p: origin, index, src. In order, so that of repeated indices the last one stays. */
#define SCATTER(NAME, T, WRITE)                                                                    \
  static void NAME(void *ctx, int64_t n, char *const *p, const int64_t *s) {                       \
    int64_t step = ((const pick *)ctx)->step, along = s[0];                                        \
    const char *index = p[1], *src = p[2];                                                         \
    char *origin = p[0] - step;                                                                    \
    if (along == 0 && step == sizeof(T) && s[1] == sizeof(int64_t) && s[2] == sizeof(T))           \
      for (int64_t i = 0; i < n; i++)                                                              \
        ((T *)origin)[((const int64_t *)index)[i]] WRITE((const T *)src)[i];                       \
    else                                                                                           \
      for (int64_t i = 0, is = s[1], vs = s[2]; i < n; i++)                                        \
        *(T *)(origin + i * along + *(const int64_t *)(index + i * is) * step)                     \
            WRITE *(const T *)(src + i * vs);                                                      \
  }
SCATTER(scatter_uint8_t, uint8_t, =)
SCATTER(scatter_uint32_t, uint32_t, =)
SCATTER(scatter_uint64_t, uint64_t, =)
SCATTER(add_f32, float, +=)
SCATTER(add_f64, double, +=)
SCATTER(add_i64, uint64_t, +=) /* wraps, as int64 arithmetic does */

static sk_inner by_size(sk_dtype dtype, sk_inner one, sk_inner four, sk_inner eight) {
  return sk_itemsize[dtype] == 1 ? one : sk_itemsize[dtype] == 4 ? four : eight;
}

static sk_array part(const sk_array *a, int cut, int64_t first, int64_t last) {
  return sk_slice(a, cut, first, 1, last - first);
}

static void pick_piece(void *ctx, int64_t first, int64_t last) {
  pick *c = ctx;
  int64_t n = c->index.shape[c->cut];
  first *= c->width, last *= c->width;
  if (last > n) last = n;
  sk_array origin = part(&c->origin, c->cut, first, last);
  sk_array index = part(&c->index, c->cut, first, last);
  sk_array other = part(&c->other, c->cut, first, last);
  sk_loop w;
  sk_loop_init(&w, 3, (const sk_array *const[]){&origin, &index, &other});
  sk_loop_run(&w, 0, w.count, c->inner, c);
}

/* Pieces must not share a line along the axis where they write. Where the axis is not the last, a
   piece is a band of columns, narrow enough for what it picks from to stay in the cache. */
static bool run(const sk_array *a, int axis, const sk_array *index, const sk_array *other,
                sk_inner inner, bool writes) {
  pick c = {.origin = *a,
            .index = *index,
            .other = *other,
            .step = a->stride[axis],
            .limit = a->shape[axis],
            .inner = inner};
  int last = index->ndim - 1, cut = -1;
  int64_t count = sk_numel(index);
  if (count == 0) return true;
  atomic_init(&c.bad, false);
  for (int d = 0; d <= last; d++) c.origin.shape[d] = index->shape[d];
  c.origin.stride[axis] = 0;
  for (int d = 0; d <= last; d++)
    if ((d != axis || !writes) && (cut < 0 || index->shape[d] > index->shape[cut])) cut = d;
  if (axis != last && index->shape[last] > LINE) cut = last;
  c.cut = cut < 0 ? axis : cut;
  int64_t n = index->shape[c.cut], each = count / n;
  c.width = cut < 0 ? n : each < GRAIN ? GRAIN / each : 1;
  if (cut == last && axis != last) {
    int64_t cached = CACHED / sk_itemsize[a->dtype] / (c.limit > 0 ? c.limit : 1);
    if (c.width > cached) c.width = cached;
    if (c.width < LINE) c.width = LINE;
  }
  sk_parallel((n + c.width - 1) / c.width, 1, pick_piece, &c);
  return !atomic_load(&c.bad);
}

bool sk_gather(const sk_array *a, int axis, const sk_array *index, const sk_array *out) {
  sk_inner inner = by_size(a->dtype, gather_uint8_t, gather_uint32_t, gather_uint64_t);
  return run(a, axis, index, out, inner, false);
}

void sk_scatter(const sk_array *a, int axis, const sk_array *index, const sk_array *src, bool add) {
  static const sk_inner adds[SK_NDTYPES] = {add_f32, add_f64, add_i64};
  sk_inner set = by_size(a->dtype, scatter_uint8_t, scatter_uint32_t, scatter_uint64_t);
  run(a, axis, index, src, add ? adds[a->dtype] : set, true);
}
