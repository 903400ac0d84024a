/* Floor 1: arithmetic on raw memory. No Lua, no allocation: scratch is passed in, and a kernel that
   can fail returns a status. Shapes are named as [rows,columns]; arrays that a kernel calls packed
   are C-contiguous. */
#ifndef SK_KERNEL_H
#define SK_KERNEL_H

#include "conv.h"
#include "pool.h"
#include "shape.h"

typedef enum sk_status {
  SK_OK = 0,
  SK_ENOCONV,      /* LAPACK did not converge */
  SK_ESINGULAR,    /* a factor is exactly singular */
  SK_EARG,         /* LAPACK found an illegal value (NaN or Inf, say) */
  SK_ENONFINITE,   /* a NaN or an infinity */
  SK_ENOTPOSITIVE, /* a matrix is not positive definite */
} sk_status;

/* --- k_map.c: elementwise
 * ------------------------------------------------------------------------------- */

/* clang-format off */
/* X(name): float32 and float64 (neg, abs, sign, square: int64 too) */
#define SK_UNARY(X) \
  X(exp) X(log) X(log2) X(log10) X(log1p) X(expm1) X(sqrt) X(rsqrt) X(floor) X(ceil) X(round) \
  X(trunc) X(sin) X(cos) X(tan) X(tanh) X(sigmoid) X(relu) X(gelu) X(gelu_tanh) X(gelu_slope) \
  X(gelu_tanh_slope) X(silu) X(softplus) X(erf) X(reciprocal) X(abs) X(sign) X(neg) X(square)
/* X(name): result is a mask */
#define SK_TEST(X) X(isnan) X(isinf) X(isfinite) X(logical_not)
/* X(name): floats and int64 (bit_and, bit_or: uint8) */
#define SK_BINARY(X) \
  X(add) X(sub) X(mul) X(div) X(floordiv) X(mod) X(pow) X(maximum) X(minimum) X(atan2) \
  X(relu_grad) X(bit_and) X(bit_or)
/* X(name): every dtype, result is a mask */
#define SK_COMPARE(X) X(lt) X(le) X(gt) X(ge) X(eq) X(ne) X(logical_and) X(logical_or)
/* clang-format on */

typedef enum sk_unary_op {
#define X(NAME) SK_UNARY_##NAME,
  SK_UNARY(X) SK_TEST(X)
#undef X
      SK_NUNARY
} sk_unary_op;

typedef enum sk_binary_op {
#define X(NAME) SK_BINARY_##NAME,
  SK_BINARY(X) SK_COMPARE(X)
#undef X
      SK_NBINARY
} sk_binary_op;

extern const char *const sk_unary_name[SK_NUNARY], *const sk_binary_name[SK_NBINARY];
/* Is there a kernel for that dtype, and what does it give? */
bool sk_unary_has(sk_unary_op op, sk_dtype dtype);
bool sk_binary_has(sk_binary_op op, sk_dtype dtype);
sk_dtype sk_unary_gives(sk_unary_op op, sk_dtype dtype);
sk_dtype sk_binary_gives(sk_binary_op op, sk_dtype dtype);
/* All arrays have the shape of out (use sk_expand first); out may be the same window as an input.
 */
void sk_unary(sk_unary_op op, const sk_array *a, const sk_array *out);
void sk_binary(sk_binary_op op, const sk_array *a, const sk_array *b, const sk_array *out);
/* out = mask ? a : b; mask is uint8, the others share a dtype. */
void sk_where(const sk_array *mask, const sk_array *a, const sk_array *b, const sk_array *out);

/* --- k_move.c: copying, and slices along an axis
 * -------------------------------------------------------------------- */

/* Calls inner on threads over all elements of arrays of one shape, `grain` elements a piece. */
void sk_walk(int nops, const sk_array *const *arrays, int64_t grain, sk_inner inner);
void sk_copy(const sk_array *from, const sk_array *to); /* same shape, any dtypes, as C converts */
void sk_fill(const sk_array *to, const void *value);    /* value: one element of to's dtype */
/* out[.., i, ..] = a[.., index[i], ..] along axis; index: n 0-based, checked. */
void sk_take(const sk_array *a, int axis, const int64_t *index, const sk_array *out);
/* a[.., index[i], ..] = (or +=) src[.., i, ..] */
void sk_put(const sk_array *a, int axis, const int64_t *index, const sk_array *src, bool add);
int64_t sk_count_nonzero(const sk_array *mask);
/* The 0-based C-order positions of the nonzero elements of a uint8 mask. */
void sk_nonzero(const sk_array *mask, int64_t *position);

/* --- k_gather.c: one 1-based int64 index for each element
 * ----------------------------------------------- */

/* Are all of n packed indices in 1 .. limit? */
bool sk_within(const int64_t *index, int64_t n, int64_t limit);
/* out[i][j].. = a[index[i][j]..][j].. along axis; index has out's shape. False where one of them is
   outside: out is then undefined. */
bool sk_gather(const sk_array *a, int axis, const sk_array *index, const sk_array *out);
/* Its reverse, for indices that are within. */
void sk_scatter(const sk_array *a, int axis, const sk_array *index, const sk_array *src, bool add);

/* --- k_pick.c: elements at byte offsets
 * ----------------------------------------------------------------- */

/* Adds (index - 1) * stride to each offset, for int64 indices in 1 .. n or -n .. -1, in C order;
   false where one is outside. n = -1: adds what stands in index as it is. */
bool sk_add_offsets(const sk_array *index, int64_t n, int64_t stride, int64_t *offset);
/* The byte offsets in `over`, of the shape of a uint8 mask, of where that is not 0, in C order;
   offset has room for one more than there are. */
void sk_mask_offsets(const sk_array *mask, const sk_array *over, int64_t *offset);
/* out has a's dimensions and, at axis, one more: out[.., i, ..] = a at offset[i]; and its reverse,
   by which the last of equal offsets stays, or all are added (not uint8). */
void sk_pick(const sk_array *a, int axis, const int64_t *offset, const sk_array *out);
void sk_place(const sk_array *a, int axis, const int64_t *offset, const sk_array *src, bool add);
/* a = value, one element of a's dtype, where the uint8 mask of a's shape is not 0. */
void sk_mask_fill(const sk_array *mask, const void *value, const sk_array *a);

/* --- k_reduce.c: along far and n of an array seen as [outer, far, mid, n, inner]
 * ------------------------ */

typedef enum sk_reduce_op {
  SK_SUM,
  SK_MEAN,
  SK_PROD,
  SK_MIN,
  SK_MAX,
  SK_ARGMIN,
  SK_ARGMAX,
  SK_VAR,
  SK_NORM1,
  SK_NORM2,
  SK_LOGSUMEXP,
  SK_ANY,
  SK_ALL,
  SK_NREDUCE
} sk_reduce_op;
/* a is packed; out is packed [outer,mid,inner] of the dtype that sk_reduce_gives says.
   ddof: for SK_VAR. Sums accumulate in float64. */
sk_dtype sk_reduce_gives(sk_reduce_op op, sk_dtype dtype);
bool sk_reduce_has(sk_reduce_op op, sk_dtype dtype);
void sk_reduce(sk_reduce_op op, sk_dtype dtype, const void *a, const int64_t shape[5], double ddof,
               void *out);
/* --- k_gemm.c
 * ------------------------------------------------------------------------------------------- */

/* Can the BLAS read this 2-D array as it lies, plain or transposed? */
bool sk_gemm_takes(const sk_array *a);
/* c[m,n] = a[m,k] b[k,n] + beta c; float32 or float64, each as sk_gemm_takes wants it, c with
 * packed rows. */
void sk_gemm(const sk_array *a, const sk_array *b, double beta, const sk_array *c);
/* The same with beta = 0 for every index of the leading dimensions, which all three share. */
void sk_gemm_batch(const sk_array *a, const sk_array *b, const sk_array *c);

/* --- k_random.c
 * ----------------------------------------------------------------------------------------- */

typedef struct sk_generator {
  uint64_t seed, stream, offset; /* offset counts blocks of four 32-bit words */
} sk_generator;
typedef enum sk_distribution { SK_UNIFORM, SK_NORMAL } sk_distribution;

void sk_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
uint64_t sk_mix(uint64_t x);
/* The n-th block of four words. */
void sk_random_block(const sk_generator *g, uint64_t n, uint32_t w[4]);
/* out[n] = a + b u: u uniform in [0,1) or standard normal. Each moves the generator on. */
void sk_random(sk_generator *g, sk_distribution kind, double a, double b, sk_dtype dtype, int64_t n,
               void *out);
void sk_random_int(sk_generator *g, int64_t lo, int64_t hi, int64_t n, int64_t *out);
void sk_permutation(sk_generator *g, int64_t n, int64_t *out); /* of 1..n */
/* out = x / (1 - p) with probability 1 - p, otherwise 0. */
void sk_dropout(sk_generator *g, double p, sk_dtype dtype, int64_t n, const void *x, void *out);

/* --- k_draw.c: row numbers drawn with the weights p, packed [rows,k]
 * ------------------------------------ */

typedef enum sk_weights_fault {
  SK_WEIGHTS_OK,
  SK_WEIGHT_ODD, /* negative, NaN or infinite */
  SK_WEIGHTS_ZERO,
  SK_WEIGHTS_FEW /* fewer than `least` above 0 */
} sk_weights_fault;
/* The first fault and its row. */
sk_weights_fault sk_weights_check(sk_dtype dtype, const void *p, int64_t rows, int64_t k,
                                  int64_t least, int64_t *row);
int64_t sk_multinomial_scratch(int64_t k, int64_t n, int threads); /* bytes, or -1 */
/* out[rows,n]: numbers of 1 .. k, for weights without a fault; moves the generator on. */
void sk_multinomial(sk_generator *g, sk_dtype dtype, const void *p, int64_t rows, int64_t k,
                    int64_t n, bool replacement, int threads, void *scratch, int64_t *out);

/* --- k_nn.c: rows of packed [rows,n] arrays
 * ------------------------------------------------------------- */

void sk_softmax(sk_dtype dtype, const void *z, int64_t rows, int64_t n, bool logarithm, void *out);
/* out[rows] = -sum p log softmax(z); its gradient in z, g[rows] (softmax(z) - p), for rows of p
 * that sum to 1. */
void sk_cross_entropy(sk_dtype dtype, const void *z, const void *p, int64_t rows, int64_t n,
                      void *out);
void sk_cross_entropy_grad(sk_dtype dtype, const void *z, const void *p, const void *g,
                           int64_t rows, int64_t n, void *out);

/* --- k_optim.c: one step over n packed elements, in place: parameter x, gradient g ------------ */

typedef struct sk_adam_settings {
  double lr, beta1, beta2, eps, weight_decay;
  int64_t t;      /* 1 at the first step */
  bool decoupled; /* AdamW */
} sk_adam_settings;
typedef struct sk_sgd_settings {
  double lr, momentum, dampening, weight_decay;
  double scale; /* of the gradient with its decay */
  bool nesterov, first;
} sk_sgd_settings;
typedef struct sk_lion_settings {
  double lr, beta1, beta2;
  double shrink; /* share by which x shrinks */
} sk_lion_settings;
void sk_adam(const sk_adam_settings *settings, sk_dtype dtype, int64_t n, void *x, const void *g,
             void *m, void *v);
/* momentum may be NULL. */
void sk_sgd(const sk_sgd_settings *settings, sk_dtype dtype, int64_t n, void *x, const void *g,
            void *momentum);
/* m may be NULL: then the step is that of the gradient's sign. */
void sk_lion(const sk_lion_settings *settings, sk_dtype dtype, int64_t n, void *x, const void *g,
             void *m);
/* out = a y + b z; out may be y or z. */
void sk_combine(sk_dtype dtype, int64_t n, double a, const void *y, double b, const void *z,
                void *out);
bool sk_all_finite(sk_dtype dtype, int64_t n, const void *x);
/* x.x in float64 */
double sk_squares(sk_dtype dtype, int64_t n, const void *x);
/* out = x.x, d.d, x.d in float64, where d = g + decay x */
void sk_products(sk_dtype dtype, int64_t n, const void *x, const void *g, double decay,
                 double out[3]);

/* --- k_frugal.c: a step of its own for what is picked along n of a parameter [rows, n, inner] - */

typedef struct sk_frugal {
  sk_dtype dtype;
  int64_t rows, n, inner, picks;
  const int64_t *pick; /* [picks], rising, from 1 */
  bool by_lion;        /* or by adam */
  sk_adam_settings adam;
  sk_lion_settings lion, sign; /* sign: of what is not picked */
} sk_frugal;
/* The moments m and v (not for Lion) are [rows, picks, inner]. */
void sk_frugal_step(const sk_frugal *s, void *x, const void *g, void *m, void *v);

/* --- k_conv.c, k_plan.c: see conv.h ----------------------------------------------------------- */

int64_t sk_conv_scratch(const sk_conv *c, int threads); /* bytes, or -1 */
/* One of y, x and weight, as op says, from the other two. */
void sk_conv_compute(const sk_conv *c, sk_conv_op op, const sk_conv_data *data, int threads,
                     void *scratch);
/* The same by another library; false where that fails. */
int64_t sk_conv_plan_scratch(const sk_conv_plan *plan, int threads);
bool sk_conv_run(const sk_conv_plan *plan, const sk_conv_data *data, int threads, void *scratch);

/* --- k_batchnorm.c: packed x[n,channels,inner], each channel by its own mean and variance ----- */

typedef struct sk_batch_norm {
  sk_dtype dtype;
  int64_t n, channels, inner;
  const void *weight, *bias;        /* [channels], or NULL */
  void *running_mean, *running_var; /* [channels] */
  double eps, momentum;
  bool training; /* by the statistics of the batch, towards which the running ones are moved */
  bool relu;     /* the result of which is kept where it is above 0, and otherwise 0 */
} sk_batch_norm;
/* stats[2,channels]: means and biased variances that x was normalised by; read, where there are no
   running ones and this is no training */
void sk_batch_norm_forward(const sk_batch_norm *b, const void *x, double *stats, void *y);
/* dx may be NULL. */
void sk_batch_norm_backward(const sk_batch_norm *b, const void *x, const double *stats,
                            const void *g, void *dx, void *dw, void *db);

/* --- k_layernorm.c: packed x[rows,n], each row by its own mean and variance ------------------- */

typedef struct sk_layer_norm {
  sk_dtype dtype;
  int64_t rows, n;
  const void *weight, *bias; /* [n], or NULL */
  double eps;
} sk_layer_norm;
/* stats[rows,2]: mean, 1 / sqrt(variance + eps) */
void sk_layer_norm_forward(const sk_layer_norm *l, const void *x, double *stats, void *y);
int64_t sk_layer_norm_scratch(const sk_layer_norm *l); /* bytes, for the gradient */
void sk_layer_norm_backward(const sk_layer_norm *l, const void *x, const double *stats,
                            const void *g, void *dx, void *dw, void *db, void *scratch);

/* --- k_pool.c: packed planes x[planes,in] to y[planes,to], pairs are height and width --------- */

typedef struct sk_pool {
  sk_dtype dtype;
  int64_t planes, in[2], to[2];
  int64_t kernel[2], stride[2], padding[2]; /* padding is at most half of the kernel */
  bool count_padding;                       /* does it count in a mean? */
} sk_pool;
/* taps[planes,to]: the number of the largest element in its window, which has at most 256 */
void sk_max_pool(const sk_pool *p, const void *x, void *y, uint8_t *taps);
/* The elements of x that the taps point to; and g brought back to where they point. */
void sk_max_pool_pick(const sk_pool *p, const void *x, const uint8_t *taps, void *y);
void sk_max_pool_return(const sk_pool *p, const void *g, const uint8_t *taps, void *dx);
void sk_avg_pool(const sk_pool *p, const void *x, void *y);
void sk_avg_pool_spread(const sk_pool *p, const void *g, void *dx);

/* --- k_rows.c: one row of d elements, float32 or float64, in float64 -------------------------- */

/* The largest |x - c| (c may be NULL). */
double sk_row_largest(sk_dtype dtype, const void *x, const double *c, int64_t d);
/* 1 / |x|, or 0 for a row of zeros. */
double sk_row_unit(sk_dtype dtype, const void *x, int64_t d);
/* out = (x - c) s; c may be NULL. */
void sk_row_scale(sk_dtype dtype, const void *x, const double *c, double s, int64_t d, double *out);
void sk_row_scale32(sk_dtype dtype, const void *x, const double *c, double s, int64_t d,
                    float *out);
/* |x s|^2, (x s) . (y t), |x s - y t|^2 */
double sk_row_squares(sk_dtype dtype, const void *x, double s, int64_t d);
double sk_row_product(sk_dtype dtype, const void *x, double s, const void *y, double t, int64_t d);
double sk_row_distance(sk_dtype dtype, const void *x, double s, const void *y, double t, int64_t d);
/* The first row (0-based) of packed a[rows,d] that holds a NaN or an infinity, or -1. */
int64_t sk_nonfinite_row(sk_dtype dtype, const void *a, int64_t rows, int64_t d);

/* --- k_lapack.c: batches of matrices --------------------------------------------------------- */

/* What goes to out[0], out[1], .. of a matrix [m,n], with r = min(m,n):
     EIGH        values [n] ascending, vectors [n,n] in columns (or NULL)
     SVD         u[m,r], s[r] descending, vh[r,n]; full: u[m,m], vh[n,n]
     SVDVALS     NULL, s[r]
     QR          q[m,r] (or NULL), r[r,n]; full: q[m,m], r[m,n]
     CHOLESKY    the lower factor [n,n]
     SOLVE       x[n,k]
     TRIANGULAR  x[n,k]; full: by the upper triangle, otherwise by the lower one
     INV         [n,n]
     DET         sign, log |det|; full: det
     LSTSQ       x[n,k], sums of squares left [k], s[r], rank (int64) */
typedef enum sk_matrix_op {
  SK_EIGH,
  SK_SVD,
  SK_SVDVALS,
  SK_QR,
  SK_CHOLESKY,
  SK_SOLVE,
  SK_TRIANGULAR,
  SK_INV,
  SK_DET,
  SK_LSTSQ,
  SK_NMATRIX
} sk_matrix_op;

typedef struct sk_matrices {
  sk_matrix_op op;
  sk_dtype dtype;
  int64_t count;   /* of matrices */
  int64_t m, n, k; /* of each: [m,n], right-hand sides [m,k] */
  sk_array in[2];  /* any strides; of one batch shape */
  void *out[4];    /* packed */
  bool full;
  bool loose; /* a large matrix may go to the BLAS's threads, whose number shows in the last bits */
  double rcond;
} sk_matrices;

/* The first matrix of a batch that something is wrong with (0-based), and what: for SK_ENONFINITE
   the operand and its row (0-based), otherwise LAPACK's info. */
typedef struct sk_fault {
  sk_status status;
  int operand;
  int64_t matrix, detail;
} sk_fault;

int64_t sk_matrices_scratch(const sk_matrices *job, int threads); /* bytes */
sk_fault sk_matrices_run(const sk_matrices *job, int threads, void *scratch);

/* --- k_eigen.c -------------------------------------------------------------------------------- */

/* Packed a[n,n], of which the lower triangle is read and all is destroyed: values[n] ascending;
   with `vectors`, a becomes the eigenvectors, in rows. */
int64_t sk_eigh_scratch(sk_dtype dtype, int64_t n, bool vectors); /* bytes */
sk_status sk_eigh(sk_dtype dtype, int64_t n, void *a, void *values, bool vectors, void *scratch);

/* --- k_singular.c ----------------------------------------------------------------------------- */

/* Packed a[rows,cols], destroyed: values[min(rows,cols)] descending. */
int64_t sk_svdvals_scratch(sk_dtype dtype, int64_t rows, int64_t cols); /* bytes */
sk_status sk_svdvals(sk_dtype dtype, int64_t rows, int64_t cols, void *a, void *values,
                     void *scratch);

/* --- k_spectral.c: z is packed [rows,d], float32 or float64, and finite ----------------------- */

/* What is known of n rows: column means, sums of squares and products about them (scatter[d,d], the
   upper triangle), smallest and largest value of each column. Only n has to be set (0) at first,
   and the scatter to zeros. */
typedef struct sk_moments {
  int64_t n;
  double *mean, *scatter, *lo, *hi;
} sk_moments;
int64_t sk_moments_scratch(int64_t rows, int64_t d); /* bytes */
void sk_moments_add(sk_dtype dtype, const void *z, int64_t rows, int64_t d, sk_moments *m,
                    double *scratch);
/* out = the scatter (center) or the sums about zero, without the columns that contribute nothing
   (constant, or zero); returns how many are left, and in column[d] which. out has room for d*d. */
int64_t sk_moments_matrix(const sk_moments *m, int64_t d, bool center, double *out,
                          int64_t *column);
/* g[rows,rows] = z z^T, of centred columns on request. */
int64_t sk_gram_rows_scratch(int64_t rows, int64_t d);
void sk_gram_rows(sk_dtype dtype, const void *z, int64_t rows, int64_t d, bool center, double *g,
                  double *scratch);
/* out[rows,kept] = z as float64, centred on request, without the columns that are then zero;
   returns kept. out has room for rows*d. */
int64_t sk_center_columns_scratch(int64_t d); /* bytes */
int64_t sk_center_columns(sk_dtype dtype, const void *z, int64_t rows, int64_t d, bool center,
                          double *out, int64_t *column, double *scratch);
/* r[p,p], p = d + 1: the upper triangular factor of all rows [1, z - shift] so far (zeros at
   first); with it those of z. */
int64_t sk_tsqr_scratch(int64_t rows, int64_t d);
void sk_tsqr_add(sk_dtype dtype, const void *z, int64_t rows, int64_t d, const double *shift,
                 double *r, double *scratch);
int64_t sk_tsqr_merge_scratch(int64_t p);
void sk_tsqr_merge(int64_t p, double *r, const double *other, double *scratch);

/* --- k_neighbours.c --------------------------------------------------------------------------- */

/* For each of m queries the k nearest of n references, nearest first, equal ones by the lower row.
   Rows are packed [.,d], finite, of one float dtype; `self`: queries are refs (and m is n), and no
   row is its own neighbour. k is at most the number of references that are left. */
typedef struct sk_neighbours {
  sk_dtype dtype;
  const void *refs, *queries;
  int64_t n, m, d, k;
  bool cosine, self;
  int64_t *index; /* [m,k], 1-based */
  double *score;  /* [m,k]: cosines (of a zero row: 0), or distances */
} sk_neighbours;
int64_t sk_neighbours_scratch(const sk_neighbours *job, int threads); /* bytes */
void sk_neighbours_find(const sk_neighbours *job, int threads, void *scratch);

/* --- k_ranking.c ------------------------------------------------------------------------------ */

/* All references in the order of sk_neighbours, of which only the places of the rows of the query's
   own class are looked for. Classes are 1 .. classes, 0 a query's that no reference is of;
   member[start[c - 1]] .. member[start[c] - 1] are the rows (1-based, ascending) of class c. */
typedef struct sk_ranking {
  sk_dtype dtype;
  const void *refs, *queries;
  int64_t n, m, d;
  bool cosine, self;
  const int64_t *query_class, *ref_class; /* [m] [n] */
  const int64_t *member, *start;          /* [n] [classes+1] */
  int64_t classes;
  /* [m,SK_RANKING]: R, how many there are; how many of the first R; the sum of the precisions at
     their places, of those of the first R and of all; and the first place (0 without any). */
  double *out;
} sk_ranking;
#define SK_RANKING 5
int64_t sk_ranking_scratch(const sk_ranking *job, int threads); /* bytes */
void sk_rank(const sk_ranking *job, int threads, void *scratch);

/* --- k_pairwise.c: rows are packed [n,d], finite, and are first made unit rows ---------------- */

/* sums = those of exp(-t |u_i - u_j|^2) and of its expm1 over i < j; returns the number of zero
   rows, which stay zero. single: products in float32, else in float64. */
int64_t sk_uniformity_scratch(int64_t n, int64_t d, bool single, int threads); /* bytes */
int64_t sk_uniformity(sk_dtype dtype, const void *z, int64_t n, int64_t d, double t, bool single,
                      int threads, double sums[2], double *scratch);
/* The mean of |u_i - v_i|^alpha. */
double sk_alignment(sk_dtype dtype, const void *u, const void *v, int64_t n, int64_t d,
                    double alpha);

/* --- k_cross.c -------------------------------------------------------------------------------- */

/* mean[d] of the columns of packed x[rows,d], and the largest deviation in each: reach[d]. */
void sk_column_center(sk_dtype dtype, const void *x, int64_t rows, int64_t d, double *mean,
                      double *reach);
/* Packed rows [.,d], float32 or float64, finite, that stand for (row - center) scale. */
typedef struct sk_side {
  sk_dtype dtype;
  const void *rows;
  int64_t d; /* 0: there is none */
  const double *center;
  double scale;
} sk_side;
/* out[rows] = the squared lengths */
void sk_side_squares(const sk_side *side, int64_t rows, double *out);
/* Adds x^T x and y^T y (their upper triangles) and x^T y to xx[dx,dx], yy[dy,dy] and xy[dx,dy],
   where they are not NULL. single: the products in float32, which wants both scaled to about 1. */
typedef struct sk_cross {
  int64_t rows;
  sk_side x, y;
  bool single;
  double *xx, *yy, *xy;
} sk_cross;
int64_t sk_cross_scratch(const sk_cross *job, int threads); /* bytes */
void sk_cross_add(const sk_cross *job, int threads, void *scratch);
/* The same products times v[.,SK_PROBES], in float64 throughout: xx[dx,.] += x^T (x v), yy[dy,.] +=
   y^T (y v), xy[dx,.] += x^T (y v). v has as many rows as the wider side has columns. */
#define SK_PROBES 8
int64_t sk_cross_probe_scratch(const sk_cross *job); /* bytes */
void sk_cross_probe(const sk_cross *job, const double *v, void *scratch);

/* --- k_collapse.c ----------------------------------------------------------------------------- */

/* Of unit rows: mean[d], and m2[d], the sums of squares about it; returns the number of zero rows.
   scratch: n elements. */
int64_t sk_unit_columns(sk_dtype dtype, const void *z, int64_t n, int64_t d, double *mean,
                        double *m2, double *scratch);
/* How many rows equal an earlier one. */
int64_t sk_repeated_rows_scratch(int64_t n); /* bytes */
int64_t sk_repeated_rows(sk_dtype dtype, const void *z, int64_t n, int64_t d, void *scratch);

/* --- k_classes.c ------------------------------------------------------------------------------ */

/* Packed rows z[n,d], float32 or float64, with the class of each, 1 .. classes, and what it is
   multiplied by. */
typedef struct sk_classes {
  sk_dtype dtype;
  const void *z;
  const double *scale; /* [n], or NULL */
  const int64_t *id;   /* [n] */
  int64_t n, d, classes;
} sk_classes;
/* mean[classes,d], zeros for a class without rows. */
int64_t sk_class_means_scratch(int64_t classes); /* bytes */
void sk_class_means(const sk_classes *job, double *mean, void *scratch);
/* out[n]: the square distance of each row from mean[its class]. */
void sk_class_squares(const sk_classes *job, const double *mean, double *out);
/* out[n] = 1 / |row|, or 0 for a row of zeros. */
void sk_row_units(sk_dtype dtype, const void *z, int64_t n, int64_t d, double *out);
/* Adds distance[high,wide] of rows top .. and left .. (0-based) to sums[classes,n], for each row
   those from each class; of a tile off the diagonal both ways. Quick for classes in runs. */
typedef struct sk_class_tile {
  const double *distance;
  int64_t high, wide, top, left;
  const int64_t *id; /* [n] */
  int64_t n;
  double *sums;
} sk_class_tile;
void sk_class_tile_add(sk_class_tile *tile);

/* --- k_agreement.c ---------------------------------------------------------------------------- */

/* How large the parts of a division of n things are: count[i] parts of size[i]. */
typedef struct sk_parts {
  const int64_t *size, *count;
  int64_t kinds;
} sk_parts;
/* The mean, over all ways to shuffle n things, of the mutual information of two divisions, in nats.
   scratch: a->kinds elements. */
double sk_expected_information(const sk_parts *a, const sk_parts *b, double n, double *scratch);
/* column[rows]: for each row of gain[rows,cols], rows <= cols, a column of its own (0-based) such
   that the sum of the gains is the largest. Gains are in 0 .. 2^32. */
int64_t sk_assign_scratch(int64_t rows, int64_t cols); /* bytes */
void sk_assign(const int64_t *gain, int64_t rows, int64_t cols, int64_t *column, int64_t *scratch);

/* --- k_elements.c: the numbers of foreign files ----------------------------------------------- */

typedef struct sk_element {
  char code[4]; /* NumPy's, without the byte order: f4, i2, u1, b1; and bf2 for bfloat16 */
  int size;     /* bytes */
  sk_dtype dtype;
} sk_element;
const sk_element *sk_find_element(const char *code); /* NULL when there is none */
/* Are those bytes just what lies in a tensor? */
bool sk_element_is_ours(const sk_element *e, bool big);
/* n elements; returns n, or the position (0-based) of the first that is too large for its dtype. */
int64_t sk_decode(const sk_element *e, bool big, const void *from, int64_t n, void *to);

/* --- k_crc.c ---------------------------------------------------------------------------------- */

/* The CRC-32 of zip and gzip, of n more bytes behind those of `sum` (0 at first). */
uint32_t sk_crc32(uint32_t sum, const void *data, int64_t n);

/* --- k_csv.c: numbers as text, whatever the locale -------------------------------------------- */

typedef struct sk_csv_error {
  int64_t line;     /* 1-based; 0 when all is well */
  int64_t column;   /* of a cell that is no number; 0 when it is the number of cells, */
  int64_t cells;    /* which is this */
  const char *cell; /* in the text */
  int64_t len;
} sk_csv_error;
/* One number alone, with blanks or quotes around it; nothing between them is NaN. A zero byte must
   stand behind every text. */
bool sk_csv_number(const char *text, int64_t len, double *out);
/* The rows of some lines; blank lines are passed over. Returns how many. out has room for len /
   columns + 1 rows. */
int64_t sk_csv_read(const char *text, int64_t len, char sep, int64_t columns, double *out,
                    sk_csv_error *wrong);
/* Row i of packed a[rows,columns] as a line of len[i] bytes at slots + i * columns * SK_CSV_SLOT;
   columns is not 0. */
#define SK_CSV_SLOT 25 /* -2.2250738585072014e-308 and a separator: none is longer */
void sk_csv_write(sk_dtype dtype, const void *a, int64_t rows, int64_t columns, char sep,
                  char *slots, int64_t *len);

/* --- k_probe.c -------------------------------------------------------------------------------- */

typedef enum sk_vote_weights { SK_VOTE_EXP, SK_VOTE_UNIFORM, SK_VOTE_INVERSE } sk_vote_weights;
/* What the k neighbours of each query vote for: votes[queries,classes], of weights relative to the
   nearest's, and the winner, the lowest of equal classes (of equal majorities: the nearer one). */
typedef struct sk_vote {
  int64_t queries, k, classes;
  const int64_t *index; /* [queries,k], 1-based */
  const double *score;  /* [queries,k]: cosines or distances */
  const int64_t *label; /* of a reference: 1 .. classes */
  bool cosine;
  sk_vote_weights weights;
  double temperature;
  double *votes;
  int64_t *winner; /* [queries], 1-based */
} sk_vote;
void sk_knn_vote(sk_vote *vote);
/* The mean loss of softmax scores, w[classes,d+1] (weights, then the bias) on packed x[n,d] with
   labels y of 1 .. classes, plus sum over j of penalty[j] w[.,j]^2 / 2; grad is like w. */
int64_t sk_logistic_scratch(int64_t d, int64_t classes); /* bytes */
double sk_logistic(const double *x, const int64_t *y, int64_t n, int64_t d, int64_t classes,
                   const double *w, const double *penalty, double *grad, double *scratch);

/* --- k_sort.c --------------------------------------------------------------------------------- */

/* The first k of [outer,n,inner] along n, sorted: equal elements by the lowest position, NaN last
   whatever the direction. */
typedef struct sk_order {
  sk_dtype dtype;
  const void *a; /* packed [outer,n,inner], n at most SK_ORDER_MOST */
  int64_t outer, n, inner, k;
  bool descending;
  void *values;   /* packed [outer,k,inner], or NULL */
  int64_t *index; /* the same, 1-based, or NULL */
} sk_order;
#define SK_ORDER_MOST ((int64_t)UINT32_MAX)
int64_t sk_sort_scratch(const sk_order *order, int threads); /* bytes */
void sk_sort(const sk_order *order, int threads, void *scratch);

/* --- k_scan.c --------------------------------------------------------------------------------- */

/* Running sums (of uint8: int64) or products (not of uint8) of packed a[outer,n,inner] along n,
   from the first element or, with `reverse`, from the last. Nothing may be empty. */
void sk_scan(bool product, sk_dtype dtype, const void *a, int64_t outer, int64_t n, int64_t inner,
             bool reverse, void *out);

/* --- k_search.c ------------------------------------------------------------------------------- */

/* For values[rows,m] the positions in sorted[rows,n] (shared: [n]) where they could be put in,
   1-based: before equal elements or, with `right`, behind them. NaN counts as the largest. */
void sk_search(sk_dtype dtype, const void *sorted, int64_t n, bool shared, const void *values,
               int64_t rows, int64_t m, bool right, int64_t *out);

/* --- k_count.c -------------------------------------------------------------------------------- */

void sk_id_range(const int64_t *id, int64_t n, int64_t *least, int64_t *most);
/* The smallest and largest number, NaN apart; inf and -inf where there is none. */
void sk_number_range(sk_dtype dtype, const void *a, int64_t n, double *lo, double *hi);
int64_t sk_tally_scratch(int64_t n, int64_t k, int threads); /* bytes, for k counters */
/* out[k] = how often each of 1 .. k stands in id[n], or the sum of its weights (sum: k doubles). */
void sk_bincount(const int64_t *id, int64_t n, int64_t k, int threads, void *scratch, int64_t *out);
void sk_weighcount(const int64_t *id, sk_dtype dtype, const void *weight, int64_t n, int64_t k,
                   double *sum, void *out);
/* out[count+1]: how many lie in each of `count` bins of one width from lo to hi, and how many
   outside. */
void sk_histc(sk_dtype dtype, const void *a, int64_t n, int64_t count, double lo, double hi,
              int threads, void *scratch, int64_t *out);

/* --- k_unique.c ------------------------------------------------------------------------------- */

/* How many distinct elements; then these, where each element stands among them (index: its position
   before the sort), and how often. inverse and counts may be NULL. */
/* The rows of packed [n,d] in the order of their first elements, then the second, ...: order[n],
   1-based; equal rows stay in their order. spare has room for n. */
void sk_row_order(sk_dtype dtype, const void *rows, int64_t n, int64_t d, int64_t *order,
                  int64_t *spare);
int64_t sk_unique_count(sk_dtype dtype, const void *sorted, int64_t n);
void sk_unique_groups(sk_dtype dtype, const void *sorted, const int64_t *index, int64_t n,
                      void *values, int64_t *inverse, int64_t *counts);
/* The same for numbers from least .. least + width - 1, in any order; the table goes from one to
   the other. */
int64_t sk_table_count(const int64_t *a, int64_t n, int64_t least, int64_t width, int64_t *table);
void sk_table_groups(const int64_t *a, int64_t n, int64_t least, int64_t width, int64_t *table,
                     int64_t *values, int64_t *inverse, int64_t *counts);

/* --- k_distance.c ----------------------------------------------------------------------------- */

/* out[batch,n,m] = (sum |x - y|^p)^(1/p) of rows of x[batch,n,d] and y[batch,m,d], packed and of
   one float dtype; p = 0 counts what differs, infinity takes the largest difference. */
typedef struct sk_distance {
  sk_dtype dtype;
  int64_t batch, n, m, d;
  double p;
  const void *x, *y;
  void *out;
} sk_distance;
int64_t sk_distance_scratch(const sk_distance *job, int threads); /* bytes */
void sk_distances(const sk_distance *job, int threads, void *scratch);

/* --- k_slope.c -------------------------------------------------------------------------------- */

/* out[batch,n,d] = what x gets of the gradient g of distances `dist`. Element (i,j) of both stands
   at i down + j across in their batch of n m: with x and y exchanged, it is what y gets. */
typedef struct sk_slope {
  sk_dtype dtype;
  int64_t batch, n, m, d, down, across;
  double p;
  const void *x, *y, *g, *dist;
  void *out;
} sk_slope;
void sk_distance_slope(const sk_slope *job);

/* --- k_triangle.c ----------------------------------------------------------------------------- */

/* out = packed a[batch,rows,cols], elements of `size` bytes, with zeros below the k-th diagonal
   (upper) or above it. out may be a. */
void sk_triangle(int64_t size, const void *a, int64_t batch, int64_t rows, int64_t cols, int64_t k,
                 bool upper, void *out);

/* a[n,n] made symmetric by its upper triangle, or by its lower one. */
void sk_mirror(sk_dtype dtype, int64_t n, void *a, bool upper);

#endif
