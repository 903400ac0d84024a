/* Windows of an image, and changes of its size. */
#include "augment.h"
#include "resample.h"
#include <math.h>
#include <string.h>

/* A whole number from 1 that was given as a double; 0 where it is none. */
static int size_of(double v) { return v >= 1 && v <= 1 << 24 ? (int)v : 0; }

/* The window becomes the image, out_h x out_w; nothing happens where there is no room. */
static void take(sk_image *im, int top, int left, int high, int wide, const double *size,
                 const double *how) {
  sk_resample r = {
      .c = im->c, .h = im->h, .w = im->w, .top = top, .left = left, .high = high, .wide = wide};
  r.out_h = size_of(size[0]), r.out_w = size_of(size[1]);
  r.interp = how[0] >= 0 && how[0] < SK_NINTERP ? (sk_interp)how[0] : SK_BILINEAR;
  r.antialias = how[1] != 0;
  if (r.out_h == 0 || r.out_w == 0) return;
  int64_t out = (int64_t)r.c * r.out_h * r.out_w;
  if (r.out_h > im->room || out > im->room || sk_resample_scratch(&r) > im->room) return;
  sk_resample_run(&r, im->at, im->spare, im->more);
  for (int64_t i = 0; i < out && how[2] != 0; i++) {
    float v = im->spare[i];
    im->spare[i] = v < 0 ? 0 : v > 1 ? 1 : v;
  }
  sk_image_swap(im);
  im->h = r.out_h, im->w = r.out_w;
}

/* {height, width, interp, antialias, clip} */
void sk_augment_resize(sk_image *im, const double *args, sk_draws *d) {
  (void)d;
  take(im, 0, 0, im->h, im->w, args, args + 2);
}

/* {== Random windows, resized ============================================= */

typedef struct window {
  int top, left, high, wide;
} window;

/* torchvision's RandomResizedCrop.get_params (0.14). */
static window sample_tv(const sk_image *im, const double *scale, const double *ratio, int attempts,
                        sk_draws *d) {
  double area = (double)im->h * im->w, lo = log(ratio[0]), hi = log(ratio[1]);
  for (int i = 0; i < attempts; i++) {
    double target = area * (scale[0] + (scale[1] - scale[0]) * sk_draw(d));
    double aspect = exp(lo + (hi - lo) * sk_draw(d));
    double wide = rint(sqrt(target * aspect)), high = rint(sqrt(target / aspect));
    if (!(wide > 0 && wide <= im->w && high > 0 && high <= im->h)) continue;
    int top = (int)sk_draw_below(d, im->h - (int)high + 1);
    int left = (int)sk_draw_below(d, im->w - (int)wide + 1);
    return (window){top, left, (int)high, (int)wide};
  }
  double high = im->h, wide = im->w; /* the middle, of the nearest shape that is allowed */
  if (wide / high < ratio[0])
    high = fmin(im->h, fmax(1, rint(wide / ratio[0])));
  else if (wide / high > ratio[1])
    wide = fmin(im->w, fmax(1, rint(high * ratio[1])));
  return (window){(im->h - (int)high) / 2, (im->w - (int)wide) / 2, (int)high, (int)wide};
}

/* TensorFlow's sample_distorted_bounding_box: the ratio is uniform, then the height within what
   both ends of the area allow; otherwise the whole image. Its windows never touch the last row or
   column unless they reach from the first. */
static window sample_tf(const sk_image *im, const double *scale, const double *ratio, int attempts,
                        sk_draws *d) {
  double area = (double)im->h * im->w, least = scale[0] * area, most = scale[1] * area;
  for (int i = 0; i < attempts; i++) {
    double aspect = ratio[0] + (ratio[1] - ratio[0]) * sk_draw(d), u = sk_draw(d);
    double high = rint(sqrt(least / aspect)), highest = rint(sqrt(most / aspect));
    if (rint(highest * aspect) > im->w) highest = floor((im->w + 0.5 - 1e-7) / aspect);
    if (highest > im->h) highest = im->h;
    if (high >= highest)
      high = highest;
    else
      high += floor(u * (highest - high + 1));
    double wide = rint(high * aspect);
    if (wide * high < least) high += 1, wide = rint(high * aspect);
    if (wide * high > most) high -= 1, wide = rint(high * aspect);
    if (!(wide * high >= least && wide * high <= most && wide > 0 && wide <= im->w && high > 0 &&
          high <= im->h))
      continue;
    int top = high < im->h ? (int)sk_draw_below(d, im->h - (int)high) : 0;
    int left = wide < im->w ? (int)sk_draw_below(d, im->w - (int)wide) : 0;
    return (window){top, left, (int)high, (int)wide};
  }
  return (window){0, 0, im->h, im->w};
}

/* {height, width, interp, antialias, clip, scale lo, hi, ratio lo, hi, attempts, by TensorFlow} */
void sk_augment_random_resized_crop(sk_image *im, const double *args, sk_draws *d) {
  bool tf = args[10] != 0;
  int attempts = args[9] >= 1 && args[9] <= 10000 ? (int)args[9] : tf ? 100 : 10;
  window w = (tf ? sample_tf : sample_tv)(im, args + 5, args + 7, attempts, d);
  take(im, w.top, w.left, w.high, w.wide, args, args + 2);
}

/* ==} */

/* {== Windows as they are ================================================= */

/* Where position i of n lies inside: mirrored about the border pixels, as often as it takes. */
static int64_t mirrored(int64_t i, int64_t n) {
  if (n == 1) return 0;
  i %= 2 * n - 2;
  if (i < 0) i += 2 * n - 2;
  return i < n ? i : 2 * n - 2 - i;
}

/* high x wide from (top, left) on, which may lie outside: there are mirrors, or `fill`. */
static void cut(sk_image *im, int64_t top, int64_t left, int high, int wide, float fill,
                bool mirror) {
  if (high == 0 || wide == 0 || high > im->room || (int64_t)im->c * high * wide > im->room) return;
  float *to = im->spare;
  for (int c = 0; c < im->c; c++)
    for (int64_t i = top; i < top + high; i++)
      for (int64_t j = left; j < left + wide; j++) {
        bool inside = i >= 0 && i < im->h && j >= 0 && j < im->w;
        int64_t y = mirror ? mirrored(i, im->h) : i, x = mirror ? mirrored(j, im->w) : j;
        *to++ = inside || mirror ? im->at[((int64_t)c * im->h + y) * im->w + x] : fill;
      }
  sk_image_swap(im);
  im->h = high, im->w = wide;
}

/* {height, width} */
void sk_augment_center_crop(sk_image *im, const double *args, sk_draws *d) {
  int high = size_of(args[0]), wide = size_of(args[1]);
  (void)d;
  if (high > im->h || wide > im->w) return;
  cut(im, (int64_t)rint((im->h - high) / 2.0), (int64_t)rint((im->w - wide) / 2.0), high, wide, 0,
      false);
}

/* {height, width, padding, fill, mirror} */
void sk_augment_random_crop(sk_image *im, const double *args, sk_draws *d) {
  int high = size_of(args[0]), wide = size_of(args[1]), padding = size_of(args[2]);
  int64_t down = (int64_t)im->h + 2 * padding - high, across = (int64_t)im->w + 2 * padding - wide;
  if (down < 0 || across < 0) return;
  int64_t top = sk_draw_below(d, down + 1) - padding, left = sk_draw_below(d, across + 1) - padding;
  cut(im, top, left, high, wide, (float)args[3], args[4] != 0);
}

/* ==} */
