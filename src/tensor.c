#define _GNU_SOURCE /* madvise */
#include "tensor.h"
#include "error.h"
#include "kernel.h"
#include "memory.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* A storage is one userdata: this header, then the bytes, rounded up to 64. It never moves. */
typedef struct storage {
  int64_t bytes;
  int64_t version; /* moves with every change in place */
  char *data;
} storage;

#ifdef SK_NO_SLACK /* under the sanitizers a storage ends where its data end, so that overruns     \
                      show */
#define SLACK 0
#else
#define SLACK 63
#endif
#define HUGE_BYTES   (4 << 20) /* from here on a storage asks for huge pages */
#define HUGE_PAGE    (2 << 20)
#define SCRATCH_KEPT 8

enum { STORAGE = 1, NODE = 2 }; /* a tensor's two user values */

/* Addresses that serve as registry keys. */
static const char meta_key = 0, scratch_key = 0, tape_key = 0, nothing_key = 0;

/* {== Storage ============================================================== */

static storage *push_storage(lua_State *L, int64_t bytes, int nuv) {
  int64_t padded = SLACK ? (bytes + 63) & ~(int64_t)63 : bytes;
  storage *s = lua_newuserdatauv(L, sizeof(storage) + SLACK + (size_t)padded, nuv);
  s->bytes = padded;
  s->version = 0;
  s->data = (char *)(s + 1);
  if (SLACK) s->data = (char *)(((uintptr_t)s->data + 63) & ~(uintptr_t)63);
  if (bytes >= HUGE_BYTES) {
    uintptr_t from = ((uintptr_t)s->data + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    uintptr_t to = ((uintptr_t)s->data + (uintptr_t)bytes) & ~(uintptr_t)(HUGE_PAGE - 1);
    if (to > from) madvise((void *)from, to - from, MADV_HUGEPAGE);
  }
  return s;
}

/* ==} */

/* {== Tensors ============================================================= */

/* The userdata. That it bears the address of its own metatable proves it ours, at a third of the
   price of a look into the registry. */
typedef struct tensor {
  sk_array array;
  const void *meta;
} tensor;

static sk_array *push_tensor(lua_State *L) {
  tensor *t = lua_newuserdatauv(L, sizeof(tensor), 2);
  memset(t, 0, sizeof *t); /* a consistent, empty object, before anything else can raise */
  lua_rawgetp(L, LUA_REGISTRYINDEX, &meta_key);
  t->meta = lua_topointer(L, -1);
  lua_setmetatable(L, -2);
  return &t->array;
}

sk_array *sk_new(lua_State *L, sk_dtype dtype, int ndim, const int64_t *shape) {
  int64_t count = sk_count(ndim, shape);
  luaL_checkstack(L, 6, 0);
  if (count < 0) sk_error(L, "shape %s has too many elements", sk_describe_shape(L, ndim, shape));
  sk_array want = sk_packed(dtype, ndim, shape, 0);
  int64_t bytes = count * sk_itemsize[dtype];
  if (bytes > 4096) {
    sk_check_room(L, (double)bytes, sk_describe(L, &want));
    lua_pop(L, 1);
  }
  sk_array *a = push_tensor(L);
  storage *s = push_storage(L, bytes, 0);
  lua_setiuservalue(L, -2, STORAGE);
  *a = want;
  a->data = s->data;
  return a;
}

sk_array *sk_view(lua_State *L, int idx, const sk_array *window) {
  luaL_checkstack(L, 4, 0);
  idx = lua_absindex(L, idx);
  sk_array copy = *window; /* window may be the tensor's own, and is read before anything moves */
  sk_array *a = push_tensor(L);
  lua_getiuservalue(L, idx, STORAGE);
  lua_setiuservalue(L, -2, STORAGE);
  *a = copy;
  return a;
}

const sk_array *sk_contiguous(lua_State *L, int idx, sk_dtype dtype) {
  sk_array *a = sk_check(L, idx);
  if (a->dtype == dtype && sk_is_contiguous(a)) {
    lua_pushvalue(L, idx);
    return a;
  }
  sk_array *copy = sk_new(L, dtype, a->ndim, a->shape);
  sk_copy(a, copy);
  return copy;
}

sk_array *sk_test(lua_State *L, int idx) {
  tensor *t = lua_touserdata(L, idx);
  if (!t || lua_rawlen(L, idx) != sizeof *t || !lua_getmetatable(L, idx)) return 0;
  bool ours = lua_topointer(L, -1) == t->meta;
  lua_pop(L, 1);
  return ours ? &t->array : 0;
}

sk_array *sk_check(lua_State *L, int idx) {
  sk_array *a = sk_test(L, idx);
  if (!a) sk_fail(L, idx, "tensor expected, got %s", sk_kind(L, idx));
  return a;
}

sk_array *sk_check_dtype(lua_State *L, int idx, sk_dtype dtype) {
  sk_array *a = sk_check(L, idx);
  if (a->dtype != dtype)
    sk_fail(L, idx, "%s tensor expected, got %s", sk_dtype_name[dtype], sk_describe(L, a));
  return a;
}

sk_array *sk_check_float(lua_State *L, int idx) {
  sk_array *a = sk_check(L, idx);
  if (!sk_is_float(a->dtype))
    sk_fail(L, idx, "float tensor expected, got %s (convert with :to \"float32\")",
            sk_describe(L, a));
  return a;
}

const char *sk_describe_shape(lua_State *L, int ndim, const int64_t *shape) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  luaL_addchar(&b, '(');
  for (int d = 0; d < ndim; d++) {
    char n[24];
    luaL_addlstring(&b, n, (size_t)snprintf(n, sizeof n, "%lld", (long long)shape[d]));
    if (d < ndim - 1) luaL_addchar(&b, ',');
  }
  luaL_addchar(&b, ')');
  luaL_pushresult(&b);
  return lua_tostring(L, -1);
}

const char *sk_describe(lua_State *L, const sk_array *a) {
  sk_describe_shape(L, a->ndim, a->shape);
  const char *s = lua_pushfstring(L, "%s %s", lua_tostring(L, -1), sk_dtype_name[a->dtype]);
  lua_remove(L, -2);
  return s;
}

/* ==} */

/* {== Versions, tape ====================================================== */

static storage *storage_of(lua_State *L, int idx) {
  lua_getiuservalue(L, idx, STORAGE);
  storage *s = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return s;
}

void sk_touch(lua_State *L, int idx) { storage_of(L, idx)->version++; }

int64_t sk_version(lua_State *L, int idx) { return storage_of(L, idx)->version; }

bool sk_share_storage(lua_State *L, int a, int b) { return storage_of(L, a) == storage_of(L, b); }

bool sk_on_tape(lua_State *L, int idx) {
  bool on = lua_getiuservalue(L, idx, NODE) != LUA_TNIL;
  lua_pop(L, 1);
  return on;
}

static bool recording(lua_State *L) {
  bool on = lua_rawgetp(L, LUA_REGISTRYINDEX, &tape_key) == LUA_TBOOLEAN && lua_toboolean(L, -1);
  lua_pop(L, 1);
  return on;
}

void sk_check_writable(lua_State *L, int idx) {
  sk_array *a = sk_check(L, idx);
  if (sk_on_tape(L, idx) && recording(L))
    sk_fail(L, idx, "%s is on the tape: change it under ssl.no_grad, or change its :detach()",
            sk_describe(L, a));
  for (int d = 0; d < a->ndim; d++)
    if (a->stride[d] == 0 && a->shape[d] > 1)
      sk_fail(L, idx, "an expanded view repeats its elements: change its :clone()");
}

void sk_check_constant(lua_State *L, int idx) {
  if (sk_test(L, idx) && sk_on_tape(L, idx) && recording(L))
    sk_fail(L, idx, "%s is on the tape, and its gradient would be lost here: use its :detach()",
            sk_describe(L, sk_test(L, idx)));
}

/* ==} */

/* {== Workspace =========================================================== */

void sk_release_scratch(lua_State *L) {
  lua_createtable(L, SCRATCH_KEPT, 0);
  for (int i = 1; i <= SCRATCH_KEPT; i++) lua_pushboolean(L, 0), lua_rawseti(L, -2, i);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &scratch_key);
}

/* Free blocks wait in one table of the state. A block in use is in the hands of its user alone, so
   whatever an error leaves behind is garbage and nothing more. */
void *sk_scratch(lua_State *L, int64_t bytes) {
  luaL_checkstack(L, 6, 0);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &scratch_key);
  int best = 0;
  int64_t size = 0;
  for (int i = 1; i <= SCRATCH_KEPT; i++) {
    lua_rawgeti(L, -1, i);
    storage *s = lua_touserdata(L, -1);
    if (s && s->bytes >= bytes && (!best || s->bytes < size)) best = i, size = s->bytes;
    lua_pop(L, 1);
  }
  storage *s;
  if (best) {
    lua_rawgeti(L, -1, best);
    s = lua_touserdata(L, -1);
    lua_pushboolean(L, 0);
    lua_rawseti(L, -3, best);
  } else {
    sk_check_room(L, (double)bytes, "scratch");
    s = push_storage(L, bytes, 0);
  }
  lua_remove(L, -2);
  return s->data;
}

void sk_scratch_done(lua_State *L, int idx) {
  idx = lua_absindex(L, idx);
  storage *mine = lua_touserdata(L, idx);
  int worst = 0;
  int64_t size = mine->bytes;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &scratch_key);
  for (int i = 1; i <= SCRATCH_KEPT; i++) { /* an empty place, or that of the smallest block */
    lua_rawgeti(L, -1, i);
    storage *s = lua_touserdata(L, -1);
    int64_t have = s ? s->bytes : -1;
    lua_pop(L, 1);
    if (have < size) worst = i, size = have;
  }
  if (worst) {
    lua_pushvalue(L, idx);
    lua_rawseti(L, -2, worst);
  }
  lua_pop(L, 1);
}

/* ==} */

/* {== Lua functions ======================================================= */

static int core_is_tensor(lua_State *L) {
  lua_settop(L, 1);
  lua_pushboolean(L, sk_test(L, 1) != 0);
  return 1;
}

static int core_describe(lua_State *L) {
  sk_describe(L, sk_check(L, 1));
  return 1;
}

static int core_version(lua_State *L) {
  sk_check(L, 1);
  lua_pushinteger(L, sk_version(L, 1));
  return 1;
}

static int core_node(lua_State *L) { /* nil for anything that is not on the tape, numbers too */
  if (!sk_test(L, 1))
    lua_pushnil(L);
  else
    lua_getiuservalue(L, 1, NODE);
  return 1;
}

static int core_set_node(lua_State *L) {
  sk_check(L, 1);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, NODE);
  return 1;
}

static int core_recording(lua_State *L) { /* () -> state; (new state) -> the old one */
  lua_settop(L, 1);
  lua_pushboolean(L, recording(L));
  if (!lua_isnil(L, 1)) {
    lua_pushboolean(L, lua_toboolean(L, 1));
    lua_rawsetp(L, LUA_REGISTRYINDEX, &tape_key);
  }
  return 1;
}

static int core_detach(lua_State *L) {
  sk_view(L, 1, sk_check(L, 1));
  return 1;
}

/* A tensor that looks like t and is on the tape in its place, without its elements: each reads as
   NaN. For the tape, which would otherwise keep what no gradient needs. */
static int core_stand_in(lua_State *L) {
  sk_array *a = push_tensor(L), was = *sk_check(L, 1);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &nothing_key) != LUA_TUSERDATA) {
    lua_pop(L, 1);
    storage *s = push_storage(L, 8, 0);
    memset(s->data, 0xFF, 8);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &nothing_key);
  }
  char *data = ((storage *)lua_touserdata(L, -1))->data;
  lua_setiuservalue(L, -2, STORAGE);
  *a = was;
  a->data = data;
  for (int d = 0; d < a->ndim; d++) a->stride[d] = 0;
  lua_getiuservalue(L, 1, NODE);
  lua_setiuservalue(L, -2, NODE);
  return 1;
}

static int core_storage(lua_State *L) { /* what identifies the bytes that a tensor shows */
  sk_check(L, 1);
  lua_pushlightuserdata(L, storage_of(L, 1));
  return 1;
}

static int core_same_shape(lua_State *L) {
  lua_pushboolean(L, sk_same_shape(sk_check(L, 1), sk_check(L, 2)));
  return 1;
}

static int core_release_workspace(lua_State *L) {
  sk_release_scratch(L);
  return 0;
}

static const luaL_Reg functions[] = {{"is_tensor", core_is_tensor},
                                     {"describe", core_describe},
                                     {"version", core_version},
                                     {"node", core_node},
                                     {"set_node", core_set_node},
                                     {"recording", core_recording},
                                     {"detach", core_detach},
                                     {"stand_in", core_stand_in},
                                     {"storage", core_storage},
                                     {"same_shape", core_same_shape},
                                     {"release_workspace", core_release_workspace},
                                     {0, 0}};

/* Adds the metatable as core.meta and its methods as core.methods; the Lua side fills both. */
int sk_open_tensor(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  lua_newtable(L);
  lua_pushliteral(L, SK_TENSOR);
  lua_setfield(L, -2, "__name");
  lua_newtable(L);
  lua_setfield(L, -3, "methods");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &meta_key);
  lua_setfield(L, -2, "meta");
  sk_release_scratch(L);
  memset(lua_newuserdatauv(L, SK_MEMORY_BYTES, 0), 0, SK_MEMORY_BYTES);
  sk_open_memory(L);
  return 0;
}

/* ==} */
