/* Floor 2: the userdata. Storage and tensors are made here and nowhere else; both are plain Lua
   userdata, so the collector sees every byte, nothing needs a finaliser, and nothing leaks when an
   error unwinds. */
#ifndef SK_TENSOR_H
#define SK_TENSOR_H

#include "shape.h"
#include <lua.h>
#include <lauxlib.h>

#define SK_TENSOR "sslkit.Tensor"

/* --- making: each pushes one value and returns its array, or raises a Lua error
 * ----------------------- */

/* A new contiguous tensor with undefined contents. */
sk_array *sk_new(lua_State *L, sk_dtype dtype, int ndim, const int64_t *shape);
/* A tensor that shows `window`, a part of the storage of the tensor at idx. */
sk_array *sk_view(lua_State *L, int idx, const sk_array *window);
/* The tensor at idx itself if contiguous and of that dtype, otherwise a contiguous, converted copy.
 */
const sk_array *sk_contiguous(lua_State *L, int idx, sk_dtype dtype);

/* --- checking: each raises an argument error
 * ----------------------------------------------------------- */

sk_array *sk_check(lua_State *L, int idx);
sk_array *sk_test(lua_State *L, int idx); /* NULL when it is no tensor */
sk_array *sk_check_dtype(lua_State *L, int idx, sk_dtype dtype);
sk_array *sk_check_float(lua_State *L, int idx);
/* "(3,4) float32", on the Lua stack, for messages. */
const char *sk_describe(lua_State *L, const sk_array *a);
const char *sk_describe_shape(lua_State *L, int ndim, const int64_t *shape);

/* --- storage
 * -------------------------------------------------------------------------------------------- */

/* Says that the tensor's elements are about to change in place: views see the version move. */
void sk_touch(lua_State *L, int idx);
int64_t sk_version(lua_State *L, int idx);
bool sk_share_storage(lua_State *L, int a, int b);
bool sk_on_tape(lua_State *L, int idx);
/* Raises unless the tensor at idx may be changed in place: not on the tape while that records, and
   no element of it shown twice. */
void sk_check_writable(lua_State *L, int idx);
/* Raises when what stands at idx is on the tape while that records: here its gradient would be
 * lost. */
void sk_check_constant(lua_State *L, int idx);

/* --- the workspace: scratch that is reused from call to call
 * -------------------------------------------- */

/* Pushes a block of at least `bytes`, 64-byte aligned, and returns it. Call sk_scratch_done with
   its stack index when finished: the block waits for the next call. Where an error unwinds first,
   the collector has it. */
void *sk_scratch(lua_State *L, int64_t bytes);
void sk_scratch_done(lua_State *L, int idx);
/* Lets the blocks that wait go. */
void sk_release_scratch(lua_State *L);

int sk_open_tensor(lua_State *L); /* adds its functions to the core table on the top of the stack */

#endif
