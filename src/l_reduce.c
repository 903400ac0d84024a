/* Reductions: sum(t, dims, keepdim, out, ddof) and so on, with dims nil (all), a number or a table
   of numbers. */
#include "lib.h"

static const char *const names[SK_NREDUCE] = {"sum",       "mean",   "prod", "amin",  "amax",
                                              "argmin",    "argmax", "var",  "norm1", "norm2",
                                              "logsumexp", "any",    "all"};

/* Which dimensions go; true in gone[]. Returns how many. */
static int check_dims(lua_State *L, int idx, int ndim, bool *gone) {
  int n = 0;
  for (int d = 0; d < ndim; d++) gone[d] = lua_isnoneornil(L, idx);
  if (lua_isnoneornil(L, idx)) return ndim;
  bool list = lua_type(L, idx) == LUA_TTABLE;
  int64_t count = list ? luaL_len(L, idx) : 1;
  for (int64_t i = 1; i <= count; i++) {
    int axis;
    if (list)
      lua_geti(L, idx, i);
    else
      lua_pushvalue(L, idx);
    int ok;
    lua_Integer d = lua_tointegerx(L, -1, &ok);
    if (!ok || lua_type(L, -1) != LUA_TNUMBER)
      sk_fail(L, idx, "dimension must be a whole number, got %s", sk_kind(L, -1));
    if (!sk_axis(d, ndim, &axis))
      sk_fail(L, idx, "dimension %lld of a tensor with %d", (long long)d, ndim);
    if (gone[axis]) sk_fail(L, idx, "dimension %d is named twice", axis + 1);
    gone[axis] = true;
    n++;
    lua_pop(L, 1);
  }
  return n;
}

/* The dimensions that go are moved behind those that stay, unless they stand together already; a
   copy is made only where the strides ask for one. */
static int reduce(lua_State *L) {
  sk_reduce_op op = (sk_reduce_op)lua_tointeger(L, lua_upvalueindex(1));
  sk_array *a = sk_check(L, 1);
  bool gone[SK_MAXDIM], keep = lua_toboolean(L, 3);
  double ddof = lua_isnoneornil(L, 5) ? 1 : sk_check_number(L, 5);
  int order[SK_MAXDIM], k = 0;
  int64_t shape[SK_MAXDIM], outer = 1, n = 1, inner = 1;
  int ndim = 0, first = a->ndim, last = -1;
  lua_settop(L, 5);
  if (lua_type(L, 3) != LUA_TBOOLEAN && !lua_isnil(L, 3))
    sk_fail(L, 3, "keepdim must be true or false, got %s (several dimensions stand in a table)",
            sk_kind(L, 3));
  if (!sk_reduce_has(op, a->dtype))
    sk_fail(L, 1, "%s tensor expected, got %s", op == SK_PROD ? "float or int64" : "float",
            sk_describe(L, a));
  int count = check_dims(L, 2, a->ndim, gone);
  for (int d = 0; d < a->ndim; d++) {
    if (gone[d]) {
      n *= a->shape[d];
      last = d;
      if (first == a->ndim) first = d;
    }
    if (!gone[d] || keep) shape[ndim++] = gone[d] ? 1 : a->shape[d];
  }
  bool together = count == 0 || last - first + 1 == count;
  for (int d = 0; d < a->ndim; d++)
    if (!gone[d]) {
      order[k++] = d;
      if (!together || d < first)
        outer *= a->shape[d];
      else
        inner *= a->shape[d];
    }
  if (n == 0 && outer * inner > 0 &&
      (op == SK_MIN || op == SK_MAX || op == SK_ARGMIN || op == SK_ARGMAX))
    sk_fail(L, 1, "%s of no elements: %s", names[op], sk_describe(L, a));
  if (!together) {
    for (int d = 0; d < a->ndim; d++)
      if (gone[d]) order[k++] = d;
    sk_array moved = sk_permuted(a, order);
    sk_view(L, 1, &moved);
  } else
    lua_pushvalue(L, 1);
  sk_array in = *sk_contiguous(L, -1, a->dtype);
  sk_array *out = sk_out(L, 4, sk_reduce_gives(op, a->dtype), ndim, shape), *packed = out;
  int result = lua_gettop(L);
  if (!sk_is_contiguous(out)) packed = sk_new(L, out->dtype, ndim, shape);
  sk_protect(L, packed, &in);
  if (outer * inner > 0) sk_reduce(op, a->dtype, in.data, outer, n, inner, ddof, packed->data);
  if (packed != out) sk_copy(packed, out);
  lua_settop(L, result);
  return 1;
}

int sk_open_reduce(lua_State *L) {
  for (int op = 0; op < SK_NREDUCE; op++) {
    lua_pushinteger(L, op);
    lua_pushcclosure(L, reduce, 1);
    lua_setfield(L, -2, names[op]);
  }
  return 0;
}
