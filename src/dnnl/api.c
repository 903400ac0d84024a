#include "api.h"
#include <string.h>

#define F32 dnnl_f32
#define ALG dnnl_convolution_direct

static bool ok(dnnl_status_t status) { return status == dnnl_success; }

/* Strides, dilations (0 is none) and padding as the library counts them. */
typedef struct geometry {
  dnnl_dims_t stride, dilation, padding;
} geometry;

static geometry geometry_of(const sk_conv *c) {
  geometry g;
  for (int d = 0; d < 2; d++) {
    g.stride[d] = c->stride[d];
    g.dilation[d] = c->dilation[d] - 1;
    g.padding[d] = c->padding[d];
  }
  return g;
}

#if DNNL_VERSION_MAJOR >= 3

bool dn_layout_make(dn_layout *l, int ndims, const int64_t *dims, const int64_t *strides) {
  return ok(strides ? dnnl_memory_desc_create_with_strides(l, ndims, dims, F32, strides)
                    : dnnl_memory_desc_create_with_tag(l, ndims, dims, F32, dnnl_format_tag_any));
}

bool dn_layout_chosen(dn_layout *l, const_dnnl_primitive_desc_t pd, dnnl_query_t what) {
  return ok(dnnl_memory_desc_clone(l, dnnl_primitive_desc_query_md(pd, what, 0)));
}

void dn_layout_free(dn_layout *l) {
  if (*l) dnnl_memory_desc_destroy(*l);
  *l = 0;
}

static bool forward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const geometry *g,
                    const dn_layout *x, const dn_layout *weight, const dn_layout *y,
                    const dn_layout *bias, const_dnnl_primitive_attr_t attr) {
  return ok(dnnl_convolution_forward_primitive_desc_create(
      pd, engine, dnnl_forward_training, ALG, dn_ref(x), dn_ref(weight), bias ? dn_ref(bias) : 0,
      dn_ref(y), g->stride, g->dilation, g->padding, g->padding, attr));
}

static bool backward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const geometry *g,
                     sk_conv_op op, const dn_layout *x, const dn_layout *weight, const dn_layout *y,
                     const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr) {
  if (op == SK_CONV_INPUT)
    return ok(dnnl_convolution_backward_data_primitive_desc_create(
        pd, engine, ALG, dn_ref(x), dn_ref(weight), dn_ref(y), g->stride, g->dilation, g->padding,
        g->padding, hint, attr));
  return ok(dnnl_convolution_backward_weights_primitive_desc_create(
      pd, engine, ALG, dn_ref(x), dn_ref(weight), 0, dn_ref(y), g->stride, g->dilation, g->padding,
      g->padding, hint, attr));
}

#else

bool dn_layout_make(dn_layout *l, int ndims, const int64_t *dims, const int64_t *strides) {
  return ok(strides ? dnnl_memory_desc_init_by_strides(l, ndims, dims, F32, strides)
                    : dnnl_memory_desc_init_by_tag(l, ndims, dims, F32, dnnl_format_tag_any));
}

bool dn_layout_chosen(dn_layout *l, const_dnnl_primitive_desc_t pd, dnnl_query_t what) {
  const dnnl_memory_desc_t *chosen = dnnl_primitive_desc_query_md(pd, what, 0);
  if (chosen) *l = *chosen;
  return chosen != 0;
}

void dn_layout_free(dn_layout *l) { memset(l, 0, sizeof *l); }

static bool forward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const geometry *g,
                    const dn_layout *x, const dn_layout *weight, const dn_layout *y,
                    const dn_layout *bias, const_dnnl_primitive_attr_t attr) {
  dnnl_convolution_desc_t desc;
  return ok(dnnl_dilated_convolution_forward_desc_init(&desc, dnnl_forward_training, ALG, x, weight,
                                                       bias, y, g->stride, g->dilation, g->padding,
                                                       g->padding)) &&
         ok(dnnl_primitive_desc_create(pd, &desc, attr, engine, 0));
}

static bool backward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const geometry *g,
                     sk_conv_op op, const dn_layout *x, const dn_layout *weight, const dn_layout *y,
                     const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr) {
  dnnl_convolution_desc_t desc;
  dnnl_status_t status =
      op == SK_CONV_INPUT
          ? dnnl_dilated_convolution_backward_data_desc_init(&desc, ALG, x, weight, y, g->stride,
                                                             g->dilation, g->padding, g->padding)
          : dnnl_dilated_convolution_backward_weights_desc_init(
                &desc, ALG, x, weight, 0, y, g->stride, g->dilation, g->padding, g->padding);
  return ok(status) && ok(dnnl_primitive_desc_create(pd, &desc, attr, engine, hint));
}

#endif

bool dn_layout_same(const dn_layout *a, const dn_layout *b) {
  return dnnl_memory_desc_equal(dn_ref(a), dn_ref(b));
}

int64_t dn_layout_bytes(const dn_layout *l) {
  return (int64_t)dnnl_memory_desc_get_size(dn_ref(l));
}

bool dn_convolution(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const sk_conv *c,
                    sk_conv_op op, const dn_layout *x, const dn_layout *weight, const dn_layout *y,
                    const dn_layout *bias, const_dnnl_primitive_attr_t attr) {
  geometry g = geometry_of(c);
  dnnl_primitive_desc_t hint; /* a gradient wants to know of the product whose gradient it is */
  if (op == SK_CONV_FORWARD) return forward(pd, engine, &g, x, weight, y, bias, attr);
  if (!forward(&hint, engine, &g, x, weight, y, 0, attr)) return false;
  bool made = backward(pd, engine, &g, op, x, weight, y, hint, attr);
  dnnl_primitive_desc_destroy(hint);
  return made;
}
