/* Floor 3: what the Lua functions share. Every one is written in the same four steps:
   check the arguments, compute the shape, allocate, call one kernel. */
#ifndef SK_LIB_H
#define SK_LIB_H

#include "error.h"
#include "kernel.h"
#include "memory.h"
#include "tensor.h"

/* Reads a shape given as numbers from idx on, or as one table; returns ndim. `next` (may be NULL)
   receives the index of the first argument behind it. Sizes are checked to be >= 0, or -1 where
   `open` allows it. */
int sk_check_shape(lua_State *L, int idx, int64_t *shape, bool open, int *next);
/* A dtype as a string, or nil for the default. */
sk_dtype sk_opt_dtype(lua_State *L, int idx, sk_dtype def);
/* A dimension number, 1-based or negative -> 0-based. */
int sk_check_axis(lua_State *L, int idx, int ndim);
/* The number at idx as a 0-based position in dimension dim (0-based) of n elements; an error speaks
   of argument arg. */
int64_t sk_check_position(lua_State *L, int idx, int arg, int64_t n, int dim);
/* Pushes the element at p as a Lua number: a float, or an integer for int64 and uint8. */
void sk_push_element(lua_State *L, sk_dtype dtype, const void *p);
/* The Lua number at idx as one element of dtype, written to p; an error speaks of argument arg. */
void sk_check_element(lua_State *L, int idx, int arg, sk_dtype dtype, void *p);
/* The tensor given as an out argument at idx, checked against dtype and shape, or a new one; pushes
   it. */
sk_array *sk_out(lua_State *L, int idx, sk_dtype dtype, int ndim, const int64_t *shape);
/* The float tensor at idx, of a's dtype and shape. */
sk_array *sk_check_like(lua_State *L, int idx, const sk_array *a);
/* An input that shares bytes with out and is not the same window would be overwritten while it is
   still read: it is replaced by a copy, which stays on the stack. */
void sk_protect(lua_State *L, const sk_array *out, sk_array *in);
/* Raises with the kernel's reason unless status is SK_OK. */
void sk_raise(lua_State *L, const char *fname, sk_status status);

/* Has Ctrl-C been pressed since it was last asked? Only where core.interrupts has taken it. */
bool sk_interrupted(void);
/* Ctrl-C shall end what L runs, or, with 0, only be noted; returns what it was. */
lua_State *sk_interruptible(lua_State *L);
/* The descriptor of the open Lua file at idx. */
int sk_check_file(lua_State *L, int idx);
/* Waits until standard input can be read, or has ended; false when a signal came first. */
bool sk_wait_input(void);

/* Each adds its functions to the core table on the top of the stack. */
int sk_open_make(lua_State *L);
int sk_open_index(lua_State *L);
int sk_open_key(lua_State *L);
int sk_open_gather(lua_State *L);
int sk_open_shape(lua_State *L);
int sk_open_map(lua_State *L);
int sk_open_reduce(lua_State *L);
int sk_open_gemm(lua_State *L);
int sk_open_distance(lua_State *L);
int sk_open_triangle(lua_State *L);
int sk_open_linalg(lua_State *L);
int sk_open_random(lua_State *L);
int sk_open_nn(lua_State *L);
int sk_open_optim(lua_State *L);
int sk_open_conv(lua_State *L);
int sk_open_batchnorm(lua_State *L);
int sk_open_layernorm(lua_State *L);
int sk_open_pool(lua_State *L);
int sk_open_augment(lua_State *L);
int sk_open_spectral(lua_State *L);
int sk_open_neighbours(lua_State *L);
int sk_open_ranking(lua_State *L);
int sk_open_pairwise(lua_State *L);
int sk_open_cross(lua_State *L);
int sk_open_labels(lua_State *L);
int sk_open_probe(lua_State *L);
int sk_open_sort(lua_State *L);
int sk_open_scan(lua_State *L);
int sk_open_count(lua_State *L);
int sk_open_sys(lua_State *L);
int sk_open_signal(lua_State *L);
int sk_open_edit(lua_State *L);
int sk_open_file(lua_State *L);
int sk_open_store(lua_State *L);
int sk_open_bytes(lua_State *L);
int sk_open_embed(lua_State *L); /* the registry's side of sslkit.h */

#endif
