/* A symmetric matrix brought to tridiagonal form by reflections, in float64: what takes the time of
   its eigenvalues. LAPACK's algorithm (dsytrd), whose products with the matrix, one a column, are
   shared out here among threads, in pieces that depend on the size alone. */
#include "kernel.h"
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#define PANEL  32  /* columns whose reflections are gathered before the rest is updated */
#define PIECES 8   /* of a product */
#define TILE   256 /* side of a piece of an update */

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* The trailing matrix t[m,m] of a[n,n]; of both the upper triangle. */
typedef struct trailing {
  int64_t n, m;
  double *t;
  const double *x; /* [m] */
  double *parts;   /* [PIECES][m] */
  int64_t panel;   /* rows of v and w */
  const double *v, *w;
} trailing;

/* Eight numbers at a time, at any address. */
typedef double lanes __attribute__((vector_size(64), aligned(8)));

static inline double total(const lanes *v) {
  const double *p = (const double *)v;
  return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]));
}

/* z[m] += the part of t x that rows first .. last-1 of the upper triangle, and by symmetry those
   columns, contribute: each element is read once, four rows at a time. */
SK_CLONES static void product_rows(const double *t, int64_t n, int64_t m, int64_t first,
                                   int64_t last, const double *x, double *z) {
  int64_t i = first;
  for (; i + 4 <= last; i += 4) {
    const double *a = t + i * n, *b = a + n, *c = b + n, *d = c + n;
    double p = x[i], q = x[i + 1], r = x[i + 2], s = x[i + 3];
    lanes sa = {0}, sb = {0}, sc = {0}, sd = {0};
    int64_t j = i + 4;
    for (; j + 8 <= m; j += 8) {
      lanes y = *(const lanes *)(x + j), *to = (lanes *)(z + j);
      lanes va = *(const lanes *)(a + j), vb = *(const lanes *)(b + j);
      lanes vc = *(const lanes *)(c + j), vd = *(const lanes *)(d + j);
      sa += va * y, sb += vb * y, sc += vc * y, sd += vd * y;
      *to += (va * p + vb * q) + (vc * r + vd * s);
    }
    z[i] += a[i] * p + a[i + 1] * q + a[i + 2] * r + a[i + 3] * s + total(&sa);
    z[i + 1] += a[i + 1] * p + b[i + 1] * q + b[i + 2] * r + b[i + 3] * s + total(&sb);
    z[i + 2] += a[i + 2] * p + b[i + 2] * q + c[i + 2] * r + c[i + 3] * s + total(&sc);
    z[i + 3] += a[i + 3] * p + b[i + 3] * q + c[i + 3] * r + d[i + 3] * s + total(&sd);
    for (; j < m; j++) {
      z[i] += a[j] * x[j], z[i + 1] += b[j] * x[j];
      z[i + 2] += c[j] * x[j], z[i + 3] += d[j] * x[j];
      z[j] += a[j] * p + b[j] * q + (c[j] * r + d[j] * s);
    }
  }
  for (; i < last; i++) {
    const double *a = t + i * n;
    double sum = a[i] * x[i];
    for (int64_t j = i + 1; j < m; j++) {
      sum += a[j] * x[j];
      z[j] += a[j] * x[i];
    }
    z[i] += sum;
  }
}

/* Pieces of about the same area: the upper rows are the long ones. */
static int64_t cut(int64_t m, int64_t piece) {
  return (int64_t)((double)m * (1 - sqrt(1 - (double)piece / PIECES)));
}

static void product_piece(void *ctx, int64_t first, int64_t last) {
  const trailing *p = ctx;
  for (int64_t i = first; i < last; i++) {
    double *z = p->parts + i * p->m;
    memset(z, 0, (size_t)p->m * sizeof(double));
    product_rows(p->t, p->n, p->m, cut(p->m, i), i + 1 == PIECES ? p->m : cut(p->m, i + 1), p->x,
                 z);
  }
}

/* t -= v^T w + w^T v, for one tile of the upper triangle (and what lies below in it). */
static void update_piece(void *ctx, int64_t first, int64_t last) {
  const trailing *p = ctx;
  int n = (int)p->n, k = (int)p->panel;
  for (int64_t q = first; q < last; q++) {
    int64_t j = (int64_t)((sqrt(1 + 8.0 * (double)q) - 1) / 2);
    while (j * (j + 1) / 2 > q) j--;
    while ((j + 1) * (j + 2) / 2 <= q) j++;
    int64_t r = (q - j * (j + 1) / 2) * TILE, c = j * TILE;
    int nr = (int)min64(TILE, p->m - r), nc = (int)min64(TILE, p->m - c);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, nr, nc, k, -1, p->v + r, n, p->w + c, n, 1,
                p->t + r * p->n + c, n);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, nr, nc, k, -1, p->w + r, n, p->v + c, n, 1,
                p->t + r * p->n + c, n);
  }
}

/* Row j of a, right of the diagonal, becomes the reflection v; w[n] becomes tau (a v - ...), so
   that the update is v^T w + w^T v. The rows of the panel above are v's and w's already. */
static void reflect(trailing *p, double *a, double *w, int64_t start, int64_t j, double *d,
                    double *e) {
  int64_t n = p->n, i = j - start, m = n - j - 1;
  double *v = a + j * n + j + 1, *panel_v = a + start * n, *panel_w = w;
  double *out = w + i * n + j + 1, t[PANEL], tau;
  cblas_dgemv(CblasRowMajor, CblasTrans, (int)i, (int)(m + 1), -1, panel_v + j, (int)n, panel_w + j,
              (int)n, 1, v - 1, 1);
  cblas_dgemv(CblasRowMajor, CblasTrans, (int)i, (int)(m + 1), -1, panel_w + j, (int)n, panel_v + j,
              (int)n, 1, v - 1, 1);
  d[j] = v[-1];
  if (m == 0) return;
  LAPACKE_dlarfg_work((lapack_int)m, v, v + 1, 1, &tau);
  e[j] = v[0];
  v[0] = 1;
  p->m = m, p->t = a + (j + 1) * n + j + 1, p->x = v;
  sk_parallel(PIECES, 1, product_piece, p);
  memcpy(out, p->parts, (size_t)m * sizeof(double));
  for (int64_t q = 1; q < PIECES; q++) cblas_daxpy((int)m, 1, p->parts + q * m, 1, out, 1);
  if (i > 0) {
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)i, (int)m, 1, panel_w + j + 1, (int)n, v, 1, 0, t,
                1);
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)i, (int)m, -1, panel_v + j + 1, (int)n, t, 1, 1,
                out, 1);
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)i, (int)m, 1, panel_v + j + 1, (int)n, v, 1, 0, t,
                1);
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)i, (int)m, -1, panel_w + j + 1, (int)n, t, 1, 1,
                out, 1);
  }
  cblas_dscal((int)m, tau, out, 1);
  cblas_daxpy((int)m, -0.5 * tau * cblas_ddot((int)m, out, 1, v, 1), v, 1, out, 1);
}

int64_t sk_tridiagonal_scratch(int64_t n) { return (PANEL + PIECES) * n * (int64_t)sizeof(double); }

void sk_tridiagonal(int64_t n, double *a, double *d, double *e, double *scratch) {
  double *w = scratch; /* [PANEL][n] */
  trailing p = {.n = n, .parts = scratch + PANEL * n};
  for (int64_t start = 0; start < n; start += PANEL) {
    int64_t end = min64(start + PANEL, n), tiles = (n - end + TILE - 1) / TILE;
    for (int64_t j = start; j < end; j++) reflect(&p, a, w, start, j, d, e);
    p.m = n - end, p.t = a + end * n + end, p.panel = end - start;
    p.v = a + start * n + end, p.w = w + end;
    sk_parallel(tiles * (tiles + 1) / 2, 1, update_piece, &p);
  }
}
