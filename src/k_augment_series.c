/* Series whose channels are scaled, turned or put into another order. */
#include "times.h"
#include <string.h>

static void scale(float *x, int64_t n, float by) {
  for (int64_t i = 0; i < n; i++) x[i] *= by;
}

/* args: sigma */
void sk_augment_ts_scale(sk_image *im, const double *args, sk_draws *d) {
  for (int64_t r = 0; r < sk_image_rows(im); r++)
    scale(im->at + r * im->w, im->w, (float)(1 + args[0] * sk_draw_normal(d)));
}

/* args: do the rows change their places too? */
void sk_augment_ts_rotate(sk_image *im, const double *args, sk_draws *d) {
  int64_t rows = sk_image_rows(im), n = im->w;
  for (int64_t r = 0; r < rows; r++) scale(im->at + r * n, n, sk_draw(d) < 0.5 ? -1 : 1);
  if (args[0] == 0) return;
  for (int64_t r = rows - 1; r > 0; r--) {
    int64_t other = sk_draw_below(d, r + 1);
    float *a = im->at + r * n, *b = im->at + other * n;
    memcpy(im->spare, a, (size_t)n * sizeof *a);
    memmove(a, b, (size_t)n * sizeof *a);
    memcpy(b, im->spare, (size_t)n * sizeof *a);
  }
}

#define SEGMENTS 32

/* cut[0] .. cut[n]: where the segments begin, and the end. Of equal length, the first ones longer
   by one where they do not come out even; or cut anywhere. */
static void draw_cuts(int64_t *cut, int n, int64_t w, bool anywhere, sk_draws *d) {
  cut[0] = 0;
  for (int i = 1; i <= n; i++) cut[i] = i * (w / n) + (i < w % n ? i : w % n);
  for (int i = 1; anywhere && i < n; i++) {
    int64_t at = sk_draw_below(d, w + 1);
    int k = i;
    for (; k > 1 && cut[k - 1] > at; k--) cut[k] = cut[k - 1];
    cut[k] = at;
  }
}

/* args: {lo, hi} of how many segments, are they cut anywhere? */
void sk_augment_permute(sk_image *im, const double *args, sk_draws *d) {
  int64_t w = im->w, cut[SEGMENTS + 1], order[SEGMENTS];
  int64_t lo = sk_whole(args[0], 1, SEGMENTS), hi = sk_whole(args[1], lo, SEGMENTS);
  int n = (int)(lo + sk_draw_below(d, hi - lo + 1));
  draw_cuts(cut, n, w, args[2] != 0, d);
  for (int i = 0; i < n; i++) {
    int64_t k = sk_draw_below(d, i + 1);
    order[i] = order[k], order[k] = i;
  }
  for (int64_t r = 0; r < sk_image_rows(im); r++) {
    float *to = im->spare + r * w;
    for (int i = 0; i < n; i++) {
      int64_t first = cut[order[i]], size = cut[order[i] + 1] - first;
      memcpy(to, im->at + r * w + first, (size_t)size * sizeof *to);
      to += size;
    }
  }
  sk_image_swap(im);
}
