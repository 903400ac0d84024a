#include "error.h"
#include "tensor.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LONG_STRING 60 /* not to be repeated in a message */

/* Its address is the registry's key for the chunk name prefix of our Lua files. */
static const char home_key = 0;

static int core_callback(lua_State *L);

/* Who has called, and the line where. */
struct caller {
  lua_Debug ours; /* the outermost frame of ours */
  char source[LUA_IDSIZE];
  int line; /* 0 when it is not known: C has called (a host's lua_call, say) */
};

static bool is_home(lua_State *L, const char *source) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &home_key);
  const char *home = lua_tostring(L, -1);
  bool yes = home && strncmp(source, home, strlen(home)) == 0;
  lua_pop(L, 1);
  return yes;
}

static void stand_at(struct caller *found, const lua_Debug *ar, int line) {
  memcpy(found->source, ar->short_src, sizeof found->source);
  found->line = line > 0 ? line : 0;
}

/* Where the frame is core.callback's, and what it has called a function of the user's: nothing of
   that was met on the way, so it has gone by a tail call, and its first line has to do. */
static void stand_in_callback(lua_State *L, lua_Debug *ar, struct caller *found) {
  lua_getinfo(L, "f", ar);
  bool yes = lua_tocfunction(L, -1) == core_callback;
  lua_pop(L, 1);
  if (!yes || !lua_getlocal(L, ar, 1)) return;
  lua_Debug def = {.what = "C"};
  if (lua_isfunction(L, -1)) { /* a module can be called, too */
    lua_getinfo(L, ">S", &def);
  } else {
    lua_pop(L, 1);
  }
  if (*def.what != 'C' && !is_home(L, def.source)) stand_at(found, &def, def.linedefined);
}

/* The outermost frame of ours, and the line of the Lua code that called it. Frames of C are passed
   over: pcall has no line, and __index is only the way into our own code. */
static void find_caller(lua_State *L, int level, struct caller *found) {
  lua_Debug ar;
  bool done = false;
  if (!lua_getstack(L, level, &found->ours)) { /* a host's C code, outside of any call */
    found->ours.name = "sslkit";
    return;
  }
  while (!done && !found->line && lua_getstack(L, ++level, &ar)) {
    lua_getinfo(L, "Sln", &ar);
    if (*ar.what == 'C') {
      stand_in_callback(L, &ar, found);
      if (strcmp(ar.namewhat, "metamethod") == 0) found->ours = ar;
    } else if (!is_home(L, ar.source)) {
      stand_at(found, &ar, ar.currentline);
      done = true;
    } else
      found->ours = ar;
  }
  lua_getinfo(L, "n", &found->ours);
}

static void push_where(lua_State *L, const struct caller *found) {
  if (found->line > 0) {
    lua_pushfstring(L, "%s:%d: ", found->source, found->line);
  } else {
    lua_pushliteral(L, "");
  }
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
  struct caller found = {0};
  find_caller(L, level, &found);
  const char *name = public_name(L, &found.ours);
  push_where(L, &found);
  if (found.ours.namewhat && strcmp(found.ours.namewhat, "method") == 0 && --arg == 0)
    lua_pushfstring(L, "calling '%s' on bad self (%s)", name, message);
  else
    lua_pushfstring(L, "bad argument #%d to '%s' (%s)", arg, name, message);
  lua_concat(L, 2);
  lua_error(L);
  __builtin_unreachable();
}

static _Noreturn void error_at(lua_State *L, int level, const char *message) {
  struct caller found = {0};
  find_caller(L, level, &found);
  const char *name = public_name(L, &found.ours);
  push_where(L, &found);
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

static int all_results(lua_State *L, int status, lua_KContext context) {
  (void)status;
  (void)context;
  return lua_gettop(L) - 1;
}

/* core.callback(f, ...) -> f(...), for a function of the user's. An error that it raises by a tail
   call to one of ours, `return ssl.losses.ntxent(u, v, options)`, names that one and stands where f
   does; without this it would name the function of ours that has called f. */
static int core_callback(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushvalue(L, 1);
  lua_insert(L, 2);
  lua_callk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, all_results);
  return all_results(L, LUA_OK, 0);
}

static const luaL_Reg functions[] = {{"callback", core_callback},
                                     {"fail", core_fail},
                                     {"raise", core_raise},
                                     {"home", core_home},
                                     {0, 0}};

int sk_open_error(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
