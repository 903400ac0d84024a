/* Generators and what they draw. A generator is an int64 tensor of three: seed, stream, offset; so
   its state is plain data, and it is copied, saved and compared as one. */
#include "lib.h"

static sk_generator *check_generator(lua_State *L, int idx) {
  sk_array *a = sk_check_dtype(L, idx, SK_I64);
  if (a->ndim != 1 || a->shape[0] != 3 || !sk_is_contiguous(a))
    sk_fail(L, idx, "generator state of 3 int64 expected, got %s", sk_describe(L, a));
  return (sk_generator *)a->data;
}

/* uniform(g, a, b, shape, dtype): a + b u, u in [0,1); normal alike */
static int draw(lua_State *L, sk_distribution kind) {
  int64_t shape[SK_MAXDIM];
  sk_generator *g = check_generator(L, 1);
  double a = sk_check_number(L, 2), b = sk_check_number(L, 3);
  sk_check_table(L, 4);
  int ndim = sk_check_shape(L, 4, shape, false, 0);
  sk_dtype dtype = sk_opt_dtype(L, 5, SK_F32);
  if (!sk_is_float(dtype))
    sk_fail(L, 5, "float32 or float64 expected, got %s", sk_dtype_name[dtype]);
  sk_array *out = sk_new(L, dtype, ndim, shape);
  sk_random(g, kind, a, b, dtype, sk_numel(out), out->data);
  return 1;
}

static int random_uniform(lua_State *L) { return draw(L, SK_UNIFORM); }
static int random_normal(lua_State *L) { return draw(L, SK_NORMAL); }

/* integers(g, lo, hi, shape): inclusive */
static int random_integers(lua_State *L) {
  int64_t shape[SK_MAXDIM];
  sk_generator *g = check_generator(L, 1);
  int64_t lo = sk_check_int(L, 2), hi = sk_check_int(L, 3);
  sk_check_table(L, 4);
  int ndim = sk_check_shape(L, 4, shape, false, 0);
  if (lo > hi) sk_fail(L, 2, "empty range %lld..%lld", (long long)lo, (long long)hi);
  sk_array *out = sk_new(L, SK_I64, ndim, shape);
  sk_random_int(g, lo, hi, sk_numel(out), (int64_t *)out->data);
  return 1;
}

static int random_permutation(lua_State *L) {
  sk_generator *g = check_generator(L, 1);
  int64_t n = sk_check_int(L, 2);
  if (n < 0) sk_fail(L, 2, "size must not be negative, got %lld", (long long)n);
  sk_permutation(g, n, (int64_t *)sk_new(L, SK_I64, 1, &n)->data);
  return 1;
}

/* multinomial(p[k] or p[rows,k], n, replacement, g) -> int64 [n] or [rows,n] */
static int random_multinomial(lua_State *L) {
  static const char *const reason[] = {[SK_WEIGHT_ODD] = "a weight that is negative or not finite",
                                       [SK_WEIGHTS_ZERO] = "no weight above 0",
                                       [SK_WEIGHTS_FEW] = "fewer weights above 0 than draws"};
  sk_array *a = sk_check_float(L, 1);
  int64_t n = sk_check_int(L, 2), row;
  bool replacement = lua_toboolean(L, 3);
  sk_generator *g = check_generator(L, 4);
  if (a->ndim != 1 && a->ndim != 2)
    sk_fail(L, 1, "weights [K] or [N,K] expected, got %s", sk_describe(L, a));
  if (n < 0) sk_fail(L, 2, "number of draws must not be negative, got %lld", (long long)n);
  int64_t rows = a->ndim == 2 ? a->shape[0] : 1, k = a->shape[a->ndim - 1];
  int64_t shape[2] = {rows, n};
  sk_array *out = sk_new(L, SK_I64, a->ndim, a->ndim == 2 ? shape : &n);
  const sk_array *p = sk_contiguous(L, 1, a->dtype);
  sk_weights_fault fault = sk_weights_check(a->dtype, p->data, rows, k, replacement ? 0 : n, &row);
  if (fault != SK_WEIGHTS_OK) sk_fail(L, 1, "row %lld has %s", (long long)row + 1, reason[fault]);
  int threads = sk_get_threads();
  int64_t bytes = sk_multinomial_scratch(k, n, threads);
  if (bytes < 0) sk_error(L, "too many draws");
  void *scratch = sk_scratch(L, bytes);
  sk_multinomial(g, a->dtype, p->data, rows, k, n, replacement, threads, scratch,
                 (int64_t *)out->data);
  sk_scratch_done(L, -1);
  lua_pop(L, 2);
  return 1;
}

/* dropout(x, p, g) -> x / (1 - p) or 0, element by element */
static int random_dropout(lua_State *L) {
  sk_array *a = sk_check_float(L, 1);
  double p = sk_check_number(L, 2);
  sk_generator *g = check_generator(L, 3);
  if (!(p >= 0 && p <= 1)) sk_fail(L, 2, "probability expected, got %f", p);
  const sk_array *x = sk_contiguous(L, 1, a->dtype);
  sk_array *out = sk_new(L, a->dtype, a->ndim, a->shape);
  sk_dropout(g, p, a->dtype, sk_numel(a), x->data, out->data);
  return 1;
}

static int random_mix(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)sk_mix((uint64_t)sk_check_int(L, 1)));
  return 1;
}

/* philox(c0, c1, c2, c3, k0, k1) -> four words: the published test vectors are checked through it
 */
static int random_philox(lua_State *L) {
  uint32_t in[6], out[4];
  for (int i = 0; i < 6; i++) in[i] = (uint32_t)sk_check_int(L, i + 1);
  sk_philox(in, in + 4, out);
  for (int i = 0; i < 4; i++) lua_pushinteger(L, out[i]);
  return 4;
}

static const luaL_Reg functions[] = {{"random_uniform", random_uniform},
                                     {"random_normal", random_normal},
                                     {"random_integers", random_integers},
                                     {"random_permutation", random_permutation},
                                     {"random_multinomial", random_multinomial},
                                     {"dropout", random_dropout},
                                     {"random_mix", random_mix},
                                     {"philox", random_philox},
                                     {0, 0}};

int sk_open_random(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
