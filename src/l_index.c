/* Indexing, read and assigned: numbers, inclusive ranges, masks, index tensors. */
#include "lib.h"

/* {== Windows: numbers and ranges ========================================= */

static int64_t check_position(lua_State *L, int idx, int arg, int64_t n, int dim) {
  int ok;
  int64_t at;
  lua_Integer i = lua_tointegerx(L, idx, &ok);
  if (!ok || lua_type(L, idx) != LUA_TNUMBER)
    sk_fail(L, arg, "index must be a whole number, got %s", sk_kind(L, idx));
  if (!sk_index(i, n, &at))
    sk_fail(L, arg, "index %lld is outside 1..%lld of dimension %d", (long long)i, (long long)n,
            dim + 1);
  return at;
}

/* The length of a list of indices at idx. Names in it would mean nothing, so they raise. */
static int64_t check_list(lua_State *L, int idx, int arg) {
  int64_t n = luaL_len(L, idx);
  if (n > 0) return n;
  idx = lua_absindex(L, idx);
  lua_pushnil(L);
  if (lua_next(L, idx))
    sk_fail(L, arg, "indices and ranges expected, got a table with the key %s", sk_kind(L, -2));
  return 0;
}

/* {}, {first, last} or {first, last, step}, at the top of the stack, applied to dimension d, which
   messages call `dim`. */
static sk_array slice(lua_State *L, int arg, const sk_array *a, int d, int dim) {
  int64_t v[3] = {1, -1, 1}, n = a->shape[d], start, count;
  int64_t given = check_list(L, -1, arg);
  if (given == 0) return *a;
  if (given != 2 && given != 3)
    sk_fail(L, arg, "a range is {}, {first, last} or {first, last, step}; got %lld numbers",
            (long long)given);
  for (int i = 0; i < given; i++) {
    int ok;
    lua_geti(L, -1, i + 1);
    v[i] = lua_tointegerx(L, -1, &ok);
    if (!ok || lua_type(L, -1) != LUA_TNUMBER)
      sk_fail(L, arg, "a range is made of whole numbers, got %s", sk_kind(L, -1));
    lua_pop(L, 1);
  }
  if (!sk_range(v[0], v[1], v[2], n, &start, &count))
    sk_fail(L, arg, "range %lld..%lld by %lld does not lie in 1..%lld of dimension %d",
            (long long)v[0], (long long)v[1], (long long)v[2], (long long)n, dim);
  return sk_slice(a, d, start, v[2], count);
}

/* The window that the table at idx names; whether it named one element by numbers alone in
 * *element. */
static sk_array window(lua_State *L, int idx, const sk_array *a, bool *element) {
  sk_array w = *a;
  int64_t given = check_list(L, idx, idx);
  int d = 0; /* of w: numbers remove a dimension, ranges keep it */
  if (given > a->ndim) sk_fail(L, idx, "%lld indices for %s", (long long)given, sk_describe(L, a));
  *element = given == a->ndim;
  for (int64_t i = 1; i <= given; i++) {
    if (lua_geti(L, idx, i) == LUA_TTABLE) {
      w = slice(L, idx, &w, d++, (int)i);
      *element = false;
    } else
      w = sk_select(&w, d, check_position(L, -1, idx, w.shape[d], (int)i - 1));
    lua_pop(L, 1);
  }
  return w;
}

/* ==} */

/* {== Masks and index tensors ============================================= */

/* 1-based positions in the int64 tensor at idx, as checked 0-based ones in scratch (pushed). */
static int64_t *check_positions(lua_State *L, int idx, const sk_array *a, int axis) {
  sk_array *given = sk_check_dtype(L, idx, SK_I64);
  if (given->ndim != 1)
    sk_fail(L, idx, "index of one dimension expected, got %s", sk_describe(L, given));
  int64_t n = given->shape[0];
  int64_t *at = sk_scratch(L, n * (int64_t)sizeof *at);
  for (int64_t i = 0; i < n; i++) {
    int64_t v = *(const int64_t *)(given->data + i * given->stride[0]);
    if (!sk_index(v, a->shape[axis], &at[i]))
      sk_fail(L, idx, "index %lld at %lld is outside 1..%lld of dimension %d", (long long)v,
              (long long)i + 1, (long long)a->shape[axis], axis + 1);
  }
  return at;
}

/* A copy of the slices that the index tensor at idx picks. */
static int take(lua_State *L, const sk_array *a, int axis, int idx) {
  int64_t *at = check_positions(L, idx, a, axis), shape[SK_MAXDIM];
  int scratch = lua_gettop(L);
  for (int d = 0; d < a->ndim; d++) shape[d] = a->shape[d];
  shape[axis] = sk_check(L, idx)->shape[0];
  sk_take(a, axis, at, sk_new(L, a->dtype, a->ndim, shape));
  sk_scratch_done(L, scratch);
  return 1;
}

/* take(t, dim, index) */
static int index_take(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  return take(L, a, sk_check_axis(L, 2, a->ndim), 3);
}

/* index_add_(t, dim, index, src) and index_copy_ */
static int put(lua_State *L, bool add) {
  sk_array *a = sk_check(L, 1), *src = sk_check(L, 4), view;
  int axis = sk_check_axis(L, 2, a->ndim);
  int64_t shape[SK_MAXDIM];
  sk_check_writable(L, 1);
  sk_check_constant(L, 4);
  if (src->dtype != a->dtype || (add && a->dtype == SK_U8)) {
    const char *s = sk_describe(L, src);
    sk_fail(L, 4, "%s does not go into %s", s, sk_describe(L, a));
  }
  int64_t *at = check_positions(L, 3, a, axis);
  int scratch = lua_gettop(L);
  for (int d = 0; d < a->ndim; d++) shape[d] = a->shape[d];
  shape[axis] = sk_check(L, 3)->shape[0];
  if (!sk_expand(src, a->ndim, shape, &view)) {
    const char *s = sk_describe(L, src);
    sk_fail(L, 4, "%s does not fit %s", s, sk_describe_shape(L, a->ndim, shape));
  }
  if (sk_share_storage(L, 1, 4)) {
    sk_array *copy = sk_new(L, src->dtype, a->ndim, shape);
    sk_copy(&view, copy);
    view = *copy;
  }
  sk_put(a, axis, at, &view, add);
  sk_touch(L, 1);
  sk_scratch_done(L, scratch);
  lua_settop(L, 1);
  return 1;
}

static int index_add(lua_State *L) { return put(L, true); }
static int index_copy(lua_State *L) { return put(L, false); }

/* The mask at idx must have the shape of a's leading dimensions; returns how many. */
static int check_mask(lua_State *L, int idx, const sk_array *a) {
  sk_array *mask = sk_check_dtype(L, idx, SK_U8);
  bool fits = mask->ndim > 0 && mask->ndim <= a->ndim;
  for (int d = 0; fits && d < mask->ndim; d++) fits = mask->shape[d] == a->shape[d];
  if (!fits) {
    const char *m = sk_describe(L, mask);
    sk_fail(L, idx, "mask %s does not fit %s", m, sk_describe(L, a));
  }
  return mask->ndim;
}

/* The part of a at a C-order position of its first `lead` dimensions. */
static sk_array part_at(const sk_array *a, int lead, int64_t position) {
  sk_array w = *a;
  for (int d = lead - 1; d >= 0; d--)
    w.data += position % a->shape[d] * a->stride[d], position /= a->shape[d];
  w.ndim = a->ndim - lead;
  for (int d = 0; d < w.ndim; d++)
    w.shape[d] = a->shape[d + lead], w.stride[d] = a->stride[d + lead];
  return w;
}

/* masked_select(t, mask) -> [count, rest...] */
static int index_masked(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  int lead = check_mask(L, 2, a);
  sk_array *mask = sk_check(L, 2);
  int64_t n = sk_count_nonzero(mask), shape[SK_MAXDIM] = {n};
  int64_t *at = sk_scratch(L, n * (int64_t)sizeof *at);
  int scratch = lua_gettop(L);
  sk_nonzero(mask, at);
  for (int d = lead; d < a->ndim; d++) shape[d - lead + 1] = a->shape[d];
  sk_array *out = sk_new(L, a->dtype, a->ndim - lead + 1, shape);
  for (int64_t i = 0; i < n; i++) {
    sk_array from = part_at(a, lead, at[i]), to = sk_select(out, 0, i);
    sk_copy(&from, &to);
  }
  sk_scratch_done(L, scratch);
  return 1;
}

static void set_masked(lua_State *L, const sk_array *a, const sk_array *value) {
  int lead = check_mask(L, 2, a);
  sk_array *mask = sk_check(L, 2), view;
  int64_t n = sk_count_nonzero(mask), shape[SK_MAXDIM] = {n};
  int64_t *at = sk_scratch(L, n * (int64_t)sizeof *at);
  int scratch = lua_gettop(L);
  sk_nonzero(mask, at);
  for (int d = lead; d < a->ndim; d++) shape[d - lead + 1] = a->shape[d];
  if (!sk_expand(value, a->ndim - lead + 1, shape, &view)) {
    const char *s = sk_describe_shape(L, value->ndim, value->shape);
    sk_fail(L, 3, "%s does not fit the %s that the mask picks", s,
            sk_describe_shape(L, a->ndim - lead + 1, shape));
  }
  for (int64_t i = 0; i < n; i++) {
    sk_array to = part_at(a, lead, at[i]), from = sk_select(&view, 0, i);
    sk_copy(&from, &to);
  }
  sk_scratch_done(L, scratch);
}

/* nonzero(mask) -> int64 [count, ndim], 1-based */
static int index_nonzero(lua_State *L) {
  sk_array *mask = sk_check_dtype(L, 1, SK_U8);
  int64_t n = sk_count_nonzero(mask), shape[2] = {n, mask->ndim};
  int64_t *at = sk_scratch(L, n * (int64_t)sizeof *at);
  int scratch = lua_gettop(L);
  sk_nonzero(mask, at);
  sk_array *out = sk_new(L, SK_I64, 2, shape);
  for (int64_t i = 0; i < n; i++) {
    int64_t position = at[i];
    for (int d = mask->ndim - 1; d >= 0; d--) {
      ((int64_t *)out->data)[i * mask->ndim + d] = position % mask->shape[d] + 1;
      position /= mask->shape[d];
    }
  }
  sk_scratch_done(L, scratch);
  return 1;
}

/* ==} */

/* {== t[key] and t[key] = value =========================================== */

static int index_get(lua_State *L) {
  sk_array *a = sk_check(L, 1), w;
  bool element = false;
  int type = lua_type(L, 2);
  if (type == LUA_TUSERDATA && sk_test(L, 2)) {
    if (sk_test(L, 2)->dtype == SK_U8) return index_masked(L);
    if (a->ndim == 0) sk_fail(L, 2, "a 0-dim tensor cannot be indexed");
    return take(L, a, 0, 2);
  }
  if (type == LUA_TTABLE)
    w = window(L, 2, a, &element);
  else {
    if (a->ndim == 0) sk_fail(L, 2, "a 0-dim tensor has no elements to index: use :item()");
    w = sk_select(a, 0, check_position(L, 2, 2, a->shape[0], 0));
    element = a->ndim == 1;
  }
  if (element)
    sk_push_element(L, w.dtype, w.data);
  else
    sk_view(L, 1, &w);
  return 1;
}

static int index_set(lua_State *L) {
  _Alignas(8) char number[8];
  sk_array *a = sk_check(L, 1), value, w, view;
  bool element;
  lua_settop(L, 3);
  sk_check_writable(L, 1);
  if (sk_test(L, 3)) {
    value = *sk_test(L, 3);
    sk_check_constant(L, 3);
    if (value.dtype != a->dtype) {
      const char *s = sk_describe(L, &value);
      sk_fail(L, 3, "%s does not go into %s (convert with :to)", s, sk_describe(L, a));
    }
    if (sk_share_storage(L, 1, 3)) {
      sk_array *copy = sk_new(L, value.dtype, value.ndim, value.shape);
      sk_copy(&value, copy);
      value = *copy;
    }
  } else {
    sk_check_element(L, 3, 3, a->dtype, number);
    value = sk_packed(a->dtype, 0, 0, number);
  }
  sk_array *key = sk_test(L, 2);
  if (key && key->dtype == SK_U8) {
    set_masked(L, a, &value);
    sk_touch(L, 1);
    return 0;
  }
  if (key) {
    if (a->ndim == 0) sk_fail(L, 2, "a 0-dim tensor cannot be indexed");
    int64_t *at = check_positions(L, 2, a, 0), shape[SK_MAXDIM];
    int scratch = lua_gettop(L);
    for (int d = 0; d < a->ndim; d++) shape[d] = a->shape[d];
    shape[0] = key->shape[0];
    if (!sk_expand(&value, a->ndim, shape, &view)) {
      const char *s = sk_describe_shape(L, value.ndim, value.shape);
      sk_fail(L, 3, "%s does not fit %s", s, sk_describe_shape(L, a->ndim, shape));
    }
    sk_put(a, 0, at, &view, false);
    sk_scratch_done(L, scratch);
    sk_touch(L, 1);
    return 0;
  }
  if (lua_type(L, 2) == LUA_TTABLE)
    w = window(L, 2, a, &element);
  else if (lua_type(L, 2) != LUA_TNUMBER)
    sk_fail(L, 2, "index, table, mask or int64 tensor expected, got %s", sk_kind(L, 2));
  else {
    if (a->ndim == 0) sk_fail(L, 2, "a 0-dim tensor cannot be indexed: use :fill_");
    w = sk_select(a, 0, check_position(L, 2, 2, a->shape[0], 0));
  }
  if (!sk_expand(&value, w.ndim, w.shape, &view)) {
    const char *s = sk_describe_shape(L, value.ndim, value.shape);
    sk_fail(L, 3, "%s does not fit %s", s, sk_describe_shape(L, w.ndim, w.shape));
  }
  sk_copy(&view, &w);
  sk_touch(L, 1);
  return 0;
}

/* at(t, i, j, ...) -> number; set(t, v, i, j, ...) */
static sk_array element_at(lua_State *L, const sk_array *a, int from) {
  sk_array w = *a;
  int given = lua_gettop(L) - from + 1;
  if (given != a->ndim) sk_fail(L, from, "%d indices for %s", given, sk_describe(L, a));
  for (int d = 0; d < a->ndim; d++)
    w.data += check_position(L, from + d, from + d, a->shape[d], d) * a->stride[d];
  return w;
}

static int index_at(lua_State *L) {
  sk_array w = element_at(L, sk_check(L, 1), 2);
  sk_push_element(L, w.dtype, w.data);
  return 1;
}

static int index_assign(lua_State *L) {
  _Alignas(8) char value[8];
  sk_array *a = sk_check(L, 1), w;
  sk_check_writable(L, 1);
  sk_check_element(L, 2, 2, a->dtype, value);
  w = element_at(L, a, 3);
  w.ndim = 0;
  sk_fill(&w, value);
  sk_touch(L, 1);
  lua_settop(L, 1);
  return 1;
}

static int index_select(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  int axis = sk_check_axis(L, 2, a->ndim);
  sk_array w = sk_select(a, axis, check_position(L, 3, 3, a->shape[axis], axis));
  sk_view(L, 1, &w);
  return 1;
}

/* narrow(t, dim, first, last): inclusive */
static int index_narrow(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  int axis = sk_check_axis(L, 2, a->ndim);
  int64_t start, count, first = sk_check_int(L, 3), last = sk_check_int(L, 4);
  if (!sk_range(first, last, 1, a->shape[axis], &start, &count))
    sk_fail(L, 3, "range %lld..%lld does not lie in 1..%lld of dimension %d", (long long)first,
            (long long)last, (long long)a->shape[axis], axis + 1);
  sk_array w = sk_slice(a, axis, start, 1, count);
  sk_view(L, 1, &w);
  return 1;
}

static int index_diagonal(lua_State *L) {
  sk_array *a = sk_check(L, 1), w = *a;
  if (a->ndim != 2) sk_fail(L, 1, "2-D tensor expected, got %s", sk_describe(L, a));
  w.ndim = 1;
  w.shape[0] = a->shape[0] < a->shape[1] ? a->shape[0] : a->shape[1];
  w.stride[0] = a->stride[0] + a->stride[1];
  sk_view(L, 1, &w);
  return 1;
}

/* __index: a string names a method, anything else is an index; only a tensor on the tape goes
 * through Lua. */
static int meta_index(lua_State *L) {
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
  }
  lua_settop(L, 2);
  if (!sk_test(L, 1) || !sk_on_tape(L, 1)) return index_get(L);
  lua_getfield(L, lua_upvalueindex(1), "_taped_index");
  lua_insert(L, 1);
  lua_call(L, 2, 1);
  return 1;
}

/* ==} */

static const luaL_Reg functions[] = {{"getindex", index_get},
                                     {"setindex", index_set},
                                     {"at", index_at},
                                     {"set", index_assign},
                                     {"select", index_select},
                                     {"narrow", index_narrow},
                                     {"diagonal", index_diagonal},
                                     {"take", index_take},
                                     {"index_add_", index_add},
                                     {"index_copy_", index_copy},
                                     {"masked_select", index_masked},
                                     {"nonzero", index_nonzero},
                                     {0, 0}};

int sk_open_index(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  lua_getfield(L, -1, "meta");
  lua_getfield(L, -2, "methods");
  lua_pushcclosure(L, meta_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, index_set);
  lua_setfield(L, -2, "__newindex");
  lua_pop(L, 1);
  return 0;
}
