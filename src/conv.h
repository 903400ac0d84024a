/* Floor 0: what a convolution is, and how another library may do it for us. */
#ifndef SK_CONV_H
#define SK_CONV_H

#include "dtype.h"
#include <stdbool.h>

/* x[n,inp,in] with weight[out,inp/groups,kernel] gives y[n,out,to]; pairs are height and width. All
   arrays are packed, and every size but n is at least 1. */
typedef struct sk_conv {
  sk_dtype dtype;
  int64_t n, inp, out, groups;
  int64_t in[2], kernel[2], to[2];
  int64_t stride[2], padding[2], dilation[2];
} sk_conv;

/* The three products of it: y of x and weight; x's gradient of y's and weight; weight's gradient of
   y's and x. Each is linear in both of its factors, and its gradients are the other two. */
typedef enum sk_conv_op { SK_CONV_FORWARD, SK_CONV_INPUT, SK_CONV_WEIGHT } sk_conv_op;

/* The arrays of one product, or of their gradients. bias[out] may be NULL. */
typedef struct sk_conv_data {
  void *x, *weight, *y;
  const void *bias;
} sk_conv_data;

/* A float32 product as another library does it: a userdata of the metatable SK_CONV_PLAN. It has
   phases, and a phase has pieces, cut by sizes alone, that threads run in any order. All share one
   block of scratch, and each thread has another. */
#define SK_CONV_PLAN   "sslkit.ConvPlan"
#define SK_CONV_PHASES 3
typedef struct sk_conv_plan {
  int64_t pieces[SK_CONV_PHASES];
  int64_t shared, own; /* bytes, multiples of 64 */
  bool (*run)(const struct sk_conv_plan *plan, int phase, int64_t piece, const sk_conv_data *data,
              char *shared, char *own); /* false: the library failed */
} sk_conv_plan;

/* Plans are found by all that they depend on. */
#define SK_CONV_KEY 17
static inline void sk_conv_write_key(const sk_conv *c, sk_conv_op op, int64_t key[SK_CONV_KEY]) {
  const int64_t all[SK_CONV_KEY] = {
      op,           c->n,          c->inp,        c->out,         c->groups,     c->in[0],
      c->in[1],     c->kernel[0],  c->kernel[1],  c->to[0],       c->to[1],      c->stride[0],
      c->stride[1], c->padding[0], c->padding[1], c->dilation[0], c->dilation[1]};
  for (int i = 0; i < SK_CONV_KEY; i++) key[i] = all[i];
}

static inline sk_conv sk_conv_read_key(const int64_t key[SK_CONV_KEY], sk_conv_op *op) {
  *op = (sk_conv_op)key[0];
  return (sk_conv){.dtype = SK_F32,
                   .n = key[1],
                   .inp = key[2],
                   .out = key[3],
                   .groups = key[4],
                   .in = {key[5], key[6]},
                   .kernel = {key[7], key[8]},
                   .to = {key[9], key[10]},
                   .stride = {key[11], key[12]},
                   .padding = {key[13], key[14]},
                   .dilation = {key[15], key[16]}};
}

#endif
