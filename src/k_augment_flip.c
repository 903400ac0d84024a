/* Mirrors. */
#include "augment.h"
#include <string.h>

void sk_augment_hflip(sk_image *im, const double *args, sk_draws *d) {
  (void)args, (void)d;
  for (int64_t row = 0; row < (int64_t)im->c * im->h; row++) {
    float *p = im->at + row * im->w;
    for (int i = 0, j = im->w - 1; i < j; i++, j--) {
      float was = p[i];
      p[i] = p[j], p[j] = was;
    }
  }
}

void sk_augment_vflip(sk_image *im, const double *args, sk_draws *d) {
  (void)args, (void)d;
  for (int64_t row = 0; row < (int64_t)im->c * im->h; row++) {
    int64_t plane = row / im->h, to = plane * im->h + im->h - 1 - row % im->h;
    memcpy(im->spare + to * im->w, im->at + row * im->w, (size_t)im->w * sizeof *im->at);
  }
  sk_image_swap(im);
}
