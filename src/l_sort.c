/* Sorting: sort(t, dim, descending, k) gives the first k (all by default), values and positions;
   sorted and argsort give one of the two. */
#include "lib.h"

static int order(lua_State *L, bool values, bool index) {
  sk_array *a = sk_check(L, 1);
  int axis = sk_check_axis(L, 2, a->ndim);
  sk_order o = {.dtype = a->dtype, .outer = 1, .n = a->shape[axis], .inner = 1};
  int64_t shape[SK_MAXDIM];
  lua_settop(L, 4);
  o.descending = lua_toboolean(L, 3);
  o.k = lua_isnil(L, 4) ? o.n : sk_check_int(L, 4);
  if (o.k < 0 || o.k > o.n)
    sk_fail(L, 4, "k must be in 0..%lld, got %lld", (long long)o.n, (long long)o.k);
  for (int d = 0; d < a->ndim; d++) {
    shape[d] = d == axis ? o.k : a->shape[d];
    if (d < axis) o.outer *= a->shape[d];
    if (d > axis) o.inner *= a->shape[d];
  }
  bool some = o.k > 0 && o.outer * o.inner > 0;
  if (some && o.n > SK_ORDER_MOST)
    sk_fail(L, 1, "at most %lld elements can be sorted, got %s", (long long)SK_ORDER_MOST,
            sk_describe(L, a));
  if (some) o.a = sk_contiguous(L, 1, a->dtype)->data;
  int first = lua_gettop(L) + 1;
  if (values) o.values = sk_new(L, a->dtype, a->ndim, shape)->data;
  if (index) o.index = (int64_t *)sk_new(L, SK_I64, a->ndim, shape)->data;
  if (some) {
    int threads = sk_get_threads();
    void *scratch = sk_scratch(L, sk_sort_scratch(&o, threads));
    sk_sort(&o, threads, scratch);
    sk_scratch_done(L, -1);
    lua_pop(L, 1);
  }
  return lua_gettop(L) - first + 1;
}

static int sort_both(lua_State *L) { return order(L, true, true); }
static int sort_values(lua_State *L) { return order(L, true, false); }
static int sort_index(lua_State *L) { return order(L, false, true); }

static const luaL_Reg functions[] = {
    {"sort", sort_both}, {"sorted", sort_values}, {"argsort", sort_index}, {0, 0}};

int sk_open_sort(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
