/* Distances of all pairs of rows, from the differences of their elements: the shorter way by
   products loses the digits of points that lie close together, and is left to pairs that do not
   (k_gram.c). p = 1, 2 and infinity go by panels (k_panel.c); here, few rows and all other p, and
   pairs whose squares may have left the range of numbers, one by one. */
#include "distance.h"
#include <math.h>

#define LANES  16        /* sums of one pair, side by side */
#define WHOLE  64        /* whole powers up to here by multiplication */
#define FEW    12        /* rows below which turning panels does not pay */
#define ACROSS 64        /* rows of y in a piece */
#define PAIRS  (1 << 15) /* elements of a piece that goes pair by pair */

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* --- one pair --------------------------------------------------------------------------------- */

/* The largest |x - y| (NaN wins), their sum, how many are not 0, and the sum of (|x - y| s)^p. */
#define PAIR(T, ABS)                                                                               \
  SK_CLONES static double largest_##T(const T *x, const T *y, int64_t d) {                         \
    T most = 0, nan = 0;                                                                           \
    for (int64_t i = 0; i < d; i++) {                                                              \
      T t = ABS(x[i] - y[i]);                                                                      \
      most = t > most ? t : most;                                                                  \
      nan = t != t ? 1 : nan;                                                                      \
    }                                                                                              \
    return nan > 0 ? (double)NAN : (double)most;                                                   \
  }                                                                                                \
  SK_CLONES static double sum_##T(const T *x, const T *y, int64_t d) {                             \
    double sum[LANES] = {0};                                                                       \
    int64_t i = 0;                                                                                 \
    for (; i + LANES <= d; i += LANES)                                                             \
      for (int l = 0; l < LANES; l++) sum[l] += fabs((double)x[i + l] - (double)y[i + l]);         \
    for (int l = 0; i < d; i++, l++) sum[l] += fabs((double)x[i] - (double)y[i]);                  \
    for (int l = 1; l < LANES; l++) sum[0] += sum[l];                                              \
    return sum[0];                                                                                 \
  }                                                                                                \
  SK_CLONES static double unequal_##T(const T *x, const T *y, int64_t d) {                         \
    int64_t count = 0;                                                                             \
    for (int64_t i = 0; i < d; i++) count += x[i] != y[i];                                         \
    return (double)count;                                                                          \
  }                                                                                                \
  SK_CLONES static double whole_powers_##T(const T *x, const T *y, int64_t d, double s, int p) {   \
    double sum[LANES] = {0}, t[LANES], r[LANES];                                                   \
    for (int64_t i = 0; i < d; i += LANES) {                                                       \
      int w = (int)min64(LANES, d - i);                                                            \
      for (int l = 0; l < w; l++) t[l] = fabs((double)x[i + l] - (double)y[i + l]) * s;            \
      for (int l = w; l < LANES; l++) t[l] = 0;                                                    \
      for (int l = 0; l < LANES; l++) r[l] = 1;                                                    \
      for (int e = p;; e >>= 1) {                                                                  \
        if (e & 1)                                                                                 \
          for (int l = 0; l < LANES; l++) r[l] *= t[l];                                            \
        if (e == 1) break;                                                                         \
        for (int l = 0; l < LANES; l++) t[l] *= t[l];                                              \
      }                                                                                            \
      for (int l = 0; l < LANES; l++) sum[l] += r[l];                                              \
    }                                                                                              \
    for (int l = 1; l < LANES; l++) sum[0] += sum[l];                                              \
    return sum[0];                                                                                 \
  }                                                                                                \
  static double powers_##T(const T *x, const T *y, int64_t d, double s, double p) {                \
    double sum = 0;                                                                                \
    if (p <= WHOLE && p == (int)p) return whole_powers_##T(x, y, d, s, (int)p);                    \
    for (int64_t i = 0; i < d; i++) sum += pow(fabs((double)x[i] - (double)y[i]) * s, p);          \
    return sum;                                                                                    \
  }
PAIR(float, fabsf)
PAIR(double, fabs)

#define CALL(f, ...)                                                                               \
  (dtype == SK_F32 ? f##_float((const float *)x, (const float *)y, __VA_ARGS__)                    \
                   : f##_double((const double *)x, (const double *)y, __VA_ARGS__))

/* The largest difference is brought near 1, so that no power of it leaves the range. */
static double scaled(sk_dtype dtype, const void *x, const void *y, int64_t d, double p) {
  double most = CALL(largest, d);
  if (!(most > 0) || isinf(most)) return most;
  int e = ilogb(most);
  double s = ldexp(1, e < -1022 ? 1022 : -e);
  if (p == 2) return sqrt(sk_row_distance(dtype, x, s, y, s, d)) / s;
  return pow(CALL(powers, d, s, p), 1 / p) / s;
}

double sk_pair_distance(const sk_distance *job, int64_t batch, int64_t i, int64_t j) {
  sk_dtype dtype = job->dtype;
  int64_t d = job->d, bytes = d * sk_itemsize[dtype];
  const char *x = (const char *)job->x + (batch * job->n + i) * bytes;
  const char *y = (const char *)job->y + (batch * job->m + j) * bytes;
  if (job->p == 0) return CALL(unequal, d);
  if (job->p == 1) return CALL(sum, d);
  if (isinf(job->p)) return CALL(largest, d);
  if (job->p == 2) {
    double squares = sk_row_distance(dtype, x, 1, y, 1, d);
    if (dtype == SK_F32 || sk_sound(dtype, squares)) return sqrt(squares); /* float64 holds all */
  }
  return scaled(dtype, x, y, d, job->p);
}

static void pair_piece(void *ctx, int64_t first, int64_t last) {
  const sk_distance *job = ctx;
  for (int64_t q = first; q < last; q++) {
    int64_t row = q / job->m;
    sk_distance_put(job, q, sk_pair_distance(job, row / job->n, row % job->n, q % job->m));
  }
}

/* --- panels ----------------------------------------------------------------------------------- */

typedef struct panels {
  const sk_distance *job;
  int64_t high, wide; /* pieces of a batch, down and across */
  char *scratch;
  int64_t slot_bytes;
  sk_slots slots;
} panels;

static void panel_piece(void *ctx, int64_t first, int64_t last) {
  panels *s = ctx;
  const sk_distance *job = s->job;
  int slot = sk_slot_take(&s->slots);
  for (int64_t q = first; q < last; q++) {
    int64_t batch = q / (s->high * s->wide);
    int64_t i = q / s->wide % s->high * SK_PANEL_ROWS, j = q % s->wide * ACROSS;
    sk_panel_block(job, batch, i, min64(job->n, i + SK_PANEL_ROWS), j, min64(job->m, j + ACROSS),
                   s->scratch + slot * s->slot_bytes);
  }
  sk_slot_give(&s->slots, slot);
}

static bool by_panels(const sk_distance *job) {
  return (job->p == 1 || job->p == 2 || isinf(job->p)) && job->n >= FEW && job->m >= FEW;
}

int64_t sk_distance_scratch(const sk_distance *job, int threads) {
  if (sk_gram_suits(job)) return sk_gram_scratch(job, threads);
  return by_panels(job) ? threads * sk_panel_scratch(job) : 0;
}

void sk_distances(const sk_distance *job, int threads, void *scratch) {
  if (sk_gram_suits(job)) {
    sk_gram_distances(job, threads, scratch);
  } else if (by_panels(job)) {
    panels s = {.job = job,
                .high = (job->n + SK_PANEL_ROWS - 1) / SK_PANEL_ROWS,
                .wide = (job->m + ACROSS - 1) / ACROSS,
                .scratch = scratch,
                .slot_bytes = sk_panel_scratch(job)};
    sk_slots_init(&s.slots, threads);
    sk_parallel(job->batch * s.high * s.wide, 1, panel_piece, &s);
  } else
    sk_parallel(job->batch * job->n * job->m, PAIRS / (job->d + 1) + 1, pair_piece, (void *)job);
}
