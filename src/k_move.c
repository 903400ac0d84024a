/* Copying, converting and picking slices: everything that moves elements and computes nothing. */
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

/* A small job on packed arrays is one run: nothing to set up. */
static bool walk_at_once(int nops, const sk_array *const *arrays, int64_t grain, sk_inner inner) {
  char *p[SK_MAXOPS];
  int64_t step[SK_MAXOPS], n = sk_numel(arrays[0]);
  if (n > grain) return false;
  for (int k = 0; k < nops; k++) {
    if (!sk_is_contiguous(arrays[k])) return false;
    p[k] = arrays[k]->data, step[k] = sk_itemsize[arrays[k]->dtype];
  }
  if (n > 0) inner(0, n, p, step);
  return true;
}

void sk_walk(int nops, const sk_array *const *arrays, int64_t grain, sk_inner inner) {
  walk w = {.inner = inner};
  if (walk_at_once(nops, arrays, grain, inner)) return;
  sk_loop_init(&w.loop, nops, arrays);
  sk_parallel(w.loop.count, grain, walk_piece, &w);
}

/* ==} */

/* {== Turned copies ======================================================= */

/* Where `from` steps evenly through memory along one dimension and `to` along another, a plain walk
   would take a cache line for every element. Tiles use each line whole, and in them squares of 8
   (or 4) vectors are turned in registers. */
#define BAND   64   /* columns of a piece */
#define TALL   2048 /* rows of a tile: a cache line of each stays in the second cache */
#define FEW    64   /* the same where rows lie whole pages apart: not many fit its sets */
#define PAGE   4096
#define INLINE static inline __attribute__((always_inline))

typedef uint32_t four_bytes, lanes8 __attribute__((vector_size(32)));
typedef uint64_t eight_bytes, lanes4 __attribute__((vector_size(32)));
#define MIX8(x, y, ...) __builtin_shuffle(x, y, (lanes8){__VA_ARGS__})
#define MIX4(x, y, ...) __builtin_shuffle(x, y, (lanes4){__VA_ARGS__})

/* to[i][k] = from[k][i] of 8 x 8: pairs, then fours, then the halves change places. */
INLINE void turn_four_bytes(const char *from, int64_t fs, char *to, int64_t ts) {
  lanes8 r[8], t[8];
  for (int k = 0; k < 8; k++) memcpy(&r[k], from + k * fs, sizeof r[k]);
  for (int k = 0; k < 8; k += 2) {
    t[k] = MIX8(r[k], r[k + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    t[k + 1] = MIX8(r[k], r[k + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int k = 0; k < 8; k += 2) {
    int first = k / 4 * 4 + k % 4 / 2;
    r[k] = MIX8(t[first], t[first + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    r[k + 1] = MIX8(t[first], t[first + 2], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int k = 0; k < 4; k++) {
    t[k] = MIX8(r[k], r[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    t[k + 4] = MIX8(r[k], r[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (int k = 0; k < 8; k++) memcpy(to + k * ts, &t[k], sizeof t[k]);
}

INLINE void turn_eight_bytes(const char *from, int64_t fs, char *to, int64_t ts) {
  lanes4 r[4], t[4];
  for (int k = 0; k < 4; k++) memcpy(&r[k], from + k * fs, sizeof r[k]);
  for (int k = 0; k < 4; k += 2) {
    t[k] = MIX4(r[k], r[k + 1], 0, 4, 2, 6);
    t[k + 1] = MIX4(r[k], r[k + 1], 1, 5, 3, 7);
  }
  for (int k = 0; k < 2; k++) {
    r[k] = MIX4(t[k], t[k + 2], 0, 1, 4, 5);
    r[k + 2] = MIX4(t[k], t[k + 2], 2, 3, 6, 7);
  }
  for (int k = 0; k < 4; k++) memcpy(to + k * ts, &r[k], sizeof r[k]);
}

typedef struct turn {
  sk_loop loop;
  int rows, cols; /* the dimension along which `from` is even, and that along which `to` is */
} turn;

/* One tile: to[i * ts + j] = from[i + j * fs], in elements of T. */
#define TURN(T, SIDE)                                                                              \
  SK_CLONES static void tile_##T(const char *from, int64_t fs, int64_t rows, int64_t cols,         \
                                 char *to, int64_t ts) {                                           \
    int64_t size = sizeof(T), whole = rows / SIDE * SIDE, j = 0;                                   \
    for (; j + SIDE <= cols; j += SIDE)                                                            \
      for (int64_t i = 0; i < whole; i += SIDE)                                                    \
        turn_##T(from + i * size + j * fs, fs, to + i * ts + j * size, ts);                        \
    for (int64_t i = 0; i < rows; i++)                                                             \
      for (int64_t k = i < whole ? j : 0; k < cols; k++)                                           \
        *(T *)(to + i * ts + k * size) = *(const T *)(from + i * size + k * fs);                   \
  }                                                                                                \
  /* Piece p is a band of columns of one of the planes. */                                         \
  static void turn_piece_##T(void *ctx, int64_t first, int64_t last) {                             \
    const turn *t = ctx;                                                                           \
    const sk_loop *w = &t->loop;                                                                   \
    int64_t rows = w->n[t->rows], cols = w->n[t->cols], bands = (cols + BAND - 1) / BAND;          \
    int64_t fs = w->step[t->cols][0], ts = w->step[t->rows][1];                                    \
    int64_t tile = ts % PAGE == 0 ? FEW : TALL;                                                    \
    for (int64_t p = first; p < last; p++) {                                                       \
      int64_t j = p % bands * BAND, plane = p / bands;                                             \
      const char *from = w->base[0] + j * fs;                                                      \
      char *to = w->base[1] + j * (int64_t)sizeof(T);                                              \
      for (int d = w->ndim - 1; d >= 0; d--)                                                       \
        if (d != t->rows && d != t->cols) {                                                        \
          from += plane % w->n[d] * w->step[d][0], to += plane % w->n[d] * w->step[d][1];          \
          plane /= w->n[d];                                                                        \
        }                                                                                          \
      for (int64_t i = 0; i < rows; i += tile)                                                     \
        tile_##T(from + i * (int64_t)sizeof(T), fs, rows - i < tile ? rows - i : tile,             \
                 cols - j < BAND ? cols - j : BAND, to + i * ts, ts);                              \
    }                                                                                              \
  }
TURN(four_bytes, 8)
TURN(eight_bytes, 4)

static bool copy_turned(const sk_array *from, const sk_array *to) {
  int64_t size = sk_itemsize[from->dtype];
  turn t = {.rows = -1, .cols = -1};
  if (from->dtype != to->dtype || size < 4) return false;
  sk_loop_init(&t.loop, 2, (const sk_array *const[]){from, to});
  for (int d = 0; d < t.loop.ndim; d++) {
    bool even_from = t.loop.step[d][0] == size, even_to = t.loop.step[d][1] == size;
    if (t.loop.n[d] < BAND / 4 || (even_from && even_to)) continue;
    if (even_from) t.rows = d;
    if (even_to) t.cols = d;
  }
  if (t.rows < 0 || t.cols < 0) return false;
  int64_t rows = t.loop.n[t.rows], cols = t.loop.n[t.cols];
  int64_t bands = (cols + BAND - 1) / BAND, band = rows * (cols < BAND ? cols : BAND);
  sk_parallel(t.loop.count / (rows * cols) * bands, band < GRAIN ? GRAIN / band : 1,
              size == 4 ? turn_piece_four_bytes : turn_piece_eight_bytes, &t);
  return true;
}

/* ==} */

void sk_copy(const sk_array *from, const sk_array *to) {
  if (copy_turned(from, to)) return;
  sk_walk(2, (const sk_array *const[]){from, to}, GRAIN, cast[from->dtype][to->dtype]);
}

void sk_fill(const sk_array *to, const void *value) {
  sk_array from = {.data = (char *)value, .dtype = to->dtype};
  sk_expand(&from, to->ndim, to->shape, &from);
  sk_copy(&from, to);
}

/* ==} */

/* {== Along an index ====================================================== */

/* Slices of a contiguous array are blocks of `block` bytes: output block k stands at outer position
   k / n and index k % n. */
typedef struct blocks {
  const char *from;
  char *to;
  const int64_t *index;
  int64_t n, block, stride; /* indices; bytes of a block, and of all blocks of an outer position */
} blocks;

/* Runs of indices at one outer position. Elements, unlike larger blocks, are worth a vector. */
#define TAKE(NAME, MOVE)                                                                           \
  SK_CLONES static void NAME(void *ctx, int64_t first, int64_t last) {                             \
    const blocks *b = ctx;                                                                         \
    int64_t block = b->block;                                                                      \
    for (int64_t k = first; k < last;) {                                                           \
      const int64_t *index = b->index + k % b->n;                                                  \
      int64_t run = b->n - k % b->n < last - k ? b->n - k % b->n : last - k;                       \
      const char *from = b->from + k / b->n * b->stride;                                           \
      char *to = b->to + k * block;                                                                \
      _Pragma("GCC ivdep") for (int64_t i = 0; i < run; i++) MOVE;                                 \
      k += run;                                                                                    \
    }                                                                                              \
  }
TAKE(take_4, ((uint32_t *)to)[i] = ((const uint32_t *)from)[index[i]])
TAKE(take_8, ((uint64_t *)to)[i] = ((const uint64_t *)from)[index[i]])
TAKE(take_blocks, memcpy(to + i * block, from + index[i] * block, (size_t)block))

/* Whole slices move, so any dtype and stride is served by sk_copy. */
void sk_take(const sk_array *a, int axis, const int64_t *index, const sk_array *out) {
  int64_t n = out->shape[axis], size = sk_itemsize[a->dtype], outer = 1;
  if (!sk_is_contiguous(a) || !sk_is_contiguous(out)) {
    for (int64_t i = 0; i < n; i++) {
      sk_array from = sk_select(a, axis, index[i]), to = sk_select(out, axis, i);
      sk_copy(&from, &to);
    }
    return;
  }
  blocks b = {.from = a->data, .to = out->data, .index = index, .n = n, .block = size};
  for (int d = 0; d < axis; d++) outer *= a->shape[d];
  for (int d = axis + 1; d < a->ndim; d++) b.block *= a->shape[d];
  b.stride = b.block * a->shape[axis];
  if (b.block > 0)
    sk_parallel(outer * n, b.block < GRAIN ? GRAIN / b.block : 1,
                b.block > size ? take_blocks
                : size == 4    ? take_4
                : size == 8    ? take_8
                               : take_blocks,
                &b);
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

/* {== Masks =============================================================== */

SK_CLONES static int64_t count_bytes(const uint8_t *mask, int64_t n, int64_t step) {
  int64_t count = 0;
  if (step == 1)
    for (int64_t i = 0; i < n; i++) count += mask[i] != 0;
  else
    for (int64_t i = 0; i < n; i++) count += mask[i * step] != 0;
  return count;
}

static void count_run(void *ctx, int64_t n, char *const *p, const int64_t *s) {
  *(int64_t *)ctx += count_bytes((const uint8_t *)p[0], n, s[0]);
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
