/* Filters that weigh what stands around a pixel. */
#include "augment.h"
#include "levels.h"
#include <math.h>
#include <string.h>

/* {== Gaussian ============================================================ */

#define RADIUS 511

/* Where i lies in 0 .. n-1 when the ends are mirrors, however often it meets them. */
static int64_t mirrored(int64_t i, int64_t n) {
  if (n == 1) return 0;
  while (i < 0 || i >= n) i = i < 0 ? -i : 2 * (n - 1) - i;
  return i;
}

typedef struct gaussian {
  int radius;
  bool zeros; /* outside of the image, which is mirrored otherwise */
  float weight[RADIUS + 1];
} gaussian;

/* Far weights that a sum in float32 does not notice are left out: they cost time, and most of all
   where they are subnormal. */
static void weights(gaussian *g, double sigma) {
  double sum = 1, w[RADIUS + 1] = {1};
  for (int k = 1; k <= g->radius; k++) sum += 2 * (w[k] = exp(-0.5 * (k / sigma) * (k / sigma)));
  while (g->radius > 0 && w[g->radius] < 1e-9 * sum) g->radius--;
  for (int k = 0; k <= g->radius; k++) g->weight[k] = (float)(w[k] / sum);
}

typedef float lanes __attribute__((vector_size(64), aligned(4), may_alias));
enum { LANES = sizeof(lanes) / sizeof(float) };

/* `count` vectors of out from i on: out[i] = the weighted sum of what lies k before and k after i.
   row[radius] is i's own row, and row[0] the first that counts. */
static inline __attribute__((always_inline)) void
weigh_lanes(const gaussian *g, const float *const *row, int64_t i, int count, float *out) {
  int r = g->radius;
  lanes sum[4];
  for (int v = 0; v < count; v++) sum[v] = g->weight[0] * ((const lanes *)(row[r] + i))[v];
  for (int k = 1; k <= r; k++) {
    const lanes *a = (const lanes *)(row[r - k] + i), *b = (const lanes *)(row[r + k] + i);
    for (int v = 0; v < count; v++) sum[v] += g->weight[k] * (a[v] + b[v]);
  }
  for (int v = 0; v < count; v++) ((lanes *)(out + i))[v] = sum[v];
}

/* What the last vector has in common with the one before is done twice. */
static inline __attribute__((always_inline)) void weigh(const gaussian *g, const float *const *row,
                                                        int64_t n, float *out) {
  int64_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) weigh_lanes(g, row, i, 4, out);
  for (; i + LANES <= n; i += LANES) weigh_lanes(g, row, i, 1, out);
  if (i < n && n > LANES) weigh_lanes(g, row, n - LANES, 1, out);
  for (int r = g->radius; i < n && n < LANES; i++) {
    float sum = g->weight[0] * row[r][i];
    for (int k = 1; k <= r; k++) sum += g->weight[k] * (row[r - k][i] + row[r + k][i]);
    out[i] = sum;
  }
}

/* wide[h,w+2r]: x[h,w], blurred along the columns, with room for what lies beside its rows. */
SK_CLONES static void blur_columns(const gaussian *g, const float *x, int h, int w,
                                   const float *zero, float *wide) {
  const float *row[2 * RADIUS + 1];
  int r = g->radius;
  for (int64_t y = 0; y < h; y++) {
    for (int k = -r; k <= r; k++) {
      bool inside = y + k >= 0 && y + k < h;
      row[k + r] = inside || !g->zeros ? x + mirrored(y + k, h) * w : zero;
    }
    weigh(g, row, w, wide + y * (w + 2 * r) + r);
  }
}

/* Not row by row: the processor waits where it loads what it has just stored in other portions. */
SK_CLONES static void blur_rows(const gaussian *g, float *wide, int h, int w, float *out) {
  const float *row[2 * RADIUS + 1];
  int r = g->radius, stride = w + 2 * r;
  for (int64_t y = 0; y < h; y++) {
    float *mid = wide + y * stride + r;
    for (int k = 1; k <= r; k++) {
      mid[-k] = g->zeros ? 0 : mid[mirrored(-k, w)];
      mid[w - 1 + k] = g->zeros ? 0 : mid[mirrored(w - 1 + k, w)];
    }
  }
  for (int64_t y = 0; y < h; y++) {
    for (int k = 0; k <= 2 * r; k++) row[k] = wide + y * stride + k;
    weigh(g, row, w, out + y * w);
  }
}

/* args: size of the kernel (odd), {lo, hi} of sigma, is it black outside? */
void sk_augment_blur(sk_image *im, const double *args, sk_draws *d) {
  double sigma = args[1] + (args[2] - args[1]) * sk_draw(d);
  double room = (double)((im->room / im->h - im->w) / 2);
  double radius = fmin(fmin((args[0] - 1) / 2, room), RADIUS);
  if (!(radius >= 1 && sigma > 0)) return;
  gaussian g = {.radius = (int)radius, .zeros = args[3] != 0};
  weights(&g, sigma);
  int64_t n = (int64_t)im->h * im->w;
  memset(im->more, 0, (size_t)im->w * sizeof *im->more);
  for (int c = 0; c < im->c; c++) {
    blur_columns(&g, im->at + c * n, im->h, im->w, im->more, im->spare);
    blur_rows(&g, im->spare, im->h, im->w, im->at + c * n);
  }
}

/* ==} */

/* {== Sharpness =========================================================== */

/* What a pixel is blended with weighs it by 5 and its neighbours by 1. The rows are taken as one:
   what that makes of their ends is mended after it. */
SK_CLONES static void sharpen(const float *x, int h, int w, float factor, float *restrict out) {
  int64_t n = (int64_t)h * w;
  float mine = factor + (1 - factor) * 5 / 13, theirs = (1 - factor) / 13;
  for (int64_t i = w + 1; i < n - w - 1; i++) {
    const float *p = x + i;
    float around = p[-w - 1] + p[-w] + p[-w + 1] + p[-1] + p[1] + p[w - 1] + p[w] + p[w + 1];
    out[i] = sk_shown(mine * p[0] + theirs * around);
  }
  for (int64_t i = 0; i < w; i++) {
    out[i] = sk_shown(x[i]);
    out[n - 1 - i] = sk_shown(x[n - 1 - i]);
  }
  for (int64_t i = w; i < n; i += w) {
    out[i - 1] = sk_shown(x[i - 1]);
    out[i] = sk_shown(x[i]);
  }
}

void sk_augment_sharpness(sk_image *im, const double *args, sk_draws *d) {
  float factor = (float)sk_draw_strength(d, args);
  int64_t n = (int64_t)im->h * im->w;
  if (im->h < 3 || im->w < 3) return;
  for (int c = 0; c < im->c; c++) sharpen(im->at + c * n, im->h, im->w, factor, im->spare + c * n);
  sk_image_swap(im);
}

/* ==} */
