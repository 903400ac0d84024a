/* Floor 1: records sorted by radix (k_radix.c), and the keys that order the numbers of each dtype:
   unsigned numbers that sort as the elements do, NaN last and equal to NaN, -0.0 equal to 0.0. */
#ifndef SK_RADIX_H
#define SK_RADIX_H

#include "kernel.h"
#include <string.h>

/* Of 32-bit keys: the key above, the position below, so that one comparison orders both. */
typedef uint64_t sk_narrow;
typedef struct sk_wide {
  uint64_t key, at;
} sk_wide;

#define SK_NARROW_KEY(r) ((uint32_t)((r) >> 32))
#define SK_NARROW_AT(r)  ((int64_t)(uint32_t)(r))
#define SK_WIDE_KEY(r)   ((r).key)
#define SK_WIDE_AT(r)    ((int64_t)(r).at)
static inline sk_narrow sk_narrow_of(uint32_t key, int64_t at) {
  return (sk_narrow)key << 32 | (uint32_t)at;
}
static inline sk_wide sk_wide_of(uint64_t key, int64_t at) { return (sk_wide){key, (uint64_t)at}; }

#define SK_RADIX_WIDTH  11 /* bits of a digit at most */
#define SK_RADIX_COUNTS ((int64_t)1 << SK_RADIX_WIDTH)
#define SK_RADIX_SPREAD 9 /* bits of a key that tell random floats apart badly: an exponent's */

/* Sorts a[n], n < 2^32, equal keys by position. Keys differ in the lowest `bits` bits only, and
   positions ascend. b[n] and count[SK_RADIX_COUNTS] are scratch; gives a or b, where the result is.
   spread: see above; a wrong one costs time only. */
sk_narrow *sk_radix_narrow(sk_narrow *a, sk_narrow *b, int64_t n, int bits, int spread,
                           uint32_t *count);
sk_wide *sk_radix_wide(sk_wide *a, sk_wide *b, int64_t n, int bits, int spread, uint32_t *count);
/* The same for the records (key[i] - lo, i), which are made on the way. */
sk_narrow *sk_radix_keys_narrow(const uint32_t *key, uint32_t lo, sk_narrow *a, sk_narrow *b,
                                int64_t n, int bits, uint32_t *count);
sk_wide *sk_radix_keys_wide(const uint64_t *key, uint64_t lo, sk_wide *a, sk_wide *b, int64_t n,
                            int bits, uint32_t *count);

static inline int sk_bits(uint64_t x) { return x ? 64 - __builtin_clzll(x) : 0; }

/* `flip` is 0, or all ones for descending order, in which NaN stays last. A value is not to be had
   from the key where that is `special`. */
static inline uint32_t sk_key_f32(float x, uint32_t flip) {
  float y = x + 0.0F; /* -0.0 becomes 0.0 */
  uint32_t u;
  memcpy(&u, &y, sizeof u);
  u ^= (uint32_t)((int32_t)u >> 31) | 0x80000000U;
  return x != x ? UINT32_MAX : u ^ flip;
}
static inline float sk_value_f32(uint32_t key, uint32_t flip) {
  float x;
  uint32_t u = key ^ flip;
  u ^= (uint32_t)((int32_t)~u >> 31) | 0x80000000U;
  memcpy(&x, &u, sizeof x);
  return x;
}
static inline int sk_special_f32(uint32_t key, uint32_t flip) {
  return (key == UINT32_MAX) | ((key ^ flip) == 0x80000000U);
}

static inline uint64_t sk_key_f64(double x, uint64_t flip) {
  double y = x + 0.0;
  uint64_t u;
  memcpy(&u, &y, sizeof u);
  u ^= (uint64_t)((int64_t)u >> 63) | (uint64_t)1 << 63;
  return x != x ? UINT64_MAX : u ^ flip;
}
static inline double sk_value_f64(uint64_t key, uint64_t flip) {
  double x;
  uint64_t u = key ^ flip;
  u ^= (uint64_t)((int64_t)~u >> 63) | (uint64_t)1 << 63;
  memcpy(&x, &u, sizeof x);
  return x;
}
static inline int sk_special_f64(uint64_t key, uint64_t flip) {
  return (key == UINT64_MAX) | ((key ^ flip) == (uint64_t)1 << 63);
}

static inline uint64_t sk_key_i64(int64_t x, uint64_t flip) {
  return ((uint64_t)x ^ (uint64_t)1 << 63) ^ flip;
}
static inline int64_t sk_value_i64(uint64_t key, uint64_t flip) {
  return (int64_t)((key ^ flip) ^ (uint64_t)1 << 63);
}
static inline int sk_special_i64(uint64_t key, uint64_t flip) {
  (void)key, (void)flip;
  return 0;
}

static inline uint32_t sk_key_u8(uint8_t x, uint32_t flip) { return (x ^ flip) & 255; }
static inline uint8_t sk_value_u8(uint32_t key, uint32_t flip) { return (uint8_t)(key ^ flip); }
static inline int sk_special_u8(uint32_t key, uint32_t flip) {
  (void)key, (void)flip;
  return 0;
}

#endif
