/* Floor 1: what the files of distances share (k_distance.c, k_panel.c, k_gram.c). */
#ifndef SK_DISTANCE_H
#define SK_DISTANCE_H

#include "kernel.h"
#include "slots.h"
#include <float.h>

/* Are squares that add up to this whole, none lost at the lower end or beyond the upper? */
static inline bool sk_sound(sk_dtype dtype, double squares) {
  return squares >= (dtype == SK_F32 ? 1e-30 : 1e-280) && squares <= DBL_MAX;
}

static inline void sk_distance_put(const sk_distance *job, int64_t at, double v) {
  if (job->dtype == SK_F32)
    ((float *)job->out)[at] = (float)v;
  else
    ((double *)job->out)[at] = v;
}

/* Rows i of x and j of y, of one batch; nothing overflows that need not. */
double sk_pair_distance(const sk_distance *job, int64_t batch, int64_t i, int64_t j);

/* All pairs of rows i0..i1-1 (SK_PANEL_ROWS at most) and j0..j1-1 into out; p = 1, 2, infinity. */
#define SK_PANEL_ROWS 504
int64_t sk_panel_scratch(const sk_distance *job); /* bytes */
void sk_panel_block(const sk_distance *job, int64_t batch, int64_t i0, int64_t i1, int64_t j0,
                    int64_t j1, void *scratch);

/* p = 2, by products, for sizes that it suits. */
bool sk_gram_suits(const sk_distance *job);
int64_t sk_gram_scratch(const sk_distance *job, int threads); /* bytes */
void sk_gram_distances(const sk_distance *job, int threads, void *scratch);

#endif
