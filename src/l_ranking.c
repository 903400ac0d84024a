/* Floor 3: rankings by nearness. */
#include "lib.h"

static const int64_t *check_vector(lua_State *L, int idx, int64_t n, int64_t lo, int64_t hi) {
  const sk_array *a = sk_check_dtype(L, idx, SK_I64);
  if (a->ndim != 1 || a->shape[0] != n || !sk_is_contiguous(a))
    sk_fail(L, idx, "contiguous int64 (%lld) expected, got %s", (long long)n, sk_describe(L, a));
  const int64_t *v = (const int64_t *)a->data;
  for (int64_t i = 0; i < n; i++)
    if (v[i] < lo || v[i] > hi)
      sk_fail(L, idx, "numbers in %lld..%lld expected, got %lld", (long long)lo, (long long)hi,
              (long long)v[i]);
  return v;
}

static const sk_array *check_rows(lua_State *L, int idx) {
  const sk_array *a = sk_check_float(L, idx);
  if (a->ndim != 2 || sk_numel(a) == 0 || !sk_is_contiguous(a))
    sk_fail(L, idx, "contiguous tensor (N,D) with rows and columns expected, got %s",
            sk_describe(L, a));
  if (a->shape[0] > INT32_MAX || a->shape[1] > INT32_MAX)
    sk_fail(L, idx, "at most %d rows and columns, got %s", INT32_MAX, sk_describe(L, a));
  return a;
}

/* rank(queries [m,d] or nil, refs [n,d], "cosine" | "l2", query_class [m], ref_class [n], member
   [n], start [K+1]) -> float64 [m,5], see sk_ranking. Classes are 1..K, of a query also 0: no
   reference is of its class; member holds the references by class, and start how many there are of
   lower classes. The rows must be finite; sslkit.metrics.engine.retrieval sees to all that. */
static int ranking_rank(lua_State *L) {
  static const char *const metrics[] = {"cosine", "l2", 0};
  lua_settop(L, 7);
  const sk_array *refs = check_rows(L, 2), *queries = refs;
  bool self = lua_isnil(L, 1);
  if (!self) {
    queries = check_rows(L, 1);
    if (queries->dtype != refs->dtype || queries->shape[1] != refs->shape[1])
      sk_fail(L, 1, "rows like %s expected, got %s", sk_describe(L, refs), sk_describe(L, queries));
  }
  int64_t n = refs->shape[0], m = queries->shape[0], classes = sk_numel(sk_check(L, 7)) - 1;
  sk_ranking job = {.dtype = refs->dtype,
                    .refs = refs->data,
                    .queries = queries->data,
                    .n = n,
                    .m = m,
                    .d = refs->shape[1],
                    .cosine = sk_check_name(L, 3, 0, metrics) == 0,
                    .self = self,
                    .query_class = check_vector(L, 4, m, 0, classes),
                    .ref_class = check_vector(L, 5, n, 1, classes),
                    .member = check_vector(L, 6, n, 1, n),
                    .start = check_vector(L, 7, classes + 1, 0, n),
                    .classes = classes};
  for (int64_t c = 0; c < classes; c++)
    if (job.start[c] > job.start[c + 1]) sk_fail(L, 7, "ascending numbers expected");
  int64_t shape[2] = {m, SK_RANKING};
  job.out = (double *)sk_new(L, SK_F64, 2, shape)->data;
  int threads = sk_get_threads();
  sk_rank(&job, threads, sk_scratch(L, sk_ranking_scratch(&job, threads)));
  sk_scratch_done(L, -1);
  lua_pop(L, 1);
  return 1;
}

static const luaL_Reg functions[] = {{"rank", ranking_rank}, {0, 0}};

int sk_open_ranking(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
