/* Running sums and products: cumsum(t, dim, out, reverse), cumprod(t, dim, out). */
#include "lib.h"

static int scan(lua_State *L, bool product) {
  sk_array *a = sk_check(L, 1);
  int axis = sk_check_axis(L, 2, a->ndim);
  sk_dtype gives = a->dtype == SK_U8 ? SK_I64 : a->dtype;
  int64_t outer = 1, n = a->shape[axis], inner = 1;
  lua_settop(L, 4);
  if (product && a->dtype == SK_U8)
    sk_fail(L, 1, "float or int64 tensor expected, got %s", sk_describe(L, a));
  for (int d = 0; d < a->ndim; d++) {
    if (d < axis) outer *= a->shape[d];
    if (d > axis) inner *= a->shape[d];
  }
  bool empty = sk_numel(a) == 0;
  sk_array in = empty ? *a : *sk_contiguous(L, 1, a->dtype);
  sk_array *out = sk_out(L, 3, gives, a->ndim, a->shape), *packed = out;
  int result = lua_gettop(L);
  if (empty) return 1;
  if (!sk_is_contiguous(out)) packed = sk_new(L, gives, a->ndim, a->shape);
  sk_protect(L, packed, &in);
  sk_scan(product, in.dtype, in.data, outer, n, inner, lua_toboolean(L, 4), packed->data);
  if (packed != out) sk_copy(packed, out);
  lua_settop(L, result);
  return 1;
}

static int scan_sum(lua_State *L) { return scan(L, false); }
static int scan_prod(lua_State *L) { return scan(L, true); }

static const luaL_Reg functions[] = {{"cumsum", scan_sum}, {"cumprod", scan_prod}, {0, 0}};

int sk_open_scan(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
