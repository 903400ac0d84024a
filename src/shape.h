/* Floor 0: what an array is, and pure functions of shapes and strides. No Lua, no allocation. */
#ifndef SK_SHAPE_H
#define SK_SHAPE_H

#include "dtype.h"
#include <stdbool.h>
#include <stddef.h>

#define SK_MAXDIM 8

/* A strided window on memory that somebody else owns. Strides are in bytes, and may be 0
 * (broadcast) or negative. */
typedef struct sk_array {
  char *data; /* the first element */
  sk_dtype dtype;
  int ndim; /* 0: a scalar, one element */
  int64_t shape[SK_MAXDIM];
  int64_t stride[SK_MAXDIM];
} sk_array;

int64_t sk_count(int ndim,
                 const int64_t *shape); /* elements, or -1 when that or the bytes overflow */
int64_t sk_numel(const sk_array *a);
void sk_pack(sk_array *a); /* sets C-order strides for a->shape */
sk_array sk_packed(sk_dtype dtype, int ndim, const int64_t *shape, void *data);
bool sk_is_contiguous(const sk_array *a);
bool sk_same_shape(const sk_array *a, const sk_array *b);

/* 1-based, negative from the end -> 0-based; false when out of range. */
bool sk_index(int64_t i, int64_t n, int64_t *zero_based);
bool sk_axis(int64_t dim, int ndim, int *zero_based);
/* Inclusive first..last with step (not 0) over n elements; an empty range such as 3..2 is allowed.
 */
bool sk_range(int64_t first, int64_t last, int64_t step, int64_t n, int64_t *start, int64_t *count);

/* The shape of a (op) b by NumPy's rule; false when they do not fit. */
bool sk_broadcast(const sk_array *a, const sk_array *b, int *ndim, int64_t *shape);
/* a seen with a broadcast shape: stride 0 along what is repeated; false when it does not fit. */
bool sk_expand(const sk_array *a, int ndim, const int64_t *shape, sk_array *view);
/* One -1 in shape is worked out; false when the counts differ. */
bool sk_infer(int64_t count, int ndim, int64_t *shape);
/* a with another shape and no copy; false when the strides do not allow it. */
bool sk_reshape(const sk_array *a, int ndim, const int64_t *shape, sk_array *view);
sk_array sk_permuted(const sk_array *a, const int *order);
sk_array sk_select(const sk_array *a, int axis, int64_t i);
sk_array sk_slice(const sk_array *a, int axis, int64_t start, int64_t step, int64_t count);
/* Do two arrays touch a common byte (by their outer bounds)? Are they the same window? */
bool sk_overlap(const sk_array *a, const sk_array *b);
bool sk_same_window(const sk_array *a, const sk_array *b);

/* One walk over up to 4 arrays of the same shape: neighbouring dimensions that all arrays step
   through evenly are merged, so that contiguous data becomes one long inner loop. */
#define SK_MAXOPS 4
typedef struct sk_loop {
  int nops, ndim;
  int64_t count; /* elements in all */
  int64_t n[SK_MAXDIM];
  int64_t step[SK_MAXDIM][SK_MAXOPS];
  char *base[SK_MAXOPS];
} sk_loop;

typedef void (*sk_inner)(void *ctx, int64_t n, char *const *p, const int64_t *step);

void sk_loop_init(sk_loop *w, int nops, const sk_array *const *arrays);
/* Calls inner for the elements first .. last-1 (0-based, C order), a run along the last dimension
 * each. */
void sk_loop_run(const sk_loop *w, int64_t first, int64_t last, sk_inner inner, void *ctx);

#endif
