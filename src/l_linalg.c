/* Floor 3: eigenvalues and singular values. */
#include "lib.h"
#include <string.h>

#define MAX_SIDE 32766 /* LAPACK counts its scratch, 2 n^2 + 6 n + 1, in 32 bits */

/* A finite float matrix at idx. */
static sk_array *check_matrix(lua_State *L, int idx, bool square) {
  sk_array *a = sk_check_float(L, idx);
  if (a->ndim != 2) sk_fail(L, idx, "tensor with 2 dimensions expected, got %s", sk_describe(L, a));
  if (square && a->shape[0] != a->shape[1])
    sk_fail(L, idx, "square matrix expected, got %s", sk_describe(L, a));
  if ((a->shape[0] < a->shape[1] ? a->shape[0] : a->shape[1]) > MAX_SIDE)
    sk_fail(L, idx, "%s is too large for LAPACK (at most %d on the shorter side)",
            sk_describe(L, a), MAX_SIDE);
  return a;
}

/* Pushes a packed copy that LAPACK may destroy. */
static sk_array *push_finite_copy(lua_State *L, int idx) {
  const sk_array *a = sk_check(L, idx);
  sk_array *copy = sk_new(L, a->dtype, 2, a->shape);
  sk_copy(a, copy);
  int64_t bad = sk_nonfinite_row(a->dtype, copy->data, a->shape[0], a->shape[1]);
  if (bad >= 0)
    sk_fail(L, idx, "row %lld of %s holds a NaN or an infinity", (long long)bad + 1,
            sk_describe(L, a));
  return copy;
}

static int eigh(lua_State *L, const char *fname, bool vectors) {
  sk_array *a = check_matrix(L, 1, true);
  lua_settop(L, 1);
  sk_array *v = push_finite_copy(L, 1);
  sk_array *w = sk_new(L, a->dtype, 1, a->shape);
  void *scratch = sk_scratch(L, sk_eigh_scratch(a->dtype, a->shape[0], vectors));
  sk_status status = sk_eigh(a->dtype, a->shape[0], v->data, w->data, vectors, scratch);
  sk_scratch_done(L, -1);
  sk_raise(L, fname, status);
  lua_pushvalue(L, 3);
  if (vectors) lua_pushvalue(L, 2);
  return vectors ? 2 : 1;
}

static int linalg_eigh(lua_State *L) { return eigh(L, "eigh", true); }

static int linalg_eigvalsh(lua_State *L) { return eigh(L, "eigvalsh", false); }

static int linalg_svdvals(lua_State *L) {
  sk_array *a = check_matrix(L, 1, false);
  lua_settop(L, 1);
  sk_array *copy = push_finite_copy(L, 1);
  int64_t r = a->shape[0] < a->shape[1] ? a->shape[0] : a->shape[1];
  sk_array *s = sk_new(L, a->dtype, 1, &r);
  void *scratch = sk_scratch(L, sk_svdvals_scratch(a->dtype, a->shape[0], a->shape[1]));
  sk_status status = sk_svdvals(a->dtype, a->shape[0], a->shape[1], copy->data, s->data, scratch);
  sk_scratch_done(L, -1);
  sk_raise(L, "svdvals", status);
  lua_pushvalue(L, 3);
  return 1;
}

static const luaL_Reg functions[] = {
    {"eigh", linalg_eigh}, {"eigvalsh", linalg_eigvalsh}, {"svdvals", linalg_svdvals}, {0, 0}};

int sk_open_linalg(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
