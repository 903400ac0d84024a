/* A step: one product of convolution over some images, and how its arrays get from our layout to
   the one that the library wants, and back. */
#ifndef SK_DNNL_STEP_H
#define SK_DNNL_STEP_H

#include "api.h"

typedef struct dn_array {
  int arg;                      /* what the library calls it */
  dn_layout plain, own;         /* ours, and the library's */
  dnnl_primitive_t there, back; /* reorders, both NULL where the layouts are the same */
  int64_t bytes;                /* of the library's, where it is another */
} dn_array;

typedef struct dn_step {
  dnnl_engine_t engine;
  dnnl_primitive_t product;
  dn_array x, weight, y;
  dn_layout bias, pad; /* pad: the scratch of the product */
  int64_t scratch;     /* its bytes */
  bool biased;
} dn_step;

/* A step that is all zeros becomes one over c->n images and c->out channels of y, which has
   `channels` of them in memory. The weight's layout must be `weight`'s where that is given. False
   where the library has no fast way; dn_step_free frees what there is. */
bool dn_step_make(dn_step *s, const sk_conv *c, sk_conv_op op, int64_t channels,
                  const dn_array *weight);
void dn_step_free(dn_step *s);
/* Our array to the library's, or back. */
bool dn_array_move(const dn_step *s, const dn_array *a, void *plain, void *own, bool back);
bool dn_step_run(const dn_step *s, void *x, void *weight, void *y, const void *bias, void *scratch);

#endif
