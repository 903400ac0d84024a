/* Eigenvalues of symmetric matrices. */
#include "lapack.h"

/* Rows from which eigenvalues alone are found faster by way of a band matrix: a first step to
   tridiagonal form reads the matrix once a column. */
#define LARGE 768

static bool by_band(int64_t n, bool vectors) { return n >= LARGE && !vectors; }

typedef struct sizes {
  lapack_int work, iwork;
  bool banded;
} sizes;

static sizes eigh_sizes(sk_dtype dtype, int64_t size, bool vectors) {
  bool banded = by_band(size, vectors);
  lapack_int i = 0, n = (lapack_int)size;
  char job = vectors ? 'V' : 'N';
  sk_answer a = {0};
  if (banded)
    SK_LAPACK(dtype, syevd_2stage, job, 'L', n, 0, n, 0, (void *)&a, -1, &i, -1);
  else
    SK_LAPACK(dtype, syevd, job, 'U', n, 0, n > 0 ? n : 1, 0, (void *)&a, -1, &i, -1);
  return (sizes){sk_answered(dtype, &a), i < 1 ? 1 : i, banded};
}

static int64_t lapack_scratch(sk_dtype dtype, sizes s) {
  return (int64_t)s.work * sk_itemsize[dtype] +
         (int64_t)(s.iwork + 1) * (int64_t)sizeof(lapack_int);
}

static lapack_int lapack_eigh(sk_dtype dtype, int64_t n, void *a, void *values, bool vectors,
                              sizes s, void *scratch) {
  char job = vectors ? 'V' : 'N';
  lapack_int m = (lapack_int)n;
  lapack_int *iwork = scratch; /* first, since its alignment asks for less */
  void *work = (char *)scratch + ((s.iwork + 1) / 2 * 2) * (int64_t)sizeof(lapack_int);
  if (!s.banded)
    return SK_LAPACK(dtype, syevd, job, 'U', m, a, m, values, work, s.work, iwork, s.iwork);
  sk_mirror(dtype, n, a, false); /* from the other triangle it takes a third less time */
  return SK_LAPACK(dtype, syevd_2stage, job, 'L', m, a, m, values, work, s.work, iwork, s.iwork);
}

int64_t sk_eigh_scratch(sk_dtype dtype, int64_t n, bool vectors) {
  return lapack_scratch(dtype, eigh_sizes(dtype, n, vectors));
}

sk_status sk_eigh(sk_dtype dtype, int64_t n, void *a, void *values, bool vectors, void *scratch) {
  lapack_int info = 0;
  if (n > 0)
    info = lapack_eigh(dtype, n, a, values, vectors, eigh_sizes(dtype, n, vectors), scratch);
  return info == 0 ? SK_OK : info > 0 ? SK_ENOCONV : SK_EARG;
}

sk_status sk_each_eigh(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault) {
  int64_t n = job->n, size = sk_itemsize[job->dtype];
  bool vectors = job->out[1];
  void *a = sk_deal(room, n * n, size);
  if (i < 0) {
    sizes answer = eigh_sizes(job->dtype, n, vectors);
    room->asked[0] = answer.work, room->asked[1] = answer.iwork;
  }
  sizes s = {room->asked[0], room->asked[1], by_band(n, vectors)};
  void *scratch = sk_deal(room, lapack_scratch(job->dtype, s), 1);
  void *values = sk_result(job, 0, i, n);
  if (i < 0) return SK_OK;
  sk_status status = sk_load(job, 0, i, a, fault);
  if (status != SK_OK) return status;
  lapack_int info = lapack_eigh(job->dtype, n, a, values, vectors, s, scratch);
  /* LAPACK leaves eigenvector j in its column j, our row j. */
  if (vectors && info == 0) sk_transpose(job->dtype, n, n, a, n, sk_result(job, 1, i, n * n));
  return sk_found(info, SK_ENOCONV, fault);
}
