#include "step.h"
#include <string.h>

static bool ok(dnnl_status_t status) { return status == dnnl_success; }

/* {== Making ============================================================== */

/* The primitive of a description, which is freed. */
static bool finish(dnnl_primitive_desc_t pd, dnnl_primitive_t *primitive) {
  bool made = ok(dnnl_primitive_create(primitive, pd));
  dnnl_primitive_desc_destroy(pd);
  return made;
}

static bool make_reorder(dn_step *s, dnnl_primitive_t *primitive, const dn_layout *from,
                         const dn_layout *to) {
  dnnl_primitive_desc_t pd;
  return ok(dnnl_reorder_primitive_desc_create(&pd, dn_ref(from), s->engine, dn_ref(to), s->engine,
                                               0)) &&
         finish(pd, primitive);
}

/* The layout that the library chose, and the ways between it and ours. */
static bool settle(dn_step *s, dn_array *a, dnnl_primitive_desc_t pd, dnnl_query_t what) {
  dn_layout_free(&a->own);
  if (!dn_layout_chosen(&a->own, pd, what)) return false;
  if (dn_layout_same(&a->own, &a->plain)) return true;
  a->bytes = dn_layout_bytes(&a->own);
  return make_reorder(s, &a->there, &a->plain, &a->own) &&
         make_reorder(s, &a->back, &a->own, &a->plain);
}

/* Images of `all` channels, of which c has some. */
static bool lay_images(dn_array *a, const sk_conv *c, int64_t channels, int64_t all,
                       const int64_t *size) {
  int64_t plane = size[0] * size[1], dims[] = {c->n, channels, size[0], size[1]};
  return dn_layout_make(&a->plain, 4, dims, (int64_t[]){all * plane, plane, size[1], 1}) &&
         dn_layout_make(&a->own, 4, dims, 0);
}

static bool lay_weight(dn_array *a, const sk_conv *c) {
  int64_t dims[] = {c->groups, c->out / c->groups, c->inp / c->groups, c->kernel[0], c->kernel[1]};
  int64_t strides[5] = {0, 0, 0, 0, 1};
  for (int d = 3; d >= 0; d--) strides[d] = strides[d + 1] * dims[d + 1];
  int skip = c->groups == 1; /* the dimension of groups */
  return dn_layout_make(&a->plain, 5 - skip, dims + skip, strides + skip) &&
         dn_layout_make(&a->own, 5 - skip, dims + skip, 0);
}

static const int args[][3] = {
    [SK_CONV_FORWARD] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
    [SK_CONV_INPUT] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
    [SK_CONV_WEIGHT] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST},
};
static const dnnl_query_t queries[][3] = {
    [SK_CONV_FORWARD] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md},
    [SK_CONV_INPUT] = {dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md},
    [SK_CONV_WEIGHT] = {dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md},
};

/* The library's reference code is slower than ours. */
static bool is_fast(dnnl_primitive_desc_t pd) {
  const char *name = "";
  return ok(dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name)) &&
         !strstr(name, "ref") && !strstr(name, "simple");
}

bool dn_step_make(dn_step *s, const sk_conv *c, sk_conv_op op, int64_t channels,
                  const dn_array *weight) {
  dn_array *const arrays[] = {&s->x, &s->weight, &s->y};
  dnnl_primitive_attr_t attr;
  dnnl_primitive_desc_t pd = 0;
  if (!ok(dnnl_engine_create(&s->engine, dnnl_cpu, 0)) ||
      !lay_images(&s->x, c, c->inp, c->inp, c->in) || !lay_weight(&s->weight, c) ||
      !lay_images(&s->y, c, c->out, channels, c->to) ||
      !dn_layout_make(&s->bias, 1, &c->out, (int64_t[]){1}) ||
      !ok(dnnl_primitive_attr_create(&attr)))
    return false;
  bool made = ok(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user)) &&
              dn_convolution(&pd, s->engine, c, op, &s->x.own,
                             weight ? &weight->own : &s->weight.own, &s->y.own, &s->bias, attr);
  dnnl_primitive_attr_destroy(attr);
  if (!made) return false;
  made = is_fast(pd);
  s->biased = op == SK_CONV_FORWARD;
  for (int i = 0; i < 3; i++) {
    arrays[i]->arg = args[op][i];
    made = made && settle(s, arrays[i], pd, queries[op][i]);
  }
  made = made && dn_layout_chosen(&s->pad, pd, dnnl_query_scratchpad_md);
  s->scratch = made ? dn_layout_bytes(&s->pad) : 0;
  return finish(pd, &s->product) && made;
}

static void free_array(dn_array *a) {
  if (a->there) dnnl_primitive_destroy(a->there);
  if (a->back) dnnl_primitive_destroy(a->back);
  dn_layout_free(&a->plain);
  dn_layout_free(&a->own);
}

void dn_step_free(dn_step *s) {
  free_array(&s->x);
  free_array(&s->weight);
  free_array(&s->y);
  dn_layout_free(&s->bias);
  dn_layout_free(&s->pad);
  if (s->product) dnnl_primitive_destroy(s->product);
  if (s->engine) dnnl_engine_destroy(s->engine);
  memset(s, 0, sizeof *s);
}

/* ==} */

/* {== Running ============================================================= */

/* Memory that is ours, for one call. */
typedef struct operand {
  int arg;
  const dn_layout *layout;
  void *data;
} operand;

#define OPERANDS 5

static bool execute(dnnl_engine_t engine, dnnl_primitive_t primitive, int n, const operand *list) {
  dnnl_exec_arg_t call[OPERANDS];
  dnnl_stream_t stream;
  int made = 0;
  if (!ok(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags))) return false;
  while (made < n && ok(dnnl_memory_create(&call[made].memory, dn_ref(list[made].layout), engine,
                                           list[made].data))) {
    call[made].arg = list[made].arg;
    made++;
  }
  bool done = made == n && ok(dnnl_primitive_execute(primitive, stream, n, call)) &&
              ok(dnnl_stream_wait(stream));
  while (made > 0) dnnl_memory_destroy(call[--made].memory);
  dnnl_stream_destroy(stream);
  return done;
}

bool dn_array_move(const dn_step *s, const dn_array *a, void *plain, void *own, bool back) {
  operand list[] = {{back ? DNNL_ARG_TO : DNNL_ARG_FROM, &a->plain, plain},
                    {back ? DNNL_ARG_FROM : DNNL_ARG_TO, &a->own, own}};
  return execute(s->engine, back ? a->back : a->there, 2, list);
}

bool dn_step_run(const dn_step *s, void *x, void *weight, void *y, const void *bias,
                 void *scratch) {
  operand list[OPERANDS] = {{s->x.arg, &s->x.own, x},
                            {s->weight.arg, &s->weight.own, weight},
                            {s->y.arg, &s->y.own, y},
                            {DNNL_ARG_SCRATCHPAD, &s->pad, scratch},
                            {DNNL_ARG_BIAS, &s->bias, (void *)bias}};
  return execute(s->engine, s->product, s->biased ? 5 : 4, list);
}

/* ==} */
