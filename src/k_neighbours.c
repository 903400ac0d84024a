/* Exact nearest neighbours in two passes. The first finds for each query a few more candidates than
   asked for, by float32 products; the second measures those in float64. A bound on the errors of
   the first proves that nothing was missed; a query for which it does not is measured against every
   row. */
#include "kernel.h"
#include "slots.h"
#include <cblas.h>
#include <math.h>
#include <string.h>

#define QUERIES 512 /* sides of a tile of scores */
#define REFS    1024
#define SPARE   8         /* candidates beyond k */
#define RUN     16        /* scores that are compared with the threshold at a time */
#define AHEAD   512       /* scores fetched before they are looked at */
#define STRIP   64        /* columns that one piece averages */
#define MANY    (1 << 20) /* candidates of a tile at most: fewer queries for a large k */

typedef struct found {
  double score; /* larger is nearer: a cosine, or minus a squared distance */
  int64_t row;
} found;

typedef struct state {
  const sk_neighbours *job;
  int64_t others;        /* references that a query may choose from */
  int64_t keep, cap;     /* candidates kept, and gathered before they are thinned out */
  int64_t side;          /* queries of a tile */
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

/* --- first pass: candidates ------------------------------------------------------------------- */

/* A candidate as one number: the score's bits, so turned that they sort like the score, above the
   row. (Of equal scores either may stay: where that matters, the bound is not met.) */
static uint64_t key_of(float score, int64_t row) {
  uint32_t u;
  memcpy(&u, &score, sizeof u);
  u = u >> 31 ? ~u : u | 0x80000000u;
  return (uint64_t)u << 32 | (uint32_t)row;
}

static int64_t row_of(uint64_t key) { return (uint32_t)key; }

static float score_of(uint64_t key) {
  uint32_t u = (uint32_t)(key >> 32);
  float score;
  u = u >> 31 ? u & 0x7FFFFFFFu : ~u;
  memcpy(&score, &u, sizeof score);
  return score;
}

/* Moves the `keep` largest to the front (Hoare); the smallest of them comes last. */
static void thin_out(uint64_t *a, int64_t n, int64_t keep) {
  int64_t lo = 0, hi = n - 1, k = keep - 1;
  while (lo < hi) {
    uint64_t pivot = a[lo + (hi - lo) / 2], t;
    int64_t i = lo, j = hi;
    while (i <= j) {
      while (a[i] > pivot) i++;
      while (a[j] < pivot) j--;
      if (i <= j) t = a[i], a[i++] = a[j], a[j--] = t;
    }
    if (k <= j)
      hi = j;
    else if (k >= i)
      lo = i;
    else
      break;
  }
}

typedef struct gather {
  uint64_t *keys;
  int64_t count;
  float threshold;
} gather;

/* Takes up the scores of rows row .. row+n-1 (n <= RUN) that are above the threshold. */
static void take(const state *s, gather *g, const float *score, int64_t n, int64_t row) {
  int32_t above[RUN];
  int64_t count = 0;
  for (int64_t j = 0; j < n; j++) { /* without a branch, which nobody could foretell */
    above[count] = (int32_t)j;
    count += score[j] > g->threshold;
  }
  for (int64_t c = 0; c < count; c++) {
    int64_t j = above[c];
    g->keys[g->count++] = key_of(score[j], row + j);
    if (g->count < s->cap) continue;
    thin_out(g->keys, g->count, s->keep);
    g->count = s->keep;
    g->threshold = score_of(g->keys[s->keep - 1]);
  }
}

/* Scores of rows row .. row+n-1. Most runs hold nothing above the threshold. */
SK_CLONES static void gather_scores(const state *s, gather *g, const float *score, int64_t n,
                                    int64_t row) {
  int64_t j = 0;
  for (; j + RUN <= n; j += RUN) {
    int any = 0;
    float threshold = g->threshold;
    __builtin_prefetch(score + j + AHEAD); /* the next rows too: they follow each other */
    for (int i = 0; i < RUN; i++) any |= score[j + i] > threshold;
    if (any) take(s, g, score + j, RUN, row + j);
  }
  take(s, g, score + j, n - j, row + j);
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

static void finish(const state *s, int64_t query, gather *g, found *best) {
  const sk_neighbours *job = s->job;
  int64_t k = job->k;
  if (g->count > s->keep) {
    thin_out(g->keys, g->count, s->keep);
    g->count = s->keep;
  }
  for (int64_t c = 0; c < g->count; c++) {
    int64_t row = row_of(g->keys[c]);
    best[c] = (found){exact(s, query, row), row};
  }
  float threshold = score_of(g->keys[g->count - 1]); /* right only after thinning out */
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

/* --- the whole -------------------------------------------------------------------------------- */

static void search_piece(void *ctx, int64_t first, int64_t last) {
  state *s = ctx;
  const sk_neighbours *job = s->job;
  int slot = sk_slot_take(&s->slots);
  float *scores = (float *)(s->scratch + slot * s->slot_bytes);
  found *best = (found *)(scores + s->side * REFS);
  uint64_t *keys = (uint64_t *)(best + s->keep);
  gather g[QUERIES];
  int64_t nq = last - first, d = job->d;
  for (int64_t i = 0; i < nq; i++) g[i] = (gather){keys + i * s->cap, 0, -INFINITY};
  for (int64_t r = 0; r < job->n; r += REFS) {
    int64_t nr = min64(REFS, job->n - r);
    if (!job->cosine) /* q.r - |r|^2 / 2 sorts like the distance */
      for (int64_t i = 0; i < nq; i++)
        memcpy(scores + i * REFS, s->half + r, (size_t)nr * sizeof(float));
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)nq, (int)nr, (int)d, 1,
                s->queries + first * d, (int)d, s->refs + r * d, (int)d, job->cosine ? 0 : 1,
                scores, REFS);
    for (int64_t i = 0; i < nq; i++) {
      int64_t own = first + i - r;
      if (job->self && own >= 0 && own < nr) scores[i * REFS + own] = -INFINITY;
      gather_scores(s, &g[i], scores + i * REFS, nr, r);
    }
  }
  for (int64_t i = 0; i < nq; i++) finish(s, first + i, &g[i], best);
  sk_slot_give(&s->slots, slot);
}

/* Lays the state out in the scratch; returns the bytes that it takes. */
static int64_t lay_out(state *s, const sk_neighbours *job, int threads, char *scratch) {
  int64_t n = job->n, m = job->m;
  s->job = job;
  s->others = job->self ? n - 1 : n;
  s->keep = min64(job->k + SPARE, s->others);
  s->cap = 2 * s->keep + RUN;
  s->side = m >= 16 * QUERIES ? QUERIES : m < QUERIES ? 16 : m / 16; /* enough for any pool */
  if (s->side * s->cap > MANY) s->side = MANY / s->cap > 16 ? MANY / s->cap : 16;
  s->slot_bytes = s->side * REFS * (int64_t)sizeof(float) + s->keep * (int64_t)sizeof(found) +
                  s->side * s->cap * (int64_t)sizeof(uint64_t);
  s->scratch = scratch;
  s->center = job->cosine ? 0 : (double *)(scratch + threads * s->slot_bytes);
  s->ref_measure = (double *)(scratch + threads * s->slot_bytes) + job->d;
  s->query_measure = job->self ? s->ref_measure : s->ref_measure + n;
  s->refs = (float *)(s->query_measure + m);
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
  sk_parallel(job->m, s.side, search_piece, &s);
}
