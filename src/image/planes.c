/* Bytes of images: rows of interleaved channels, and planes. No library, no Lua. */
#include "codec.h"
#include <string.h>

void sk_split_row(const uint8_t *row, int channels, int64_t width, uint8_t *planes, int64_t plane) {
  if (channels == 3) { /* a loop of its own: compilers make shuffles of it */
    uint8_t *r = planes, *g = r + plane, *b = g + plane;
    for (int64_t x = 0; x < width; x++)
      r[x] = row[3 * x], g[x] = row[3 * x + 1], b[x] = row[3 * x + 2];
    return;
  }
  for (int c = 0; c < channels; c++)
    for (int64_t x = 0; x < width; x++) planes[c * plane + x] = row[x * channels + c];
}

void sk_join_row(const uint8_t *planes, int channels, int64_t width, int64_t plane, uint8_t *row) {
  for (int c = 0; c < channels; c++)
    for (int64_t x = 0; x < width; x++) row[x * channels + c] = planes[c * plane + x];
}

/* a b / 255, rounded */
static uint8_t share(unsigned a, unsigned b) {
  unsigned t = a * b + 128;
  return (uint8_t)((t + (t >> 8)) >> 8);
}

void sk_cmyk_row(uint8_t *row, int64_t width, bool inverted) {
  unsigned flip = inverted ? 0 : 255;
  for (int64_t x = 0; x < width; x++) {
    const uint8_t *ink = row + 4 * x;
    unsigned c = ink[0] ^ flip, m = ink[1] ^ flip, y = ink[2] ^ flip, k = ink[3] ^ flip;
    row[3 * x] = share(c, k), row[3 * x + 1] = share(m, k), row[3 * x + 2] = share(y, k);
  }
}

/* Rec. 601 luma in 16 bits, whose weights add up to 2^16: grey stays what it was. */
static void luma(const uint8_t *rgb, int64_t plane, uint8_t *grey) {
  const uint8_t *r = rgb, *g = r + plane, *b = g + plane;
  for (int64_t i = 0; i < plane; i++)
    grey[i] = (uint8_t)((r[i] * 19595u + g[i] * 38470u + b[i] * 7471u + 32768u) >> 16);
}

void sk_convert(const uint8_t *from, int have, uint8_t *to, int want, int64_t plane) {
  int colours = have > 2 ? 3 : 1, wanted = want > 2 ? 3 : 1;
  if (colours == 3 && wanted == 1)
    luma(from, plane, to);
  else
    for (int c = 0; c < wanted; c++)
      memcpy(to + c * plane, from + (colours == 3 ? c : 0) * plane, (size_t)plane);
  if (want == wanted) return;
  if (have > colours)
    memcpy(to + wanted * plane, from + colours * plane, (size_t)plane);
  else
    memset(to + wanted * plane, 255, (size_t)plane);
}

/* NaN fails every comparison, and so becomes 0. */
static uint8_t to_byte(double v) { return v >= 255 ? 255 : v > 0 ? (uint8_t)(v + 0.5) : 0; }

#define ROW_OF(NAME, T)                                                                            \
  void NAME(const char *from, int64_t step, int64_t width, double lo, double hi, uint8_t *to,      \
            int channels) {                                                                        \
    double scale = 255 / (hi - lo);                                                                \
    for (int64_t x = 0; x < width; x++)                                                            \
      to[x * channels] = to_byte((*(const T *)(from + x * step) - lo) * scale);                    \
  }
ROW_OF(sk_row_of_floats, float)
ROW_OF(sk_row_of_doubles, double)

void sk_row_of_bytes(const char *from, int64_t step, int64_t width, uint8_t *to, int channels) {
  for (int64_t x = 0; x < width; x++) to[x * channels] = (uint8_t)from[x * step];
}
