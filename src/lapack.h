/* Floor 1: what the files that call LAPACK share. Our rows are LAPACK's columns: a matrix handed
   over as it lies is to LAPACK its own transpose. */
#ifndef SK_LAPACK_H
#define SK_LAPACK_H

#include "kernel.h"
#include <cblas.h>
#include <lapacke.h>

/* One routine of two precisions; matrices go as void pointers. */
#define SK_LAPACK(DTYPE, NAME, ...)                                                                \
  ((DTYPE) == SK_F32 ? LAPACKE_s##NAME##_work(LAPACK_COL_MAJOR, __VA_ARGS__)                       \
                     : LAPACKE_d##NAME##_work(LAPACK_COL_MAJOR, __VA_ARGS__))

/* LAPACK's answer to a question for its work space; a float32 that counts may have been rounded
   down. */
typedef union sk_answer {
  float f;
  double d;
} sk_answer;
static inline lapack_int sk_answered(sk_dtype dtype, const sk_answer *a) {
  double n = dtype == SK_F32 ? (double)a->f * 1.000001 + 1 : a->d;
  return n < 1 ? 1 : (lapack_int)n;
}

/* Scratch dealt out in parts of 64 bytes' alignment. From nowhere (at = 0) the parts are only
   counted; then LAPACK is asked for its work space, and the answers kept for all matrices. */
typedef struct sk_room {
  uintptr_t at;
  int64_t used;
  lapack_int asked[2];
  const void **held; /* whose factors the scratch holds from the matrix before */
} sk_room;
static inline void *sk_deal(sk_room *room, int64_t count, int64_t size) {
  void *p = (void *)(room->at + (uintptr_t)room->used);
  room->used += (count * size + 63) & ~(int64_t)63;
  return p;
}

/* to[cols,rows] = the transpose of from[rows,cols], whose rows are ld elements apart. */
void sk_transpose(sk_dtype dtype, int64_t rows, int64_t cols, const void *from, int64_t ld,
                  void *to);

/* Matrix i of operand `which` (0, 1), and the same brought to packed memory, as it is or
   transposed. */
sk_array sk_plane(const sk_matrices *job, int which, int64_t i);
sk_status sk_load(const sk_matrices *job, int which, int64_t i, void *to, sk_fault *fault);
sk_status sk_load_transposed(const sk_matrices *job, int which, int64_t i, void *to,
                             sk_fault *fault);

/* The operations, on matrix i: each first deals itself its scratch; with i below 0 that is all. */
typedef sk_status (*sk_each)(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);
sk_status sk_each_eigh(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);
sk_status sk_each_svd(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);
sk_status sk_each_svdvals(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);
sk_status sk_each_qr(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);
sk_status sk_each_cholesky(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);
sk_status sk_each_solve(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);
sk_status sk_each_triangular(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);
sk_status sk_each_inv(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);
sk_status sk_each_det(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);
sk_status sk_each_lstsq(const sk_matrices *job, int64_t i, sk_room *room, sk_fault *fault);

/* The place of matrix i in an output, of `size` elements each; NULL where it is not wanted. */
static inline void *sk_result(const sk_matrices *job, int which, int64_t i, int64_t size) {
  char *p = job->out[which];
  return p ? p + i * size * sk_itemsize[job->dtype] : 0;
}
/* LAPACK's positive info as a fault of that kind. */
static inline sk_status sk_found(lapack_int info, sk_status kind, sk_fault *fault) {
  if (info == 0) return SK_OK;
  fault->detail = info;
  return info > 0 ? kind : SK_EARG;
}

#endif
