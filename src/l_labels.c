/* Floor 3: rows with class labels, and divisions of the same things. Arguments come from
   sslkit.metrics, which has checked what the user gave; here they are checked for shape, dtype and
   range, so that no call can crash. */
#include "lib.h"

/* A packed tensor at idx of that dtype and shape. */
static void *check_packed(lua_State *L, int idx, sk_dtype dtype, int ndim, int64_t rows,
                          int64_t cols) {
  sk_array *a = sk_check_dtype(L, idx, dtype);
  int64_t shape[2] = {rows, cols};
  sk_array want = sk_packed(dtype, ndim, shape, 0);
  if (!sk_same_shape(a, &want) || !sk_is_contiguous(a))
    sk_fail(L, idx, "contiguous %s expected, got %s", sk_describe(L, &want), sk_describe(L, a));
  return a->data;
}

static const sk_array *check_rows(lua_State *L, int idx) {
  sk_array *z = sk_check_float(L, idx);
  if (z->ndim != 2 || sk_numel(z) == 0 || !sk_is_contiguous(z))
    sk_fail(L, idx, "contiguous tensor (N,D) with rows and columns expected, got %s",
            sk_describe(L, z));
  return z;
}

/* n numbers of classes, in 1 .. classes. */
static const int64_t *check_ids(lua_State *L, int idx, int64_t n, int64_t classes) {
  const int64_t *id = check_packed(L, idx, SK_I64, 1, n, 0);
  if (classes < 1 || !sk_within(id, n, classes))
    sk_fail(L, idx, "numbers in 1..%lld expected", (long long)classes);
  return id;
}

/* z [n,d] at 1, id [n] at 2, scale [n] or nil at idx */
static sk_classes check_classes(lua_State *L, int64_t classes, int idx) {
  const sk_array *z = check_rows(L, 1);
  int64_t n = z->shape[0];
  return (sk_classes){.dtype = z->dtype,
                      .z = z->data,
                      .scale = lua_isnil(L, idx) ? 0 : check_packed(L, idx, SK_F64, 1, n, 0),
                      .id = check_ids(L, 2, n, classes),
                      .n = n,
                      .d = z->shape[1],
                      .classes = classes};
}

/* class_means(z [n,d], id [n], classes, scale [n] or nil) -> float64 [classes,d] */
static int labels_class_means(lua_State *L) {
  lua_settop(L, 4);
  sk_classes job = check_classes(L, sk_check_int(L, 3), 4);
  int64_t shape[2] = {job.classes, job.d};
  sk_array *mean = sk_new(L, SK_F64, 2, shape);
  sk_class_means(&job, (double *)mean->data, sk_scratch(L, sk_class_means_scratch(job.classes)));
  sk_scratch_done(L, -1);
  lua_pop(L, 1);
  return 1;
}

/* class_squares(z [n,d], id [n], mean [classes,d], scale [n] or nil) -> float64 [n] */
static int labels_class_squares(lua_State *L) {
  lua_settop(L, 4);
  sk_array *mean = sk_check_dtype(L, 3, SK_F64);
  if (mean->ndim != 2) sk_fail(L, 3, "means (K,D) expected, got %s", sk_describe(L, mean));
  sk_classes job = check_classes(L, mean->shape[0], 4);
  const double *m = check_packed(L, 3, SK_F64, 2, job.classes, job.d);
  sk_class_squares(&job, m, (double *)sk_new(L, SK_F64, 1, &job.n)->data);
  return 1;
}

/* row_units(z [n,d]) -> float64 [n] */
static int labels_row_units(lua_State *L) {
  const sk_array *z = check_rows(L, 1);
  sk_array *out = sk_new(L, SK_F64, 1, z->shape);
  sk_row_units(z->dtype, z->data, z->shape[0], z->shape[1], (double *)out->data);
  return 1;
}

/* class_tile_add(sums [classes,n], id [n], distance [high,wide], top, left): 1-based rows */
static int labels_class_tile_add(lua_State *L) {
  const sk_array *sums = sk_check_dtype(L, 1, SK_F64), *distance = sk_check_dtype(L, 3, SK_F64);
  if (sums->ndim != 2) sk_fail(L, 1, "sums (K,N) expected, got %s", sk_describe(L, sums));
  if (distance->ndim != 2)
    sk_fail(L, 3, "distances (h,w) expected, got %s", sk_describe(L, distance));
  int64_t classes = sums->shape[0], n = sums->shape[1];
  int64_t high = distance->shape[0], wide = distance->shape[1];
  int64_t top = sk_check_int(L, 4), left = sk_check_int(L, 5);
  if (top < 1 || left < 1 || top > n - high + 1 || left > n - wide + 1)
    sk_fail(L, 4, "the tile leaves the %lld rows", (long long)n);
  sk_class_tile tile = {.distance = check_packed(L, 3, SK_F64, 2, high, wide),
                        .high = high,
                        .wide = wide,
                        .top = top - 1,
                        .left = left - 1,
                        .id = check_ids(L, 2, n, classes),
                        .n = n,
                        .sums = check_packed(L, 1, SK_F64, 2, classes, n)};
  sk_class_tile_add(&tile);
  sk_touch(L, 1);
  return 0;
}

/* sizes [kinds] at idx, all in 1 .. n, and counts [kinds] behind them */
static sk_parts check_parts(lua_State *L, int idx, int64_t n) {
  sk_parts parts = {.kinds = sk_numel(sk_check(L, idx))};
  parts.size = check_ids(L, idx, parts.kinds, n);
  parts.count = check_packed(L, idx + 1, SK_I64, 1, parts.kinds, 0);
  return parts;
}

/* expected_information(sizes, counts, sizes, counts, n) -> number */
static int labels_expected_information(lua_State *L) {
  int64_t n = sk_check_int(L, 5);
  sk_parts a = check_parts(L, 1, n), b = check_parts(L, 3, n);
  double *scratch = sk_scratch(L, a.kinds * (int64_t)sizeof(double));
  double information = sk_expected_information(&a, &b, (double)n, scratch);
  sk_scratch_done(L, -1);
  lua_pushnumber(L, information);
  return 1;
}

/* assign(gain [rows,cols]) -> int64 [rows], 1-based */
static int labels_assign(lua_State *L) {
  const sk_array *gain = sk_check_dtype(L, 1, SK_I64);
  if (gain->ndim != 2 || gain->shape[0] > gain->shape[1] || !sk_is_contiguous(gain))
    sk_fail(L, 1, "contiguous gains (n,m) with n <= m expected, got %s", sk_describe(L, gain));
  int64_t rows = gain->shape[0], cols = gain->shape[1], least, most;
  sk_id_range((const int64_t *)gain->data, rows * cols, &least, &most);
  if (rows * cols > 0 && (least < 0 || most > UINT32_MAX))
    sk_fail(L, 1, "gains in 0..%lld expected", (long long)UINT32_MAX);
  int64_t *column = (int64_t *)sk_new(L, SK_I64, 1, &rows)->data;
  void *scratch = sk_scratch(L, sk_assign_scratch(rows, cols));
  sk_assign((const int64_t *)gain->data, rows, cols, column, scratch);
  sk_scratch_done(L, -1);
  lua_pop(L, 1);
  for (int64_t i = 0; i < rows; i++) column[i]++;
  return 1;
}

static const luaL_Reg functions[] = {{"class_means", labels_class_means},
                                     {"class_squares", labels_class_squares},
                                     {"row_units", labels_row_units},
                                     {"class_tile_add", labels_class_tile_add},
                                     {"expected_information", labels_expected_information},
                                     {"assign", labels_assign},
                                     {0, 0}};

int sk_open_labels(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
