/* The C side of sslkit.h: a table of functions in the registry, for C that is not linked with us.
 */
#include "lib.h"
#include "sslkit.h"
#include <string.h>

_Static_assert((int)SSLKIT_FLOAT32 == SK_F32 && (int)SSLKIT_FLOAT64 == SK_F64 &&
                   (int)SSLKIT_INT64 == SK_I64 && (int)SSLKIT_UINT8 == SK_U8 &&
                   SSLKIT_MAXDIM == SK_MAXDIM,
               "sslkit.h has the dtypes and dimensions of dtype.h and shape.h");

static void *embed_push(lua_State *L, sslkit_dtype dtype, int ndim, const int64_t *shape,
                        const void *data) {
  if ((unsigned)dtype >= SK_NDTYPES) sk_error(L, "sslkit_push: there is no dtype %d", (int)dtype);
  if (ndim < 0 || ndim > SK_MAXDIM)
    sk_error(L, "sslkit_push: 0..%d dimensions expected, got %d", SK_MAXDIM, ndim);
  if (ndim > 0 && !shape) sk_error(L, "sslkit_push: the shape is NULL");
  for (int d = 0; d < ndim; d++)
    if (shape[d] < 0)
      sk_error(L, "sslkit_push: size must not be negative, got %lld", (long long)shape[d]);
  sk_array *a = sk_new(L, (sk_dtype)dtype, ndim, shape);
  size_t bytes = (size_t)sk_numel(a) * sk_itemsize[a->dtype];
  if (data)
    memcpy(a->data, data, bytes);
  else
    memset(a->data, 0, bytes);
  return a->data;
}

static int embed_test(lua_State *L, int index, sslkit_view *view) {
  luaL_checkstack(L, 2, 0);
  const sk_array *a = sk_test(L, index);
  if (!a) return 0;
  if (!view) return 1;
  view->dtype = (sslkit_dtype)a->dtype;
  view->ndim = a->ndim;
  memcpy(view->shape, a->shape, sizeof view->shape);
  memcpy(view->stride, a->stride, sizeof view->stride);
  view->data = a->data;
  return 1;
}

static void embed_check(lua_State *L, int index, sslkit_view *view) {
  index = lua_absindex(L, index);
  luaL_checkstack(L, 4, 0);
  sk_check(L, index);
  embed_test(L, index, view);
}

static void embed_touch(lua_State *L, int index) {
  index = lua_absindex(L, index);
  luaL_checkstack(L, 4, 0);
  sk_check_writable(L, index);
  sk_touch(L, index);
}

static const sslkit_api api = {SSLKIT_API_VERSION, embed_push, embed_test, embed_check,
                               embed_touch};

int sk_open_embed(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&api);
  lua_setfield(L, LUA_REGISTRYINDEX, SSLKIT_API_KEY);
  return 0;
}
