/* Series and spectrograms of which a part is taken away. */
#include "times.h"
#include <math.h>

#define MASKS 64

static void fill(float *x, int64_t n, float value) {
  for (int64_t i = 0; i < n; i++) x[i] = value;
}

static void mask_times(sk_image *im, int64_t first, int64_t size, float value) {
  for (int64_t r = 0; r < sk_image_rows(im); r++) fill(im->at + r * im->w + first, size, value);
}

/* args: how many masks, {lo, hi} of the share of each, the value in their place */
void sk_augment_ts_mask(sk_image *im, const double *args, sk_draws *d) {
  for (int64_t left = sk_whole(args[0], 0, MASKS); left > 0; left--) {
    int64_t size = sk_whole(rint(sk_draw_between(d, args + 1) * im->w), 0, im->w);
    mask_times(im, sk_draw_below(d, im->w - size + 1), size, (float)args[3]);
  }
}

/* {== SpecAugment ========================================================= */

/* Frequencies are the rows of each channel, or the channels of one row. */
static void mask_frequencies(sk_image *im, int64_t first, int64_t size, float value) {
  int64_t bins = im->h > 1 ? im->h : im->c, channels = sk_image_rows(im) / bins;
  for (int64_t c = 0; c < channels; c++)
    fill(im->at + (c * bins + first) * im->w, size * im->w, value);
}

/* The point of time `from` becomes `to`. */
typedef struct moved_point {
  double from, to, last;
} moved_point;

static double of_moved_point(void *ctx, int64_t t) {
  const moved_point *m = ctx;
  double at = (double)t;
  if (at < m->to) return at * m->from / m->to;
  return m->from + (at - m->to) * (m->last - m->from) / (m->last - m->to);
}

static void warp(sk_image *im, int64_t most, sk_draws *d) {
  int64_t last = im->w - 1;
  if (most > (last - 2) / 2) most = (last - 2) / 2;
  if (most < 1) return;
  moved_point m = {.last = (double)last};
  m.from = (double)(most + 1 + sk_draw_below(d, last - 2 * most - 1));
  m.to = m.from + (double)(sk_draw_below(d, 2 * most + 1) - most);
  sk_image_retime(im, of_moved_point, &m);
}

/* args: how many frequency masks, their largest width, the same of time masks, the largest way of
   the warp; the share of an axis that none of these goes beyond; the value in the masks' place */
void sk_augment_spec_augment(sk_image *im, const double *args, sk_draws *d) {
  int64_t bins = im->h > 1 ? im->h : im->c, w = im->w;
  int64_t most_bins = sk_whole(args[5] * (double)bins, 0, bins);
  int64_t most_times = sk_whole(args[5] * (double)w, 0, w);
  warp(im, sk_whole(args[4], 0, most_times), d);
  for (int64_t left = sk_whole(args[0], 0, MASKS); left > 0; left--) {
    int64_t size = sk_draw_below(d, sk_whole(args[1], 0, most_bins) + 1);
    mask_frequencies(im, sk_draw_below(d, bins - size + 1), size, (float)args[6]);
  }
  for (int64_t left = sk_whole(args[2], 0, MASKS); left > 0; left--) {
    int64_t size = sk_draw_below(d, sk_whole(args[3], 0, most_times) + 1);
    mask_times(im, sk_draw_below(d, w - size + 1), size, (float)args[6]);
  }
}

/* ==} */

/* {== Bands of the spectrum =============================================== */

/* x[w] without its part of frequency k: since the parts are orthogonal, one may go after the other.
   cosine and sine hold a whole turn. */
static void remove_frequency(float *x, int64_t w, int64_t k, const float *cosine,
                             const float *sine) {
  double a = 0, b = 0;
  for (int64_t t = 0, at = 0; t < w; t++, at += k, at -= at >= w ? w : 0)
    a += x[t] * cosine[at], b += x[t] * sine[at];
  float share = (float)(k == 0 || 2 * k == w ? 1 : 2) / (float)w;
  float ca = (float)a * share, sb = (float)b * share;
  for (int64_t t = 0, at = 0; t < w; t++, at += k, at -= at >= w ? w : 0)
    x[t] -= ca * cosine[at] + sb * sine[at];
}

/* args: {lo, hi} of the share of the spectrum */
void sk_augment_freq_mask(sk_image *im, const double *args, sk_draws *d) {
  int64_t w = im->w, all = w / 2 + 1;
  int64_t size = sk_whole(rint(sk_draw_between(d, args) * (double)all), 0, all);
  int64_t first = sk_draw_below(d, all - size + 1);
  for (int64_t t = 0; t < w; t++) {
    double angle = 6.283185307179586 * (double)t / (double)w;
    im->spare[t] = (float)cos(angle), im->more[t] = (float)sin(angle);
  }
  for (int64_t r = 0; r < sk_image_rows(im); r++)
    for (int64_t k = first; k < first + size; k++)
      remove_frequency(im->at + r * w, w, k, im->spare, im->more);
}

/* ==} */
