/* Distances for p = 2 by products, |x|^2 + |y|^2 - 2 x.y about the mean of y: what this subtracts
   must not be much larger than what is left. Pairs for which it is are worked out from differences,
   one by one where they are few in a group, by panels where they are many. */
#include "distance.h"
#include <cblas.h>
#include <math.h>

#define SIDE  128                 /* rows of both that are worth it */
#define SHORT 64                  /* elements of a row that are */
#define HIGH  (4 * SK_PANEL_ROWS) /* a block of products, which the BLAS makes at once */
#define WIDE  512
#define GROUP 64   /* columns */
#define MANY  16   /* one doubtful pair in so many costs as much as all by panels */
#define STRIP 64   /* columns that one piece averages */
#define SHARE 0.25 /* a square distance is doubtful below this share of |x|^2 + |y|^2 */

typedef struct gram {
  const sk_distance *job;
  int64_t batch, down, across; /* blocks */
  double *center;              /* [d] */
  char *x, *y;                 /* [n,d] [m,d] about the center */
  char *norm_x, *norm_y;       /* [n] [m], their squares */
  char *scratch;
  int64_t slot_bytes;
  sk_slots slots;
} gram;

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

bool sk_gram_suits(const sk_distance *job) {
  return job->p == 2 && job->n >= SIDE && job->m >= SIDE && job->d >= SHORT &&
         job->m <= INT32_MAX && job->d <= INT32_MAX;
}

/* --- preparing -------------------------------------------------------------------------------- */

static void center_piece(void *ctx, int64_t first, int64_t last) {
  gram *s = ctx;
  const sk_distance *job = s->job;
  int64_t at = s->batch * job->m * job->d;
  double sum[STRIP] = {0};
  for (int64_t i = 0; i < job->m; i++, at += job->d)
    for (int64_t k = first; k < last; k++)
      sum[k - first] +=
          job->dtype == SK_F32 ? ((const float *)job->y)[at + k] : ((const double *)job->y)[at + k];
  for (int64_t k = first; k < last; k++) s->center[k] = sum[k - first] / (double)job->m;
}

static void shift(const gram *s, const void *from, int64_t row, void *to, void *norm, int64_t i) {
  sk_dtype dtype = s->job->dtype;
  int64_t d = s->job->d;
  if (dtype == SK_F32) {
    sk_row_scale32(dtype, (const float *)from + row * d, s->center, 1, d, (float *)to + i * d);
    ((float *)norm)[i] = (float)sk_row_squares(dtype, (float *)to + i * d, 1, d);
  } else {
    sk_row_scale(dtype, (const double *)from + row * d, s->center, 1, d, (double *)to + i * d);
    ((double *)norm)[i] = sk_row_squares(dtype, (double *)to + i * d, 1, d);
  }
}

static void shift_piece(void *ctx, int64_t first, int64_t last) { /* rows of x, then those of y */
  gram *s = ctx;
  const sk_distance *job = s->job;
  for (int64_t i = first; i < last; i++)
    if (i < job->n)
      shift(s, job->x, s->batch * job->n + i, s->x, s->norm_x, i);
    else
      shift(s, job->y, s->batch * job->m + i - job->n, s->y, s->norm_y, i - job->n);
}

/* --- products --------------------------------------------------------------------------------- */

/* g = the roots of x + y[j] - 2 g[j], or -1 where that is doubtful; returns how many are. */
#define ROOTS(T, ROOT, LEAST, MOST)                                                                \
  SK_CLONES static int64_t roots_##T(T x, const T *y, int64_t n, T *g) {                           \
    int64_t doubtful = 0;                                                                          \
    for (int64_t j = 0; j < n; j++) {                                                              \
      T both = x + y[j], square = both - 2 * g[j];                                                 \
      int sure = (square >= (T)SHARE * both) & (square >= (T)LEAST) & (both <= (T)MOST);           \
      g[j] = sure ? ROOT(square) : -1;                                                             \
      doubtful += !sure;                                                                           \
    }                                                                                              \
    return doubtful;                                                                               \
  }
ROOTS(float, sqrtf, 1e-30, FLT_MAX)
ROOTS(double, sqrt, 1e-280, DBL_MAX)

/* The doubtful ones among rows i0..i1-1 and columns j0..j1-1. */
static void mend(const gram *s, int64_t i0, int64_t i1, int64_t j0, int64_t j1, int64_t doubtful,
                 void *scratch) {
  const sk_distance *job = s->job;
  if (doubtful > (i1 - i0) * (j1 - j0) / MANY) {
    sk_panel_block(job, s->batch, i0, i1, j0, j1, scratch);
    return;
  }
  for (int64_t i = i0; i < i1; i++)
    for (int64_t j = j0; j < j1; j++) {
      int64_t at = (s->batch * job->n + i) * job->m + j;
      if ((job->dtype == SK_F32 ? ((float *)job->out)[at] : ((double *)job->out)[at]) == -1)
        sk_distance_put(job, at, sk_pair_distance(job, s->batch, i, j));
    }
}

static void block_piece(void *ctx, int64_t first, int64_t last) {
  gram *s = ctx;
  const sk_distance *job = s->job;
  int64_t m = job->m, d = job->d, size = sk_itemsize[job->dtype];
  int slot = sk_slot_take(&s->slots);
  for (int64_t q = first; q < last; q++) {
    int64_t top = q / s->across * HIGH, i_end = min64(job->n, top + HIGH);
    int64_t left = q % s->across * WIDE, j_end = min64(m, left + WIDE);
    char *out = (char *)job->out + (s->batch * job->n + top) * m * size;
    const char *x = s->x + top * d * size, *y = s->y + left * d * size;
    if (job->dtype == SK_F32)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)(i_end - top), (int)(j_end - left),
                  (int)d, 1, (const float *)x, (int)d, (const float *)y, (int)d, 0,
                  (float *)out + left, (int)m);
    else
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)(i_end - top), (int)(j_end - left),
                  (int)d, 1, (const double *)x, (int)d, (const double *)y, (int)d, 0,
                  (double *)out + left, (int)m);
    for (int64_t i0 = top; i0 < i_end; i0 += SK_PANEL_ROWS) {
      int64_t i1 = min64(i_end, i0 + SK_PANEL_ROWS), doubtful[WIDE / GROUP] = {0};
      for (int64_t i = i0; i < i1; i++)
        for (int64_t j = left; j < j_end; j += GROUP) {
          int64_t n = min64(GROUP, j_end - j), at = (i - top) * m + j;
          doubtful[(j - left) / GROUP] +=
              job->dtype == SK_F32 ? roots_float(((float *)s->norm_x)[i], (float *)s->norm_y + j, n,
                                                 (float *)out + at)
                                   : roots_double(((double *)s->norm_x)[i], (double *)s->norm_y + j,
                                                  n, (double *)out + at);
        }
      for (int64_t j = left; j < j_end; j += GROUP) {
        int64_t count = doubtful[(j - left) / GROUP];
        if (count > 0)
          mend(s, i0, i1, j, min64(j_end, j + GROUP), count, s->scratch + slot * s->slot_bytes);
      }
    }
  }
  sk_slot_give(&s->slots, slot);
}

/* --- the whole -------------------------------------------------------------------------------- */

int64_t sk_gram_scratch(const sk_distance *job, int threads) {
  return threads * sk_panel_scratch(job) + job->d * (int64_t)sizeof(double) +
         (job->n + job->m) * (job->d + 1) * sk_itemsize[job->dtype];
}

void sk_gram_distances(const sk_distance *job, int threads, void *scratch) {
  int64_t size = sk_itemsize[job->dtype];
  gram s = {.job = job,
            .down = (job->n + HIGH - 1) / HIGH,
            .across = (job->m + WIDE - 1) / WIDE,
            .scratch = scratch,
            .slot_bytes = sk_panel_scratch(job)};
  s.center = (double *)(s.scratch + threads * s.slot_bytes);
  s.x = (char *)(s.center + job->d);
  s.y = s.x + job->n * job->d * size;
  s.norm_x = s.y + job->m * job->d * size;
  s.norm_y = s.norm_x + job->n * size;
  for (s.batch = 0; s.batch < job->batch; s.batch++) {
    sk_slots_init(&s.slots, threads);
    sk_parallel(job->d, STRIP, center_piece, &s);
    sk_parallel(job->n + job->m, SIDE, shift_piece, &s);
    sk_parallel(s.down * s.across, 1, block_piece, &s);
  }
}
