/* Matrix products over the BLAS, which runs at one thread: large ones are cut here into blocks of
   the result, by size alone, so that every element is summed in the same order for any number of
   threads. (The BLAS's own sums differ in the last bit with the block that an element lies in.) */
#include "kernel.h"
#include <cblas.h>

#define PIECE_WORK 2e6 /* multiply-adds that are worth a thread: some 50 microseconds */
#define PIECE_SIDE 128 /* each block copies its share of both factors again: narrow ones cost */
#define FEW_PIECES 4
#define MANY_WORK  2e9 /* from here on, pieces for more threads */
#define MAX_PIECES 16
#define VECTOR     1e5 /* elements of a matrix in a piece of its product with a vector */
#define STRIP      256 /* of its rows' elements, where columns are cut */

/* How a 2-D array looks to the BLAS: plain, transposed, or not at all (false). Where a side is 1
   its stride says nothing, so that a row or a column always fits. */
static bool leading(const sk_array *a, bool *transposed, int64_t *ld) {
  int64_t size = sk_itemsize[a->dtype], r = a->shape[0], c = a->shape[1];
  int64_t rs = a->stride[0], cs = a->stride[1];
  if ((cs == size || c == 1) && (r == 1 || (rs >= size * c && rs % size == 0))) {
    *transposed = false;
    *ld = r == 1 ? (c > 1 ? c : 1) : rs / size;
  } else if ((rs == size || r == 1) && (c == 1 || (cs >= size * r && cs % size == 0))) {
    *transposed = true;
    *ld = c == 1 ? (r > 1 ? r : 1) : cs / size;
  } else
    return false;
  return *ld <= INT32_MAX;
}

bool sk_gemm_takes(const sk_array *a) {
  bool t;
  int64_t ld;
  return leading(a, &t, &ld);
}

/* --- matrix with matrix ----------------------------------------------------------------------- */

typedef struct gemm {
  sk_dtype dtype;
  bool ta, tb;
  int64_t m, n, k, lda, ldb, ldc;
  int64_t down, across, high, wide; /* blocks, and the size of one */
  double beta;
  const char *a, *b;
  char *c;
} gemm;

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

static void gemm_piece(void *ctx, int64_t first, int64_t last) {
  const gemm *g = ctx;
  int64_t size = sk_itemsize[g->dtype];
  CBLAS_TRANSPOSE ta = g->ta ? CblasTrans : CblasNoTrans, tb = g->tb ? CblasTrans : CblasNoTrans;
  for (int64_t q = first; q < last; q++) {
    int64_t i = q / g->across * g->high, j = q % g->across * g->wide;
    int m = (int)min64(g->high, g->m - i), n = (int)min64(g->wide, g->n - j);
    if (m <= 0 || n <= 0) continue;
    const char *a = g->a + i * size * (g->ta ? 1 : g->lda);
    const char *b = g->b + j * size * (g->tb ? g->ldb : 1);
    char *c = g->c + (i * g->ldc + j) * size;
    if (g->dtype == SK_F32)
      cblas_sgemm(CblasRowMajor, ta, tb, m, n, (int)g->k, 1, (const float *)a, (int)g->lda,
                  (const float *)b, (int)g->ldb, (float)g->beta, (float *)c, (int)g->ldc);
    else
      cblas_dgemm(CblasRowMajor, ta, tb, m, n, (int)g->k, 1, (const double *)a, (int)g->lda,
                  (const double *)b, (int)g->ldb, g->beta, (double *)c, (int)g->ldc);
  }
}

/* Blocks are halved by columns, which copies less, until they are tall. */
static void cut(gemm *g) {
  double work = (double)g->m * (double)g->n * (double)g->k;
  int64_t most = work < MANY_WORK ? FEW_PIECES : MAX_PIECES;
  while (g->down * g->across < most && work / (double)(2 * g->down * g->across) >= PIECE_WORK) {
    bool rows = g->high > 2 * g->wide;
    if ((rows ? g->high : g->wide) < 2 * PIECE_SIDE) break;
    if (rows)
      g->down *= 2, g->high = (g->m + g->down - 1) / g->down;
    else
      g->across *= 2, g->wide = (g->n + g->across - 1) / g->across;
  }
}

/* --- matrix with vector ----------------------------------------------------------------------- */

/* y[n] = (beta y +) a x, where a is [n,k], or its transpose is. */
typedef struct gemv {
  sk_dtype dtype;
  bool flipped;
  int64_t n, k, lda, stride_x, stride_y;
  const char *a, *x;
  char *y;
} gemv;

static void gemv_piece(void *ctx, int64_t first, int64_t last) {
  const gemv *g = ctx;
  int64_t size = sk_itemsize[g->dtype];
  int n = (int)(last - first), k = (int)g->k;
  const char *a = g->a + first * size * (g->flipped ? 1 : g->lda);
  char *y = g->y + first * g->stride_y * size;
  CBLAS_TRANSPOSE t = g->flipped ? CblasTrans : CblasNoTrans;
  int rows = g->flipped ? k : n, columns = g->flipped ? n : k;
  if (g->dtype == SK_F32)
    cblas_sgemv(CblasRowMajor, t, rows, columns, 1, (const float *)a, (int)g->lda,
                (const float *)g->x, (int)g->stride_x, 1, (float *)y, (int)g->stride_y);
  else
    cblas_dgemv(CblasRowMajor, t, rows, columns, 1, (const double *)a, (int)g->lda,
                (const double *)g->x, (int)g->stride_x, 1, (double *)y, (int)g->stride_y);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* One block as yet. */
static gemm prepare(const sk_array *a, const sk_array *b, double beta, const sk_array *c) {
  gemm g = {.dtype = c->dtype,
            .m = c->shape[0],
            .n = c->shape[1],
            .k = a->shape[1],
            .down = 1,
            .across = 1,
            .high = c->shape[0],
            .wide = c->shape[1],
            .beta = beta,
            .a = a->data,
            .b = b->data,
            .c = c->data};
  bool tc;
  leading(a, &g.ta, &g.lda);
  leading(b, &g.tb, &g.ldb);
  leading(c, &tc, &g.ldc);
  return g;
}

void sk_gemm(const sk_array *a, const sk_array *b, double beta, const sk_array *c) {
  gemm g = prepare(a, b, beta, c);
  if (g.m == 0 || g.n == 0) return;
  if (g.m > 1 && g.n > 1) {
    cut(&g);
    sk_parallel(g.down * g.across, 1, gemm_piece, &g);
    return;
  }
  _Alignas(8) char zero[8] = {0};
  if (beta == 0) sk_fill(c, zero); /* the BLAS may multiply what lies there by 0, NaN or not */
  gemv v = {.dtype = g.dtype, .k = g.k, .y = g.c};
  if (g.n == 1) {
    v.n = g.m, v.a = g.a, v.lda = g.lda, v.flipped = g.ta, v.stride_y = g.ldc;
    v.x = g.b, v.stride_x = g.tb ? 1 : g.ldb;
  } else {
    v.n = g.n, v.a = g.b, v.lda = g.ldb, v.flipped = !g.tb, v.stride_y = 1;
    v.x = g.a, v.stride_x = g.ta ? g.lda : 1;
  }
  int64_t grain = (int64_t)(VECTOR / (double)v.k) + 1;
  sk_parallel(v.n, v.flipped && grain < STRIP ? STRIP : grain, gemv_piece, &v);
}

/* --- many small ones -------------------------------------------------------------------------- */

typedef struct batch {
  const sk_array *a, *b, *c;
  gemm first;
} batch;

/* Where matrix i of the leading dimensions begins. */
static char *plane(const sk_array *a, int64_t i) {
  char *p = a->data;
  for (int d = a->ndim - 3; d > 0; d--) p += i % a->shape[d] * a->stride[d], i /= a->shape[d];
  return a->ndim > 2 ? p + i * a->stride[0] : p;
}

static void batch_piece(void *ctx, int64_t first, int64_t last) {
  const batch *s = ctx;
  gemm g = s->first;
  for (int64_t i = first; i < last; i++) {
    g.a = plane(s->a, i), g.b = plane(s->b, i), g.c = plane(s->c, i);
    gemm_piece(&g, 0, 1);
  }
}

static sk_array first_plane(const sk_array *a) {
  sk_array p = {.data = a->data, .dtype = a->dtype, .ndim = 2};
  for (int d = 0; d < 2; d++)
    p.shape[d] = a->shape[a->ndim - 2 + d], p.stride[d] = a->stride[a->ndim - 2 + d];
  return p;
}

void sk_gemm_batch(const sk_array *a, const sk_array *b, const sk_array *c) {
  sk_array pa = first_plane(a), pb = first_plane(b), pc = first_plane(c);
  int64_t count = sk_count(c->ndim - 2, c->shape);
  batch s = {a, b, c, prepare(&pa, &pb, 0, &pc)};
  double work = (double)s.first.m * (double)s.first.n * (double)s.first.k;
  if (count > 1 && work < 2 * PIECE_WORK) { /* too small to be cut: whole ones are the pieces */
    sk_parallel(count, (int64_t)(PIECE_WORK / 8 / work) + 1, batch_piece, &s);
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    pa.data = plane(a, i), pb.data = plane(b, i), pc.data = plane(c, i);
    sk_gemm(&pa, &pb, 0, &pc);
  }
}
