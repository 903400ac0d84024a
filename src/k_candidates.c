/* The best of many scores: what is above the last of them so far is put aside, and when there is no
   room left, all are thinned out. */
#include "candidates.h"
#include <math.h>
#include <string.h>

#define RUN   16  /* scores that are compared with the threshold at a time */
#define AHEAD 512 /* scores fetched before they are looked at */

/* The score's bits, so turned that they sort like the score, above the row. */
static uint64_t key_of(float score, int64_t row) {
  uint32_t u;
  memcpy(&u, &score, sizeof u);
  u = u >> 31 ? ~u : u | 0x80000000u;
  return (uint64_t)u << 32 | (uint32_t)row;
}

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

sk_limits sk_candidate_limits(int64_t keep) { return (sk_limits){keep, 2 * keep + RUN}; }

sk_candidates sk_no_candidates(uint64_t *keys) { return (sk_candidates){keys, 0, -INFINITY}; }

/* Takes up the scores of rows row .. row+n-1 (n <= RUN) that are above the threshold. */
static void take(sk_candidates *c, sk_limits limits, const float *score, int64_t n, int64_t row) {
  int32_t above[RUN];
  int64_t count = 0;
  for (int64_t j = 0; j < n; j++) { /* without a branch, which nobody could foretell */
    above[count] = (int32_t)j;
    count += score[j] > c->threshold;
  }
  for (int64_t i = 0; i < count; i++) {
    int64_t j = above[i];
    c->keys[c->count++] = key_of(score[j], row + j);
    if (c->count < limits.cap) continue;
    thin_out(c->keys, c->count, limits.keep);
    c->count = limits.keep;
    c->threshold = score_of(c->keys[limits.keep - 1]);
  }
}

/* Most runs hold nothing above the threshold. */
SK_CLONES void sk_candidates_add(sk_candidates *c, sk_limits limits, const float *score, int64_t n,
                                 int64_t row) {
  int64_t j = 0;
  for (; j + RUN <= n; j += RUN) {
    int any = 0;
    float threshold = c->threshold;
    __builtin_prefetch(score + j + AHEAD); /* the next rows too: they follow each other */
    for (int i = 0; i < RUN; i++) any |= score[j + i] > threshold;
    if (any) take(c, limits, score + j, RUN, row + j);
  }
  take(c, limits, score + j, n - j, row + j);
}

float sk_candidates_close(sk_candidates *c, sk_limits limits) {
  if (c->count > limits.keep) {
    thin_out(c->keys, c->count, limits.keep);
    c->count = limits.keep;
  }
  float least = score_of(c->keys[0]);
  for (int64_t i = 1; i < c->count; i++) least = fminf(least, score_of(c->keys[i]));
  return least;
}
