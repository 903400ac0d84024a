/* Copying, converting, gathering and scattering: everything that moves elements and computes
 * nothing. */
#include "kernel.h"
#include <string.h>

#define GRAIN 65536

/* {== Copy and convert ==================================================== */

/* A float outside int64 saturates and NaN becomes 0: C leaves both undefined. To uint8 it goes by
   way of int64 and keeps the low byte, as NumPy does. */
static inline int64_t to_int64(double x) {
  if (x != x) return 0;
  if (x >= 9223372036854775808.0) return INT64_MAX;
  if (x < -9223372036854775808.0) return INT64_MIN;
  return (int64_t)x;
}

#define AS_F32(x)       ((float)(x))
#define AS_F64(x)       ((double)(x))
#define FLOAT_TO_I64(x) to_int64((double)(x))
#define FLOAT_TO_U8(x)  ((uint8_t)to_int64((double)(x)))
#define INT_TO_I64(x)   ((int64_t)(x))
#define INT_TO_U8(x)    ((uint8_t)(x))

#define CAST(FROM, TF, TO, TT, CONVERT)                                                            \
  SK_CLONES static void copy_##FROM##_##TO(void *ctx, int64_t n, char *const *p,                   \
                                           const int64_t *s) {                                     \
    (void)ctx;                                                                                     \
    if (s[0] == sizeof(TF) && s[1] == sizeof(TT)) {                                                \
      const TF *a = (const TF *)p[0];                                                              \
      TT *o = (TT *)p[1];                                                                          \
      _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) o[i] = CONVERT(a[i]);                   \
    } else                                                                                         \
      for (int64_t i = 0; i < n; i++)                                                              \
        *(TT *)(p[1] + i * s[1]) = CONVERT(*(const TF *)(p[0] + i * s[0]));                        \
  }

/* clang-format off */
CAST(f32, float, f32, float, AS_F32) CAST(f32, float, f64, double, AS_F64)
CAST(f32, float, i64, int64_t, FLOAT_TO_I64) CAST(f32, float, u8, uint8_t, FLOAT_TO_U8)
CAST(f64, double, f32, float, AS_F32) CAST(f64, double, f64, double, AS_F64)
CAST(f64, double, i64, int64_t, FLOAT_TO_I64) CAST(f64, double, u8, uint8_t, FLOAT_TO_U8)
CAST(i64, int64_t, f32, float, AS_F32) CAST(i64, int64_t, f64, double, AS_F64)
CAST(i64, int64_t, i64, int64_t, INT_TO_I64) CAST(i64, int64_t, u8, uint8_t, INT_TO_U8)
CAST(u8, uint8_t, f32, float, AS_F32) CAST(u8, uint8_t, f64, double, AS_F64)
CAST(u8, uint8_t, i64, int64_t, INT_TO_I64) CAST(u8, uint8_t, u8, uint8_t, INT_TO_U8)
    /* clang-format on */

    static const sk_inner cast[SK_NDTYPES][SK_NDTYPES] = {
        {copy_f32_f32, copy_f32_f64, copy_f32_i64, copy_f32_u8},
        {copy_f64_f32, copy_f64_f64, copy_f64_i64, copy_f64_u8},
        {copy_i64_f32, copy_i64_f64, copy_i64_i64, copy_i64_u8},
        {copy_u8_f32, copy_u8_f64, copy_u8_i64, copy_u8_u8},
};

typedef struct walk {
  sk_loop loop;
  sk_inner inner;
} walk;

static void walk_piece(void *ctx, int64_t first, int64_t last) {
  walk *w = ctx;
  sk_loop_run(&w->loop, first, last, w->inner, 0);
}

void sk_walk(int nops, const sk_array *const *arrays, int64_t grain, sk_inner inner) {
  walk w = {.inner = inner};
  sk_loop_init(&w.loop, nops, arrays);
  sk_parallel(w.loop.count, grain, walk_piece, &w);
}

/* A transposed copy walks memory by tiles, so that each cache line fetched is used whole. */
#define TILE 32
#define TRANSPOSE(T)                                                                               \
  static void transpose_##T(const char *from, int64_t rs, int64_t cs, int64_t rows, int64_t cols,  \
                            char *to) {                                                            \
    for (int64_t i = 0; i < rows; i += TILE)                                                       \
      for (int64_t j = 0; j < cols; j += TILE)                                                     \
        for (int64_t a = i; a < i + TILE && a < rows; a++)                                         \
          for (int64_t b = j; b < j + TILE && b < cols; b++)                                       \
            ((T *)to)[a * cols + b] = *(const T *)(from + a * rs + b * cs);                        \
  }
TRANSPOSE(uint32_t)
TRANSPOSE(uint64_t)

static bool copy_transposed(const sk_array *from, const sk_array *to) {
  if (from->ndim != 2 || from->dtype != to->dtype || !sk_is_contiguous(to)) return false;
  int64_t size = sk_itemsize[from->dtype], rs = from->stride[0], cs = from->stride[1];
  if (rs != size || cs == size || from->shape[0] < TILE || from->shape[1] < TILE) return false;
  if (size == 4)
    transpose_uint32_t(from->data, rs, cs, from->shape[0], from->shape[1], to->data);
  else if (size == 8)
    transpose_uint64_t(from->data, rs, cs, from->shape[0], from->shape[1], to->data);
  else
    return false;
  return true;
}

void sk_copy(const sk_array *from, const sk_array *to) {
  if (copy_transposed(from, to)) return;
  sk_walk(2, (const sk_array *const[]){from, to}, GRAIN, cast[from->dtype][to->dtype]);
}

void sk_fill(const sk_array *to, const void *value) {
  sk_array from = {.data = (char *)value, .dtype = to->dtype};
  sk_expand(&from, to->ndim, to->shape, &from);
  sk_copy(&from, to);
}

/* ==} */

/* {== Along an index ====================================================== */

/* One slice of `a` per index: whole slices move, so any dtype and stride is served by sk_copy. Rows
   of a contiguous matrix, the case of every mini-batch, go by memcpy. */
void sk_take(const sk_array *a, int axis, const int64_t *index, const sk_array *out) {
  int64_t n = out->shape[axis];
  if (axis == 0 && a->ndim > 0 && sk_is_contiguous(a) && sk_is_contiguous(out)) {
    int64_t row = sk_itemsize[a->dtype];
    for (int d = 1; d < a->ndim; d++) row *= a->shape[d];
    for (int64_t i = 0; i < n; i++)
      memcpy(out->data + i * row, a->data + index[i] * row, (size_t)row);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    sk_array from = sk_select(a, axis, index[i]), to = sk_select(out, axis, i);
    sk_copy(&from, &to);
  }
}

void sk_put(const sk_array *a, int axis, const int64_t *index, const sk_array *src, bool add) {
  for (int64_t i = 0; i < src->shape[axis]; i++) {
    sk_array to = sk_select(a, axis, index[i]), from = sk_select(src, axis, i);
    if (add)
      sk_binary(SK_BINARY_add, &to, &from, &to);
    else
      sk_copy(&from, &to);
  }
}

/* ==} */

/* {== Along an index for each element ===================================== */

typedef struct pick {
  char *base;   /* of the array that the index points into */
  int64_t step; /* its stride along the axis */
  int64_t size;
  sk_dtype dtype;
  bool add;
} pick;

static void gather_run(void *ctx, int64_t n, char *const *p, const int64_t *s) {
  const pick *c = ctx; /* p: where the index would start, index, out */
  for (int64_t i = 0; i < n; i++) {
    int64_t at = *(const int64_t *)(p[1] + i * s[1]) - 1;
    memcpy(p[2] + i * s[2], p[0] + i * s[0] + at * c->step, (size_t)c->size);
  }
}

static void scatter_run(void *ctx, int64_t n, char *const *p, const int64_t *s) {
  const pick *c = ctx; /* p: where the index would start, index, src */
  for (int64_t i = 0; i < n; i++) {
    int64_t at = *(const int64_t *)(p[1] + i * s[1]) - 1;
    char *to = p[0] + i * s[0] + at * c->step;
    const char *from = p[2] + i * s[2];
    if (!c->add)
      memcpy(to, from, (size_t)c->size);
    else if (c->dtype == SK_F32)
      *(float *)to += *(const float *)from;
    else if (c->dtype == SK_F64)
      *(double *)to += *(const double *)from;
    else
      *(int64_t *)to = (int64_t)(*(uint64_t *)to + *(const uint64_t *)from);
  }
}

static void pick_run(const sk_array *a, int axis, const sk_array *index, const sk_array *other,
                     bool add, sk_inner inner) {
  pick c = {a->data, a->stride[axis], sk_itemsize[a->dtype], a->dtype, add};
  sk_array origin =
      *a; /* a's element with the same other coordinates, at position 0 along the axis */
  sk_loop w;
  for (int d = 0; d < a->ndim; d++) origin.shape[d] = index->shape[d];
  origin.stride[axis] = 0;
  sk_loop_init(&w, 3, (const sk_array *const[]){&origin, index, other});
  sk_loop_run(&w, 0, w.count, inner, &c);
}

void sk_gather(const sk_array *a, int axis, const sk_array *index, const sk_array *out) {
  pick_run(a, axis, index, out, false, gather_run);
}

void sk_scatter(const sk_array *a, int axis, const sk_array *index, const sk_array *src, bool add) {
  pick_run(a, axis, index, src, add, scatter_run);
}

/* ==} */

/* {== Masks =============================================================== */

static void count_run(void *ctx, int64_t n, char *const *p, const int64_t *s) {
  int64_t *count = ctx;
  for (int64_t i = 0; i < n; i++) *count += *(const uint8_t *)(p[0] + i * s[0]) != 0;
}

int64_t sk_count_nonzero(const sk_array *mask) {
  int64_t count = 0;
  sk_loop w;
  sk_loop_init(&w, 1, (const sk_array *const[]){mask});
  sk_loop_run(&w, 0, w.count, count_run, &count);
  return count;
}

typedef struct found {
  int64_t seen, *next;
} found;

static void nonzero_run(void *ctx, int64_t n, char *const *p, const int64_t *s) {
  found *f = ctx;
  for (int64_t i = 0; i < n; i++)
    if (*(const uint8_t *)(p[0] + i * s[0])) *f->next++ = f->seen + i;
  f->seen += n;
}

void sk_nonzero(const sk_array *mask, int64_t *position) {
  found f = {0, position};
  sk_loop w;
  sk_loop_init(&w, 1, (const sk_array *const[]){mask});
  sk_loop_run(&w, 0, w.count, nonzero_run, &f);
}

/* ==} */
