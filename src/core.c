/* Floor 4: the module sslkit.core, private to the Lua side: one table of functions from every
 * l_*.c. */
#include "lib.h"
#include "pool.h"
#include <cblas.h>

extern void openblas_set_num_threads(int n);
extern char *openblas_get_config(void);
extern char *openblas_get_corename(void);
extern void ilaver_(int *major, int *minor, int *patch); /* LAPACK's version */

static int core_threads(lua_State *L) { /* () -> n; (n) sets */
  if (!lua_isnoneornil(L, 1)) {
    int64_t n = sk_check_int(L, 1);
    if (n < 1 || n > SK_MAXTHREADS)
      sk_fail(L, 1, "threads must be in 1..%d, got %lld", SK_MAXTHREADS, (long long)n);
    sk_set_threads((int)n);
  }
  lua_pushinteger(L, sk_get_threads());
  return 1;
}

static const char *simd(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return "avx512";
  if (__builtin_cpu_supports("avx2")) return "avx2";
#endif
  return "baseline";
}

#if defined(__clang__)
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

static int core_build(lua_State *L) {
  int major = 0, minor = 0, patch = 0;
  ilaver_(&major, &minor, &patch);
  lua_newtable(L);
  lua_pushstring(L, openblas_get_config());
  lua_setfield(L, -2, "blas");
  lua_pushstring(L, openblas_get_corename());
  lua_setfield(L, -2, "blas_core");
  lua_pushfstring(L, "%d.%d.%d", major, minor, patch);
  lua_setfield(L, -2, "lapack");
  lua_pushliteral(L, LUA_RELEASE);
  lua_setfield(L, -2, "lua");
  lua_pushstring(L, simd());
  lua_setfield(L, -2, "simd");
  lua_pushliteral(L, COMPILER);
  lua_setfield(L, -2, "compiler");
  lua_pushinteger(L, sk_get_threads());
  lua_setfield(L, -2, "threads");
  return 1;
}

static const luaL_Reg functions[] = {{"threads", core_threads}, {"build", core_build}, {0, 0}};

__attribute__((visibility("default"))) int luaopen_sslkit_core(lua_State *L) {
  openblas_set_num_threads(1); /* the pool cuts products itself: results do not depend on threads */
  luaL_newlib(L, functions);
  sk_open_error(L);
  sk_open_tensor(L);
  sk_open_make(L);
  sk_open_shape(L);
  sk_open_index(L);
  sk_open_key(L);
  sk_open_gather(L);
  sk_open_map(L);
  sk_open_reduce(L);
  sk_open_gemm(L);
  sk_open_distance(L);
  sk_open_triangle(L);
  sk_open_random(L);
  sk_open_nn(L);
  sk_open_optim(L);
  sk_open_conv(L);
  sk_open_batchnorm(L);
  sk_open_layernorm(L);
  sk_open_pool(L);
  sk_open_augment(L);
  sk_open_linalg(L);
  sk_open_spectral(L);
  sk_open_neighbours(L);
  sk_open_ranking(L);
  sk_open_pairwise(L);
  sk_open_cross(L);
  sk_open_labels(L);
  sk_open_probe(L);
  sk_open_sort(L);
  sk_open_scan(L);
  sk_open_count(L);
  sk_open_sys(L);
  sk_open_signal(L);
  sk_open_edit(L);
  sk_open_file(L);
  sk_open_store(L);
  sk_open_bytes(L);
  sk_open_embed(L);
  return 1;
}
