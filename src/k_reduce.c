/* Reductions of an array seen as [outer, far, mid, n, inner], of which far and n go: a statistic of
   each channel of images is one of these, and needs no copy. It is cut into blocks by its sizes
   alone and their results are merged in a fixed order, so that nothing depends on the number of
   threads. Sums of floats accumulate in float64. */
#include "block.h"
#include "kernel.h"
#include <math.h>

#define WORK   65536 /* elements a piece */
#define SPREAD 8     /* as many independent results need no cut along n */
#define CELLS  4096  /* running results of all pieces of a cut along n */
#define NARROW 128   /* rows as short as this are laid side by side */
#define SHORT  40    /* as few elements are no row to run along: many of them are columns */
#define NEAR   4096  /* elements that lie together and are read before the next along far */

typedef struct job {
  sk_reduce_op op;
  sk_dtype dtype, gives;
  const char *a;
  char *out;
  int64_t far, mid, n, inner;
  int64_t stride, step, hop, slab; /* elements from one to the next along n, inner, far, outer */
  int64_t batch, across, strips;   /* mids a strip, strips along inner, strips a slab */
  double ddof;
} job;

/* The part of a slab whose results stand together: `mids` times `width`. */
typedef struct strip {
  int64_t mids, width;
  int64_t first, offset; /* its first result; its first element */
} strip;

/* A piece of a cut along far (along n where far is 1): rows of one slab, whose results wait in
   parts[chunk][mid * inner]. */
typedef struct cut {
  const job *j;
  const char *slab;
  sk_pass pass;
  int64_t chunk; /* rows */
  const sk_slot *shift;
  sk_slot *parts;
  int64_t *at;
} cut;

/* {== Passes and their results ============================================ */

/* The pass whose result is the other one's shift, or -1; and the one that counts. */
static int first_pass(const job *j) {
  return j->op == SK_VAR ? (int)SK_PASS_REAL : j->op == SK_LOGSUMEXP ? (int)SK_PASS_MAX : -1;
}

static const sk_pass main_pass[SK_NREDUCE] = {
    [SK_SUM] = SK_PASS_SUM,       [SK_MEAN] = SK_PASS_REAL,     [SK_PROD] = SK_PASS_PROD,
    [SK_MIN] = SK_PASS_MIN,       [SK_MAX] = SK_PASS_MAX,       [SK_ARGMIN] = SK_PASS_ARGMIN,
    [SK_ARGMAX] = SK_PASS_ARGMAX, [SK_VAR] = SK_PASS_DEVIATION, [SK_NORM1] = SK_PASS_ABS,
    [SK_NORM2] = SK_PASS_SQUARE,  [SK_LOGSUMEXP] = SK_PASS_EXP, [SK_ANY] = SK_PASS_NONZERO,
    [SK_ALL] = SK_PASS_NONZERO,
};

/* Does x come before the present winner? NaN wins; of equals, the lower position. */
#define BEATS(T, x, y, low) ((low) ? (x) < (y) : (x) > (y))
#define WINS(NAME, T, F)                                                                           \
  static inline bool NAME(sk_slot new, int64_t new_at, sk_slot old, int64_t old_at, bool low) {    \
    T x = new.F, y = old.F;                                                                        \
    if (BEATS(T, x, y, low) || (x != x && y == y)) return true;                                    \
    return (x == y || (x != x && y != y)) && new_at < old_at;                                      \
  }
WINS(wins_real, double, d)
WINS(wins_int, int64_t, i)

/* acc = acc with more: w columns of two blocks of one pass. */
static void merge(sk_pass pass, sk_dtype dtype, int64_t w, const sk_slot *more,
                  const int64_t *more_at, sk_slot *acc, int64_t *at) {
  bool real = sk_pass_is_real(pass, dtype);
  if (pass >= SK_PASS_MIN) {
    bool low = pass == SK_PASS_MIN || pass == SK_PASS_ARGMIN;
    bool places = pass == SK_PASS_ARGMIN || pass == SK_PASS_ARGMAX;
    for (int64_t k = 0; k < w; k++) {
      int64_t p = places ? more_at[k] : 0, q = places ? at[k] : 0;
      if (real ? wins_real(more[k], p, acc[k], q, low) : wins_int(more[k], p, acc[k], q, low)) {
        acc[k] = more[k];
        if (places) at[k] = p;
      }
    }
  } else if (pass == SK_PASS_PROD)
    for (int64_t k = 0; k < w; k++)
      if (real)
        acc[k].d *= more[k].d;
      else
        acc[k].u *= more[k].u;
  else if (real)
    for (int64_t k = 0; k < w; k++) acc[k].d += more[k].d;
  else
    for (int64_t k = 0; k < w; k++) acc[k].u += more[k].u;
}

/* Means become shifts; a row's largest is one already. */
static void to_shift(const job *j, int64_t w, sk_slot *acc) {
  for (int64_t k = 0; k < w; k++)
    acc[k].d = j->op == SK_VAR ? acc[k].d / (double)(j->far * j->n)
               : j->n == 0     ? -INFINITY
                               : acc[k].d;
}

/* The results of w columns, from the running ones, go to out + first. */
static void finish(const job *j, int64_t w, const sk_slot *shift, sk_slot *acc, const int64_t *at,
                   int64_t first) {
  double n = (double)(j->far * j->n), freedom = n > j->ddof ? n - j->ddof : (double)NAN;
  for (int64_t k = 0; k < w; k++) switch (j->op) {
    case SK_MEAN: acc[k].d /= n; break;
    case SK_VAR: acc[k].d /= freedom; break;
    case SK_NORM2: acc[k].d = sqrt(acc[k].d); break;
    case SK_LOGSUMEXP: /* an infinite or NaN largest is the result */
      acc[k].d = isfinite(shift[k].d) ? shift[k].d + log(acc[k].d) : shift[k].d;
      break;
    case SK_ANY: acc[k].u = acc[k].u > 0; break;
    case SK_ALL: acc[k].u = acc[k].u == (uint64_t)(j->far * j->n); break;
    case SK_ARGMIN:
    case SK_ARGMAX: acc[k].i = at[k] + 1; break;
    default: break;
    }
  for (int64_t k = 0; k < w; k++) switch (j->gives) {
    case SK_F32: ((float *)j->out)[first + k] = (float)acc[k].d; break;
    case SK_F64: ((double *)j->out)[first + k] = acc[k].d; break;
    case SK_I64: ((int64_t *)j->out)[first + k] = acc[k].i; break;
    default: ((uint8_t *)j->out)[first + k] = (uint8_t)acc[k].u;
    }
}

/* ==} */

/* {== Blocks ============================================================== */

static void run_block(const job *j, sk_pass pass, const char *a, int64_t n, int64_t w,
                      const sk_slot *shift, sk_slot *acc, int64_t *at) {
  sk_block b = {a, n, w, j->stride, j->step, shift, acc, at};
  if (n == 0) /* nothing of sums; the product of nothing is 1 */
    for (int64_t k = 0; k < w; k++) {
      acc[k].u = 0, at[k] = 0;
      if (pass == SK_PASS_PROD) acc[k].u = 1;
      if (pass == SK_PASS_PROD && sk_is_float(j->dtype)) acc[k].d = 1;
    }
  else
    sk_block_kernel(pass, j->dtype)(&b);
}

/* Short rows are many small loops: k of them that lie side by side make one row of k w columns,
   whose k parts are merged afterwards, then what is left. */
static void run_rows(const job *j, sk_pass pass, const char *a, int64_t n, int64_t w,
                     const sk_slot *shift, sk_slot *acc, int64_t *at) {
  int64_t side = SK_STRIP / w, rows = n / side;
  if (w == 1 || w != j->stride || w > NARROW || rows < 2) {
    run_block(j, pass, a, n, w, shift, acc, at);
    return;
  }
  sk_slot wide_acc[SK_STRIP], wide_shift[SK_STRIP];
  int64_t wide_at[SK_STRIP], size = sk_itemsize[j->dtype];
  job wide = *j;
  wide.inner = wide.stride = side * w;
  if (shift)
    for (int64_t k = 0; k < wide.inner; k++) wide_shift[k] = shift[k % w];
  run_block(&wide, pass, a, rows, wide.inner, shift ? wide_shift : 0, wide_acc, wide_at);
  for (int64_t k = 0; k < w; k++) acc[k] = wide_acc[k];
  if (pass >= SK_PASS_ARGMIN) {
    for (int64_t k = 0; k < wide.inner; k++) wide_at[k] = wide_at[k] * side + k / w;
    for (int64_t k = 0; k < w; k++) at[k] = wide_at[k];
  }
  for (int64_t k = w; k < wide.inner; k += w)
    merge(pass, j->dtype, w, wide_acc + k, wide_at + k, acc, at);
  int64_t done = rows * side;
  if (done == n) return;
  run_block(j, pass, a + done * w * size, n - done, w, shift, wide_acc, wide_at);
  if (pass >= SK_PASS_ARGMIN)
    for (int64_t k = 0; k < w; k++) wide_at[k] += done;
  merge(pass, j->dtype, w, wide_acc, wide_at, acc, at);
}

static strip locate(const job *j, int64_t i) {
  int64_t m = i / j->across * j->batch, c = i % j->across * SK_STRIP;
  return (strip){.mids = j->mid - m < j->batch ? j->mid - m : j->batch,
                 .width = j->inner - c < SK_STRIP ? j->inner - c : SK_STRIP,
                 .first = m * j->inner + c,
                 .offset = m * j->n * j->inner + c * j->step};
}

/* A strip over `far` and n: in the order of memory, so that each far hop is made once. */
static void run_strip(const job *j, sk_pass pass, const strip *s, const char *a, int64_t far,
                      int64_t n, const sk_slot *shift, sk_slot *acc, int64_t *at) {
  sk_slot more[SK_STRIP];
  int64_t more_at[SK_STRIP], size = sk_itemsize[j->dtype], w = s->width, all = s->mids * w;
  for (int64_t f = 0; f < far; f++) {
    const char *row = a + f * j->hop * size;
    for (int64_t k = 0; k < all; k += w, row += j->n * j->inner * size)
      run_rows(j, pass, row, n, w, shift ? shift + k : 0, (f ? more : acc) + k,
               (f ? more_at : at) + k);
    if (f == 0) continue;
    if (pass >= SK_PASS_ARGMIN)
      for (int64_t k = 0; k < all; k++) more_at[k] += f * n;
    merge(pass, j->dtype, all, more, more_at, acc, at);
  }
}

/* Whole columns: piece i is strip i % strips of slab i / strips. */
static void strip_piece(void *ctx, int64_t first, int64_t last) {
  const job *j = ctx;
  int before = first_pass(j);
  sk_slot acc[SK_STRIP], shift[SK_STRIP];
  int64_t at[SK_STRIP];
  for (int64_t i = first; i < last; i++) {
    int64_t o = i / j->strips;
    strip s = locate(j, i % j->strips);
    const char *a = j->a + (o * j->slab + s.offset) * sk_itemsize[j->dtype];
    if (before >= 0) {
      run_strip(j, (sk_pass)before, &s, a, j->far, j->n, 0, shift, at);
      to_shift(j, s.mids * s.width, shift);
    }
    run_strip(j, main_pass[j->op], &s, a, j->far, j->n, before >= 0 ? shift : 0, acc, at);
    finish(j, s.mids * s.width, shift, acc, at, o * j->mid * j->inner + s.first);
  }
}

/* Piece i is strip i % strips of chunk i / strips. */
static void chunk_piece(void *ctx, int64_t first, int64_t last) {
  const cut *t = ctx;
  const job *j = t->j;
  bool hops = j->far > 1;
  for (int64_t i = first; i < last; i++) {
    int64_t part = i / j->strips, row = part * t->chunk;
    int64_t left = (hops ? j->far : j->n) - row, rows = left < t->chunk ? left : t->chunk;
    strip s = locate(j, i % j->strips);
    int64_t cell = part * j->mid * j->inner + s.first;
    run_strip(j, t->pass, &s,
              t->slab + (row * (hops ? j->hop : j->stride) + s.offset) * sk_itemsize[j->dtype],
              hops ? rows : 1, hops ? j->n : rows, t->shift ? t->shift + s.first : 0,
              t->parts + cell, t->at + cell);
    if (t->pass >= SK_PASS_ARGMIN)
      for (int64_t k = 0; k < s.mids * s.width; k++) t->at[cell + k] += hops ? row * j->n : row;
  }
}

static void run_cut(cut *t, sk_pass pass, int64_t chunks) {
  const job *j = t->j;
  int64_t cells = j->mid * j->inner;
  t->pass = pass;
  sk_parallel(chunks * j->strips, 1, chunk_piece, t);
  for (int64_t i = 1; i < chunks; i++)
    merge(pass, j->dtype, cells, t->parts + i * cells, t->at + i * cells, t->parts, t->at);
}

/* Few long columns: each is cut along far or n too. */
static void reduce_cut(const job *j, int64_t outer, int64_t chunks) {
  int64_t rows = j->far > 1 ? j->far : j->n, cells = j->mid * j->inner;
  sk_slot parts[CELLS], shift[CELLS];
  int64_t at[CELLS];
  int before = first_pass(j);
  for (int64_t o = 0; o < outer; o++) {
    cut t = {.j = j,
             .slab = j->a + o * j->slab * sk_itemsize[j->dtype],
             .chunk = (rows + chunks - 1) / chunks,
             .parts = parts,
             .at = at};
    int64_t filled = (rows + t.chunk - 1) / t.chunk;
    if (before >= 0) {
      run_cut(&t, (sk_pass)before, filled);
      to_shift(j, cells, parts);
      for (int64_t k = 0; k < cells; k++) shift[k] = parts[k];
      t.shift = shift;
    }
    run_cut(&t, main_pass[j->op], filled);
    finish(j, cells, shift, parts, at, o * cells);
  }
}

/* ==} */

sk_dtype sk_reduce_gives(sk_reduce_op op, sk_dtype dtype) {
  switch (op) {
  case SK_ARGMIN:
  case SK_ARGMAX: return SK_I64;
  case SK_ANY:
  case SK_ALL: return SK_U8;
  case SK_SUM: return dtype == SK_U8 ? SK_I64 : dtype;
  case SK_MEAN:
  case SK_VAR: return sk_is_float(dtype) ? dtype : SK_F64;
  default: return dtype;
  }
}

bool sk_reduce_has(sk_reduce_op op, sk_dtype dtype) {
  return sk_block_kernel(main_pass[op], dtype) != 0;
}

/* Mids a strip: as many as lie close together, and few enough to give all threads work. */
static int64_t batch_of(const job *j) {
  int64_t batch = NEAR / (j->n * j->inner + 1), most = SK_STRIP / j->inner;
  if (batch > most) batch = most;
  if (batch > j->mid / SPREAD) batch = j->mid / SPREAD;
  return batch < 1 ? 1 : batch;
}

void sk_reduce(sk_reduce_op op, sk_dtype dtype, const void *a, const int64_t shape[5], double ddof,
               void *out) {
  int64_t outer = shape[0];
  job j = {.op = op,
           .dtype = dtype,
           .gives = sk_reduce_gives(op, dtype),
           .a = a,
           .out = out,
           .far = shape[1],
           .mid = shape[2],
           .n = shape[3],
           .inner = shape[4],
           .ddof = ddof};
  if (j.mid == 1 || j.far == 0) j.n *= j.far, j.far = 1;
  if (j.far == 1) outer *= j.mid, j.mid = 1;
  j.hop = j.mid * j.n * j.inner;
  j.slab = j.far * j.hop;
  bool turned = j.inner == 1 && j.n <= SHORT && (j.far > 1 ? j.mid : outer) > 1;
  if (turned && j.far > 1)
    j.inner = j.mid, j.mid = 1;
  else if (turned)
    j.inner = outer, outer = 1;
  j.stride = turned ? 1 : j.inner;
  j.step = turned ? j.n : 1;
  j.batch = batch_of(&j);
  j.across = (j.inner + SK_STRIP - 1) / SK_STRIP;
  j.strips = (j.mid + j.batch - 1) / j.batch * j.across;
  int64_t cells = j.mid * j.inner, chunks = j.far * j.n * cells / WORK;
  if (chunks > CELLS / cells) chunks = CELLS / cells;
  if (outer * j.strips < SPREAD && chunks > 1 && (j.far > 1 || !turned)) {
    reduce_cut(&j, outer, chunks);
    return;
  }
  int64_t piece = j.far * j.n * j.batch * (j.inner < SK_STRIP ? j.inner : SK_STRIP);
  sk_parallel(outer * j.strips, piece < WORK ? WORK / (piece ? piece : 1) : 1, strip_piece, &j);
}
