/* Sums of products of two sets of centred rows, in which what is compared of two representations
   lies. Products of float32 rows may be taken in float32: a short run of rows at a time, the runs
   added up in float64. How far that is off, sk_cross_probe lets the caller measure. */
#include "kernel.h"
#include "slots.h"
#include <cblas.h>
#include <math.h>
#include <string.h>

#define BLOCK 1024 /* rows that are centred at a time */
#define RUN   1024 /* rows whose products are added up in float32 */
#define TILE  512  /* sides of a tile of results at most */
#define PARTS 16   /* pieces in which the probes read the rows */
#define STRIP 64   /* columns that one piece averages */

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

static const char *row_at(const sk_side *s, int64_t i) {
  return (const char *)s->rows + i * s->d * sk_itemsize[s->dtype];
}

/* --- centres ---------------------------------------------------------------------------------- */

/* From the differences to the first row: exactly that row where all are alike. */
#define LOOK(T)                                                                                    \
  SK_CLONES static void look_##T(const T *x, int64_t n, int64_t d, int64_t width, double *mean,    \
                                 double *reach) {                                                  \
    double first[STRIP], sum[STRIP] = {0}, lo[STRIP] = {0}, hi[STRIP] = {0};                       \
    for (int64_t j = 0; j < width; j++) first[j] = (double)x[j];                                   \
    for (int64_t i = 1; i < n; i++)                                                                \
      for (int64_t j = 0; j < width; j++) {                                                        \
        double v = (double)x[i * d + j] - first[j];                                                \
        sum[j] += v;                                                                               \
        lo[j] = v < lo[j] ? v : lo[j];                                                             \
        hi[j] = v > hi[j] ? v : hi[j];                                                             \
      }                                                                                            \
    for (int64_t j = 0; j < width; j++) {                                                          \
      double step = sum[j] / (double)n;                                                            \
      mean[j] = first[j] + step;                                                                   \
      reach[j] = hi[j] - step > step - lo[j] ? hi[j] - step : step - lo[j];                        \
    }                                                                                              \
  }
LOOK(float)
LOOK(double)

typedef struct look {
  sk_dtype dtype;
  const void *x;
  int64_t n, d;
  double *mean, *reach;
} look;

static void look_piece(void *ctx, int64_t first, int64_t last) {
  const look *s = ctx;
  if (s->dtype == SK_F32)
    look_float((const float *)s->x + first, s->n, s->d, last - first, s->mean + first,
               s->reach + first);
  else
    look_double((const double *)s->x + first, s->n, s->d, last - first, s->mean + first,
                s->reach + first);
}

void sk_column_center(sk_dtype dtype, const void *x, int64_t rows, int64_t d, double *mean,
                      double *reach) {
  look s = {dtype, x, rows, d, mean, reach};
  sk_parallel(d, STRIP, look_piece, &s);
}

/* --- squares ---------------------------------------------------------------------------------- */

typedef struct squares {
  const sk_side *side;
  double *out;
} squares;

#define DEVIATION(T)                                                                               \
  SK_CLONES static double deviation_##T(const T *x, const double *c, double s, int64_t d) {        \
    double sum[16] = {0};                                                                          \
    int64_t j = 0;                                                                                 \
    for (; j + 16 <= d; j += 16)                                                                   \
      for (int l = 0; l < 16; l++) {                                                               \
        double v = ((double)x[j + l] - c[j + l]) * s;                                              \
        sum[l] += v * v;                                                                           \
      }                                                                                            \
    for (int l = 0; j < d; j++, l++) {                                                             \
      double v = ((double)x[j] - c[j]) * s;                                                        \
      sum[l] += v * v;                                                                             \
    }                                                                                              \
    for (int l = 1; l < 16; l++) sum[0] += sum[l];                                                 \
    return sum[0];                                                                                 \
  }
DEVIATION(float)
DEVIATION(double)

static void squares_piece(void *ctx, int64_t first, int64_t last) {
  const squares *p = ctx;
  const sk_side *s = p->side;
  for (int64_t i = first; i < last; i++)
    p->out[i] = s->dtype == SK_F32
                    ? deviation_float((const float *)row_at(s, i), s->center, s->scale, s->d)
                    : deviation_double((const double *)row_at(s, i), s->center, s->scale, s->d);
}

void sk_side_squares(const sk_side *side, int64_t rows, double *out) {
  squares p = {side, out};
  sk_parallel(rows, 64, squares_piece, &p);
}

/* --- products --------------------------------------------------------------------------------- */

typedef struct products {
  const sk_cross *job;
  int64_t r0, nr;              /* rows of this block */
  char *x, *y;                 /* [nr,d] centred */
  int64_t down, across;        /* tiles of x and of y */
  int64_t high, wide;          /* sides of one */
  int64_t of_xx, of_yy, of_xy; /* tiles of each result */
  float *scratch;
  sk_slots slots;
} products;

static void center_piece(void *ctx, int64_t first, int64_t last) {
  const products *p = ctx;
  const sk_cross *job = p->job;
  for (int k = 0; k < 2; k++) {
    const sk_side *s = k ? &job->y : &job->x;
    char *out = k ? p->y : p->x;
    for (int64_t i = first; i < last && s->d > 0; i++)
      if (job->single)
        sk_row_scale32(s->dtype, row_at(s, p->r0 + i), s->center, s->scale, s->d,
                       (float *)out + i * s->d);
      else
        sk_row_scale(s->dtype, row_at(s, p->r0 + i), s->center, s->scale, s->d,
                     (double *)out + i * s->d);
  }
}

/* One tile of out[.,n]: columns c0.. of a[nr,da] with columns c1.. of b[nr,db]; the upper triangle
   where both are the same. */
typedef struct tile {
  const char *a, *b;
  int64_t da, db, c0, n0, c1, n1;
  bool triangle;
  double *out; /* its first element */
} tile;

static void tile_double(const products *p, const tile *t) {
  const double *a = (const double *)t->a + t->c0, *b = (const double *)t->b + t->c1;
  if (t->triangle)
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)t->n0, (int)p->nr, 1, a, (int)t->da, 1,
                t->out, (int)t->db);
  else
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)t->n0, (int)t->n1, (int)p->nr, 1, a,
                (int)t->da, b, (int)t->db, 1, t->out, (int)t->db);
}

SK_CLONES static void add_up(const float *from, int64_t n, double *to) {
  for (int64_t j = 0; j < n; j++) to[j] += (double)from[j];
}

static void tile_single(const products *p, const tile *t, float *g) {
  for (int64_t r = 0; r < p->nr; r += RUN) {
    int64_t nr = min64(RUN, p->nr - r);
    const float *a = (const float *)t->a + r * t->da + t->c0;
    const float *b = (const float *)t->b + r * t->db + t->c1;
    if (t->triangle)
      cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)t->n0, (int)nr, 1, a, (int)t->da, 0,
                  g, TILE);
    else
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)t->n0, (int)t->n1, (int)nr, 1, a,
                  (int)t->da, b, (int)t->db, 0, g, TILE);
    for (int64_t i = 0; i < t->n0; i++) {
      int64_t from = t->triangle ? i : 0;
      add_up(g + i * TILE + from, t->n1 - from, t->out + i * t->db + from);
    }
  }
}

/* Of a triangle of tiles, the q-th: i <= j. */
static void corner(int64_t q, int64_t *i, int64_t *j) {
  *j = (int64_t)((sqrt(1 + 8.0 * (double)q) - 1) / 2);
  while (*j * (*j + 1) / 2 > q) --*j;
  while ((*j + 1) * (*j + 2) / 2 <= q) ++*j;
  *i = q - *j * (*j + 1) / 2;
}

static void tile_piece(void *ctx, int64_t first, int64_t last) {
  products *p = ctx;
  const sk_cross *job = p->job;
  int slot = sk_slot_take(&p->slots);
  for (int64_t q = first; q < last; q++) {
    tile t = {.a = p->x, .b = p->y, .da = job->x.d, .db = job->y.d};
    int64_t i, j, at = q - p->of_xy, high = p->high, wide = p->wide;
    double *out = job->xy;
    if (at < 0) { /* whole tiles come first: a triangle is half the work */
      i = q / p->across, j = q % p->across;
    } else {
      bool of_x = at < p->of_xx;
      corner(of_x ? at : at - p->of_xx, &i, &j);
      t.triangle = i == j;
      if (of_x)
        t.b = p->x, t.db = job->x.d, wide = high, out = job->xx;
      else
        t.a = p->y, t.da = job->y.d, high = wide, out = job->yy;
    }
    t.c0 = i * high, t.n0 = min64(high, t.da - t.c0);
    t.c1 = j * wide, t.n1 = min64(wide, t.db - t.c1);
    t.out = out + t.c0 * t.db + t.c1;
    if (job->single)
      tile_single(p, &t, p->scratch + slot * TILE * TILE);
    else
      tile_double(p, &t);
  }
  sk_slot_give(&p->slots, slot);
}

static int64_t tiles_of(int64_t d) { return d <= TILE ? 1 : (d + TILE - 1) / TILE; }

int64_t sk_cross_scratch(const sk_cross *job, int threads) {
  int64_t size = job->single ? sizeof(float) : sizeof(double);
  return min64(BLOCK, job->rows) * (job->x.d + job->y.d) * size +
         (job->single ? threads * TILE * TILE * (int64_t)sizeof(float) : 0);
}

void sk_cross_add(const sk_cross *job, int threads, void *scratch) {
  int64_t size = job->single ? sizeof(float) : sizeof(double), block = min64(BLOCK, job->rows);
  products p = {.job = job, .x = scratch, .down = tiles_of(job->x.d), .across = tiles_of(job->y.d)};
  p.y = p.x + block * job->x.d * size;
  p.scratch = (float *)(p.y + block * job->y.d * size);
  p.high = (job->x.d + p.down - 1) / p.down;
  p.wide = (job->y.d + p.across - 1) / p.across;
  p.of_xx = job->xx ? p.down * (p.down + 1) / 2 : 0;
  p.of_yy = job->yy ? p.across * (p.across + 1) / 2 : 0;
  p.of_xy = job->xy ? p.down * p.across : 0;
  for (p.r0 = 0; p.r0 < job->rows; p.r0 += BLOCK) {
    p.nr = min64(BLOCK, job->rows - p.r0);
    sk_slots_init(&p.slots, threads);
    sk_parallel(p.nr, 64, center_piece, &p);
    sk_parallel(p.of_xy + p.of_xx + p.of_yy, 1, tile_piece, &p);
  }
}

/* --- probes ----------------------------------------------------------------------------------- */

#define M       SK_PROBES
#define GROUP   8 /* rows that are read together */
#define AT_ONCE 4 /* of them, where they are added to the sums */

/* p[k] = v^T x of GROUP rows x[k] */
SK_CLONES static void meet(const double *x, const double *v, int64_t d, double *p) {
  double sum[GROUP][M] = {{0}};
  for (int64_t j = 0; j < d; j++)
    for (int r = 0; r < GROUP; r++)
      for (int k = 0; k < M; k++) sum[r][k] += x[r * d + j] * v[j * M + k];
  memcpy(p, sum, sizeof sum);
}

/* w += the sum of x[k] p[k]^T, for as many rows as leave the registers room for p */
SK_CLONES static void spread(const double *x, const double *p, int64_t d, double *w) {
  for (int g = 0; g < GROUP; g += AT_ONCE, x += AT_ONCE * d, p += AT_ONCE * M) {
    double q[AT_ONCE][M];
    memcpy(q, p, sizeof q);
    for (int64_t j = 0; j < d; j++) {
      double sum[M];
      for (int k = 0; k < M; k++) sum[k] = w[j * M + k];
      for (int r = 0; r < AT_ONCE; r++)
        for (int k = 0; k < M; k++) sum[k] += x[r * d + j] * q[r][k];
      for (int k = 0; k < M; k++) w[j * M + k] = sum[k];
    }
  }
}

typedef struct probe {
  const sk_cross *job;
  const double *v;
  int64_t grain, size; /* rows of a part; doubles of its scratch */
  double *scratch;     /* a part: the sums of xx, xy and yy, and GROUP rows of each side */
} probe;

/* Rows first .. last-1, at most GROUP, as float64; zeros behind them. */
static void fetch(const sk_side *s, int64_t first, int64_t last, double *out) {
  for (int64_t i = first; i < last; i++)
    sk_row_scale(s->dtype, row_at(s, i), s->center, s->scale, s->d, out + (i - first) * s->d);
  memset(out + (last - first) * s->d, 0, (size_t)((GROUP - last + first) * s->d) * sizeof(double));
}

static void probe_piece(void *ctx, int64_t first, int64_t last) {
  const probe *s = ctx;
  const sk_side *x = &s->job->x, *y = &s->job->y;
  double *xx = s->scratch + first / s->grain * s->size, *xy = xx + x->d * M, *yy = xy + x->d * M;
  double *a = yy + y->d * M, *b = a + GROUP * x->d, p[GROUP * M];
  memset(xx, 0, (size_t)((2 * x->d + y->d) * M) * sizeof(double));
  for (int64_t i = first; i < last; i += GROUP) {
    fetch(x, i, min64(last, i + GROUP), a);
    if (s->job->xx) {
      meet(a, s->v, x->d, p);
      spread(a, p, x->d, xx);
    }
    if (y->d == 0) continue;
    fetch(y, i, min64(last, i + GROUP), b);
    meet(b, s->v, y->d, p);
    if (s->job->xy) spread(a, p, x->d, xy);
    if (s->job->yy) spread(b, p, y->d, yy);
  }
}

static void collect(const probe *s, int64_t at, int64_t n, double *out) {
  for (int64_t part = 0; out && part * s->grain < s->job->rows; part++)
    for (int64_t j = 0; j < n; j++) out[j] += s->scratch[part * s->size + at + j];
}

static int64_t probe_size(const sk_cross *job) {
  return (2 * job->x.d + job->y.d) * M + (job->x.d + job->y.d) * GROUP;
}

int64_t sk_cross_probe_scratch(const sk_cross *job) {
  return PARTS * probe_size(job) * (int64_t)sizeof(double);
}

void sk_cross_probe(const sk_cross *job, const double *v, void *scratch) {
  int64_t dx = job->x.d, dy = job->y.d;
  probe s = {.job = job, .v = v, .grain = (job->rows + PARTS - 1) / PARTS, .scratch = scratch};
  s.size = probe_size(job);
  sk_parallel(job->rows, s.grain, probe_piece, &s);
  collect(&s, 0, dx * M, job->xx);
  collect(&s, dx * M, dx * M, job->xy);
  collect(&s, 2 * dx * M, dy * M, job->yy);
}
