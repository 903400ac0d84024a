/* Probes: the vote of nearest neighbours, and the loss of a multinomial logistic regression with
   its gradient. */
#include "kernel.h"
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

/* Products with few classes: a BLAS spends its time packing such thin matrices. Up to TILE classes
   keep their sums in registers while the rows of x pass by. */
#define TILE 5
typedef double lanes __attribute__((vector_size(64), aligned(8), may_alias));
enum { LANES = sizeof(lanes) / sizeof(double) };

static inline double lanes_sum(lanes v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/* Two rows' scores, z += x w[K,d+1]^T, and grad[K,d+1] += z[rows,k]^T x[rows,d], for K classes. */
#define THIN(K)                                                                                    \
  SK_CLONES static void scores_##K(const double *const x[2], int64_t d, const double *w,           \
                                   double *const z[2]) {                                           \
    lanes sum[2][K] = {0};                                                                         \
    int64_t j = 0;                                                                                 \
    for (; j + LANES <= d; j += LANES) {                                                           \
      lanes a = *(const lanes *)(x[0] + j), b = *(const lanes *)(x[1] + j);                        \
      for (int c = 0; c < K; c++) {                                                                \
        lanes v = *(const lanes *)(w + c * (d + 1) + j);                                           \
        sum[0][c] += a * v;                                                                        \
        sum[1][c] += b * v;                                                                        \
      }                                                                                            \
    }                                                                                              \
    for (int c = 0; c < K; c++) {                                                                  \
      double first = lanes_sum(sum[0][c]), second = lanes_sum(sum[1][c]);                          \
      for (int64_t i = j; i < d; i++) {                                                            \
        first += x[0][i] * w[c * (d + 1) + i];                                                     \
        second += x[1][i] * w[c * (d + 1) + i];                                                    \
      }                                                                                            \
      z[0][c] += first;                                                                            \
      z[1][c] += second;                                                                           \
    }                                                                                              \
  }                                                                                                \
  SK_CLONES static void gradient_##K(const double *x, int64_t rows, int64_t d, const double *z,    \
                                     int64_t k, double *grad) {                                    \
    int64_t j = 0;                                                                                 \
    for (; j + 2 * LANES <= d; j += 2 * LANES) {                                                   \
      lanes sum[2][K] = {0};                                                                       \
      for (int64_t i = 0; i < rows; i++) {                                                         \
        lanes a = *(const lanes *)(x + i * d + j), b = *(const lanes *)(x + i * d + j + LANES);    \
        for (int c = 0; c < K; c++) {                                                              \
          sum[0][c] += a * z[i * k + c];                                                           \
          sum[1][c] += b * z[i * k + c];                                                           \
        }                                                                                          \
      }                                                                                            \
      for (int c = 0; c < K; c++) {                                                                \
        *(lanes *)(grad + c * (d + 1) + j) += sum[0][c];                                           \
        *(lanes *)(grad + c * (d + 1) + j + LANES) += sum[1][c];                                   \
      }                                                                                            \
    }                                                                                              \
    for (int c = 0; c < K; c++)                                                                    \
      for (int64_t i = 0; i < rows; i++)                                                           \
        for (int64_t t = j; t < d; t++) grad[c * (d + 1) + t] += z[i * k + c] * x[i * d + t];      \
  }
THIN(1)
THIN(2)
THIN(3)
THIN(4)
THIN(5)

static void (*const thin_scores[TILE])(const double *const[2], int64_t, const double *,
                                       double *const[2]) = {scores_1, scores_2, scores_3, scores_4,
                                                            scores_5};
static void (*const thin_gradient[TILE])(const double *, int64_t, int64_t, const double *, int64_t,
                                         double *) = {gradient_1, gradient_2, gradient_3,
                                                      gradient_4, gradient_5};

/* z[rows,k] += x[rows,d] w[k,d+1]^T */
static void add_scores(const double *x, int64_t rows, int64_t d, const double *w, double *z,
                       int64_t k) {
  double unused[TILE] = {0};
  for (int64_t i = 0; i < rows; i += 2) {
    bool last = i + 1 == rows; /* an odd row out is its own partner, whose scores go nowhere */
    const double *pair[2] = {x + i * d, x + (last ? i : i + 1) * d};
    for (int64_t c = 0; c < k; c += TILE) {
      double *to[2] = {z + i * k + c, last ? unused : z + (i + 1) * k + c};
      thin_scores[min64(TILE, k - c) - 1](pair, d, w + c * (d + 1), to);
    }
  }
}

/* grad[k,d+1] += z[rows,k]^T x[rows,d] */
static void add_gradient(const double *x, int64_t rows, int64_t d, const double *z, double *grad,
                         int64_t k) {
  for (int64_t c = 0; c < k; c += TILE)
    thin_gradient[min64(TILE, k - c) - 1](x, rows, d, z + c, k, grad + c * (d + 1));
}

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
      add_scores(x, rows, d, p->w, z, k);
      p->loss[part] += residuals(z, p->y + r, rows, k, (double)p->n);
      add_gradient(x, rows, d, z, grad, k);
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
