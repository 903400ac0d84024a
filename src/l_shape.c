/* Shapes: asking for them, and views that change them and share the storage. */
#include "lib.h"

/* {== Asking ============================================================== */

static int shape_shape(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  luaL_checkstack(L, SK_MAXDIM, 0);
  for (int d = 0; d < a->ndim; d++) lua_pushinteger(L, a->shape[d]);
  return a->ndim;
}

static int shape_size(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  lua_pushinteger(L, a->shape[sk_check_axis(L, 2, a->ndim)]);
  return 1;
}

static int shape_len(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  if (a->ndim == 0) sk_fail(L, 1, "a 0-dim tensor has no length");
  lua_pushinteger(L, a->shape[0]);
  return 1;
}

static int shape_dim(lua_State *L) {
  lua_pushinteger(L, sk_check(L, 1)->ndim);
  return 1;
}

static int shape_numel(lua_State *L) {
  lua_pushinteger(L, sk_numel(sk_check(L, 1)));
  return 1;
}

static int shape_dtype(lua_State *L) {
  lua_pushstring(L, sk_dtype_name[sk_check(L, 1)->dtype]);
  return 1;
}

static int shape_is_contiguous(lua_State *L) {
  lua_pushboolean(L, sk_is_contiguous(sk_check(L, 1)));
  return 1;
}

/* ==} */

/* {== Views =============================================================== */

/* A table at 2 names all sizes or dimensions: nothing may stand behind it. */
static bool check_list(lua_State *L) {
  if (lua_type(L, 2) != LUA_TTABLE) return false;
  if (!lua_isnoneornil(L, 3))
    sk_fail(L, 3, "numbers or one table expected, got a table and %s", sk_kind(L, 3));
  return true;
}

static int check_reshape(lua_State *L, sk_array *a, int64_t *shape) {
  check_list(L);
  int ndim = sk_check_shape(L, 2, shape, true, 0);
  if (!sk_infer(sk_numel(a), ndim, shape)) {
    const char *want = sk_describe_shape(L, ndim, shape);
    sk_fail(L, 2, "%s does not hold the elements of %s", want, sk_describe(L, a));
  }
  return ndim;
}

/* view(t, shape...): no copy, or an error */
static int shape_view(lua_State *L) {
  int64_t shape[SK_MAXDIM];
  sk_array *a = sk_check(L, 1), view;
  int ndim = check_reshape(L, a, shape);
  if (!sk_reshape(a, ndim, shape, &view))
    sk_fail(L, 1, "the strides of this view of %s need a copy: use reshape", sk_describe(L, a));
  sk_view(L, 1, &view);
  return 1;
}

/* reshape(t, shape...): a view where that is possible, otherwise a copy */
static int shape_reshape(lua_State *L) {
  int64_t shape[SK_MAXDIM];
  sk_array *a = sk_check(L, 1), view;
  int ndim = check_reshape(L, a, shape);
  if (!sk_reshape(a, ndim, shape, &view)) {
    sk_contiguous(L, 1, a->dtype);
    lua_replace(L, 1);
    sk_reshape(sk_check(L, 1), ndim, shape, &view);
  }
  sk_view(L, 1, &view);
  return 1;
}

/* Dimensions from 2 on, as numbers or one table, each at most once; returns how many. */
static int check_axes(lua_State *L, int ndim, int *axis) {
  bool seen[SK_MAXDIM] = {false}, list = check_list(L);
  while (lua_gettop(L) > 1 && lua_isnil(L, -1)) lua_settop(L, -2);
  int64_t n = list ? luaL_len(L, 2) : lua_gettop(L) - 1;
  if (n > ndim) sk_fail(L, 2, "%lld dimensions named of a tensor with %d", (long long)n, ndim);
  for (int i = 0; i < n; i++) {
    int ok, arg = list ? 2 : i + 2;
    if (list)
      lua_geti(L, 2, i + 1);
    else
      lua_pushvalue(L, arg);
    int64_t dim = lua_tointegerx(L, -1, &ok);
    if (!ok || lua_type(L, -1) != LUA_TNUMBER)
      sk_fail(L, arg, "dimension must be a whole number, got %s", sk_kind(L, -1));
    if (!sk_axis(dim, ndim, &axis[i]))
      sk_fail(L, arg, "dimension %lld of a tensor with %d", (long long)dim, ndim);
    if (seen[axis[i]]) sk_fail(L, arg, "dimension %d is named twice", axis[i] + 1);
    seen[axis[i]] = true;
    lua_pop(L, 1);
  }
  return n < 0 ? 0 : (int)n;
}

/* permute(t, order...): all dimensions */
static int shape_permute(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  int order[SK_MAXDIM], n = check_axes(L, a->ndim, order);
  if (n != a->ndim) sk_fail(L, 2, "%d dimensions named of a tensor with %d", n, a->ndim);
  sk_array view = sk_permuted(a, order);
  sk_view(L, 1, &view);
  return 1;
}

/* flip(t, dims...): those dimensions from the end to the start; without any, all */
static int shape_flip(lua_State *L) {
  sk_array *a = sk_check(L, 1), view = *a;
  int axis[SK_MAXDIM], n = check_axes(L, a->ndim, axis);
  bool all = lua_gettop(L) == 1;
  for (int i = 0; i < (all ? a->ndim : n); i++) {
    int d = all ? i : axis[i];
    if (a->shape[d] < 2) continue;
    view.data += (a->shape[d] - 1) * a->stride[d];
    view.stride[d] = -a->stride[d];
  }
  sk_view(L, 1, &view);
  return 1;
}

static int shape_transpose(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  int p = sk_check_axis(L, 2, a->ndim), q = sk_check_axis(L, 3, a->ndim), order[SK_MAXDIM];
  for (int d = 0; d < a->ndim; d++) order[d] = d == p ? q : d == q ? p : d;
  sk_array view = sk_permuted(a, order);
  sk_view(L, 1, &view);
  return 1;
}

/* squeeze(t, dims...): without any, every dimension of size 1 */
static int shape_squeeze(lua_State *L) {
  sk_array *a = sk_check(L, 1), view = *a;
  int axis[SK_MAXDIM], n = check_axes(L, a->ndim, axis);
  bool all = lua_gettop(L) == 1, goes[SK_MAXDIM];
  for (int d = 0; d < a->ndim; d++) goes[d] = all;
  for (int i = 0; i < n; i++) goes[axis[i]] = true;
  view.ndim = 0;
  for (int d = 0; d < a->ndim; d++)
    if (!goes[d] || a->shape[d] != 1)
      view.shape[view.ndim] = a->shape[d], view.stride[view.ndim++] = a->stride[d];
  sk_view(L, 1, &view);
  return 1;
}

/* unsqueeze(t, dim): a new dimension of size 1 at dim (1 .. ndim + 1, or -1 for the last) */
static int shape_unsqueeze(lua_State *L) {
  sk_array *a = sk_check(L, 1), view = *a;
  if (a->ndim == SK_MAXDIM) sk_fail(L, 1, "more than %d dimensions", SK_MAXDIM);
  int at = sk_check_axis(L, 2, a->ndim + 1);
  for (int d = a->ndim; d > at; d--)
    view.shape[d] = a->shape[d - 1], view.stride[d] = a->stride[d - 1];
  view.shape[at] = 1;
  view.stride[at] = at < a->ndim ? a->stride[at] * a->shape[at] : sk_itemsize[a->dtype];
  view.ndim++;
  sk_view(L, 1, &view);
  return 1;
}

/* expand(t, shape...): sizes of 1 repeat with stride 0; -1 keeps a size */
static int shape_expand(lua_State *L) {
  int64_t shape[SK_MAXDIM];
  sk_array *a = sk_check(L, 1), view;
  check_list(L);
  int ndim = sk_check_shape(L, 2, shape, true, 0);
  for (int d = 0; d < ndim; d++) {
    int own = d - (ndim - a->ndim);
    if (shape[d] != -1) continue;
    if (own < 0) sk_fail(L, 2, "-1 keeps a size, and the new dimension %d has none", d + 1);
    shape[d] = a->shape[own];
  }
  if (sk_count(ndim, shape) < 0 || !sk_expand(a, ndim, shape, &view)) {
    const char *want = sk_describe_shape(L, ndim, shape);
    sk_fail(L, 2, "%s does not expand to %s", sk_describe(L, a), want);
  }
  sk_view(L, 1, &view);
  return 1;
}

/* ==} */

/* cat(list, axis): one copy of each part into its place. The list is read twice, and raw, so that
   both readings give the same parts. */
static int shape_cat(lua_State *L) {
  sk_check_table(L, 1);
  int64_t n = (int64_t)lua_rawlen(L, 1), shape[SK_MAXDIM], at = 0;
  if (n == 0) sk_fail(L, 1, "an empty list has nothing to join");
  lua_settop(L, 2);
  lua_rawgeti(L, 1, 1);
  sk_array *first = sk_test(L, 3);
  if (!first) sk_fail(L, 1, "tensor expected in the list at 1, got %s", sk_kind(L, 3));
  int axis = lua_isnil(L, 2) ? 0 : sk_check_axis(L, 2, first->ndim);
  if (first->ndim == 0) sk_fail(L, 1, "0-dim tensors cannot be joined: use stack");
  for (int d = 0; d < first->ndim; d++) shape[d] = first->shape[d];
  shape[axis] = 0;
  for (int64_t i = 1; i <= n; i++) {
    lua_rawgeti(L, 1, i);
    sk_array *part = sk_test(L, -1);
    if (!part) sk_fail(L, 1, "tensor expected in the list at %d, got %s", (int)i, sk_kind(L, -1));
    bool fits = part->ndim == first->ndim && part->dtype == first->dtype;
    for (int d = 0; fits && d < part->ndim; d++) fits = d == axis || part->shape[d] == shape[d];
    if (!fits) {
      const char *s = sk_describe(L, part);
      sk_fail(L, 1, "%s at %d does not join %s along dimension %d", s, (int)i,
              sk_describe(L, first), axis + 1);
    }
    if (__builtin_add_overflow(shape[axis], part->shape[axis], &shape[axis]))
      sk_fail(L, 1, "too many elements");
    lua_pop(L, 1);
  }
  sk_array *out = sk_new(L, first->dtype, first->ndim, shape);
  for (int64_t i = 1; i <= n; i++) {
    lua_rawgeti(L, 1, i);
    sk_array *part = sk_check(L, -1), place = sk_slice(out, axis, at, 1, part->shape[axis]);
    sk_copy(part, &place);
    at += part->shape[axis];
    lua_pop(L, 1);
  }
  return 1;
}

/* What a view and its place in a table take. */
#define VIEW_BYTES 256.0

static int64_t check_part(lua_State *L, int idx, int64_t least) {
  int ok;
  int64_t n = lua_tointegerx(L, idx, &ok);
  if (!ok || lua_type(L, idx) != LUA_TNUMBER)
    sk_fail(L, 2, "size must be a whole number, got %s", sk_kind(L, idx));
  if (n < least) sk_fail(L, 2, "size must be at least %d, got %lld", (int)least, (long long)n);
  return n;
}

/* split(t, size | sizes, dim = 1): a table of views; with one size the last may be shorter */
static int shape_split(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  lua_settop(L, 3);
  int axis = lua_isnil(L, 3) && a->ndim > 0 ? 0 : sk_check_axis(L, 3, a->ndim);
  bool list = lua_type(L, 2) == LUA_TTABLE;
  int64_t n = a->shape[axis], size = list ? 0 : check_part(L, 2, 1), at = 0;
  int64_t count = list ? luaL_len(L, 2) : n == 0 ? 1 : (n - 1) / size + 1;
  sk_check_room(L, (double)count * VIEW_BYTES, "a table of views");
  lua_newtable(L);
  for (int64_t i = 1; i <= count; i++) {
    if (list) {
      lua_geti(L, 2, i);
      size = check_part(L, -1, 0);
      lua_pop(L, 1);
    }
    int64_t part = list || size <= n - at ? size : n - at;
    if (part > n - at)
      sk_fail(L, 2, "the sizes make more than the %lld of dimension %d", (long long)n, axis + 1);
    sk_array view = sk_slice(a, axis, at, 1, part);
    sk_view(L, 1, &view);
    lua_rawseti(L, 4, i);
    at += part;
  }
  if (at < n)
    sk_fail(L, 2, "the sizes make %lld, and dimension %d has %lld", (long long)at, axis + 1,
            (long long)n);
  return 1;
}

static const luaL_Reg functions[] = {{"shape", shape_shape},
                                     {"size", shape_size},
                                     {"len", shape_len},
                                     {"dim", shape_dim},
                                     {"numel", shape_numel},
                                     {"dtype", shape_dtype},
                                     {"is_contiguous", shape_is_contiguous},
                                     {"view", shape_view},
                                     {"reshape", shape_reshape},
                                     {"permute", shape_permute},
                                     {"flip", shape_flip},
                                     {"transpose", shape_transpose},
                                     {"squeeze", shape_squeeze},
                                     {"unsqueeze", shape_unsqueeze},
                                     {"expand", shape_expand},
                                     {"cat", shape_cat},
                                     {"split", shape_split},
                                     {0, 0}};

int sk_open_shape(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
