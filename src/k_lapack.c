/* Batches of matrices on threads, and how a matrix is brought to LAPACK. */
#include "lapack.h"
#include "slots.h"
#include <math.h>
#include <string.h>

/* The shorter side from which a single matrix is worth the BLAS's own threads. */
#define LARGE 800

#define SMALL        4096               /* elements that are copied without much ado */
#define TILE         16                 /* side of a block that is turned at once */
#define GRAIN        (1 << 15)          /* multiplications that are worth a piece */
#define MOST_SCRATCH ((int64_t)1 << 30) /* of all slots together; one slot there is always */

/* {== Bringing matrices ==================================================== */

#define TURN(T)                                                                                    \
  SK_CLONES static void turn_##T(int64_t rows, int64_t cols, const T *restrict from, int64_t ld,   \
                                 T *restrict to, int64_t first, int64_t last) {                    \
    for (int64_t i = first; i < last; i += TILE) {                                                 \
      int64_t bottom = i + TILE < last ? i + TILE : last;                                          \
      for (int64_t j = 0; j < cols; j += TILE) {                                                   \
        int64_t right = j + TILE < cols ? j + TILE : cols;                                         \
        for (int64_t c = j; c < right; c++)                                                        \
          for (int64_t r = i; r < bottom; r++) to[c * rows + r] = from[r * ld + c];                \
      }                                                                                            \
    }                                                                                              \
  }
TURN(float)
TURN(double)

typedef struct turning {
  sk_dtype dtype;
  int64_t rows, cols, ld;
  const void *from;
  void *to;
} turning;

static void turn_piece(void *ctx, int64_t first, int64_t last) {
  const turning *t = ctx;
  if (t->dtype == SK_F32)
    turn_float(t->rows, t->cols, t->from, t->ld, t->to, first, last);
  else
    turn_double(t->rows, t->cols, t->from, t->ld, t->to, first, last);
}

void sk_transpose(sk_dtype dtype, int64_t rows, int64_t cols, const void *from, int64_t ld,
                  void *to) {
  turning t = {dtype, rows, cols, ld, from, to};
  int64_t grain = (GRAIN / (cols + 1) / TILE + 1) * TILE;
  sk_parallel(rows, grain, turn_piece, &t);
}

sk_array sk_plane(const sk_matrices *job, int which, int64_t i) {
  const sk_array *a = &job->in[which];
  int lead = a->ndim - 2;
  sk_array p = {.data = a->data, .dtype = a->dtype, .ndim = 2};
  for (int d = lead - 1; d >= 0; d--) p.data += i % a->shape[d] * a->stride[d], i /= a->shape[d];
  for (int d = 0; d < 2; d++) p.shape[d] = a->shape[lead + d], p.stride[d] = a->stride[lead + d];
  return p;
}

/* Says which row holds a NaN or an infinity, which LAPACK may hang on. */
static sk_status check_finite(const sk_array *p, const void *packed, int which, sk_fault *fault) {
  if (sk_all_finite(p->dtype, p->shape[0] * p->shape[1], packed)) return SK_OK;
  fault->operand = which;
  for (int64_t r = 0; r < p->shape[0]; r++)
    for (int64_t c = 0; c < p->shape[1]; c++) {
      const char *x = p->data + r * p->stride[0] + c * p->stride[1];
      double v = p->dtype == SK_F32 ? (double)*(const float *)x : *(const double *)x;
      if (isfinite(v)) continue;
      fault->detail = r;
      return SK_ENONFINITE;
    }
  return SK_OK;
}

sk_status sk_load(const sk_matrices *job, int which, int64_t i, void *to, sk_fault *fault) {
  sk_array p = sk_plane(job, which, i), packed = sk_packed(p.dtype, 2, p.shape, to);
  if (p.stride[0] == packed.stride[0] && p.stride[1] == packed.stride[1] && sk_numel(&p) < SMALL)
    memcpy(to, p.data, (size_t)(sk_numel(&p) * sk_itemsize[p.dtype]));
  else
    sk_copy(&p, &packed);
  return check_finite(&p, to, which, fault);
}

sk_status sk_load_transposed(const sk_matrices *job, int which, int64_t i, void *to,
                             sk_fault *fault) {
  sk_array p = sk_plane(job, which, i);
  int64_t size = sk_itemsize[p.dtype], rows = p.shape[0], cols = p.shape[1];
  if (p.stride[1] == size && p.stride[0] % size == 0)
    sk_transpose(p.dtype, rows, cols, p.data, p.stride[0] / size, to);
  else {
    sk_array turned = sk_packed(p.dtype, 2, (int64_t[]){cols, rows}, to);
    sk_copy(&(sk_array){.data = p.data,
                        .dtype = p.dtype,
                        .ndim = 2,
                        .shape = {cols, rows},
                        .stride = {p.stride[1], p.stride[0]}},
            &turned);
  }
  return check_finite(&p, to, which, fault);
}

/* ==} */

/* {== Batches ============================================================== */

static const sk_each each[SK_NMATRIX] = {
    [SK_EIGH] = sk_each_eigh,
    [SK_SVD] = sk_each_svd,
    [SK_SVDVALS] = sk_each_svdvals,
    [SK_QR] = sk_each_qr,
    [SK_CHOLESKY] = sk_each_cholesky,
    [SK_SOLVE] = sk_each_solve,
    [SK_TRIANGULAR] = sk_each_triangular,
    [SK_INV] = sk_each_inv,
    [SK_DET] = sk_each_det,
    [SK_LSTSQ] = sk_each_lstsq,
};

typedef struct batch {
  const sk_matrices *job;
  char *scratch;
  sk_room room; /* a slot's, counted */
  sk_slots slots;
  const void *held[SK_MAXTHREADS]; /* by slot */
  atomic_flag lock;
  sk_fault first; /* the fault of the first matrix that has one, whoever finds
                     it when */
} batch;

static sk_room slot_of(const sk_matrices *job) {
  sk_room room = {0};
  each[job->op](job, -1, &room, 0);
  return room;
}

static int slots_of(const sk_matrices *job, int threads, int64_t bytes) {
  int n = job->count < threads ? (int)job->count : threads;
  while (n > 1 && n * bytes > MOST_SCRATCH) n--;
  return n > 0 ? n : 1;
}

int64_t sk_matrices_scratch(const sk_matrices *job, int threads) {
  int64_t bytes = slot_of(job).used;
  return slots_of(job, threads, bytes) * bytes + 64;
}

static void keep_first(batch *b, const sk_fault *fault) {
  while (atomic_flag_test_and_set(&b->lock)) sched_yield();
  if (b->first.status == SK_OK || fault->matrix < b->first.matrix) b->first = *fault;
  atomic_flag_clear(&b->lock);
}

static void piece(void *ctx, int64_t first, int64_t last) {
  batch *b = ctx;
  int slot = sk_slot_take(&b->slots);
  for (int64_t i = first; i < last; i++) {
    sk_room room = b->room;
    room.at = (uintptr_t)b->scratch + (uintptr_t)(slot * room.used), room.used = 0;
    room.held = &b->held[slot];
    sk_fault fault = {.matrix = i};
    fault.status = each[b->job->op](b->job, i, &room, &fault);
    if (fault.status == SK_OK) continue;
    keep_first(b, &fault);
    break;
  }
  sk_slot_give(&b->slots, slot);
}

extern void openblas_set_num_threads(int n);

static bool worth_threads(const sk_matrices *job, int threads) {
  return job->loose && threads > 1 && job->count == 1 && job->m >= LARGE && job->n >= LARGE;
}

sk_fault sk_matrices_run(const sk_matrices *job, int threads, void *scratch) {
  batch b = {.job = job, .room = slot_of(job), .lock = ATOMIC_FLAG_INIT};
  b.scratch = (char *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);
  sk_slots_init(&b.slots, slots_of(job, threads, b.room.used));
  double work = (double)job->m * (double)job->n * (double)(job->n + job->k) + 1;
  int64_t grain = work < GRAIN ? (int64_t)(GRAIN / work) : 1;
  bool raised = worth_threads(job, threads);
  if (raised) openblas_set_num_threads(threads);
  sk_parallel(job->count, b.slots.n == 1 ? job->count : grain, piece, &b);
  if (raised) openblas_set_num_threads(1);
  return b.first;
}

/* ==} */
