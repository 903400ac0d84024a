/* Elementwise functions: unary(op, a, out), binary(op, a, b, out) and their uses in place. The
   operation is an upvalue: core.exp, core.add, core.add_ ... are made from the kernels' own list of
   names. */
#include "lib.h"

static int unary(lua_State *L, bool in_place) {
  sk_unary_op op = (sk_unary_op)lua_tointeger(L, lua_upvalueindex(1));
  sk_array *a = sk_check(L, 1), in = *a;
  if (!sk_unary_has(op, a->dtype))
    sk_fail(L, 1, "%s tensor expected, got %s (convert with :to \"float32\")",
            sk_unary_has(op, SK_I64) ? "float or int64" : "float", sk_describe(L, a));
  lua_settop(L, 2);
  sk_array *out = a;
  if (in_place) {
    sk_check_writable(L, 1);
    sk_touch(L, 1);
    lua_pushvalue(L, 1);
  } else
    out = sk_out(L, 2, sk_unary_gives(op, a->dtype), a->ndim, a->shape);
  int result = lua_gettop(L);
  if (!in_place && !lua_isnil(L, 2)) sk_protect(L, out, &in);
  sk_unary(op, &in, out);
  lua_settop(L, result);
  return 1;
}

static int map_unary(lua_State *L) { return unary(L, false); }
static int map_unary_(lua_State *L) { return unary(L, true); }

/* The tensor t that stands at idx; a Lua number there (t is NULL) takes the other one's dtype, as a
   0-dim array whose element lies in *value. */
static sk_array operand(lua_State *L, int idx, const sk_array *t, sk_dtype dtype, char *value) {
  if (t) return *t;
  sk_check_element(L, idx, idx, dtype, value);
  return sk_packed(dtype, 0, 0, value);
}

static void check_pair(lua_State *L, sk_binary_op op, const sk_array *a, const sk_array *b) {
  if (a->dtype != b->dtype) {
    const char *s = sk_describe(L, a);
    sk_fail(L, 2, "dtypes differ: %s and %s (convert one with :to)", s, sk_describe(L, b));
  }
  if (!sk_binary_has(op, a->dtype)) {
    if (sk_binary_has(op, SK_U8)) sk_fail(L, 1, "uint8 masks expected, got %s", sk_describe(L, a));
    sk_fail(L, 1, "%s tensor expected, got %s (convert with :to \"float32\")",
            sk_binary_has(op, SK_I64) ? "float or int64" : "float", sk_describe(L, a));
  }
}

/* int64 // and % by zero raise, as Lua's own do. */
static void check_divisor(lua_State *L, sk_binary_op op, const sk_array *b) {
  if (b->dtype != SK_I64 || (op != SK_BINARY_floordiv && op != SK_BINARY_mod)) return;
  sk_array *flags = sk_new(L, SK_U8, b->ndim, b->shape);
  sk_unary(SK_UNARY_logical_not, b, flags);
  if (sk_count_nonzero(flags) > 0) sk_fail(L, 2, "division of int64 by zero");
  lua_pop(L, 1);
}

static int binary(lua_State *L, bool in_place) {
  sk_binary_op op = (sk_binary_op)lua_tointeger(L, lua_upvalueindex(1));
  _Alignas(8) char va[8] = {0}, vb[8] = {0};
  int64_t shape[SK_MAXDIM];
  int ndim;
  lua_settop(L, 3);
  sk_array *ta = sk_test(L, 1), *tb = sk_test(L, 2);
  if (!ta && (in_place || !tb)) sk_fail(L, 1, "tensor expected, got %s", sk_kind(L, 1));
  sk_dtype dtype = ta ? ta->dtype : tb->dtype;
  sk_array a = operand(L, 1, ta, dtype, va), b = operand(L, 2, tb, dtype, vb);
  check_pair(L, op, &a, &b);
  bool fits = sk_broadcast(&a, &b, &ndim, shape);
  if (fits && in_place) {
    sk_array wide = sk_packed(dtype, ndim, shape, 0);
    fits = sk_same_shape(&wide, &a);
  }
  if (!fits) {
    const char *s = sk_describe_shape(L, a.ndim, a.shape);
    sk_fail(L, 2, "shapes do not broadcast: %s and %s", s, sk_describe_shape(L, b.ndim, b.shape));
  }
  check_divisor(L, op, &b);
  sk_array *out = ta;
  if (in_place) {
    sk_check_writable(L, 1);
    sk_check_constant(L, 2);
    sk_touch(L, 1);
    lua_pushvalue(L, 1);
  } else
    out = sk_out(L, 3, sk_binary_gives(op, dtype), ndim, shape);
  int result = lua_gettop(L);
  if (in_place || !lua_isnil(L, 3)) { /* a new result overlaps nothing */
    sk_protect(L, out, &a);
    sk_protect(L, out, &b);
  }
  if (!sk_same_shape(&a, out)) sk_expand(&a, ndim, shape, &a);
  if (!sk_same_shape(&b, out)) sk_expand(&b, ndim, shape, &b);
  sk_binary(op, &a, &b, out);
  lua_settop(L, result);
  return 1;
}

static int map_binary(lua_State *L) { return binary(L, false); }
static int map_binary_(lua_State *L) { return binary(L, true); }

/* where(mask, a, b): tensors or, one of a and b, a number */
static int map_where(lua_State *L) {
  _Alignas(8) char va[8] = {0}, vb[8] = {0};
  int64_t shape[SK_MAXDIM];
  int ndim;
  lua_settop(L, 3);
  sk_array mask = *sk_check_dtype(L, 1, SK_U8);
  const sk_array *ta = sk_test(L, 2), *tb = sk_test(L, 3);
  sk_dtype dtype = ta ? ta->dtype : tb ? tb->dtype : SK_F32;
  sk_array a = operand(L, 2, ta, dtype, va), b = operand(L, 3, tb, dtype, vb), pair;
  if (a.dtype != b.dtype) {
    const char *s = sk_describe(L, &a);
    sk_fail(L, 3, "dtypes differ: %s and %s (convert one with :to)", s, sk_describe(L, &b));
  }
  bool fits = sk_broadcast(&a, &b, &ndim, shape);
  if (fits) {
    pair = sk_packed(dtype, ndim, shape, 0);
    fits = sk_broadcast(&mask, &pair, &ndim, shape);
  }
  if (!fits) {
    const char *m = sk_describe_shape(L, mask.ndim, mask.shape);
    const char *s = sk_describe_shape(L, a.ndim, a.shape);
    sk_fail(L, 1, "shapes do not broadcast: %s, %s and %s", m, s,
            sk_describe_shape(L, b.ndim, b.shape));
  }
  sk_array *out = sk_new(L, dtype, ndim, shape);
  sk_expand(&mask, ndim, shape, &mask);
  sk_expand(&a, ndim, shape, &a);
  sk_expand(&b, ndim, shape, &b);
  sk_where(&mask, &a, &b, out);
  return 1;
}

static void add(lua_State *L, const char *name, int op, lua_CFunction plain,
                lua_CFunction in_place) {
  lua_pushinteger(L, op);
  lua_pushcclosure(L, plain, 1);
  lua_setfield(L, -2, name);
  if (!in_place) return;
  lua_pushfstring(L, "%s_", name);
  lua_pushinteger(L, op);
  lua_pushcclosure(L, in_place, 1);
  lua_settable(L, -3);
}

int sk_open_map(lua_State *L) {
  for (int op = 0; op < SK_NUNARY; op++)
    add(L, sk_unary_name[op], op, map_unary, sk_unary_gives(op, SK_F32) == SK_F32 ? map_unary_ : 0);
  for (int op = 0; op < SK_NBINARY; op++)
    add(L, sk_binary_name[op], op, map_binary,
        sk_binary_gives(op, SK_F32) == SK_F32 ? map_binary_ : 0);
  lua_pushcfunction(L, map_where);
  lua_setfield(L, -2, "where");
  return 0;
}
