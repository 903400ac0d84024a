/* Floor 1: changes of size. */
#ifndef SK_RESAMPLE_H
#define SK_RESAMPLE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum sk_interp {
  SK_NEAREST,       /* floor(i in / out), as PyTorch has it */
  SK_NEAREST_EXACT, /* the pixel whose middle is nearest */
  SK_BILINEAR,
  SK_BICUBIC, /* a = -0.75, or -0.5 with antialias */
  SK_NINTERP
} sk_interp;

/* The window of top, left, high x wide of each plane of from[c,h,w] becomes to[c,out_h,out_w]. */
typedef struct sk_resample {
  int c, h, w, top, left, high, wide, out_h, out_w;
  sk_interp interp;
  bool antialias; /* the filter covers all that a pixel of a smaller result stands for */
} sk_resample;

int64_t sk_resample_scratch(const sk_resample *r); /* floats */
void sk_resample_run(const sk_resample *r, const float *from, float *to, float *scratch);

#endif
