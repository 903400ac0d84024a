/* Probes: the vote of nearest neighbours, and the loss of a multinomial logistic regression with
   its gradient. */
#include "kernel.h"
#include <cblas.h>
#include <math.h>
#include <string.h>

#define PARTS 16  /* partial gradients, added in order */
#define ROWS  256 /* rows whose scores are worked on at a time */

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* --- votes ------------------------------------------------------------------------------------ */

static double weight(const sk_vote *v, double score, double nearest) {
  switch (v->weights) {
  case SK_VOTE_UNIFORM: return 1;
  case SK_VOTE_INVERSE: return 1 / (score + 1e-5);
  default: /* shifted by the nearest, which so weighs 1: nothing overflows */
    if (v->cosine) return exp((score - nearest) / v->temperature);
    return exp((nearest * nearest - score * score) / (2 * v->temperature));
  }
}

/* How near a class's voters are in sum: it breaks ties of plain majorities. */
static double closeness(const sk_vote *v, int64_t query, int64_t class) {
  double sum = 0;
  for (int64_t c = query * v->k; c < (query + 1) * v->k; c++)
    if (v->label[v->index[c] - 1] == class + 1) sum += v->cosine ? v->score[c] : -v->score[c];
  return sum;
}

static void vote_piece(void *ctx, int64_t first, int64_t last) {
  const sk_vote *v = ctx;
  for (int64_t q = first; q < last; q++) {
    double *votes = v->votes + q * v->classes;
    int64_t best = 0;
    memset(votes, 0, (size_t)v->classes * sizeof(double));
    for (int64_t c = q * v->k; c < (q + 1) * v->k; c++)
      votes[v->label[v->index[c] - 1] - 1] += weight(v, v->score[c], v->score[q * v->k]);
    for (int64_t j = 1; j < v->classes; j++) {
      bool wins = votes[j] > votes[best];
      if (votes[j] == votes[best] && votes[j] > 0 && v->weights == SK_VOTE_UNIFORM)
        wins = closeness(v, q, j) > closeness(v, q, best);
      if (wins) best = j;
    }
    v->winner[q] = best + 1;
  }
}

void sk_knn_vote(sk_vote *vote) { sk_parallel(vote->queries, 64, vote_piece, vote); }

/* --- logistic regression ---------------------------------------------------------------------- */

typedef struct logistic {
  const double *x, *w;
  const int64_t *y;
  int64_t n, d, classes, each; /* each: rows of a part */
  double *grads, *scores;      /* [part][classes][d+1], [part][ROWS][classes] */
  double loss[PARTS];
} logistic;

/* Scores -> (softmax - one-hot) / n; returns the sum of the losses. */
static double residuals(double *z, const int64_t *y, int64_t rows, int64_t classes, double n) {
  double loss = 0;
  for (int64_t i = 0; i < rows; i++, z += classes) {
    double top = z[0], sum = 0;
    for (int64_t c = 1; c < classes; c++) top = z[c] > top ? z[c] : top;
    double own = z[y[i] - 1] - top;
    for (int64_t c = 0; c < classes; c++) sum += z[c] = exp(z[c] - top);
    loss += log(sum) - own;
    for (int64_t c = 0; c < classes; c++) z[c] /= sum * n;
    z[y[i] - 1] -= 1 / n;
  }
  return loss;
}

static void logistic_piece(void *ctx, int64_t first, int64_t last) {
  logistic *p = ctx;
  int64_t d = p->d, k = p->classes, w = d + 1;
  for (int64_t part = first; part < last; part++) {
    double *grad = p->grads + part * k * w, *z = p->scores + part * ROWS * k;
    int64_t end = min64(p->n, (part + 1) * p->each);
    memset(grad, 0, (size_t)(k * w) * sizeof(double));
    p->loss[part] = 0;
    for (int64_t r = part * p->each; r < end; r += ROWS) {
      int64_t rows = min64(ROWS, end - r);
      const double *x = p->x + r * d;
      for (int64_t i = 0; i < rows; i++)
        for (int64_t c = 0; c < k; c++) z[i * k + c] = p->w[c * w + d];
      if (d > 0)
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)k, (int)d, 1, x,
                    (int)d, p->w, (int)w, 1, z, (int)k);
      p->loss[part] += residuals(z, p->y + r, rows, k, (double)p->n);
      if (d > 0)
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)k, (int)d, (int)rows, 1, z,
                    (int)k, x, (int)d, 1, grad, (int)w);
      for (int64_t i = 0; i < rows; i++)
        for (int64_t c = 0; c < k; c++) grad[c * w + d] += z[i * k + c];
    }
  }
}

int64_t sk_logistic_scratch(int64_t d, int64_t classes) {
  return PARTS * classes * (d + 1 + ROWS) * (int64_t)sizeof(double);
}

double sk_logistic(const double *x, const int64_t *y, int64_t n, int64_t d, int64_t classes,
                   const double *w, const double *penalty, double *grad, double *scratch) {
  int64_t size = classes * (d + 1), each = (n + PARTS - 1) / PARTS;
  each = (each + ROWS - 1) / ROWS * ROWS;
  int64_t parts = (n + each - 1) / each;
  logistic p = {.x = x,
                .w = w,
                .y = y,
                .n = n,
                .d = d,
                .classes = classes,
                .each = each,
                .grads = scratch,
                .scores = scratch + PARTS * size};
  double loss = 0, norm = 0;
  sk_parallel(parts, 1, logistic_piece, &p);
  memset(grad, 0, (size_t)size * sizeof(double));
  for (int64_t q = 0; q < parts; q++) {
    loss += p.loss[q];
    for (int64_t i = 0; i < size; i++) grad[i] += p.grads[q * size + i];
  }
  for (int64_t c = 0; c < classes; c++)
    for (int64_t j = 0; j < d; j++) {
      int64_t i = c * (d + 1) + j;
      grad[i] += penalty[j] * w[i];
      norm += penalty[j] * w[i] * w[i];
    }
  return loss / (double)n + 0.5 * norm;
}
