/* Changes of size, separable: first down the columns, where whole rows are added up, then along the
   rows. Positions are PyTorch's with align_corners = False: the middle of pixel i of the result
   lies at (i + 1/2) in / out. */
#include "resample.h"
#include "dtype.h"
#include <math.h>
#include <string.h>

/* What the pixels of one side take: pixel i sums weight[k][i] times pixel at[k][i], k < taps. */
typedef struct side {
  int out, taps;
  int32_t *at;
  float *weight;
} side;

static double half_width(sk_interp interp) { return interp == SK_BICUBIC ? 2 : 1; }

static int most_taps(const sk_resample *r, int in, int out) {
  if (r->interp <= SK_NEAREST_EXACT) return 1;
  double scale = (double)in / out;
  if (!r->antialias) return r->interp == SK_BICUBIC ? 4 : 2;
  int taps = (int)(2 * half_width(r->interp) * (scale > 1 ? scale : 1)) + 2;
  return taps < in ? taps : in;
}

static double cubic(double x, double a) {
  x = fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double triangle(double x) { return fabs(x) < 1 ? 1 - fabs(x) : 0; }

static int clamped(int i, int n) { return i < 0 ? 0 : i < n ? i : n - 1; }

static void put(const side *s, int tap, int i, int at, double weight) {
  s->at[tap * s->out + i] = at;
  s->weight[tap * s->out + i] = (float)weight;
}

/* All pixels within the filter's reach, weighed to a sum of 1. */
static void covering(const side *s, sk_interp interp, int in, int i, double scale) {
  double wide = scale > 1 ? scale : 1, reach = half_width(interp) * wide;
  double middle = (i + 0.5) * scale, sum = 0;
  int first = (int)fmax(0, floor(middle - reach + 0.5));
  int last = (int)fmin(in, floor(middle + reach + 0.5)); /* behind the last */
  for (int j = first; j < last; j++) {
    double x = (j - middle + 0.5) / wide;
    sum += interp == SK_BICUBIC ? cubic(x, -0.5) : triangle(x);
  }
  for (int k = 0; k < s->taps; k++) {
    double x = (first + k - middle + 0.5) / wide;
    double weight = interp == SK_BICUBIC ? cubic(x, -0.5) : triangle(x);
    put(s, k, i, clamped(first + k, in), first + k < last ? weight / sum : 0);
  }
}

static void measure(const side *s, const sk_resample *r, int in) {
  double scale = (double)in / s->out;
  for (int i = 0; i < s->out; i++) {
    double x = (i + 0.5) * scale - 0.5;
    if (r->interp == SK_NEAREST)
      put(s, 0, i, clamped((int)(i * scale), in), 1);
    else if (r->interp == SK_NEAREST_EXACT)
      put(s, 0, i, clamped((int)((i + 0.5) * scale), in), 1);
    else if (r->antialias)
      covering(s, r->interp, in, i, scale);
    else if (r->interp == SK_BILINEAR) {
      if (x < 0) x = 0;
      int j = clamped((int)x, in);
      put(s, 0, i, j, 1 - (x - j)), put(s, 1, i, clamped(j + 1, in), x - j);
    } else
      for (int k = 0, j = (int)floor(x) - 1; k < 4; k++)
        put(s, k, i, clamped(j + k, in), cubic(x - (j + k), -0.75));
  }
}

SK_CLONES static void add_rows(const side *s, int i, const float *from, int64_t w, int wide,
                               float *to) {
  for (int k = 0; k < s->taps; k++) {
    const float *row = from + s->at[k * s->out + i] * w;
    float weight = s->weight[k * s->out + i];
    if (k == 0)
      for (int j = 0; j < wide; j++) to[j] = weight * row[j];
    else if (weight != 0)
      for (int j = 0; j < wide; j++) to[j] += weight * row[j];
  }
}

SK_CLONES static void add_columns(const side *s, const float *restrict row, float *restrict to) {
  const int32_t *at = s->at;
  const float *weight = s->weight;
  for (int j = 0; j < s->out; j++) to[j] = weight[j] * row[at[j]];
  for (int k = 1; k < s->taps; k++) {
    at += s->out, weight += s->out;
    for (int j = 0; j < s->out; j++) to[j] += weight[j] * row[at[j]];
  }
}

int64_t sk_resample_scratch(const sk_resample *r) {
  return (int64_t)r->wide + 2 * (int64_t)r->out_h * most_taps(r, r->high, r->out_h) +
         2 * (int64_t)r->out_w * most_taps(r, r->wide, r->out_w);
}

void sk_resample_run(const sk_resample *r, const float *from, float *to, float *scratch) {
  side down = {.out = r->out_h, .taps = most_taps(r, r->high, r->out_h)};
  side across = {.out = r->out_w, .taps = most_taps(r, r->wide, r->out_w)};
  int64_t n = (int64_t)down.out * down.taps, m = (int64_t)across.out * across.taps;
  down.weight = scratch, down.at = (int32_t *)(scratch + n);
  across.weight = scratch + 2 * n, across.at = (int32_t *)(scratch + 2 * n + m);
  float *row = scratch + 2 * n + 2 * m;
  measure(&down, r, r->high), measure(&across, r, r->wide);
  for (int c = 0; c < r->c; c++) {
    const float *window = from + ((int64_t)c * r->h + r->top) * r->w + r->left;
    for (int i = 0; i < r->out_h; i++, to += r->out_w) {
      add_rows(&down, i, window, r->w, r->wide, row);
      add_columns(&across, row, to);
    }
  }
}
