/* Batch normalisation of packed x[n,channels,inner]. A piece is a strip of channels, whose
   statistics are taken and used at once, while much of it lies in the cache. It is read as it lies
   in memory, sample after sample. Channels of few elements are taken together, as columns each with
   sums of its own, which are folded in the end. */
#include "kernel.h"
#include <math.h>
#include <string.h>

#define WIDE  256  /* elements of a sample in a strip of columns */
#define LONG  1024 /* and of rows, at least */
#define SHORT 32   /* elements of a channel that is no row */
#define LANES 32   /* running sums: enough to hide the latency of an addition */

#define INLINE static inline __attribute__((always_inline))
/* The coefficients of element j of a line: those of its column, or the row's only ones. */
#define AT(p) (p)[columns ? j : 0]

typedef struct job {
  const sk_batch_norm *b;
  const void *x, *g;
  double *stats; /* means[channels], then biased variances[channels] */
  void *y, *dw, *db;
} job;

/* How a strip lies in memory: `lines` a sample, `length` elements each, `stride` from one sample to
   the next. A line is a channel, or all of them. A cell is what has coefficients of its own. */
typedef struct strip {
  int64_t first, channels, n, inner, stride, lines, length, cells, per;
  bool columns;
} strip;

static strip strip_of(const sk_batch_norm *b, int64_t first, int64_t last) {
  bool columns = b->inner < SHORT;
  int64_t channels = last - first;
  return (strip){.first = first,
                 .channels = channels,
                 .n = b->n,
                 .inner = b->inner,
                 .stride = b->channels * b->inner,
                 .lines = columns ? 1 : channels,
                 .length = columns ? channels * b->inner : b->inner,
                 .cells = columns ? channels * b->inner : channels,
                 .per = columns ? b->inner : 1,
                 .columns = columns};
}

/* Channels in a strip. */
static int64_t grain(const sk_batch_norm *b) {
  int64_t wide = b->inner < SHORT ? WIDE : LONG;
  return b->inner < wide ? wide / b->inner : 1;
}

#define HALF(N)                                                                                    \
  for (int l = 0; l < N; l++) u[l] += u[l + N], v[l] += v[l + N];

/* Adds element j of a line to its sums, number l. */
#define ADD(T, l)                                                                                  \
  {                                                                                                \
    double d = (double)x[j] - AT(mean), a = d;                                                     \
    if (g) a = relu && !((x[j] - AT(high)) * AT(scale) + AT(shift) > 0) ? 0 : (double)g[j];        \
    u[l] += a, v[l] += a * d;                                                                      \
  }

#define BATCH_NORM(T)                                                                              \
  /* What a cell's elements become: (x - high) scale + shift, where high + low is the mean in      \
     twice the digits, so that a large mean costs none; the gradient is scale g + slope (x - high) \
     + level. */                                                                                   \
  typedef struct cells_##T {                                                                       \
    double mean[WIDE], u[WIDE], v[WIDE];                                                           \
    T high[WIDE], scale[WIDE], shift[WIDE], slope[WIDE], level[WIDE];                              \
  } cells_##T;                                                                                     \
                                                                                                   \
  /* Adds to the sums of a and of a (x - mean) what a line of one sample gives, where a is x -     \
     mean itself (no g), or g, where the ReLU let x pass. */                                       \
  INLINE void column_sums_##T(const T *x, const T *g, int64_t length, const cells_##T *k,          \
                              bool relu, double *restrict u, double *restrict v) {                 \
    const bool columns = true;                                                                     \
    const double *mean = k->mean;                                                                  \
    const T *high = k->high, *scale = k->scale, *shift = k->shift;                                 \
    for (int64_t j = 0; j < length; j++) ADD(T, j)                                                 \
  }                                                                                                \
  INLINE void row_sums_##T(const T *x, const T *g, int64_t length, cells_##T *k, int64_t c,        \
                           bool relu) {                                                            \
    const bool columns = false;                                                                    \
    const double *mean = k->mean + c;                                                              \
    const T *high = k->high + c, *scale = k->scale + c, *shift = k->shift + c;                     \
    double u[LANES] = {0}, v[LANES] = {0};                                                         \
    int64_t from = 0;                                                                              \
    for (; from + LANES <= length; from += LANES)                                                  \
      for (int l = 0; l < LANES; l++) {                                                            \
        int64_t j = from + l;                                                                      \
        ADD(T, l)                                                                                  \
      }                                                                                            \
    for (int64_t j = from; j < length; j++) ADD(T, j - from)                                       \
    HALF(16) HALF(8) HALF(4) HALF(2) HALF(1) k->u[c] += u[0], k->v[c] += v[0];                     \
  }                                                                                                \
  INLINE void sums_##T(const strip *s, const T *x, const T *g, cells_##T *k, bool relu) {          \
    for (int64_t c = 0; c < s->cells; c++) k->u[c] = k->v[c] = 0;                                  \
    for (int64_t i = 0; i < s->n; i++)                                                             \
      for (int64_t l = 0; l < s->lines; l++) {                                                     \
        int64_t at = i * s->stride + l * s->inner;                                                 \
        const T *p = x + at, *q = g ? g + at : 0;                                                  \
        if (s->columns)                                                                            \
          column_sums_##T(p, q, s->length, k, relu, k->u, k->v);                                   \
        else                                                                                       \
          row_sums_##T(p, q, s->length, k, l, relu);                                               \
      }                                                                                            \
    for (int64_t c = 0; c < s->channels && s->per > 1; c++)                                        \
      for (int64_t j = 1; j < s->per; j++)                                                         \
        k->u[c * s->per] += k->u[c * s->per + j], k->v[c * s->per] += k->v[c * s->per + j];        \
  }                                                                                                \
                                                                                                   \
  /* One pass: the sums are of differences from the channel's first element f. (mean - f)^2 is at  \
     most n times the variance, so that little is lost where one is taken from the other. */       \
  INLINE void measure_##T(const job *j, const strip *s, const T *x, cells_##T *k) {                \
    double *mean = j->stats + s->first, *var = mean + j->b->channels;                              \
    double count = (double)s->n * (double)s->inner;                                                \
    for (int64_t c = 0; c < s->cells; c++) k->mean[c] = (double)x[c / s->per * s->inner];          \
    sums_##T(s, x, 0, k, false);                                                                   \
    for (int64_t c = 0; c < s->channels; c++) {                                                    \
      double d = k->u[c * s->per] / count, square = k->v[c * s->per] / count - d * d;              \
      mean[c] = k->mean[c * s->per] + d;                                                           \
      var[c] = square < 0 ? 0 : square;                                                            \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  INLINE void track_##T(const job *j, const strip *s) {                                            \
    const double *mean = j->stats + s->first, *var = mean + j->b->channels;                        \
    T *rm = (T *)j->b->running_mean + s->first, *rv = (T *)j->b->running_var + s->first;           \
    double m = j->b->momentum, count = (double)s->n * (double)s->inner;                            \
    for (int64_t c = 0; c < s->channels; c++) {                                                    \
      rm[c] = (T)((1 - m) * (double)rm[c] + m * mean[c]);                                          \
      rv[c] = (T)((1 - m) * (double)rv[c] + m * var[c] * (count / (count - 1)));                   \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  INLINE void prepare_##T(const job *j, const strip *s, cells_##T *k) {                            \
    const sk_batch_norm *b = j->b;                                                                 \
    const T *w = b->weight, *bias = b->bias;                                                       \
    for (int64_t c = 0; c < s->cells; c++) {                                                       \
      int64_t channel = s->first + c / s->per;                                                     \
      double mean = j->stats[channel], var = j->stats[b->channels + channel];                      \
      double scale = (w ? (double)w[channel] : 1) / sqrt(var + b->eps);                            \
      k->mean[c] = mean, k->high[c] = (T)mean, k->scale[c] = (T)scale;                             \
      k->shift[c] = (T)((bias ? (double)bias[channel] : 0) - (mean - (double)(T)mean) * scale);    \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  INLINE void normalise_##T(const T *x, int64_t length, const T *high, const T *scale,             \
                            const T *shift, bool columns, bool relu, T *restrict y) {              \
    for (int64_t j = 0; j < length; j++) {                                                         \
      T z = (x[j] - AT(high)) * AT(scale) + AT(shift);                                             \
      y[j] = relu && z < 0 ? 0 : z; /* this way round, so that NaN stays NaN */                    \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  SK_CLONES static void forward_##T(void *ctx, int64_t first, int64_t last) {                      \
    const job *j = ctx;                                                                            \
    strip s = strip_of(j->b, first, last);                                                         \
    const T *x = (const T *)j->x + first * s.inner;                                                \
    T *y = (T *)j->y + first * s.inner;                                                            \
    cells_##T k;                                                                                   \
    if (j->b->training) measure_##T(j, &s, x, &k), track_##T(j, &s);                               \
    prepare_##T(j, &s, &k);                                                                        \
    for (int64_t i = 0; i < s.n; i++)                                                              \
      for (int64_t l = 0; l < s.lines; l++) {                                                      \
        int64_t at = i * s.stride + l * s.inner;                                                   \
        const T *high = k.high + l, *scale = k.scale + l, *shift = k.shift + l;                    \
        if (s.columns)                                                                             \
          normalise_##T(x + at, s.length, high, scale, shift, true, j->b->relu, y + at);           \
        else                                                                                       \
          normalise_##T(x + at, s.length, high, scale, shift, false, j->b->relu, y + at);          \
      }                                                                                            \
  }                                                                                                \
                                                                                                   \
  /* Gradients of weight and bias, and from the same sums the coefficients of x's. */              \
  INLINE void settle_##T(const job *j, const strip *s, cells_##T *k) {                             \
    const sk_batch_norm *b = j->b;                                                                 \
    double count = (double)s->n * (double)s->inner;                                                \
    for (int64_t c = 0; c < s->channels; c++) {                                                    \
      double u = k->u[c * s->per], v = k->v[c * s->per], scale = (double)k->scale[c * s->per];     \
      double mean = k->mean[c * s->per], var = j->stats[b->channels + s->first + c] + b->eps;      \
      double slope = -scale * v / (count * var);                                                   \
      double level = -scale * u / count - slope * (mean - (double)(T)mean);                        \
      ((T *)j->dw)[s->first + c] = (T)(v / sqrt(var));                                             \
      ((T *)j->db)[s->first + c] = (T)u;                                                           \
      for (int64_t i = c * s->per; i < (c + 1) * s->per; i++)                                      \
        k->slope[i] = b->training ? (T)slope : 0, k->level[i] = b->training ? (T)level : 0;        \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  INLINE void slope_##T(const T *x, const T *g, int64_t length, const cells_##T *k, int64_t c,     \
                        bool columns, bool relu, T *restrict dx) {                                 \
    const T *high = k->high + c, *scale = k->scale + c, *shift = k->shift + c;                     \
    const T *slope = k->slope + c, *level = k->level + c;                                          \
    for (int64_t j = 0; j < length; j++) {                                                         \
      T d = x[j] - AT(high), u = relu && !(d * AT(scale) + AT(shift) > 0) ? 0 : g[j];              \
      dx[j] = u * AT(scale) + (d * AT(slope) + AT(level));                                         \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  SK_CLONES static void backward_##T(void *ctx, int64_t first, int64_t last) {                     \
    const job *j = ctx;                                                                            \
    strip s = strip_of(j->b, first, last);                                                         \
    const T *x = (const T *)j->x + first * s.inner, *g = (const T *)j->g + first * s.inner;        \
    T *dx = (T *)j->y + first * s.inner;                                                           \
    cells_##T k;                                                                                   \
    bool relu = j->b->relu;                                                                        \
    prepare_##T(j, &s, &k);                                                                        \
    if (relu)                                                                                      \
      sums_##T(&s, x, g, &k, true);                                                                \
    else                                                                                           \
      sums_##T(&s, x, g, &k, false);                                                               \
    settle_##T(j, &s, &k);                                                                         \
    for (int64_t i = 0; i < s.n && j->y; i++)                                                      \
      for (int64_t l = 0; l < s.lines; l++) {                                                      \
        int64_t at = i * s.stride + l * s.inner;                                                   \
        if (s.columns)                                                                             \
          slope_##T(x + at, g + at, s.length, &k, l, true, relu, dx + at);                         \
        else                                                                                       \
          slope_##T(x + at, g + at, s.length, &k, l, false, relu, dx + at);                        \
      }                                                                                            \
  }

BATCH_NORM(float)
BATCH_NORM(double)

static void run(sk_piece f32, sk_piece f64, job j) {
  sk_parallel(j.b->channels, grain(j.b), j.b->dtype == SK_F32 ? f32 : f64, &j);
}

void sk_batch_norm_forward(const sk_batch_norm *b, const void *x, double *stats, void *y) {
  for (int64_t c = 0; c < b->channels && b->running_mean && !b->training; c++) {
    stats[c] =
        b->dtype == SK_F32 ? (double)((float *)b->running_mean)[c] : ((double *)b->running_mean)[c];
    stats[b->channels + c] =
        b->dtype == SK_F32 ? (double)((float *)b->running_var)[c] : ((double *)b->running_var)[c];
  }
  if (b->n * b->inner == 0) return;
  run(forward_float, forward_double, (job){.b = b, .x = x, .stats = stats, .y = y});
}

void sk_batch_norm_backward(const sk_batch_norm *b, const void *x, const double *stats,
                            const void *g, void *dx, void *dw, void *db) {
  if (b->n * b->inner == 0) {
    memset(dw, 0, (size_t)(b->channels * sk_itemsize[b->dtype]));
    memset(db, 0, (size_t)(b->channels * sk_itemsize[b->dtype]));
    return;
  }
  job j = {.b = b, .x = x, .g = g, .stats = (double *)stats, .y = dx, .dw = dw, .db = db};
  run(backward_float, backward_double, j);
}
