/* Elements and slices by position: functions of a dimension and an index. t[key] is in l_key.c. */
#include "lib.h"

int64_t sk_check_position(lua_State *L, int idx, int arg, int64_t n, int dim) {
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

/* {== Elements ============================================================ */

/* at(t, i, j, ...) -> number; set(t, v, i, j, ...) */
static sk_array element_at(lua_State *L, const sk_array *a, int from) {
  sk_array w = *a;
  int given = lua_gettop(L) - from + 1;
  if (given != a->ndim) sk_fail(L, from, "%d indices for %s", given, sk_describe(L, a));
  for (int d = 0; d < a->ndim; d++)
    w.data += sk_check_position(L, from + d, from + d, a->shape[d], d) * a->stride[d];
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

/* ==} */

/* {== Views =============================================================== */

static int index_select(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  int axis = sk_check_axis(L, 2, a->ndim);
  sk_array w = sk_select(a, axis, sk_check_position(L, 3, 3, a->shape[axis], axis));
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

/* diagonal(t, offset = 0, d1 = 1, d2 = 2): the two dimensions go, and their diagonal comes last */
static int index_diagonal(lua_State *L) {
  sk_array *a = sk_check(L, 1), w = *a;
  lua_settop(L, 4);
  if (a->ndim < 2) sk_fail(L, 1, "at least 2 dimensions expected, got %s", sk_describe(L, a));
  int64_t k = lua_isnil(L, 2) ? 0 : sk_check_int(L, 2);
  int p = lua_isnil(L, 3) ? 0 : sk_check_axis(L, 3, a->ndim);
  int q = lua_isnil(L, 4) ? 1 : sk_check_axis(L, 4, a->ndim);
  if (p == q) sk_fail(L, 4, "dimension %d is named twice", p + 1);
  int64_t rows = a->shape[p], columns = a->shape[q], n = 0;
  if (k >= 0 && k < columns && rows > 0) {
    n = columns - k < rows ? columns - k : rows;
    w.data += k * a->stride[q];
  } else if (k < 0 && k > -rows && columns > 0) {
    n = rows + k < columns ? rows + k : columns;
    w.data -= k * a->stride[p];
  }
  w.ndim = 0;
  for (int d = 0; d < a->ndim; d++)
    if (d != p && d != q) w.shape[w.ndim] = a->shape[d], w.stride[w.ndim++] = a->stride[d];
  w.shape[w.ndim] = n;
  w.stride[w.ndim++] = a->stride[p] + a->stride[q];
  sk_view(L, 1, &w);
  return 1;
}

/* ==} */

/* {== Slices by an index tensor =========================================== */

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

/* take(t, dim, index): a copy of the slices that the index picks */
static int index_take(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  int axis = sk_check_axis(L, 2, a->ndim);
  int64_t *at = check_positions(L, 3, a, axis), shape[SK_MAXDIM];
  int scratch = lua_gettop(L);
  for (int d = 0; d < a->ndim; d++) shape[d] = a->shape[d];
  shape[axis] = sk_check(L, 3)->shape[0];
  sk_take(a, axis, at, sk_new(L, a->dtype, a->ndim, shape));
  sk_scratch_done(L, scratch);
  return 1;
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

/* ==} */

/* {== Masks =============================================================== */

/* nonzero(mask) -> int64 [count, ndim], 1-based */
static int index_nonzero(lua_State *L) {
  sk_array *mask = sk_check_dtype(L, 1, SK_U8);
  if (!sk_is_contiguous(mask)) sk_check_room(L, (double)sk_numel(mask), "a mask");
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

/* masked_fill_(t, mask, value): the mask broadcasts to t */
static int index_masked_fill(lua_State *L) {
  _Alignas(8) char value[8];
  sk_array *a = sk_check(L, 1), mask;
  sk_check_writable(L, 1);
  lua_settop(L, 3);
  if (!sk_expand(sk_check_dtype(L, 2, SK_U8), a->ndim, a->shape, &mask)) {
    const char *m = sk_describe(L, sk_check(L, 2));
    sk_fail(L, 2, "mask %s does not fit %s", m, sk_describe(L, a));
  }
  sk_check_element(L, 3, 3, a->dtype, value);
  sk_protect(L, a, &mask);
  sk_mask_fill(&mask, value, a);
  sk_touch(L, 1);
  lua_settop(L, 1);
  return 1;
}

/* ==} */

static const luaL_Reg functions[] = {{"at", index_at},
                                     {"set", index_assign},
                                     {"select", index_select},
                                     {"narrow", index_narrow},
                                     {"diagonal", index_diagonal},
                                     {"take", index_take},
                                     {"index_add_", index_add},
                                     {"index_copy_", index_copy},
                                     {"nonzero", index_nonzero},
                                     {"masked_fill_", index_masked_fill},
                                     {0, 0}};

int sk_open_index(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
