/* Linear algebra by LAPACK: eigenvalues, singular values, factors, equations; of matrices
   [..,m,n], batch by batch. */
#include "lib.h"

#define MAX_SHORT 32766     /* LAPACK counts its scratch, 2 n^2 + 6 n + 1, in 32 bits */
#define MAX_LONG  (1 << 25) /* and a block of rows of the longer side */

/* {== Operands ============================================================= */

static sk_array *check_matrices(lua_State *L, int idx, bool square) {
  sk_array *a = sk_check_float(L, idx);
  if (a->ndim < 2)
    sk_fail(L, idx, "tensor with 2 dimensions or more expected, got %s", sk_describe(L, a));
  int64_t m = a->shape[a->ndim - 2], n = a->shape[a->ndim - 1], least = m < n ? m : n;
  if (square && m != n) sk_fail(L, idx, "square matrix expected, got %s", sk_describe(L, a));
  if (least > MAX_SHORT || (m > n ? m : n) > MAX_LONG)
    sk_fail(L, idx,
            "%s is too large for LAPACK (at most %d on the shorter side, %d on "
            "the longer)",
            sk_describe(L, a), MAX_SHORT, MAX_LONG);
  return a;
}

/* Of the batch that in[0] shows. */
static void set_count(lua_State *L, sk_matrices *job) {
  job->count = sk_count(job->in[0].ndim - 2, job->in[0].shape);
  if (job->count < 0) sk_error(L, "too many matrices");
}

static sk_matrices new_job(lua_State *L, sk_matrix_op op, bool square) {
  sk_array *a = check_matrices(L, 1, square);
  sk_matrices job = {.op = op, .dtype = a->dtype, .in = {*a}, .loose = true};
  job.m = a->shape[a->ndim - 2], job.n = a->shape[a->ndim - 1];
  set_count(L, &job);
  return job;
}

/* The right-hand sides, argument 2: [..,m,k], of one batch shape with the matrices from here on. */
static void add_sides(lua_State *L, sk_matrices *job) {
  sk_array *b = check_matrices(L, 2, false), *a = &job->in[0];
  sk_array la = *a, lb = *b;
  int64_t shape[SK_MAXDIM];
  int lead;
  if (b->dtype != a->dtype) {
    const char *s = sk_describe(L, a);
    sk_fail(L, 2, "dtypes differ: %s and %s (convert one with :to)", s, sk_describe(L, b));
  }
  if (b->shape[b->ndim - 2] != job->m) {
    const char *s = sk_describe_shape(L, a->ndim, a->shape);
    sk_fail(L, 2, "numbers of rows differ: %s and %s", s, sk_describe_shape(L, b->ndim, b->shape));
  }
  la.ndim -= 2, lb.ndim -= 2;
  if (!sk_broadcast(&la, &lb, &lead, shape)) {
    const char *s = sk_describe_shape(L, a->ndim, a->shape);
    sk_fail(L, 2, "batch sizes do not broadcast: %s and %s", s,
            sk_describe_shape(L, b->ndim, b->shape));
  }
  job->k = b->shape[b->ndim - 1];
  shape[lead] = job->m, shape[lead + 1] = job->n;
  sk_expand(a, lead + 2, shape, &job->in[0]);
  shape[lead + 1] = job->k;
  sk_expand(b, lead + 2, shape, &job->in[1]);
  set_count(L, job);
}

/* Pushes output `which`: the batch, and ndim sizes more. */
static sk_array *push_output(lua_State *L, sk_matrices *job, int which, sk_dtype dtype, int ndim,
                             int64_t rows, int64_t cols) {
  int64_t shape[SK_MAXDIM];
  int lead = job->in[0].ndim - 2;
  for (int d = 0; d < lead; d++) shape[d] = job->in[0].shape[d];
  shape[lead] = rows;
  if (ndim == 2) shape[lead + 1] = cols;
  sk_array *out = sk_new(L, dtype, lead + ndim, shape);
  job->out[which] = out->data;
  return out;
}

/* ==} */

/* {== Running ============================================================== */

static void raise_fault(lua_State *L, const sk_matrices *job, const sk_fault *f) {
  long long detail = f->detail, matrix = f->matrix + 1;
  if (f->status == SK_ENONFINITE) {
    int arg = f->operand + 1;
    const char *s = sk_describe(L, sk_check(L, arg));
    if (sk_check(L, arg)->ndim == 2)
      sk_fail(L, arg, "row %lld of %s holds a NaN or an infinity", detail + 1, s);
    sk_fail(L, arg, "row %lld of matrix %lld of %s holds a NaN or an infinity", detail + 1, matrix,
            s);
  }
  const char *what = "the matrix";
  if (job->in[0].ndim > 2) what = lua_pushfstring(L, "matrix %I of the batch", (lua_Integer)matrix);
  switch (f->status) {
  case SK_ENOTPOSITIVE:
    sk_error(L, "%s is not positive definite (leading minor of order %lld)", what, detail);
  case SK_ESINGULAR:
    sk_error(L, "%s is singular (LAPACK info %lld: that pivot is zero)", what, detail);
  case SK_ENOCONV: sk_error(L, "LAPACK did not converge on %s (info %lld)", what, detail);
  default: sk_error(L, "LAPACK refused %s (info %lld)", what, detail);
  }
}

/* Returns the n outputs, which stand from stack index `first` on. */
static int run(lua_State *L, const sk_matrices *job, int first, int n) {
  bool anything = false;
  for (int i = first; i < first + n; i++) anything |= sk_numel(sk_check(L, i)) > 0;
  if (anything) {
    int threads = sk_get_threads();
    void *scratch = sk_scratch(L, sk_matrices_scratch(job, threads));
    sk_fault fault = sk_matrices_run(job, threads, scratch);
    sk_scratch_done(L, -1);
    if (fault.status != SK_OK) raise_fault(L, job, &fault);
  }
  lua_settop(L, first + n - 1);
  return n;
}

/* ==} */

/* {== Functions ============================================================ */

/* What other parts of the library compute with eigenvalues is the same on any number of threads;
   who gives `loose` wants speed. */
static sk_matrices eigen_job(lua_State *L) {
  lua_settop(L, 2);
  sk_matrices job = new_job(L, SK_EIGH, true);
  job.loose = lua_toboolean(L, 2);
  return job;
}

static int linalg_eigh(lua_State *L) { /* (a, loose) -> values, vectors */
  sk_matrices job = eigen_job(L);
  push_output(L, &job, 0, job.dtype, 1, job.n, 0);
  push_output(L, &job, 1, job.dtype, 2, job.n, job.n);
  return run(L, &job, 3, 2);
}

static int linalg_eigvalsh(lua_State *L) { /* (a, loose) -> values */
  sk_matrices job = eigen_job(L);
  push_output(L, &job, 0, job.dtype, 1, job.n, 0);
  return run(L, &job, 3, 1);
}

static int64_t shorter(const sk_matrices *job) { return job->m < job->n ? job->m : job->n; }

static int linalg_svd(lua_State *L) { /* (a, full) -> u, s, vh */
  lua_settop(L, 2);
  sk_matrices job = new_job(L, SK_SVD, false);
  job.full = lua_toboolean(L, 2);
  push_output(L, &job, 0, job.dtype, 2, job.m, job.full ? job.m : shorter(&job));
  push_output(L, &job, 1, job.dtype, 1, shorter(&job), 0);
  push_output(L, &job, 2, job.dtype, 2, job.full ? job.n : shorter(&job), job.n);
  return run(L, &job, 3, 3);
}

static int linalg_svdvals(lua_State *L) { /* (a) -> s */
  lua_settop(L, 1);
  sk_matrices job = new_job(L, SK_SVDVALS, false);
  push_output(L, &job, 1, job.dtype, 1, shorter(&job), 0);
  return run(L, &job, 2, 1);
}

static int linalg_qr(lua_State *L) { /* (a, full, r only) -> [q,] r */
  lua_settop(L, 3);
  sk_matrices job = new_job(L, SK_QR, false);
  job.full = lua_toboolean(L, 2);
  bool alone = lua_toboolean(L, 3);
  int64_t c = job.full ? job.m : shorter(&job);
  if (!alone) push_output(L, &job, 0, job.dtype, 2, job.m, c);
  push_output(L, &job, 1, job.dtype, 2, c, job.n);
  return run(L, &job, 4, alone ? 1 : 2);
}

static int linalg_cholesky(lua_State *L) { /* (a) -> l */
  lua_settop(L, 1);
  sk_matrices job = new_job(L, SK_CHOLESKY, true);
  push_output(L, &job, 0, job.dtype, 2, job.n, job.n);
  return run(L, &job, 2, 1);
}

static int linalg_inv(lua_State *L) { /* (a) -> inverse */
  lua_settop(L, 1);
  sk_matrices job = new_job(L, SK_INV, true);
  push_output(L, &job, 0, job.dtype, 2, job.n, job.n);
  return run(L, &job, 2, 1);
}

static int linalg_solve(lua_State *L) { /* (a, b) -> x */
  lua_settop(L, 2);
  sk_matrices job = new_job(L, SK_SOLVE, true);
  add_sides(L, &job);
  push_output(L, &job, 0, job.dtype, 2, job.n, job.k);
  return run(L, &job, 3, 1);
}

static int linalg_solve_triangular(lua_State *L) { /* (a, b, upper) -> x */
  lua_settop(L, 3);
  sk_matrices job = new_job(L, SK_TRIANGULAR, true);
  job.full = lua_toboolean(L, 3);
  add_sides(L, &job);
  push_output(L, &job, 0, job.dtype, 2, job.n, job.k);
  return run(L, &job, 4, 1);
}

static int linalg_det(lua_State *L) { /* (a) -> det */
  lua_settop(L, 1);
  sk_matrices job = new_job(L, SK_DET, true);
  job.full = true;
  push_output(L, &job, 0, job.dtype, 0, 0, 0);
  return run(L, &job, 2, 1);
}

static int linalg_slogdet(lua_State *L) { /* (a) -> sign, log |det| */
  lua_settop(L, 1);
  sk_matrices job = new_job(L, SK_DET, true);
  push_output(L, &job, 0, job.dtype, 0, 0, 0);
  push_output(L, &job, 1, job.dtype, 0, 0, 0);
  return run(L, &job, 2, 2);
}

static int linalg_lstsq(lua_State *L) { /* (a, b, rcond) -> x, squares left, s, rank */
  lua_settop(L, 3);
  sk_matrices job = new_job(L, SK_LSTSQ, false);
  job.rcond = sk_check_number(L, 3);
  add_sides(L, &job);
  push_output(L, &job, 0, job.dtype, 2, job.n, job.k);
  push_output(L, &job, 1, job.dtype, 1, job.k, 0);
  push_output(L, &job, 2, job.dtype, 1, shorter(&job), 0);
  push_output(L, &job, 3, SK_I64, 0, 0, 0);
  return run(L, &job, 4, 4);
}

static const luaL_Reg functions[] = {{"eigh", linalg_eigh},
                                     {"eigvalsh", linalg_eigvalsh},
                                     {"svd", linalg_svd},
                                     {"svdvals", linalg_svdvals},
                                     {"qr", linalg_qr},
                                     {"cholesky", linalg_cholesky},
                                     {"inv", linalg_inv},
                                     {"solve", linalg_solve},
                                     {"solve_triangular", linalg_solve_triangular},
                                     {"det", linalg_det},
                                     {"slogdet", linalg_slogdet},
                                     {"lstsq", linalg_lstsq},
                                     {0, 0}};

int sk_open_linalg(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}

/* ==} */
