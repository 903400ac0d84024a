/* Floor 1: float32 sine, cosine, tangent and angle that the compiler can vectorise. The polynomials
   are least-squares fits in relative error; the specs hold all within 4 units in the last place. */
#ifndef SK_FASTANGLE_H
#define SK_FASTANGLE_H

#include <math.h>
#include <stdint.h>

#define SK_FAST_ANGLE 2048.0f /* the largest |x| for sine, cosine and tangent */

/* What is left of x after whole quarters of the circle; its sine and cosine. A quarter is taken
   away in four parts; the products with the first three are exact. */
static inline __attribute__((always_inline)) int32_t fast_quarters(float x, float *sine,
                                                                   float *cosine) {
  const float round = 12582912.0f; /* 1.5 * 2^23 */
  float n = (x * 0.636619772f + round) - round;
  float r = ((x - n * 1.5703125f) - n * 4.837512969970703e-4f) - n * 7.549533620476723e-8f;
  r -= n * 2.563344151594519e-12f;
  float q = r * r;
  *sine = r * (1.0f + q * (-0.1666666667f +
                           q * (0.008333333026f + q * (-0.0001984051504f + q * 2.729238843e-06f))));
  *cosine =
      1.0f +
      q * (-0.5f + q * (0.04166666666f +
                        q * (-0.001388888767f + q * (2.480059744e-05f + q * -2.730063471e-07f))));
  return (int32_t)n;
}

static inline __attribute__((always_inline)) float fast_sinf(float x) {
  float s, c;
  int32_t n = fast_quarters(x, &s, &c);
  float y = n & 1 ? c : s;
  return n & 2 ? -y : y;
}

static inline __attribute__((always_inline)) float fast_cosf(float x) {
  float s, c;
  int32_t n = fast_quarters(x, &s, &c);
  float y = n & 1 ? s : c;
  return (n + 1) & 2 ? -y : y;
}

static inline __attribute__((always_inline)) float fast_tanf(float x) {
  float s, c;
  int32_t n = fast_quarters(x, &s, &c);
  return n & 1 ? -c / s : s / c;
}

/* The angle of the smaller by the larger side, then turned to where (x, y) lies. */
static inline __attribute__((always_inline)) float fast_atan2f(float y, float x) {
  float a = fabsf(y), b = fabsf(x), low = a < b ? a : b, high = a < b ? b : a;
  float t = high == 0 ? 0.0f : low == high ? 1.0f : low / high, q = t * t; /* inf by inf too */
  float p = -0.3333329909f +
            q * (0.199985482f +
                 q * (-0.1426424067f +
                      q * (0.1095217985f +
                           q * (-0.08403431239f +
                                q * (0.05795723736f +
                                     q * (-0.03117746221f +
                                          q * (0.01091438461f + q * -0.001793568914f)))))));
  float angle = t + t * q * p;
  angle = a > b ? 1.57079637f - angle : angle;
  angle = signbit(x) ? 3.14159274f - angle : angle;
  return x != x || y != y ? x + y : copysignf(angle, y);
}

#endif
