/* One index for each element: gather, scatter_ and scatter_add_. */
#include "lib.h"

/* index (at 3) picks along axis and otherwise stays inside a. */
static sk_array *check_pick(lua_State *L, const sk_array *a, int axis) {
  sk_array *index = sk_check_dtype(L, 3, SK_I64);
  bool fits = index->ndim == a->ndim;
  for (int d = 0; fits && d < a->ndim; d++) fits = d == axis || index->shape[d] <= a->shape[d];
  if (!fits) {
    const char *s = sk_describe(L, index);
    sk_fail(L, 3, "index %s does not fit %s", s, sk_describe(L, a));
  }
  return index;
}

/* Some index is outside: raises with the first. */
static void refuse(lua_State *L, const sk_array *a, int axis) {
  const int64_t *v = (const int64_t *)sk_contiguous(L, 3, SK_I64)->data;
  while (*v >= 1 && *v <= a->shape[axis]) v++;
  sk_fail(L, 3, "index %lld is outside 1..%lld of dimension %d", (long long)*v,
          (long long)a->shape[axis], axis + 1);
}

static int gather(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  int axis = sk_check_axis(L, 2, a->ndim);
  const sk_array *index = check_pick(L, a, axis);
  if (!sk_gather(a, axis, index, sk_new(L, a->dtype, index->ndim, index->shape)))
    refuse(L, a, axis);
  return 1;
}

/* scatter_(t, dim, index, src): src a tensor that covers the index, or a number */
static int scatter(lua_State *L, bool add) {
  _Alignas(8) char value[8];
  sk_array *a = sk_check(L, 1), src;
  int axis = sk_check_axis(L, 2, a->ndim);
  sk_check_writable(L, 1);
  sk_check_constant(L, 4);
  lua_settop(L, 4);
  if (add && a->dtype == SK_U8)
    sk_fail(L, 1, "float or int64 tensor expected, got %s", sk_describe(L, a));
  const sk_array *index = check_pick(L, a, axis);
  if (sk_share_storage(L, 1, 3)) { /* what is written would change it */
    sk_array *copy = sk_new(L, SK_I64, index->ndim, index->shape);
    sk_copy(index, copy);
    index = copy;
  } else
    index = sk_contiguous(L, 3, SK_I64);
  if (!sk_within((const int64_t *)index->data, sk_numel(index), a->shape[axis])) refuse(L, a, axis);
  if (sk_test(L, 4)) {
    src = *sk_test(L, 4);
    bool fits = src.dtype == a->dtype && src.ndim == index->ndim;
    for (int d = 0; fits && d < src.ndim; d++) fits = src.shape[d] >= index->shape[d];
    if (!fits) {
      const char *s = sk_describe(L, &src);
      sk_fail(L, 4, "%s does not cover the index %s of %s", s,
              sk_describe_shape(L, index->ndim, index->shape), sk_dtype_name[a->dtype]);
    }
    for (int d = 0; d < src.ndim; d++) src.shape[d] = index->shape[d];
    if (sk_share_storage(L, 1, 4)) {
      sk_array *copy = sk_new(L, src.dtype, src.ndim, src.shape);
      sk_copy(&src, copy);
      src = *copy;
    }
  } else {
    sk_check_element(L, 4, 4, a->dtype, value);
    src = sk_packed(a->dtype, 0, 0, value);
    sk_expand(&src, index->ndim, index->shape, &src);
  }
  sk_scatter(a, axis, index, &src, add);
  sk_touch(L, 1);
  lua_settop(L, 1);
  return 1;
}

static int scatter_set(lua_State *L) { return scatter(L, false); }
static int scatter_add(lua_State *L) { return scatter(L, true); }

static const luaL_Reg functions[] = {
    {"gather", gather}, {"scatter_", scatter_set}, {"scatter_add_", scatter_add}, {0, 0}};

int sk_open_gather(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
