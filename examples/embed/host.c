/* A C program with an encoder of its own that lets sslkit raise the alarm when it collapses.

     gcc -O2 -I src -I /usr/include/lua5.4 examples/embed/host.c -o host -llua5.4 -lm
     eval "$(make -s env)"; ./host; echo $?

   (sslkit.h is in src, or, once sslkit is installed, in PREFIX/include; with LuaRocks in
   "$(luarocks show --rock-dir sslkit)/include".)

   The encoder is make-believe: all is well for a while, then one direction after the other fades,
   as when the loss of a contrastive model has found a short cut. Batch by batch its embeddings go
   to Lua, which gathers them in an accumulator; every WINDOW batches it answers with their RankMe
   and begins anew. One over everything would hardly move when a long run collapses late.

   host [batches] prints a line for each window. Its exit status is 0 when all is well to the end, 2
   after an alarm, and 1 when something went wrong. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sslkit.h"

#define BATCH   64   /* samples */
#define WIDTH   32   /* of an embedding */
#define WINDOW  16   /* batches that are looked at together */
#define WELL    160  /* batches before the collapse begins */
#define BATCHES 320  /* unless told otherwise */
#define SHARE   0.5  /* of the best RankMe so far; below it, the alarm goes off */
#define ALIVE   1e-2 /* a direction that varies less is dead */

/* What is Lua's part. It could as well come from a file that a user may edit. */
static const char script[] =
    "local ssl = require 'sslkit'\n"
    "local width, batches = ...\n"
    "local window, whole = ssl.metrics.accumulator(width), ssl.metrics.accumulator(width)\n"
    "local seen = 0\n"
    "return function(z)\n"
    "  window:add(z)\n"
    "  seen = seen + 1\n"
    "  if seen % batches ~= 0 then return nil end\n"
    "  local rank = ssl.metrics.rankme(window)\n"
    "  whole:merge(window)\n"
    "  window = ssl.metrics.accumulator(width)\n"
    "  return rank, ssl.metrics.rankme(whole), z:std(1)\n"
    "end\n";

static float embedding[BATCH][WIDTH];

/* A small generator, so that every run is the same. */
static double noise(void) {
  static uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 40) / (1 << 24) - 0.5;
}

/* Direction j fades the faster the higher j is. */
static void encode(int batch) {
  double late = batch > WELL ? batch - WELL : 0;
  for (int i = 0; i < BATCH; i++)
    for (int j = 0; j < WIDTH; j++) embedding[i][j] = (float)(noise() * exp(-0.003 * late * j));
}

/* How many directions still vary, from the deviations that Lua has worked out. */
static int alive(const sslkit_view *v) {
  int count = 0;
  for (int64_t j = 0; j < v->shape[0]; j++)
    count += *(const float *)((const char *)v->data + j * v->stride[0]) > ALIVE;
  return count;
}

typedef struct run {
  int batches, alarm; /* alarm: the window in which it went off, or 0 */
} run;

/* Runs under lua_pcall: whatever raises in it, here or in Lua, ends in main with a message. */
static int watch(lua_State *L) {
  const int64_t shape[] = {BATCH, WIDTH};
  run *r = lua_touserdata(L, 1);
  double best = 0;
  luaL_openlibs(L);
  if (luaL_loadstring(L, script) != LUA_OK) return lua_error(L);
  lua_pushinteger(L, WIDTH);
  lua_pushinteger(L, WINDOW);
  lua_call(L, 2, 1); /* at index 2 from now on: the function of a batch */
  for (int batch = 1; batch <= r->batches; batch++, lua_settop(L, 2)) {
    sslkit_view deviation;
    encode(batch);
    lua_pushvalue(L, 2);
    sslkit_push(L, SSLKIT_FLOAT32, 2, shape, embedding);
    lua_call(L, 1, 3);
    if (lua_isnil(L, 3)) continue; /* the window is not full */

    double rank = lua_tonumber(L, 3), whole = lua_tonumber(L, 4);
    int window = batch / WINDOW;
    sslkit_check(L, 5, &deviation);
    printf("window %2d  rankme %5.2f of %d  over everything %5.2f  alive %2d\n", window, rank,
           WIDTH, whole, alive(&deviation));
    if (rank > best) best = rank;
    if (rank >= SHARE * best || r->alarm) continue;
    r->alarm = window;
    printf("alarm: RankMe fell from %.2f to %.2f: the encoder collapses\n", best, rank);
  }
  return 0;
}

int main(int argc, char **argv) {
  run r = {argc > 1 ? atoi(argv[1]) : BATCHES, 0};
  if (r.batches < 1) {
    fprintf(stderr, "usage: %s [batches]\n", argv[0]);
    return 1;
  }
  lua_State *L = luaL_newstate();
  if (!L) return 1;
  lua_pushcfunction(L, watch);
  lua_pushlightuserdata(L, &r);
  int status = lua_pcall(L, 1, 0, 0);
  if (status != LUA_OK) fprintf(stderr, "%s\n", lua_tostring(L, -1));
  lua_close(L);
  return status != LUA_OK ? 1 : r.alarm ? 2 : 0;
}
