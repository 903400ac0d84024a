/* Floor 1: values of images. Black is 0 and white is 1; between them bytes have 256 levels. */
#ifndef SK_LEVELS_H
#define SK_LEVELS_H

#include <stdint.h>

/* What is darker than black is black, and what is brighter than white is white. */
static inline float sk_shown(float v) {
  v = v < 0 ? 0 : v;
  return v > 1 ? 1 : v;
}

/* The nearest of the 256; of NaN, black. */
static inline int32_t sk_level(float v) {
  v = v * 255 + 0.5f;
  v = v > 0 ? v : 0;
  return (int32_t)(v < 255 ? v : 255);
}

#endif
