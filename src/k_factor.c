/* Factors of matrices: QR and Cholesky. */
#include "lapack.h"
#include <string.h>

/* out[r,n], the upper triangle of what LAPACK left in t (columns are rows of `ld`). */
#define UPPER(T)                                                                                   \
  static void upper_##T(const T *t, int64_t ld, int64_t r, int64_t n, T *out) {                    \
    for (int64_t i = 0; i < r; i++) {                                                              \
      int64_t zeros = i < n ? i : n;                                                               \
      memset(out + i * n, 0, (size_t)zeros * sizeof(T));                                           \
      for (int64_t j = i; j < n; j++) out[i * n + j] = t[j * ld + i];                              \
    }                                                                                              \
  }
UPPER(float)
UPPER(double)

/* q[m,c] and r[c,n]: c = min(m,n), or m in full. */
sk_status sk_each_qr(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault) {
  sk_dtype dtype = job->dtype;
  int64_t m = job->m, n = job->n, size = sk_itemsize[dtype], low = m < n ? m : n;
  int64_t c = job->full ? m : low;
  lapack_int lm = (lapack_int)m, ln = (lapack_int)n, lc = (lapack_int)c, lr = (lapack_int)low;
  lapack_int ld = m > 0 ? lm : 1;
  bool wanted = job->out[0];
  if (i < 0) {
    sk_answer x = {0}, y = {0};
    SK_LAPACK(dtype, geqrf, lm, ln, 0, ld, 0, (void *)&x, -1);
    SK_LAPACK(dtype, orgqr, lm, lc, lr, 0, ld, 0, (void *)&y, -1);
    lapack_int first = sk_answered(dtype, &x), second = sk_answered(dtype, &y);
    room->asked[0] = first > second ? first : second;
  }
  lapack_int work = room->asked[0];
  void *t = sk_deal(room, m * (c > n ? c : n), size), *tau = sk_deal(room, low, size);
  void *space = sk_deal(room, work, size);
  if (i < 0) return SK_OK;
  void *r = sk_result(job, 1, i, c * n);
  sk_status status = sk_load_transposed(job, 0, i, t, fault);
  if (status != SK_OK) return status;
  lapack_int info = SK_LAPACK(dtype, geqrf, lm, ln, t, ld, tau, space, work);
  if (dtype == SK_F32)
    upper_float(t, m, c, n, r);
  else
    upper_double(t, m, c, n, r);
  if (wanted && info == 0) {
    info = SK_LAPACK(dtype, orgqr, lm, lc, lr, t, ld, tau, space, work);
    sk_transpose(dtype, c, m, t, m, sk_result(job, 0, i, m * c));
  }
  return sk_found(info, SK_EARG, fault);
}

/* Our lower triangle is the upper one of LAPACK's matrix, and so is the factor. */
sk_status sk_each_cholesky(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault) {
  int64_t n = job->n, size = sk_itemsize[job->dtype];
  (void)room;
  if (i < 0) return SK_OK;
  char *l = sk_result(job, 0, i, n * n);
  sk_status status = sk_load(job, 0, i, l, fault);
  if (status != SK_OK) return status;
  lapack_int info = SK_LAPACK(job->dtype, potrf, 'U', (lapack_int)n, (void *)l, (lapack_int)n);
  for (int64_t r = 0; r < n; r++)
    memset(l + (r * n + r + 1) * size, 0, (size_t)((n - r - 1) * size));
  return sk_found(info, SK_ENOTPOSITIVE, fault);
}
