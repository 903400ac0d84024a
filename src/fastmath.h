/* Floor 1: float32 exponentials, logarithms, erf and tanh that the compiler can vectorise (libm's
   are calls, which stop it). The polynomials are least-squares fits in relative error; the specs
   hold them within 4 units in the last place. */
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

static inline __attribute__((always_inline)) float fast_expf(float x) {
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

static inline __attribute__((always_inline)) float fast_erff(float x) {
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

static inline __attribute__((always_inline)) float fast_tanhf(float x) {
  float q = x * x, a = fabsf(x);
  float small = x + x * q *
                        (-0.3333326052f +
                         q * (0.1333112744f +
                              q * (-0.05372106142f + q * (0.02059096906f + q * -0.005659969322f))));
  float large = copysignf(1.0f - 2.0f / (fast_expf(2.0f * a) + 1.0f), x);
  return a < 0.625f ? small : x != x ? x : large;
}

/* x = 2^k m with m in [sqrt(1/2), sqrt(2)), for x above 0; gives log m. */
static inline __attribute__((always_inline)) float fast_log_parts(float x, float *k) {
  const uint32_t root_half = 0x3f3504f3u;
  float scale = x < 0x1p-126f ? 0x1p24f : 1.0f, lift = x < 0x1p-126f ? 24.0f : 0.0f;
  uint32_t u = float_to_bits(x * scale) - root_half;
  float f = bits_to_float((u & 0x7fffffu) + root_half) - 1.0f, q = f * f;
  float p = 0.333333317f +
            f * (-0.2500082118f +
                 f * (0.2000122734f +
                      f * (-0.1662335216f +
                           f * (0.1420174212f + f * (-0.1316022021f +
                                                     f * (0.1276172003f + f * -0.07634578962f))))));
  *k = (float)((int32_t)u >> 23) - lift;
  return f + (f * q * p - 0.5f * q);
}

/* A logarithm y of x > 0, completed for the rest: -inf at 0, NaN below, inf and NaN as they are. */
static inline __attribute__((always_inline)) float fast_log_ends(float x, float y) {
  y = x == 0 ? -INFINITY : x < 0 ? NAN : y;
  return x - x == 0 ? y : x < 0 ? NAN : x;
}

static inline __attribute__((always_inline)) float fast_logf(float x) { /* ln 2 in two parts */
  float k, m = fast_log_parts(x, &k);
  return fast_log_ends(x, k * 0.693359375f + (m + k * -2.12194440e-4f));
}

static inline __attribute__((always_inline)) float fast_log2f(float x) {
  float k, m = fast_log_parts(x, &k);
  return fast_log_ends(x, k + (m * 1.4375f + m * 0.0051950408889634f));
}

static inline __attribute__((always_inline)) float fast_log10f(float x) { /* lg 2 in two parts */
  float k, m = fast_log_parts(x, &k);
  return fast_log_ends(x, k * 0.301025390625f + (k * 4.60503898119521e-6f + m * 0.434294481903f));
}

/* log u of the rounded u = 1 + x, and to first order what the rounding lost; a series near 0. */
static inline __attribute__((always_inline)) float fast_log1pf(float x) {
  float u = 1.0f + x, lost = (x - (u - 1.0f)) / u;
  float y = fast_logf(u) + (u > 0 && u < INFINITY ? lost : 0.0f);
  return fabsf(x) < 1e-3f ? x * (1.0f - x * (0.5f - x * 0.333333333f)) : y;
}

/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), where 1 + e^-|x| lies in 1 .. 2. */
static inline __attribute__((always_inline)) float fast_softplusf(float x) {
  float e = fast_expf(-fabsf(x)), u = 1.0f + e, k, m = fast_log_parts(u, &k);
  float y = k * 0.693359375f + (m + k * -2.12194440e-4f) + (e - (u - 1.0f)) / u;
  return (x > 0 ? x : 0.0f) + y;
}

/* As fast_expf, with 1 taken away before the scaling. */
static inline __attribute__((always_inline)) float fast_expm1f(float x) {
  const float round = 12582912.0f;
  float c = x < -20.0f ? -20.0f : x > 89.0f ? 89.0f : x;
  float t = c * 1.44269504f + round;
  uint32_t k = float_to_bits(t) - float_to_bits(round);
  float n = t - round;
  float r = (c - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 0.499999995f +
            r * (0.1666656996f + r * (0.041666869f + r * (0.008364345197f + r * 0.001390176532f)));
  uint32_t half = (uint32_t)((int32_t)k >> 1);
  float one = (int32_t)k > 30 ? 0.0f : bits_to_float((127u - k) << 23); /* 2^-k */
  float y = (r + r * r * p) + (1.0f - one);
  y = y * bits_to_float((half + 127u) << 23) * bits_to_float((k - half + 127u) << 23);
  return x == 0 ? x : y;
}

/* x^y for normal x of either sign and |y| below 2^22, in float64: the product y log2 |x| keeps all
   digits that its power of 2 needs. */
static inline __attribute__((always_inline)) float fast_powf(float x, float y) {
  uint32_t bits = float_to_bits(x) & 0x7fffffffu, u = bits - 0x3f3504f3u;
  double m = (double)bits_to_float((u & 0x7fffffu) + 0x3f3504f3u);
  double s = (m - 1.0) / (m + 1.0), q = s * s;
  double log2 =
      (double)((int32_t)u >> 23) +
      s * (2.885390082 +
           q * (0.9617966938 +
                q * (0.5770780082 + q * (0.4122044512 + q * (0.3200547285 + q * 0.2812370601)))));
  double t = (double)y * log2;
  t = t < -200.0 ? -200.0 : t > 200.0 ? 200.0 : t;
  const double round = 6755399441055744.0; /* 1.5 * 2^52 */
  double shifted = t + round, r = t - (shifted - round);
  double p =
      1.0 +
      r * (0.6931471807 +
           r * (0.240226512 +
                r * (0.05550410353 +
                     r * (0.009618027241 +
                          r * (0.001333392259 + r * (0.0001546929541 + r * 1.520192324e-05))))));
  uint64_t k;
  memcpy(&k, &shifted, sizeof k);
  k = (k + 1023) << 52;
  double scale;
  memcpy(&scale, &k, sizeof scale);
  float whole = rintf(y), size = (float)(p * scale);
  int32_t odd = (int32_t)whole & 1;
  return x > 0 ? size : whole != y ? NAN : odd ? -size : size;
}

/* The standard normal distribution function, as accurate far below 0 as at 0: erfc(a) / 2 =
   e^(-a^2) p(1 / (1 + 0.42 a)) with a = |x| / sqrt 2. *bell is e^(-x^2 / 2). */
static inline __attribute__((always_inline)) float fast_normalf(float x, float *bell) {
  float a = fabsf(x) * 0.707106781f, t = 1.0f / (1.0f + 0.42f * a);
  float p =
      1.297014885e-05f +
      t * (0.1181633795f +
           t * (0.1217858135f +
                t * (0.08865280302f +
                     t * (0.1571034859f +
                          t * (-0.1016009016f +
                               t * (0.2551623738f + t * (-0.1784743486f + t * 0.0391944443f)))))));
  *bell = fast_expf(-a * a);
  float tail = *bell * p;
  return x < 0 ? tail : 1.0f - tail;
}

#endif
