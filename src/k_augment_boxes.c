/* Pillow's "Gaussian" blur: three box blurs along the rows and three along the columns, on bytes,
   each rounded (Gwosdek, Grewenig, Bruhn and Weickert, SSVM 2011, "Theoretical foundations of
   Gaussian convolution by extended box filtering"). The box ends with a fraction of a pixel, and
   what lies outside the image is its edge. */
#include "augment.h"
#include "levels.h"
#include <math.h>

#define PASSES 3
#define RADIUS 1000

/* Shares of 2^24: of a pixel inside of the box, and of the two at its ends. */
typedef struct box {
  int radius;
  uint32_t inner, outer;
} box;

/* In float32, as Pillow does it: in float64 some boxes are one byte level off. */
static box box_of(float radius) {
  float variance = radius * radius / PASSES, length = (float)sqrt(12.0 * (double)variance + 1.0);
  float whole = floorf((length - 1.0f) / 2.0f);
  float part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  part /= 6 * (variance - (whole + 1) * (whole + 1));
  float reach = whole + part;
  box b = {.radius = (int)reach, .inner = (uint32_t)((float)(1 << 24) / (reach * 2 + 1))};
  b.outer = ((1 << 24) - (uint32_t)(b.radius * 2 + 1) * b.inner) / 2;
  return b;
}

typedef uint32_t lanes __attribute__((vector_size(64), aligned(4), may_alias));
enum { LANES = sizeof(lanes) / sizeof(uint32_t) };

/* x[n,w] along the columns that begin at x; T is one of them, or as many as a vector has lanes. */
#define SLIDE(NAME, T)                                                                             \
  static inline __attribute__((always_inline)) void NAME(const box *b, const uint32_t *x,          \
                                                         int64_t n, int64_t w, uint32_t *out) {    \
    int64_t last = n - 1, r = b->radius;                                                           \
    T first = *(const T *)x, end = *(const T *)(x + last * w), sum = first * (uint32_t)(r + 1);    \
    for (int64_t y = 0; y < r; y++) sum += y < last ? *(const T *)(x + y * w) : end;               \
    for (int64_t y = 0; y < n; y++) {                                                              \
      T out_of = y > r ? *(const T *)(x + (y - r - 1) * w) : first;                                \
      T in = y + r < last ? *(const T *)(x + (y + r) * w) : end;                                   \
      T next = y + r + 1 < last ? *(const T *)(x + (y + r + 1) * w) : end;                         \
      sum += in - out_of;                                                                          \
      *(T *)(out + y * w) = (sum * b->inner + (out_of + next) * b->outer + (1u << 23)) >> 24;      \
    }                                                                                              \
  }
SLIDE(slide_lanes, lanes)
SLIDE(slide_one, uint32_t)

/* What the last vector has in common with the one before is done twice. */
SK_CLONES static void slide_all(const box *b, const uint32_t *x, int64_t n, int64_t w,
                                uint32_t *out) {
  int64_t i = 0;
  for (; i + LANES <= w; i += LANES) slide_lanes(b, x + i, n, w, out + i);
  if (i < w && w > LANES) slide_lanes(b, x + w - LANES, n, w, out + w - LANES);
  for (; i < w && w < LANES; i++) slide_one(b, x + i, n, w, out + i);
}

/* Leaves the result in the first of the two buffers, whichever it is given. */
static void blur(const box *b, int64_t n, int64_t w, uint32_t **x, uint32_t **other) {
  for (int pass = 0; pass < PASSES; pass++) {
    slide_all(b, *x, n, w, *other);
    uint32_t *was = *x;
    *x = *other, *other = was;
  }
}

/* out[w,n] = x[n,w], a tile at a time, so that what is read and written stays near. */
static void transpose(const uint32_t *x, int64_t n, int64_t w, uint32_t *out) {
  enum { TILE = 16 };
  for (int64_t i = 0; i < n; i += TILE)
    for (int64_t j = 0; j < w; j += TILE)
      for (int64_t k = i; k < n && k < i + TILE; k++)
        for (int64_t l = j; l < w && l < j + TILE; l++) out[l * n + k] = x[k * w + l];
}

SK_CLONES static void to_levels(const float *x, int64_t n, uint32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = (uint32_t)sk_level(x[i]);
}

SK_CLONES static void from_levels(const uint32_t *x, int64_t n, float *out) {
  for (int64_t i = 0; i < n; i++) out[i] = (float)x[i] / 255;
}

/* args: {lo, hi} of the radius, which is the standard deviation. */
void sk_augment_pil_blur(sk_image *im, const double *args, sk_draws *d) {
  double radius = args[0] + (args[1] - args[0]) * sk_draw(d);
  if (!(radius >= 0)) return;
  box b = box_of((float)(radius < RADIUS ? radius : RADIUS));
  int64_t h = im->h, w = im->w, n = h * w;
  for (int c = 0; c < im->c; c++) {
    uint32_t *x = (uint32_t *)im->spare, *other = (uint32_t *)im->more;
    to_levels(im->at + c * n, n, other);
    transpose(other, h, w, x);
    blur(&b, w, h, &x, &other);
    transpose(x, w, h, other);
    blur(&b, h, w, &other, &x);
    from_levels(other, n, im->at + c * n);
  }
}
