/* Elementwise maps. Each operation is listed once: a macro makes one loop a dtype from its
   expression, and the tables at the end are indexed by [operation][dtype]; an empty cell means that
   there is none. */
#include "fastangle.h"
#include "fastmath.h"
#include "kernel.h"

#define GRAIN 32768 /* elements a piece: below it, waking a thread costs more than it saves */

/* {== Scalar functions ================================================== */

/* Lua's own rules for // and %: floored, and the sign of the divisor. */
static inline float floored_modf(float a, float b) {
  float m = fmodf(a, b);
  return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}
static inline double floored_mod(double a, double b) {
  double m = fmod(a, b);
  return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}
/* The binding has refused zero divisors; -1 is taken apart because INT64_MIN / -1 traps. */
static inline int64_t int_floordiv(int64_t a, int64_t b) {
  if (b == -1) return (int64_t)(0 - (uint64_t)a);
  int64_t q = a / b;
  return (a % b != 0 && (a ^ b) < 0) ? q - 1 : q;
}
static inline int64_t int_mod(int64_t a, int64_t b) {
  if (b == -1) return 0;
  int64_t m = a % b;
  return m != 0 && (m ^ b) < 0 ? m + b : m;
}

#define SQRT_HALF      0.70710678118654752440
#define INV_SQRT_2PI   0.39894228040143267794
#define SQRT_2_OVER_PI 0.79788456080286535588
#define GELU_CUBE      0.044715

static inline float gelu_of(float x) {
  float bell;
  return x * fast_normalf(x, &bell);
}
/* Beyond 7 the slope is that at 7: it differs from 0 and 1 by less than rounding costs, and what is
   left of e^(-x^2 / 2) is subnormal, as a factor too, which slows this and every product behind it.
 */
static inline float gelu_slope_of(float x) {
  float y = x < -7.0f ? -7.0f : x > 7.0f ? 7.0f : x, bell;
  return fast_normalf(y, &bell) + y * (float)INV_SQRT_2PI * bell;
}

/* ==} */

/* {== Loops =============================================================== */

#define UNARY_LOOP(NAME, SUF, T, R, EXPR)                                                          \
  SK_CLONES static void NAME##_##SUF(void *ctx, int64_t n, char *const *p, const int64_t *s) {     \
    (void)ctx;                                                                                     \
    if (s[0] == sizeof(T) && s[1] == sizeof(R)) {                                                  \
      const T *a = (const T *)p[0];                                                                \
      R *o = (R *)p[1];                                                                            \
      _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) {                                       \
        T x = a[i];                                                                                \
        o[i] = (R)(EXPR);                                                                          \
      }                                                                                            \
    } else                                                                                         \
      for (int64_t i = 0; i < n; i++) {                                                            \
        T x = *(const T *)(p[0] + i * s[0]);                                                       \
        *(R *)(p[1] + i * s[1]) = (R)(EXPR);                                                       \
      }                                                                                            \
  }

#define BINARY_LOOP(NAME, SUF, T, R, EXPR)                                                         \
  SK_CLONES static void NAME##_##SUF(void *ctx, int64_t n, char *const *p, const int64_t *s) {     \
    (void)ctx;                                                                                     \
    const T *a = (const T *)p[0], *b = (const T *)p[1];                                            \
    R *o = (R *)p[2];                                                                              \
    if (s[2] == sizeof(R) && s[0] == sizeof(T) && s[1] == sizeof(T)) {                             \
      _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) {                                       \
        T x = a[i], y = b[i];                                                                      \
        o[i] = (R)(EXPR);                                                                          \
      }                                                                                            \
    } else if (s[2] == sizeof(R) && s[0] == sizeof(T) && s[1] == 0) {                              \
      T y = b[0];                                                                                  \
      _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) {                                       \
        T x = a[i];                                                                                \
        o[i] = (R)(EXPR);                                                                          \
      }                                                                                            \
    } else if (s[2] == sizeof(R) && s[0] == 0 && s[1] == sizeof(T)) {                              \
      T x = a[0];                                                                                  \
      _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) {                                       \
        T y = b[i];                                                                                \
        o[i] = (R)(EXPR);                                                                          \
      }                                                                                            \
    } else                                                                                         \
      for (int64_t i = 0; i < n; i++) {                                                            \
        T x = *(const T *)(p[0] + i * s[0]), y = *(const T *)(p[1] + i * s[1]);                    \
        *(R *)(p[2] + i * s[2]) = (R)(EXPR);                                                       \
      }                                                                                            \
  }

/* Where the vectorised expression does not hold for all x: those that are not PLAIN are done again,
   one by one, so that a result depends on its own operands alone. */
#define CHUNK 256
#define PATCHED(NAME, NARGS, FAST, EXACT, PLAIN)                                                   \
  SK_CLONES static void NAME(void *ctx, int64_t n, char *const *p, const int64_t *s) {             \
    float in[2][CHUNK] = {{0}}, out[CHUNK];                                                        \
    (void)ctx;                                                                                     \
    for (int64_t c = 0; c < n; c += CHUNK) {                                                       \
      int64_t w = n - c < CHUNK ? n - c : CHUNK;                                                   \
      int odd = 0;                                                                                 \
      for (int k = 0; k < NARGS; k++)                                                              \
        if (s[k] == sizeof(float))                                                                 \
          memcpy(in[k], p[k] + c * s[k], (size_t)w * sizeof(float));                               \
        else                                                                                       \
          for (int64_t i = 0; i < w; i++) in[k][i] = *(const float *)(p[k] + (c + i) * s[k]);      \
      for (int64_t i = 0; i < w; i++) {                                                            \
        float x = in[0][i], y = in[1][i];                                                          \
        (void)y;                                                                                   \
        odd |= !(PLAIN);                                                                           \
        out[i] = FAST;                                                                             \
      }                                                                                            \
      for (int64_t i = 0; odd && i < w; i++) {                                                     \
        float x = in[0][i], y = in[1][i];                                                          \
        (void)y;                                                                                   \
        if (!(PLAIN)) out[i] = EXACT;                                                              \
      }                                                                                            \
      if (s[NARGS] == sizeof(float))                                                               \
        memcpy(p[NARGS] + c * s[NARGS], out, (size_t)w * sizeof(float));                           \
      else                                                                                         \
        for (int64_t i = 0; i < w; i++) *(float *)(p[NARGS] + (c + i) * s[NARGS]) = out[i];        \
    }                                                                                              \
  }
#define SMALL_ANGLES(NAME, FAST, EXACT32, EXACT64)                                                 \
  PATCHED(NAME##_f32, 1, FAST, EXACT32, fabsf(x) <= SK_FAST_ANGLE)                                 \
  UNARY_LOOP(NAME, f64, double, double, EXACT64)
#define POWERS(NAME)                                                                               \
  PATCHED(NAME, 2, fast_powf(x, y), powf(x, y),                                                    \
          (fabsf(x) >= 0x1p-126f) & (fabsf(x) < INFINITY) & (fabsf(y) < 0x1p22f))

/* The expression for float32 calls the f-suffixed functions of libm, that for float64 the plain
 * ones. */
#define UNARY(NAME, EXPR32, EXPR64)                                                                \
  UNARY_LOOP(NAME, f32, float, float, EXPR32) UNARY_LOOP(NAME, f64, double, double, EXPR64)

/* clang-format off */
UNARY(exp, fast_expf(x), exp(x))
UNARY(log, fast_logf(x), log(x))
UNARY(log2, fast_log2f(x), log2(x))
UNARY(log10, fast_log10f(x), log10(x))
UNARY(log1p, fast_log1pf(x), log1p(x))
UNARY(expm1, fast_expm1f(x), expm1(x))
UNARY(sqrt, sqrtf(x), sqrt(x))
UNARY(rsqrt, 1.0f / sqrtf(x), 1.0 / sqrt(x))
UNARY(floor, floorf(x), floor(x))
UNARY(ceil, ceilf(x), ceil(x))
UNARY(round, rintf(x), rint(x)) /* half to even, as NumPy and PyTorch */
UNARY(trunc, truncf(x), trunc(x))
SMALL_ANGLES(sin, fast_sinf(x), sinf(x), sin(x))
SMALL_ANGLES(cos, fast_cosf(x), cosf(x), cos(x))
SMALL_ANGLES(tan, fast_tanf(x), tanf(x), tan(x))
UNARY(tanh, fast_tanhf(x), tanh(x))
UNARY(sigmoid, 1.0f / (1.0f + fast_expf(-x)), 1.0 / (1.0 + exp(-x)))
UNARY(relu, x < 0 ? 0.0f : x, x < 0 ? 0.0 : x) /* this way round, so that NaN stays NaN */
UNARY(silu, x / (1.0f + fast_expf(-x)), x / (1.0 + exp(-x)))
UNARY(softplus, fast_softplusf(x), (x > 0 ? x : 0.0) + log1p(exp(-fabs(x))))
UNARY(erf, fast_erff(x), erf(x))
UNARY(reciprocal, 1.0f / x, 1.0 / x)
UNARY(abs, fabsf(x), fabs(x))
UNARY(sign, x != x ? x : (float)((x > 0) - (x < 0)), x != x ? x : (double)((x > 0) - (x < 0)))
UNARY(neg, -x, -x)
UNARY(square, x * x, x * x)
/* Gaussian error linear unit (Hendrycks and Gimpel 2016), exact and by tanh, and the slope of each. */
UNARY(gelu, gelu_of(x), 0.5 * x * (1.0 + erf(x * SQRT_HALF)))
UNARY(gelu_slope, gelu_slope_of(x), 0.5 * (1.0 + erf(x * SQRT_HALF)) + x * INV_SQRT_2PI * exp(-0.5 * x * x))
#define INNER(C) (C(SQRT_2_OVER_PI) * (x + C(GELU_CUBE) * x * x * x))
#define F(c) ((float)(c))
#define D(c) (c)
UNARY(gelu_tanh, 0.5f * x * (1.0f + fast_tanhf(INNER(F))), 0.5 * x * (1.0 + tanh(INNER(D))))
#define SLOPE(C, TANH, T) \
  (C(0.5) * (C(1.0) + TANH(INNER(C))) + C(0.5) * x * (C(1.0) - TANH(INNER(C)) * TANH(INNER(C))) * \
   C(SQRT_2_OVER_PI) * (C(1.0) + C(3 * GELU_CUBE) * x * x))
UNARY(gelu_tanh_slope, SLOPE(F, fast_tanhf, float), SLOPE(D, tanh, double))

UNARY_LOOP(neg, i64, int64_t, int64_t, 0 - (uint64_t)x)
UNARY_LOOP(abs, i64, int64_t, int64_t, x < 0 ? 0 - (uint64_t)x : (uint64_t)x)
UNARY_LOOP(sign, i64, int64_t, int64_t, (x > 0) - (x < 0))
UNARY_LOOP(square, i64, int64_t, int64_t, (uint64_t)x * (uint64_t)x)

#define TEST(NAME, EXPR) \
  UNARY_LOOP(NAME, f32, float, uint8_t, EXPR) UNARY_LOOP(NAME, f64, double, uint8_t, EXPR)
TEST(isnan, x != x)
TEST(isinf, x - x != 0 && x == x)
TEST(isfinite, x - x == 0)
TEST(logical_not, x == 0)
UNARY_LOOP(logical_not, i64, int64_t, uint8_t, x == 0)
UNARY_LOOP(logical_not, u8, uint8_t, uint8_t, x == 0)

#define BINARY(NAME, EXPR32, EXPR64) \
  BINARY_LOOP(NAME, f32, float, float, EXPR32) BINARY_LOOP(NAME, f64, double, double, EXPR64)
#define BINARY_I(NAME, EXPR) BINARY_LOOP(NAME, i64, int64_t, int64_t, EXPR)
BINARY(add, x + y, x + y)
BINARY(sub, x - y, x - y)
BINARY(mul, x * y, x * y)
BINARY(div, x / y, x / y)
BINARY(floordiv, floorf(x / y), floor(x / y))
BINARY(mod, floored_modf(x, y), floored_mod(x, y))
POWERS(pow_f32)
BINARY_LOOP(pow, f64, double, double, pow(x, y))
BINARY(maximum, x > y || x != x ? x : y, x > y || x != x ? x : y) /* NaN wins */
BINARY(minimum, x < y || x != x ? x : y, x < y || x != x ? x : y)
BINARY(atan2, fast_atan2f(x, y), atan2(x, y))
BINARY(relu_grad, y > 0 ? x : 0.0f, y > 0 ? x : 0.0)
BINARY_I(add, (uint64_t)x + (uint64_t)y) /* int64 wraps, as in Lua */
BINARY_I(sub, (uint64_t)x - (uint64_t)y)
BINARY_I(mul, (uint64_t)x * (uint64_t)y)
BINARY_I(floordiv, int_floordiv(x, y))
BINARY_I(mod, int_mod(x, y))
BINARY_I(maximum, x > y ? x : y)
BINARY_I(minimum, x < y ? x : y)
BINARY_LOOP(bit_and, u8, uint8_t, uint8_t, x & y)
BINARY_LOOP(bit_or, u8, uint8_t, uint8_t, x | y)

#define COMPARE(NAME, EXPR) \
  BINARY_LOOP(NAME, f32, float, uint8_t, EXPR) BINARY_LOOP(NAME, f64, double, uint8_t, EXPR) \
  BINARY_LOOP(NAME, i64, int64_t, uint8_t, EXPR) BINARY_LOOP(NAME, u8, uint8_t, uint8_t, EXPR)
COMPARE(lt, x < y)
COMPARE(le, x <= y)
COMPARE(gt, x > y)
COMPARE(ge, x >= y)
COMPARE(eq, x == y)
COMPARE(ne, x != y)
COMPARE(logical_and, x != 0 && y != 0)
COMPARE(logical_or, x != 0 || y != 0)
/* clang-format on */

/* ==} */

/* {== Tables ============================================================== */

#define X(NAME) [SK_UNARY_##NAME] = #NAME,
const char *const sk_unary_name[SK_NUNARY] = {SK_UNARY(X) SK_TEST(X)};
#undef X
#define X(NAME) [SK_BINARY_##NAME] = #NAME,
const char *const sk_binary_name[SK_NBINARY] = {SK_BINARY(X) SK_COMPARE(X)};
#undef X

static const sk_inner unary[SK_NUNARY][SK_NDTYPES] = {
#define X(NAME) [SK_UNARY_##NAME] = {[SK_F32] = NAME##_f32, [SK_F64] = NAME##_f64},
    SK_UNARY(X) SK_TEST(X)
#undef X
};
static const sk_inner unary_int[SK_NUNARY][SK_NDTYPES] = {
    [SK_UNARY_neg] = {[SK_I64] = neg_i64},
    [SK_UNARY_abs] = {[SK_I64] = abs_i64},
    [SK_UNARY_sign] = {[SK_I64] = sign_i64},
    [SK_UNARY_square] = {[SK_I64] = square_i64},
    [SK_UNARY_logical_not] = {[SK_I64] = logical_not_i64, [SK_U8] = logical_not_u8},
};

#define FLOATS(NAME)   [SK_BINARY_##NAME] = {NAME##_f32, NAME##_f64}
#define WITH_INT(NAME) [SK_BINARY_##NAME] = {NAME##_f32, NAME##_f64, NAME##_i64}
#define MASK(NAME)     [SK_BINARY_##NAME] = {[SK_U8] = NAME##_u8}
static const sk_inner binary[SK_NBINARY][SK_NDTYPES] = {
    WITH_INT(add),     WITH_INT(sub), WITH_INT(mul),     FLOATS(div),   WITH_INT(floordiv),
    WITH_INT(mod),     FLOATS(pow),   WITH_INT(maximum), FLOATS(atan2), WITH_INT(minimum),
    FLOATS(relu_grad), MASK(bit_and), MASK(bit_or),
#define X(NAME) [SK_BINARY_##NAME] = {NAME##_f32, NAME##_f64, NAME##_i64, NAME##_u8},
    SK_COMPARE(X)
#undef X
};

static sk_inner unary_kernel(sk_unary_op op, sk_dtype dtype) {
  return unary[op][dtype] ? unary[op][dtype] : unary_int[op][dtype];
}

bool sk_unary_has(sk_unary_op op, sk_dtype dtype) { return unary_kernel(op, dtype) != 0; }
bool sk_binary_has(sk_binary_op op, sk_dtype dtype) { return binary[op][dtype] != 0; }

sk_dtype sk_unary_gives(sk_unary_op op, sk_dtype dtype) {
  return op >= SK_UNARY_isnan ? SK_U8 : dtype;
}

sk_dtype sk_binary_gives(sk_binary_op op, sk_dtype dtype) {
  return op >= SK_BINARY_lt ? SK_U8 : dtype;
}

/* ==} */

/* {== Running them ======================================================== */

static void run(sk_inner inner, int nops, const sk_array *const *arrays) {
  sk_walk(nops, arrays, GRAIN, inner);
}

void sk_unary(sk_unary_op op, const sk_array *a, const sk_array *out) {
  run(unary_kernel(op, a->dtype), 2, (const sk_array *const[]){a, out});
}

/* Is b one and the same float, and that? */
static bool is_all(const sk_array *b, double value) {
  for (int d = 0; d < b->ndim; d++)
    if (b->stride[d] != 0 && b->shape[d] != 1) return false;
  return b->dtype == SK_F32   ? *(const float *)b->data == (float)value
         : b->dtype == SK_F64 ? *(const double *)b->data == value
                              : false;
}

void sk_binary(sk_binary_op op, const sk_array *a, const sk_array *b, const sk_array *out) {
  if (op == SK_BINARY_pow && sk_numel(out) > 0 && is_all(b, 2)) {
    sk_unary(SK_UNARY_square, a, out);
    return;
  }
  run(binary[op][a->dtype], 3, (const sk_array *const[]){a, b, out});
}

#define WHERE_LOOP(SUF, T)                                                                         \
  SK_CLONES static void where_##SUF(void *ctx, int64_t n, char *const *p, const int64_t *s) {      \
    const uint8_t *mask = (const uint8_t *)p[0];                                                   \
    const T *a = (const T *)p[1], *b = (const T *)p[2];                                            \
    const int64_t one = sizeof(T);                                                                 \
    T *o = (T *)p[3];                                                                              \
    (void)ctx;                                                                                     \
    if (s[0] == 1 && s[1] == one && s[2] == one && s[3] == one)                                    \
      _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) o[i] = mask[i] ? a[i] : b[i];           \
    else if (s[0] == 1 && s[1] == one && s[2] == 0 && s[3] == one) {                               \
      T y = b[0];                                                                                  \
      _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) o[i] = mask[i] ? a[i] : y;              \
    } else if (s[0] == 1 && s[1] == 0 && s[2] == one && s[3] == one) {                             \
      T x = a[0];                                                                                  \
      _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) o[i] = mask[i] ? x : b[i];              \
    } else                                                                                         \
      for (int64_t i = 0; i < n; i++)                                                              \
        *(T *)(p[3] + i * s[3]) =                                                                  \
            mask[i * s[0]] ? *(const T *)(p[1] + i * s[1]) : *(const T *)(p[2] + i * s[2]);        \
  }
WHERE_LOOP(f32, float)
WHERE_LOOP(f64, double)
WHERE_LOOP(i64, int64_t)
WHERE_LOOP(u8, uint8_t)

void sk_where(const sk_array *mask, const sk_array *a, const sk_array *b, const sk_array *out) {
  static const sk_inner table[SK_NDTYPES] = {where_f32, where_f64, where_i64, where_u8};
  run(table[out->dtype], 4, (const sk_array *const[]){mask, a, b, out});
}

/* ==} */
