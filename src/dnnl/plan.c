/* The batch goes through the library in chunks of images that stay in the cache while they are
   brought to the library's layout, multiplied, and brought back. A chunk is one thread's, so that
   the library never sees more than one. */
#include "plan.h"
#include <omp.h>
#include <string.h>

#define CACHE    (1 << 20) /* bytes of a chunk */
#define LEAST    4         /* chunks of a batch, for as many threads */
#define PLACES   1024      /* in a chunk of the weight's gradient, whose result is added then */
#define RUNS     8
#define FEW      8 /* input channels that x's gradient wastes on the library, which counts in 16s */
#define SUMS     (32 << 20) /* bytes of their results */
#define CHANNELS 128        /* in a block of the weight's gradient, or a multiple */

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t parts(int64_t n, int64_t size) { return (n + size - 1) / size; }
static int64_t aligned(int64_t bytes) { return (bytes + 63) & ~(int64_t)63; }

/* For the calling thread, its OpenMP is one thread until `after` is given back to it. */
static int alone(void) {
  int before = omp_get_max_threads();
  omp_set_num_threads(1);
  return before;
}

/* {== Running ============================================================= */

static int64_t image_of_x(const sk_conv *c) { return c->inp * c->in[0] * c->in[1]; }
static int64_t image_of_y(const sk_conv *c) { return c->out * c->to[0] * c->to[1]; }
static int64_t weight_bytes(const dn_step *s) { return aligned(dn_layout_bytes(&s->weight.own)); }

static const dn_step *step_of(const dn_plan *p, int64_t chunk) {
  bool last = chunk == p->chunks - 1;
  return last && p->rest.product ? &p->rest : &p->whole;
}

/* Where a thread's arrays are in the library's layout. */
typedef struct rooms {
  char *x, *y, *weight, *scratch;
} rooms;

static rooms rooms_in(const dn_plan *p, char *own) {
  rooms r = {.x = own};
  r.y = r.x + aligned(p->whole.x.bytes);
  r.weight = r.y + aligned(p->whole.y.bytes);
  r.scratch = r.weight + (p->op == SK_CONV_WEIGHT ? weight_bytes(&p->whole) : 0);
  return r;
}

static int64_t own_bytes(const dn_plan *p) {
  return aligned(p->whole.x.bytes) + aligned(p->whole.y.bytes) +
         (p->op == SK_CONV_WEIGHT ? weight_bytes(&p->whole) : 0) +
         aligned(max64(p->whole.scratch, p->rest.scratch));
}

/* An array as the library wants it: itself, or what it becomes in `room`. NULL on failure. */
static void *fetched(const dn_step *s, const dn_array *a, void *plain, char *room) {
  if (!a->bytes) return plain;
  return dn_array_move(s, a, plain, room, false) ? room : 0;
}

static bool product_of_chunk(const dn_plan *p, int64_t chunk, const sk_conv_data *data,
                             char *shared, char *own) {
  const dn_step *s = step_of(p, chunk);
  const sk_conv *c = &p->conv;
  rooms r = rooms_in(p, own);
  float *x = (float *)data->x + chunk * p->images * image_of_x(c);
  float *y = (float *)data->y + chunk * p->images * image_of_y(c);
  void *weight = s->weight.bytes ? shared : data->weight;
  const void *bias = data->bias ? data->bias : shared + weight_bytes(s);
  if (p->op == SK_CONV_FORWARD) {
    void *from = fetched(s, &s->x, x, r.x), *to = s->y.bytes ? r.y : (void *)y;
    return from && dn_step_run(s, from, weight, to, bias, r.scratch) &&
           (to == y || dn_array_move(s, &s->y, y, to, true));
  }
  void *from = fetched(s, &s->y, y, r.y), *to = s->x.bytes ? r.x : (void *)x;
  return from && dn_step_run(s, to, weight, from, 0, r.scratch) &&
         (to == x || dn_array_move(s, &s->x, x, to, true));
}

/* The shared scratch begins with the weight, and zeros where there is no bias. */
static bool bring_weight(const dn_plan *p, const sk_conv_data *data, char *shared) {
  const dn_step *s = &p->whole;
  memset(shared + weight_bytes(s), 0, (size_t)p->conv.out * sizeof(float));
  return fetched(s, &s->weight, data->weight, shared) != 0;
}

SK_CLONES static void add(float *a, const float *b, int64_t n) {
  for (int64_t i = 0; i < n; i++) a[i] += b[i];
}

/* The gradient of a block of the weight over a run of chunks, in the shared scratch. */
static bool sum_run(const dn_plan *p, int64_t piece, const sk_conv_data *data, char *shared,
                    char *own) {
  const sk_conv *c = &p->conv;
  rooms r = rooms_in(p, own);
  int64_t run = piece / p->blocks, block = piece % p->blocks, bytes = weight_bytes(&p->whole);
  int64_t channel = block * (c->out / p->blocks) * c->to[0] * c->to[1];
  char *sum = shared + piece * bytes;
  for (int64_t i = run * p->length; i < min64((run + 1) * p->length, p->chunks); i++) {
    const dn_step *s = step_of(p, i);
    bool first = i == run * p->length;
    void *x = (float *)data->x + i * p->images * image_of_x(c);
    void *y = (float *)data->y + i * p->images * image_of_y(c) + channel;
    if (!(x = fetched(s, &s->x, x, r.x)) || !(y = fetched(s, &s->y, y, r.y)) ||
        !dn_step_run(s, x, first ? sum : r.weight, y, 0, r.scratch))
      return false;
    if (!first) add((float *)sum, (const float *)r.weight, bytes / (int64_t)sizeof(float));
  }
  return true;
}

/* A block of the weight's gradient, from its runs. */
static bool end_block(const dn_plan *p, int64_t block, const sk_conv_data *data, char *shared) {
  const sk_conv *c = &p->conv;
  const dn_step *s = &p->whole;
  int64_t bytes = weight_bytes(s), n = bytes / (int64_t)sizeof(float);
  int64_t size = c->out / p->blocks * (c->inp / c->groups) * c->kernel[0] * c->kernel[1];
  float *sum = (float *)(shared + block * bytes), *to = (float *)data->weight + block * size;
  for (int64_t run = 1; run < p->runs; run++)
    add(sum, (const float *)(shared + (run * p->blocks + block) * bytes), n);
  if (s->weight.bytes) return dn_array_move(s, &s->weight, to, sum, true);
  memcpy(to, sum, (size_t)size * sizeof(float));
  return true;
}

static bool run(const sk_conv_plan *plan, int phase, int64_t piece, const sk_conv_data *data,
                char *shared, char *own) {
  const dn_plan *p = (const dn_plan *)plan;
  int before = alone();
  bool done;
  if (p->op != SK_CONV_WEIGHT)
    done =
        phase == 0 ? bring_weight(p, data, shared) : product_of_chunk(p, piece, data, shared, own);
  else
    done = phase == 0 ? sum_run(p, piece, data, shared, own) : end_block(p, piece, data, shared);
  omp_set_num_threads(before);
  return done;
}

/* ==} */

/* {== Making ============================================================== */

static void cut(dn_plan *p) {
  const sk_conv *c = &p->conv;
  int64_t image = 2 * (int64_t)sizeof(float) * (image_of_x(c) + image_of_y(c));
  int64_t places = c->to[0] * c->to[1];
  int64_t weight =
      (int64_t)sizeof(float) * c->out * (c->inp / c->groups) * c->kernel[0] * c->kernel[1];
  p->images = max64(max64(CACHE, weight) / image, 1);
  if (p->op == SK_CONV_WEIGHT)
    p->images = max64(p->images, parts(PLACES, places));
  else
    p->images = min64(p->images, parts(c->n, LEAST));
  p->images = min64(p->images, c->n);
  p->chunks = parts(c->n, p->images);
  p->length = parts(p->chunks, max64(min64(RUNS, SUMS / weight), 1));
  p->runs = parts(p->chunks, p->length);
  p->blocks = 1;
  while (p->op == SK_CONV_WEIGHT && c->groups == 1 && p->runs * p->blocks < LEAST &&
         c->out % (2 * p->blocks * CHANNELS) == 0)
    p->blocks *= 2;
}

static bool make_steps(dn_plan *p) {
  sk_conv c = p->conv;
  int64_t rest = c.n % p->images;
  c.n = p->images, c.out /= p->blocks;
  if (!dn_step_make(&p->whole, &c, p->op, p->conv.out, 0)) return false;
  c.n = rest;
  return rest == 0 || dn_step_make(&p->rest, &c, p->op, p->conv.out, &p->whole.weight);
}

bool dn_plan_make(dn_plan *p, const sk_conv *c, sk_conv_op op) {
  p->conv = *c, p->op = op;
  if (op == SK_CONV_INPUT && c->groups == 1 && c->inp < FEW) return false;
  cut(p);
  int before = alone();
  bool made = make_steps(p);
  omp_set_num_threads(before);
  if (!made) return false;
  int64_t weight = weight_bytes(&p->whole);
  p->base.run = run;
  p->base.own = own_bytes(p);
  if (op == SK_CONV_WEIGHT) {
    p->base.pieces[0] = p->runs * p->blocks, p->base.pieces[1] = p->blocks;
    p->base.shared = p->runs * p->blocks * weight;
  } else {
    p->base.pieces[0] = 1, p->base.pieces[1] = p->chunks;
    p->base.shared = weight + aligned(c->out * (int64_t)sizeof(float));
  }
  return true;
}

void dn_plan_free(dn_plan *p) {
  dn_step_free(&p->whole);
  dn_step_free(&p->rest);
}

/* ==} */
