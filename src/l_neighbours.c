/* Floor 3: nearest neighbours. */
#include "lib.h"

/* neighbours(queries or nil, refs, k, "cosine" | "l2") -> index [m,k] int64, score [m,k] float64:
   cosines, or distances. Without queries each row of refs is one, and not its own neighbour. The
   rows must be finite; the Lua side (sslkit.metrics.engine.neighbours) sees to that. */
static int neighbours(lua_State *L) {
  static const char *const metrics[] = {"cosine", "l2", 0};
  lua_settop(L, 4);
  const sk_array *refs = sk_check_float(L, 2), *queries = refs;
  bool self = lua_isnil(L, 1);
  if (refs->ndim != 2 || refs->shape[1] == 0)
    sk_fail(L, 2, "tensor (N,D) with columns expected, got %s", sk_describe(L, refs));
  if (!self) {
    queries = sk_check_dtype(L, 1, refs->dtype);
    if (queries->ndim != 2 || queries->shape[1] != refs->shape[1])
      sk_fail(L, 1, "tensor (M,%lld) expected, got %s", (long long)refs->shape[1],
              sk_describe(L, queries));
  }
  sk_neighbours job = {.dtype = refs->dtype,
                       .n = refs->shape[0],
                       .m = queries->shape[0],
                       .d = refs->shape[1],
                       .k = sk_check_int(L, 3),
                       .cosine = sk_check_name(L, 4, 0, metrics) == 0,
                       .self = self};
  if (job.n > INT32_MAX) sk_fail(L, 2, "at most %d rows, got %s", INT32_MAX, sk_describe(L, refs));
  if (job.k < 1 || job.k > (self ? job.n - 1 : job.n))
    sk_fail(L, 3, "k must be at least 1 and %s %lld, got %lld",
            self ? "< N =" : "<= N =", (long long)job.n, (long long)job.k);
  int64_t shape[2] = {job.m, job.k};
  job.index = (int64_t *)sk_new(L, SK_I64, 2, shape)->data;
  job.score = (double *)sk_new(L, SK_F64, 2, shape)->data;
  job.refs = sk_contiguous(L, 2, job.dtype)->data;
  job.queries = self ? job.refs : sk_contiguous(L, 1, job.dtype)->data;
  int threads = sk_get_threads();
  sk_neighbours_find(&job, threads, sk_scratch(L, sk_neighbours_scratch(&job, threads)));
  sk_scratch_done(L, -1);
  lua_pushvalue(L, 5);
  lua_pushvalue(L, 6);
  return 2;
}

static const luaL_Reg functions[] = {{"neighbours", neighbours}, {0, 0}};

int sk_open_neighbours(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
