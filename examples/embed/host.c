/* A C program with an encoder of its own that lets sslkit watch it for collapse.

     gcc -O2 -I src -I /usr/include/lua5.4 examples/embed/host.c -o host -llua5.4 -lm
     eval "$(make -s env)"; ./host

   (sslkit.h is in src, or, once sslkit is installed, in PREFIX/include; with LuaRocks in
   "$(luarocks show --rock-dir sslkit)/include".)

   The encoder here is make-believe: its embeddings lose one direction after the other, as those of
   a contrastive model do when the loss has a short cut. Each step hands them to Lua as a tensor,
   and a Lua function answers with RankMe and the mean cosine of two rows. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>

#include "sslkit.h"

#define SAMPLES 256
#define WIDTH   32
#define STEPS   8

static float embedding[SAMPLES][WIDTH];

/* A small generator, so that every run is the same. */
static double noise(void) {
  static uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 40) / (1 << 24) - 0.5;
}

/* Direction j fades the faster the higher j is, and all samples drift towards one point. */
static void encode(int step) {
  for (int i = 0; i < SAMPLES; i++)
    for (int j = 0; j < WIDTH; j++)
      embedding[i][j] = (float)(noise() * exp(-0.05 * step * j) + (j == 0 ? 0.05 * step : 0));
}

/* What is Lua's part. It could as well come from a file that a user may edit. */
static const char script[] = "local ssl = require 'sslkit'\n"
                             "return function(z)\n"
                             "  local c = ssl.metrics.collapse(z)\n"
                             "  return ssl.metrics.rankme(z), c.mean_cosine, z:std(1)\n"
                             "end\n";

static double smallest(const sslkit_view *v) {
  double least = INFINITY;
  for (int64_t i = 0; i < v->shape[0]; i++)
    least = fmin(least, *(float *)((char *)v->data + i * v->stride[0]));
  return least;
}

/* Runs under lua_pcall: whatever raises in it, here or in Lua, ends in main with a message. */
static int watch(lua_State *L) {
  const int64_t shape[] = {SAMPLES, WIDTH};
  double first = 0;
  luaL_openlibs(L);
  if (luaL_loadstring(L, script) != LUA_OK) return lua_error(L);
  lua_call(L, 0, 1);
  for (int step = 0; step < STEPS; step++) {
    sslkit_view deviation;
    encode(step);

    lua_pushvalue(L, 1);
    sslkit_push(L, SSLKIT_FLOAT32, 2, shape, embedding);
    lua_call(L, 1, 3);

    double rank = lua_tonumber(L, 2), cosine = lua_tonumber(L, 3);
    sslkit_check(L, 4, &deviation);
    if (step == 0) first = rank;
    printf("step %d  rankme %5.2f of %d  mean cosine %5.3f  smallest deviation %.1e%s\n", step,
           rank, WIDTH, cosine, smallest(&deviation), rank < first / 4 ? "  collapsed" : "");
    lua_settop(L, 1);
  }
  return 0;
}

int main(void) {
  lua_State *L = luaL_newstate();
  int status = 1;
  if (!L) return status;
  lua_pushcfunction(L, watch);
  status = lua_pcall(L, 0, 0, 0);
  if (status != LUA_OK) fprintf(stderr, "%s\n", lua_tostring(L, -1));
  lua_close(L);
  return status != LUA_OK;
}
