/* Rectangles that are taken out of an image. */
#include "augment.h"
#include <math.h>

#define ATTEMPTS 10
#define VALUES   6

static void erase(sk_image *im, int64_t top, int64_t left, int64_t bottom, int64_t right,
                  const double *value, int values, sk_draws *d) {
  for (int c = 0; c < im->c; c++)
    for (int64_t i = top; i < bottom; i++)
      for (int64_t j = left; j < right; j++) {
        double v = values == 0 ? sk_draw_normal(d) : value[values == 1 ? 0 : c % values];
        im->at[((int64_t)c * im->h + i) * im->w + j] = (float)v;
      }
}

/* {scale lo, hi, ratio lo, hi, how many values (none: normal ones), values...}: torchvision's
   RandomErasing.get_params (0.14) */
void sk_augment_erase(sk_image *im, const double *args, sk_draws *d) {
  double area = (double)im->h * im->w, lo = log(args[2]), hi = log(args[3]);
  int values = args[4] >= 0 && args[4] <= VALUES ? (int)args[4] : 0;
  for (int k = 0; k < ATTEMPTS; k++) {
    double target = area * (args[0] + (args[1] - args[0]) * sk_draw(d));
    double aspect = exp(lo + (hi - lo) * sk_draw(d));
    double high = rint(sqrt(target * aspect)), wide = rint(sqrt(target / aspect));
    if (!(high < im->h && wide < im->w)) continue;
    int64_t top = sk_draw_below(d, im->h - (int64_t)high + 1);
    int64_t left = sk_draw_below(d, im->w - (int64_t)wide + 1);
    erase(im, top, left, top + (int64_t)high, left + (int64_t)wide, args + 5, values, d);
    return;
  }
}

/* {height, width, value}: about a pixel of the image, so that a part may lie outside */
void sk_augment_cutout(sk_image *im, const double *args, sk_draws *d) {
  int64_t high = args[0] >= 0 && args[0] < 1 << 24 ? (int64_t)args[0] : 0;
  int64_t wide = args[1] >= 0 && args[1] < 1 << 24 ? (int64_t)args[1] : 0;
  int64_t top = sk_draw_below(d, im->h) - high / 2, left = sk_draw_below(d, im->w) - wide / 2;
  int64_t bottom = top + high < im->h ? top + high : im->h;
  int64_t right = left + wide < im->w ? left + wide : im->w;
  erase(im, top > 0 ? top : 0, left > 0 ? left : 0, bottom, right, args + 2, 1, d);
}
