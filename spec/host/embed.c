/* A Lua module over sslkit.h, for spec/embed_spec.lua: its functions as Lua functions, and what
   they do in a state without sslkit and outside of any call. */
#include <lualib.h>
#include <setjmp.h>

#include "sslkit.h"

/* push(dtype, shape, bytes or nil, ndim or nil): dtype and sizes are passed on as they are. */
static int embed_push(lua_State *L) {
  int64_t shape[SSLKIT_MAXDIM];
  int n = (int)lua_rawlen(L, 2);
  for (int d = 0; d < n && d < SSLKIT_MAXDIM; d++) {
    lua_rawgeti(L, 2, d + 1);
    shape[d] = lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  int ndim = (int)luaL_optinteger(L, 4, n);
  sslkit_dtype dtype = (sslkit_dtype)lua_tointeger(L, 1);
  sslkit_push(L, dtype, ndim, n == 0 && ndim > 0 ? 0 : shape, lua_tostring(L, 3));
  return 1;
}

/* check(x): dtype, {sizes}, {strides}, the first element of a float32 */
static int embed_check(lua_State *L) {
  sslkit_view v;
  sslkit_check(L, -lua_gettop(L), &v);
  lua_pushinteger(L, v.dtype);
  lua_newtable(L);
  lua_newtable(L);
  for (int d = 0; d < v.ndim; d++) {
    lua_pushinteger(L, v.shape[d]);
    lua_rawseti(L, -3, d + 1);
    lua_pushinteger(L, v.stride[d]);
    lua_rawseti(L, -2, d + 1);
  }
  if (v.dtype == SSLKIT_FLOAT32)
    lua_pushnumber(L, *(float *)v.data);
  else
    lua_pushnil(L);
  return 4;
}

static int embed_test(lua_State *L) {
  sslkit_view v;
  lua_pushboolean(L, sslkit_test(L, 1, 0));
  lua_pushinteger(L, sslkit_test(L, 1, &v) ? v.ndim : -1);
  return 2;
}

/* add_one(t): in place, on a contiguous float32 tensor */
static int embed_add_one(lua_State *L) {
  sslkit_view v;
  int64_t n = 1;
  sslkit_check(L, 1, &v);
  sslkit_touch(L, 1);
  for (int d = 0; d < v.ndim; d++) n *= v.shape[d];
  for (int64_t i = 0; i < n; i++) ((float *)v.data)[i] += 1;
  lua_settop(L, 1);
  return 1;
}

static int push_anything(lua_State *L) {
  sslkit_push(L, SSLKIT_FLOAT32, 0, 0, 0);
  return 1;
}

static int push_nonsense(lua_State *L) {
  sslkit_push(L, (sslkit_dtype)9, 0, 0, 0);
  return 1;
}

/* bare(libraries, nonsense): the error, or nil, of a push in a fresh state */
static int embed_bare(lua_State *L) {
  lua_State *fresh = luaL_newstate();
  if (lua_toboolean(L, 1)) luaL_openlibs(fresh);
  lua_pushcfunction(fresh, lua_toboolean(L, 2) ? push_nonsense : push_anything);
  lua_pushstring(L, lua_pcall(fresh, 0, 1, 0) == LUA_OK ? 0 : lua_tostring(fresh, -1));
  lua_close(fresh);
  return 1;
}

static jmp_buf escape;

static int panic(lua_State *L) {
  (void)L;
  longjmp(escape, 1);
}

/* outside(): the error of a push that no call protects */
static int embed_outside(lua_State *L) {
  lua_State *fresh = luaL_newstate();
  luaL_openlibs(fresh);
  lua_atpanic(fresh, panic);
  if (setjmp(escape) == 0) push_nonsense(fresh);
  lua_pushstring(L, lua_tostring(fresh, -1));
  lua_close(fresh);
  return 1;
}

/* old(): the error where the sslkit that is loaded is older than the header */
static int embed_old(lua_State *L) {
  static sslkit_api none;
  lua_State *fresh = luaL_newstate();
  lua_pushlightuserdata(fresh, &none);
  lua_setfield(fresh, LUA_REGISTRYINDEX, SSLKIT_API_KEY);
  lua_pushcfunction(fresh, push_anything);
  lua_pcall(fresh, 0, 1, 0);
  lua_pushstring(L, lua_tostring(fresh, -1));
  lua_close(fresh);
  return 1;
}

static const luaL_Reg functions[] = {{"push", embed_push},       {"check", embed_check},
                                     {"test", embed_test},       {"add_one", embed_add_one},
                                     {"bare", embed_bare},       {"old", embed_old},
                                     {"outside", embed_outside}, {0, 0}};

int luaopen_embed(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
