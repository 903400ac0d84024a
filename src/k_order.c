/* The loops of sorting that know the elements' type. */
#include "order.h"
#include <math.h>

#define BLOCK 32 /* elements that are compared with a limit at a time */

#define RANGE(SUF, K)                                                                              \
  SK_CLONES void sk_range_##SUF(const K *key, int64_t n, K *least, K *most) {                      \
    K lo = key[0], hi = key[0];                                                                    \
    for (int64_t i = 1; i < n; i++) {                                                              \
      lo = key[i] < lo ? key[i] : lo;                                                              \
      hi = key[i] > hi ? key[i] : hi;                                                              \
    }                                                                                              \
    *least = lo;                                                                                   \
    *most = hi;                                                                                    \
  }
RANGE(u32, uint32_t)
RANGE(u64, uint64_t)

#define POSITIONS(SUF, REC, AT)                                                                    \
  SK_CLONES static void positions_##SUF(const REC *r, int64_t n, int64_t *index) {                 \
    for (int64_t i = 0; i < n; i++) index[i] = AT(r[i]) + 1;                                       \
  }
POSITIONS(narrow, sk_narrow, SK_NARROW_AT)
POSITIONS(wide, sk_wide, SK_WIDE_AT)

/* Elements T, keys K, records of the kind KIND. */
#define CODES(SUF, T, K, KIND, KEY, AT)                                                            \
  SK_CLONES static void keys_##SUF(const void *x, int64_t n, bool descending, void *keys) {        \
    const T *a = x;                                                                                \
    K *key = keys, flip = descending ? (K) ~(K)0 : 0;                                              \
    for (int64_t i = 0; i < n; i++) key[i] = sk_key_##SUF(a[i], flip);                             \
  }                                                                                                \
                                                                                                   \
  SK_CLONES static int decode_##SUF(const sk_##KIND *r, int64_t n, K lo, K flip, T *values) {      \
    int special = 0;                                                                               \
    for (int64_t i = 0; i < n; i++) {                                                              \
      K key = KEY(r[i]) + lo;                                                                      \
      special |= sk_special_##SUF(key, flip);                                                      \
      values[i] = sk_value_##SUF(key, flip);                                                       \
    }                                                                                              \
    return special;                                                                                \
  }                                                                                                \
                                                                                                   \
  static void emit_##SUF(const void *records, int64_t n, uint64_t lo, bool descending,             \
                         const void *x, void *values, int64_t *index) {                            \
    const sk_##KIND *r = records;                                                                  \
    T *v = values;                                                                                 \
    if (v && decode_##SUF(r, n, (K)lo, descending ? (K) ~(K)0 : 0, v))                             \
      for (int64_t i = 0; i < n; i++) v[i] = ((const T *)x)[AT(r[i])];                             \
    if (index) positions_##KIND(r, n, index);                                                      \
  }

#define DOWN(x, y) ((x) > (y))
#define UP(x, y)   ((x) < (y))

/* One direction: BETTER, and the element that nothing is worse than. */
#define CHOICE(SUF, T, BETTER, WORST)                                                              \
  SK_CLONES static void best_##SUF(const T *x, int64_t n, int64_t groups, T *best) {               \
    for (int64_t g = 0; g < groups; g++) best[g] = WORST;                                          \
    for (int64_t i = 0; i + groups <= n; i += groups)                                              \
      for (int64_t g = 0; g < groups; g++)                                                         \
        best[g] = BETTER(x[i + g], best[g]) ? x[i + g] : best[g];                                  \
    for (int64_t g = 0, i = n - n % groups; i < n; g++, i++)                                       \
      best[g] = BETTER(x[i], best[g]) ? x[i] : best[g];                                            \
  }                                                                                                \
                                                                                                   \
  SK_CLONES static int64_t collect_##SUF(const T *x, int64_t n, T limit, T *found, uint32_t *at) { \
    int64_t count = 0;                                                                             \
    for (int64_t i = 0; i < n; i += BLOCK) {                                                       \
      int64_t last = i + BLOCK < n ? i + BLOCK : n;                                                \
      if (last == i + BLOCK) {                                                                     \
        int any = 0;                                                                               \
        for (int64_t b = 0; b < BLOCK; b++) any |= BETTER(x[i + b], limit) | (x[i + b] == limit);  \
        if (!any) continue;                                                                        \
      }                                                                                            \
      for (int64_t j = i; j < last; j++)                                                           \
        if (BETTER(x[j], limit) || x[j] == limit) {                                                \
          found[count] = x[j];                                                                     \
          at[count++] = (uint32_t)j;                                                               \
        }                                                                                          \
    }                                                                                              \
    return count;                                                                                  \
  }

#define CHOICES(SUF, T, LEAST, MOST)                                                               \
  CHOICE(SUF##_down, T, DOWN, LEAST)                                                               \
  CHOICE(SUF##_up, T, UP, MOST)                                                                    \
  static void best_##SUF(const void *x, int64_t n, int64_t groups, bool descending, void *best) {  \
    (descending ? best_##SUF##_down : best_##SUF##_up)(x, n, groups, best);                        \
  }                                                                                                \
  static int64_t collect_##SUF(const void *x, int64_t n, const void *limit, bool descending,       \
                               void *found, uint32_t *at) {                                        \
    return (descending ? collect_##SUF##_down : collect_##SUF##_up)(x, n, *(const T *)limit,       \
                                                                    found, at);                    \
  }

/* clang-format off */
CODES(f32, float, uint32_t, narrow, SK_NARROW_KEY, SK_NARROW_AT)
CODES(f64, double, uint64_t, wide, SK_WIDE_KEY, SK_WIDE_AT)
CODES(i64, int64_t, uint64_t, wide, SK_WIDE_KEY, SK_WIDE_AT)
CODES(u8, uint8_t, uint32_t, narrow, SK_NARROW_KEY, SK_NARROW_AT)
CHOICES(f32, float, -INFINITY, INFINITY)
CHOICES(f64, double, -INFINITY, INFINITY)
CHOICES(i64, int64_t, INT64_MIN, INT64_MAX)
CHOICES(u8, uint8_t, 0, UINT8_MAX)
/* clang-format on */

const sk_ordering sk_orderings[SK_NDTYPES] = {
    {false, keys_f32, emit_f32, best_f32, collect_f32},
    {true, keys_f64, emit_f64, best_f64, collect_f64},
    {true, keys_i64, emit_i64, best_i64, collect_i64},
    {false, keys_u8, emit_u8, best_u8, collect_u8},
};
