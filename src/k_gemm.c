/* Matrix products over the BLAS, which runs at one thread: large ones are cut here into blocks of
   rows or columns of the result, by size alone, so that every element is summed in the same order
   for any number of threads. */
#include "kernel.h"
#include <cblas.h>

#define PIECE_WORK 2e6 /* multiply-adds that are worth a thread: some 50 microseconds */
#define PIECE_SIDE 64
#define MAX_PIECES 16

typedef struct gemm {
  sk_dtype dtype;
  bool ta, tb, by_rows;
  int64_t m, n, k, lda, ldb, ldc, side;
  double beta;
  const char *a, *b;
  char *c;
} gemm;

static void gemm_piece(void *ctx, int64_t first, int64_t last) {
  const gemm *g = ctx;
  int64_t size = sk_itemsize[g->dtype], m = g->m, n = g->n;
  const char *a = g->a, *b = g->b;
  char *c = g->c;
  int64_t from = first * g->side, to = last * g->side;
  if (g->by_rows) {
    if (to > m) to = m;
    a += from * size * (g->ta ? 1 : g->lda);
    c += from * size * g->ldc;
    m = to - from;
  } else {
    if (to > n) to = n;
    b += from * size * (g->tb ? g->ldb : 1);
    c += from * size;
    n = to - from;
  }
  CBLAS_TRANSPOSE ta = g->ta ? CblasTrans : CblasNoTrans, tb = g->tb ? CblasTrans : CblasNoTrans;
  if (g->dtype == SK_F32)
    cblas_sgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)g->k, 1, (const float *)a, (int)g->lda,
                (const float *)b, (int)g->ldb, (float)g->beta, (float *)c, (int)g->ldc);
  else
    cblas_dgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)g->k, 1, (const double *)a, (int)g->lda,
                (const double *)b, (int)g->ldb, g->beta, (double *)c, (int)g->ldc);
}

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

void sk_gemm(const sk_array *a, const sk_array *b, double beta, const sk_array *c) {
  gemm g = {.dtype = c->dtype,
            .m = c->shape[0],
            .n = c->shape[1],
            .k = a->shape[1],
            .beta = beta,
            .a = a->data,
            .b = b->data,
            .c = c->data};
  bool tc;
  leading(a, &g.ta, &g.lda);
  leading(b, &g.tb, &g.ldb);
  leading(c, &tc, &g.ldc);
  if (g.m == 0 || g.n == 0) return;
  double work = (double)g.m * (double)g.n * (double)g.k;
  g.by_rows = g.m >= g.n;
  int64_t side = g.by_rows ? g.m : g.n, pieces = 1;
  while (pieces < MAX_PIECES && work / (double)(2 * pieces) >= PIECE_WORK &&
         side / (2 * pieces) >= PIECE_SIDE)
    pieces *= 2;
  g.side = (side + pieces - 1) / pieces;
  sk_parallel(pieces, 1, gemm_piece, &g);
}
