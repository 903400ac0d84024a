/* Runs a list of operations over the samples of a batch. */
#include "augment.h"
#include "kernel.h"
#include <math.h>
#include <string.h>

/* {== Random numbers ====================================================== */

static sk_draws sample_draws(uint64_t seed, uint64_t epoch, uint64_t view, int64_t index) {
  uint64_t key = sk_mix(sk_mix(sk_mix(seed) + epoch) + view);
  return (sk_draws){.key = {(uint32_t)key, (uint32_t)(key >> 32)},
                    .index = {(uint32_t)index, (uint32_t)((uint64_t)index >> 32)},
                    .strength = 1};
}

static sk_draws of_slot(const sk_draws *sample, uint32_t slot) {
  sk_draws d = *sample;
  d.slot = slot, d.next = 0;
  return d;
}

static uint32_t next_word(sk_draws *d) {
  uint32_t at = d->next++;
  if (at % 4 == 0)
    sk_philox((uint32_t[]){at / 4, d->slot, d->index[0], d->index[1]}, d->key, d->word);
  return d->word[at % 4];
}

double sk_draw(sk_draws *d) { return next_word(d) * 0x1p-32; }

int64_t sk_draw_below(sk_draws *d, int64_t n) { return (int64_t)(sk_draw(d) * (double)n); }

double sk_draw_normal(sk_draws *d) {
  double u = (next_word(d) + 1.0) * 0x1p-32, v = sk_draw(d);
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

double sk_draw_strength(sk_draws *d, const double *args) {
  double lo = args[0], hi = args[1], levels = args[2], m = lo;
  double u = sk_draw(d), sign = sk_draw(d);
  if (levels < 0)
    m = (lo + (hi - lo) * d->strength) * (levels < -1 ? u : 1);
  else if (levels >= 2)
    m += (hi - lo) * floor(u * levels) / (levels - 1);
  else
    m += (hi - lo) * u;
  return args[4] + (args[3] != 0 && sign < 0.5 ? -m : m);
}

void sk_augment_draws(uint64_t seed, uint64_t epoch, uint64_t view, uint32_t slot,
                      const int64_t *index, int64_t n, int64_t k, double *u) {
  for (int64_t i = 0; i < n; i++) {
    sk_draws sample = sample_draws(seed, epoch, view, index[i]), d = of_slot(&sample, slot);
    for (int64_t j = 0; j < k; j++) u[i * k + j] = sk_draw(&d);
  }
}

/* ==} */

/* {== The list ============================================================ */

#define X(NAME) #NAME,
const char *const sk_augment_name[] = {SK_AUGMENT(X)};
#undef X
const int sk_augment_count = sizeof sk_augment_name / sizeof *sk_augment_name;

#define X(NAME) SK_AUGMENT_##NAME,
enum { SK_AUGMENT(X) };
#undef X

typedef void (*operation)(sk_image *im, const double *args, sk_draws *d);
#define X(NAME) sk_augment_##NAME,
static const operation operations[] = {SK_AUGMENT(X)};
#undef X

/* They only steer: see `run`. */
void sk_augment_choose(sk_image *im, const double *args, sk_draws *d) {
  (void)im, (void)args, (void)d;
}
void sk_augment_group(sk_image *im, const double *args, sk_draws *d) {
  (void)im, (void)args, (void)d;
}

static void run(sk_image *im, const sk_augment_op *op, const sk_augment_op *end,
                const sk_draws *sample) {
  for (; op < end; op += 1 + (int64_t)op->skip) {
    sk_draws d = of_slot(sample, (uint32_t)op->slot);
    bool choose = op->code == SK_AUGMENT_choose;
    if (sk_draw(&d) >= op->p * (choose && op->args[1] != 0 ? d.strength : 1)) continue;
    if (choose) {
      const sk_augment_op *group = op + 1;
      for (int64_t left = sk_draw_below(&d, (int64_t)op->args[0]); left > 0; left--)
        group += 1 + (int64_t)group->skip;
      run(im, group + 1, group + 1 + (int64_t)group->skip, sample);
    } else
      operations[(int)op->code](im, op->args, &d);
  }
}

/* ==} */

/* {== A batch ============================================================= */

/* Pieces of a batch, each with its own buffers; cut by the size of the batch alone. */
#define PIECES 16

static int64_t grain(const sk_augment_job *job) { return (job->n + PIECES - 1) / PIECES; }

static int64_t buffer(const sk_augment_job *job) { return (job->room + 15) / 16 * 16; }

int64_t sk_augment_scratch(const sk_augment_job *job) {
  int64_t pieces = job->n < PIECES ? job->n : PIECES;
  return pieces * 3 * buffer(job);
}

SK_CLONES static void read_sample(const sk_augment_job *job, int64_t row, float *to) {
  int64_t size = (int64_t)job->c * job->h * job->w, first = row * size;
  if (job->dtype == SK_U8) {
    const uint8_t *from = (const uint8_t *)job->x + first;
    float levels = (float)job->levels;
    for (int64_t i = 0; i < size; i++) to[i] = (float)from[i] / levels;
  } else if (job->dtype == SK_F32) {
    memcpy(to, (const float *)job->x + first, (size_t)size * sizeof *to);
  } else {
    const double *from = (const double *)job->x + first;
    for (int64_t i = 0; i < size; i++) to[i] = (float)from[i];
  }
}

typedef struct batch {
  const sk_augment_job *job;
  bool fits;
} batch;

static void piece(void *ctx, int64_t first, int64_t last) {
  batch *b = ctx;
  const sk_augment_job *job = b->job;
  float *own = job->scratch + first / grain(job) * 3 * buffer(job);
  int64_t size = (int64_t)job->out_c * job->out_h * job->out_w;
  for (int64_t i = first; i < last; i++) {
    sk_image im = {own,   own + buffer(job), own + 2 * buffer(job), job->room, job->c, job->h,
                   job->w};
    sk_draws sample = sample_draws(job->seed, job->epoch, job->view, job->index[i]);
    if (job->strength) sample.strength = job->strength[i];
    read_sample(job, job->rows[i] - 1, im.at);
    run(&im, job->ops, job->ops + job->count, &sample);
    if (im.c == job->out_c && im.h == job->out_h && im.w == job->out_w)
      memcpy(job->out + i * size, im.at, (size_t)size * sizeof *im.at);
    else
      b->fits = false; /* whoever finds it, writes the same */
  }
}

bool sk_augment(const sk_augment_job *job) {
  batch b = {job, true};
  sk_parallel(job->n, grain(job), piece, &b);
  return b.fits;
}

/* ==} */
