/* Singular values and vectors. LAPACK is quickest with tall matrices, for which it has a way of
   its own: a wide one goes to it as it lies, and is tall there; of a tall one the transpose
   goes. */
#include "lapack.h"
#include <string.h>

typedef struct problem {
  lapack_int m, n, r; /* as LAPACK sees it: tall, or square */
  lapack_int u, vt;   /* columns of u[m,u] and rows of vt[vt,n] that are wanted, or 0 */
  lapack_int work;    /* elements */
  char job;           /* 'N', 'S' or 'A' */
} problem;

static lapack_int largest(lapack_int a, lapack_int b) { return a > b ? a : b; }

static problem problem_of(int64_t rows, int64_t cols, char job) {
  problem p = {.job = job};
  p.m = (lapack_int)(rows > cols ? rows : cols), p.n = (lapack_int)(rows > cols ? cols : rows);
  p.r = p.n;
  p.u = job == 'N' ? 0 : job == 'A' ? p.m : p.r, p.vt = job == 'N' ? 0 : p.n;
  return p;
}

/* With the work space that gesdd and gesvd ask for. */
static problem with_work(sk_dtype dtype, problem p) {
  char job = p.job;
  lapack_int i = 0;
  sk_answer a = {0}, b = {0};
  SK_LAPACK(dtype, gesdd, job, p.m, p.n, 0, largest(p.m, 1), 0, 0, largest(p.m, 1), 0,
            largest(p.vt, 1), (void *)&a, -1, &i);
  SK_LAPACK(dtype, gesvd, job, job, p.m, p.n, 0, largest(p.m, 1), 0, 0, largest(p.m, 1), 0,
            largest(p.vt, 1), (void *)&b, -1);
  p.work = largest(sk_answered(dtype, &a), sk_answered(dtype, &b));
  return p;
}

/* --- one packed matrix, values only ----------------------------------------------------------- */

int64_t sk_svdvals_scratch(sk_dtype dtype, int64_t rows, int64_t cols) {
  problem p = with_work(dtype, problem_of(rows, cols, 'N'));
  sk_room room = {0};
  sk_deal(&room, rows > cols ? rows * cols : 0, sk_itemsize[dtype]);
  sk_deal(&room, p.work, sk_itemsize[dtype]);
  sk_deal(&room, 8 * (int64_t)p.r, sizeof(lapack_int));
  return room.used;
}

sk_status sk_svdvals(sk_dtype dtype, int64_t rows, int64_t cols, void *a, void *values,
                     void *scratch) {
  problem p = with_work(dtype, problem_of(rows, cols, 'N'));
  sk_room room = {.at = (uintptr_t)scratch};
  void *turned = sk_deal(&room, rows > cols ? rows * cols : 0, sk_itemsize[dtype]);
  void *work = sk_deal(&room, p.work, sk_itemsize[dtype]);
  lapack_int *iwork = sk_deal(&room, 8 * (int64_t)p.r, sizeof(lapack_int));
  if (p.r == 0) return SK_OK;
  if (rows > cols) {
    sk_transpose(dtype, rows, cols, a, cols, turned);
    a = turned;
  }
  lapack_int info =
      SK_LAPACK(dtype, gesdd, 'N', p.m, p.n, a, p.m, values, 0, p.m, 0, 1, work, p.work, iwork);
  return info == 0 ? SK_OK : info > 0 ? SK_ENOCONV : SK_EARG;
}

/* --- of a batch ------------------------------------------------------------------------------- */

static void fill_identity(sk_dtype dtype, int64_t n, void *to) {
  memset(to, 0, (size_t)(n * n * sk_itemsize[dtype]));
  for (int64_t i = 0; i < n; i++)
    if (dtype == SK_F32)
      ((float *)to)[i * n + i] = 1;
    else
      ((double *)to)[i * n + i] = 1;
}

static sk_status load(const sk_matrices *job, int64_t i, void *a, sk_fault *fault) {
  return job->m > job->n ? sk_load_transposed(job, 0, i, a, fault) : sk_load(job, 0, i, a, fault);
}

static sk_status decompose(const sk_matrices *job, char way, int64_t i, sk_room *room,
                           sk_fault *fault) {
  sk_dtype dtype = job->dtype;
  int64_t m = job->m, n = job->n, size = sk_itemsize[dtype];
  bool tall = m > n, turn = tall && way != 'N';
  problem p = problem_of(m, n, way);
  if (i < 0) room->asked[0] = with_work(dtype, p).work;
  p.work = room->asked[0];
  void *a = sk_deal(room, m * n, size), *work = sk_deal(room, p.work, size);
  void *left = sk_deal(room, turn ? (int64_t)p.m * p.u : 0, size);
  void *right = sk_deal(room, turn ? (int64_t)p.n * p.vt : 0, size);
  lapack_int *iwork = sk_deal(room, 8 * (int64_t)p.r, sizeof(lapack_int));
  if (i < 0) return SK_OK;
  int64_t us = m * (tall ? p.u : p.vt), vs = n * (tall ? p.vt : p.u);
  void *u = sk_result(job, 0, i, us), *s = sk_result(job, 1, i, p.r);
  void *vh = sk_result(job, 2, i, vs);
  if (p.r == 0) { /* bases of nothing; those of the whole space are wanted in full */
    if (us > 0) fill_identity(dtype, m, u);
    if (vs > 0) fill_identity(dtype, n, vh);
    return SK_OK;
  }
  /* Where LAPACK sees the transpose, what it calls u is our vh, and the other
     way round; and its columns are our rows. */
  void *lu = tall ? left : vh, *lvt = tall ? right : u;
  lapack_int ldvt = largest(p.vt, 1);
  sk_status status = load(job, i, a, fault);
  if (status != SK_OK) return status;
  lapack_int info =
      SK_LAPACK(dtype, gesdd, way, p.m, p.n, a, p.m, s, lu, p.m, lvt, ldvt, work, p.work, iwork);
  if (info > 0) { /* slower, and surer */
    load(job, i, a, fault);
    info = SK_LAPACK(dtype, gesvd, way, way, p.m, p.n, a, p.m, s, lu, p.m, lvt, ldvt, work, p.work);
  }
  if (info == 0 && turn) {
    sk_transpose(dtype, p.u, p.m, left, p.m, u);
    sk_transpose(dtype, p.n, p.vt, right, p.vt, vh);
  }
  return sk_found(info, SK_ENOCONV, fault);
}

sk_status sk_each_svd(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault) {
  return decompose(job, job->full ? 'A' : 'S', i, room, fault);
}

sk_status sk_each_svdvals(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault) {
  return decompose(job, 'N', i, room, fault);
}
