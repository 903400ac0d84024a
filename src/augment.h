/* Floor 0: views of one sample at a time. A policy is compiled into a flat list of operations, and
   the list is run over every sample of a batch; what an operation draws depends on (seed, epoch,
   sample, view, slot) alone, never on the batch, its order or the threads. */
#ifndef SK_AUGMENT_H
#define SK_AUGMENT_H

#include "dtype.h"
#include <stdbool.h>

#define SK_AUGMENT_ARGS 14

/* One operation, as a row of float64 in the tensor that Lua makes. */
typedef struct sk_augment_op {
  double code; /* its place in SK_AUGMENT */
  double slot; /* names its own random numbers, 0 .. 2^32-1 */
  double p;    /* how often it is done */
  double skip; /* so many rows behind it belong to it */
  double args[SK_AUGMENT_ARGS];
} sk_augment_op;
#define SK_AUGMENT_ROW (4 + SK_AUGMENT_ARGS)

/* One image [c,h,w] of floats, packed: black is 0 and white is 1. Its buffers have room for `room`
   floats each; what an operation leaves in spare and more does not matter. */
typedef struct sk_image {
  float *at, *spare, *more;
  int64_t room;
  int c, h, w;
} sk_image;

/* What was written to spare is the image from now on. */
static inline void sk_image_swap(sk_image *im) {
  float *was = im->at;
  im->at = im->spare, im->spare = was;
}

/* A slot's random numbers, one after the other; and how strongly the sample is to be changed, which
   some operations follow. */
typedef struct sk_draws {
  uint32_t key[2], index[2], slot;
  uint32_t next, word[4];
  double strength;
} sk_draws;

double sk_draw(sk_draws *d);                   /* in [0,1), a multiple of 2^-32 */
int64_t sk_draw_below(sk_draws *d, int64_t n); /* in 0 .. n-1 */
double sk_draw_normal(sk_draws *d);
/* From args {lo, hi, levels, signed, base}: base + m, or base - m half of the time where signed is
   not 0; m uniform in [lo,hi), or one of `levels` values from lo to hi. What follows the sample's
   strength has levels = -1: m = lo + strength (hi - lo), or -2: this times a uniform number. */
double sk_draw_strength(sk_draws *d, const double *args);

/* X(name): void sk_augment_<name>(image, args, draws). `choose` and `group` only steer: of the
   args[0] groups behind a choose, one is run; its p is multiplied by the sample's strength where
   args[1] is not 0. */
/* clang-format off */
#define SK_AUGMENT(X) X(choose) X(group) X(hflip) X(vflip) \
  X(jitter) X(brightness) X(contrast) X(saturation) X(hue) X(gray) X(invert) X(normalize) \
  X(blur) X(pil_blur) X(sharpness) X(solarize) X(posterize) X(equalize) X(autocontrast) X(noise) \
  X(resize) X(random_resized_crop) X(center_crop) X(random_crop) X(rotate) X(affine) \
  X(shear_x) X(shear_y) X(translate_x) X(translate_y) X(erase) X(cutout) \
  X(ts_scale) X(ts_rotate) X(magnitude_warp) X(time_warp) X(permute) X(window_slice) \
  X(window_warp) X(ts_mask) X(spec_augment) X(freq_mask)
/* clang-format on */

#define X(NAME) void sk_augment_##NAME(sk_image *im, const double *args, sk_draws *d);
SK_AUGMENT(X)
#undef X

extern const char *const sk_augment_name[];
extern const int sk_augment_count;

/* A batch: row rows[i] (from 1) of x[..,c,h,w], which is sample index[i], becomes out[i]. */
typedef struct sk_augment_job {
  sk_dtype dtype; /* of x: uint8, float32 or float64 */
  const void *x;
  int c, h, w, out_c, out_h, out_w;
  int64_t n, room;
  const int64_t *rows, *index;
  uint64_t seed, epoch, view;
  double levels;          /* uint8 is divided by it */
  const double *strength; /* of each sample, in 0..1; NULL where all have 1 */
  const sk_augment_op *ops;
  int64_t count;
  float *scratch, *out;
} sk_augment_job;

int64_t sk_augment_scratch(const sk_augment_job *job); /* floats */
/* False where the list makes another size than out's. */
bool sk_augment(const sk_augment_job *job);
/* u[n,k]: the first k numbers of the slot for each of n samples. */
void sk_augment_draws(uint64_t seed, uint64_t epoch, uint64_t view, uint32_t slot,
                      const int64_t *index, int64_t n, int64_t k, double *u);

#endif
