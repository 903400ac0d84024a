/* Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011, "Parallel
   random numbers: as easy as 1, 2, 3"). The n-th block of four words is a function of (seed,
   stream, n) alone, so that any element can be recomputed anywhere, in any order, on any number of
   threads. */
#include "fastmath.h"
#include "kernel.h"

#define GRAIN 16384 /* blocks a piece */

void sk_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1, c3 = (uint32_t)p0, c0 = n0, c2 = n2;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

void sk_random_block(const sk_generator *g, uint64_t n, uint32_t w[4]) {
  uint32_t counter[4] = {(uint32_t)n, (uint32_t)(n >> 32), (uint32_t)g->stream,
                         (uint32_t)(g->stream >> 32)};
  uint32_t key[2] = {(uint32_t)g->seed, (uint32_t)(g->seed >> 32)};
  sk_philox(counter, key, w);
}

/* splitmix64's finaliser (Steele, Lea, Flood, OOPSLA 2014): spreads stream names over the stream
 * space. */
uint64_t sk_mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

static inline uint64_t pair(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }

static inline float unit_f32(uint32_t w) { return (float)(w >> 8) * 0x1p-24f; }
static inline double unit_f64(uint64_t w) { return (double)(w >> 11) * 0x1p-53; }

/* Box and Muller (1958): two uniforms give two normals; the first lies in (0,1], so that its
   logarithm is finite. The angle is taken in quarters of the circle, with what is left of it within
   an eighth, where short polynomials (least-squares fits) give sine and cosine. */
static inline void normals_f32(uint32_t w0, uint32_t w1, float *z0, float *z1) {
  float u = ((float)w0 + 1.0f) * 0x1p-32f, v = unit_f32(w1), radius = sqrtf(-2.0f * fast_logf(u));
  int32_t quarter = (int32_t)(v * 4.0f + 0.5f);
  float r = v - (float)quarter * 0.25f, q = r * r;
  float s = r * (6.283185287f + q * (-41.34166146f + q * (81.59235372f + q * -75.39357149f)));
  float c =
      1.0f + q * (-19.73920863f + q * (64.93931074f + q * (-85.44229741f + q * 59.20277603f)));
  float x = quarter & 1 ? s : c, y = quarter & 1 ? c : s;
  *z0 = radius * ((quarter + 1) & 2 ? -x : x), *z1 = radius * (quarter & 2 ? -y : y);
}
static inline void normals_f64(const uint64_t *w, double *z) {
  double u = ((double)(w[0] >> 11) + 1.0) * 0x1p-53, v = unit_f64(w[1]) * 6.28318530717958648;
  double r = sqrt(-2.0 * log(u));
  z[0] = r * cos(v), z[1] = r * sin(v);
}

typedef struct job {
  sk_generator g;
  sk_dtype dtype;
  sk_distribution kind;
  double a, b;
  int64_t lo, n;
  uint64_t range;
  void *out;
} job;

/* Elements that one block of four words makes. */
static int per_block(sk_dtype dtype) { return dtype == SK_F32 ? 4 : 2; }

/* Blocks are made GROUP at a time, side by side in vectors, and always whole groups, so that every
   element goes through the same instructions wherever it stands. */
#define GROUP 32

SK_CLONES static void words(const sk_generator *g, uint64_t first, uint32_t w[4][GROUP]) {
  for (int l = 0; l < GROUP; l++) {
    uint64_t n = first + (uint64_t)l;
    w[0][l] = (uint32_t)n, w[1][l] = (uint32_t)(n >> 32);
    w[2][l] = (uint32_t)g->stream, w[3][l] = (uint32_t)(g->stream >> 32);
  }
  uint32_t k0 = (uint32_t)g->seed, k1 = (uint32_t)(g->seed >> 32);
  for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
    for (int l = 0; l < GROUP; l++) {
      uint64_t p0 = (uint64_t)0xD2511F53u * w[0][l], p1 = (uint64_t)0xCD9E8D57u * w[2][l];
      w[0][l] = (uint32_t)(p1 >> 32) ^ w[1][l] ^ k0, w[2][l] = (uint32_t)(p0 >> 32) ^ w[3][l] ^ k1;
      w[1][l] = (uint32_t)p1, w[3][l] = (uint32_t)p0;
    }
}

SK_CLONES static void floats(const job *j, uint32_t w[4][GROUP], float *out) {
  float z[4][GROUP];
  if (j->kind == SK_NORMAL)
    for (int l = 0; l < GROUP; l++) {
      normals_f32(w[0][l], w[1][l], &z[0][l], &z[1][l]);
      normals_f32(w[2][l], w[3][l], &z[2][l], &z[3][l]);
    }
  else
    for (int i = 0; i < 4; i++)
      for (int l = 0; l < GROUP; l++) z[i][l] = unit_f32(w[i][l]);
  for (int l = 0; l < GROUP; l++)
    for (int i = 0; i < 4; i++) out[4 * l + i] = (float)(j->a + j->b * (double)z[i][l]);
}

static void doubles(const job *j, const uint64_t u[2], double *out) {
  double z[2] = {unit_f64(u[0]), unit_f64(u[1])};
  if (j->kind == SK_NORMAL) normals_f64(u, z);
  for (int i = 0; i < 2; i++) out[i] = j->a + j->b * z[i];
}

static void integers(const job *j, const uint64_t u[2], int64_t *out) {
  for (int i = 0; i < 2; i++) {
    uint64_t r = j->range == 0 ? u[i] : (uint64_t)(((__uint128_t)u[i] * j->range) >> 64);
    out[i] = (int64_t)((uint64_t)j->lo + r);
  }
}

static void piece(void *ctx, int64_t first, int64_t last) {
  const job *j = ctx;
  int64_t per = per_block(j->dtype), size = sk_itemsize[j->dtype];
  for (int64_t n = first; n < last; n += GROUP) {
    uint32_t w[4][GROUP];
    union {
      float f[4 * GROUP];
      double d[2 * GROUP];
      int64_t i[2 * GROUP];
    } out;
    words(&j->g, j->g.offset + (uint64_t)n, w);
    if (j->dtype == SK_F32)
      floats(j, w, out.f);
    else
      for (int l = 0; l < GROUP; l++) {
        uint64_t u[2] = {pair(w[0][l], w[1][l]), pair(w[2][l], w[3][l])};
        if (j->dtype == SK_F64)
          doubles(j, u, out.d + 2 * l);
        else
          integers(j, u, out.i + 2 * l);
      }
    int64_t have = (last - n < GROUP ? last - n : GROUP) * per, at = n * per;
    if (have > j->n - at) have = j->n - at;
    memcpy((char *)j->out + at * size, &out, (size_t)(have * size));
  }
}

static void draw(sk_generator *g, job *j) {
  int per = per_block(j->dtype);
  int64_t blocks = j->n / per + (j->n % per != 0);
  j->g = *g;
  sk_parallel(blocks, GRAIN, piece, j);
  g->offset += (uint64_t)blocks;
}

void sk_random(sk_generator *g, sk_distribution kind, double a, double b, sk_dtype dtype, int64_t n,
               void *out) {
  job j = {.dtype = dtype, .kind = kind, .a = a, .b = b, .n = n, .out = out};
  draw(g, &j);
}

void sk_random_int(sk_generator *g, int64_t lo, int64_t hi, int64_t n, int64_t *out) {
  job j = {.dtype = SK_I64, .lo = lo, .range = (uint64_t)hi - (uint64_t)lo + 1, .n = n, .out = out};
  draw(g, &j);
}

/* --- dropout ---------------------------------------------------------------------------------- */

typedef struct sieve {
  sk_generator g;
  sk_dtype dtype;
  double scale;
  uint64_t least; /* a word below it drops its element */
  int64_t n;
  const void *x;
  void *out;
} sieve;

#define SIEVE(T)                                                                                   \
  SK_CLONES static void sieve_##T(const T *x, const uint32_t *w, uint64_t least, T scale,          \
                                  int64_t n, T *restrict out) {                                    \
    for (int64_t i = 0; i < n; i++) out[i] = w[i] >= least ? x[i] * scale : 0;                     \
  }
SIEVE(float)
SIEVE(double)

/* Element i goes by word i % 4 of block i / 4, whatever its dtype. */
static void sieve_piece(void *ctx, int64_t first, int64_t last) {
  const sieve *s = ctx;
  for (int64_t n = first; n < last; n += GROUP) {
    uint32_t w[4][GROUP], row[4 * GROUP];
    int64_t at = 4 * n, have = s->n - at < 4 * GROUP ? s->n - at : 4 * GROUP;
    words(&s->g, s->g.offset + (uint64_t)n, w);
    for (int l = 0; l < GROUP; l++)
      for (int i = 0; i < 4; i++) row[4 * l + i] = w[i][l];
    if (s->dtype == SK_F32)
      sieve_float((const float *)s->x + at, row, s->least, (float)s->scale, have,
                  (float *)s->out + at);
    else
      sieve_double((const double *)s->x + at, row, s->least, s->scale, have, (double *)s->out + at);
  }
}

void sk_dropout(sk_generator *g, double p, sk_dtype dtype, int64_t n, const void *x, void *out) {
  int64_t blocks = n / 4 + (n % 4 != 0);
  sieve s = {.g = *g,
             .dtype = dtype,
             .scale = p < 1 ? 1 / (1 - p) : 0,
             .least = (uint64_t)(p * 0x1p32),
             .n = n,
             .x = x,
             .out = out};
  sk_parallel(blocks, GRAIN, sieve_piece, &s);
  g->offset += (uint64_t)blocks;
}

/* Fisher and Yates, from the end. */
void sk_permutation(sk_generator *g, int64_t n, int64_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = i + 1;
  for (int64_t i = n - 1; i > 0; i--) {
    uint32_t w[4];
    sk_random_block(g, g->offset++, w);
    int64_t k = (int64_t)(((__uint128_t)pair(w[0], w[1]) * (uint64_t)(i + 1)) >> 64), t = out[i];
    out[i] = out[k], out[k] = t;
  }
}
