/* sslkit from C: tensors of your own data for Lua, and the elements of Lua's tensors for you.
   Everything is in this header; there is no library to link with.

     float z[256][64];
     int64_t shape[] = {256, 64};
     sslkit_push(L, SSLKIT_FLOAT32, 2, shape, z);     a tensor on the stack, with a copy of z

     sslkit_view view;
     sslkit_check(L, 1, &view);                       or a Lua error: argument 1 is no tensor
     const float *first = view.data;

   Every function here may raise a Lua error, as those of the Lua API do: call them from a C
   function that Lua calls, or under lua_pcall. The first call loads sslkit by Lua's own require. In
   C++ include lua.hpp before. */
#ifndef SSLKIT_H
#define SSLKIT_H

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

#define SSLKIT_MAXDIM 8

typedef enum sslkit_dtype {
  SSLKIT_FLOAT32,
  SSLKIT_FLOAT64,
  SSLKIT_INT64,
  SSLKIT_UINT8
} sslkit_dtype;

/* What a tensor is made of. Element (i, j, ...), counted from 0, lies at
   (char *)data + i * stride[0] + j * stride[1] + ...; strides are in bytes, and may be 0 or
   negative. The elements stay where they are as long as the tensor lives, so keep it on the stack.
 */
typedef struct sslkit_view {
  sslkit_dtype dtype;
  int ndim; /* 0: one element and no dimensions */
  int64_t shape[SSLKIT_MAXDIM];
  int64_t stride[SSLKIT_MAXDIM];
  void *data;
} sslkit_view;

/* How the core offers these functions to code that is not linked with it: a table in the registry.
   New members come behind the old ones, and raise the version. */
#define SSLKIT_API_VERSION 1
#define SSLKIT_API_KEY     "sslkit.api"
typedef struct sslkit_api {
  int version;
  void *(*push)(lua_State *L, sslkit_dtype dtype, int ndim, const int64_t *shape, const void *data);
  int (*test)(lua_State *L, int index, sslkit_view *view);
  void (*check)(lua_State *L, int index, sslkit_view *view);
  void (*touch)(lua_State *L, int index);
} sslkit_api;

static inline const sslkit_api *sslkit_get_api(lua_State *L) {
  const sslkit_api *api;
  luaL_checkstack(L, 4, "sslkit");
  if (lua_getfield(L, LUA_REGISTRYINDEX, SSLKIT_API_KEY) == LUA_TNIL) {
    lua_pop(L, 1);
    if (lua_getglobal(L, "require") == LUA_TNIL)
      luaL_error(L, "sslkit is not loaded, and this Lua state has no 'require' to load it with");
    lua_pushliteral(L, "sslkit");
    lua_call(L, 1, 0);
    lua_getfield(L, LUA_REGISTRYINDEX, SSLKIT_API_KEY);
  }
  api = (const sslkit_api *)lua_touserdata(L, -1);
  if (!api || api->version < SSLKIT_API_VERSION)
    luaL_error(L, "the sslkit that is loaded is older than the sslkit.h of this program");
  lua_pop(L, 1);
  return api;
}

/* Pushes a new tensor with a copy of data, which lies row by row without gaps, or with zeros where
   data is NULL. Returns its elements, which may be filled in then. Raises on a dtype, a shape or a
   size that cannot be, and where the memory limit would be passed. */
static inline void *sslkit_push(lua_State *L, sslkit_dtype dtype, int ndim, const int64_t *shape,
                                const void *data) {
  return sslkit_get_api(L)->push(L, dtype, ndim, shape, data);
}

/* Is the value at index a tensor? Then view (which may be NULL) tells of it. */
static inline int sslkit_test(lua_State *L, int index, sslkit_view *view) {
  return sslkit_get_api(L)->test(L, index, view);
}

/* The same, and anything but a tensor is an argument error. */
static inline void sslkit_check(lua_State *L, int index, sslkit_view *view) {
  sslkit_get_api(L)->check(L, index, view);
}

/* To be called before the elements of a tensor that others may know are changed in place: raises
   where that must not be (the tape needs them, or an expanded view repeats them), and lets a later
   backward see that they have changed. */
static inline void sslkit_touch(lua_State *L, int index) { sslkit_get_api(L)->touch(L, index); }

#endif
