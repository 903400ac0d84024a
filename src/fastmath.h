/* Floor 1: float32 exp, erf and tanh that the compiler can vectorise (libm's are calls, which stop
   it). The polynomials are least-squares fits in relative error; the specs hold all three within 4
   units in the last place. */
#ifndef SK_FASTMATH_H
#define SK_FASTMATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float bits_to_float(uint32_t u) {
  float f;
  memcpy(&f, &u, sizeof f);
  return f;
}

static inline uint32_t float_to_bits(float f) {
  uint32_t u;
  memcpy(&u, &f, sizeof u);
  return u;
}

static inline float fast_expf(float x) {
  const float round =
      12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number, kept in the low bits */
  float c = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;
  float t = c * 1.44269504f + round;
  uint32_t k = float_to_bits(t) - float_to_bits(round);
  float n = t - round;
  float r = (c - n * 0.693359375f) + n * 2.12194440e-4f; /* ln 2 in two parts */
  float p = 0.499999995f +
            r * (0.1666656996f + r * (0.041666869f + r * (0.008364345197f + r * 0.001390176532f)));
  p = 1.0f + r + r * r * p;
  uint32_t half = (uint32_t)((int32_t)k >> 1); /* in two steps, so that subnormals come out right */
  return p * bits_to_float((half + 127u) << 23) * bits_to_float((k - half + 127u) << 23);
}

static inline float fast_erff(float x) {
  float a = fabsf(x), q = x * x, t = 1.0f / (1.0f + 0.5f * a);
  float small =
      x * (1.128379166f +
           q * (-0.3761262582f +
                q * (0.1128358514f +
                     q * (-0.02685381163f + q * (0.005188327098f + q * (-0.0008010188465f +
                                                                        q * 0.00007853844315f))))));
  float tail =
      -1.446459915e-4f +
      t * (0.2847696001f +
           t * (0.2605987081f +
                t * (0.3446010117f +
                     t * (-0.0969121939f +
                          t * (0.5549239449f + t * (-0.4654717778f + t * 0.1176773232f))))));
  float c = a > 4.2f ? 4.2f : a; /* erf(4.2) rounds to 1 */
  float large = copysignf(1.0f - fast_expf(-c * c) * tail, x);
  return a < 1.0f ? small : x != x ? x : large;
}

static inline float fast_tanhf(float x) {
  float q = x * x, a = fabsf(x);
  float small = x + x * q *
                        (-0.3333326052f +
                         q * (0.1333112744f +
                              q * (-0.05372106142f + q * (0.02059096906f + q * -0.005659969322f))));
  float large = copysignf(1.0f - 2.0f / (fast_expf(2.0f * a) + 1.0f), x);
  return a < 0.625f ? small : x != x ? x : large;
}

#endif
