/* What rows say by class: means, distances from the own one, and distances summed up by class. */
#include "kernel.h"
#include <string.h>

#define STRIP 64 /* columns that one piece sums */
#define LANES 8  /* independent partial sums: a fixed order, and it vectorises */

static const char *row_at(const sk_classes *job, int64_t i) {
  return (const char *)job->z + i * job->d * sk_itemsize[job->dtype];
}

static double scale_of(const sk_classes *job, int64_t i) { return job->scale ? job->scale[i] : 1; }

/* --- means ------------------------------------------------------------------------------------ */

typedef struct means {
  const sk_classes *job;
  double *mean;
  int64_t *count, *head; /* [classes]: rows of each, and the first of them */
} means;

/* Columns first .. last-1, as sums of differences from the first row of the class: where a class
   has one value, the mean is that value exactly. */
#define MEANS(T)                                                                                   \
  SK_CLONES static void means_##T(const means *p, int64_t first, int64_t last) {                   \
    const sk_classes *job = p->job;                                                                \
    int64_t nc = last - first, d = job->d;                                                         \
    for (int64_t c = 0; c < job->classes; c++)                                                     \
      memset(p->mean + c * d + first, 0, (size_t)nc * sizeof(double));                             \
    for (int64_t i = 0; i < job->n; i++) {                                                         \
      int64_t c = job->id[i] - 1;                                                                  \
      const T *x = (const T *)row_at(job, i) + first;                                              \
      const T *from = (const T *)row_at(job, p->head[c]) + first;                                  \
      double *sum = p->mean + c * d + first, s = scale_of(job, i), t = scale_of(job, p->head[c]);  \
      for (int64_t j = 0; j < nc; j++) sum[j] += (double)x[j] * s - (double)from[j] * t;           \
    }                                                                                              \
    for (int64_t c = 0; c < job->classes; c++) {                                                   \
      if (p->count[c] == 0) continue;                                                              \
      const T *from = (const T *)row_at(job, p->head[c]) + first;                                  \
      double *sum = p->mean + c * d + first, t = scale_of(job, p->head[c]);                        \
      for (int64_t j = 0; j < nc; j++)                                                             \
        sum[j] = (double)from[j] * t + sum[j] / (double)p->count[c];                               \
    }                                                                                              \
  }
MEANS(float)
MEANS(double)

static void means_piece(void *ctx, int64_t first, int64_t last) {
  const means *p = ctx;
  if (p->job->dtype == SK_F32)
    means_float(p, first, last);
  else
    means_double(p, first, last);
}

int64_t sk_class_means_scratch(int64_t classes) { return 2 * classes * (int64_t)sizeof(int64_t); }

void sk_class_means(const sk_classes *job, double *mean, void *scratch) {
  means p = {job, mean, scratch, (int64_t *)scratch + job->classes};
  memset(p.count, 0, (size_t)job->classes * sizeof(int64_t));
  for (int64_t i = 0; i < job->n; i++) {
    int64_t c = job->id[i] - 1;
    if (p.count[c]++ == 0) p.head[c] = i;
  }
  sk_parallel(job->d, STRIP, means_piece, &p);
}

/* --- distances from the own mean -------------------------------------------------------------- */

typedef struct squares {
  const sk_classes *job;
  const double *mean;
  double *out;
} squares;

#define SQUARES(T)                                                                                 \
  SK_CLONES static double square_##T(const T *x, double s, const double *m, int64_t d) {           \
    double sum[LANES] = {0};                                                                       \
    int64_t i = 0;                                                                                 \
    for (; i + LANES <= d; i += LANES)                                                             \
      for (int l = 0; l < LANES; l++) {                                                            \
        double v = (double)x[i + l] * s - m[i + l];                                                \
        sum[l] += v * v;                                                                           \
      }                                                                                            \
    for (int l = 0; i < d; i++, l++) {                                                             \
      double v = (double)x[i] * s - m[i];                                                          \
      sum[l] += v * v;                                                                             \
    }                                                                                              \
    for (int l = 1; l < LANES; l++) sum[0] += sum[l];                                              \
    return sum[0];                                                                                 \
  }
SQUARES(float)
SQUARES(double)

static void squares_piece(void *ctx, int64_t first, int64_t last) {
  const squares *p = ctx;
  const sk_classes *job = p->job;
  for (int64_t i = first; i < last; i++) {
    const void *x = row_at(job, i);
    const double *m = p->mean + (job->id[i] - 1) * job->d;
    double s = scale_of(job, i);
    p->out[i] =
        job->dtype == SK_F32 ? square_float(x, s, m, job->d) : square_double(x, s, m, job->d);
  }
}

void sk_class_squares(const sk_classes *job, const double *mean, double *out) {
  squares p = {job, mean, out};
  sk_parallel(job->n, 64, squares_piece, &p);
}

/* --- the units of rows ------------------------------------------------------------------------ */

typedef struct units {
  sk_dtype dtype;
  const char *z;
  int64_t d;
  double *out;
} units;

static void units_piece(void *ctx, int64_t first, int64_t last) {
  const units *p = ctx;
  int64_t bytes = p->d * sk_itemsize[p->dtype];
  for (int64_t i = first; i < last; i++) p->out[i] = sk_row_unit(p->dtype, p->z + i * bytes, p->d);
}

void sk_row_units(sk_dtype dtype, const void *z, int64_t n, int64_t d, double *out) {
  units p = {dtype, z, d, out};
  sk_parallel(n, 64, units_piece, &p);
}

/* --- sums of distances by class --------------------------------------------------------------- */

SK_CLONES static double sum_of(const double *x, int64_t n) {
  double sum[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) sum[l] += x[i + l];
  for (int l = 0; i < n; i++, l++) sum[l] += x[i];
  for (int l = 1; l < LANES; l++) sum[0] += sum[l];
  return sum[0];
}

SK_CLONES static void add_to(double *sum, const double *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) sum[i] += x[i];
}

/* For each row of the tile, the sums over the runs of columns of one class. */
static void across_piece(void *ctx, int64_t first, int64_t last) {
  const sk_class_tile *t = ctx;
  const int64_t *id = t->id + t->left;
  for (int64_t i = first; i < last; i++)
    for (int64_t j = 0, end; j < t->wide; j = end) {
      for (end = j + 1; end < t->wide && id[end] == id[j];) end++;
      t->sums[(id[j] - 1) * t->n + t->top + i] += sum_of(t->distance + i * t->wide + j, end - j);
    }
}

/* For columns first .. last-1, each row's distances to the class of that row. */
static void down_piece(void *ctx, int64_t first, int64_t last) {
  const sk_class_tile *t = ctx;
  for (int64_t i = 0; i < t->high; i++)
    add_to(t->sums + (t->id[t->top + i] - 1) * t->n + t->left + first,
           t->distance + i * t->wide + first, last - first);
}

void sk_class_tile_add(sk_class_tile *t) {
  sk_parallel(t->high, 16, across_piece, t);
  if (t->top != t->left) sk_parallel(t->wide, 128, down_piece, t);
}
