/* Series whose time, or whose size, is stretched here and shrunk there. */
#include "kernel.h"
#include "times.h"
#include <math.h>

/* {== At other times ====================================================== */

#define BLOCK 256

SK_CLONES static void read_at(const float *x, const int32_t *left, const float *part, int n,
                              int64_t last, float *out) {
  for (int i = 0; i < n; i++) {
    float a = x[left[i]], b = x[left[i] < last ? left[i] + 1 : last];
    out[i] = a + part[i] * (b - a);
  }
}

void sk_image_retime(sk_image *im, double (*time)(void *ctx, int64_t t), void *ctx) {
  int32_t left[BLOCK];
  float part[BLOCK];
  int64_t rows = sk_image_rows(im), last = im->w - 1;
  for (int64_t first = 0; first < im->w; first += BLOCK) {
    int n = im->w - first < BLOCK ? (int)(im->w - first) : BLOCK;
    for (int i = 0; i < n; i++) {
      double at = time(ctx, first + i);
      at = at > 0 ? at < (double)last ? at : (double)last : 0; /* and where it is NaN */
      left[i] = (int32_t)at;
      part[i] = (float)(at - left[i]);
    }
    for (int64_t r = 0; r < rows; r++)
      read_at(im->at + r * im->w, left, part, n, last, im->spare + r * im->w + first);
  }
  sk_image_swap(im);
}

/* ==} */

/* {== Smooth random curves ================================================ */

#define KNOTS 32

/* A cubic spline through values at equal distances. Its third derivative does not jump at the knots
   next to the ends ("not a knot"), as in SciPy's CubicSpline. */
typedef struct spline {
  int n;
  double y[KNOTS], bend[KNOTS]; /* bend: second derivatives, the distance of two knots being 1 */
} spline;

static double second_difference(const double *y) { return y[-1] - 2 * y[0] + y[1]; }

/* Inside, bend[i-1] + 4 bend[i] + bend[i+1] = 6 second_difference(i); with the condition at the
   ends the first and the last of these equations have one unknown only. */
static void bend(spline *s) {
  int n = s->n, last = n - 2;
  double *m = s->bend, slope[KNOTS];
  for (int i = 0; i < n; i++) m[i] = 0;
  if (n < 3) return;
  m[1] = second_difference(s->y + 1), m[last] = second_difference(s->y + last);
  slope[1] = 0;
  for (int i = 2; i < last; i++) {
    slope[i] = 1 / (4 - slope[i - 1]);
    m[i] = (6 * second_difference(s->y + i) - m[i - 1]) * slope[i];
  }
  for (int i = last - 1; i > 1; i--) m[i] -= slope[i] * m[i + 1];
  m[0] = n > 3 ? 2 * m[1] - m[2] : m[1]; /* through three values: a parabola */
  m[n - 1] = n > 3 ? 2 * m[n - 2] - m[n - 3] : m[1];
}

/* Values about 1, of the knots inside and of both ends. */
static void draw_curve(spline *s, const double *args, sk_draws *d) {
  s->n = 2 + (int)sk_whole(args[0], 0, KNOTS - 2);
  for (int i = 0; i < s->n; i++) s->y[i] = 1 + args[1] * sk_draw_normal(d);
  bend(s);
}

/* The curve at t of 0 .. last. */
static double curve(const spline *s, int64_t t, int64_t last) {
  double u = last > 0 ? (double)t / (double)last * (s->n - 1) : 0;
  int k = u < s->n - 2 ? (int)u : s->n - 2;
  double b = u - k, a = 1 - b;
  return a * s->y[k] + b * s->y[k + 1] +
         ((a * a - 1) * a * s->bend[k] + (b * b - 1) * b * s->bend[k + 1]) / 6;
}

/* args: knots, sigma */
void sk_augment_magnitude_warp(sk_image *im, const double *args, sk_draws *d) {
  spline s;
  for (int64_t r = 0; r < sk_image_rows(im); r++) {
    float *x = im->at + r * im->w;
    draw_curve(&s, args, d);
    for (int64_t t = 0; t < im->w; t++) x[t] *= (float)curve(&s, t, im->w - 1);
  }
}

/* How far time has gone, as the speeds of the curve make it, each between two points the mean of
   theirs; scaled so that it ends where it ended before. */
typedef struct warped_time {
  spline speed;
  int64_t last;
  double gone, before, scale;
} warped_time;

#define SLOWEST 0.1 /* it never stands still nor goes back */

static double speed(const warped_time *w, int64_t t) {
  double v = curve(&w->speed, t, w->last);
  return v > SLOWEST ? v : SLOWEST;
}

static double time_gone(void *ctx, int64_t t) {
  warped_time *w = ctx;
  double now = speed(w, t);
  if (t > 0) w->gone += (w->before + now) / 2;
  w->before = now;
  return w->gone * w->scale;
}

/* args: knots, sigma */
void sk_augment_time_warp(sk_image *im, const double *args, sk_draws *d) {
  warped_time w = {.last = im->w - 1, .scale = 1};
  draw_curve(&w.speed, args, d);
  for (int64_t t = 0; t <= w.last; t++) time_gone(&w, t);
  w.scale = w.gone > 0 ? (double)w.last / w.gone : 0;
  w.gone = 0;
  sk_image_retime(im, time_gone, &w);
}

/* ==} */

/* {== Windows ============================================================= */

typedef struct line {
  double first, step;
} line;

static double on_line(void *ctx, int64_t t) {
  const line *l = ctx;
  return l->first + l->step * (double)t;
}

/* args: {lo, hi} of the share that is kept, and stretched to the whole length */
void sk_augment_window_slice(sk_image *im, const double *args, sk_draws *d) {
  /* 1e-9: 0.7 * 10 is a little more than 7 */
  int64_t kept = sk_whole(ceil(sk_draw_between(d, args) * im->w - 1e-9), 1, im->w);
  line l = {.first = (double)sk_draw_below(d, im->w - kept + 1)};
  l.step = im->w > 1 ? (double)(kept - 1) / (im->w - 1) : 0;
  sk_image_retime(im, on_line, &l);
}

typedef struct window {
  double first, length, by; /* it becomes `by` times as long */
  double step;              /* the whole, to that of before */
} window;

static double through_window(void *ctx, int64_t t) {
  const window *w = ctx;
  double at = w->step * (double)t, longer = w->length * w->by;
  if (at < w->first) return at;
  return at < w->first + longer ? w->first + (at - w->first) / w->by : at - longer + w->length;
}

#define FACTORS (SK_AUGMENT_ARGS - 3)

/* args: {lo, hi} of the window's share, how many factors, the factors */
void sk_augment_window_warp(sk_image *im, const double *args, sk_draws *d) {
  double last = im->w - 1, share = sk_draw_between(d, args);
  window w = {.length = last * share,
              .by = args[3 + sk_draw_below(d, sk_whole(args[2], 1, FACTORS))]};
  w.first = sk_draw(d) * (last - w.length);
  w.step = last > 0 ? (last + w.length * (w.by - 1)) / last : 0;
  sk_image_retime(im, through_window, &w);
}

/* ==} */
