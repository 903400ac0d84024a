/* Sums over all pairs of rows: tiles of products, each summed by itself in float64, and the tiles'
   sums added in one fixed order. */
#include "kernel.h"
#include "slots.h"
#include <cblas.h>
#include <math.h>
#include <string.h>

#define SIDE  256 /* rows of a tile */
#define STRIP 64  /* columns that one piece averages */
#define PARTS 64

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* --- exponentials ----------------------------------------------------------------------------- */

/* exp(x) and expm1(x), 0 for a positive x: x = k ln 2 + r, and expm1(r) by its series, good to the
   last digits for |r| <= ln(2)/2, so that tiny arguments keep all of theirs. */
static inline void add_exp(double x, double *e, double *e1) {
  const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to a whole number */
  double v = x > 0 ? 0 : x < -700 ? -700 : x;
  double t = v * 1.4426950408889634 + magic, k = t - magic, two;
  double r = (v - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
  double p = 1.0 / 479001600 + r * (1.0 / 6227020800);
  p = 1.0 / 39916800 + r * p, p = 1.0 / 3628800 + r * p, p = 1.0 / 362880 + r * p;
  p = 1.0 / 40320 + r * p, p = 1.0 / 5040 + r * p, p = 1.0 / 720 + r * p;
  p = 1.0 / 120 + r * p, p = 1.0 / 24 + r * p, p = 1.0 / 6 + r * p, p = 0.5 + r * p;
  p = r + r * r * p;
  int64_t bits;
  memcpy(&bits, &t, sizeof bits);
  bits = (int64_t)((uint64_t)(bits + 1023) << 52); /* k stands in the low bits: 2^k */
  memcpy(&two, &bits, sizeof two);
  *e += p * two + two;
  *e1 += p * two + (two - 1);
}

/* Sums of both over g[j] + a + b[j]. */
#define SUM_EXP(T)                                                                                 \
  SK_CLONES static void sum_exp_##T(const T *g, double a, const double *b, int64_t n,              \
                                    double sums[2]) {                                              \
    double e[8] = {0}, e1[8] = {0};                                                                \
    int64_t j = 0;                                                                                 \
    for (; j + 8 <= n; j += 8)                                                                     \
      for (int i = 0; i < 8; i++) add_exp((double)g[j + i] + a + b[j + i], &e[i], &e1[i]);         \
    for (int i = 0; j < n; j++, i++) add_exp((double)g[j] + a + b[j], &e[i], &e1[i]);              \
    for (int i = 0; i < 8; i++) sums[0] += e[i], sums[1] += e1[i];                                 \
  }
SUM_EXP(float)
SUM_EXP(double)

/* --- uniformity ------------------------------------------------------------------------------- */

typedef struct uniformity {
  sk_dtype dtype, tile; /* of the data, and of the products */
  const char *z;
  int64_t n, d, tiles;
  double t;
  double *unit, *center, *half; /* [n] 1 / norm; [d] of the unit rows; [n] -t |u - center|^2 */
  char *u;                      /* [n,d] centred unit rows of dtype `tile` */
  double *parts;                /* [tile][2] */
  char *scratch;
  int64_t slot_bytes;
  sk_slots slots;
} uniformity;

static void unit_piece(void *ctx, int64_t first, int64_t last) {
  const uniformity *p = ctx;
  int64_t bytes = p->d * sk_itemsize[p->dtype];
  for (int64_t i = first; i < last; i++) p->unit[i] = sk_row_unit(p->dtype, p->z + i * bytes, p->d);
}

static double element(const uniformity *p, int64_t i, int64_t j) {
  const char *at = p->z + (i * p->d + j) * sk_itemsize[p->dtype];
  return p->unit[i] * (p->dtype == SK_F32 ? *(const float *)at : *(const double *)at);
}

/* The mean of the differences from the first row: exactly the first row when all are alike. */
static void center_piece(void *ctx, int64_t first, int64_t last) {
  const uniformity *p = ctx;
  double sum[STRIP] = {0};
  for (int64_t i = 1; i < p->n; i++)
    for (int64_t j = first; j < last; j++) sum[j - first] += element(p, i, j) - element(p, 0, j);
  for (int64_t j = first; j < last; j++)
    p->center[j] = element(p, 0, j) + sum[j - first] / (double)p->n;
}

static void centered_piece(void *ctx, int64_t first, int64_t last) {
  const uniformity *p = ctx;
  for (int64_t i = first; i < last; i++) {
    double square = 0;
    for (int64_t j = 0; j < p->d; j++) {
      double v = element(p, i, j) - p->center[j];
      if (p->tile == SK_F32) {
        ((float *)p->u)[i * p->d + j] = (float)v;
        v = (float)v;
      } else
        ((double *)p->u)[i * p->d + j] = v;
      square += v * v;
    }
    p->half[i] = -p->t * square;
  }
}

static void tile_piece(void *ctx, int64_t first, int64_t last) {
  uniformity *p = ctx;
  int64_t d = p->d, size = sk_itemsize[p->tile];
  int slot = sk_slot_take(&p->slots);
  char *g = p->scratch + slot * p->slot_bytes;
  for (int64_t q = first; q < last; q++) {
    int64_t j = (int64_t)((sqrt(1 + 8.0 * (double)q) - 1) / 2); /* q counts pairs i <= j */
    while (j * (j + 1) / 2 > q) j--;
    while ((j + 1) * (j + 2) / 2 <= q) j++;
    int64_t i = q - j * (j + 1) / 2, r = i * SIDE, c = j * SIDE;
    int64_t nr = min64(SIDE, p->n - r), nc = min64(SIDE, p->n - c);
    const char *a = p->u + r * d * size, *b = p->u + c * d * size;
    if (p->tile == SK_F32)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)nr, (int)nc, (int)d,
                  (float)(2 * p->t), (const float *)a, (int)d, (const float *)b, (int)d, 0,
                  (float *)g, SIDE);
    else
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)nr, (int)nc, (int)d, 2 * p->t,
                  (const double *)a, (int)d, (const double *)b, (int)d, 0, (double *)g, SIDE);
    double *sums = p->parts + 2 * q;
    sums[0] = sums[1] = 0;
    for (int64_t x = 0; x < nr; x++) {
      int64_t from = i == j ? x + 1 : 0, at = x * SIDE + from;
      double h = p->half[r + x];
      if (p->tile == SK_F32)
        sum_exp_float((const float *)g + at, h, p->half + c + from, nc - from, sums);
      else
        sum_exp_double((const double *)g + at, h, p->half + c + from, nc - from, sums);
    }
  }
  sk_slot_give(&p->slots, slot);
}

static int64_t tiles_of(int64_t n) {
  int64_t side = (n + SIDE - 1) / SIDE;
  return side * (side + 1) / 2;
}

int64_t sk_uniformity_scratch(int64_t n, int64_t d, bool single, int threads) {
  int64_t size = single ? sizeof(float) : sizeof(double);
  return (2 * n + d + 2 * tiles_of(n)) * (int64_t)sizeof(double) +
         (n * d + threads * SIDE * SIDE) * size;
}

int64_t sk_uniformity(sk_dtype dtype, const void *z, int64_t n, int64_t d, double t, bool single,
                      int threads, double sums[2], double *scratch) {
  uniformity p = {.dtype = dtype, .tile = single ? SK_F32 : SK_F64, .z = z, .n = n, .d = d, .t = t};
  int64_t zeros = 0;
  p.tiles = tiles_of(n);
  p.unit = scratch;
  p.half = p.unit + n;
  p.center = p.half + n;
  p.parts = p.center + d;
  p.scratch = (char *)(p.parts + 2 * p.tiles);
  p.slot_bytes = SIDE * SIDE * sk_itemsize[p.tile];
  p.u = p.scratch + threads * p.slot_bytes;
  sk_slots_init(&p.slots, threads);
  sk_parallel(n, 64, unit_piece, &p);
  sk_parallel(d, STRIP, center_piece, &p);
  sk_parallel(n, 64, centered_piece, &p);
  sk_parallel(p.tiles, 1, tile_piece, &p);
  sums[0] = sums[1] = 0;
  for (int64_t q = 0; q < p.tiles; q++) sums[0] += p.parts[2 * q], sums[1] += p.parts[2 * q + 1];
  for (int64_t i = 0; i < n; i++) zeros += p.unit[i] == 0;
  return zeros;
}

/* --- alignment -------------------------------------------------------------------------------- */

typedef struct alignment {
  sk_dtype dtype;
  const char *u, *v;
  int64_t d, grain;
  double alpha, parts[PARTS];
} alignment;

static void alignment_piece(void *ctx, int64_t first, int64_t last) {
  alignment *p = ctx;
  int64_t bytes = p->d * sk_itemsize[p->dtype];
  double sum = 0;
  for (int64_t i = first; i < last; i++) {
    const char *u = p->u + i * bytes, *v = p->v + i * bytes;
    double s = sk_row_unit(p->dtype, u, p->d), t = sk_row_unit(p->dtype, v, p->d);
    double square = sk_row_distance(p->dtype, u, s, v, t, p->d);
    sum += p->alpha == 2 ? square : pow(square, 0.5 * p->alpha);
  }
  p->parts[first / p->grain] = sum;
}

double sk_alignment(sk_dtype dtype, const void *u, const void *v, int64_t n, int64_t d,
                    double alpha) {
  alignment p = {
      .dtype = dtype, .u = u, .v = v, .d = d, .grain = (n + PARTS - 1) / PARTS, .alpha = alpha};
  double sum = 0;
  sk_parallel(n, p.grain, alignment_piece, &p);
  for (int64_t i = 0; i * p.grain < n; i++) sum += p.parts[i];
  return sum / (double)n;
}
