/* Floor 1: the best of many scores, gathered as they come in blocks. */
#ifndef SK_CANDIDATES_H
#define SK_CANDIDATES_H

#include "kernel.h"

/* How many are kept, and gathered before they are thinned out to these. */
typedef struct sk_limits {
  int64_t keep, cap;
} sk_limits;

/* A candidate is one number, its key: the larger the score the larger the key. (Of equal scores
   either may be kept.) */
typedef struct sk_candidates {
  uint64_t *keys; /* [cap] */
  int64_t count;
  float threshold; /* a score has to be above it */
} sk_candidates;

sk_limits sk_candidate_limits(int64_t keep);
sk_candidates sk_no_candidates(uint64_t *keys);

/* Looks at the scores of rows row .. row+n-1. */
void sk_candidates_add(sk_candidates *c, sk_limits limits, const float *score, int64_t n,
                       int64_t row);

/* Leaves those that are kept, at least one; gives the smallest score among them. */
float sk_candidates_close(sk_candidates *c, sk_limits limits);

static inline int64_t sk_candidate_row(uint64_t key) { return (uint32_t)key; }

#endif
