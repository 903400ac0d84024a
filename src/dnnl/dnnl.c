/* The Lua functions of sslkit.dnnl, private to sslkit/tensor/conv.lua: plans of convolutions that
   oneDNN does. */
#include "plan.h"
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

/* plan(key): a plan that the collector closes; nil where the library has no fast way */
static int dnnl_plan(lua_State *L) {
  size_t length;
  int64_t key[SK_CONV_KEY];
  sk_conv_op op;
  const char *bytes = lua_tolstring(L, 1, &length);
  if (!bytes || length != sizeof key) return 0;
  memcpy(key, bytes, sizeof key);
  sk_conv c = sk_conv_read_key(key, &op);
  dn_plan *p = lua_newuserdatauv(L, sizeof *p, 0);
  memset(p, 0, sizeof *p); /* a consistent, empty object, before anything else can raise */
  luaL_setmetatable(L, SK_CONV_PLAN);
  return dn_plan_make(p, &c, op) ? 1 : 0;
}

static int plan_close(lua_State *L) {
  dn_plan_free(lua_touserdata(L, 1));
  return 0;
}

/* How the work is cut, for the curious and the tests. */
static int plan_tostring(lua_State *L) {
  const dn_plan *p = luaL_testudata(L, 1, SK_CONV_PLAN);
  if (!p) return 0;
  lua_pushfstring(L, "plan of %I x %I images%s, %I runs, %I blocks", (LUAI_UACINT)p->chunks,
                  (LUAI_UACINT)p->images, p->rest.product ? " (the last fewer)" : "",
                  (LUAI_UACINT)p->runs, (LUAI_UACINT)p->blocks);
  return 1;
}

static const luaL_Reg functions[] = {{"plan", dnnl_plan}, {0, 0}};

__attribute__((visibility("default"))) int luaopen_sslkit_dnnl(lua_State *L) {
  const dnnl_version_t *v = dnnl_version();
  luaL_newmetatable(L, SK_CONV_PLAN);
  lua_pushcfunction(L, plan_close);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, plan_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  lua_pushfstring(L, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
  lua_setfield(L, -2, "library");
  return 1;
}
