#include "shape.h"

/* {== Counting ============================================================ */

int64_t sk_count(int ndim, const int64_t *shape) {
  int64_t n = 1;
  bool empty = false;
  for (int d = 0; d < ndim; d++) {
    if (shape[d] < 0) return -1;
    if (shape[d] == 0)
      empty = true;
    else if (__builtin_mul_overflow(n, shape[d], &n))
      return -1;
  }
  if (n > INT64_MAX / 16) return -1; /* room for any element size and header */
  return empty ? 0 : n;
}

int64_t sk_numel(const sk_array *a) { return sk_count(a->ndim, a->shape); }

void sk_pack(sk_array *a) {
  int64_t s = sk_itemsize[a->dtype];
  for (int d = a->ndim - 1; d >= 0; d--) {
    a->stride[d] = s;
    /* two views may ask for more than 2^63 bytes: such a shape is only compared, and wraps here */
    if (a->shape[d] > 0) (void)__builtin_mul_overflow(s, a->shape[d], &s);
  }
}

sk_array sk_packed(sk_dtype dtype, int ndim, const int64_t *shape, void *data) {
  sk_array a = {.data = data, .dtype = dtype, .ndim = ndim};
  for (int d = 0; d < ndim; d++) a.shape[d] = shape[d];
  sk_pack(&a);
  return a;
}

bool sk_is_contiguous(const sk_array *a) {
  int64_t s = sk_itemsize[a->dtype];
  if (sk_numel(a) == 0) return true;
  for (int d = a->ndim - 1; d >= 0; d--) {
    if (a->shape[d] != 1 && a->stride[d] != s) return false;
    s *= a->shape[d];
  }
  return true;
}

bool sk_same_shape(const sk_array *a, const sk_array *b) {
  if (a->ndim != b->ndim) return false;
  for (int d = 0; d < a->ndim; d++)
    if (a->shape[d] != b->shape[d]) return false;
  return true;
}

/* ==} */

/* {== Indices ============================================================= */

bool sk_index(int64_t i, int64_t n, int64_t *zero_based) {
  if (i > 0 && i <= n)
    *zero_based = i - 1;
  else if (i < 0 && i >= -n)
    *zero_based = n + i;
  else
    return false;
  return true;
}

bool sk_axis(int64_t dim, int ndim, int *zero_based) {
  int64_t d;
  if (!sk_index(dim, ndim, &d)) return false;
  *zero_based = (int)d;
  return true;
}

bool sk_range(int64_t first, int64_t last, int64_t step, int64_t n, int64_t *start,
              int64_t *count) {
  if (step == 0) return false;
  if (first < 0) first += n + 1;
  if (last < 0) last += n + 1;
  bool empty = step > 0 ? last < first : first < last;
  if (empty) { /* an empty range may stand just outside, as in t[{ {n+1, n} }] */
    *start = 0, *count = 0;
    return first >= 0 && last >= 0 && first <= n + 1 && last <= n + 1;
  }
  if (first < 1 || first > n || last < 1 || last > n) return false;
  *start = first - 1;
  *count = (last - first) / step + 1;
  return true;
}

/* ==} */

/* {== Views =============================================================== */

bool sk_broadcast(const sk_array *a, const sk_array *b, int *ndim, int64_t *shape) {
  int n = a->ndim > b->ndim ? a->ndim : b->ndim;
  for (int d = 0; d < n; d++) {
    int da = d - (n - a->ndim), db = d - (n - b->ndim);
    int64_t sa = da >= 0 ? a->shape[da] : 1, sb = db >= 0 ? b->shape[db] : 1;
    if (sa != sb && sa != 1 && sb != 1) return false;
    shape[d] = sa == 1 ? sb : sa;
  }
  *ndim = n;
  return true;
}

bool sk_expand(const sk_array *a, int ndim, const int64_t *shape, sk_array *view) {
  sk_array v = {.data = a->data, .dtype = a->dtype, .ndim = ndim};
  if (a->ndim > ndim) return false;
  for (int d = 0; d < ndim; d++) {
    int da = d - (ndim - a->ndim);
    v.shape[d] = shape[d];
    if (da < 0 || (a->shape[da] == 1 && shape[d] != 1))
      v.stride[d] = 0;
    else if (a->shape[da] == shape[d])
      v.stride[d] = a->stride[da];
    else
      return false;
  }
  *view = v;
  return true;
}

bool sk_infer(int64_t count, int ndim, int64_t *shape) {
  int open = -1;
  int64_t known = 1;
  for (int d = 0; d < ndim; d++) {
    if (shape[d] == -1 && open < 0)
      open = d;
    else if (shape[d] < 0 || __builtin_mul_overflow(known, shape[d], &known))
      return false;
  }
  if (open >= 0) {
    if (known == 0 || count % known != 0) return false;
    shape[open] = count / known;
  } else if (known != count)
    return false;
  return sk_count(ndim, shape) == count; /* 0 x 2^62 x 2^62 holds no element, and is too large */
}

/* Old dimensions are grouped with the new ones that cover the same elements; inside a group of old
   dimensions the strides must nest, then the new ones divide it evenly. */
bool sk_reshape(const sk_array *a, int ndim, const int64_t *shape, sk_array *view) {
  sk_array v = {.data = a->data, .dtype = a->dtype, .ndim = ndim};
  for (int d = 0; d < ndim; d++) v.shape[d] = shape[d];
  if (sk_is_contiguous(a)) {
    sk_pack(&v);
    *view = v;
    return true;
  }
  int64_t old_n[SK_MAXDIM], old_s[SK_MAXDIM];
  int m = 0, i = 0, j = 0;
  for (int d = 0; d < a->ndim; d++)
    if (a->shape[d] != 1) old_n[m] = a->shape[d], old_s[m++] = a->stride[d];
  while (i < m && j < ndim) {
    int i0 = i, j0 = j;
    int64_t no = old_n[i++], nn = shape[j++];
    while (no != nn) {
      if (no < nn) {
        if (i == m) return false;
        no *= old_n[i++];
      } else {
        if (j == ndim) return false;
        nn *= shape[j++];
      }
    }
    for (int k = i0; k < i - 1; k++)
      if (old_s[k] != old_s[k + 1] * old_n[k + 1]) return false;
    int64_t s = old_s[i - 1];
    for (int k = j - 1; k >= j0; k--) {
      v.stride[k] = s;
      s *= shape[k];
    }
  }
  for (; j < ndim; j++) v.stride[j] = sk_itemsize[a->dtype]; /* what is left has size 1 */
  *view = v;
  return true;
}

sk_array sk_permuted(const sk_array *a, const int *order) {
  sk_array v = *a;
  for (int d = 0; d < a->ndim; d++)
    v.shape[d] = a->shape[order[d]], v.stride[d] = a->stride[order[d]];
  return v;
}

sk_array sk_select(const sk_array *a, int axis, int64_t i) {
  sk_array v = *a;
  v.data += i * a->stride[axis];
  for (int d = axis; d < a->ndim - 1; d++)
    v.shape[d] = a->shape[d + 1], v.stride[d] = a->stride[d + 1];
  v.ndim--;
  return v;
}

sk_array sk_slice(const sk_array *a, int axis, int64_t start, int64_t step, int64_t count) {
  sk_array v = *a;
  v.data += start * a->stride[axis];
  v.shape[axis] = count;
  if (count > 1) v.stride[axis] = a->stride[axis] * step; /* otherwise step may be any number */
  return v;
}

static void bounds(const sk_array *a, const char **lo, const char **hi) {
  *lo = *hi = a->data;
  for (int d = 0; d < a->ndim; d++) {
    int64_t reach = (a->shape[d] - 1) * a->stride[d];
    if (reach > 0)
      *hi += reach;
    else
      *lo += reach;
  }
  *hi += sk_itemsize[a->dtype];
}

bool sk_overlap(const sk_array *a, const sk_array *b) {
  const char *alo, *ahi, *blo, *bhi;
  if (sk_numel(a) == 0 || sk_numel(b) == 0) return false;
  bounds(a, &alo, &ahi);
  bounds(b, &blo, &bhi);
  return (uintptr_t)alo < (uintptr_t)bhi && (uintptr_t)blo < (uintptr_t)ahi;
}

bool sk_same_window(const sk_array *a, const sk_array *b) {
  if (a->data != b->data || a->dtype != b->dtype || !sk_same_shape(a, b)) return false;
  for (int d = 0; d < a->ndim; d++)
    if (a->shape[d] > 1 && a->stride[d] != b->stride[d]) return false;
  return true;
}

/* ==} */

/* {== Walking ============================================================= */

void sk_loop_init(sk_loop *w, int nops, const sk_array *const *arrays) {
  const sk_array *a = arrays[0];
  w->nops = nops;
  w->ndim = 0;
  w->count = sk_numel(a);
  for (int k = 0; k < nops; k++) w->base[k] = arrays[k]->data;
  for (int d = 0; d < a->ndim; d++) {
    int64_t n = a->shape[d];
    if (n == 1) continue;
    int last = w->ndim - 1;
    bool merge = last >= 0;
    for (int k = 0; merge && k < nops; k++) merge = w->step[last][k] == arrays[k]->stride[d] * n;
    if (merge)
      w->n[last] *= n;
    else
      w->n[++last] = n, w->ndim++;
    for (int k = 0; k < nops; k++) w->step[last][k] = arrays[k]->stride[d];
  }
  if (w->ndim == 0) { /* one element */
    w->n[0] = 1, w->ndim = 1;
    for (int k = 0; k < nops; k++) w->step[0][k] = sk_itemsize[arrays[k]->dtype];
  }
}

void sk_loop_run(const sk_loop *w, int64_t first, int64_t last, sk_inner inner, void *ctx) {
  int64_t at[SK_MAXDIM];
  char *p[SK_MAXOPS] = {0}, *q[SK_MAXOPS];
  int in = w->ndim - 1;
  if (first >= last) return;
  int64_t rest = first;
  for (int d = in; d >= 0; d--) at[d] = rest % w->n[d], rest /= w->n[d];
  for (int k = 0; k < w->nops; k++) {
    p[k] = w->base[k];
    for (int d = 0; d < in; d++) p[k] += at[d] * w->step[d][k];
  }
  while (first < last) {
    int64_t run = w->n[in] - at[in];
    if (run > last - first) run = last - first;
    for (int k = 0; k < w->nops; k++) q[k] = p[k] + at[in] * w->step[in][k];
    inner(ctx, run, q, w->step[in]);
    first += run;
    at[in] = 0;
    for (int d = in - 1; d >= 0; d--) { /* the odometer */
      for (int k = 0; k < w->nops; k++) p[k] += w->step[d][k];
      if (++at[d] < w->n[d]) break;
      for (int k = 0; k < w->nops; k++) p[k] -= w->n[d] * w->step[d][k];
      at[d] = 0;
    }
  }
}

/* ==} */
