/* Turned, moved and sheared images: each pixel of the result takes what lies where the inverse of
   the change puts it. In float32 and in torchvision 0.14's order, so that the same pixel is
   nearest. */
#include "augment.h"
#include <math.h>
#include <string.h>

typedef struct affine {
  float m[6];
  bool linear; /* or the nearest pixel */
  float fill;
} affine;

/* torchvision's _get_inverse_affine_matrix: degrees, a shift in pixels, a scale and shears in
   degrees about the point (cx, cy), which is given from the middle of the image. */
static affine inverse(double cx, double cy, double angle, double tx, double ty, double scale,
                      double shear_x, double shear_y, const double *how) {
  const double degree = 0.017453292519943295;
  double rot = angle * degree, sx = shear_x * degree, sy = shear_y * degree;
  double a = cos(rot - sy) / cos(sy), b = -cos(rot - sy) * tan(sx) / cos(sy) - sin(rot);
  double c = sin(rot - sy) / cos(sy), d = -sin(rot - sy) * tan(sx) / cos(sy) + cos(rot);
  double m[6] = {d / scale, -b / scale, 0, -c / scale, a / scale, 0};
  m[2] = m[0] * (-cx - tx) + m[1] * (-cy - ty) + cx;
  m[5] = m[3] * (-cx - tx) + m[4] * (-cy - ty) + cy;
  affine f = {.linear = how[0] != 0, .fill = (float)how[1]};
  for (int i = 0; i < 6; i++) f.m[i] = (float)m[i];
  return f;
}

/* x is a position among n pixels as PyTorch's grid has it, -1 to 1. Far ones, and NaN, are outside.
 */
static float position(float x, int n) {
  float i = ((x + 1) * (float)n - 1) * 0.5f;
  return i > -2 && i < (float)n + 1 ? i : -2;
}

static void look(const affine *f, const sk_image *im, float x, float y, int64_t at) {
  int64_t plane = (int64_t)im->h * im->w;
  if (!f->linear) {
    int i = (int)rintf(y), j = (int)rintf(x);
    bool inside = i >= 0 && i < im->h && j >= 0 && j < im->w;
    for (int c = 0; c < im->c; c++)
      im->spare[c * plane + at] = inside ? im->at[c * plane + (int64_t)i * im->w + j] : f->fill;
    return;
  }
  int i = (int)floorf(y), j = (int)floorf(x);
  float v = y - (float)i, u = x - (float)j, covered = 0, weight[4];
  int64_t from[4];
  for (int k = 0; k < 4; k++) {
    int row = i + k / 2, column = j + k % 2;
    bool inside = row >= 0 && row < im->h && column >= 0 && column < im->w;
    from[k] = inside ? (int64_t)row * im->w + column : 0;
    weight[k] = inside ? (k / 2 ? v : 1 - v) * (k % 2 ? u : 1 - u) : 0;
    covered += weight[k];
  }
  for (int c = 0; c < im->c; c++) {
    const float *p = im->at + c * plane;
    float sum = 0;
    for (int k = 0; k < 4; k++) sum += weight[k] * p[from[k]];
    /* torchvision weighs twice where it fills */
    im->spare[c * plane + at] = f->fill == 0 ? sum : sum * covered + (1 - covered) * f->fill;
  }
}

static void apply(sk_image *im, const affine *f) {
  float half_w = 0.5f * (float)im->w, half_h = 0.5f * (float)im->h;
  float a = f->m[0] / half_w, b = f->m[1] / half_w, c = f->m[2] / half_w;
  float d = f->m[3] / half_h, e = f->m[4] / half_h, g = f->m[5] / half_h;
  int64_t at = 0;
  for (int i = 0; i < im->h; i++)
    for (int j = 0; j < im->w; j++, at++) {
      float x = (float)j + 0.5f - half_w, y = (float)i + 0.5f - half_h;
      look(f, im, position(x * a + y * b + c, im->w), position(x * d + y * e + g, im->h), at);
    }
  sk_image_swap(im);
}

/* Those that follow take {lo, hi, levels, signed, base, linear, fill}. */

/* Degrees, against the clock. */
void sk_augment_rotate(sk_image *im, const double *args, sk_draws *d) {
  affine f = inverse(0, 0, -sk_draw_strength(d, args), 0, 0, 1, 0, 0, args + 5);
  apply(im, &f);
}

/* The automatic policies shear about the corner: m pixels sideways for each one down. */
static void shear(sk_image *im, const double *args, sk_draws *d, bool down) {
  double angle = atan(sk_draw_strength(d, args)) * 57.29577951308232;
  affine f =
      inverse(-0.5 * im->w, -0.5 * im->h, 0, 0, 0, 1, down ? 0 : angle, down ? angle : 0, args + 5);
  apply(im, &f);
}

void sk_augment_shear_x(sk_image *im, const double *args, sk_draws *d) {
  shear(im, args, d, false);
}

void sk_augment_shear_y(sk_image *im, const double *args, sk_draws *d) { shear(im, args, d, true); }

/* Whole pixels, towards 0, to the right or down. */
void sk_augment_translate_x(sk_image *im, const double *args, sk_draws *d) {
  affine f = inverse(0, 0, 0, trunc(sk_draw_strength(d, args)), 0, 1, 0, 0, args + 5);
  apply(im, &f);
}

void sk_augment_translate_y(sk_image *im, const double *args, sk_draws *d) {
  affine f = inverse(0, 0, 0, 0, trunc(sk_draw_strength(d, args)), 1, 0, 0, args + 5);
  apply(im, &f);
}

static double between(sk_draws *d, double lo, double hi) { return lo + (hi - lo) * sk_draw(d); }

/* {degrees lo, hi, most of the width and height to shift, scale lo, hi, shear x lo, hi, y lo, hi,
   linear, fill} */
void sk_augment_affine(sk_image *im, const double *args, sk_draws *d) {
  double angle = between(d, args[0], args[1]), shift[2];
  for (int i = 0; i < 2; i++) {
    double most = args[2 + i] * (i == 0 ? im->w : im->h);
    shift[i] = rint(between(d, -most, most));
  }
  double scale = between(d, args[4], args[5]);
  double x = between(d, args[6], args[7]), y = between(d, args[8], args[9]);
  affine f = inverse(0, 0, angle, shift[0], shift[1], scale, x, y, args + 10);
  apply(im, &f);
}
