/* A program that embeds Lua and uses sslkit the way hosts do: it opens, uses and closes 100 states,
   first one after another, then in four threads at once. Silent when all is well; otherwise it says
   what went wrong. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define STATES  100
#define THREADS 4

/* The product is large enough for the thread pool to split it. */
static const char script[] =
    "local ssl = require 'sslkit'\n"
    "ssl.seed(7)\n"
    "local a = ssl.tensor {{1, 2}, {3, 4}}\n"
    "assert((a * 2 + a:t()):sum():item() == 30)\n"
    "local m = ssl.ones(256, 256)\n"
    "assert(m:matmul(m):sum():item() == 256 ^ 3)\n"
    "local y = ssl.conv2d(ssl.ones(9, 8, 20, 20), ssl.ones(32, 8, 3, 3))\n" /* by oneDNN, where it
                                                                               is */
    "assert(y:sum():item() == 9 * 32 * 18 * 18 * 72)\n"
    "local ok, message = pcall(function() return a:matmul(ssl.ones(3, 3)) end)\n"
    "assert(not ok and message:find 'matmul', message)\n";

static atomic_int failures;

static void fail(const char *message) {
  fprintf(stderr, "%s\n", message);
  atomic_fetch_add(&failures, 1);
}

static void use_state(void) {
  lua_State *L = luaL_newstate();
  if (!L) {
    fail("no memory for a state");
    return;
  }
  luaL_openlibs(L);
  if (luaL_dostring(L, script) != LUA_OK) fail(lua_tostring(L, -1));
  lua_close(L);
}

static void *use_states(void *count) {
  for (int i = 0; i < *(const int *)count; i++) use_state();
  return 0;
}

int main(void) {
  int all = STATES, share = STATES / THREADS;
  pthread_t threads[THREADS];
  use_states(&all);
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], 0, use_states, &share) != 0) {
      fail("no thread");
      return 1;
    }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
  return atomic_load(&failures) != 0;
}
