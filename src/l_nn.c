/* Fused functions of learning: softmax and cross-entropy over rows. */
#include "lib.h"

/* The last dimension holds the row. */
static int64_t row_length(const sk_array *a) { return a->ndim ? a->shape[a->ndim - 1] : 1; }

static int64_t row_count(const sk_array *a) {
  return a->ndim ? sk_count(a->ndim - 1, a->shape) : 1;
}

/* softmax(t, out): the kernel reads its input again after it has begun to write */
static int softmax(lua_State *L, bool logarithm) {
  sk_array *a = sk_check_float(L, 1);
  lua_settop(L, 2);
  sk_array *out = sk_out(L, 2, a->dtype, a->ndim, a->shape), *packed = out;
  if (!sk_is_contiguous(out) || sk_overlap(out, a)) packed = sk_new(L, a->dtype, a->ndim, a->shape);
  const sk_array *z = sk_contiguous(L, 1, a->dtype);
  sk_softmax(a->dtype, z->data, row_count(a), row_length(a), logarithm, packed->data);
  if (packed != out) sk_copy(packed, out);
  lua_settop(L, 3);
  return 1;
}

static int nn_softmax(lua_State *L) { return softmax(L, false); }
static int nn_log_softmax(lua_State *L) { return softmax(L, true); }

sk_array *sk_check_like(lua_State *L, int idx, const sk_array *a) {
  sk_array *b = sk_check_float(L, idx);
  if (b->dtype != a->dtype || !sk_same_shape(a, b)) {
    const char *want = sk_describe(L, a);
    sk_fail(L, idx, "%s expected, got %s", want, sk_describe(L, b));
  }
  return b;
}

/* cross_entropy(z[rows,n], p[rows,n]) -> [rows] */
static int nn_cross_entropy(lua_State *L) {
  sk_array *a = sk_check_float(L, 1);
  if (a->ndim != 2) sk_fail(L, 1, "logits [N,K] expected, got %s", sk_describe(L, a));
  sk_check_like(L, 2, a);
  const sk_array *z = sk_contiguous(L, 1, a->dtype), *p = sk_contiguous(L, 2, a->dtype);
  sk_array *out = sk_new(L, a->dtype, 1, a->shape);
  sk_cross_entropy(a->dtype, z->data, p->data, a->shape[0], a->shape[1], out->data);
  return 1;
}

/* cross_entropy_grad(z, p, g[rows]) -> [rows,n] */
static int nn_cross_entropy_grad(lua_State *L) {
  sk_array *a = sk_check_float(L, 1), *g = sk_check_float(L, 3);
  sk_check_like(L, 2, a);
  if (a->ndim != 2 || g->ndim != 1 || g->shape[0] != a->shape[0] || g->dtype != a->dtype)
    sk_fail(L, 3, "one gradient a row expected, got %s", sk_describe(L, g));
  const sk_array *z = sk_contiguous(L, 1, a->dtype), *p = sk_contiguous(L, 2, a->dtype);
  const sk_array *gc = sk_contiguous(L, 3, a->dtype);
  sk_array *out = sk_new(L, a->dtype, 2, a->shape);
  sk_cross_entropy_grad(a->dtype, z->data, p->data, gc->data, a->shape[0], a->shape[1], out->data);
  return 1;
}

static const luaL_Reg functions[] = {{"softmax", nn_softmax},
                                     {"log_softmax", nn_log_softmax},
                                     {"cross_entropy", nn_cross_entropy},
                                     {"cross_entropy_grad", nn_cross_entropy_grad},
                                     {0, 0}};

int sk_open_nn(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
