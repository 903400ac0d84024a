/* Making tensors and reading them out: new ones, Lua tables and numbers, raw bytes. */
#include "lib.h"
#include <string.h>

/* {== Shared by all bindings ============================================== */

/* A size, or -1 where it is to be worked out. */
static int64_t check_size(lua_State *L, int idx, int arg, bool open) {
  int ok;
  lua_Integer n = lua_tointegerx(L, idx, &ok);
  if (!ok || lua_type(L, idx) != LUA_TNUMBER)
    sk_fail(L, arg, "size must be a whole number, got %s", sk_kind(L, idx));
  if (n < 0 && !(open && n == -1))
    sk_fail(L, arg, "size must not be negative, got %lld", (long long)n);
  return n;
}

int sk_check_shape(lua_State *L, int idx, int64_t *shape, bool open, int *next) {
  int ndim = 0;
  if (lua_type(L, idx) == LUA_TTABLE) {
    lua_Integer n = luaL_len(L, idx);
    if (n > SK_MAXDIM) sk_fail(L, idx, "%lld dimensions; at most %d", (long long)n, SK_MAXDIM);
    for (ndim = 0; ndim < n; ndim++) {
      lua_geti(L, idx, ndim + 1);
      shape[ndim] = check_size(L, -1, idx, open);
      lua_pop(L, 1);
    }
    if (next) *next = idx + 1;
    return ndim;
  }
  for (; lua_type(L, idx + ndim) == LUA_TNUMBER; ndim++) {
    if (ndim == SK_MAXDIM) sk_fail(L, idx + ndim, "more than %d dimensions", SK_MAXDIM);
    shape[ndim] = check_size(L, idx + ndim, idx + ndim, open);
  }
  if (next)
    *next = idx + ndim;
  else if (!lua_isnoneornil(L, idx + ndim))
    sk_fail(L, idx + ndim, "size expected, got %s", sk_kind(L, idx + ndim));
  return ndim;
}

sk_dtype sk_opt_dtype(lua_State *L, int idx, sk_dtype def) {
  return (sk_dtype)sk_check_name(L, idx, sk_dtype_name[def], sk_dtype_name);
}

int sk_check_axis(lua_State *L, int idx, int ndim) {
  int axis;
  int64_t d = sk_check_int(L, idx);
  if (!sk_axis(d, ndim, &axis))
    sk_fail(L, idx, "dimension %lld of a tensor with %d", (long long)d, ndim);
  return axis;
}

sk_array *sk_out(lua_State *L, int idx, sk_dtype dtype, int ndim, const int64_t *shape) {
  if (lua_isnoneornil(L, idx)) return sk_new(L, dtype, ndim, shape);
  sk_array *out = sk_check(L, idx), want = sk_packed(dtype, ndim, shape, 0);
  sk_check_writable(L, idx);
  if (out->dtype != dtype || !sk_same_shape(out, &want)) {
    const char *wanted = sk_describe(L, &want);
    sk_fail(L, idx, "out must be %s, got %s", wanted, sk_describe(L, out));
  }
  sk_touch(L, idx);
  lua_pushvalue(L, idx);
  return out;
}

void sk_protect(lua_State *L, const sk_array *out, sk_array *in) {
  if (!sk_overlap(out, in) || sk_same_window(out, in)) return;
  sk_array *copy = sk_new(L, in->dtype, in->ndim, in->shape);
  sk_copy(in, copy);
  *in = *copy;
}

void sk_raise(lua_State *L, const char *fname, sk_status status) {
  static const char *const reason[] = {[SK_ENOCONV] = "did not converge",
                                       [SK_ESINGULAR] = "the matrix is singular",
                                       [SK_EARG] = "LAPACK found an illegal value"};
  if (status != SK_OK) sk_error(L, "%s: %s", fname, reason[status]);
}

/* ==} */

/* {== Elements and Lua values ============================================= */

void sk_push_element(lua_State *L, sk_dtype dtype, const void *p) {
  switch (dtype) {
  case SK_F32: lua_pushnumber(L, *(const float *)p); break;
  case SK_F64: lua_pushnumber(L, *(const double *)p); break;
  case SK_I64: lua_pushinteger(L, *(const int64_t *)p); break;
  default: lua_pushinteger(L, *(const uint8_t *)p);
  }
}

/* The Lua number (or boolean) at idx as one element; what does not fit is an error about argument
 * arg. */
void sk_check_element(lua_State *L, int idx, int arg, sk_dtype dtype, void *p) {
  int ok = lua_type(L, idx) == LUA_TNUMBER;
  if (lua_type(L, idx) == LUA_TBOOLEAN) {
    lua_pushinteger(L, lua_toboolean(L, idx));
    lua_replace(L, idx < 0 ? idx - 1 : idx);
  } else if (!ok)
    sk_fail(L, arg, "number expected, got %s", sk_kind(L, idx));
  if (dtype == SK_F32)
    *(float *)p = (float)lua_tonumber(L, idx);
  else if (dtype == SK_F64)
    *(double *)p = lua_tonumber(L, idx);
  else {
    lua_Integer v = lua_tointegerx(L, idx, &ok);
    if (!ok || (dtype == SK_U8 && (v < 0 || v > 255)))
      sk_fail(L, arg, "%s has no room for %s", sk_dtype_name[dtype], sk_kind(L, idx));
    if (dtype == SK_I64)
      *(int64_t *)p = v;
    else
      *(uint8_t *)p = (uint8_t)v;
  }
}

/* Reads the shape of a nested table from its first elements. */
static int nested_shape(lua_State *L, int arg, int64_t *shape) {
  int ndim = 0, top = lua_gettop(L);
  luaL_checkstack(L, SK_MAXDIM + 4, 0);
  lua_pushvalue(L, arg);
  while (lua_type(L, -1) == LUA_TTABLE) {
    if (ndim == SK_MAXDIM) sk_fail(L, arg, "tables nested more than %d deep", SK_MAXDIM);
    shape[ndim++] = luaL_len(L, -1);
    if (shape[ndim - 1] == 0) break;
    lua_geti(L, -1, 1);
  }
  lua_settop(L, top);
  return ndim;
}

static void fill_nested(lua_State *L, int arg, const sk_array *a, int d, char **p) {
  if (d == a->ndim) {
    sk_check_element(L, -1, arg, a->dtype, *p);
    *p += sk_itemsize[a->dtype];
    return;
  }
  if (lua_type(L, -1) != LUA_TTABLE || luaL_len(L, -1) != a->shape[d]) {
    const char *shape = sk_describe_shape(L, a->ndim, a->shape);
    sk_fail(L, arg, "ragged table: its first elements make the shape %s", shape);
  }
  for (int64_t i = 1; i <= a->shape[d]; i++) {
    lua_geti(L, -1, i);
    fill_nested(L, arg, a, d + 1, p);
    lua_pop(L, 1);
  }
}

/* What the nested tables of a tensor take, by Lua 5.4's sizes of a table and of a value in one. */
static double nested_bytes(const sk_array *a) {
  double tables = 1, bytes = 0;
  for (int d = 0; d < a->ndim; d++) {
    bytes += tables * (56 + 16 * (double)a->shape[d]);
    tables *= (double)a->shape[d];
  }
  return bytes;
}

static void push_nested(lua_State *L, const sk_array *a) {
  if (a->ndim == 0) {
    sk_push_element(L, a->dtype, a->data);
    return;
  }
  luaL_checkstack(L, 4, 0);
  lua_createtable(L, a->shape[0] < INT32_MAX ? (int)a->shape[0] : 0, 0);
  for (int64_t i = 0; i < a->shape[0]; i++) {
    sk_array row = sk_select(a, 0, i);
    push_nested(L, &row);
    lua_rawseti(L, -2, i + 1);
  }
}

/* ==} */

/* {== Functions =========================================================== */

/* new(shape, dtype): contents undefined */
static int make_new(lua_State *L) {
  int64_t shape[SK_MAXDIM];
  int ndim = sk_check_shape(L, 1, shape, false, 0);
  sk_new(L, sk_opt_dtype(L, 2, SK_F32), ndim, shape);
  return 1;
}

/* from(table | number | boolean, dtype) */
static int make_from(lua_State *L) {
  int64_t shape[SK_MAXDIM];
  sk_dtype dtype = sk_opt_dtype(L, 2, SK_F32);
  lua_settop(L, 1);
  int ndim = nested_shape(L, 1, shape);
  sk_array *a = sk_new(L, dtype, ndim, shape);
  char *p = a->data;
  lua_pushvalue(L, 1);
  fill_nested(L, 1, a, 0, &p);
  lua_pop(L, 1);
  return 1;
}

/* ramp(n, first, step, dtype): first + i step */
static int make_ramp(lua_State *L) {
  int64_t n = sk_check_int(L, 1);
  double first = sk_check_number(L, 2), step = sk_check_number(L, 3);
  sk_dtype dtype = sk_opt_dtype(L, 4, SK_F32);
  sk_array *a = sk_new(L, dtype == SK_I64 ? SK_I64 : SK_F64, 1, &n);
  if (dtype == SK_I64) {
    int64_t f = sk_check_int(L, 2), s = sk_check_int(L, 3);
    for (int64_t i = 0; i < n; i++)
      ((int64_t *)a->data)[i] = (int64_t)((uint64_t)f + (uint64_t)i * (uint64_t)s);
    return 1;
  }
  for (int64_t i = 0; i < n; i++) ((double *)a->data)[i] = first + (double)i * step;
  sk_contiguous(L, -1, dtype);
  return 1;
}

/* frombytes(string, dtype, shape): little-endian, as the machines that we build for */
static int make_frombytes(lua_State *L) {
  size_t len;
  int64_t shape[SK_MAXDIM];
  const char *bytes = sk_check_string(L, 1, &len);
  sk_dtype dtype = sk_opt_dtype(L, 2, SK_F32);
  int ndim = 1;
  if (lua_isnoneornil(L, 3))
    shape[0] = (int64_t)(len / sk_itemsize[dtype]);
  else {
    sk_check_table(L, 3);
    ndim = sk_check_shape(L, 3, shape, false, 0);
  }
  int64_t count = sk_count(ndim, shape);
  if (count < 0 || (uint64_t)count * sk_itemsize[dtype] != len) {
    const char *s = sk_describe_shape(L, ndim, shape);
    sk_fail(L, 1, "%lld bytes do not make %s %s", (long long)len, s, sk_dtype_name[dtype]);
  }
  sk_array *a = sk_new(L, dtype, ndim, shape);
  memcpy(a->data, bytes, len);
  return 1;
}

static int make_tobytes(lua_State *L) {
  sk_array *given = sk_check(L, 1);
  const sk_array *a = sk_contiguous(L, 1, given->dtype);
  int64_t bytes = sk_numel(a) * sk_itemsize[a->dtype];
  sk_check_room(L, (double)bytes, "a string");
  lua_pushlstring(L, a->data, (size_t)bytes);
  return 1;
}

static int make_item(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  if (sk_numel(a) != 1) sk_fail(L, 1, "one element expected, got %s", sk_describe(L, a));
  sk_push_element(L, a->dtype, a->data);
  return 1;
}

static int make_totable(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  sk_check_room(L, nested_bytes(a), "a table");
  push_nested(L, a);
  return 1;
}

/* fill_(t, number) */
static int make_fill(lua_State *L) {
  _Alignas(8) char value[8];
  sk_array *a = sk_check(L, 1);
  sk_check_writable(L, 1);
  lua_settop(L, 2);
  sk_check_element(L, 2, 2, a->dtype, value);
  sk_fill(a, value);
  sk_touch(L, 1);
  lua_settop(L, 1);
  return 1;
}

/* copy_(t, src): broadcasts and converts */
static int make_copy(lua_State *L) {
  sk_array *to = sk_check(L, 1), *from = sk_check(L, 2), view;
  sk_check_writable(L, 1);
  sk_check_constant(L, 2);
  if (!sk_expand(from, to->ndim, to->shape, &view)) {
    const char *s = sk_describe(L, from);
    sk_fail(L, 2, "%s does not fit into %s", s, sk_describe(L, to));
  }
  if (sk_overlap(to, from) && !sk_same_window(to, from)) {
    sk_array *copy = sk_new(L, from->dtype, from->ndim, from->shape);
    sk_copy(from, copy);
    sk_expand(copy, to->ndim, to->shape, &view);
  }
  sk_copy(&view, to);
  sk_touch(L, 1);
  lua_settop(L, 1);
  return 1;
}

/* to(t, dtype): itself when it has that dtype already */
static int make_to(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  sk_dtype dtype = sk_opt_dtype(L, 2, a->dtype);
  lua_settop(L, 1);
  if (dtype != a->dtype) sk_copy(a, sk_new(L, dtype, a->ndim, a->shape));
  return 1;
}

/* clone(t, out?) */
static int make_clone(lua_State *L) {
  sk_array *a = sk_check(L, 1), in = *a;
  lua_settop(L, 2);
  sk_array *out = sk_out(L, 2, a->dtype, a->ndim, a->shape);
  sk_protect(L, out, &in);
  sk_copy(&in, out);
  lua_settop(L, 3);
  return 1;
}

static int make_contiguous(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  sk_contiguous(L, 1, a->dtype);
  return 1;
}

/* ==} */

static const luaL_Reg functions[] = {{"new", make_new},
                                     {"from", make_from},
                                     {"ramp", make_ramp},
                                     {"frombytes", make_frombytes},
                                     {"tobytes", make_tobytes},
                                     {"item", make_item},
                                     {"totable", make_totable},
                                     {"fill_", make_fill},
                                     {"copy_", make_copy},
                                     {"to", make_to},
                                     {"clone", make_clone},
                                     {"contiguous", make_contiguous},
                                     {0, 0}};

int sk_open_make(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
