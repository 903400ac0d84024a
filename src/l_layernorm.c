/* Layer normalisation of the rows of x, which its last dimensions make. */
#include "lib.h"

/* x [..., the shape of weight], weight and bias at idx and on, or the number of elements in a row.
 */
static sk_layer_norm read_job(lua_State *L, const sk_array *x, int idx) {
  sk_layer_norm l = {
      .dtype = x->dtype, .n = sk_check_int(L, idx + 2), .eps = sk_check_number(L, idx + 3)};
  int64_t count = sk_numel(x);
  if (l.n < 1 || count % l.n != 0)
    sk_fail(L, idx + 2, "rows of %lld do not make %s", (long long)l.n, sk_describe(L, x));
  l.rows = count / l.n;
  if (lua_isnil(L, idx)) return l;
  for (int i = idx; i < idx + 2; i++) {
    sk_array *a = sk_check_float(L, i);
    if (sk_numel(a) != l.n || a->dtype != x->dtype)
      sk_fail(L, i, "%lld elements of %s expected, got %s", (long long)l.n, sk_dtype_name[x->dtype],
              sk_describe(L, a));
    *(i == idx ? &l.weight : &l.bias) = sk_contiguous(L, i, a->dtype)->data;
  }
  return l;
}

/* layer_norm(x, weight or nil, bias, n, eps) -> y, stats [rows,2] */
static int layer_norm(lua_State *L) {
  lua_settop(L, 5);
  const sk_array *x = sk_check_float(L, 1);
  sk_layer_norm l = read_job(L, x, 2);
  const sk_array *packed = sk_contiguous(L, 1, x->dtype);
  sk_array *y = sk_new(L, x->dtype, x->ndim, x->shape);
  sk_array *stats = sk_new(L, SK_F64, 2, (int64_t[]){l.rows, 2});
  sk_layer_norm_forward(&l, packed->data, (double *)stats->data, y->data);
  return 2;
}

/* layer_norm_grad(g, x, weight or nil, bias, n, eps, stats) -> the gradients of x, weight and bias,
   the latter two [n] */
static int layer_norm_grad(lua_State *L) {
  lua_settop(L, 7);
  const sk_array *x = sk_check_float(L, 2), *stats = sk_check_dtype(L, 7, SK_F64);
  sk_check_like(L, 1, x);
  sk_layer_norm l = read_job(L, x, 3);
  if (stats->ndim != 2 || stats->shape[0] != l.rows || stats->shape[1] != 2)
    sk_fail(L, 7, "statistics (%lld,2) expected, got %s", (long long)l.rows, sk_describe(L, stats));
  const sk_array *g = sk_contiguous(L, 1, x->dtype), *packed = sk_contiguous(L, 2, x->dtype);
  stats = sk_contiguous(L, 7, SK_F64);
  void *scratch = sk_scratch(L, sk_layer_norm_scratch(&l));
  int at = lua_gettop(L);
  sk_array *dx = sk_new(L, x->dtype, x->ndim, x->shape);
  sk_array *dw = sk_new(L, x->dtype, 1, &l.n), *db = sk_new(L, x->dtype, 1, &l.n);
  sk_layer_norm_backward(&l, packed->data, (const double *)stats->data, g->data, dx->data, dw->data,
                         db->data, scratch);
  sk_scratch_done(L, at);
  return 3;
}

static const luaL_Reg functions[] = {
    {"layer_norm", layer_norm}, {"layer_norm_grad", layer_norm_grad}, {0, 0}};

int sk_open_layernorm(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
