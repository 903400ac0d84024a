/* Batch normalisation. The statistics that it went by come out as a float64 tensor [2,C], means and
   biased variances, which its gradient wants back. */
#include "lib.h"

static const sk_array *check_input(lua_State *L, int idx) {
  sk_array *x = sk_check_float(L, idx);
  if (x->ndim < 2) sk_fail(L, idx, "input [N,C,...] expected, got %s", sk_describe(L, x));
  return x;
}

/* One value a channel, packed. */
static void *check_channels(lua_State *L, int idx, const sk_array *x) {
  sk_array *a = sk_check_float(L, idx);
  if (a->ndim != 1 || a->shape[0] != x->shape[1] || a->dtype != x->dtype)
    sk_fail(L, idx, "(%lld) %s expected, got %s", (long long)x->shape[1], sk_dtype_name[x->dtype],
            sk_describe(L, a));
  return sk_contiguous(L, idx, a->dtype)->data;
}

/* What x says, and the weight and bias at idx and idx + 1, both or none. */
static sk_batch_norm read_job(lua_State *L, const sk_array *x, int idx) {
  sk_batch_norm b = {.dtype = x->dtype,
                     .n = x->shape[0],
                     .channels = x->shape[1],
                     .inner = sk_count(x->ndim - 2, x->shape + 2)};
  if (lua_isnil(L, idx)) return b;
  b.weight = check_channels(L, idx, x), b.bias = check_channels(L, idx + 1, x);
  return b;
}

/* batch_norm(x, weight, bias, running_mean, running_var, eps, momentum or nil, relu) -> y, stats;
   with a momentum by the statistics of the batch, towards which the running ones are moved */
static int batch_norm(lua_State *L) {
  lua_settop(L, 8);
  const sk_array *x = check_input(L, 1);
  sk_batch_norm b = read_job(L, x, 2);
  b.training = !lua_isnil(L, 7), b.relu = lua_toboolean(L, 8), b.eps = sk_check_number(L, 6);
  if (b.training) b.momentum = sk_check_number(L, 7);
  for (int i = 4; i <= 5; i++) {
    if (b.training && !sk_is_contiguous(sk_check(L, i)))
      sk_fail(L, i, "running statistics must be contiguous");
    if (b.training) sk_check_writable(L, i);
    *(i == 4 ? &b.running_mean : &b.running_var) = check_channels(L, i, x);
  }
  sk_array *y = sk_new(L, x->dtype, x->ndim, x->shape);
  int at = lua_gettop(L);
  sk_array *stats = sk_new(L, SK_F64, 2, (int64_t[]){2, b.channels});
  const sk_array *packed = sk_contiguous(L, 1, x->dtype);
  sk_batch_norm_forward(&b, packed->data, (double *)stats->data, y->data);
  for (int i = 4; i <= 5 && b.training; i++) sk_touch(L, i);
  lua_settop(L, at + 1);
  return 2;
}

/* The statistics at idx, as batch_norm gave them. */
static const sk_array *check_stats(lua_State *L, int idx, const sk_batch_norm *b) {
  const sk_array *stats = sk_check_dtype(L, idx, SK_F64);
  if (stats->ndim != 2 || stats->shape[0] != 2 || stats->shape[1] != b->channels)
    sk_fail(L, idx, "statistics (2,%lld) expected, got %s", (long long)b->channels,
            sk_describe(L, stats));
  return sk_contiguous(L, idx, SK_F64);
}

/* batch_norm_again(x, weight, bias, stats, eps, relu) -> y, the same to the bit */
static int batch_norm_again(lua_State *L) {
  lua_settop(L, 6);
  const sk_array *x = check_input(L, 1);
  sk_batch_norm b = read_job(L, x, 2);
  b.eps = sk_check_number(L, 5), b.relu = lua_toboolean(L, 6);
  const sk_array *stats = check_stats(L, 4, &b), *packed = sk_contiguous(L, 1, x->dtype);
  sk_array *y = sk_new(L, x->dtype, x->ndim, x->shape);
  sk_batch_norm_forward(&b, packed->data, (double *)stats->data, y->data);
  return 1;
}

/* batch_norm_grad(g, x, weight, bias, stats, eps, training, relu, of_x) -> the gradients of x (nil
   unless of_x), weight and bias */
static int batch_norm_grad(lua_State *L) {
  lua_settop(L, 9);
  const sk_array *x = check_input(L, 2);
  sk_check_like(L, 1, x);
  sk_batch_norm b = read_job(L, x, 3);
  b.eps = sk_check_number(L, 6), b.training = lua_toboolean(L, 7), b.relu = lua_toboolean(L, 8);
  const sk_array *stats = check_stats(L, 5, &b);
  const sk_array *g = sk_contiguous(L, 1, x->dtype), *packed = sk_contiguous(L, 2, x->dtype);
  sk_array *dx = 0;
  if (lua_toboolean(L, 9))
    dx = sk_new(L, x->dtype, x->ndim, x->shape);
  else
    lua_pushnil(L);
  sk_array *dw = sk_new(L, x->dtype, 1, &b.channels), *db = sk_new(L, x->dtype, 1, &b.channels);
  sk_batch_norm_backward(&b, packed->data, (const double *)stats->data, g->data, dx ? dx->data : 0,
                         dw->data, db->data);
  return 3;
}

static const luaL_Reg functions[] = {{"batch_norm", batch_norm},
                                     {"batch_norm_again", batch_norm_again},
                                     {"batch_norm_grad", batch_norm_grad},
                                     {0, 0}};

int sk_open_batchnorm(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
