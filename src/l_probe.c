/* Floor 3: what probes need in C. Their arguments come from sslkit.probe, which has checked what
   the user gave; here they are checked for shape, dtype and range, so that no call can crash. */
#include "lib.h"

static void *check_packed(lua_State *L, int idx, sk_dtype dtype, int ndim, int64_t rows,
                          int64_t cols) {
  sk_array *a = sk_check_dtype(L, idx, dtype);
  int64_t shape[2] = {rows, cols};
  sk_array want = sk_packed(dtype, ndim, shape, 0);
  if (!sk_same_shape(a, &want) || !sk_is_contiguous(a))
    sk_fail(L, idx, "contiguous %s expected, got %s", sk_describe(L, &want), sk_describe(L, a));
  return a->data;
}

/* A packed int64 vector at idx with values 1..largest. */
static const int64_t *check_indices(lua_State *L, int idx, int64_t count, int64_t largest) {
  const int64_t *v = (const int64_t *)sk_check_dtype(L, idx, SK_I64)->data;
  for (int64_t i = 0; i < count; i++)
    if (v[i] < 1 || v[i] > largest)
      sk_fail(L, idx, "values in 1..%lld expected, got %lld", (long long)largest, (long long)v[i]);
  return v;
}

static int64_t check_classes(lua_State *L, int idx) {
  int64_t classes = sk_check_int(L, idx);
  if (classes < 1) sk_fail(L, idx, "at least one class expected, got %lld", (long long)classes);
  return classes;
}

/* knn_vote(index [m,k], score [m,k], label [n], classes, "cosine" | "l2", weights, temperature)
   -> votes [m,classes] float64, winner [m] int64 */
static int probe_knn_vote(lua_State *L) {
  static const char *const metrics[] = {"cosine", "l2", 0};
  static const char *const weights[] = {"exp", "uniform", "inverse", 0};
  const sk_array *index = sk_check_dtype(L, 1, SK_I64), *label = sk_check_dtype(L, 3, SK_I64);
  if (index->ndim != 2 || index->shape[1] == 0)
    sk_fail(L, 1, "tensor (m,k) expected, got %s", sk_describe(L, index));
  sk_vote v = {.queries = index->shape[0], .k = index->shape[1], .classes = check_classes(L, 4)};
  int64_t n = sk_numel(label), shape[2] = {v.queries, v.classes};
  check_packed(L, 1, SK_I64, 2, v.queries, v.k);
  check_packed(L, 3, SK_I64, 1, n, 0);
  v.index = check_indices(L, 1, v.queries * v.k, n);
  v.score = check_packed(L, 2, SK_F64, 2, v.queries, v.k);
  v.label = check_indices(L, 3, n, v.classes);
  v.cosine = sk_check_name(L, 5, 0, metrics) == 0;
  v.weights = (sk_vote_weights)sk_check_name(L, 6, 0, weights);
  v.temperature = sk_check_number(L, 7);
  v.votes = (double *)sk_new(L, SK_F64, 2, shape)->data;
  v.winner = (int64_t *)sk_new(L, SK_I64, 1, shape)->data;
  sk_knn_vote(&v);
  return 2;
}

/* logistic(x [n,d], y [n], w [K,d+1], penalty [d], grad [K,d+1], written) -> the objective */
static int probe_logistic(lua_State *L) {
  const sk_array *x = sk_check_dtype(L, 1, SK_F64), *w = sk_check_dtype(L, 3, SK_F64);
  if (x->ndim != 2 || x->shape[0] == 0 || w->ndim != 2)
    sk_fail(L, 1, "tensor (n,d) with rows and weights (K,d+1) expected, got %s", sk_describe(L, x));
  int64_t n = x->shape[0], d = x->shape[1], classes = w->shape[0];
  const double *xs = check_packed(L, 1, SK_F64, 2, n, d);
  check_packed(L, 2, SK_I64, 1, n, 0);
  const int64_t *y = check_indices(L, 2, n, classes);
  const double *ws = check_packed(L, 3, SK_F64, 2, classes, d + 1);
  const double *penalty = check_packed(L, 4, SK_F64, 1, d, 0);
  double *grad = check_packed(L, 5, SK_F64, 2, classes, d + 1);
  double *scratch = sk_scratch(L, sk_logistic_scratch(d, classes));
  double loss = sk_logistic(xs, y, n, d, classes, ws, penalty, grad, scratch);
  sk_scratch_done(L, -1);
  sk_touch(L, 5);
  lua_pushnumber(L, loss);
  return 1;
}

static const luaL_Reg functions[] = {
    {"knn_vote", probe_knn_vote}, {"logistic", probe_logistic}, {0, 0}};

int sk_open_probe(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
