/* Floor 0: samples [c,h,w] as series: their values along w belong to w points of time, and each of
   the c*h rows is a series of its own. Vectors are one row; spectrograms [c,F,T] may also come as
   [F,1,T]. */
#ifndef SK_TIMES_H
#define SK_TIMES_H

#include "augment.h"

/* What an argument says, whatever it holds, as a whole number in lo .. hi. */
static inline int64_t sk_whole(double v, int64_t lo, int64_t hi) {
  if (!(v > (double)lo)) return lo;
  return v < (double)hi ? (int64_t)v : hi;
}

/* Uniform in args[0] .. args[1]. */
static inline double sk_draw_between(sk_draws *d, const double *args) {
  return args[0] + (args[1] - args[0]) * sk_draw(d);
}

static inline int64_t sk_image_rows(const sk_image *im) { return (int64_t)im->c * im->h; }

/* Each row as it was at time(ctx, t), in 0 .. w-1, for t = 0 .. w-1 in this order; linear between
   its values. */
void sk_image_retime(sk_image *im, double (*time)(void *ctx, int64_t t), void *ctx);

#endif
