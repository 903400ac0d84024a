/* Reductions along one axis of an array seen as [outer, n, inner]. It is cut into blocks by its
   sizes alone and their results are merged in a fixed order, so that nothing depends on the number
   of threads. Sums of floats accumulate in float64. */
#include "block.h"
#include "kernel.h"
#include <math.h>

#define WORK   65536 /* elements a piece */
#define SPREAD 8     /* as many independent results need no cut along n */
#define CELLS  4096  /* running results of all pieces of a cut along n */
#define NARROW 128   /* rows as short as this are laid side by side */
#define SHORT  16    /* as few elements are no row to run along: many of them are columns */

typedef struct job {
  sk_reduce_op op;
  sk_dtype dtype, gives;
  const char *a;
  char *out;
  int64_t n, inner, strips;
  int64_t stride, step, slab; /* elements from one to the next along n, inner, outer */
  double ddof;
} job;

/* A piece of a cut along n: rows of one slab, whose results wait in parts[chunk][inner]. */
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
    acc[k].d = j->op == SK_VAR ? acc[k].d / (double)j->n : j->n == 0 ? -INFINITY : acc[k].d;
}

/* The results of w columns, from the running ones, go to out + first. */
static void finish(const job *j, int64_t w, const sk_slot *shift, sk_slot *acc, const int64_t *at,
                   int64_t first) {
  double n = (double)j->n, freedom = n > j->ddof ? n - j->ddof : (double)NAN;
  for (int64_t k = 0; k < w; k++) switch (j->op) {
    case SK_MEAN: acc[k].d /= n; break;
    case SK_VAR: acc[k].d /= freedom; break;
    case SK_NORM2: acc[k].d = sqrt(acc[k].d); break;
    case SK_LOGSUMEXP: /* an infinite or NaN largest is the result */
      acc[k].d = isfinite(shift[k].d) ? shift[k].d + log(acc[k].d) : shift[k].d;
      break;
    case SK_ANY: acc[k].u = acc[k].u > 0; break;
    case SK_ALL: acc[k].u = acc[k].u == (uint64_t)j->n; break;
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

static int64_t strip_width(const job *j, int64_t c) {
  return j->inner - c < SK_STRIP ? j->inner - c : SK_STRIP;
}

/* Whole columns: piece i is strip i % strips of slab i / strips. */
static void strip_piece(void *ctx, int64_t first, int64_t last) {
  const job *j = ctx;
  int64_t size = sk_itemsize[j->dtype];
  int before = first_pass(j);
  sk_slot acc[SK_STRIP], shift[SK_STRIP];
  int64_t at[SK_STRIP];
  for (int64_t i = first; i < last; i++) {
    int64_t o = i / j->strips, c = i % j->strips * SK_STRIP, w = strip_width(j, c);
    const char *a = j->a + (o * j->slab + c * j->step) * size;
    if (before >= 0) {
      run_rows(j, (sk_pass)before, a, j->n, w, 0, shift, at);
      to_shift(j, w, shift);
    }
    run_rows(j, main_pass[j->op], a, j->n, w, before >= 0 ? shift : 0, acc, at);
    finish(j, w, shift, acc, at, o * j->inner + c);
  }
}

/* Piece i is strip i % strips of chunk i / strips. */
static void chunk_piece(void *ctx, int64_t first, int64_t last) {
  const cut *t = ctx;
  const job *j = t->j;
  for (int64_t i = first; i < last; i++) {
    int64_t part = i / j->strips, c = i % j->strips * SK_STRIP, row = part * t->chunk;
    int64_t n = j->n - row < t->chunk ? j->n - row : t->chunk, w = strip_width(j, c);
    sk_slot *acc = t->parts + part * j->inner + c;
    int64_t *at = t->at + part * j->inner + c;
    run_rows(j, t->pass, t->slab + (row * j->stride + c) * sk_itemsize[j->dtype], n, w,
             t->shift ? t->shift + c : 0, acc, at);
    if (t->pass >= SK_PASS_ARGMIN)
      for (int64_t k = 0; k < w; k++) at[k] += row;
  }
}

static void run_cut(cut *t, sk_pass pass, int64_t chunks) {
  const job *j = t->j;
  t->pass = pass;
  sk_parallel(chunks * j->strips, 1, chunk_piece, t);
  for (int64_t i = 1; i < chunks; i++)
    merge(pass, j->dtype, j->inner, t->parts + i * j->inner, t->at + i * j->inner, t->parts, t->at);
}

/* Few long columns: each is cut along n too. */
static void reduce_cut(const job *j, int64_t outer, int64_t chunks) {
  sk_slot parts[CELLS], shift[CELLS];
  int64_t at[CELLS];
  int before = first_pass(j);
  for (int64_t o = 0; o < outer; o++) {
    cut t = {.j = j,
             .slab = j->a + o * j->slab * sk_itemsize[j->dtype],
             .chunk = (j->n + chunks - 1) / chunks,
             .parts = parts,
             .at = at};
    int64_t filled = (j->n + t.chunk - 1) / t.chunk;
    if (before >= 0) {
      run_cut(&t, (sk_pass)before, filled);
      to_shift(j, j->inner, parts);
      for (int64_t k = 0; k < j->inner; k++) shift[k] = parts[k];
      t.shift = shift;
    }
    run_cut(&t, main_pass[j->op], filled);
    finish(j, j->inner, shift, parts, at, o * j->inner);
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

void sk_reduce(sk_reduce_op op, sk_dtype dtype, const void *a, int64_t outer, int64_t n,
               int64_t inner, double ddof, void *out) {
  bool turned = inner == 1 && n <= SHORT && outer > 1;
  if (turned) inner = outer, outer = 1;
  job j = {.op = op,
           .dtype = dtype,
           .gives = sk_reduce_gives(op, dtype),
           .a = a,
           .out = out,
           .n = n,
           .inner = inner,
           .strips = (inner + SK_STRIP - 1) / SK_STRIP,
           .stride = turned ? 1 : inner,
           .step = turned ? n : 1,
           .slab = n * inner,
           .ddof = ddof};
  int64_t chunks = turned || outer * j.strips >= SPREAD ? 1 : n * inner / WORK;
  if (chunks > CELLS / inner) chunks = CELLS / inner;
  if (chunks > 1) {
    reduce_cut(&j, outer, chunks);
    return;
  }
  int64_t piece = n * (inner < SK_STRIP ? inner : SK_STRIP);
  sk_parallel(outer * j.strips, piece < WORK ? WORK / (piece ? piece : 1) : 1, strip_piece, &j);
}
