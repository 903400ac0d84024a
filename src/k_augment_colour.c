/* Brightness, contrast, saturation and hue. Each clamps what it gives to 0..1, as all code bases
   do. They differ in what these words mean: torchvision multiplies the brightness, and blends with
   the mean of the gray image (contrast) or with the gray image (saturation); TensorFlow's way,
   which SimCLR and BYOL took, blends each channel with its own mean and scales S of HSV, and its
   brightness may be added. */
#include "augment.h"
#include "levels.h"
#include <math.h>

/* Weights of the channels in a gray image. */
static const float R = 0.2989f, G = 0.587f, B = 0.114f;

static int64_t plane(const sk_image *im) { return (int64_t)im->h * im->w; }

static bool coloured(const sk_image *im) { return im->c == 3; }

/* {== Pixels ============================================================== */

SK_CLONES static void scale_shift(float *x, int64_t n, float scale, float shift) {
  for (int64_t i = 0; i < n; i++) x[i] = sk_shown(scale * x[i] + shift);
}

#define LANES 16

SK_CLONES static double mean(const float *x, int64_t n) {
  double lane[LANES] = {0}, sum = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lane[l] += (double)x[i + l];
  for (; i < n; i++) sum += (double)x[i];
  for (int l = 0; l < LANES; l++) sum += lane[l];
  return sum / (double)n;
}

SK_CLONES static void blend_gray(float *restrict r, float *restrict g, float *restrict b, int64_t n,
                                 float factor) {
  for (int64_t i = 0; i < n; i++) {
    float gray = (1 - factor) * (R * r[i] + G * g[i] + B * b[i]);
    r[i] = sk_shown(factor * r[i] + gray);
    g[i] = sk_shown(factor * g[i] + gray);
    b[i] = sk_shown(factor * b[i] + gray);
  }
}

static inline float most(float a, float b) { return a > b ? a : b; }
static inline float least(float a, float b) { return a < b ? a : b; }

/* S = (V - the least channel) / V. With H and V as they are, scaling S by a factor scales the
   distance of every channel to V by it; that S ends at 1 bounds it by 1 / S. */
SK_CLONES static void scale_saturation(float *restrict r, float *restrict g, float *restrict b,
                                       int64_t n, float factor) {
  for (int64_t i = 0; i < n; i++) {
    float v = most(most(r[i], g[i]), b[i]), range = v - least(least(r[i], g[i]), b[i]);
    float by = v > 0 ? least(factor, v / range) : 0;
    r[i] = sk_shown(v - (v - r[i]) * by);
    g[i] = sk_shown(v - (v - g[i]) * by);
    b[i] = sk_shown(v - (v - b[i]) * by);
  }
}

/* Hue in sixths of the circle, red at 0, green at 2, blue at 4; by in [0,6). Along the circle every
   channel is at its most for two sixths, falls for one, is at its least for two, and rises. */
SK_CLONES static void turn_hue(float *restrict r, float *restrict g, float *restrict b, int64_t n,
                               float by) {
  for (int64_t i = 0; i < n; i++) {
    float v = most(most(r[i], g[i]), b[i]), low = least(least(r[i], g[i]), b[i]), range = v - low;
    float per = range > 0 ? 1 / range : 0;
    float if_red = (g[i] - b[i]) * per, if_green = 2 + (b[i] - r[i]) * per;
    float if_blue = 4 + (r[i] - g[i]) * per;
    float h = by + (r[i] == v ? if_red : g[i] == v ? if_green : if_blue);
    h = h < 0 ? h + 6 : h;
    h = h >= 6 ? h - 6 : h;
    r[i] = sk_shown(low + range * sk_shown(fabsf(h - 3) - 1));
    g[i] = sk_shown(low + range * sk_shown(2 - fabsf(h - 2)));
    b[i] = sk_shown(low + range * sk_shown(2 - fabsf(h - 4)));
  }
}

SK_CLONES static void gray_floats(float *restrict r, float *restrict g, float *restrict b,
                                  int64_t n) {
  for (int64_t i = 0; i < n; i++) r[i] = g[i] = b[i] = R * r[i] + G * g[i] + B * b[i];
}

SK_CLONES static void gray_levels(float *restrict r, float *restrict g, float *restrict b,
                                  int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    int32_t sum = 19595 * sk_level(r[i]) + 38470 * sk_level(g[i]) + 7471 * sk_level(b[i]) + 0x8000;
    r[i] = g[i] = b[i] = (float)(sum >> 16) / 255;
  }
}

/* ==} */

/* {== Images ============================================================== */

enum { TORCHVISION, MULTIPLIED, ADDED }; /* dialects, as rows number them */

static void brightness(sk_image *im, int dialect, float by) {
  int64_t n = im->c * plane(im);
  if (dialect == ADDED)
    scale_shift(im->at, n, 1, by);
  else
    scale_shift(im->at, n, by, 0);
}

static void contrast(sk_image *im, int dialect, float by) {
  int64_t n = plane(im);
  double means[3] = {0};
  if (dialect == TORCHVISION && coloured(im)) {
    for (int c = 0; c < 3; c++) means[c] = mean(im->at + c * n, n);
    float gray = (float)(R * means[0] + G * means[1] + B * means[2]);
    scale_shift(im->at, 3 * n, by, (1 - by) * gray);
  } else
    for (int c = 0; c < im->c; c++)
      scale_shift(im->at + c * n, n, by, (1 - by) * (float)mean(im->at + c * n, n));
}

static void saturation(sk_image *im, int dialect, float by) {
  int64_t n = plane(im);
  if (!coloured(im)) return;
  if (dialect == TORCHVISION)
    blend_gray(im->at, im->at + n, im->at + 2 * n, n, by);
  else
    scale_saturation(im->at, im->at + n, im->at + 2 * n, n, by);
}

static void hue(sk_image *im, int dialect, float by) {
  (void)dialect;
  int64_t n = plane(im);
  by -= floorf(by);
  if (coloured(im)) turn_hue(im->at, im->at + n, im->at + 2 * n, n, 6 * by);
}

/* ==} */

/* {== Operations ========================================================== */

void sk_augment_brightness(sk_image *im, const double *args, sk_draws *d) {
  brightness(im, TORCHVISION, (float)sk_draw_strength(d, args));
}

void sk_augment_contrast(sk_image *im, const double *args, sk_draws *d) {
  contrast(im, TORCHVISION, (float)sk_draw_strength(d, args));
}

void sk_augment_saturation(sk_image *im, const double *args, sk_draws *d) {
  saturation(im, TORCHVISION, (float)sk_draw_strength(d, args));
}

void sk_augment_hue(sk_image *im, const double *args, sk_draws *d) {
  hue(im, TORCHVISION, (float)sk_draw_strength(d, args));
}

static void (*const adjust[4])(sk_image *im, int dialect, float by) = {brightness, contrast,
                                                                       saturation, hue};

/* args: dialect, then {lo, hi} of each of the four, in whose place {NaN, NaN} leaves it out. All
   are drawn all the same, so that to leave one out does not change the others. */
void sk_augment_jitter(sk_image *im, const double *args, sk_draws *d) {
  int dialect = args[0] == ADDED ? ADDED : args[0] == MULTIPLIED ? MULTIPLIED : TORCHVISION;
  int order[4] = {0, 1, 2, 3};
  for (int i = 3; i > 0; i--) {
    int64_t j = sk_draw_below(d, i + 1);
    int was = order[i];
    order[i] = order[j], order[j] = was;
  }
  double by[4];
  for (int i = 0; i < 4; i++) {
    const double *range = args + 1 + 2 * i;
    by[i] = range[0] + (range[1] - range[0]) * sk_draw(d);
  }
  for (int i = 0; i < 4; i++)
    if (!isnan(by[order[i]])) adjust[order[i]](im, dialect, (float)by[order[i]]);
}

/* args: are the weights those of Pillow, on 256 levels? */
void sk_augment_gray(sk_image *im, const double *args, sk_draws *d) {
  (void)d;
  int64_t n = plane(im);
  if (!coloured(im)) return;
  if (args[0] != 0)
    gray_levels(im->at, im->at + n, im->at + 2 * n, n);
  else
    gray_floats(im->at, im->at + n, im->at + 2 * n, n);
}

/* ==} */
