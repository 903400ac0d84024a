/* One side of a diagonal of matrices kept, the other set to 0. */
#include "kernel.h"
#include <string.h>

#define PIECE (1 << 16) /* bytes */

typedef struct triangle {
  int64_t size, rows, cols, k;
  const char *a;
  char *out;
  bool upper;
} triangle;

static void triangle_piece(void *ctx, int64_t first, int64_t last) {
  const triangle *t = ctx;
  int64_t bytes = t->cols * t->size;
  for (int64_t q = first; q < last; q++) {
    int64_t cut = q % t->rows + t->k + !t->upper; /* the first column right of the cut */
    cut = (cut < 0 ? 0 : cut > t->cols ? t->cols : cut) * t->size;
    int64_t from = t->upper ? cut : 0, to = t->upper ? bytes : cut; /* what is kept */
    const char *a = t->a + q * bytes;
    char *out = t->out + q * bytes;
    memset(out, 0, (size_t)from);
    if (a != out) memcpy(out + from, a + from, (size_t)(to - from));
    memset(out + to, 0, (size_t)(bytes - to));
  }
}

void sk_triangle(int64_t size, const void *a, int64_t batch, int64_t rows, int64_t cols, int64_t k,
                 bool upper, void *out) {
  k = k < -rows - 1 ? -rows - 1 : k > cols ? cols : k; /* from there on all goes, or all stays */
  triangle t = {size, rows, cols, k, a, out, upper};
  if (rows > 0 && cols > 0)
    sk_parallel(batch * rows, PIECE / (cols * size) + 1, triangle_piece, &t);
}
