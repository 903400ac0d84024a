/* Floor 1: what a reduction does to one block: n elements in each of `width` columns give a running
   result a column, which k_reduce.c merges with those of other blocks. */
#ifndef SK_BLOCK_H
#define SK_BLOCK_H

#include "dtype.h"

#define SK_STRIP 1024 /* the widest block: its running results stay in the first cache */

typedef enum sk_pass {
  SK_PASS_SUM,  /* in float64 for floats, in wrapping uint64 for integers */
  SK_PASS_REAL, /* in float64 always */
  SK_PASS_ABS,
  SK_PASS_SQUARE,
  SK_PASS_DEVIATION, /* (x - shift)^2 */
  SK_PASS_EXP,       /* exp(x - shift) */
  SK_PASS_NONZERO,   /* how many are not 0 */
  SK_PASS_PROD,
  SK_PASS_MIN,
  SK_PASS_MAX,
  SK_PASS_ARGMIN, /* with positions, which the two above leave alone */
  SK_PASS_ARGMAX,
  SK_NPASS
} sk_pass;

typedef union sk_slot {
  double d;
  int64_t i;
  uint64_t u;
} sk_slot;

/* Element i of column j is a[i * stride + j * step]; one of the two is 1. A single column with
   stride 1 is a row of memory. */
typedef struct sk_block {
  const void *a;
  int64_t n, width, stride, step; /* n and width are at least 1 */
  const sk_slot *shift;           /* [width], for the passes that have one */
  sk_slot *acc;                   /* [width]: .d or .u of sums and products, .d or .i of elements */
  int64_t *at;                    /* [width]: 0-based position of the smallest or largest */
} sk_block;

typedef void (*sk_block_fn)(const sk_block *b);
/* NULL where the pass has no meaning for the dtype. */
sk_block_fn sk_block_kernel(sk_pass pass, sk_dtype dtype);
/* Are the running results of this pass float64? */
static inline int sk_pass_is_real(sk_pass pass, sk_dtype dtype) {
  return pass != SK_PASS_NONZERO &&
         (sk_is_float(dtype) || (pass >= SK_PASS_REAL && pass <= SK_PASS_EXP));
}

#endif
