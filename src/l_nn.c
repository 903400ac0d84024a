/* Fused functions of learning: softmax and cross-entropy over rows, optimiser steps. */
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

static sk_array *check_like(lua_State *L, int idx, const sk_array *a) {
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
  check_like(L, 2, a);
  const sk_array *z = sk_contiguous(L, 1, a->dtype), *p = sk_contiguous(L, 2, a->dtype);
  sk_array *out = sk_new(L, a->dtype, 1, a->shape);
  sk_cross_entropy(a->dtype, z->data, p->data, a->shape[0], a->shape[1], out->data);
  return 1;
}

/* cross_entropy_grad(z, p, g[rows]) -> [rows,n] */
static int nn_cross_entropy_grad(lua_State *L) {
  sk_array *a = sk_check_float(L, 1), *g = sk_check_float(L, 3);
  check_like(L, 2, a);
  if (a->ndim != 2 || g->ndim != 1 || g->shape[0] != a->shape[0] || g->dtype != a->dtype)
    sk_fail(L, 3, "one gradient a row expected, got %s", sk_describe(L, g));
  const sk_array *z = sk_contiguous(L, 1, a->dtype), *p = sk_contiguous(L, 2, a->dtype);
  const sk_array *gc = sk_contiguous(L, 3, a->dtype);
  sk_array *out = sk_new(L, a->dtype, 2, a->shape);
  sk_cross_entropy_grad(a->dtype, z->data, p->data, gc->data, a->shape[0], a->shape[1], out->data);
  return 1;
}

/* A tensor of the parameter's kind that a step changes in place. */
static void *check_state(lua_State *L, int idx, const sk_array *x) {
  sk_array *a = check_like(L, idx, x);
  if (!sk_is_contiguous(a)) sk_fail(L, idx, "contiguous tensor expected, got a view");
  sk_check_writable(L, idx);
  return a->data;
}

static double field(lua_State *L, int idx, const char *name) {
  if (lua_getfield(L, idx, name) != LUA_TNUMBER)
    sk_fail(L, idx, "%s must be a number, got %s", name, sk_kind(L, -1));
  double v = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return v;
}

static bool flag(lua_State *L, int idx, const char *name) {
  lua_getfield(L, idx, name);
  bool v = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return v;
}

/* adam(x, g, m, v, settings) */
static int nn_adam(lua_State *L) {
  sk_array *x = sk_check_float(L, 1);
  check_like(L, 2, x);
  check_state(L, 1, x);
  void *m = check_state(L, 3, x), *v = check_state(L, 4, x);
  sk_check_table(L, 5);
  sk_adam_settings s = {.lr = field(L, 5, "lr"),
                        .beta1 = field(L, 5, "beta1"),
                        .beta2 = field(L, 5, "beta2"),
                        .eps = field(L, 5, "eps"),
                        .weight_decay = field(L, 5, "weight_decay"),
                        .t = (int64_t)field(L, 5, "t"),
                        .decoupled = flag(L, 5, "decoupled")};
  const sk_array *gc = sk_contiguous(L, 2, x->dtype);
  sk_adam(&s, x->dtype, sk_numel(x), x->data, gc->data, m, v);
  sk_touch(L, 1), sk_touch(L, 3), sk_touch(L, 4);
  return 0;
}

/* sgd(x, g, momentum or nil, settings) */
static int nn_sgd(lua_State *L) {
  sk_array *x = sk_check_float(L, 1);
  check_like(L, 2, x);
  check_state(L, 1, x);
  void *b = lua_isnoneornil(L, 3) ? 0 : check_state(L, 3, x);
  sk_check_table(L, 4);
  sk_sgd_settings s = {.lr = field(L, 4, "lr"),
                       .momentum = field(L, 4, "momentum"),
                       .dampening = field(L, 4, "dampening"),
                       .weight_decay = field(L, 4, "weight_decay"),
                       .nesterov = flag(L, 4, "nesterov"),
                       .first = flag(L, 4, "first")};
  const sk_array *gc = sk_contiguous(L, 2, x->dtype);
  sk_sgd(&s, x->dtype, sk_numel(x), x->data, gc->data, b);
  sk_touch(L, 1);
  if (b) sk_touch(L, 3);
  return 0;
}

/* all_finite(t) -> boolean: no NaN and no Inf */
static int nn_all_finite(lua_State *L) {
  sk_array *a = sk_check_float(L, 1);
  const sk_array *c = sk_contiguous(L, 1, a->dtype);
  lua_pushboolean(L, sk_all_finite(a->dtype, sk_numel(a), c->data));
  return 1;
}

static const luaL_Reg functions[] = {{"softmax", nn_softmax},
                                     {"log_softmax", nn_log_softmax},
                                     {"cross_entropy", nn_cross_entropy},
                                     {"cross_entropy_grad", nn_cross_entropy_grad},
                                     {"adam", nn_adam},
                                     {"all_finite", nn_all_finite},
                                     {"sgd", nn_sgd},
                                     {0, 0}};

int sk_open_nn(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
