/* Eigenvalues of symmetric matrices and singular values, over LAPACK with the caller's scratch. Our
   rows are LAPACK's columns: a symmetric matrix is its own transpose, and singular values do not
   care. NaN and infinities must have been refused before: LAPACK may hang on them. */
#include "kernel.h"
#include <lapacke.h>
#include <math.h>

#define LARGE 1024 /* float64 matrices from here on are worth several threads */

/* --- eigenvalues ------------------------------------------------------------------------------ */

static sk_status status_of(lapack_int info) {
  return info == 0 ? SK_OK : info > 0 ? SK_ENOCONV : SK_EARG;
}

/* A float32 that counts may have been rounded down. */
static lapack_int count_of(double answer) { return (lapack_int)ceil(answer * 1.000001); }

typedef struct sizes {
  lapack_int work, iwork;
} sizes;

static sizes eigh_sizes(sk_dtype dtype, lapack_int n, char job) {
  lapack_int i = 0, ld = n > 0 ? n : 1;
  if (dtype == SK_F32) {
    float f = 0;
    LAPACKE_ssyevd_work(LAPACK_COL_MAJOR, job, 'U', n, 0, ld, 0, &f, -1, &i, -1);
    return (sizes){count_of(f), i};
  }
  double d = 0;
  LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'U', n, 0, ld, 0, &d, -1, &i, -1);
  return (sizes){count_of(d), i};
}

static bool threaded(sk_dtype dtype, int64_t n, bool vectors) {
  return dtype == SK_F64 && n >= LARGE && !vectors;
}

int64_t sk_eigh_scratch(sk_dtype dtype, int64_t n, bool vectors) {
  if (threaded(dtype, n, vectors)) return sk_tridiagonal_scratch(n) + n * (int64_t)sizeof(double);
  sizes s = eigh_sizes(dtype, (lapack_int)n, vectors ? 'V' : 'N');
  return (int64_t)s.work * sk_itemsize[dtype] +
         (int64_t)(s.iwork + 1) * (int64_t)sizeof(lapack_int);
}

/* LAPACK leaves eigenvector j in its column j, our row j. */
#define TRANSPOSE(T)                                                                               \
  static void transpose_##T(T *a, int64_t n) {                                                     \
    for (int64_t i = 0; i < n; i++)                                                                \
      for (int64_t j = 0; j < i; j++) {                                                            \
        T t = a[i * n + j];                                                                        \
        a[i * n + j] = a[j * n + i];                                                               \
        a[j * n + i] = t;                                                                          \
      }                                                                                            \
  }
TRANSPOSE(float)
TRANSPOSE(double)

/* The lower triangle above the diagonal as well. */
static void mirror(double *a, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
}

static sk_status eigenvalues(int64_t n, double *a, double *values, double *scratch) {
  double *e = scratch, *rest = e + n;
  mirror(a, n);
  sk_tridiagonal(n, a, values, e, rest);
  return status_of(LAPACKE_dsterf_work((lapack_int)n, values, e));
}

sk_status sk_eigh(sk_dtype dtype, int64_t n, void *a, void *values, bool vectors, void *scratch) {
  if (threaded(dtype, n, vectors)) return eigenvalues(n, a, values, scratch);
  char job = vectors ? 'V' : 'N';
  lapack_int m = (lapack_int)n, info;
  sizes s = eigh_sizes(dtype, m, job);
  lapack_int *iwork = scratch; /* first, since its alignment asks for less */
  char *work = (char *)scratch + ((s.iwork + 1) / 2 * 2) * (int64_t)sizeof(lapack_int);
  if (n == 0) return SK_OK;
  if (dtype == SK_F32) {
    info = LAPACKE_ssyevd_work(LAPACK_COL_MAJOR, job, 'U', m, a, m, values, (float *)work, s.work,
                               iwork, s.iwork);
    if (vectors) transpose_float(a, n);
  } else {
    info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'U', m, a, m, values, (double *)work, s.work,
                               iwork, s.iwork);
    if (vectors) transpose_double(a, n);
  }
  return status_of(info);
}

/* --- singular values -------------------------------------------------------------------------- */

static lapack_int svdvals_size(sk_dtype dtype, lapack_int m, lapack_int n) {
  lapack_int i = 0, ld = m > 0 ? m : 1;
  if (dtype == SK_F32) {
    float f = 0;
    LAPACKE_sgesdd_work(LAPACK_COL_MAJOR, 'N', m, n, 0, ld, 0, 0, 1, 0, 1, &f, -1, &i);
    return count_of(f);
  }
  double d = 0;
  LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'N', m, n, 0, ld, 0, 0, 1, 0, 1, &d, -1, &i);
  return count_of(d);
}

int64_t sk_svdvals_scratch(sk_dtype dtype, int64_t rows, int64_t cols) {
  int64_t r = rows < cols ? rows : cols;
  return svdvals_size(dtype, (lapack_int)cols, (lapack_int)rows) * (int64_t)sk_itemsize[dtype] +
         8 * r * (int64_t)sizeof(lapack_int);
}

sk_status sk_svdvals(sk_dtype dtype, int64_t rows, int64_t cols, void *a, void *values,
                     void *scratch) {
  lapack_int m = (lapack_int)cols, n = (lapack_int)rows, r = m < n ? m : n, info;
  lapack_int *iwork = scratch;
  void *work = iwork + 8 * r;
  if (r == 0) return SK_OK;
  lapack_int size = svdvals_size(dtype, m, n);
  if (dtype == SK_F32)
    info = LAPACKE_sgesdd_work(LAPACK_COL_MAJOR, 'N', m, n, a, m, values, 0, 1, 0, 1, work, size,
                               iwork);
  else
    info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'N', m, n, a, m, values, 0, 1, 0, 1, work, size,
                               iwork);
  return status_of(info);
}
