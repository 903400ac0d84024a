/* Eigenvalues of symmetric matrices. */
#include "lapack.h"

#define LARGE                                                                                      \
  1024 /* float64 matrices from here on are worth several threads                                  \
        */

typedef struct sizes {
  lapack_int work, iwork;
} sizes;

static sizes eigh_sizes(sk_dtype dtype, int64_t size, bool vectors) {
  lapack_int i = 0, n = (lapack_int)size;
  char job = vectors ? 'V' : 'N';
  sk_answer a = {0};
  SK_LAPACK(dtype, syevd, job, 'U', n, 0, n > 0 ? n : 1, 0, (void *)&a, -1, &i, -1);
  return (sizes){sk_answered(dtype, &a), i < 1 ? 1 : i};
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
  return SK_LAPACK(dtype, syevd, job, 'U', m, a, m, values, work, s.work, iwork, s.iwork);
}

static bool in_pieces(sk_dtype dtype, int64_t n, bool vectors) {
  return dtype == SK_F64 && n >= LARGE && !vectors;
}

int64_t sk_eigh_scratch(sk_dtype dtype, int64_t n, bool vectors) {
  if (in_pieces(dtype, n, vectors)) return sk_tridiagonal_scratch(n) + n * (int64_t)sizeof(double);
  return lapack_scratch(dtype, eigh_sizes(dtype, n, vectors));
}

/* The lower triangle above the diagonal as well. */
static void mirror(double *a, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
}

static lapack_int eigenvalues(int64_t n, double *a, double *values, double *scratch) {
  double *e = scratch, *rest = e + n;
  mirror(a, n);
  sk_tridiagonal(n, a, values, e, rest);
  return LAPACKE_dsterf_work((lapack_int)n, values, e);
}

static lapack_int steady_eigh(sk_dtype dtype, int64_t n, void *a, void *values, bool vectors,
                              void *scratch) {
  if (in_pieces(dtype, n, vectors)) return eigenvalues(n, a, values, scratch);
  return lapack_eigh(dtype, n, a, values, vectors, eigh_sizes(dtype, n, vectors), scratch);
}

sk_status sk_eigh(sk_dtype dtype, int64_t n, void *a, void *values, bool vectors, void *scratch) {
  lapack_int info = n > 0 ? steady_eigh(dtype, n, a, values, vectors, scratch) : 0;
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
  sizes s = {room->asked[0], room->asked[1]};
  int64_t bytes =
      job->loose ? lapack_scratch(job->dtype, s) : sk_eigh_scratch(job->dtype, n, vectors);
  void *scratch = sk_deal(room, bytes, 1), *values = sk_result(job, 0, i, n);
  if (i < 0) return SK_OK;
  sk_status status = sk_load(job, 0, i, a, fault);
  if (status != SK_OK) return status;
  lapack_int info = job->loose ? lapack_eigh(job->dtype, n, a, values, vectors, s, scratch)
                               : steady_eigh(job->dtype, n, a, values, vectors, scratch);
  /* LAPACK leaves eigenvector j in its column j, our row j. */
  if (vectors && info == 0) sk_transpose(job->dtype, n, n, a, n, sk_result(job, 1, i, n * n));
  return sk_found(info, SK_ENOCONV, fault);
}
