/* Plans of convolutions (conv.h) for oneDNN. */
#ifndef SK_DNNL_PLAN_H
#define SK_DNNL_PLAN_H

#include "step.h"

typedef struct dn_plan {
  sk_conv_plan base;
  sk_conv conv;
  sk_conv_op op;
  int64_t images, chunks; /* images in a chunk, chunks in the batch */
  int64_t runs, length;   /* the weight's gradient: runs of so many chunks are summed apart, */
  int64_t blocks;         /* for so many blocks of output channels */
  dn_step whole, rest;    /* for a chunk, and for the last one where that is smaller */
} dn_plan;

/* A plan that is all zeros becomes one for c. False where the library has no fast way; dn_plan_free
   frees what there is. */
bool dn_plan_make(dn_plan *p, const sk_conv *c, sk_conv_op op);
void dn_plan_free(dn_plan *p);

#endif
