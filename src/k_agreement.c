/* How far two ways to divide the same things agree: what chance alone would give, and the best
   pairing of the parts. */
#include "kernel.h"
#include <math.h>

#define NEGLIGIBLE 1e-18

/* --- the mutual information that chance gives ------------------------------------------------- */

typedef struct chance {
  const sk_parts *a, *b;
  double n, *parts;
} chance;

/* Of a part of a things and one of b, x in common: x follows the hypergeometric distribution, whose
   neighbouring weights have simple ratios. Outwards from the most likely x the weights fall, and
   dividing by their sum makes them probabilities: no factorial, and none of its rounding. As the
   mean of r = x n / (a b) is 1, the mean of r ln r is that of r ln r - (r - 1), in which nothing
   cancels. */
static double information(double a, double b, double n) {
  double least = fmax(0, a + b - n), most = fmin(a, b);
  double mode = fmin(most, fmax(least, floor((a + 1) * (b + 1) / (n + 2))));
  double total = 0, sum = 0;
  for (int up = 0; up < 2; up++) {
    double x = mode, w = 1;
    for (;;) {
      double over = (x * n - a * b) / (a * b), g = x > 0 ? (1 + over) * log1p(over) - over : 1;
      if (up || x < mode) total += w, sum += w * g;
      if (x < mode - 1 || x > mode + 1)
        if (w < NEGLIGIBLE * total && w * g < NEGLIGIBLE * sum) break;
      if (up) {
        if (x >= most) break;
        w *= (a - x) * (b - x) / ((x + 1) * (n - a - b + x + 1));
        x++;
      } else {
        if (x <= least) break;
        w *= x * (n - a - b + x) / ((a - x + 1) * (b - x + 1));
        x--;
      }
    }
  }
  return a * b / n / n * (sum / total);
}

static void chance_piece(void *ctx, int64_t first, int64_t last) {
  const chance *p = ctx;
  for (int64_t i = first; i < last; i++) {
    double sum = 0;
    for (int64_t j = 0; j < p->b->kinds; j++)
      sum +=
          (double)p->b->count[j] * information((double)p->a->size[i], (double)p->b->size[j], p->n);
    p->parts[i] = (double)p->a->count[i] * sum;
  }
}

double sk_expected_information(const sk_parts *a, const sk_parts *b, double n, double *scratch) {
  chance p = {a, b, n, scratch};
  double sum = 0;
  sk_parallel(a->kinds, 1, chance_piece, &p);
  for (int64_t i = 0; i < a->kinds; i++) sum += p.parts[i];
  return sum;
}

/* --- the best pairing ------------------------------------------------------------------------- */

#define WALL (INT64_C(1) << 60) /* farther than any way: gains have 32 bits */

typedef struct search {
  int64_t cols;
  int64_t *price; /* of each column */
  int64_t *owner; /* the row that has it, or -1 */
  int64_t *near;  /* how far it is along the ways known so far, */
  int64_t *way;   /* and the row before it on the shortest */
  int64_t *wall;  /* WALL for one that has been passed */
} search;

/* What the ways through row `from`, `far` away but for its price, make nearer; returns how far the
   nearest column is that has not been passed. None that has comes nearer: no way has a negative
   length. */
SK_CLONES static int64_t relax(const search *s, const int64_t *gain, int64_t far, int64_t from) {
  const int64_t *restrict price = s->price, *restrict wall = s->wall;
  int64_t *restrict near = s->near, *restrict way = s->way, cols = s->cols, least = WALL;
  for (int64_t j = 0; j < cols; j++) {
    int64_t v = far - gain[j] - price[j], known = near[j];
    way[j] = v < known ? from : way[j];
    v = v < known ? v : known;
    near[j] = v;
    v += wall[j];
    least = v < least ? v : least;
  }
  return least;
}

/* Of the columns at that distance, one without an owner, else the first. */
static int64_t next_column(const search *s, int64_t far) {
  int64_t first = -1;
  for (int64_t j = 0; j < s->cols; j++) {
    if (s->near[j] + s->wall[j] != far) continue;
    if (s->owner[j] < 0) return j;
    if (first < 0) first = j;
  }
  return first;
}

int64_t sk_assign_scratch(int64_t rows, int64_t cols) {
  return (rows + 5 * cols) * (int64_t)sizeof(int64_t);
}

/* Row after row joins by the shortest way that ends in a column without an owner. The length of a
   step is minus the gain, and the prices of rows and columns keep it from being negative. */
void sk_assign(const int64_t *gain, int64_t rows, int64_t cols, int64_t *column, int64_t *scratch) {
  int64_t *price = scratch; /* of rows */
  search s = {.cols = cols, .price = price + rows};
  s.owner = s.price + cols, s.near = s.owner + cols, s.way = s.near + cols, s.wall = s.way + cols;
  for (int64_t i = 0; i < rows; i++) price[i] = 0, column[i] = -1;
  for (int64_t j = 0; j < cols; j++) s.price[j] = 0, s.owner[j] = -1;
  for (int64_t start = 0; start < rows; start++) {
    int64_t i = start, far = 0, end;
    for (int64_t j = 0; j < cols; j++) s.near[j] = WALL, s.wall[j] = 0;
    for (;;) {
      far = relax(&s, gain + i * cols, far - price[i], i);
      end = next_column(&s, far);
      s.wall[end] = WALL;
      if (s.owner[end] < 0) break;
      i = s.owner[end];
    }
    price[start] += far;
    for (int64_t j = 0; j < cols; j++) {
      if (!s.wall[j]) continue;
      if (s.owner[j] >= 0) price[s.owner[j]] += far - s.near[j];
      s.price[j] -= far - s.near[j];
    }
    while (end >= 0) { /* along the way back, every row takes the column behind it */
      int64_t from = s.way[end], before = column[from];
      s.owner[end] = from;
      column[from] = end;
      end = from == start ? -1 : before;
    }
  }
}
