/* Distances from differences, for p = 1, 2 and infinity: a panel of rows of y is turned into
   columns, so that one vector holds an element of each, and HEIGHT rows of x meet it at a time;
   what they add up to goes on to float64 after every CHUNK elements. */
#include "distance.h"
#include <math.h>
#include <string.h>

#define HEIGHT 6 /* with a row of the panel and a difference, what 16 registers hold */
#define CHUNK  128

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* What k elements of HEIGHT rows and of a panel[k][lanes] add up to goes into sum[HEIGHT][lanes].
   Bits of numbers without their sign sort as the numbers do, and NaN above them all. */
#define MEET(NAME, T, BYTES, TARGET, ACC, STEP, TAKE)                                              \
  TARGET static void NAME##_##T##_##BYTES(const void *const *rows, const void *panel, int64_t k,   \
                                          double *sum) {                                           \
    enum { lanes = BYTES / sizeof(T) };                                                            \
    const T *x[HEIGHT], *p = panel;                                                                \
    T v[HEIGHT * lanes];                                                                           \
    ACC acc[HEIGHT] = {0};                                                                         \
    for (int r = 0; r < HEIGHT; r++) x[r] = rows[r];                                               \
    for (int64_t i = 0; i < k; i++) {                                                              \
      T##_##BYTES y = *(const T##_##BYTES *)(p + i * lanes);                                       \
      for (int r = 0; r < HEIGHT; r++) {                                                           \
        T##_##BYTES t = x[r][i] - y;                                                               \
        STEP;                                                                                      \
      }                                                                                            \
    }                                                                                              \
    for (int r = 0; r < HEIGHT; r++) *(T##_##BYTES *)(v + r * lanes) = (T##_##BYTES)acc[r];        \
    for (int l = 0; l < HEIGHT * lanes; l++) TAKE;                                                 \
  }
#define ADD     sum[l] += v[l]
#define SURPASS sum[l] = v[l] > sum[l] || v[l] != v[l] ? v[l] : sum[l]
#define EXCEED  acc[r] = (b & (b > acc[r])) | (acc[r] & (b <= acc[r]))
#define MEETS(T, INT, MASK, B, TARGET)                                                             \
  typedef T T##_##B __attribute__((vector_size(B), aligned(sizeof(T)), may_alias));                \
  typedef INT INT##_##B __attribute__((vector_size(B), aligned(sizeof(T)), may_alias));            \
  MEET(squares, T, B, TARGET, T##_##B, acc[r] += t * t, ADD)                                       \
  MEET(sums, T, B, TARGET, T##_##B, acc[r] += (T##_##B)((INT##_##B)t & MASK), ADD)                 \
  MEET(extremes, T, B, TARGET, INT##_##B, INT##_##B b = (INT##_##B)t & MASK; EXCEED, SURPASS)

/* One set for every width of vectors that a processor may have: wider ones, which the compiler
   would have to cut up, it keeps in memory. */
typedef void (*meeting)(const void *const *rows, const void *panel, int64_t k, double *sum);
#define SET(B)                                                                                     \
  {                                                                                                \
    {sums_float_##B, squares_float_##B, extremes_float_##B}, {                                     \
      sums_double_##B, squares_double_##B, extremes_double_##B                                     \
    }                                                                                              \
  }
#define WIDTH(B, TARGET)                                                                           \
  MEETS(float, int32_t, INT32_MAX, B, TARGET)                                                      \
  MEETS(double, int64_t, INT64_MAX, B, TARGET)                                                     \
  static const meeting meetings_##B[2][3] = SET(B);
WIDTH(16, )
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(SK_NO_CLONES)
WIDTH(32, __attribute__((target("arch=x86-64-v3"))))
WIDTH(64, __attribute__((target("arch=x86-64-v4"))))
static int64_t vector_bytes(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v4") ? 64 : __builtin_cpu_supports("x86-64-v3") ? 32 : 16;
}
static meeting choose(int64_t bytes, int type, int kind) {
  return (bytes == 64 ? meetings_64 : bytes == 32 ? meetings_32 : meetings_16)[type][kind];
}
#else
static int64_t vector_bytes(void) { return 16; }
static meeting choose(int64_t bytes, int type, int kind) {
  (void)bytes;
  return meetings_16[type][kind];
}
#endif

#define PANELS(T, DTYPE, ROOT)                                                                     \
  /* Of `width` rows, elements 0..k-1, turned into columns; the lanes beyond are 0. */             \
  static void turn_##T(const T *y, int64_t d, int64_t width, int64_t k, int64_t lanes, T *panel) { \
    for (int64_t i = 0; i < k; i++)                                                                \
      for (int64_t l = 0; l < lanes; l++) panel[i * lanes + l] = l < width ? y[l * d + i] : 0;     \
  }                                                                                                \
  /* out = the roots of sums; says whether they all are sound. */                                  \
  SK_CLONES static bool roots_##T(const double *sum, int64_t n, T *out) {                          \
    int64_t odd = 0;                                                                               \
    for (int64_t l = 0; l < n; l++) {                                                              \
      out[l] = ROOT((T)sum[l]);                                                                    \
      odd += !sk_sound(DTYPE, sum[l]);                                                             \
    }                                                                                              \
    return odd == 0;                                                                               \
  }
PANELS(float, SK_F32, sqrtf)
PANELS(double, SK_F64, sqrt)

/* sum[n][lanes] = what n rows of x make with `width` rows of y. */
static void add_up(const sk_distance *job, const char *x, const char *y, int64_t n, int64_t width,
                   int64_t vector, char *panel, double *sum) {
  int64_t size = sk_itemsize[job->dtype], d = job->d, lanes = vector / size;
  meeting meet = choose(vector, job->dtype, job->p == 1 ? 0 : job->p == 2 ? 1 : 2);
  memset(sum, 0, (size_t)((n + HEIGHT) * lanes) * sizeof(double));
  for (int64_t at = 0; at < d; at += CHUNK) {
    int64_t k = min64(CHUNK, d - at);
    if (job->dtype == SK_F32)
      turn_float((const float *)y + at, d, width, k, lanes, (float *)panel);
    else
      turn_double((const double *)y + at, d, width, k, lanes, (double *)panel);
    for (int64_t i = 0; i < n; i += HEIGHT) {
      const void *rows[HEIGHT];
      for (int64_t r = 0; r < HEIGHT; r++) rows[r] = x + (min64(i + r, n - 1) * d + at) * size;
      meet(rows, panel, k, sum + i * lanes);
    }
  }
}

/* One row of a panel's sums becomes distances. */
static void finish(const sk_distance *job, int64_t batch, int64_t i, int64_t j, int64_t width,
                   const double *sum) {
  int64_t at = (batch * job->n + i) * job->m + j;
  bool fine = false;
  if (job->p != 2) {
    for (int64_t l = 0; l < width; l++) sk_distance_put(job, at + l, sum[l]);
    return;
  }
  if (job->dtype == SK_F32)
    fine = roots_float(sum, width, (float *)job->out + at);
  else
    fine = roots_double(sum, width, (double *)job->out + at);
  for (int64_t l = 0; l < width && !fine; l++)
    if (!sk_sound(job->dtype, sum[l]))
      sk_distance_put(job, at + l, sk_pair_distance(job, batch, i, j + l));
}

int64_t sk_panel_scratch(const sk_distance *job) {
  int64_t vector = vector_bytes(), lanes = vector / sk_itemsize[job->dtype];
  return (SK_PANEL_ROWS + HEIGHT) * lanes * (int64_t)sizeof(double) + CHUNK * vector;
}

void sk_panel_block(const sk_distance *job, int64_t batch, int64_t i0, int64_t i1, int64_t j0,
                    int64_t j1, void *scratch) {
  int64_t vector = vector_bytes(), size = sk_itemsize[job->dtype], lanes = vector / size;
  double *sum = scratch;
  char *panel = (char *)(sum + (SK_PANEL_ROWS + HEIGHT) * lanes);
  const char *x = (const char *)job->x + (batch * job->n + i0) * job->d * size;
  for (int64_t j = j0; j < j1; j += lanes) {
    int64_t width = min64(lanes, j1 - j);
    const char *y = (const char *)job->y + (batch * job->m + j) * job->d * size;
    add_up(job, x, y, i1 - i0, width, vector, panel, sum);
    for (int64_t i = i0; i < i1; i++) finish(job, batch, i, j, width, sum + (i - i0) * lanes);
  }
}
