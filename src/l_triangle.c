/* Floor 3: triangles of matrices. */
#include "lib.h"

static sk_array *check_matrices(lua_State *L, int idx) {
  sk_array *a = sk_check(L, idx);
  if (a->ndim < 2) sk_fail(L, idx, "matrix expected, got %s", sk_describe(L, a));
  return a;
}

static int triangle(lua_State *L, bool upper) {
  sk_array *a = check_matrices(L, 1);
  int64_t k = lua_isnoneornil(L, 2) ? 0 : sk_check_int(L, 2);
  int nd = a->ndim;
  sk_array *out = sk_new(L, a->dtype, nd, a->shape);
  const char *from = a->data;
  if (!sk_is_contiguous(a)) {
    sk_copy(a, out);
    from = out->data;
  }
  if (sk_numel(out) > 0)
    sk_triangle(sk_itemsize[a->dtype], from, sk_count(nd - 2, a->shape), a->shape[nd - 2],
                a->shape[nd - 1], k, upper, out->data);
  return 1;
}

static int triangle_triu(lua_State *L) { return triangle(L, true); }

static int triangle_tril(lua_State *L) { return triangle(L, false); }

static const luaL_Reg functions[] = {{"triu", triangle_triu}, {"tril", triangle_tril}, {0, 0}};

int sk_open_triangle(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
