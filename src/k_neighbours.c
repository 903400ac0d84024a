/* Exact nearest neighbours in two passes. The first finds for each query a few more candidates than
   asked for, by float32 products; the second measures those in float64. A bound on the errors of
   the first proves that nothing was missed; a query for which it does not is measured against every
   row. */
#include "candidates.h"
#include "slots.h"
#include <cblas.h>
#include <math.h>
#include <string.h>

#define QUERIES 1024 /* sides of a tile of scores */
#define REFS    1024
#define HALF    512       /* of one that serves both sides */
#define SPARE   8         /* candidates beyond k */
#define STRIP   64        /* columns that one piece averages */
#define MANY    (1 << 20) /* candidates of a tile at most: fewer queries for a large k */
#define PAIRS   (1 << 25) /* candidates of all rows at most, for each pair to be looked at once */

typedef struct found {
  double score; /* larger is nearer: a cosine, or minus a squared distance */
  int64_t row;
} found;

typedef struct state {
  const sk_neighbours *job;
  int64_t others;        /* references that a query may choose from */
  sk_limits limits;      /* of candidates */
  int64_t side;          /* queries of a tile */
  bool pairs;            /* each pair of rows is looked at once, for both of them */
  sk_candidates *all;    /* pairs: [m] */
  float *refs, *queries; /* [n,d] [m,d], prepared */
  float *half;           /* l2: [n], minus half the squares of refs */
  double *ref_measure;   /* [n], cosine: 1 / norm of a row; l2: its square, once prepared */
  double *query_measure; /* [m], the same */
  double *center, scale; /* l2 */
  double reach;          /* l2: the largest norm of a prepared reference */
  char *scratch;
  int64_t slot_bytes;
  sk_slots slots;
} state;

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

static const char *row_at(const sk_neighbours *job, const void *rows, int64_t i) {
  return (const char *)rows + i * job->d * sk_itemsize[job->dtype];
}

/* --- preparing -------------------------------------------------------------------------------- */

/* Cosine: unit rows. l2: rows centred and scaled, so that float32 holds what tells them apart. */

typedef struct prepare {
  const state *s;
  const void *rows;
  float *out;
  double *measure;
} prepare;

static void center_piece(void *ctx, int64_t first, int64_t last) {
  const state *s = ctx;
  const sk_neighbours *job = s->job;
  double w = 1 / (double)job->n;
  memset(s->center + first, 0, (size_t)(last - first) * sizeof(double));
  for (int64_t i = 0; i < job->n; i++)
    for (int64_t j = first; j < last; j++)
      s->center[j] += w * (job->dtype == SK_F32 ? ((const float *)job->refs)[i * job->d + j]
                                                : ((const double *)job->refs)[i * job->d + j]);
}

static void largest_piece(void *ctx, int64_t first, int64_t last) {
  const prepare *p = ctx;
  const sk_neighbours *job = p->s->job;
  for (int64_t i = first; i < last; i++)
    p->measure[i] = sk_row_largest(job->dtype, row_at(job, p->rows, i), p->s->center, job->d);
}

static void prepare_piece(void *ctx, int64_t first, int64_t last) {
  const prepare *p = ctx;
  const state *s = p->s;
  const sk_neighbours *job = s->job;
  int64_t d = job->d;
  for (int64_t i = first; i < last; i++) {
    const void *x = row_at(job, p->rows, i);
    float *out = p->out + i * d;
    if (job->cosine) {
      p->measure[i] = sk_row_unit(job->dtype, x, d);
      sk_row_scale32(job->dtype, x, 0, p->measure[i], d, out);
    } else {
      sk_row_scale32(job->dtype, x, s->center, s->scale, d, out);
      p->measure[i] = sk_row_squares(SK_F32, out, 1, d);
    }
  }
}

static double largest(const double *x, int64_t n) {
  double a = 0;
  for (int64_t i = 0; i < n; i++) a = x[i] > a ? x[i] : a;
  return a;
}

static void prepare_rows(state *s) {
  const sk_neighbours *job = s->job;
  prepare refs = {s, job->refs, s->refs, s->ref_measure};
  prepare queries = {s, job->queries, s->queries, s->query_measure};
  if (!job->cosine) { /* squares of scaled rows neither overflow nor vanish */
    sk_parallel(job->d, STRIP, center_piece, s);
    sk_parallel(job->n, 64, largest_piece, &refs);
    if (!job->self) sk_parallel(job->m, 64, largest_piece, &queries);
    double a = fmax(largest(s->ref_measure, job->n), largest(s->query_measure, job->m));
    s->scale = a > 0 && isfinite(a) ? ldexp(1, -ilogb(a)) : 1;
  }
  sk_parallel(job->n, 64, prepare_piece, &refs);
  if (!job->self) sk_parallel(job->m, 64, prepare_piece, &queries);
  if (!job->cosine) {
    for (int64_t i = 0; i < job->n; i++) s->half[i] = (float)(-0.5 * s->ref_measure[i]);
    s->reach = sqrt(largest(s->ref_measure, job->n));
  }
}

/* --- second pass: float64 --------------------------------------------------------------------- */

static bool nearer(found a, found b) {
  return a.score > b.score || (a.score == b.score && a.row < b.row);
}

static void sift_down(found *a, int64_t i, int64_t n) {
  for (int64_t c; (c = 2 * i + 1) < n; i = c) {
    if (c + 1 < n && nearer(a[c], a[c + 1])) c++;
    if (!nearer(a[i], a[c])) return;
    found t = a[i];
    a[i] = a[c], a[c] = t;
  }
}

/* A heap with the farthest at its root, and with it a sort, nearest first. */
static void make_heap(found *a, int64_t n) {
  for (int64_t i = n / 2 - 1; i >= 0; i--) sift_down(a, i, n);
}

static void sort_found(found *a, int64_t n) {
  make_heap(a, n);
  for (int64_t last = n - 1; last > 0; last--) {
    found t = a[0];
    a[0] = a[last], a[last] = t;
    sift_down(a, 0, last);
  }
}

static double exact(const state *s, int64_t query, int64_t ref) {
  const sk_neighbours *job = s->job;
  const void *x = row_at(job, job->queries, query), *y = row_at(job, job->refs, ref);
  if (job->cosine)
    return sk_row_product(job->dtype, x, s->query_measure[query], y, s->ref_measure[ref], job->d);
  return -sk_row_distance(job->dtype, x, s->scale, y, s->scale, job->d);
}

/* Could a row whose first score was at most `threshold` be as near as the last of the k? */
static bool doubtful(const state *s, int64_t query, double kth, float threshold) {
  const sk_neighbours *job = s->job;
  double u = 0x1p-24, slack = 1.02 * u * (double)(job->d + 8);
  if (job->cosine) return kth <= threshold + slack;
  double square = s->query_measure[query], q = sqrt(square), r = s->reach;
  slack = slack * (q * r + 0.5 * r * r) + 4 * u * square;
  return 0.5 * (square + kth) <= threshold + slack;
}

static void search_all(const state *s, int64_t query, found *best) {
  const sk_neighbours *job = s->job;
  int64_t have = 0;
  for (int64_t j = 0; j < job->n; j++) {
    if (job->self && j == query) continue;
    found f = {exact(s, query, j), j};
    if (have < job->k) {
      best[have++] = f;
      if (have == job->k) make_heap(best, have);
    } else if (nearer(f, best[0])) {
      best[0] = f;
      sift_down(best, 0, have);
    }
  }
}

static void finish(const state *s, int64_t query, sk_candidates *g, found *best) {
  const sk_neighbours *job = s->job;
  int64_t k = job->k;
  float threshold = sk_candidates_close(g, s->limits);
  for (int64_t c = 0; c < g->count; c++) {
    int64_t row = sk_candidate_row(g->keys[c]);
    best[c] = (found){exact(s, query, row), row};
  }
  sort_found(best, g->count);
  if (g->count < s->others && doubtful(s, query, best[k - 1].score, threshold)) {
    search_all(s, query, best);
    sort_found(best, k);
  }
  for (int64_t c = 0; c < k; c++) {
    double v = best[c].score;
    job->index[query * k + c] = best[c].row + 1;
    job->score[query * k + c] = job->cosine ? fmax(-1, fmin(1, v)) : sqrt(-v) / s->scale;
  }
}

/* --- first pass: scores ----------------------------------------------------------------------- */

/* A slot's scratch. */
static float *scores_of(const state *s, int slot) {
  return (float *)(s->scratch + slot * s->slot_bytes);
}

static found *best_of(const state *s, float *scores) { return (found *)(scores + s->side * REFS); }

static void products(const state *s, int64_t q, int64_t nq, int64_t r, int64_t nr, float beta,
                     float *scores) {
  int d = (int)s->job->d;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)nq, (int)nr, d, 1, s->queries + q * d,
              d, s->refs + r * d, d, beta, scores, REFS);
}

/* Some queries against all references. */
static void search_piece(void *ctx, int64_t first, int64_t last) {
  state *s = ctx;
  const sk_neighbours *job = s->job;
  int slot = sk_slot_take(&s->slots);
  float *scores = scores_of(s, slot);
  found *best = best_of(s, scores);
  uint64_t *keys = (uint64_t *)(best + s->limits.keep);
  sk_candidates g[QUERIES];
  int64_t nq = last - first;
  for (int64_t i = 0; i < nq; i++) g[i] = sk_no_candidates(keys + i * s->limits.cap);
  for (int64_t r = 0; r < job->n; r += REFS) {
    int64_t nr = min64(REFS, job->n - r);
    if (!job->cosine) /* q.r - |r|^2 / 2 sorts like the distance */
      for (int64_t i = 0; i < nq; i++)
        memcpy(scores + i * REFS, s->half + r, (size_t)nr * sizeof(float));
    products(s, first, nq, r, nr, job->cosine ? 0 : 1, scores);
    for (int64_t i = 0; i < nq; i++) {
      int64_t own = first + i - r;
      if (job->self && own >= 0 && own < nr) scores[i * REFS + own] = -INFINITY;
      sk_candidates_add(&g[i], s->limits, scores + i * REFS, nr, r);
    }
  }
  for (int64_t i = 0; i < nq; i++) finish(s, first + i, &g[i], best);
  sk_slot_give(&s->slots, slot);
}

/* A tile of products serves the queries of its rows and those of its columns. Tiles are taken in
   rounds, as matches of a tournament are: those of a round share no query. */
typedef struct tournament {
  state *s;
  int64_t blocks, round;
} tournament;

static void add_half(const state *s, float *scores, int64_t nq, int64_t r, int64_t nr) {
  if (s->job->cosine) return;
  for (int64_t i = 0; i < nq; i++)
    for (int64_t j = 0; j < nr; j++) scores[i * REFS + j] += s->half[r + j];
}

/* to[b,a] = the transpose of from[a,b], in small squares */
static void turn(const float *from, int64_t a, int64_t b, float *to) {
  for (int64_t i0 = 0; i0 < a; i0 += 16)
    for (int64_t j = 0; j < b; j++)
      for (int64_t i = i0; i < min64(i0 + 16, a); i++) to[j * REFS + i] = from[i * REFS + j];
}

static void add_tile(state *s, float *scores, int64_t q, int64_t nq, int64_t r, int64_t nr) {
  add_half(s, scores, nq, r, nr);
  for (int64_t i = 0; i < nq; i++) {
    if (q == r) scores[i * REFS + i] = -INFINITY;
    sk_candidates_add(&s->all[q + i], s->limits, scores + i * REFS, nr, r);
  }
}

static void match(const tournament *t, int slot, int64_t a, int64_t b) {
  state *s = t->s;
  float *scores = scores_of(s, slot), *turned = scores + HALF; /* its right half */
  int64_t q = a * HALF, r = b * HALF;
  int64_t nq = min64(HALF, s->job->n - q), nr = min64(HALF, s->job->n - r);
  products(s, q, nq, r, nr, 0, scores);
  if (a != b) {
    turn(scores, nq, nr, turned);
    add_tile(s, turned, r, nr, q, nq);
  }
  add_tile(s, scores, q, nq, r, nr);
}

/* Round 0: everyone against himself. Then the circle method, where the last of an even number stays
   in its place and the others move on; of an odd number, his opponent rests. */
static void match_piece(void *ctx, int64_t first, int64_t last) {
  const tournament *t = ctx;
  int64_t even = t->blocks + t->blocks % 2, circle = even - 1;
  int slot = sk_slot_take(&t->s->slots);
  for (int64_t p = first; p < last; p++) {
    int64_t a = p, b = p;
    if (t->round > 0) {
      a = (t->round + p) % circle;
      b = p == 0 ? circle : (t->round - p + circle) % circle;
    }
    if (a < t->blocks && b < t->blocks) match(t, slot, a < b ? a : b, a < b ? b : a);
  }
  sk_slot_give(&t->s->slots, slot);
}

static void finish_piece(void *ctx, int64_t first, int64_t last) {
  state *s = ctx;
  int slot = sk_slot_take(&s->slots);
  found *best = best_of(s, scores_of(s, slot));
  for (int64_t i = first; i < last; i++) finish(s, i, &s->all[i], best);
  sk_slot_give(&s->slots, slot);
}

static void search_pairs(state *s) {
  int64_t n = s->job->n, blocks = (n + HALF - 1) / HALF, even = blocks + blocks % 2;
  tournament t = {s, blocks, 0};
  uint64_t *keys = (uint64_t *)(s->all + n);
  for (int64_t i = 0; i < n; i++) s->all[i] = sk_no_candidates(keys + i * s->limits.cap);
  for (; t.round < even; t.round++) sk_parallel(t.round ? even / 2 : blocks, 1, match_piece, &t);
  sk_parallel(n, 64, finish_piece, s);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Lays the state out in the scratch; returns the bytes that it takes. */
static int64_t lay_out(state *s, const sk_neighbours *job, int threads, char *scratch) {
  int64_t n = job->n, m = job->m, keep, cap;
  s->job = job;
  s->others = job->self ? n - 1 : n;
  s->limits = sk_candidate_limits(min64(job->k + SPARE, s->others));
  keep = s->limits.keep, cap = s->limits.cap;
  s->pairs = job->self && n >= 4 * HALF && n * cap <= PAIRS;
  s->side = s->pairs ? HALF : m >= 8 * QUERIES ? QUERIES : m < HALF ? 16 : m / 8; /* for any pool */
  if (!s->pairs && s->side * cap > MANY) s->side = MANY / cap > 16 ? MANY / cap : 16;
  s->slot_bytes = s->side * REFS * (int64_t)sizeof(float) + keep * (int64_t)sizeof(found) +
                  (s->pairs ? 0 : s->side * cap * (int64_t)sizeof(uint64_t));
  s->scratch = scratch;
  s->center = job->cosine ? 0 : (double *)(scratch + threads * s->slot_bytes);
  s->ref_measure = (double *)(scratch + threads * s->slot_bytes) + job->d;
  s->query_measure = job->self ? s->ref_measure : s->ref_measure + n;
  s->all = (sk_candidates *)(s->query_measure + m);
  s->refs = (float *)(s->pairs ? (char *)(s->all + n) + n * cap * (int64_t)sizeof(uint64_t)
                               : (char *)s->all);
  s->queries = job->self ? s->refs : s->refs + n * job->d;
  s->half = s->queries + m * job->d;
  return (char *)(s->half + n) - scratch;
}

int64_t sk_neighbours_scratch(const sk_neighbours *job, int threads) {
  static char base; /* any address: only differences are used */
  state s = {0};
  return lay_out(&s, job, threads, &base);
}

void sk_neighbours_find(const sk_neighbours *job, int threads, void *scratch) {
  state s = {.scale = 1};
  lay_out(&s, job, threads, scratch);
  sk_slots_init(&s.slots, threads);
  prepare_rows(&s);
  if (s.pairs)
    search_pairs(&s);
  else
    sk_parallel(job->m, s.side, search_piece, &s);
}
