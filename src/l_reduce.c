/* Reductions: sum(t, dims, keepdim, out, ddof) and so on, with dims nil (all), a number or a table
   of numbers. */
#include "lib.h"
#include <string.h>

static const char *const names[SK_NREDUCE] = {"sum",       "mean",   "prod", "amin",  "amax",
                                              "argmin",    "argmax", "var",  "norm1", "norm2",
                                              "logsumexp", "any",    "all"};

/* Which dimensions go; true in gone[]. */
static void check_dims(lua_State *L, int idx, int ndim, bool *gone) {
  for (int d = 0; d < ndim; d++) gone[d] = lua_isnoneornil(L, idx);
  if (lua_isnoneornil(L, idx)) return;
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
    lua_pop(L, 1);
  }
}

/* Sees the dimensions that are not 1 as [outer, far, mid, n, inner], of which far and n go, where
   there is such a view; far and mid are 1 where one run of dimensions goes. */
static bool grouped(const sk_array *a, const bool *gone, int64_t group[5]) {
  int at = 0;
  for (int i = 0; i < 5; i++) group[i] = 1;
  for (int d = 0; d < a->ndim; d++) {
    if (a->shape[d] == 1) continue;
    if (gone[d] != (at % 2 == 1)) at++;
    if (at > 4) return false;
    group[at] *= a->shape[d];
  }
  if (at < 3) { /* one run: it is n */
    group[4] = group[2];
    group[3] = group[1];
    group[2] = group[1] = 1;
  }
  return true;
}

/* Dimensions that go in more than two runs are moved behind those that stay, by a copy. */
static int reduce(lua_State *L) {
  sk_reduce_op op = (sk_reduce_op)lua_tointeger(L, lua_upvalueindex(1));
  sk_array *a = sk_check(L, 1);
  bool gone[SK_MAXDIM], keep = lua_toboolean(L, 3);
  double ddof = lua_isnoneornil(L, 5) ? 1 : sk_check_number(L, 5);
  int order[SK_MAXDIM], k = 0;
  int64_t shape[SK_MAXDIM], group[5], n = 1, kept = 1;
  int ndim = 0;
  lua_settop(L, 5);
  if (lua_type(L, 3) != LUA_TBOOLEAN && !lua_isnil(L, 3))
    sk_fail(L, 3, "keepdim must be true or false, got %s (several dimensions stand in a table)",
            sk_kind(L, 3));
  if (!sk_reduce_has(op, a->dtype))
    sk_fail(L, 1, "%s tensor expected, got %s", op == SK_PROD ? "float or int64" : "float",
            sk_describe(L, a));
  check_dims(L, 2, a->ndim, gone);
  for (int d = 0; d < a->ndim; d++) {
    if (gone[d])
      n *= a->shape[d];
    else {
      kept *= a->shape[d];
      order[k++] = d;
    }
    if (!gone[d] || keep) shape[ndim++] = gone[d] ? 1 : a->shape[d];
  }
  if (n == 0 && kept > 0 && (op == SK_MIN || op == SK_MAX || op == SK_ARGMIN || op == SK_ARGMAX))
    sk_fail(L, 1, "%s of no elements: %s", names[op], sk_describe(L, a));
  if (!grouped(a, gone, group)) {
    for (int d = 0; d < a->ndim; d++)
      if (gone[d]) order[k++] = d;
    sk_array moved = sk_permuted(a, order);
    sk_view(L, 1, &moved);
    memcpy(group, (int64_t[5]){kept, 1, 1, n, 1}, sizeof group);
  } else
    lua_pushvalue(L, 1);
  sk_array in = *sk_contiguous(L, -1, a->dtype);
  sk_array *out = sk_out(L, 4, sk_reduce_gives(op, a->dtype), ndim, shape), *packed = out;
  int result = lua_gettop(L);
  if (!sk_is_contiguous(out)) packed = sk_new(L, out->dtype, ndim, shape);
  sk_protect(L, packed, &in);
  if (kept > 0) sk_reduce(op, a->dtype, in.data, group, ddof, packed->data);
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
