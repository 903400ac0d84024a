/* Counting and looking up: unique, bincount, histc, searchsorted. */
#include "lib.h"
#include <math.h>

#define DENSE                                                                                      \
  65536 /* whole numbers from a range so wide, or no wider than their number, are counted */

/* {== Distinct elements =================================================== */

static int64_t *new_counts(lua_State *L, bool wanted, int ndim, const int64_t *shape) {
  if (wanted) return (int64_t *)sk_new(L, SK_I64, ndim, shape)->data;
  lua_pushnil(L);
  return 0;
}

/* By a table, where a is int64 and its numbers stand close; false otherwise. */
static bool unique_dense(lua_State *L, const sk_array *a, int64_t n, bool inverse, bool counts) {
  int64_t lo, hi, groups;
  const int64_t *v = (const int64_t *)a->data;
  if (a->dtype != SK_I64 || n == 0) return false;
  sk_id_range(v, n, &lo, &hi);
  uint64_t span = (uint64_t)hi - (uint64_t)lo;
  if (span >= DENSE && span >= (uint64_t)n) return false;
  int64_t width = (int64_t)span + 1;
  int64_t *table = sk_scratch(L, width * (int64_t)sizeof(int64_t));
  int scratch = lua_gettop(L);
  groups = sk_table_count(v, n, lo, width, table);
  int64_t *values = (int64_t *)sk_new(L, SK_I64, 1, &groups)->data;
  int64_t *where = new_counts(L, inverse, a->ndim, a->shape);
  int64_t *count = new_counts(L, counts, 1, &groups);
  sk_table_groups(v, n, lo, width, table, values, where, count);
  sk_scratch_done(L, scratch);
  return true;
}

/* unique(t, inverse, counts) -> values, positions among them or nil, counts or nil */
static int unique(lua_State *L) {
  sk_array *t = sk_check(L, 1);
  bool inverse = lua_toboolean(L, 2), counts = lua_toboolean(L, 3);
  int64_t n = sk_numel(t);
  lua_settop(L, 3);
  if (n > SK_ORDER_MOST)
    sk_fail(L, 1, "at most %lld elements can be sorted, got %s", (long long)SK_ORDER_MOST,
            sk_describe(L, t));
  const sk_array *a = sk_contiguous(L, 1, t->dtype);
  if (unique_dense(L, a, n, inverse, counts)) return 3;
  sk_order o = {.dtype = a->dtype, .a = a->data, .outer = 1, .n = n, .inner = 1, .k = n};
  o.values = sk_new(L, a->dtype, 1, &n)->data;
  o.index = new_counts(L, inverse, 1, &n);
  if (n > 0) {
    int threads = sk_get_threads();
    void *scratch = sk_scratch(L, sk_sort_scratch(&o, threads));
    sk_sort(&o, threads, scratch);
    sk_scratch_done(L, -1);
    lua_pop(L, 1);
  }
  int64_t groups = sk_unique_count(a->dtype, o.values, n);
  void *values = sk_new(L, a->dtype, 1, &groups)->data;
  int64_t *where = new_counts(L, inverse, a->ndim, a->shape);
  int64_t *count = new_counts(L, counts, 1, &groups);
  sk_unique_groups(a->dtype, o.values, o.index, n, values, where, count);
  return 3;
}

/* row_order(rows[n,d]) -> int64 [n] */
static int row_order(lua_State *L) {
  sk_check(L, 1);
  lua_settop(L, 1);
  const sk_array *rows = sk_contiguous(L, 1, sk_check(L, 1)->dtype);
  int64_t n = rows->shape[0];
  int64_t *spare = sk_scratch(L, n * (int64_t)sizeof(int64_t));
  int scratch = lua_gettop(L);
  sk_array *order = sk_new(L, SK_I64, 1, &n);
  sk_row_order(rows->dtype, rows->data, n, rows->shape[1], (int64_t *)order->data, spare);
  sk_scratch_done(L, scratch);
  return 1;
}

/* ==} */

/* {== Counts ============================================================== */

/* bincount(ids, minlength, weights) */
static int bincount(lua_State *L) {
  sk_array *y = sk_check(L, 1), *w = 0;
  int64_t least, most, n, k = sk_check_int(L, 2);
  lua_settop(L, 3);
  if (sk_is_float(y->dtype) || y->ndim != 1)
    sk_fail(L, 1, "int64 ids with 1 dimension expected, got %s", sk_describe(L, y));
  n = y->shape[0];
  if (!lua_isnil(L, 3)) {
    w = sk_check_float(L, 3);
    if (w->ndim != 1 || w->shape[0] != n) {
      const char *s = sk_describe(L, w);
      sk_fail(L, 3, "weights %s do not fit the ids %s", s, sk_describe(L, y));
    }
    w = (sk_array *)sk_contiguous(L, 3, w->dtype);
  }
  const int64_t *id = (const int64_t *)sk_contiguous(L, 1, SK_I64)->data;
  sk_id_range(id, n, &least, &most);
  if (n > 0 && least < 1) {
    int64_t row = 0;
    while (id[row] >= 1) row++;
    sk_fail(L, 1, "ids are counted from 1, row %lld holds %lld", (long long)row + 1,
            (long long)id[row]);
  }
  if (n > 0 && most > k) k = most;
  void *out = sk_new(L, w ? w->dtype : SK_I64, 1, &k)->data;
  int threads = sk_get_threads();
  int64_t bytes = w ? k * (int64_t)sizeof(double) : sk_tally_scratch(n, k, threads);
  void *scratch = sk_scratch(L, bytes);
  if (w)
    sk_weighcount(id, w->dtype, w->data, n, k, scratch, out);
  else
    sk_bincount(id, n, k, threads, scratch, out);
  sk_scratch_done(L, -1);
  lua_pop(L, 1);
  return 1;
}

/* histc(t, bins, lo, hi); lo = hi: the range of t */
static int histc(lua_State *L) {
  sk_array *t = sk_check(L, 1);
  int64_t bins = sk_check_int(L, 2), n = sk_numel(t), all;
  double lo = sk_check_number(L, 3), hi = sk_check_number(L, 4);
  const sk_array *a = sk_contiguous(L, 1, t->dtype);
  if (lo == hi && n > 0) {
    double least, most;
    sk_number_range(a->dtype, a->data, n, &least, &most);
    if (least <= most) lo = least, hi = most;
    if (!isfinite(lo) || !isfinite(hi))
      sk_fail(L, 1, "the range of the data, %g to %g, is not finite: give lo and hi", lo, hi);
  }
  if (lo == hi) lo -= 1, hi += 1;
  if (!isfinite(hi - lo) || !(lo < hi))
    sk_fail(L, 3, "a range from lo to a larger hi expected, got %g to %g", lo, hi);
  all = bins + 1; /* one for what lies outside */
  sk_array *counted = sk_new(L, SK_I64, 1, &all);
  int threads = sk_get_threads();
  void *scratch = sk_scratch(L, sk_tally_scratch(n, all, threads));
  sk_histc(a->dtype, a->data, n, bins, lo, hi, threads, scratch, (int64_t *)counted->data);
  sk_scratch_done(L, -1);
  lua_pop(L, 1);
  sk_array inside = sk_slice(counted, 0, 0, 1, bins);
  sk_view(L, -1, &inside);
  return 1;
}

/* ==} */

/* {== Looking up ========================================================== */

/* searchsorted(sorted, values, right): sorted has one row, or the leading dimensions of values. */
static int searchsorted(lua_State *L) {
  sk_array *s = sk_check(L, 1), *v = sk_check_dtype(L, 2, s->dtype);
  bool right = lua_toboolean(L, 3), shared = s->ndim == 1, fits = shared || s->ndim == v->ndim;
  int64_t rows = 1, m;
  if (s->ndim == 0) sk_fail(L, 1, "sorted rows expected, got %s", sk_describe(L, s));
  for (int d = 0; fits && !shared && d < s->ndim - 1; d++) fits = s->shape[d] == v->shape[d];
  if (!fits) {
    const char *want = sk_describe(L, s);
    sk_fail(L, 2, "values %s do not fit the sorted rows %s", sk_describe(L, v), want);
  }
  for (int d = 0; d < s->ndim - 1; d++) rows *= s->shape[d];
  bool none = sk_numel(v) == 0;
  m = none ? 0 : sk_numel(v) / rows;
  sk_array *out = sk_new(L, SK_I64, v->ndim, v->shape);
  if (!none) {
    const void *sorted = sk_contiguous(L, 1, s->dtype)->data;
    const void *values = sk_contiguous(L, 2, s->dtype)->data;
    sk_search(s->dtype, sorted, s->shape[s->ndim - 1], shared, values, rows, m, right,
              (int64_t *)out->data);
    lua_pop(L, 2);
  }
  return 1;
}

/* ==} */

static const luaL_Reg functions[] = {
    {"unique", unique}, {"row_order", row_order},       {"bincount", bincount},
    {"histc", histc},   {"searchsorted", searchsorted}, {0, 0}};

int sk_open_count(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
