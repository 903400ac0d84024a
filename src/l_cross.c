/* Floor 3: what is summed over two sets of rows. The states are float64 tensors that the Lua side
   (sslkit.metrics.engine.two_sets) owns and that are changed in place here. */
#include "lib.h"

/* Rows at idx: a 2-D float tensor with rows and columns, packed; pushes it. */
static const sk_array *push_rows(lua_State *L, int idx) {
  sk_array *a = sk_check_float(L, idx);
  if (a->ndim != 2 || sk_numel(a) == 0)
    sk_fail(L, idx, "tensor (N,D) with rows and columns expected, got %s", sk_describe(L, a));
  if (a->shape[1] > INT32_MAX) sk_fail(L, idx, "%s is too wide", sk_describe(L, a));
  return sk_contiguous(L, idx, a->dtype);
}

/* A packed float64 tensor of that shape; NULL for nil. */
static double *opt_state(lua_State *L, int idx, int ndim, int64_t rows, int64_t cols) {
  if (lua_isnoneornil(L, idx)) return 0;
  sk_array *a = sk_check_dtype(L, idx, SK_F64);
  int64_t shape[2] = {rows, cols};
  sk_array want = sk_packed(SK_F64, ndim, shape, 0);
  if (!sk_same_shape(a, &want) || !sk_is_contiguous(a))
    sk_fail(L, idx, "contiguous %s expected, got %s", sk_describe(L, &want), sk_describe(L, a));
  return (double *)a->data;
}

/* Rows, center and scale at idx, idx + 1 and idx + 2; pushes the rows. */
static sk_side push_side(lua_State *L, int idx, int64_t *rows) {
  const sk_array *z = push_rows(L, idx);
  *rows = z->shape[0];
  sk_side s = {z->dtype, z->data, z->shape[1], opt_state(L, idx + 1, 1, z->shape[1], 0),
               sk_check_number(L, idx + 2)};
  if (!s.center) sk_fail(L, idx + 1, "the means of the columns expected, got nil");
  return s;
}

/* Both sides, from argument 1 on (x, its center and scale, y or nil, its center and scale). */
static sk_cross push_job(lua_State *L) {
  sk_cross job = {0};
  job.x = push_side(L, 1, &job.rows);
  if (lua_isnil(L, 4)) return job;
  int64_t rows;
  job.y = push_side(L, 4, &rows);
  if (rows != job.rows)
    sk_fail(L, 4, "%lld rows expected, got %s", (long long)job.rows,
            sk_describe(L, sk_check(L, 4)));
  return job;
}

/* The sums at idx .. idx + 2: xx, yy and xy, of which any may be nil, as those must be that have no
   rows y; `cols` of each, or the width of the other factor. */
static void check_sums(lua_State *L, int idx, sk_cross *job, int64_t cols) {
  int64_t dx = job->x.d, dy = job->y.d;
  for (int i = idx + 1; i < idx + 3; i++)
    if (dy == 0 && !lua_isnil(L, i)) sk_fail(L, i, "nil expected where there are no rows y");
  job->xx = opt_state(L, idx, 2, dx, cols ? cols : dx);
  job->yy = opt_state(L, idx + 1, 2, dy, cols ? cols : dy);
  job->xy = opt_state(L, idx + 2, 2, dx, cols ? cols : dy);
  for (int i = idx; i < idx + 3; i++)
    if (!lua_isnil(L, i)) sk_touch(L, i);
}

/* column_center(x) -> the means of the columns [D], the largest deviation in each [D] */
static int cross_column_center(lua_State *L) {
  lua_settop(L, 1);
  const sk_array *x = push_rows(L, 1);
  int64_t rows = x->shape[0], d = x->shape[1];
  sk_array *mean = sk_new(L, SK_F64, 1, &d), *reach = sk_new(L, SK_F64, 1, &d);
  sk_column_center(x->dtype, x->data, rows, d, (double *)mean->data, (double *)reach->data);
  return 2;
}

/* side_squares(x, center, scale) -> the squared lengths of the rows [N] */
static int cross_side_squares(lua_State *L) {
  lua_settop(L, 3);
  int64_t rows;
  sk_side side = push_side(L, 1, &rows);
  sk_side_squares(&side, rows, (double *)sk_new(L, SK_F64, 1, &rows)->data);
  return 1;
}

/* cross_add(x, center, scale, y or nil, center, scale, single, xx, yy, xy) */
static int cross_add(lua_State *L) {
  lua_settop(L, 10);
  sk_cross job = push_job(L);
  job.single = lua_toboolean(L, 7);
  check_sums(L, 8, &job, 0);
  int threads = sk_get_threads();
  sk_cross_add(&job, threads, sk_scratch(L, sk_cross_scratch(&job, threads)));
  sk_scratch_done(L, -1);
  return 0;
}

/* cross_probe(x, center, scale, y or nil, center, scale, v, xx, yy, xy) */
static int cross_probe(lua_State *L) {
  lua_settop(L, 10);
  sk_cross job = push_job(L);
  int64_t wide = job.x.d > job.y.d ? job.x.d : job.y.d;
  const double *v = opt_state(L, 7, 2, wide, SK_PROBES);
  if (!v) sk_fail(L, 7, "probes expected, got nil");
  check_sums(L, 8, &job, SK_PROBES);
  sk_cross_probe(&job, v, sk_scratch(L, sk_cross_probe_scratch(&job)));
  sk_scratch_done(L, -1);
  return 0;
}

static const luaL_Reg functions[] = {{"column_center", cross_column_center},
                                     {"side_squares", cross_side_squares},
                                     {"cross_add", cross_add},
                                     {"cross_probe", cross_probe},
                                     {0, 0}};

int sk_open_cross(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  lua_pushinteger(L, SK_PROBES);
  lua_setfield(L, -2, "PROBES");
  return 0;
}
