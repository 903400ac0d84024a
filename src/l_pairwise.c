/* Floor 3: sums over pairs of rows, and what a collapse shows. */
#include "lib.h"

/* A packed 2-D float tensor with rows and columns at idx; pushes it. */
static const sk_array *push_rows(lua_State *L, int idx) {
  sk_array *a = sk_check_float(L, idx);
  if (a->ndim != 2 || sk_numel(a) == 0)
    sk_fail(L, idx, "tensor (N,D) with rows and columns expected, got %s", sk_describe(L, a));
  if (a->shape[1] > INT32_MAX) sk_fail(L, idx, "%s is too wide", sk_describe(L, a));
  return sk_contiguous(L, idx, a->dtype);
}

/* uniformity(z, t, single) -> sum of exp, sum of expm1 over the pairs, zero rows */
static int pairwise_uniformity(lua_State *L) {
  lua_settop(L, 3);
  const sk_array *z = push_rows(L, 1);
  double t = sk_check_number(L, 2), sums[2];
  bool single = lua_toboolean(L, 3);
  int threads = sk_get_threads();
  int64_t n = z->shape[0], d = z->shape[1];
  double *scratch = sk_scratch(L, sk_uniformity_scratch(n, d, single, threads));
  int64_t zeros = sk_uniformity(z->dtype, z->data, n, d, t, single, threads, sums, scratch);
  sk_scratch_done(L, -1);
  lua_pushnumber(L, sums[0]);
  lua_pushnumber(L, sums[1]);
  lua_pushinteger(L, zeros);
  return 3;
}

/* alignment(u, v, alpha) -> number */
static int pairwise_alignment(lua_State *L) {
  lua_settop(L, 3);
  const sk_array *u = push_rows(L, 1), *v = push_rows(L, 2);
  if (u->dtype != v->dtype || !sk_same_shape(u, v))
    sk_fail(L, 2, "%s expected, got %s", sk_describe(L, u), sk_describe(L, v));
  lua_pushnumber(
      L, sk_alignment(u->dtype, u->data, v->data, u->shape[0], u->shape[1], sk_check_number(L, 3)));
  return 1;
}

/* unit_columns(z) -> of unit rows, means [D] and sums of squares about them [D]; zero rows */
static int pairwise_unit_columns(lua_State *L) {
  lua_settop(L, 1);
  const sk_array *z = push_rows(L, 1);
  int64_t n = z->shape[0], d = z->shape[1];
  sk_array *mean = sk_new(L, SK_F64, 1, &d), *m2 = sk_new(L, SK_F64, 1, &d);
  double *scratch = sk_scratch(L, n * (int64_t)sizeof(double));
  int64_t zeros =
      sk_unit_columns(z->dtype, z->data, n, d, (double *)mean->data, (double *)m2->data, scratch);
  sk_scratch_done(L, -1);
  lua_pop(L, 1);
  lua_pushinteger(L, zeros);
  return 3;
}

/* repeated_rows(z) -> how many rows equal an earlier one */
static int pairwise_repeated_rows(lua_State *L) {
  const sk_array *z = push_rows(L, 1);
  void *scratch = sk_scratch(L, sk_repeated_rows_scratch(z->shape[0]));
  int64_t count = sk_repeated_rows(z->dtype, z->data, z->shape[0], z->shape[1], scratch);
  sk_scratch_done(L, -1);
  lua_pushinteger(L, count);
  return 1;
}

static const luaL_Reg functions[] = {{"uniformity", pairwise_uniformity},
                                     {"alignment", pairwise_alignment},
                                     {"unit_columns", pairwise_unit_columns},
                                     {"repeated_rows", pairwise_repeated_rows},
                                     {0, 0}};

int sk_open_pairwise(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
