/* Where the rows of a query's own class stand among all references, ordered by nearness. Their
   scores are worked out one by one and sorted; for every other row it is then enough to find its
   place among them. That goes by products in float64 and a bound on their error: a row that lies
   too near to one of them to tell is measured like those. Nothing but the places of these few is
   ever sorted. */
#include "kernel.h"
#include "radix.h"
#include "slots.h"
#include <cblas.h>
#include <math.h>

#define QUERIES 256 /* sides of a tile of scores */
#define REFS    512
#define FEWEST  8         /* queries of a tile, */
#define MANY    (1 << 19) /* and places that a tile keeps unless there are so few */
#define DOWN    (~(uint64_t)0)

typedef struct state {
  const sk_ranking *job;
  int64_t most;    /* rows of the largest class */
  int64_t side;    /* queries of a tile */
  double *refs;    /* [n,d], cosine: unit rows; l2: centred and scaled */
  double *queries; /* [m,d], the same */
  double *ref_measure,
      *query_measure;            /* cosine: 1 / norm of a row; l2: its square, once prepared */
  double *center, *reach, scale; /* l2 */
  double widest;                 /* l2: the largest norm of a prepared reference */
  char *scratch;
  int64_t slot_bytes;
  sk_slots slots;
} state;

/* A query's own class: count scores, nearest first, and the rows that they belong to; ahead[p], how
   many rows of other classes come before place p, but not before place p - 1. */
typedef struct places {
  int64_t query, class, count;
  double *score;
  int64_t *row, *ahead;
  double shift, slack; /* from a product to a score, and what that may be off by */
} places;

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

static const char *row_at(const sk_ranking *job, const void *rows, int64_t i) {
  return (const char *)rows + i * job->d * sk_itemsize[job->dtype];
}

static bool is_self(const sk_ranking *job, int64_t query, int64_t row) {
  return job->self && query == row;
}

/* --- preparing -------------------------------------------------------------------------------- */

typedef struct prepare {
  const state *s;
  const void *rows;
  double *out, *measure;
} prepare;

static void largest_piece(void *ctx, int64_t first, int64_t last) {
  const prepare *p = ctx;
  const sk_ranking *job = p->s->job;
  for (int64_t i = first; i < last; i++)
    p->measure[i] = sk_row_largest(job->dtype, row_at(job, p->rows, i), p->s->center, job->d);
}

static void prepare_piece(void *ctx, int64_t first, int64_t last) {
  const prepare *p = ctx;
  const state *s = p->s;
  const sk_ranking *job = s->job;
  int64_t d = job->d;
  for (int64_t i = first; i < last; i++) {
    const void *x = row_at(job, p->rows, i);
    double *out = p->out + i * d;
    if (job->cosine) {
      p->measure[i] = sk_row_unit(job->dtype, x, d);
      sk_row_scale(job->dtype, x, 0, p->measure[i], d, out);
    } else {
      sk_row_scale(job->dtype, x, s->center, s->scale, d, out);
      p->measure[i] = sk_row_squares(SK_F64, out, 1, d);
    }
  }
}

static double largest(const double *x, int64_t n) {
  double a = 0;
  for (int64_t i = 0; i < n; i++) a = x[i] > a ? x[i] : a;
  return a;
}

static void prepare_rows(state *s) {
  const sk_ranking *job = s->job;
  prepare refs = {s, job->refs, s->refs, s->ref_measure};
  prepare queries = {s, job->queries, s->queries, s->query_measure};
  if (!job->cosine) { /* squares of scaled rows neither overflow nor vanish */
    sk_column_center(job->dtype, job->refs, job->n, job->d, s->center, s->reach);
    if (!job->self) sk_parallel(job->m, 64, largest_piece, &queries);
    double a = fmax(largest(s->reach, job->d), job->self ? 0 : largest(s->query_measure, job->m));
    s->scale = a > 0 && isfinite(a) ? ldexp(1, -ilogb(a)) : 1;
  }
  sk_parallel(job->n, 64, prepare_piece, &refs);
  if (!job->self) sk_parallel(job->m, 64, prepare_piece, &queries);
  if (!job->cosine) s->widest = sqrt(largest(s->ref_measure, job->n));
}

/* --- one query -------------------------------------------------------------------------------- */

static double exact(const state *s, int64_t query, int64_t ref) {
  const sk_ranking *job = s->job;
  const void *x = row_at(job, job->queries, query), *y = row_at(job, job->refs, ref);
  if (job->cosine)
    return sk_row_product(job->dtype, x, s->query_measure[query], y, s->ref_measure[ref], job->d);
  return -sk_row_distance(job->dtype, x, s->scale, y, s->scale, job->d);
}

/* Fills in the places; records[2 most] and count[SK_RADIX_COUNTS] are scratch. */
static void begin(const state *s, places *p, sk_wide *records, uint32_t *count) {
  const sk_ranking *job = s->job;
  int64_t n = 0, class = job->query_class[p->query];
  for (int64_t c = class ? job->start[class - 1] : 0; class && c < job->start[class]; c++) {
    int64_t row = job->member[c] - 1;
    if (is_self(job, p->query, row)) continue;
    records[n++] = sk_wide_of(sk_key_f64(exact(s, p->query, row), DOWN), row);
  }
  const sk_wide *sorted =
      n > 1 ? sk_radix_wide(records, records + s->most, n, 64, 0, count) : records;
  for (int64_t c = 0; c < n; c++) {
    p->score[c] = sk_value_f64(SK_WIDE_KEY(sorted[c]), DOWN);
    p->row[c] = SK_WIDE_AT(sorted[c]);
    p->ahead[c] = 0;
  }
  p->class = class, p->count = n;
  double u = 0x1p-53, square = s->query_measure[p->query], reach = sqrt(square) + s->widest;
  p->shift = job->cosine ? 0 : square;
  p->slack = 4 * u * (double)(job->d + 8) * (job->cosine ? 1 : reach * reach);
}

/* How many of the places are nearer than that; of equal ones the lower row is. */
static int64_t nearer_places(const places *p, double score, int64_t row) {
  int64_t lo = 0, hi = p->count;
  while (lo < hi) {
    int64_t mid = lo + (hi - lo) / 2;
    if (p->score[mid] > score || (p->score[mid] == score && p->row[mid] < row))
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

/* Finds the places of rows row .. row+n-1 from their products with the query. */
static void count_tile(const state *s, places *p, const double *product, int64_t n, int64_t row) {
  const sk_ranking *job = s->job;
  const double *score = p->score, slack = p->slack;
  double floor = score[p->count - 1] - slack; /* what is below comes behind them all */
  for (int64_t j = 0; j < n; j++) {
    double v = product[j] - p->shift;
    if (v < floor || job->ref_class[row + j] == p->class) continue;
    const double *at = score;
    for (int64_t left = p->count; left > 1;) { /* without a branch, which nobody could foretell */
      int64_t half = left / 2;
      at += at[half - 1] > v ? half : 0;
      left -= half;
    }
    int64_t place = at - score + (*at > v);
    bool unsure = (place > 0 && score[place - 1] - v <= slack) ||
                  (place < p->count && v - score[place] <= slack);
    if (unsure) place = nearer_places(p, exact(s, p->query, row + j), row + j);
    if (place < p->count) p->ahead[place]++;
  }
}

static void finish(const places *p, double *out) {
  double hits = 0, precise_at_r = 0, precise = 0, first = 0;
  int64_t others = 0;
  for (int64_t c = 0; c < p->count; c++) {
    others += p->ahead[c];
    double rank = (double)(c + 1 + others), precision = (double)(c + 1) / rank;
    if (c == 0) first = rank;
    if (rank <= (double)p->count) hits++, precise_at_r += precision;
    precise += precision;
  }
  double all[SK_RANKING] = {(double)p->count, hits, precise_at_r, precise, first};
  for (int i = 0; i < SK_RANKING; i++) out[i] = all[i];
}

/* --- the whole -------------------------------------------------------------------------------- */

static void rank_piece(void *ctx, int64_t first, int64_t last) {
  state *s = ctx;
  const sk_ranking *job = s->job;
  int slot = sk_slot_take(&s->slots);
  double *product = (double *)(s->scratch + slot * s->slot_bytes);
  double *score = product + s->side * REFS;
  int64_t *row = (int64_t *)(score + s->side * s->most), *ahead = row + s->side * s->most;
  sk_wide *records = (sk_wide *)(ahead + s->side * s->most);
  uint32_t *count = (uint32_t *)(records + 2 * s->most);
  places p[QUERIES];
  int64_t nq = last - first, d = job->d;
  for (int64_t i = 0; i < nq; i++) {
    int64_t at = i * s->most;
    p[i] = (places){.query = first + i, .score = score + at, .row = row + at, .ahead = ahead + at};
    begin(s, &p[i], records, count);
  }
  for (int64_t r = 0; r < job->n; r += REFS) {
    int64_t nr = min64(REFS, job->n - r);
    if (!job->cosine) /* 2 q.r - |r|^2 sorts like the distance */
      for (int64_t i = 0; i < nq; i++)
        for (int64_t j = 0; j < nr; j++) product[i * REFS + j] = -s->ref_measure[r + j];
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)nq, (int)nr, (int)d,
                job->cosine ? 1 : 2, s->queries + first * d, (int)d, s->refs + r * d, (int)d,
                job->cosine ? 0 : 1, product, REFS);
    for (int64_t i = 0; i < nq; i++)
      if (p[i].count > 0) count_tile(s, &p[i], product + i * REFS, nr, r);
  }
  for (int64_t i = 0; i < nq; i++) finish(&p[i], job->out + (first + i) * SK_RANKING);
  sk_slot_give(&s->slots, slot);
}

/* Lays the state out in the scratch; returns the bytes that it takes. */
static int64_t lay_out(state *s, const sk_ranking *job, int threads, char *scratch) {
  int64_t n = job->n, m = job->m, d = job->d;
  s->job = job;
  s->most = 1;
  for (int64_t c = 0; c < job->classes; c++) {
    int64_t size = job->start[c + 1] - job->start[c];
    if (size > s->most) s->most = size;
  }
  s->side = min64(QUERIES, MANY / s->most);
  s->side = min64(s->side, m / 16); /* enough pieces for any pool */
  if (s->side < FEWEST) s->side = FEWEST;
  int64_t slot = s->side * REFS * (int64_t)sizeof(double) + 3 * s->side * s->most * 8 +
                 2 * s->most * (int64_t)sizeof(sk_wide) +
                 SK_RADIX_COUNTS * (int64_t)sizeof(uint32_t);
  s->slot_bytes = slot;
  s->scratch = scratch;
  s->center = (double *)(scratch + threads * slot);
  s->reach = s->center + d;
  s->ref_measure = s->reach + d;
  s->query_measure = job->self ? s->ref_measure : s->ref_measure + n;
  s->refs = s->query_measure + m;
  s->queries = job->self ? s->refs : s->refs + n * d;
  return (char *)(s->queries + m * d) - scratch;
}

int64_t sk_ranking_scratch(const sk_ranking *job, int threads) {
  static char base; /* any address: only differences are used */
  state s = {0};
  return lay_out(&s, job, threads, &base);
}

void sk_rank(const sk_ranking *job, int threads, void *scratch) {
  state s = {.scale = 1};
  lay_out(&s, job, threads, scratch);
  sk_slots_init(&s.slots, threads);
  prepare_rows(&s);
  sk_parallel(job->m, s.side, rank_piece, &s);
}
