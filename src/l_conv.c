/* Floor 3: convolutions and their gradients. The Lua side makes the geometry, a table {stride of
   height, of width, padding, dilation likewise, groups}, and may know another library's plans: a
   table of them by key (conv.h). */
#include "lib.h"
#include "conv.h"

static sk_conv read_geometry(lua_State *L, int idx) {
  static const int least[] = {1, 1, 0, 0, 1, 1, 1};
  int64_t v[7];
  sk_check_table(L, idx);
  for (int i = 0; i < 7; i++) {
    lua_rawgeti(L, idx, i + 1);
    v[i] = lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (v[i] < least[i] || v[i] > INT32_MAX) sk_fail(L, idx, "no geometry of a convolution");
  }
  return (sk_conv){
      .stride = {v[0], v[1]}, .padding = {v[2], v[3]}, .dilation = {v[4], v[5]}, .groups = v[6]};
}

static const sk_array *check_dims(lua_State *L, int idx, const char *what) {
  sk_array *a = sk_check_float(L, idx);
  if (a->ndim != 4) sk_fail(L, idx, "%s expected, got %s", what, sk_describe(L, a));
  return a;
}

static void check_count(lua_State *L, int idx, int64_t a, int64_t b, int64_t c) {
  double n = (double)a * (double)b * (double)c;
  if (n > INT32_MAX) sk_fail(L, idx, "the BLAS takes sizes up to %d, got %.0f", INT32_MAX, n);
}

/* The sizes of the output, when those of input and kernel are known. */
static void measure(lua_State *L, int idx, sk_conv *c) {
  for (int d = 0; d < 2; d++) {
    int64_t reach = c->dilation[d] * (c->kernel[d] - 1) + 1, room = c->in[d] + 2 * c->padding[d];
    if (c->in[d] < 1 || reach > room)
      sk_fail(L, idx,
              "an image of %lldx%lld with padding %lldx%lld has no room for a kernel that "
              "reaches over %lldx%lld",
              (long long)c->in[0], (long long)c->in[1], (long long)c->padding[0],
              (long long)c->padding[1], (long long)(c->dilation[0] * (c->kernel[0] - 1) + 1),
              (long long)(c->dilation[1] * (c->kernel[1] - 1) + 1));
    c->to[d] = (room - reach) / c->stride[d] + 1;
  }
  check_count(L, idx, c->in[0], c->in[1], 1);
  check_count(L, idx, c->to[0], c->to[1], 1);
  check_count(L, idx, c->inp / c->groups, c->kernel[0], c->kernel[1]);
}

/* The weight's sizes; every group has channels of its own. */
static void read_weight(lua_State *L, int idx, sk_conv *c) {
  const sk_array *w = check_dims(L, idx, "weight [out,inp/groups,h,w]");
  if (sk_numel(w) == 0 || w->shape[0] % c->groups != 0 || w->shape[0] > INT32_MAX ||
      w->shape[1] > INT32_MAX / c->groups)
    sk_fail(L, idx, "weight %s does not make %lld groups", sk_describe(L, w), (long long)c->groups);
  c->dtype = w->dtype, c->out = w->shape[0], c->inp = w->shape[1] * c->groups;
  for (int d = 0; d < 2; d++) c->kernel[d] = w->shape[2 + d];
}

static void read_input(lua_State *L, int idx, sk_conv *c) {
  const sk_array *x = check_dims(L, idx, "images [N,C,H,W]");
  if (x->dtype != c->dtype || x->shape[1] != c->inp)
    sk_fail(L, idx, "images (N,%lld,H,W) %s expected, got %s", (long long)c->inp,
            sk_dtype_name[c->dtype], sk_describe(L, x));
  c->n = x->shape[0];
  for (int d = 0; d < 2; d++) c->in[d] = x->shape[2 + d];
}

/* A gradient must have the shape of the output. */
static void check_output(lua_State *L, int idx, const sk_conv *c) {
  int64_t shape[] = {c->n, c->out, c->to[0], c->to[1]};
  const sk_array *g = check_dims(L, idx, "gradient [N,C,H,W]");
  sk_array want = sk_packed(c->dtype, 4, shape, 0);
  if (g->dtype != want.dtype || !sk_same_shape(g, &want)) {
    const char *s = sk_describe(L, &want);
    sk_fail(L, idx, "gradient %s expected, got %s", s, sk_describe(L, g));
  }
}

/* The two sizes at idx and idx + 1. */
static void read_sizes(lua_State *L, int idx, int64_t *sizes) {
  for (int d = 0; d < 2; d++) {
    sizes[d] = sk_check_int(L, idx + d);
    if (sizes[d] < 1 || sizes[d] > INT32_MAX)
      sk_fail(L, idx + d, "size must be in 1..%d, got %lld", INT32_MAX, (long long)sizes[d]);
  }
}

/* The plan that the table at idx has for c, on the stack, or NULL. */
static const sk_conv_plan *push_plan(lua_State *L, int idx, const sk_conv *c, sk_conv_op op) {
  int64_t key[SK_CONV_KEY];
  lua_pushnil(L);
  if (!lua_istable(L, idx) || c->dtype != SK_F32 || c->n == 0) return 0;
  sk_conv_write_key(c, op, key);
  lua_pushlstring(L, (const char *)key, sizeof key);
  lua_gettable(L, idx);
  return luaL_testudata(L, -1, SK_CONV_PLAN);
}

/* The product, whose arrays are on the stack: by a plan of the table at idx, or by our kernels. */
static void compute(lua_State *L, int idx, const sk_conv *c, sk_conv_op op, sk_conv_data *d) {
  const sk_conv_plan *plan = push_plan(L, idx, c, op);
  int threads = sk_get_threads();
  int64_t bytes = plan ? sk_conv_plan_scratch(plan, threads) : sk_conv_scratch(c, threads);
  if (bytes < 0) sk_error(L, "the columns of such a kernel are more than fits in memory");
  void *scratch = sk_scratch(L, bytes);
  if (!plan)
    sk_conv_compute(c, op, d, threads, scratch);
  else if (!sk_conv_run(plan, d, threads, scratch))
    sk_error(L, "oneDNN failed");
  sk_scratch_done(L, -1);
}

/* conv2d(x[n,inp,h,w], weight[out,inp/groups,kh,kw], bias[out] or nil, geometry, plans or nil) ->
   [n,out,..] */
static int conv_forward(lua_State *L) {
  lua_settop(L, 5);
  sk_conv c = read_geometry(L, 4);
  read_weight(L, 2, &c);
  read_input(L, 1, &c);
  measure(L, 1, &c);
  const sk_array *bias = lua_isnil(L, 3) ? 0 : sk_check_float(L, 3);
  if (bias && (bias->ndim != 1 || bias->shape[0] != c.out || bias->dtype != c.dtype))
    sk_fail(L, 3, "bias (%lld) %s expected, got %s", (long long)c.out, sk_dtype_name[c.dtype],
            sk_describe(L, bias));
  sk_array *y = sk_new(L, c.dtype, 4, (int64_t[]){c.n, c.out, c.to[0], c.to[1]});
  const sk_array *x = sk_contiguous(L, 1, c.dtype), *w = sk_contiguous(L, 2, c.dtype);
  if (bias) bias = sk_contiguous(L, 3, c.dtype);
  sk_conv_data d = {.x = x->data, .weight = w->data, .bias = bias ? bias->data : 0, .y = y->data};
  compute(L, 5, &c, SK_CONV_FORWARD, &d);
  lua_settop(L, 6);
  return 1;
}

/* conv2d_input(g, weight, geometry, h, w, plans) -> the gradient of x [n,inp,h,w] */
static int conv_input(lua_State *L) {
  lua_settop(L, 6);
  sk_conv c = read_geometry(L, 3);
  read_weight(L, 2, &c);
  read_sizes(L, 4, c.in);
  c.n = check_dims(L, 1, "gradient [N,C,H,W]")->shape[0];
  measure(L, 4, &c);
  check_output(L, 1, &c);
  sk_array *dx = sk_new(L, c.dtype, 4, (int64_t[]){c.n, c.inp, c.in[0], c.in[1]});
  const sk_array *g = sk_contiguous(L, 1, c.dtype), *w = sk_contiguous(L, 2, c.dtype);
  sk_conv_data d = {.x = dx->data, .weight = w->data, .y = g->data};
  compute(L, 6, &c, SK_CONV_INPUT, &d);
  lua_settop(L, 7);
  return 1;
}

/* conv2d_weight(g, x, geometry, kh, kw, plans) -> the gradient of the weight [out,inp/groups,kh,kw]
 */
static int conv_weight(lua_State *L) {
  lua_settop(L, 6);
  sk_conv c = read_geometry(L, 3);
  const sk_array *x = check_dims(L, 2, "images [N,C,H,W]");
  c.dtype = x->dtype, c.inp = x->shape[1];
  c.out = check_dims(L, 1, "gradient [N,C,H,W]")->shape[1];
  if (c.inp < 1 || c.out < 1 || c.inp % c.groups || c.out % c.groups || c.inp > INT32_MAX ||
      c.out > INT32_MAX)
    sk_fail(L, 2, "%s does not make %lld groups", sk_describe(L, x), (long long)c.groups);
  read_input(L, 2, &c);
  read_sizes(L, 4, c.kernel);
  measure(L, 2, &c);
  check_output(L, 1, &c);
  int64_t shape[] = {c.out, c.inp / c.groups, c.kernel[0], c.kernel[1]};
  sk_array *dw = sk_new(L, c.dtype, 4, shape);
  const sk_array *g = sk_contiguous(L, 1, c.dtype);
  x = sk_contiguous(L, 2, c.dtype);
  sk_conv_data d = {.x = x->data, .weight = dw->data, .y = g->data};
  compute(L, 6, &c, SK_CONV_WEIGHT, &d);
  lua_settop(L, 7);
  return 1;
}

static const luaL_Reg functions[] = {
    {"conv2d", conv_forward}, {"conv2d_input", conv_input}, {"conv2d_weight", conv_weight}, {0, 0}};

int sk_open_conv(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
