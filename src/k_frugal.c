/* A step of FRUGAL: along one axis of a parameter, the picked positions take a step of AdamW or
   Lion, whose moments are kept for them alone, and the others one by the sign of the gradient. */
#include "kernel.h"

#define WORK  16384
#define CHUNK 256 /* single picked elements that are laid side by side for their step */

typedef struct work {
  const sk_frugal *s;
  char *x, *m, *v;
  const char *g;
  int64_t size, chunk, chunks; /* bytes an element; picks a chunk; chunks a row */
} work;

/* n elements with moments from `slot` on. */
static void active_step(const work *w, int64_t n, char *x, const char *g, int64_t slot) {
  const sk_frugal *s = w->s;
  char *m = w->m + slot * w->size;
  if (s->by_lion)
    sk_lion(&s->lion, s->dtype, n, x, g, m);
  else
    sk_adam(&s->adam, s->dtype, n, x, g, m, w->v + slot * w->size);
}

static void sign_step(const work *w, int64_t first, int64_t last) {
  if (first < last)
    sk_lion(&w->s->sign, w->s->dtype, last - first, w->x + first * w->size, w->g + first * w->size,
            0);
}

/* The picks come out of a row before it takes its step, and go back after theirs. */
#define GATHER(T)                                                                                  \
  static void gather_##T(const void *row, const int64_t *pick, int64_t n, void *out) {             \
    for (int64_t k = 0; k < n; k++) ((T *)out)[k] = ((const T *)row)[pick[k] - 1];                 \
  }                                                                                                \
  static void scatter_##T(const void *from, const int64_t *pick, int64_t n, void *row) {           \
    for (int64_t k = 0; k < n; k++) ((T *)row)[pick[k] - 1] = ((const T *)from)[k];                \
  }
GATHER(float)
GATHER(double)

/* Chunk i % chunks of row i / chunks, with the positions from its first pick to the next chunk's.
 */
static void chunk_piece(void *ctx, int64_t first, int64_t last) {
  const work *w = ctx;
  const sk_frugal *s = w->s;
  bool narrow = s->dtype == SK_F32;
  _Alignas(64) double x[CHUNK], g[CHUNK]; /* of floats, half of it is used */
  for (int64_t i = first; i < last; i++) {
    int64_t row = i / w->chunks * s->n, begin = i % w->chunks * w->chunk;
    int64_t end = begin + w->chunk < s->picks ? begin + w->chunk : s->picks, picks = end - begin;
    int64_t slot = (i / w->chunks * s->picks + begin) * s->inner;
    const int64_t *pick = s->pick + begin;
    int64_t from = row + (begin ? pick[0] - 1 : 0);
    int64_t to = row + (end < s->picks ? pick[picks] - 1 : s->n);
    if (s->inner > 1) { /* one pick, a run of memory */
      int64_t at = row + pick[0] - 1, offset = at * s->inner * w->size;
      sign_step(w, from * s->inner, at * s->inner);
      active_step(w, s->inner, w->x + offset, w->g + offset, slot);
      sign_step(w, (at + 1) * s->inner, to * s->inner);
      continue;
    }
    char *x_row = w->x + row * w->size;
    const char *g_row = w->g + row * w->size;
    (narrow ? gather_float : gather_double)(x_row, pick, picks, x);
    (narrow ? gather_float : gather_double)(g_row, pick, picks, g);
    sign_step(w, from, to);
    active_step(w, picks, (char *)x, (char *)g, slot);
    (narrow ? scatter_float : scatter_double)(x, pick, picks, x_row);
  }
}

void sk_frugal_step(const sk_frugal *s, void *x, const void *g, void *m, void *v) {
  work w = {.s = s, .x = x, .g = g, .m = m, .v = v, .size = sk_itemsize[s->dtype]};
  w.chunk = s->inner > 1 ? 1 : CHUNK;
  w.chunks = (s->picks + w.chunk - 1) / w.chunk;
  int64_t piece = s->n * s->inner / w.chunks;
  sk_parallel(s->rows * w.chunks, piece < WORK ? WORK / (piece ? piece : 1) : 1, chunk_piece, &w);
}
