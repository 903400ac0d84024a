/* Floor 3: moments, triangular factors and spectra. Their states are float64 tensors that the Lua
   side (sslkit.metrics.engine) owns and that are changed in place here. */
#include "lib.h"

#define MAX_SIDE 32766 /* LAPACK counts its scratch in 32 bits */

/* Rows at idx: a 2-D float tensor with at least one row, packed; pushes it. */
static const sk_array *push_rows(lua_State *L, int idx) {
  sk_array *a = sk_check_float(L, idx);
  if (a->ndim != 2 || a->shape[0] == 0)
    sk_fail(L, idx, "tensor (N,D) with at least one row expected, got %s", sk_describe(L, a));
  return sk_contiguous(L, idx, a->dtype);
}

/* A packed float64 tensor of that shape, whose elements the kernel changes or reads. */
static double *check_state(lua_State *L, int idx, int ndim, int64_t rows, int64_t cols) {
  sk_array *a = sk_check_dtype(L, idx, SK_F64);
  int64_t shape[2] = {rows, cols};
  sk_array want = sk_packed(SK_F64, ndim, shape, 0);
  if (!sk_same_shape(a, &want) || !sk_is_contiguous(a))
    sk_fail(L, idx, "contiguous %s expected, got %s", sk_describe(L, &want), sk_describe(L, a));
  return (double *)a->data;
}

static int64_t check_side(lua_State *L, int idx, int64_t d) {
  if (d > MAX_SIDE)
    sk_fail(L, idx, "%lld is too large a width for LAPACK (at most %d)", (long long)d, MAX_SIDE);
  return d;
}

/* nonfinite_row(z) -> the first row with a NaN or an infinity, or nil */
static int spectral_nonfinite_row(lua_State *L) {
  const sk_array *z = push_rows(L, 1);
  int64_t row = sk_nonfinite_row(z->dtype, z->data, z->shape[0], z->shape[1]);
  if (row < 0) return 0;
  lua_pushinteger(L, row + 1);
  return 1;
}

/* The four state tensors from idx on; d is their width. */
static sk_moments check_moments(lua_State *L, int64_t n, int idx, int64_t d) {
  return (sk_moments){n, check_state(L, idx, 1, d, 0), check_state(L, idx + 1, 2, d, d),
                      check_state(L, idx + 2, 1, d, 0), check_state(L, idx + 3, 1, d, 0)};
}

/* moments_add(n, mean, scatter, lo, hi, z) -> the new n */
static int spectral_moments_add(lua_State *L) {
  int64_t n = sk_check_int(L, 1);
  lua_settop(L, 6);
  const sk_array *z = push_rows(L, 6);
  int64_t rows = z->shape[0], d = check_side(L, 6, z->shape[1]);
  sk_moments m = check_moments(L, n, 2, d);
  sk_moments_add(z->dtype, z->data, rows, d, &m, sk_scratch(L, sk_moments_scratch(rows, d)));
  sk_scratch_done(L, -1);
  for (int i = 2; i <= 5; i++) sk_touch(L, i);
  lua_pushinteger(L, m.n);
  return 1;
}

/* NaN and infinity must not reach LAPACK; the data were finite, but their squares may not be. */
static void check_range(lua_State *L, const double *a, int64_t rows, int64_t cols) {
  if (sk_nonfinite_row(SK_F64, a, rows, cols) >= 0)
    sk_error(L, "the data are too large: squares and products of them leave the range of float64");
}

/* Pushes the eigenvalues, ascending, of a[n,n], which is destroyed. */
static void push_eigenvalues(lua_State *L, const char *fname, double *a, int64_t n) {
  check_range(L, a, n, n);
  sk_array *w = sk_new(L, SK_F64, 1, &n);
  void *scratch = sk_scratch(L, sk_eigh_scratch(SK_F64, n, false));
  sk_status status = sk_eigh(SK_F64, n, a, w->data, false, scratch);
  sk_scratch_done(L, -1);
  lua_pop(L, 1);
  sk_raise(L, fname, status);
}

/* moments_spectrum(n, mean, scatter, lo, hi, center) -> eigenvalues of the columns that are left */
static int spectral_moments_spectrum(lua_State *L) {
  int64_t n = sk_check_int(L, 1), d = sk_numel(sk_check(L, 2));
  sk_moments m = check_moments(L, n, 2, d);
  bool center = lua_toboolean(L, 6);
  double *matrix = sk_scratch(L, d * (d + 1) * (int64_t)sizeof(double));
  int scratch = lua_gettop(L);
  int64_t kept = sk_moments_matrix(&m, d, center, matrix, (int64_t *)(matrix + d * d));
  push_eigenvalues(L, "spectrum", matrix, kept);
  sk_scratch_done(L, scratch);
  return 1;
}

/* gram_spectrum(z, center) -> eigenvalues of z z^T */
static int spectral_gram_spectrum(lua_State *L) {
  lua_settop(L, 2);
  const sk_array *z = push_rows(L, 1);
  int64_t rows = check_side(L, 1, z->shape[0]), d = z->shape[1];
  double *g = sk_scratch(L, rows * rows * (int64_t)sizeof(double));
  int at = lua_gettop(L);
  double *scratch = sk_scratch(L, sk_gram_rows_scratch(rows, d));
  sk_gram_rows(z->dtype, z->data, rows, d, lua_toboolean(L, 2), g, scratch);
  sk_scratch_done(L, -1);
  push_eigenvalues(L, "spectrum", g, rows);
  sk_scratch_done(L, at);
  return 1;
}

/* direct_spectrum(z, center) -> singular values, descending, of the columns that are left */
static int spectral_direct_spectrum(lua_State *L) {
  lua_settop(L, 2);
  const sk_array *z = push_rows(L, 1);
  int64_t rows = z->shape[0], d = z->shape[1];
  check_side(L, 1, rows < d ? rows : d);
  double *a = sk_scratch(L, (rows + 1) * d * (int64_t)sizeof(double));
  int at = lua_gettop(L);
  double *around = sk_scratch(L, sk_center_columns_scratch(d));
  int64_t kept = sk_center_columns(z->dtype, z->data, rows, d, lua_toboolean(L, 2), a,
                                   (int64_t *)(a + rows * d), around);
  sk_scratch_done(L, -1);
  check_range(L, a, rows, kept);
  int64_t r = rows < kept ? rows : kept;
  sk_array *s = sk_new(L, SK_F64, 1, &r);
  void *scratch = sk_scratch(L, sk_svdvals_scratch(SK_F64, rows, kept));
  sk_status status = sk_svdvals(SK_F64, rows, kept, a, s->data, scratch);
  sk_scratch_done(L, -1);
  lua_pop(L, 1);
  sk_scratch_done(L, at);
  sk_raise(L, "spectrum", status);
  return 1;
}

/* tsqr_add(r, shift, z) */
static int spectral_tsqr_add(lua_State *L) {
  lua_settop(L, 3);
  const sk_array *z = push_rows(L, 3);
  int64_t rows = z->shape[0], d = check_side(L, 3, z->shape[1]);
  double *r = check_state(L, 1, 2, d + 1, d + 1), *shift = check_state(L, 2, 1, d, 0);
  double *scratch = sk_scratch(L, sk_tsqr_scratch(rows, d));
  sk_tsqr_add(z->dtype, z->data, rows, d, shift, r, scratch);
  sk_scratch_done(L, -1);
  sk_touch(L, 1);
  return 0;
}

/* tsqr_merge(r, other) */
static int spectral_tsqr_merge(lua_State *L) {
  int64_t p = sk_check_dtype(L, 1, SK_F64)->shape[0];
  double *r = check_state(L, 1, 2, p, p), *other = check_state(L, 2, 2, p, p);
  sk_tsqr_merge(p, r, other, sk_scratch(L, sk_tsqr_merge_scratch(p)));
  sk_scratch_done(L, -1);
  sk_touch(L, 1);
  return 0;
}

static const luaL_Reg functions[] = {{"nonfinite_row", spectral_nonfinite_row},
                                     {"moments_add", spectral_moments_add},
                                     {"moments_spectrum", spectral_moments_spectrum},
                                     {"gram_spectrum", spectral_gram_spectrum},
                                     {"direct_spectrum", spectral_direct_spectrum},
                                     {"tsqr_add", spectral_tsqr_add},
                                     {"tsqr_merge", spectral_tsqr_merge},
                                     {0, 0}};

int sk_open_spectral(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
