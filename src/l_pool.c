/* Pooling of images. The Lua side makes the geometry, a table {height of the window, width, stride
   of height, of width, padding likewise, does padding count}. */
#include "lib.h"

static sk_pool read_geometry(lua_State *L, int idx, sk_dtype dtype) {
  int64_t v[6];
  sk_pool p = {.dtype = dtype};
  sk_check_table(L, idx);
  for (int i = 0; i < 7; i++) {
    lua_rawgeti(L, idx, i + 1);
    if (i < 6)
      v[i] = lua_tointeger(L, -1);
    else
      p.count_padding = lua_toboolean(L, -1);
    lua_pop(L, 1);
  }
  for (int d = 0; d < 2; d++) {
    p.kernel[d] = v[d], p.stride[d] = v[2 + d], p.padding[d] = v[4 + d];
    if (p.kernel[d] < 1 || p.stride[d] < 1 || p.padding[d] < 0 || p.kernel[d] > INT32_MAX ||
        p.stride[d] > INT32_MAX || p.padding[d] > p.kernel[d] / 2)
      sk_fail(L, idx, "no geometry of a pooling");
  }
  return p;
}

static const sk_array *check_images(lua_State *L, int idx, const char *what) {
  sk_array *x = sk_check_float(L, idx);
  if (x->ndim != 4) sk_fail(L, idx, "%s [N,C,H,W] expected, got %s", what, sk_describe(L, x));
  return x;
}

/* The sizes of y, where those of x, h and w, are known. */
static void measure(lua_State *L, int idx, sk_pool *p, int64_t n, int64_t c, int64_t h, int64_t w) {
  p->planes = n * c, p->in[0] = h, p->in[1] = w;
  for (int d = 0; d < 2; d++) {
    if (p->in[d] < 1 || p->in[d] + 2 * p->padding[d] < p->kernel[d])
      sk_fail(L, idx,
              "an image of %lldx%lld with padding %lldx%lld has no room for a window of "
              "%lldx%lld",
              (long long)h, (long long)w, (long long)p->padding[0], (long long)p->padding[1],
              (long long)p->kernel[0], (long long)p->kernel[1]);
    p->to[d] = (p->in[d] + 2 * p->padding[d] - p->kernel[d]) / p->stride[d] + 1;
  }
}

/* The geometry at idx for the images at 1. */
static sk_pool read_forward(lua_State *L, int idx, int64_t *shape) {
  const sk_array *x = check_images(L, 1, "images");
  sk_pool p = read_geometry(L, idx, x->dtype);
  measure(L, 1, &p, x->shape[0], x->shape[1], x->shape[2], x->shape[3]);
  shape[0] = x->shape[0], shape[1] = x->shape[1], shape[2] = p.to[0], shape[3] = p.to[1];
  return p;
}

/* The geometry at idx, and the height and width of x behind it, for the gradient of y at 1. */
static sk_pool read_backward(lua_State *L, int idx, int64_t *shape) {
  const sk_array *g = check_images(L, 1, "gradient");
  sk_pool p = read_geometry(L, idx, g->dtype);
  shape[0] = g->shape[0], shape[1] = g->shape[1];
  shape[2] = sk_check_int(L, idx + 1), shape[3] = sk_check_int(L, idx + 2);
  measure(L, idx + 1, &p, shape[0], shape[1], shape[2], shape[3]);
  if (g->shape[2] != p.to[0] || g->shape[3] != p.to[1])
    sk_fail(L, 1, "gradient (N,C,%lld,%lld) expected, got %s", (long long)p.to[0],
            (long long)p.to[1], sk_describe(L, g));
  return p;
}

/* The taps at idx, one for each element of y. */
static const uint8_t *check_taps(lua_State *L, int idx, const sk_pool *p) {
  sk_array *taps = sk_check_dtype(L, idx, SK_U8);
  if (sk_numel(taps) != p->planes * p->to[0] * p->to[1])
    sk_fail(L, idx, "one tap an element expected, got %s", sk_describe(L, taps));
  return (const uint8_t *)sk_contiguous(L, idx, SK_U8)->data;
}

/* max_pool(x, geometry) -> y, taps uint8: the number of the largest element in its window */
static int max_pool(lua_State *L) {
  int64_t shape[4];
  lua_settop(L, 2);
  sk_pool p = read_forward(L, 2, shape);
  if (p.kernel[0] * p.kernel[1] > UINT8_MAX + 1)
    sk_fail(L, 2, "windows of at most %d elements expected", UINT8_MAX + 1);
  const sk_array *x = sk_contiguous(L, 1, p.dtype);
  sk_array *y = sk_new(L, p.dtype, 4, shape), *taps = sk_new(L, SK_U8, 4, shape);
  sk_max_pool(&p, x->data, y->data, (uint8_t *)taps->data);
  return 2;
}

/* max_pool_pick(x, taps, geometry) -> y, the elements of x that the taps point to */
static int max_pool_pick(lua_State *L) {
  int64_t shape[4];
  lua_settop(L, 3);
  sk_pool p = read_forward(L, 3, shape);
  const uint8_t *taps = check_taps(L, 2, &p);
  const sk_array *x = sk_contiguous(L, 1, p.dtype);
  sk_array *y = sk_new(L, p.dtype, 4, shape);
  sk_max_pool_pick(&p, x->data, taps, y->data);
  return 1;
}

/* max_pool_return(g, taps, geometry, h, w) -> zeros [N,C,h,w], and g added where the taps point */
static int max_pool_return(lua_State *L) {
  int64_t shape[4];
  lua_settop(L, 5);
  sk_pool p = read_backward(L, 3, shape);
  const uint8_t *taps = check_taps(L, 2, &p);
  const sk_array *g = sk_contiguous(L, 1, p.dtype);
  sk_array *dx = sk_new(L, p.dtype, 4, shape);
  sk_max_pool_return(&p, g->data, taps, dx->data);
  return 1;
}

/* avg_pool(x, geometry) -> y */
static int avg_pool(lua_State *L) {
  int64_t shape[4];
  lua_settop(L, 2);
  sk_pool p = read_forward(L, 2, shape);
  const sk_array *x = sk_contiguous(L, 1, p.dtype);
  sk_array *y = sk_new(L, p.dtype, 4, shape);
  sk_avg_pool(&p, x->data, y->data);
  return 1;
}

/* avg_pool_spread(g, geometry, h, w) -> the gradient of x [N,C,h,w] */
static int avg_pool_spread(lua_State *L) {
  int64_t shape[4];
  lua_settop(L, 4);
  sk_pool p = read_backward(L, 2, shape);
  const sk_array *g = sk_contiguous(L, 1, p.dtype);
  sk_array *dx = sk_new(L, p.dtype, 4, shape);
  sk_avg_pool_spread(&p, g->data, dx->data);
  return 1;
}

static const luaL_Reg functions[] = {{"max_pool", max_pool},
                                     {"max_pool_pick", max_pool_pick},
                                     {"max_pool_return", max_pool_return},
                                     {"avg_pool", avg_pool},
                                     {"avg_pool_spread", avg_pool_spread},
                                     {0, 0}};

int sk_open_pool(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
