/* Systems of equations: by LU factors, triangular ones, least squares; inverses and
   determinants. */
#include "lapack.h"
#include <math.h>
#include <string.h>

#define FEW 8 /* rows */

/* a is factored in place. To LAPACK it is its transpose, a' = p' l u. */
static lapack_int factor(sk_dtype dtype, int64_t n, void *a, lapack_int *pivot) {
  return SK_LAPACK(dtype, getrf, (lapack_int)n, (lapack_int)n, a, (lapack_int)n, pivot);
}

static void swap_rows(char *x, char *y, int64_t bytes) {
  char t[256];
  for (int64_t at = 0; x != y && at < bytes; at += (int64_t)sizeof t) {
    size_t part = (size_t)(bytes - at < (int64_t)sizeof t ? bytes - at : (int64_t)sizeof t);
    memcpy(t, x + at, part);
    memcpy(x + at, y + at, part);
    memcpy(y + at, t, part);
  }
}

/* For few rows, where the BLAS's ado is longer than the work. */
#define SUBSTITUTE(T)                                                                              \
  SK_CLONES static void substitute_##T(bool upper, bool unit, int64_t n, int64_t k, const T *a,    \
                                       T *x) {                                                     \
    for (int64_t at = 0; at < n; at++) {                                                           \
      int64_t r = upper ? n - 1 - at : at;                                                         \
      for (int64_t c = upper ? r + 1 : 0; c < (upper ? n : r); c++)                                \
        for (int64_t j = 0; j < k; j++) x[r * k + j] -= a[r * n + c] * x[c * k + j];               \
      T over = unit ? 1 : 1 / a[r * n + r];                                                        \
      for (int64_t j = 0; j < k; j++) x[r * k + j] *= over;                                        \
    }                                                                                              \
  }
SUBSTITUTE(float)
SUBSTITUTE(double)

/* x[n,k] = b solved by the triangle, a[n,n], as rows. */
static void triangle(sk_dtype dtype, bool upper, bool unit, int64_t n, int64_t k, const void *a,
                     void *x) {
  int rows = (int)n, cols = (int)k;
  CBLAS_UPLO uplo = upper ? CblasUpper : CblasLower;
  CBLAS_DIAG diag = unit ? CblasUnit : CblasNonUnit;
  if (n <= FEW && dtype == SK_F32)
    substitute_float(upper, unit, n, k, a, x);
  else if (n <= FEW)
    substitute_double(upper, unit, n, k, a, x);
  else if (dtype == SK_F32)
    cblas_strsm(CblasRowMajor, CblasLeft, uplo, CblasNoTrans, diag, rows, cols, 1, a, rows, x,
                cols);
  else
    cblas_dtrsm(CblasRowMajor, CblasLeft, uplo, CblasNoTrans, diag, rows, cols, 1, a, rows, x,
                cols);
}

/* In rows, a = l u p with l = LAPACK's u', whose diagonal counts, and u = its l', of unit
   diagonal. So the right-hand sides stay as they lie. */
static void solve_factored(sk_dtype dtype, int64_t n, int64_t k, const void *a,
                           const lapack_int *pivot, char *x) {
  int64_t bytes = k * sk_itemsize[dtype];
  triangle(dtype, false, false, n, k, a, x);
  triangle(dtype, true, true, n, k, a, x);
  for (int64_t r = n - 1; r >= 0; r--) swap_rows(x + r * bytes, x + (pivot[r] - 1) * bytes, bytes);
}

sk_status sk_each_solve(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault) {
  int64_t n = job->n, k = job->k, size = sk_itemsize[job->dtype];
  void *a = sk_deal(room, n * n, size);
  lapack_int *pivot = sk_deal(room, n, sizeof(lapack_int));
  if (i < 0) return SK_OK;
  char *x = sk_result(job, 0, i, n * k);
  const void *source = sk_plane(job, 0, i).data;
  sk_status status = sk_load(job, 1, i, x, fault);
  if (status == SK_OK && *room->held != source) { /* one matrix with many sides is factored once */
    status = sk_load(job, 0, i, a, fault);
    if (status == SK_OK) status = sk_found(factor(job->dtype, n, a, pivot), SK_ESINGULAR, fault);
    *room->held = status == SK_OK ? source : 0;
  }
  if (status != SK_OK) return status;
  solve_factored(job->dtype, n, k, a, pivot, x);
  return SK_OK;
}

static double element(sk_dtype dtype, const void *a, int64_t i) {
  return dtype == SK_F32 ? (double)((const float *)a)[i] : ((const double *)a)[i];
}

static void set_element(sk_dtype dtype, void *a, int64_t i, double x) {
  if (dtype == SK_F32)
    ((float *)a)[i] = (float)x;
  else
    ((double *)a)[i] = x;
}

/* full: the upper triangle is read, otherwise the lower one. */
sk_status sk_each_triangular(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault) {
  int64_t n = job->n, k = job->k;
  void *a = sk_deal(room, n * n, sk_itemsize[job->dtype]);
  if (i < 0) return SK_OK;
  void *x = sk_result(job, 0, i, n * k);
  sk_status status = sk_load(job, 0, i, a, fault);
  if (status == SK_OK) status = sk_load(job, 1, i, x, fault);
  if (status != SK_OK) return status;
  for (int64_t r = 0; r < n; r++)
    if (element(job->dtype, a, r * n + r) == 0)
      return sk_found((lapack_int)r + 1, SK_ESINGULAR, fault);
  triangle(job->dtype, job->full, false, n, k, a, x);
  return SK_OK;
}

static void fill_identity(sk_dtype dtype, int64_t n, void *to) {
  memset(to, 0, (size_t)(n * n * sk_itemsize[dtype]));
  for (int64_t r = 0; r < n; r++) set_element(dtype, to, r * n + r, 1);
}

sk_status sk_each_inv(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault) {
  sk_dtype dtype = job->dtype;
  int64_t n = job->n, size = sk_itemsize[dtype];
  lapack_int ln = (lapack_int)n;
  if (i < 0) {
    sk_answer answer = {0};
    SK_LAPACK(dtype, getri, ln, 0, ln > 0 ? ln : 1, 0, (void *)&answer, -1);
    room->asked[0] = sk_answered(dtype, &answer);
  }
  lapack_int work = room->asked[0];
  lapack_int *pivot = sk_deal(room, n, sizeof(lapack_int));
  void *few = sk_deal(room, n <= FEW ? n * n : 0, size), *space = sk_deal(room, work, size);
  if (i < 0) return SK_OK;
  void *out = sk_result(job, 0, i, n * n), *a = n <= FEW ? few : out;
  sk_status status = sk_load(job, 0, i, a, fault);
  if (status != SK_OK) return status;
  lapack_int info = factor(dtype, n, a, pivot);
  if (info == 0 && n <= FEW) {
    fill_identity(dtype, n, out);
    solve_factored(dtype, n, n, a, pivot, out);
  } else if (info == 0)
    info = SK_LAPACK(dtype, getri, ln, a, ln, pivot, space, work);
  return sk_found(info, SK_ESINGULAR, fault);
}

/* The sign and the logarithm, or in full the determinant itself. Its factors are gathered as
   mantissa and exponent, so that nothing overflows on the way. */
sk_status sk_each_det(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault) {
  int64_t n = job->n;
  void *a = sk_deal(room, n * n, sk_itemsize[job->dtype]);
  lapack_int *pivot = sk_deal(room, n, sizeof(lapack_int));
  if (i < 0) return SK_OK;
  sk_status status = sk_load(job, 0, i, a, fault);
  if (status != SK_OK) return status;
  if (n > 0) factor(job->dtype, n, a, pivot);
  double mantissa = 1;
  int64_t exponent = 0;
  for (int64_t r = 0; r < n; r++) {
    int e;
    mantissa = frexp(mantissa * element(job->dtype, a, r * n + r), &e);
    exponent += e;
    if (pivot[r] != r + 1) mantissa = -mantissa;
  }
  if (job->full) {
    int e = exponent > 5000 ? 5000 : exponent < -5000 ? -5000 : (int)exponent;
    set_element(job->dtype, job->out[0], i, ldexp(mantissa, e) + 0.0);
    return SK_OK;
  }
  double sign = mantissa > 0 ? 1 : mantissa < 0 ? -1 : 0;
  set_element(job->dtype, job->out[0], i, sign);
  set_element(job->dtype, job->out[1], i, log(fabs(mantissa)) + (double)exponent * M_LN2);
  return SK_OK;
}

/* x[n,k], residuals[k] (where m > n and the rank is n), rank, singular values [min(m,n)]. */
sk_status sk_each_lstsq(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault) {
  sk_dtype dtype = job->dtype;
  int64_t m = job->m, n = job->n, k = job->k, size = sk_itemsize[dtype];
  int64_t low = m < n ? m : n, tall = m > n ? m : n;
  lapack_int lm = (lapack_int)m, ln = (lapack_int)n, rank = 0, need = 1;
  lapack_int lk = k > 0 ? (lapack_int)k : 1; /* LAPACK wants one right-hand side at least */
  lapack_int ld = tall > 0 ? (lapack_int)tall : 1, la = m > 0 ? lm : 1;
  if (i < 0) {
    sk_answer answer = {0};
    SK_LAPACK(dtype, gelsd, lm, ln, lk, 0, la, 0, ld, 0, job->rcond, &rank, (void *)&answer, -1,
              &need);
    room->asked[0] = sk_answered(dtype, &answer), room->asked[1] = need > 0 ? need : 1;
  }
  lapack_int work = room->asked[0];
  void *a = sk_deal(room, m * n, size), *b = sk_deal(room, m * k, size);
  void *columns = sk_deal(room, tall * lk, size), *space = sk_deal(room, work, size);
  lapack_int *iwork = sk_deal(room, room->asked[1], sizeof(lapack_int));
  if (i < 0) return SK_OK;
  char *x = sk_result(job, 0, i, n * k);
  sk_status status = sk_load_transposed(job, 0, i, a, fault);
  if (status == SK_OK) status = sk_load_transposed(job, 1, i, b, fault);
  if (status != SK_OK) return status;
  memset(columns, 0, (size_t)(tall * lk * size));
  for (int64_t c = 0; c < k; c++)
    memcpy((char *)columns + c * tall * size, (char *)b + c * m * size, (size_t)(m * size));
  rank = 0;
  lapack_int info = 0;
  if (low > 0)
    info = SK_LAPACK(dtype, gelsd, lm, ln, lk, a, la, columns, ld, sk_result(job, 2, i, low),
                     job->rcond, &rank, space, work, iwork);
  if (info != 0) return sk_found(info, SK_ENOCONV, fault);
  ((int64_t *)job->out[3])[i] = rank;
  for (int64_t c = 0; c < k; c++) {
    double sum = 0;
    for (int64_t r = 0; r < n; r++)
      set_element(dtype, x, r * k + c, low > 0 ? element(dtype, columns, c * tall + r) : 0);
    for (int64_t r = n; r < m; r++) {
      double e = element(dtype, columns, c * tall + r);
      sum += e * e;
    }
    set_element(dtype, job->out[1], i * k + c, sum);
  }
  return SK_OK;
}
