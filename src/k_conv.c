/* Convolutions over the BLAS: the elements under the kernel at each place of the output become a
   column, and the columns of a strip of output rows are multiplied with the weight. Strips are cut
   by sizes alone, and so are the pieces that threads take. */
#include "kernel.h"
#include "slots.h"
#include <cblas.h>
#include <string.h>

#define STRIP_COLUMNS  512
#define STRIP_ELEMENTS (1 << 20) /* of its matrix of columns, which is to stay in the cache */
#define WEIGHT_PIECES  8

typedef struct strip {
  int64_t image, images, row, rows; /* whole images, or some output rows of one */
} strip;

typedef struct work {
  const sk_conv *c;
  int64_t inp, out;       /* channels of a group */
  int64_t in, taps, to;   /* elements of a channel of x, weight, y */
  int64_t depth;          /* of a column: inp taps */
  int64_t size;           /* bytes of an element */
  int64_t rows, cuts;     /* output rows in a strip of one image, strips in an image */
  int64_t images, strips; /* images in a strip, strips in all */
  int64_t down, across;   /* pieces of a group's weight */
  int64_t slot;           /* bytes of scratch */
  bool plain;             /* a kernel of one element at every place: x itself is the columns */
  char *x, *w, *y;
  const char *bias;
  char *scratch;
  sk_slots slots;
} work;

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t parts(int64_t n, int64_t size) { return (n + size - 1) / size; }

static work prepare(const sk_conv *c) {
  work k = {.c = c,
            .inp = c->inp / c->groups,
            .out = c->out / c->groups,
            .in = c->in[0] * c->in[1],
            .taps = c->kernel[0] * c->kernel[1],
            .to = c->to[0] * c->to[1],
            .size = sk_itemsize[c->dtype],
            .down = 1,
            .across = 1};
  k.depth = k.inp * k.taps;
  k.plain = k.taps == 1;
  for (int d = 0; d < 2; d++) k.plain = k.plain && c->stride[d] == 1 && c->padding[d] == 0;
  int64_t columns = max64(min64(STRIP_COLUMNS, STRIP_ELEMENTS / k.depth), 1);
  k.rows = min64(max64(columns / c->to[1], 1), c->to[0]);
  k.cuts = parts(c->to[0], k.rows);
  k.images = k.cuts > 1 ? 1 : max64(min64(columns / k.to, c->n), 1);
  k.strips = k.cuts * parts(c->n, k.images);
  while (k.across * k.down * c->groups < WEIGHT_PIECES && k.inp >= 2 * k.across) k.across *= 2;
  while (k.across * k.down * c->groups < WEIGHT_PIECES && k.out >= 2 * k.down) k.down *= 2;
  return k;
}

/* The columns, and the rows of y that belong to them. */
static int64_t slot_columns(const work *k) { return k->rows * k->images * k->c->to[1]; }

int64_t sk_conv_scratch(const sk_conv *c, int threads) {
  work k = prepare(c);
  double bytes = (double)(k.depth + k.out) * (double)slot_columns(&k) * (double)k.size * threads;
  return bytes < 0x1p60 ? (int64_t)bytes : -1;
}

static strip strip_at(const work *k, int64_t i) {
  strip s = {.image = i / k->cuts * k->images, .row = i % k->cuts * k->rows};
  s.images = min64(k->images, k->c->n - s.image);
  s.rows = min64(k->rows, k->c->to[0] - s.row);
  return s;
}

static int64_t columns_of(const work *k, const strip *s) {
  return s->images * s->rows * k->c->to[1];
}

/* --- columns ---------------------------------------------------------------------------------- */

/* The part from .. end-1 of n places whose element i stride + shift lies within 0 .. size-1. */
static void inside(int64_t n, int64_t stride, int64_t shift, int64_t size, int64_t *from,
                   int64_t *end) {
  *from = shift >= 0 ? 0 : min64(parts(-shift, stride), n);
  *end = shift >= size ? *from : max64(min64((size - 1 - shift) / stride + 1, n), *from);
}

/* For every row of one channel and tap in a strip: LINE takes the row `line` of x (NULL outside of
   the image) and n columns at p, of which from .. end-1 are inside and begin at line[shift]. */
#define EACH_LINE(T, LINE)                                                                         \
  int64_t n = c->to[1], width = c->in[1];                                                          \
  for (int64_t ch = first; ch < first + channels; ch++)                                            \
    for (int64_t ky = 0; ky < c->kernel[0]; ky++)                                                  \
      for (int64_t kx = 0; kx < c->kernel[1]; kx++) {                                              \
        int64_t step = c->stride[1], shift = kx * c->dilation[1] - c->padding[1], from, end;       \
        inside(n, step, shift, width, &from, &end);                                                \
        for (int64_t b = 0; b < s->images; b++) {                                                  \
          T *image = x + ((s->image + b) * c->inp + ch) * c->in[0] * width;                        \
          int64_t y = s->row * c->stride[0] + ky * c->dilation[0] - c->padding[0];                 \
          for (int64_t r = 0; r < s->rows; r++, y += c->stride[0], p += n) {                       \
            T *line = y < 0 || y >= c->in[0] ? 0 : image + y * width;                              \
            LINE;                                                                                  \
          }                                                                                        \
        }                                                                                          \
      }

#define COLUMNS(T)                                                                                 \
  SK_CLONES static void gather_##T(const sk_conv *c, const strip *s, int64_t first,                \
                                   int64_t channels, const T *x, T *p){EACH_LINE(                  \
      const T,                                                                                     \
      {                                                                                            \
        if (!line) {                                                                               \
          memset(p, 0, (size_t)n * sizeof(T));                                                     \
          continue;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < from; i++) p[i] = 0;                                               \
        if (step == 1)                                                                             \
          for (int64_t i = from; i < end; i++) p[i] = line[i + shift];                             \
        else                                                                                       \
          for (int64_t i = from; i < end; i++) p[i] = line[i * step + shift];                      \
        for (int64_t i = end; i < n; i++) p[i] = 0;                                                \
      })} SK_CLONES static void scatter_##T(const sk_conv *c, const strip *s, int64_t first,       \
                                            int64_t channels, const T *p, T *x) {                  \
    EACH_LINE(T, {                                                                                 \
      if (!line) continue;                                                                         \
      if (step == 1)                                                                               \
        for (int64_t i = from; i < end; i++) line[i + shift] += p[i];                              \
      else                                                                                         \
        for (int64_t i = from; i < end; i++) line[i * step + shift] += p[i];                       \
    })                                                                                             \
  }
COLUMNS(float)
COLUMNS(double)

/* --- parts of the arrays ---------------------------------------------------------------------- */

/* A matrix for the BLAS. */
typedef struct matrix {
  char *data;
  int64_t ld;
} matrix;

static char *channel_of_x(const work *k, int64_t image, int64_t channel) {
  return k->x + (image * k->c->inp + channel) * k->in * k->size;
}

static char *row_of_y(const work *k, int64_t image, int64_t channel, int64_t row) {
  int64_t at = (image * k->c->out + channel) * k->to + row * k->c->to[1];
  return k->y + at * k->size;
}

/* The columns of a strip for some channels of x, in x itself or made in `room`. */
static matrix columns(const work *k, const strip *s, int64_t first, int64_t channels, char *room) {
  const sk_conv *c = k->c;
  if (k->plain && s->images == 1)
    return (matrix){channel_of_x(k, s->image, first) + s->row * c->to[1] * k->size, k->in};
  if (c->dtype == SK_F32)
    gather_float(c, s, first, channels, (const float *)k->x, (float *)room);
  else
    gather_double(c, s, first, channels, (const double *)k->x, (double *)room);
  return (matrix){room, columns_of(k, s)};
}

/* The rows of y that belong to a strip: there, or where it is of several images, for `room`. */
static matrix rows_of_y(const work *k, const strip *s, int64_t first, char *room) {
  if (s->images == 1) return (matrix){row_of_y(k, s->image, first, s->row), k->to};
  return (matrix){room, columns_of(k, s)};
}

/* Copies whole images of y to such a room, or back. */
static void copy_images(const work *k, const strip *s, int64_t first, int64_t channels, char *room,
                        bool back) {
  size_t bytes = (size_t)(k->to * k->size);
  for (int64_t ch = 0; ch < channels; ch++)
    for (int64_t b = 0; b < s->images; b++, room += bytes) {
      char *there = row_of_y(k, s->image + b, first + ch, 0);
      memcpy(back ? there : room, back ? room : there, bytes);
    }
}

/* c[m,n] = a[m,k] b[k,n] + beta c, a or b transposed. */
static void multiply(const work *w, bool ta, bool tb, int64_t m, int64_t n, int64_t k, matrix a,
                     matrix b, int beta, matrix c) {
  CBLAS_TRANSPOSE fa = ta ? CblasTrans : CblasNoTrans, fb = tb ? CblasTrans : CblasNoTrans;
  int lda = (int)a.ld, ldb = (int)b.ld, ldc = (int)c.ld;
  if (w->c->dtype == SK_F32)
    cblas_sgemm(CblasRowMajor, fa, fb, (int)m, (int)n, (int)k, 1, (const float *)a.data, lda,
                (const float *)b.data, ldb, (float)beta, (float *)c.data, ldc);
  else
    cblas_dgemm(CblasRowMajor, fa, fb, (int)m, (int)n, (int)k, 1, (const double *)a.data, lda,
                (const double *)b.data, ldb, beta, (double *)c.data, ldc);
}

static matrix weight_of_group(const work *k, int64_t group) {
  return (matrix){k->w + group * k->out * k->depth * k->size, k->depth};
}

/* --- y ---------------------------------------------------------------------------------------- */

#define BIAS(T)                                                                                    \
  static void bias_##T(const T *bias, int64_t rows, int64_t n, int64_t ld, T *y) {                 \
    for (int64_t r = 0; r < rows; r++)                                                             \
      for (int64_t i = 0; i < n; i++) y[r * ld + i] = bias[r];                                     \
  }
BIAS(float)
BIAS(double)

static void lay_bias(const work *k, int64_t first, int64_t n, matrix y) {
  if (k->c->dtype == SK_F32)
    bias_float((const float *)k->bias + first, k->out, n, y.ld, (float *)y.data);
  else
    bias_double((const double *)k->bias + first, k->out, n, y.ld, (double *)y.data);
}

static void forward_piece(void *ctx, int64_t first, int64_t last) {
  work *k = ctx;
  int slot = sk_slot_take(&k->slots);
  char *room = k->scratch + slot * k->slot, *more = room + k->depth * slot_columns(k) * k->size;
  for (int64_t i = first; i < last; i++) {
    int64_t group = i / k->strips, channel = group * k->out;
    strip s = strip_at(k, i % k->strips);
    int64_t n = columns_of(k, &s);
    matrix cols = columns(k, &s, group * k->inp, k->inp, room);
    matrix y = rows_of_y(k, &s, channel, more);
    if (k->bias) lay_bias(k, channel, n, y);
    multiply(k, false, false, k->out, n, k->depth, weight_of_group(k, group), cols, k->bias != 0,
             y);
    if (s.images > 1) copy_images(k, &s, channel, k->out, more, true);
  }
  sk_slot_give(&k->slots, slot);
}

/* --- x's gradient ----------------------------------------------------------------------------- */

/* Neighbouring strips of an image write to the same rows, so that its strips are one piece. */
static void input_piece(void *ctx, int64_t first, int64_t last) {
  work *k = ctx;
  int slot = sk_slot_take(&k->slots);
  char *room = k->scratch + slot * k->slot, *more = room + k->depth * slot_columns(k) * k->size;
  int64_t chunks = k->strips / k->cuts;
  for (int64_t i = first; i < last; i++) {
    int64_t group = i / chunks, inp = group * k->inp, out = group * k->out;
    for (int64_t cut = 0; cut < k->cuts; cut++) {
      strip s = strip_at(k, i % chunks * k->cuts + cut);
      int64_t n = columns_of(k, &s);
      matrix g = rows_of_y(k, &s, out, more), cols = {room, n};
      for (int64_t b = 0; cut == 0 && b < s.images; b++)
        memset(channel_of_x(k, s.image + b, inp), 0, (size_t)(k->inp * k->in * k->size));
      if (s.images > 1) copy_images(k, &s, out, k->out, more, false);
      multiply(k, true, false, k->depth, n, k->out, weight_of_group(k, group), g, 0, cols);
      if (k->c->dtype == SK_F32)
        scatter_float(k->c, &s, inp, k->inp, (const float *)room, (float *)k->x);
      else
        scatter_double(k->c, &s, inp, k->inp, (const double *)room, (double *)k->x);
    }
  }
  sk_slot_give(&k->slots, slot);
}

/* --- weight's gradient ------------------------------------------------------------------------ */

/* A piece is a part of a group's weight: some output channels, some input channels; the strips are
   summed one after another. */
static void weight_piece(void *ctx, int64_t first, int64_t last) {
  work *k = ctx;
  int slot = sk_slot_take(&k->slots);
  char *room = k->scratch + slot * k->slot, *more = room + k->depth * slot_columns(k) * k->size;
  int64_t high = parts(k->out, k->down), wide = parts(k->inp, k->across);
  for (int64_t i = first; i < last; i++) {
    int64_t group = i / (k->down * k->across), part = i % (k->down * k->across);
    int64_t o = part / k->across * high, c = part % k->across * wide;
    int64_t outs = min64(high, k->out - o), inps = min64(wide, k->inp - c);
    if (outs <= 0 || inps <= 0) continue;
    int64_t out = group * k->out + o;
    matrix dw = {k->w + (out * k->depth + c * k->taps) * k->size, k->depth};
    for (int64_t j = 0; j < k->strips; j++) {
      strip s = strip_at(k, j);
      matrix cols = columns(k, &s, group * k->inp + c, inps, room);
      matrix g = rows_of_y(k, &s, out, more);
      if (s.images > 1) copy_images(k, &s, out, outs, more, false);
      multiply(k, false, true, outs, inps * k->taps, columns_of(k, &s), g, cols, j > 0, dw);
    }
  }
  sk_slot_give(&k->slots, slot);
}

/* ---------------------------------------------------------------------------------------------- */

void sk_conv_compute(const sk_conv *c, sk_conv_op op, const sk_conv_data *data, int threads,
                     void *scratch) {
  work k = prepare(c);
  k.x = data->x, k.w = data->weight, k.y = data->y, k.bias = data->bias, k.scratch = scratch;
  k.slot = (k.depth + k.out) * slot_columns(&k) * k.size;
  sk_slots_init(&k.slots, threads);
  switch (op) {
  case SK_CONV_FORWARD: sk_parallel(c->groups * k.strips, 1, forward_piece, &k); break;
  case SK_CONV_INPUT: sk_parallel(c->groups * (k.strips / k.cuts), 1, input_piece, &k); break;
  default:
    if (c->n == 0) memset(k.w, 0, (size_t)(c->out * k.depth * k.size));
    sk_parallel(c->groups * k.down * k.across, 1, weight_piece, &k);
  }
}
