/* oneDNN, as the rest of this module sees it: what differs between its versions 2 and 3 is in api.c
   and here. A layout is how an array lies in memory. */
#ifndef SK_DNNL_API_H
#define SK_DNNL_API_H

#include "../conv.h"
#include <oneapi/dnnl/dnnl.h>

/* A layout of ours, and one as the library reads it. */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t dn_layout;
typedef const_dnnl_memory_desc_t dn_layout_ref;
static inline dn_layout_ref dn_ref(const dn_layout *l) { return *l; }
#else
typedef dnnl_memory_desc_t dn_layout;
typedef const dnnl_memory_desc_t *dn_layout_ref;
static inline dn_layout_ref dn_ref(const dn_layout *l) { return l; }
#endif

/* float32 with these strides, counted in elements; without strides, as the library likes it. */
bool dn_layout_make(dn_layout *l, int ndims, const int64_t *dims, const int64_t *strides);
/* What the library chose for an array of pd. */
bool dn_layout_chosen(dn_layout *l, const_dnnl_primitive_desc_t pd, dnnl_query_t what);
bool dn_layout_same(const dn_layout *a, const dn_layout *b);
int64_t dn_layout_bytes(const dn_layout *l);
void dn_layout_free(dn_layout *l);

/* A product of convolution for arrays of these layouts; a bias goes with SK_CONV_FORWARD. */
bool dn_convolution(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const sk_conv *c,
                    sk_conv_op op, const dn_layout *x, const dn_layout *weight, const dn_layout *y,
                    const dn_layout *bias, const_dnnl_primitive_attr_t attr);

#endif
