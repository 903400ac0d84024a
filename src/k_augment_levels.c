/* What is done to each value by itself, or by how often it occurs. What torchvision defines on
   bytes is done on the nearest of 256 levels. */
#include "augment.h"
#include "kernel.h"
#include "levels.h"
#include <math.h>

static int64_t size(const sk_image *im) { return (int64_t)im->c * im->h * im->w; }

SK_CLONES void sk_augment_invert(sk_image *im, const double *args, sk_draws *d) {
  (void)args, (void)d;
  int64_t n = size(im);
  float *x = im->at;
  for (int64_t i = 0; i < n; i++) x[i] = 1 - x[i];
}

SK_CLONES static void standardise(float *x, int64_t n, float mean, float std) {
  for (int64_t i = 0; i < n; i++) x[i] = (x[i] - mean) / std;
}

#define CHANNELS ((SK_AUGMENT_ARGS - 2) / 2)

/* args: how many channels they tell apart, then the means, then the standard deviations; the last
   of them goes for all channels that follow. */
void sk_augment_normalize(sk_image *im, const double *args, sk_draws *d) {
  (void)d;
  int count = args[0] >= 1 && args[0] <= CHANNELS ? (int)args[0] : 1;
  int64_t n = (int64_t)im->h * im->w;
  for (int c = 0; c < im->c; c++) {
    int k = c < count ? c : count - 1;
    standardise(im->at + c * n, n, (float)args[1 + k], (float)args[1 + count + k]);
  }
}

SK_CLONES static void solarize(float *x, int64_t n, float threshold) {
  for (int64_t i = 0; i < n; i++) x[i] = x[i] >= threshold ? 1 - x[i] : x[i];
}

void sk_augment_solarize(sk_image *im, const double *args, sk_draws *d) {
  solarize(im->at, size(im), (float)sk_draw_strength(d, args));
}

SK_CLONES static void posterize(float *x, int64_t n, int32_t mask) {
  for (int64_t i = 0; i < n; i++) x[i] = (float)(sk_level(x[i]) & mask) / 255;
}

/* The strength is how many bits stay; between two numbers, how many go is rounded. */
void sk_augment_posterize(sk_image *im, const double *args, sk_draws *d) {
  double go = rint(8 - sk_draw_strength(d, args));
  go = go > 0 ? go : 0;
  posterize(im->at, size(im), -(1 << (go < 8 ? (int)go : 8)));
}

SK_CLONES static void to_levels(const float *x, int64_t n, uint8_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = (uint8_t)sk_level(x[i]);
}

/* As often as a level occurs, so far away does it get from the one below it. */
static void equalize(float *x, int64_t n, uint8_t *own) {
  int64_t count[256] = {0};
  to_levels(x, n, own);
  for (int64_t i = 0; i < n; i++) count[own[i]]++;
  int highest = 255;
  while (count[highest] == 0) highest--;
  int64_t step = (n - count[highest]) / 255, below = 0;
  if (step == 0) return;
  float table[256];
  for (int i = 0; i < 256; below += count[i++]) {
    int64_t to = (below + step / 2) / step;
    table[i] = (float)(i == 0 ? 0 : to < 255 ? to : 255) / 255;
  }
  for (int64_t i = 0; i < n; i++) x[i] = table[own[i]];
}

void sk_augment_equalize(sk_image *im, const double *args, sk_draws *d) {
  (void)args, (void)d;
  int64_t n = (int64_t)im->h * im->w;
  for (int c = 0; c < im->c; c++) equalize(im->at + c * n, n, (uint8_t *)im->spare);
}

#define LANES 16

SK_CLONES static void stretch(float *x, int64_t n) {
  float low[LANES], high[LANES];
  for (int l = 0; l < LANES; l++) low[l] = high[l] = x[0];
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) {
      low[l] = x[i + l] < low[l] ? x[i + l] : low[l];
      high[l] = x[i + l] > high[l] ? x[i + l] : high[l];
    }
  float least = x[0], most = x[0];
  for (; i < n; i++) {
    least = x[i] < least ? x[i] : least;
    most = x[i] > most ? x[i] : most;
  }
  for (int l = 0; l < LANES; l++) {
    least = low[l] < least ? low[l] : least;
    most = high[l] > most ? high[l] : most;
  }
  float scale = 1 / (most - least);
  if (!isfinite(scale)) return; /* one value only */
  for (i = 0; i < n; i++) x[i] = sk_shown((x[i] - least) * scale);
}

void sk_augment_autocontrast(sk_image *im, const double *args, sk_draws *d) {
  (void)args, (void)d;
  int64_t n = (int64_t)im->h * im->w;
  for (int c = 0; c < im->c; c++) stretch(im->at + c * n, n);
}

SK_CLONES static void add(float *x, const float *noise, int64_t n, float sigma, bool clip) {
  float low = clip ? 0 : -INFINITY, high = clip ? 1 : INFINITY;
  for (int64_t i = 0; i < n; i++) {
    float v = x[i] + sigma * noise[i];
    v = v > low ? v : low;
    x[i] = v < high ? v : high;
  }
}

static uint64_t draw_word(sk_draws *d) { return (uint64_t)(sk_draw(d) * 0x1p32); }

/* args: {lo, hi} of sigma, clip. The pixels' numbers come from a generator of their own: four words
   of the slot start it, so that the slot draws as much for small images as for large ones. */
void sk_augment_noise(sk_image *im, const double *args, sk_draws *d) {
  double sigma = args[0] + (args[1] - args[0]) * sk_draw(d);
  uint64_t word[4];
  for (int i = 0; i < 4; i++) word[i] = draw_word(d);
  sk_generator g = {.seed = word[0] << 32 | word[1], .stream = word[2] << 32 | word[3]};
  sk_random(&g, SK_NORMAL, 0, 1, SK_F32, size(im), im->spare);
  add(im->at, im->spare, size(im), (float)sigma, args[2] != 0);
}
