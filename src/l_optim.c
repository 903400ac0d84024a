/* Steps of optimisers, moving averages, and what gradients are like. */
#include "lib.h"

/* A tensor of the parameter's kind that a step changes in place. */
static void *check_state(lua_State *L, int idx, const sk_array *x) {
  sk_array *a = sk_check_like(L, idx, x);
  if (!sk_is_contiguous(a)) sk_fail(L, idx, "contiguous tensor expected, got a view");
  sk_check_writable(L, idx);
  return a->data;
}

/* The same, or NULL for nil. */
static void *opt_state(lua_State *L, int idx, const sk_array *x) {
  return lua_isnoneornil(L, idx) ? 0 : check_state(L, idx, x);
}

/* The parameter that a step begins with. */
static sk_array *check_parameter(lua_State *L) {
  sk_array *x = sk_check_float(L, 1);
  check_state(L, 1, x);
  sk_check_like(L, 2, x);
  return x;
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
static int optim_adam(lua_State *L) {
  sk_array *x = check_parameter(L);
  void *m = check_state(L, 3, x), *v = check_state(L, 4, x);
  sk_check_table(L, 5);
  sk_adam_settings s = {.lr = field(L, 5, "lr"),
                        .beta1 = field(L, 5, "beta1"),
                        .beta2 = field(L, 5, "beta2"),
                        .eps = field(L, 5, "eps"),
                        .weight_decay = field(L, 5, "weight_decay"),
                        .t = (int64_t)field(L, 5, "t"),
                        .decoupled = flag(L, 5, "decoupled")};
  const sk_array *g = sk_contiguous(L, 2, x->dtype);
  sk_adam(&s, x->dtype, sk_numel(x), x->data, g->data, m, v);
  sk_touch(L, 1), sk_touch(L, 3), sk_touch(L, 4);
  return 0;
}

/* sgd(x, g, momentum or nil, settings) */
static int optim_sgd(lua_State *L) {
  sk_array *x = check_parameter(L);
  void *b = opt_state(L, 3, x);
  sk_check_table(L, 4);
  sk_sgd_settings s = {.lr = field(L, 4, "lr"),
                       .momentum = field(L, 4, "momentum"),
                       .dampening = field(L, 4, "dampening"),
                       .weight_decay = field(L, 4, "weight_decay"),
                       .scale = field(L, 4, "scale"),
                       .nesterov = flag(L, 4, "nesterov"),
                       .first = flag(L, 4, "first")};
  const sk_array *g = sk_contiguous(L, 2, x->dtype);
  sk_sgd(&s, x->dtype, sk_numel(x), x->data, g->data, b);
  sk_touch(L, 1);
  if (b) sk_touch(L, 3);
  return 0;
}

/* lion(x, g, m or nil, settings) */
static int optim_lion(lua_State *L) {
  sk_array *x = check_parameter(L);
  void *m = opt_state(L, 3, x);
  sk_check_table(L, 4);
  sk_lion_settings s = {.lr = field(L, 4, "lr"),
                        .beta1 = field(L, 4, "beta1"),
                        .beta2 = field(L, 4, "beta2"),
                        .shrink = field(L, 4, "shrink")};
  const sk_array *g = sk_contiguous(L, 2, x->dtype);
  sk_lion(&s, x->dtype, sk_numel(x), x->data, g->data, m);
  sk_touch(L, 1);
  if (m) sk_touch(L, 3);
  return 0;
}

/* Picks that rise, in 1 .. n: the kernel relies on both. */
static const int64_t *check_picks(lua_State *L, int idx, int64_t n, int64_t *count) {
  const sk_array *a = sk_check_dtype(L, idx, SK_I64);
  if (a->ndim != 1 || a->shape[0] == 0 || !sk_is_contiguous(a))
    sk_fail(L, idx, "packed row of picks expected, got %s", sk_describe(L, a));
  const int64_t *pick = (const int64_t *)a->data;
  for (int64_t k = 0; k < a->shape[0]; k++)
    if (pick[k] <= (k ? pick[k - 1] : 0) || pick[k] > n)
      sk_fail(L, idx, "picks must rise, in 1..%lld", (long long)n);
  *count = a->shape[0];
  return pick;
}

/* frugal(x, g, rows, n, picks, m, v or nil, settings): x as [rows, n, inner], whose picks lie along
   n; without v by Lion */
static int optim_frugal(lua_State *L) {
  sk_array *x = check_parameter(L);
  sk_frugal s = {.dtype = x->dtype,
                 .rows = sk_check_int(L, 3),
                 .n = sk_check_int(L, 4),
                 .by_lion = lua_isnoneornil(L, 7)};
  int64_t all = sk_numel(x);
  if (s.rows < 1 || s.n < 1 || all % s.rows != 0 || all / s.rows % s.n != 0)
    sk_fail(L, 1, "rows of %lld expected, got %s", (long long)s.n, sk_describe(L, x));
  s.inner = all / s.rows / s.n;
  s.pick = check_picks(L, 5, s.n, &s.picks);
  const sk_array *first = sk_check_float(L, 6);
  void *m = check_state(L, 6, first), *v = opt_state(L, 7, first);
  if (first->dtype != x->dtype || sk_numel(first) != s.rows * s.picks * s.inner)
    sk_fail(L, 6, "moments of the picks expected, got %s", sk_describe(L, first));
  sk_check_table(L, 8);
  double lr = field(L, 8, "lr"), beta1 = field(L, 8, "beta1"), beta2 = field(L, 8, "beta2");
  double decay = field(L, 8, "weight_decay");
  s.adam = (sk_adam_settings){
      lr, beta1, beta2, field(L, 8, "eps"), decay, (int64_t)field(L, 8, "t"), .decoupled = true};
  s.lion = (sk_lion_settings){lr, beta1, beta2, lr * decay};
  s.sign = (sk_lion_settings){.lr = lr * field(L, 8, "sign_scale"), .shrink = lr * decay};
  const sk_array *g = sk_contiguous(L, 2, x->dtype);
  sk_frugal_step(&s, x->data, g->data, m, v);
  sk_touch(L, 1), sk_touch(L, 6);
  if (v) sk_touch(L, 7);
  return 0;
}

/* average(x, y, keep): x = keep x + (1 - keep) y */
static int optim_average(lua_State *L) {
  sk_array *x = check_parameter(L);
  double keep = sk_check_number(L, 3);
  const sk_array *y = sk_contiguous(L, 2, x->dtype);
  sk_combine(x->dtype, sk_numel(x), keep, x->data, 1 - keep, y->data, x->data);
  sk_touch(L, 1);
  return 0;
}

/* combine(y, a, z, b, out): out = a y + b z, where out may be y or z */
static int optim_combine(lua_State *L) {
  sk_array *y = sk_check_float(L, 1);
  double a = sk_check_number(L, 2), b = sk_check_number(L, 4);
  sk_check_like(L, 3, y);
  void *out = check_state(L, 5, y);
  const sk_array *yc = sk_contiguous(L, 1, y->dtype), *z = sk_contiguous(L, 3, y->dtype);
  sk_combine(y->dtype, sk_numel(y), a, yc->data, b, z->data, out);
  sk_touch(L, 5);
  return 0;
}

/* all_finite(t) -> boolean: no NaN and no Inf */
static int optim_all_finite(lua_State *L) {
  sk_array *a = sk_check_float(L, 1);
  const sk_array *c = sk_contiguous(L, 1, a->dtype);
  lua_pushboolean(L, sk_all_finite(a->dtype, sk_numel(a), c->data));
  return 1;
}

/* products(x, g, decay) -> x.x, d.d, x.d as numbers, where d = g + decay x */
static int optim_products(lua_State *L) {
  sk_array *x = sk_check_float(L, 1);
  sk_check_like(L, 2, x);
  double decay = sk_check_number(L, 3), out[3];
  const sk_array *xc = sk_contiguous(L, 1, x->dtype), *g = sk_contiguous(L, 2, x->dtype);
  sk_products(x->dtype, sk_numel(x), xc->data, g->data, decay, out);
  for (int k = 0; k < 3; k++) lua_pushnumber(L, out[k]);
  return 3;
}

/* squares(t) -> t.t as a number */
static int optim_squares(lua_State *L) {
  sk_array *a = sk_check_float(L, 1);
  const sk_array *c = sk_contiguous(L, 1, a->dtype);
  lua_pushnumber(L, sk_squares(a->dtype, sk_numel(a), c->data));
  return 1;
}

static const luaL_Reg functions[] = {{"adam", optim_adam},
                                     {"sgd", optim_sgd},
                                     {"lion", optim_lion},
                                     {"frugal", optim_frugal},
                                     {"average", optim_average},
                                     {"combine", optim_combine},
                                     {"all_finite", optim_all_finite},
                                     {"products", optim_products},
                                     {"squares", optim_squares},
                                     {0, 0}};

int sk_open_optim(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
