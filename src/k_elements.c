/* The numbers of foreign files: their bytes, in either order, become elements of the dtype that
   holds every value (or, of unsigned numbers of 64 bits, nearly every one). */
#include "kernel.h"
#include <string.h>

/* clang-format off */
/* X(code, bytes, dtype). The code is NumPy's without the byte order; bf2 is bfloat16. */
#define ELEMENTS(X) \
  X(b1, 1, SK_U8)  X(u1, 1, SK_U8)  X(i1, 1, SK_I64) X(i2, 2, SK_I64) X(u2, 2, SK_I64) \
  X(i4, 4, SK_I64) X(u4, 4, SK_I64) X(i8, 8, SK_I64) X(u8, 8, SK_I64) X(f2, 2, SK_F32) \
  X(bf2, 2, SK_F32) X(f4, 4, SK_F32) X(f8, 8, SK_F64)
/* clang-format on */

#define NO_SWAP(x) (x)

/* The bits of element i, of an unsigned type. */
#define DECODER(NAME, BITS, SWAP, T, VALUE)                                                        \
  SK_CLONES static void decode_##NAME(const char *p, int64_t n, bool swap, void *out) {            \
    T *to = out;                                                                                   \
    for (int64_t i = 0; i < n; i++) {                                                              \
      BITS bits;                                                                                   \
      memcpy(&bits, p + i * (int64_t)sizeof bits, sizeof bits);                                    \
      if (swap) bits = (BITS)SWAP(bits);                                                           \
      to[i] = VALUE;                                                                               \
    }                                                                                              \
  }

static inline float as_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* IEEE 754 binary16. As the bits of a float its exponent and mantissa are 2^-112 times too small,
   subnormal or not; infinities and NaNs keep the highest exponent. */
static inline float half(uint32_t h) {
  float scaled = as_float((h & 0x7fffu) << 13) * 0x1p112f;
  uint32_t bits;
  memcpy(&bits, &scaled, sizeof bits);
  bits |= (h & 0x7c00u) == 0x7c00u ? 0x7f800000u : 0;
  return as_float(bits | (h & 0x8000u) << 16);
}

/* Floats of the file's own width move as bits: a NaN stays the NaN that it was. */
DECODER(b1, uint8_t, NO_SWAP, uint8_t, bits != 0)
DECODER(u1, uint8_t, NO_SWAP, uint8_t, bits)
DECODER(i1, uint8_t, NO_SWAP, int64_t, (int8_t)bits)
DECODER(i2, uint16_t, __builtin_bswap16, int64_t, (int16_t)bits)
DECODER(u2, uint16_t, __builtin_bswap16, int64_t, bits)
DECODER(i4, uint32_t, __builtin_bswap32, int64_t, (int32_t)bits)
DECODER(u4, uint32_t, __builtin_bswap32, int64_t, bits)
DECODER(i8, uint64_t, __builtin_bswap64, int64_t, (int64_t)bits)
DECODER(f2, uint16_t, __builtin_bswap16, float, half(bits))
DECODER(bf2, uint16_t, __builtin_bswap16, float, as_float((uint32_t)bits << 16))
DECODER(f4, uint32_t, __builtin_bswap32, uint32_t, bits)
DECODER(f8, uint64_t, __builtin_bswap64, uint64_t, bits)
#define decode_u8 decode_i8

static void (*const decoders[])(const char *, int64_t, bool, void *) = {
#define X(CODE, SIZE, DTYPE) decode_##CODE,
    ELEMENTS(X)
#undef X
};

static const sk_element elements[] = {
#define X(CODE, SIZE, DTYPE) {#CODE, SIZE, DTYPE},
    ELEMENTS(X)
#undef X
};

const sk_element *sk_find_element(const char *code) {
  for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
    if (strcmp(elements[i].code, code) == 0) return &elements[i];
  return 0;
}

static bool is_swapped(bool big) {
  static const uint16_t probe = 1;
  return big == (*(const char *)&probe == 1);
}

/* Numbers that may be too large for int64: they have its bits, and must be looked at. */
static bool is_wide(const sk_element *e) { return *e->code == 'u' && e->size == 8; }

bool sk_element_is_ours(const sk_element *e, bool big) {
  return e->size == sk_itemsize[e->dtype] && *e->code != 'b' && !is_wide(e) &&
         (e->size == 1 || !is_swapped(big));
}

int64_t sk_decode(const sk_element *e, bool big, const void *from, int64_t n, void *to) {
  decoders[e - elements](from, n, is_swapped(big), to);
  if (is_wide(e))
    for (int64_t i = 0; i < n; i++)
      if (((const int64_t *)to)[i] < 0) return i;
  return n;
}
