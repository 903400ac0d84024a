/* Floor 3: distances of all pairs of rows, and their gradient. */
#include "lib.h"

/* The rows at idx: packed [..., rows, d] of a float dtype; pushes them. */
static const sk_array *push_rows(lua_State *L, int idx) {
  sk_array *a = sk_check_float(L, idx);
  if (a->ndim < 2) sk_fail(L, idx, "rows (...,n,d) expected, got %s", sk_describe(L, a));
  return sk_contiguous(L, idx, a->dtype);
}

/* x[batch...,n,d] and y[batch...,m,d] fit each other; the batches are the same. */
static void check_pair(lua_State *L, const sk_array *x, const sk_array *y) {
  bool fits = x->dtype == y->dtype && x->ndim == y->ndim;
  for (int d = 0; fits && d < x->ndim; d++) fits = d == x->ndim - 2 || x->shape[d] == y->shape[d];
  if (fits) return;
  const char *s = sk_describe(L, x);
  sk_fail(L, 2, "rows of %s and %s have no distances", s, sk_describe(L, y));
}

/* cdist(x, y, p) -> [batch...,n,m] */
static int distance_cdist(lua_State *L) {
  int64_t shape[SK_MAXDIM];
  lua_settop(L, 3);
  double p = sk_check_number(L, 3);
  const sk_array *x = push_rows(L, 1), *y = push_rows(L, 2);
  int nd = x->ndim;
  check_pair(L, x, y);
  for (int d = 0; d < nd - 1; d++) shape[d] = x->shape[d];
  shape[nd - 1] = y->shape[nd - 2];
  sk_array *out = sk_new(L, x->dtype, nd, shape);
  sk_distance job = {.dtype = x->dtype,
                     .batch = sk_count(nd - 2, shape),
                     .n = shape[nd - 2],
                     .m = shape[nd - 1],
                     .d = x->shape[nd - 1],
                     .p = p,
                     .x = x->data,
                     .y = y->data,
                     .out = out->data};
  if (sk_numel(out) == 0) return 1;
  int threads = sk_get_threads();
  void *scratch = sk_scratch(L, sk_distance_scratch(&job, threads));
  sk_distances(&job, threads, scratch);
  sk_scratch_done(L, -1);
  lua_settop(L, 6);
  return 1;
}

/* cdist_slope(g, x, y, distances, p, of_y) -> what x, or y, gets of the gradient g */
static int distance_slope(lua_State *L) {
  lua_settop(L, 6);
  bool of_y = lua_toboolean(L, 6);
  double p = sk_check_number(L, 5);
  const sk_array *x = push_rows(L, 2), *y = push_rows(L, 3);
  const sk_array *g = sk_contiguous(L, 1, x->dtype), *dist = sk_contiguous(L, 4, x->dtype);
  const sk_array *to = of_y ? y : x, *from = of_y ? x : y;
  int nd = x->ndim;
  sk_array *out = sk_new(L, x->dtype, nd, to->shape);
  int64_t n = to->shape[nd - 2], m = from->shape[nd - 2];
  sk_slope job = {.dtype = x->dtype,
                  .batch = sk_count(nd - 2, x->shape),
                  .n = n,
                  .m = m,
                  .d = x->shape[nd - 1],
                  .down = of_y ? 1 : m,
                  .across = of_y ? n : 1,
                  .p = p,
                  .x = to->data,
                  .y = from->data,
                  .g = g->data,
                  .dist = dist->data,
                  .out = out->data};
  if (sk_numel(out) > 0) sk_distance_slope(&job);
  return 1;
}

static const luaL_Reg functions[] = {
    {"cdist", distance_cdist}, {"cdist_slope", distance_slope}, {0, 0}};

int sk_open_distance(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
