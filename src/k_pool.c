/* Pooling of packed planes x[planes,in] to y[planes,to], under windows that move in steps. A
   stretch of a row of y is made at a time, one tap of the window after the other: what lies under a
   tap is one row of x, read in steps. */
#include "kernel.h"
#include <string.h>

#define WORK   65536      /* elements of x a piece */
#define WIDE   256        /* elements of a stretch */
#define HALVES (2 * WIDE) /* room for the halves of a row, each */

#define INLINE static inline __attribute__((always_inline))

typedef struct job {
  const sk_pool *p;
  const void *from; /* x, or the gradient of y */
  void *to;         /* y, or the gradient of x */
  uint8_t *taps;    /* [planes,to]: the number of the largest in its window */
} job;

/* Elements first .. first+n-1 of a row of y, which begin at y[at]. Their windows reach over the
   rows top .. bottom-1 of the plane and the columns left .. right-1; the first row under them is
   `start`, which may lie outside. */
typedef struct stretch {
  int64_t plane, first, n, at, start, top, bottom, left, right;
} stretch;

/* What lies under tap k of a stretch: elements from .. end-1 have the columns x, x + step, ... */
typedef struct reach {
  int64_t from, end, x;
} reach;

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

static stretch stretch_of(const sk_pool *p, int64_t plane, int64_t row, int64_t first) {
  int64_t start = row * p->stride[0] - p->padding[0], n = min64(WIDE, p->to[1] - first);
  int64_t left = first * p->stride[1] - p->padding[1];
  return (stretch){.plane = plane,
                   .first = first,
                   .n = n,
                   .at = (plane * p->to[0] + row) * p->to[1] + first,
                   .start = start,
                   .top = max64(start, 0),
                   .bottom = min64(start + p->kernel[0], p->in[0]),
                   .left = max64(left, 0),
                   .right = min64(left + (n - 1) * p->stride[1] + p->kernel[1], p->in[1])};
}

static reach reach_of(const sk_pool *p, const stretch *s, int64_t k) {
  int64_t step = p->stride[1], x = s->first * step + k - p->padding[1];
  int64_t from = x < 0 ? min64((-x + step - 1) / step, s->n) : 0;
  int64_t end = x < p->in[1] ? min64((p->in[1] - 1 - x) / step + 1, s->n) : 0;
  return (reach){from, max64(end, from), x + from * step};
}

#define EACH_STRETCH                                                                               \
  for (int64_t plane = begin; plane < stop; plane++)                                               \
    for (int64_t row = 0; row < p->to[0]; row++)                                                   \
      for (int64_t first = 0; first < p->to[1]; first += WIDE)

/* Calls F(x, n, step, ...) for all that lies under a stretch: n elements of a row and tap k, of
   which the first belongs to element q.from. A row in steps of 2 is first cut into its even and its
   odd elements, so that all is read in steps of 1: that vectorises for short rows too. */
#define EACH_TAP(T, F, ...)                                                                        \
  for (int64_t r = s.top; r < s.bottom; r++) {                                                     \
    const T *line = (const T *)j->from + (s.plane * p->in[0] + r) * p->in[1];                      \
    int64_t step = p->stride[1];                                                                   \
    bool cut = step == 2 && s.right - s.left < 2 * HALVES;                                         \
    T half[2][HALVES];                                                                             \
    if (cut) halve_##T(line + s.left, s.right - s.left, half[0], half[1]);                         \
    for (int64_t k = 0; k < p->kernel[1]; k++) {                                                   \
      reach q = reach_of(p, &s, k);                                                                \
      int64_t x = q.x - s.left, n = q.end - q.from;                                                \
      if (cut)                                                                                     \
        F(half[x & 1] + x / 2, n, 1, __VA_ARGS__);                                                 \
      else if (step == 1)                                                                          \
        F(line + q.x, n, 1, __VA_ARGS__);                                                          \
      else                                                                                         \
        F(line + q.x, n, step, __VA_ARGS__);                                                       \
    }                                                                                              \
  }

/* For each element i of y, the place `at` of x that its tap points to. */
#define EACH_PICK(T, DO)                                                                           \
  const job *j = ctx;                                                                              \
  const sk_pool *p = j->p;                                                                         \
  const T *from = j->from;                                                                         \
  T *to = j->to;                                                                                   \
  int64_t offset[UINT8_MAX + 1];                                                                   \
  for (int64_t t = 0; t < p->kernel[0] * p->kernel[1]; t++)                                        \
    offset[t] = t / p->kernel[1] * p->in[1] + t % p->kernel[1];                                    \
  EACH_STRETCH {                                                                                   \
    stretch s = stretch_of(p, plane, row, first);                                                  \
    int64_t corner = (plane * p->in[0] + s.start) * p->in[1] - p->padding[1];                      \
    for (int64_t i = s.at; i < s.at + s.n; i++) {                                                  \
      int64_t at = corner + (first + i - s.at) * p->stride[1] + offset[j->taps[i]];                \
      DO;                                                                                          \
    }                                                                                              \
  }

/* What an element of x counts for in mean i of a stretch. */
static double share(const sk_pool *p, const stretch *s, int64_t i) {
  if (p->count_padding) return 1 / (double)(p->kernel[0] * p->kernel[1]);
  int64_t left = (s->first + i) * p->stride[1] - p->padding[1];
  int64_t width = min64(left + p->kernel[1], p->in[1]) - max64(left, 0);
  return 1 / (double)((s->bottom - s->top) * width);
}

/* The planes begin .. stop-1 of a gradient of x. */
static void clear(const job *j, int64_t begin, int64_t stop) {
  int64_t bytes = j->p->in[0] * j->p->in[1] * sk_itemsize[j->p->dtype];
  memset((char *)j->to + begin * bytes, 0, (size_t)((stop - begin) * bytes));
}

#define POOL(T)                                                                                    \
  INLINE void halve_##T(const T *x, int64_t n, T *restrict even, T *restrict odd) {                \
    for (int64_t i = 0; i < n / 2; i++) even[i] = x[2 * i], odd[i] = x[2 * i + 1];                 \
    if (n % 2) even[n / 2] = x[n - 1];                                                             \
  }                                                                                                \
                                                                                                   \
  /* The first of equals stays, and NaN wins. */                                                   \
  INLINE void larger_##T(const T *x, int64_t n, int64_t step, int32_t tap, T *restrict best,       \
                         int32_t *restrict which) {                                                \
    for (int64_t i = 0; i < n; i++) {                                                              \
      T v = x[i * step];                                                                           \
      bool better = (v > best[i]) | (v != v) | (which[i] < 0);                                     \
      best[i] = better ? v : best[i], which[i] = better ? tap : which[i];                          \
    }                                                                                              \
  }                                                                                                \
  SK_CLONES static void largest_##T(void *ctx, int64_t begin, int64_t stop) {                      \
    const job *j = ctx;                                                                            \
    const sk_pool *p = j->p;                                                                       \
    EACH_STRETCH {                                                                                 \
      stretch s = stretch_of(p, plane, row, first);                                                \
      T best[WIDE];                                                                                \
      int32_t which[WIDE];                                                                         \
      for (int64_t i = 0; i < s.n; i++) best[i] = 0, which[i] = -1;                                \
      EACH_TAP(T, larger_##T, (int32_t)((r - s.start) * p->kernel[1] + k), best + q.from,          \
               which + q.from)                                                                     \
      for (int64_t i = 0; i < s.n; i++) ((T *)j->to)[s.at + i] = best[i];                          \
      for (int64_t i = 0; i < s.n; i++) j->taps[s.at + i] = (uint8_t)which[i];                     \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  /* The elements of x that the taps point to: read, or added to. */                               \
  static void picked_##T(void *ctx, int64_t begin, int64_t stop) {                                 \
    EACH_PICK(T, to[i] = from[at])                                                                 \
  }                                                                                                \
  static void returned_##T(void *ctx, int64_t begin, int64_t stop) {                               \
    clear(ctx, begin, stop);                                                                       \
    EACH_PICK(T, to[at] += from[i])                                                                \
  }                                                                                                \
                                                                                                   \
  INLINE void add_##T(const T *x, int64_t n, int64_t step, double *restrict sum) {                 \
    for (int64_t i = 0; i < n; i++) sum[i] += (double)x[i * step];                                 \
  }                                                                                                \
  SK_CLONES static void mean_##T(void *ctx, int64_t begin, int64_t stop) {                         \
    const job *j = ctx;                                                                            \
    const sk_pool *p = j->p;                                                                       \
    EACH_STRETCH {                                                                                 \
      stretch s = stretch_of(p, plane, row, first);                                                \
      double sum[WIDE];                                                                            \
      T *y = (T *)j->to + s.at;                                                                    \
      for (int64_t i = 0; i < s.n; i++) sum[i] = 0;                                                \
      EACH_TAP(T, add_##T, sum + q.from)                                                           \
      for (int64_t i = 0; i < s.n; i++) y[i] = (T)(sum[i] * share(p, &s, i));                      \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  /* The reverse: every element of y gives its share to each of its window. */                     \
  static void spread_##T(void *ctx, int64_t begin, int64_t stop) {                                 \
    const job *j = ctx;                                                                            \
    const sk_pool *p = j->p;                                                                       \
    clear(ctx, begin, stop);                                                                       \
    EACH_STRETCH {                                                                                 \
      stretch s = stretch_of(p, plane, row, first);                                                \
      const T *g = (const T *)j->from + s.at;                                                      \
      T part[WIDE];                                                                                \
      for (int64_t i = 0; i < s.n; i++) part[i] = g[i] * (T)share(p, &s, i);                       \
      for (int64_t r = s.top; r < s.bottom; r++)                                                   \
        for (int64_t k = 0; k < p->kernel[1]; k++) {                                               \
          reach q = reach_of(p, &s, k);                                                            \
          T *dx = (T *)j->to + (s.plane * p->in[0] + r) * p->in[1] + q.x;                          \
          for (int64_t i = q.from; i < q.end; i++, dx += p->stride[1]) *dx += part[i];             \
        }                                                                                          \
    }                                                                                              \
  }
POOL(float)
POOL(double)

static void run(sk_piece f32, sk_piece f64, job j) {
  int64_t size = j.p->in[0] * j.p->in[1];
  sk_parallel(j.p->planes, size < WORK ? WORK / size : 1, j.p->dtype == SK_F32 ? f32 : f64, &j);
}

void sk_max_pool(const sk_pool *p, const void *x, void *y, uint8_t *taps) {
  run(largest_float, largest_double, (job){.p = p, .from = x, .to = y, .taps = taps});
}

void sk_max_pool_pick(const sk_pool *p, const void *x, const uint8_t *taps, void *y) {
  run(picked_float, picked_double, (job){.p = p, .from = x, .to = y, .taps = (uint8_t *)taps});
}

void sk_max_pool_return(const sk_pool *p, const void *g, const uint8_t *taps, void *dx) {
  run(returned_float, returned_double, (job){.p = p, .from = g, .to = dx, .taps = (uint8_t *)taps});
}

void sk_avg_pool(const sk_pool *p, const void *x, void *y) {
  run(mean_float, mean_double, (job){.p = p, .from = x, .to = y});
}

void sk_avg_pool_spread(const sk_pool *p, const void *g, void *dx) {
  run(spread_float, spread_double, (job){.p = p, .from = g, .to = dx});
}
