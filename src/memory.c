/* Lua's own count sees every byte of a tensor. Its collector, though, waits until memory has
   doubled, and a training step leaves as much garbage as it keeps: so before a large tensor is made
   we collect where a good share of what there is may be garbage, as long as that takes little of
   the time. */
#include "memory.h"
#include "error.h"
#include "tensor.h"
#include <time.h>

/* Collect when so much more is in use than a collection left, and at least a quarter of that. */
#define WORTH_IT 0x1p26
/* Collections may take one part in so many of the time. */
#define TIME_SHARE 30

typedef struct account {
  double limit, peak; /* bytes; a limit of 0 or less is none */
  double left;        /* bytes in use when our last collection ended */
  double ended, took; /* when that was, and its seconds */
} account;
_Static_assert(sizeof(account) <= SK_MEMORY_BYTES, "the block is too small");

static const char account_key = 0;

static account *account_of(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &account_key);
  account *a = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return a;
}

static double in_use(lua_State *L) { return lua_gc(L, LUA_GCCOUNT) * 1024.0; }

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void collect(lua_State *L, account *a) {
  double start = seconds();
  lua_gc(L, LUA_GCCOLLECT);
  a->ended = seconds();
  a->took = a->ended - start;
  a->left = in_use(L);
}

/* A host that has stopped the collector does not want it run. */
static bool worth_collecting(lua_State *L, const account *a, double after) {
  double share = a->left / 16;
  if (after - a->left < (share > WORTH_IT ? share : WORTH_IT)) return false;
  return lua_gc(L, LUA_GCISRUNNING) == 1 && seconds() - a->ended > TIME_SHARE * a->took;
}

static void raise_limit(lua_State *L, const char *what, double bytes, double used, double limit) {
  sk_error(L,
           "%s needs %.1f MiB; %.1f MiB are in use of a limit of %.1f MiB (ssl.set_memory_limit)",
           what, bytes / 0x1p20, used / 0x1p20, limit / 0x1p20);
}

/* Before we refuse, the scratch blocks that wait are let go, and garbage is collected. */
void sk_check_room(lua_State *L, double bytes, const char *what) {
  luaL_checkstack(L, 4, 0);
  account *a = account_of(L);
  double used = in_use(L);
  if (worth_collecting(L, a, used + bytes)) {
    collect(L, a);
    used = a->left;
  }
  if (a->limit > 0 && used + bytes > a->limit) {
    if (bytes <= a->limit) {
      sk_release_scratch(L);
      collect(L, a);
      used = a->left;
    }
    if (used + bytes > a->limit) raise_limit(L, what, bytes, used, a->limit);
  }
  if (used + bytes > a->peak) a->peak = used + bytes;
}

static int core_memory_limit(lua_State *L) { /* () -> bytes; (bytes) sets; 0 or less: none */
  account *a = account_of(L);
  lua_settop(L, 1);
  lua_pushnumber(L, a->limit);
  if (!lua_isnil(L, 1)) a->limit = sk_check_number(L, 1);
  return 1;
}

/* The most bytes that Lua held, tensors and all else, since this was last asked; counted where
   something larger than a page is made. */
static int core_peak_memory(lua_State *L) {
  account *a = account_of(L);
  double now = in_use(L);
  lua_pushinteger(L, (lua_Integer)(now > a->peak ? now : a->peak));
  a->peak = now;
  return 1;
}

static const luaL_Reg functions[] = {
    {"memory_limit", core_memory_limit}, {"peak_memory", core_peak_memory}, {0, 0}};

void sk_open_memory(lua_State *L) {
  lua_rawsetp(L, LUA_REGISTRYINDEX, &account_key);
  luaL_setfuncs(L, functions, 0);
}
