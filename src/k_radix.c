/* Stable sorting of records by radix, the lowest digit first. Random keys differ in their upper
   bits already: only as many digits from the top are sorted as should tell n keys apart, and an
   insertion sort puts right the few that are not; where these are not few, the other digits are
   sorted after all. */
#include "radix.h"

#define FEW     28 /* records for which insertion is the fastest */
#define PATIENT 4  /* moves a record by insertion at most */

/* The position of each digit's first record, from their counts. */
static void starts(uint32_t *count, int width) {
  uint32_t sum = 0;
  for (int64_t c = 0; c < (int64_t)1 << width; c++) {
    uint32_t here = count[c];
    count[c] = sum;
    sum += here;
  }
}

/* Digits of one width, as narrow as their number allows, that are to be sorted: those from the bit
   that is the result up. */
static int plan(int64_t n, int bits, int spread, int *width) {
  int want = sk_bits((uint64_t)n) + spread;
  if (want > bits) want = bits;
  int digits = (want + SK_RADIX_WIDTH - 1) / SK_RADIX_WIDTH;
  *width = digits > 0 ? (want + digits - 1) / digits : 0;
  return bits > digits * *width ? bits - digits * *width : 0;
}

static int min_int(int a, int b) { return a < b ? a : b; }

#define NARROW_LESS(x, y) ((x) < (y))
#define WIDE_LESS(x, y)   ((x).key < (y).key)

#define RADIX(SUF, REC, K, KEY, LESS)                                                              \
  /* One digit, from a to b; false where all have the same: nothing is moved then. */              \
  static bool digit_##SUF(const REC *a, REC *b, int64_t n, int shift, int width,                   \
                          uint32_t *count) {                                                       \
    K mask = ((K)1 << width) - 1;                                                                  \
    memset(count, 0, sizeof(uint32_t) << width);                                                   \
    for (int64_t i = 0; i < n; i++) count[KEY(a[i]) >> shift & mask]++;                            \
    if (count[KEY(a[0]) >> shift & mask] == n) return false;                                       \
    starts(count, width);                                                                          \
    for (int64_t i = 0; i < n; i++) b[count[KEY(a[i]) >> shift & mask]++] = a[i];                  \
    return true;                                                                                   \
  }                                                                                                \
                                                                                                   \
  /* False when that takes too many moves; equal records are in order all the same. */             \
  static bool insertion_##SUF(REC *a, int64_t n, int64_t moves) {                                  \
    for (int64_t i = 1; i < n; i++) {                                                              \
      REC r = a[i];                                                                                \
      int64_t j = i;                                                                               \
      if (!LESS(r, a[i - 1])) continue;                                                            \
      do {                                                                                         \
        a[j] = a[j - 1];                                                                           \
        j--;                                                                                       \
      } while (j > 0 && LESS(r, a[j - 1]));                                                        \
      a[j] = r;                                                                                    \
      moves -= i - j;                                                                              \
      if (moves < 0) return false;                                                                 \
    }                                                                                              \
    return true;                                                                                   \
  }                                                                                                \
                                                                                                   \
  /* From the digit at `shift` on, the first being the one at `first`. */                          \
  static REC *digits_##SUF(REC *a, REC *b, int64_t n, int bits, int first, int shift, int width,   \
                           uint32_t *count) {                                                      \
    for (;; shift = first = 0, width = SK_RADIX_WIDTH) {                                           \
      for (; shift < bits; shift += width)                                                         \
        if (digit_##SUF(a, b, n, shift, min_int(bits - shift, width), count)) {                    \
          REC *t = a;                                                                              \
          a = b;                                                                                   \
          b = t;                                                                                   \
        }                                                                                          \
      if (first == 0 || insertion_##SUF(a, n, PATIENT * n)) return a;                              \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  REC *sk_radix_##SUF(REC *a, REC *b, int64_t n, int bits, int spread, uint32_t *count) {          \
    int width, first = plan(n, bits, spread, &width);                                              \
    if (n <= FEW) {                                                                                \
      insertion_##SUF(a, n, INT64_MAX);                                                            \
      return a;                                                                                    \
    }                                                                                              \
    return digits_##SUF(a, b, n, bits, first, first, width, count);                                \
  }                                                                                                \
                                                                                                   \
  REC *sk_radix_keys_##SUF(const K *key, K lo, REC *a, REC *b, int64_t n, int bits,                \
                           uint32_t *count) {                                                      \
    int width, first = plan(n, bits, SK_RADIX_SPREAD, &width);                                     \
    if (n <= FEW) {                                                                                \
      for (int64_t i = 0; i < n; i++) a[i] = sk_##SUF##_of(key[i] - lo, i);                        \
      insertion_##SUF(a, n, INT64_MAX);                                                            \
      return a;                                                                                    \
    }                                                                                              \
    K mask = ((K)1 << min_int(bits - first, width)) - 1;                                           \
    memset(count, 0, sizeof(uint32_t) << width);                                                   \
    for (int64_t i = 0; i < n; i++) count[(key[i] - lo) >> first & mask]++;                        \
    starts(count, width);                                                                          \
    for (int64_t i = 0; i < n; i++) {                                                              \
      K k = key[i] - lo;                                                                           \
      a[count[k >> first & mask]++] = sk_##SUF##_of(k, i);                                         \
    }                                                                                              \
    return digits_##SUF(a, b, n, bits, first, first + width, width, count);                        \
  }

RADIX(narrow, sk_narrow, uint32_t, SK_NARROW_KEY, NARROW_LESS)
RADIX(wide, sk_wide, uint64_t, SK_WIDE_KEY, WIDE_LESS)
