/* Floor 0: the element types. One X-macro list; everything indexed by dtype is made from it. */
#ifndef SK_DTYPE_H
#define SK_DTYPE_H

#include <stdint.h>

/* X(TAG, C type, Lua name): float32 is the default, int64 holds labels and counts, uint8 images and
 * masks. */
#define SK_DTYPES(X)                                                                               \
  X(F32, float, "float32")                                                                         \
  X(F64, double, "float64")                                                                        \
  X(I64, int64_t, "int64")                                                                         \
  X(U8, uint8_t, "uint8")

typedef enum sk_dtype {
#define X(TAG, T, NAME) SK_##TAG,
  SK_DTYPES(X)
#undef X
      SK_NDTYPES
} sk_dtype;

#define X(TAG, T, NAME) sizeof(T),
static const uint8_t sk_itemsize[SK_NDTYPES] = {SK_DTYPES(X)};
#undef X

#define X(TAG, T, NAME) NAME,
static const char *const sk_dtype_name[SK_NDTYPES + 1] = {
    SK_DTYPES(X) 0}; /* 0-ended for luaL_checkoption */
#undef X

static inline int sk_is_float(sk_dtype t) { return t <= SK_F64; }

/* Built three times and chosen by the processor at load, so that one binary runs everywhere. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(SK_NO_CLONES)
#define SK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SK_CLONES
#endif

#endif
