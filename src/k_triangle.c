/* One side of a diagonal of matrices kept, the other set to 0, or made its mirror image. */
#include "kernel.h"
#include <string.h>

#define PIECE  (1 << 16) /* bytes */
#define SQUARE 16        /* side of what is mirrored at once, so that it stays in the cache */

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

#define MIRROR(T)                                                                                  \
  static void mirror_##T(T *a, int64_t n, int64_t down, int64_t right) {                           \
    for (int64_t i0 = 0; i0 < n; i0 += SQUARE)                                                     \
      for (int64_t j = 0; j < i0 + SQUARE && j < n; j++)                                           \
        for (int64_t i = i0 > j ? i0 : j + 1; i < i0 + SQUARE && i < n; i++)                       \
          a[j * right + i * down] = a[i * right + j * down];                                       \
  }
MIRROR(float)
MIRROR(double)

void sk_mirror(sk_dtype dtype, int64_t n, void *a, bool upper) {
  int64_t down = upper ? n : 1, right = upper ? 1 : n;
  if (dtype == SK_F32)
    mirror_float(a, n, down, right);
  else
    mirror_double(a, n, down, right);
}
