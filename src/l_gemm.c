/* matmul(a, b, out): 1-D, 2-D and batched, transposed views without a copy. */
#include "lib.h"

#define SMALL 5e5 /* multiply-adds */

/* An operand as sk_gemm wants its matrices; a copy is made (and stays on the stack) where it must
 * be. */
static sk_array readable(lua_State *L, const sk_array *a, int ndim) {
  sk_array plane = *a;
  plane.ndim = 2;
  for (int d = 0; d < 2; d++)
    plane.shape[d] = a->shape[ndim - 2 + d], plane.stride[d] = a->stride[ndim - 2 + d];
  if (sk_gemm_takes(&plane)) return *a;
  sk_array *copy = sk_new(L, a->dtype, a->ndim, a->shape);
  sk_copy(a, copy);
  return *copy;
}

static void check_operands(lua_State *L, const sk_array *a, const sk_array *b) {
  if (a->dtype != b->dtype) {
    const char *s = sk_describe(L, a);
    sk_fail(L, 2, "dtypes differ: %s and %s (convert one with :to)", s, sk_describe(L, b));
  }
  if (a->ndim == 0 || b->ndim == 0)
    sk_fail(L, a->ndim ? 2 : 1, "a 0-dim tensor has no matrix product");
  int64_t ka = a->shape[a->ndim - 1], kb = b->shape[b->ndim > 1 ? b->ndim - 2 : 0];
  if (ka != kb) {
    const char *s = sk_describe_shape(L, a->ndim, a->shape);
    sk_fail(L, 2, "inner sizes differ: %s x %s", s, sk_describe_shape(L, b->ndim, b->shape));
  }
}

/* The BLAS counts in int. */
static void check_sizes(lua_State *L, int64_t m, int64_t n, int64_t k) {
  if (m > INT32_MAX || n > INT32_MAX || k > INT32_MAX)
    sk_error(L, "the BLAS takes sizes up to %d, got %lld x %lld x %lld", INT32_MAX, (long long)m,
             (long long)k, (long long)n);
}

/* A batch against one matrix is one tall product, where a's rows lie evenly; but small matrices of
   several rows the BLAS multiplies without copying them first, which is faster one by one. */
static bool merge(sk_array *a, sk_array *b, sk_array *c) {
  int nd = a->ndim;
  int64_t m = a->shape[nd - 2], k = a->shape[nd - 1], n = b->shape[b->ndim - 1];
  int64_t rows = sk_count(nd - 1, a->shape), shape[2] = {rows, k};
  sk_array tall, plane = *b;
  plane.ndim = 2;
  for (int d = 0; d < 2; d++)
    plane.shape[d] = b->shape[b->ndim - 2 + d], plane.stride[d] = b->stride[b->ndim - 2 + d];
  if (nd == 2 || c->ndim != nd || sk_count(b->ndim - 2, b->shape) != 1 || rows > INT32_MAX ||
      (m > 1 && (double)m * (double)n * (double)k < SMALL) || !sk_reshape(a, 2, shape, &tall) ||
      !sk_gemm_takes(&tall))
    return false;
  *a = tall, *b = plane;
  *c = sk_packed(c->dtype, 2, (int64_t[]){rows, b->shape[1]}, c->data);
  return true;
}

/* An operand with the batches of the result, repeated where it has fewer. */
static void widen(sk_array *a, const sk_array *c) {
  int64_t shape[SK_MAXDIM];
  for (int d = 0; d < c->ndim - 2; d++) shape[d] = c->shape[d];
  for (int d = 0; d < 2; d++) shape[c->ndim - 2 + d] = a->shape[a->ndim - 2 + d];
  sk_expand(a, c->ndim, shape, a);
}

static int gemm_matmul(lua_State *L) {
  sk_array a = *sk_check_float(L, 1), b = *sk_check_float(L, 2);
  bool vector_a = a.ndim == 1, vector_b = b.ndim == 1;
  int64_t shape[SK_MAXDIM], result[SK_MAXDIM];
  int lead, ndim = 0;
  lua_settop(L, 3);
  check_operands(L, &a, &b);
  if (vector_a) { /* a vector is a row on the left and a column on the right */
    a.ndim = 2, a.shape[1] = a.shape[0], a.stride[1] = a.stride[0];
    a.shape[0] = 1, a.stride[0] = a.stride[1];
  }
  if (vector_b) b.ndim = 2, b.shape[1] = 1, b.stride[1] = b.stride[0];
  sk_array la = a, lb = b;
  la.ndim -= 2, lb.ndim -= 2;
  if (!sk_broadcast(&la, &lb, &lead, shape)) {
    const char *s = sk_describe_shape(L, a.ndim, a.shape);
    sk_fail(L, 2, "batch sizes do not broadcast: %s x %s", s,
            sk_describe_shape(L, b.ndim, b.shape));
  }
  check_sizes(L, a.shape[a.ndim - 2], b.shape[b.ndim - 1], a.shape[a.ndim - 1]);
  for (; ndim < lead; ndim++) result[ndim] = shape[ndim];
  if (!vector_a) result[ndim++] = a.shape[a.ndim - 2];
  if (!vector_b) result[ndim++] = b.shape[b.ndim - 1];
  if (sk_test(L, 3)) {
    if (sk_share_storage(L, 3, 1) || sk_share_storage(L, 3, 2))
      sk_fail(L, 3, "out shares its storage with a factor");
    if (!sk_is_contiguous(sk_test(L, 3))) sk_fail(L, 3, "out must be contiguous");
  }
  sk_array *out = sk_out(L, 3, a.dtype, ndim, result), full = *out;
  int top = lua_gettop(L);
  full.ndim = lead + 2;
  for (int d = 0; d < lead; d++) full.shape[d] = shape[d];
  full.shape[lead] = a.shape[a.ndim - 2], full.shape[lead + 1] = b.shape[b.ndim - 1];
  sk_pack(&full);
  a = readable(L, &a, a.ndim), b = readable(L, &b, b.ndim);
  if (a.shape[a.ndim - 1] == 0) { /* an empty sum */
    _Alignas(8) char zero[8] = {0};
    sk_fill(&full, zero);
  } else if (sk_numel(&full) > 0) {
    if (!merge(&a, &b, &full)) {
      widen(&a, &full);
      widen(&b, &full);
    }
    sk_gemm_batch(&a, &b, &full);
  }
  lua_settop(L, top);
  return 1;
}

/* linear(x[..,k], weight[n,k], bias[n] or nil) = x weight^T + bias: the bias is laid down first,
   then the product added to it. */
static int gemm_linear(lua_State *L) {
  sk_array *x = sk_check_float(L, 1), *w = sk_check_float(L, 2);
  sk_array *bias = lua_isnoneornil(L, 3) ? 0 : sk_check_float(L, 3);
  int64_t shape[SK_MAXDIM];
  int order[2] = {1, 0};
  lua_settop(L, 3);
  if (x->ndim == 0 || w->ndim != 2 || x->dtype != w->dtype ||
      x->shape[x->ndim - 1] != w->shape[1]) {
    const char *s = sk_describe(L, x);
    sk_fail(L, 1, "input %s does not fit the weight %s", s, sk_describe(L, w));
  }
  if (bias && (bias->ndim != 1 || bias->shape[0] != w->shape[0] || bias->dtype != w->dtype)) {
    const char *s = sk_describe(L, bias);
    sk_fail(L, 3, "bias %s does not fit the weight %s", s, sk_describe(L, w));
  }
  int64_t rows = sk_count(x->ndim - 1, x->shape);
  check_sizes(L, rows, w->shape[0], w->shape[1]);
  for (int d = 0; d < x->ndim; d++) shape[d] = x->shape[d];
  shape[x->ndim - 1] = w->shape[0];
  sk_array *out = sk_new(L, x->dtype, x->ndim, shape);
  const sk_array *packed = sk_contiguous(L, 1, x->dtype);
  sk_array wt = sk_permuted(w, order), view;
  wt = readable(L, &wt, 2);
  sk_array a = sk_packed(x->dtype, 2, (int64_t[]){rows, w->shape[1]}, packed->data);
  sk_array c = sk_packed(x->dtype, 2, (int64_t[]){rows, w->shape[0]}, out->data);
  _Alignas(8) char zero[8] = {0};
  if (bias) {
    sk_expand(bias, 2, c.shape, &view);
    sk_copy(&view, &c);
  } else if (a.shape[1] == 0)
    sk_fill(&c, zero);
  if (a.shape[1] > 0) sk_gemm(&a, &wt, bias ? 1 : 0, &c);
  lua_settop(L, 4);
  return 1;
}

static const luaL_Reg functions[] = {{"matmul", gemm_matmul}, {"linear", gemm_linear}, {0, 0}};

int sk_open_gemm(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
