/* Second moments and triangular factors of data that comes in blocks of rows: what every spectral
   metric reads. Work is cut into strips and tiles by size alone, so that the sums do not depend on
   the number of threads. */
#include "kernel.h"
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#define BLOCK 1024 /* rows (or columns) that are converted to float64 at a time */
#define PARTS 8    /* pieces in which a block is read */
#define PANEL 48   /* LAPACK's inner block in a QR */

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

static double element(sk_dtype dtype, const void *z, int64_t i) {
  return dtype == SK_F32 ? ((const float *)z)[i] : ((const double *)z)[i];
}

/* --- converting and centring ------------------------------------------------------------------ */

/* A block of packed z[.,d], rows r0 .. r0+nr-1 and columns c0 .. c0+nc-1, on its way to float64
   out[nr,nc]. Its rows are read in at most PARTS pieces, whose sums and extremes are then put
   together in order. */
typedef struct block {
  sk_dtype dtype;
  const void *z;
  int64_t d, r0, nr, c0, nc, grain;
  bool center;
  double *out;
  double *mean, *lo, *hi, *shift; /* [nc], of this block */
  double *parts;                  /* [PARTS][3][nc]: sum of x - shift, least, most */
} block;

#define LOAD(T)                                                                                    \
  SK_CLONES static void look_##T(const T *x, int64_t d, int64_t nr, int64_t nc,                    \
                                 const double *shift, double *sum, double *lo, double *hi) {       \
    for (int64_t j = 0; j < nc; j++) sum[j] = 0, lo[j] = hi[j] = (double)x[j];                     \
    for (int64_t i = 0; i < nr; i++, x += d)                                                       \
      for (int64_t j = 0; j < nc; j++) {                                                           \
        double v = (double)x[j];                                                                   \
        sum[j] += v - shift[j];                                                                    \
        lo[j] = v < lo[j] ? v : lo[j];                                                             \
        hi[j] = v > hi[j] ? v : hi[j];                                                             \
      }                                                                                            \
  }                                                                                                \
  SK_CLONES static void load_##T(const T *x, int64_t d, int64_t nr, int64_t nc,                    \
                                 const double *shift, const double *mean, double *out) {           \
    for (int64_t i = 0; i < nr; i++, x += d, out += nc)                                            \
      for (int64_t j = 0; j < nc; j++) out[j] = ((double)x[j] - shift[j]) - mean[j];               \
  }
LOAD(float)
LOAD(double)

static const char *block_row(const block *b, int64_t i) {
  return (const char *)b->z + ((b->r0 + i) * b->d + b->c0) * sk_itemsize[b->dtype];
}

static void look_piece(void *ctx, int64_t first, int64_t last) {
  const block *b = ctx;
  double *sum = b->parts + first / b->grain * 3 * b->nc;
  const void *x = block_row(b, first);
  if (b->dtype == SK_F32)
    look_float(x, b->d, last - first, b->nc, b->shift, sum, sum + b->nc, sum + 2 * b->nc);
  else
    look_double(x, b->d, last - first, b->nc, b->shift, sum, sum + b->nc, sum + 2 * b->nc);
}

/* By now the parts hold what has to be taken off: a shift, and the mean of the differences. */
static void load_piece(void *ctx, int64_t first, int64_t last) {
  const block *b = ctx;
  const void *x = block_row(b, first);
  double *out = b->out + first * b->nc;
  if (b->dtype == SK_F32)
    load_float(x, b->d, last - first, b->nc, b->shift, b->parts, out);
  else
    load_double(x, b->d, last - first, b->nc, b->shift, b->parts, out);
}

/* Sums are of differences to the first row, so that a large common offset costs no digits. */
static void load(block *b) {
  double *total = b->parts;
  b->grain = (b->nr + PARTS - 1) / PARTS;
  for (int64_t j = 0; j < b->nc; j++) b->shift[j] = element(b->dtype, block_row(b, 0), j);
  sk_parallel(b->nr, b->grain, look_piece, b);
  for (int64_t p = 1; p * b->grain < b->nr; p++) {
    const double *sum = total + p * 3 * b->nc, *lo = sum + b->nc, *hi = lo + b->nc;
    for (int64_t j = 0; j < b->nc; j++) {
      total[j] += sum[j];
      total[b->nc + j] = fmin(total[b->nc + j], lo[j]);
      total[2 * b->nc + j] = fmax(total[2 * b->nc + j], hi[j]);
    }
  }
  for (int64_t j = 0; j < b->nc; j++) {
    total[j] /= (double)b->nr;
    b->mean[j] = b->shift[j] + total[j];
    b->lo[j] = total[b->nc + j], b->hi[j] = total[2 * b->nc + j];
    if (!b->center) b->shift[j] = total[j] = 0;
  }
  sk_parallel(b->nr, b->grain, load_piece, b);
}

#define AROUND (4 + 3 * PARTS) /* numbers a column that a block needs besides out */

static block make_block(sk_dtype dtype, const void *z, int64_t d, bool center, double *scratch,
                        double *out, int64_t r0, int64_t nr, int64_t c0, int64_t nc) {
  return (block){.dtype = dtype,
                 .z = z,
                 .d = d,
                 .r0 = r0,
                 .nr = nr,
                 .c0 = c0,
                 .nc = nc,
                 .center = center,
                 .out = out,
                 .mean = scratch,
                 .lo = scratch + nc,
                 .hi = scratch + 2 * nc,
                 .shift = scratch + 3 * nc,
                 .parts = scratch + 4 * nc};
}

/* --- Gram matrices ---------------------------------------------------------------------------- */

/* g[n,n] += a^T a (a packed [k,n]) or a a^T (a packed [n,k]), upper triangle, one tile a piece. */
typedef struct gram {
  const double *a;
  double *g;
  int64_t n, k, side, tiles;
  bool transposed; /* a a^T */
} gram;

static void gram_piece(void *ctx, int64_t first, int64_t last) {
  const gram *g = ctx;
  int64_t n = g->n, k = g->k, off = g->tiles * (g->tiles - 1) / 2;
  for (int64_t p = first; p < last; p++) {
    int64_t i = p - off, j = p - off; /* the diagonal last: its tiles are half the work */
    if (p < off) {
      j = (int64_t)((1 + sqrt(1 + 8.0 * (double)p)) / 2);
      if (j * (j - 1) / 2 > p) j--;
      i = p - j * (j - 1) / 2;
    }
    int64_t r = i * g->side, c = j * g->side, nr = min64(g->side, n - r),
            nc = min64(g->side, n - c);
    const double *a = g->a + (g->transposed ? r * k : r), *b = g->a + (g->transposed ? c * k : c);
    CBLAS_TRANSPOSE ta = g->transposed ? CblasNoTrans : CblasTrans;
    CBLAS_TRANSPOSE tb = g->transposed ? CblasTrans : CblasNoTrans;
    int lda = (int)(g->transposed ? k : n);
    if (i == j)
      cblas_dsyrk(CblasRowMajor, CblasUpper, ta, (int)nr, (int)k, 1, a, lda, 1, g->g + r * n + c,
                  (int)n);
    else
      cblas_dgemm(CblasRowMajor, ta, tb, (int)nr, (int)nc, (int)k, 1, a, lda, b, lda, 1,
                  g->g + r * n + c, (int)n);
  }
}

/* Tiles as large as can be, since each packs its columns anew, but two a side at least. */
static void add_gram(const double *a, int64_t n, int64_t k, bool transposed, double *g) {
  if (n == 0 || k == 0) return;
  int64_t side = n > 1024 ? 1024 : 256;
  int64_t tiles = n <= 64 ? 1 : n <= 512 ? 2 : (n + side - 1) / side;
  gram job = {a, g, n, k, (n + tiles - 1) / tiles, tiles, transposed};
  sk_parallel(tiles * (tiles + 1) / 2, 1, gram_piece, &job);
}

/* --- moments ---------------------------------------------------------------------------------- */

int64_t sk_moments_scratch(int64_t rows, int64_t d) {
  return (min64(rows, BLOCK) + 1 + AROUND) * d * (int64_t)sizeof(double);
}

void sk_moments_add(sk_dtype dtype, const void *z, int64_t rows, int64_t d, sk_moments *m,
                    double *scratch) {
  double *out = scratch + AROUND * d;
  for (int64_t r = 0; r < rows; r += BLOCK) {
    int64_t nr = min64(BLOCK, rows - r);
    block b = make_block(dtype, z, d, true, scratch, out, r, nr, 0, d);
    load(&b);
    /* Chan's update: the step from the old mean to the block's is one more row of the block. */
    double n = (double)m->n, share = (double)nr / (n + (double)nr);
    double *step = out + nr * d;
    for (int64_t j = 0; j < d; j++) {
      double delta = m->n ? b.mean[j] - m->mean[j] : 0;
      step[j] = delta * sqrt(n * share);
      m->mean[j] = m->n ? m->mean[j] + delta * share : b.mean[j];
      m->lo[j] = m->n ? fmin(m->lo[j], b.lo[j]) : b.lo[j];
      m->hi[j] = m->n ? fmax(m->hi[j], b.hi[j]) : b.hi[j];
    }
    add_gram(out, d, m->n ? nr + 1 : nr, false, m->scatter);
    m->n += nr;
  }
}

int64_t sk_moments_matrix(const sk_moments *m, int64_t d, bool center, double *out,
                          int64_t *column) {
  int64_t kept = 0;
  for (int64_t j = 0; j < d; j++)
    if (m->lo[j] != m->hi[j] || (!center && m->lo[j] != 0)) column[kept++] = j;
  for (int64_t i = 0; i < kept; i++)
    for (int64_t j = i; j < kept; j++) {
      int64_t p = column[i], q = column[j];
      double v = m->scatter[p * d + q];
      if (!center) v += (double)m->n * m->mean[p] * m->mean[q];
      out[i * kept + j] = v;
    }
  sk_mirror(SK_F64, kept, out, true);
  return kept;
}

int64_t sk_gram_rows_scratch(int64_t rows, int64_t d) {
  return (rows + AROUND) * min64(d, BLOCK) * (int64_t)sizeof(double);
}

void sk_gram_rows(sk_dtype dtype, const void *z, int64_t rows, int64_t d, bool center, double *g,
                  double *scratch) {
  double *out = scratch + AROUND * min64(d, BLOCK);
  memset(g, 0, (size_t)(rows * rows) * sizeof(double));
  for (int64_t c = 0; c < d; c += BLOCK) {
    block b = make_block(dtype, z, d, center, scratch, out, 0, rows, c, min64(BLOCK, d - c));
    load(&b);
    add_gram(out, rows, b.nc, true, g);
  }
  sk_mirror(SK_F64, rows, g, true);
}

int64_t sk_center_columns_scratch(int64_t d) { return AROUND * d * (int64_t)sizeof(double); }

int64_t sk_center_columns(sk_dtype dtype, const void *z, int64_t rows, int64_t d, bool center,
                          double *out, int64_t *column, double *scratch) {
  block b = make_block(dtype, z, d, center, scratch, out, 0, rows, 0, d);
  int64_t kept = 0;
  load(&b);
  for (int64_t j = 0; j < d; j++)
    if (b.lo[j] != b.hi[j] || (!center && b.lo[j] != 0)) column[kept++] = j;
  if (kept < d)
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < kept; j++) out[i * kept + j] = out[i * d + column[j]];
  return kept;
}

/* --- triangular factors ----------------------------------------------------------------------- */

/* Stacks rows [1, x - shift] under the factor r (packed [p,p], p = d + 1, upper) and factors again.
   Our upper triangle by rows is LAPACK's by columns after a transposition, so the factor of a shard
   is kept the way LAPACK wants it, f[p,p] by columns, until all of its rows are in. */
typedef struct tsqr {
  sk_dtype dtype;
  const void *z;
  int64_t rows, d, shards, block;
  const double *shift;
  double *factors; /* [shards][p*p] by columns */
  double *blocks;  /* [shards][block*p] by columns */
  double *work;    /* [shards][2*PANEL*p] */
} tsqr;

/* f <- the factor of f over b[nb,p], whose last `trapezoid` rows are triangular; b is destroyed. It
   cannot fail: LAPACK only complains of sizes. */
static void stack(double *f, int64_t p, double *b, int64_t nb, int64_t trapezoid, double *work) {
  lapack_int panel = (lapack_int)min64(PANEL, p);
  LAPACKE_dtpqrt_work(LAPACK_COL_MAJOR, (lapack_int)nb, (lapack_int)p, (lapack_int)trapezoid, panel,
                      f, (lapack_int)p, b, (lapack_int)nb, work, panel, work + PANEL * p);
}

static void shard_piece(void *ctx, int64_t first, int64_t last) {
  tsqr *t = ctx;
  int64_t p = t->d + 1, each = (t->rows + t->shards - 1) / t->shards;
  for (int64_t s = first; s < last; s++) {
    double *f = t->factors + s * p * p, *b = t->blocks + s * t->block * p;
    double *work = t->work + s * 2 * PANEL * p;
    int64_t end = min64(t->rows, (s + 1) * each);
    memset(f, 0, (size_t)(p * p) * sizeof(double));
    for (int64_t r = s * each; r < end; r += t->block) {
      int64_t nb = min64(t->block, end - r);
      for (int64_t i = 0; i < nb; i++) b[i] = 1;
      for (int64_t i0 = 0; i0 < nb; i0 += 16) /* in small squares, since it transposes */
        for (int64_t j = 0; j < t->d; j++)
          for (int64_t i = i0; i < min64(i0 + 16, nb); i++)
            b[(j + 1) * nb + i] = element(t->dtype, t->z, (r + i) * t->d + j) - t->shift[j];
      stack(f, p, b, nb, 0, work);
    }
  }
}

/* Four shards at most: each needs a factor and a block of its own. */
static int64_t shards_for(int64_t rows, int64_t p) {
  int64_t s = rows / (2 * p);
  return s < 1 ? 1 : s > 4 ? 4 : s;
}

static int64_t block_for(int64_t rows, int64_t p) {
  int64_t shards = shards_for(rows, p), each = (rows + shards - 1) / shards;
  return min64(each, p < 512 ? 1024 : 2 * p);
}

int64_t sk_tsqr_scratch(int64_t rows, int64_t d) {
  int64_t p = d + 1, shards = shards_for(rows, p);
  return (shards * (p * p + block_for(rows, p) * p + 2 * PANEL * p) + p * p) *
         (int64_t)sizeof(double);
}

/* an upper triangle by rows -> by columns, and back */
static void flip(const double *from, int64_t p, double *to) {
  for (int64_t i = 0; i < p; i++)
    for (int64_t j = 0; j < p; j++) to[j * p + i] = j >= i ? from[i * p + j] : 0;
}

static void unflip(const double *from, int64_t p, double *to) {
  for (int64_t i = 0; i < p; i++)
    for (int64_t j = 0; j < p; j++) to[i * p + j] = j >= i ? from[j * p + i] : 0;
}

void sk_tsqr_add(sk_dtype dtype, const void *z, int64_t rows, int64_t d, const double *shift,
                 double *r, double *scratch) {
  int64_t p = d + 1, shards = shards_for(rows, p), block = block_for(rows, p);
  double *total = scratch, *factors = total + p * p, *blocks = factors + shards * p * p;
  double *work = blocks + shards * block * p;
  tsqr t = {dtype, z, rows, d, shards, block, shift, factors, blocks, work};
  flip(r, p, total);
  sk_parallel(shards, 1, shard_piece, &t);
  for (int64_t s = 0; s < shards; s++) stack(total, p, factors + s * p * p, p, p, work);
  unflip(total, p, r);
}

int64_t sk_tsqr_merge_scratch(int64_t p) {
  return (2 * p * p + 2 * PANEL * p) * (int64_t)sizeof(double);
}

void sk_tsqr_merge(int64_t p, double *r, const double *other, double *scratch) {
  double *total = scratch, *b = total + p * p;
  flip(r, p, total);
  flip(other, p, b);
  stack(total, p, b, p, p, b + p * p);
  unflip(total, p, r);
}
