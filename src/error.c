#include "error.h"
#include "tensor.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LONG_STRING 60 /* not to be repeated in a message */

/* Its address is the registry's key for the chunk name prefix of our Lua files. */
static const char home_key = 0;

/* The outermost frame of ours, and the Lua code that called it; false when there is none (a host's
   lua_call, say). Frames of C are passed over: pcall has no line, and __index is only the way into
   our own code. */
static bool find_caller(lua_State *L, int level, lua_Debug *ours, lua_Debug *caller) {
  lua_Debug ar;
  bool have = false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &home_key);
  const char *home = lua_tostring(L, -1);
  size_t len = home ? strlen(home) : 0;
  if (lua_getstack(L, level, ours)) {
    while (!have && lua_getstack(L, ++level, &ar)) {
      lua_getinfo(L, "Sn", &ar);
      if (*ar.what == 'C') {
        if (strcmp(ar.namewhat, "metamethod") == 0) *ours = ar;
      } else if (home && strncmp(ar.source, home, len) == 0)
        *ours = ar;
      else
        *caller = ar, have = true;
    }
    lua_getinfo(L, "n", ours);
  } else /* a host's C code, outside of any call */
    ours->name = "sslkit";
  lua_pop(L, 1);
  return have;
}

static void push_where(lua_State *L, bool have, lua_Debug *caller) {
  if (have) {
    lua_getinfo(L, "Sl", caller);
    if (caller->currentline > 0) {
      lua_pushfstring(L, "%s:%d: ", caller->short_src, caller->currentline);
      return;
    }
  }
  lua_pushliteral(L, "");
}

/* What kind of network a function's first argument is, such as "Conv2d"; NULL for other things. */
static const char *kind_of_self(lua_State *L, const lua_Debug *ours) {
  if (!lua_getlocal(L, ours, 1) || !lua_istable(L, -1)) return 0;
  if (luaL_getmetafield(L, -1, "__name") != LUA_TSTRING) return 0;
  const char *name = lua_tostring(L, -1);
  return strncmp(name, "sslkit.nn.", 10) == 0 ? name + 10 : 0;
}

/* The name by which the user called; where that is not known (a tail call, pcall(f), t[name](t)),
   the one under which a module of ours holds the function, or the kind of network that was called.
   May leave values on the stack, which is about to be left anyway. */
static const char *public_name(lua_State *L, lua_Debug *ours) {
  if (ours->name && *ours->name && strcmp(ours->name, "?") != 0) return ours->name;
  luaL_checkstack(L, 12, 0);
  if (!lua_getinfo(L, "f", ours)) return "?";
  int f = lua_gettop(L);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  for (lua_pushnil(L); lua_next(L, f + 1); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TTABLE) continue;
    if (strncmp(lua_tostring(L, -2), "sslkit", 6) != 0) continue;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
      if (lua_type(L, -2) == LUA_TSTRING && lua_rawequal(L, -1, f)) return lua_tostring(L, -2);
  }
  const char *kind = kind_of_self(L, ours);
  return kind ? kind : "?";
}

static _Noreturn void fail_at(lua_State *L, int level, int arg, const char *message) {
  lua_Debug ours = {0}, caller = {0};
  bool have = find_caller(L, level, &ours, &caller);
  const char *name = public_name(L, &ours);
  push_where(L, have, &caller);
  if (ours.namewhat && strcmp(ours.namewhat, "method") == 0 && --arg == 0)
    lua_pushfstring(L, "calling '%s' on bad self (%s)", name, message);
  else
    lua_pushfstring(L, "bad argument #%d to '%s' (%s)", arg, name, message);
  lua_concat(L, 2);
  lua_error(L);
  __builtin_unreachable();
}

static _Noreturn void error_at(lua_State *L, int level, const char *message) {
  lua_Debug ours = {0}, caller = {0};
  bool have = find_caller(L, level, &ours, &caller);
  const char *name = public_name(L, &ours);
  push_where(L, have, &caller);
  if (*name == '?') /* C that was called by C has no name */
    lua_pushstring(L, message);
  else
    lua_pushfstring(L, "%s: %s", name, message);
  lua_concat(L, 2);
  lua_error(L);
  __builtin_unreachable();
}

#define FORMAT(L, format, buffer)                                                                  \
  char buffer[512];                                                                                \
  va_list args;                                                                                    \
  va_start(args, format);                                                                          \
  vsnprintf(buffer, sizeof buffer, format, args);                                                  \
  va_end(args)

void sk_fail(lua_State *L, int arg, const char *format, ...) {
  FORMAT(L, format, message);
  luaL_checkstack(L, 8, 0);
  lua_pushstring(L, message);
  fail_at(L, 0, arg, lua_tostring(L, -1));
}

void sk_error(lua_State *L, const char *format, ...) {
  FORMAT(L, format, message);
  luaL_checkstack(L, 8, 0);
  lua_pushstring(L, message);
  error_at(L, 0, lua_tostring(L, -1));
}

const char *sk_kind(lua_State *L, int idx) {
  int type = lua_type(L, idx);
  idx = lua_absindex(L, idx);
  luaL_checkstack(L, 4, 0);
  if (sk_test(L, idx)) return lua_pushfstring(L, "tensor %s", sk_describe(L, sk_test(L, idx)));
  if (luaL_getmetafield(L, idx, "__name") == LUA_TSTRING) return lua_tostring(L, -1);
  if (type == LUA_TSTRING) {
    const char *s = lua_tostring(L, idx);
    return strlen(s) > LONG_STRING ? "a long string" : lua_pushfstring(L, "string '%s'", s);
  }
  if (type == LUA_TNUMBER && isnan(lua_tonumber(L, idx))) return "number nan"; /* not -nan */
  if (type != LUA_TNUMBER && type != LUA_TBOOLEAN)
    return type == LUA_TNONE ? "no value" : luaL_typename(L, idx);
  return lua_pushfstring(L, "%s %s", luaL_typename(L, idx), luaL_tolstring(L, idx, 0));
}

int64_t sk_check_int(lua_State *L, int idx) {
  int ok;
  lua_Integer v = lua_tointegerx(L, idx, &ok);
  if (ok && lua_type(L, idx) == LUA_TNUMBER) return v;
  sk_fail(L, idx, "whole number expected, got %s", sk_kind(L, idx));
}

double sk_check_number(lua_State *L, int idx) {
  if (lua_type(L, idx) != LUA_TNUMBER) sk_fail(L, idx, "number expected, got %s", sk_kind(L, idx));
  return lua_tonumber(L, idx);
}

const char *sk_check_string(lua_State *L, int idx, size_t *len) {
  if (lua_type(L, idx) != LUA_TSTRING) sk_fail(L, idx, "string expected, got %s", sk_kind(L, idx));
  return lua_tolstring(L, idx, len);
}

int sk_check_name(lua_State *L, int idx, const char *def, const char *const names[]) {
  const char *s = def && lua_isnoneornil(L, idx) ? def : sk_check_string(L, idx, 0);
  luaL_Buffer known;
  for (int i = 0; names[i]; i++)
    if (strcmp(names[i], s) == 0) return i;
  luaL_buffinit(L, &known);
  for (int i = 0; names[i]; i++) {
    if (i > 0) luaL_addstring(&known, ", ");
    luaL_addstring(&known, names[i]);
  }
  luaL_pushresult(&known);
  sk_fail(L, idx, "'%s' is none of: %s", s, lua_tostring(L, -1));
}

void sk_check_table(lua_State *L, int idx) {
  if (lua_type(L, idx) != LUA_TTABLE) sk_fail(L, idx, "table expected, got %s", sk_kind(L, idx));
}

/* For the Lua side, whose own frame is level 1. */
static int core_fail(lua_State *L) {
  fail_at(L, 1, (int)luaL_checkinteger(L, 1), luaL_checkstring(L, 2));
}

static int core_raise(lua_State *L) { error_at(L, 1, luaL_checkstring(L, 1)); }

static int core_home(lua_State *L) {
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &home_key);
  return 0;
}

static const luaL_Reg functions[] = {
    {"fail", core_fail}, {"raise", core_raise}, {"home", core_home}, {0, 0}};

int sk_open_error(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
