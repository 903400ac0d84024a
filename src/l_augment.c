/* Views of a batch. The Lua side has checked the policy and compiled it; here it is only made sure
   that no list, however wrong, reads or writes what is not its own. */
#include "augment.h"
#include "lib.h"

/* The list at idx, float64 [operations, SK_AUGMENT_ROW]. */
static const sk_augment_op *read_list(lua_State *L, int idx, int64_t *count) {
  const sk_array *a = sk_check_dtype(L, idx, SK_F64);
  if (a->ndim != 2 || a->shape[1] != SK_AUGMENT_ROW)
    sk_fail(L, idx, "operations (n,%d) expected, got %s", SK_AUGMENT_ROW, sk_describe(L, a));
  const sk_augment_op *ops = (const sk_augment_op *)sk_contiguous(L, idx, SK_F64)->data;
  *count = a->shape[0];
  for (int64_t i = 0; i < *count; i++) {
    const sk_augment_op *op = ops + i;
    bool known = op->code >= 0 && op->code < sk_augment_count;
    bool inside = op->skip >= 0 && op->skip <= (double)(*count - i - 1);
    if (!known || !inside || !(op->slot >= 0 && op->slot <= UINT32_MAX))
      sk_fail(L, idx, "row %lld is no operation", (long long)i + 1);
    if (op->code == 0) { /* choose: its groups must fill it */
      int64_t at = i + 1, end = at + (int64_t)op->skip, groups = 0;
      for (;
           at < end && ops[at].code == 1 && ops[at].skip >= 0 && ops[at].skip <= (double)(end - at);
           groups++)
        at += 1 + (int64_t)ops[at].skip;
      if (at != end || groups < 1 || op->args[0] != (double)groups)
        sk_fail(L, idx, "row %lld does not choose among its groups", (long long)i + 1);
    }
  }
  return ops;
}

static int read_size(lua_State *L, int table, int field) {
  lua_rawgeti(L, table, field);
  int64_t size = lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (size < 1 || size > INT32_MAX) sk_fail(L, table, "sizes {c, h, w} from 1 expected");
  return (int)size;
}

/* What is to be done, from the arguments of `augment`; pushes all that it points to, of which the
   scratch and the result come last. */
static sk_augment_job read_job(lua_State *L) {
  lua_settop(L, 9);
  const sk_array *x = sk_check(L, 1), *rows = sk_check_dtype(L, 2, SK_I64);
  const sk_array *index = sk_check_dtype(L, 3, SK_I64);
  if (x->ndim != 4 || x->dtype == SK_I64)
    sk_fail(L, 1, "images [N,C,H,W] of uint8 or floats expected, got %s", sk_describe(L, x));
  if (rows->ndim != 1 || index->ndim != 1 || rows->shape[0] != index->shape[0])
    sk_fail(L, 3, "one number for each of %s expected, got %s", sk_describe(L, rows),
            sk_describe(L, index));
  sk_augment_job job = {.dtype = x->dtype, .n = rows->shape[0], .room = sk_check_int(L, 6)};
  int64_t size[4] = {x->shape[0], x->shape[1], x->shape[2], x->shape[3]};
  for (int d = 1; d < 4; d++)
    if (size[d] < 1 || size[d] > INT32_MAX)
      sk_fail(L, 1, "an image of %s has no pixels", sk_describe(L, x));
  job.c = (int)size[1], job.h = (int)size[2], job.w = (int)size[3];
  job.ops = read_list(L, 4, &job.count);
  sk_check_table(L, 5);
  job.out_c = read_size(L, 5, 1), job.out_h = read_size(L, 5, 2), job.out_w = read_size(L, 5, 3);
  int64_t shape[4] = {job.n, job.out_c, job.out_h, job.out_w};
  if (sk_count(3, size + 1) > job.room || sk_count(3, shape + 1) > job.room ||
      sk_count(3, shape + 1) < 0 || job.room > INT64_MAX / 1024)
    sk_fail(L, 6, "no room for %lld pixels", (long long)job.room);
  sk_check_table(L, 7);
  uint64_t *const key[] = {&job.seed, &job.epoch, &job.view};
  for (int i = 0; i < 3; i++) {
    lua_rawgeti(L, 7, i + 1);
    *key[i] = (uint64_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  job.levels = sk_check_number(L, 8);
  job.x = sk_contiguous(L, 1, x->dtype)->data;
  job.index = (const int64_t *)sk_contiguous(L, 3, SK_I64)->data;
  job.rows = (const int64_t *)sk_contiguous(L, 2, SK_I64)->data;
  if (lua_toboolean(L, 9)) {
    const sk_array *strength = sk_check_dtype(L, 9, SK_F64);
    if (strength->ndim != 1 || strength->shape[0] != job.n)
      sk_fail(L, 9, "strengths [%lld] expected, got %s", (long long)job.n,
              sk_describe(L, strength));
    job.strength = (const double *)sk_contiguous(L, 9, SK_F64)->data;
  }
  for (int64_t i = 0; i < job.n; i++)
    if (job.rows[i] < 1 || job.rows[i] > size[0])
      sk_fail(L, 2, "row %lld of %lld", (long long)job.rows[i], (long long)size[0]);
  job.scratch = sk_scratch(L, sk_augment_scratch(&job) * (int64_t)sizeof *job.scratch);
  job.out = (float *)sk_new(L, SK_F32, 4, shape)->data;
  return job;
}

#define WRONG_SIZE "the operations make another size"

/* augment(x [N,c,h,w], rows int64 [n], index int64 [n], list, {c, h, w} of the result, room,
   {seed, epoch, view}, levels, strength float64 [n] or nothing) -> float32 [n,c,h,w] */
static int augment(lua_State *L) {
  sk_augment_job job = read_job(L);
  bool fits = sk_augment(&job);
  sk_scratch_done(L, -2);
  if (!fits) sk_fail(L, 5, WRONG_SIZE);
  return 1;
}

/* {== Behind the caller's back ============================================ */

#define PENDING "sslkit.Pending"

typedef struct pending {
  sk_task task;
  sk_augment_job job;
  bool fits;
} pending;

static void run_pending(void *ctx) {
  pending *p = ctx;
  p->fits = sk_augment(&p->job);
}

/* augment_start(as for augment) -> a pending one, which holds on to all that its thread works with
 */
static int augment_start(lua_State *L) {
  sk_augment_job job = read_job(L);
  int n = lua_gettop(L);
  lua_createtable(L, n, 0);
  lua_insert(L, 1);
  for (int i = n; i >= 1; i--) lua_rawseti(L, 1, i);
  pending *p = lua_newuserdatauv(L, sizeof *p, 1);
  *p = (pending){.job = job};
  luaL_setmetatable(L, PENDING);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  sk_task_start(&p->task, run_pending, p);
  return 1;
}

/* augment_finish(pending) -> float32 [n,c,h,w], once */
static int augment_finish(lua_State *L) {
  pending *p = luaL_testudata(L, 1, PENDING);
  if (!p || lua_getiuservalue(L, 1, 1) != LUA_TTABLE) sk_fail(L, 1, "no pending batch");
  sk_task_wait(&p->task);
  lua_pushnil(L);
  lua_setiuservalue(L, 1, 1);
  if (!p->fits) sk_fail(L, 1, WRONG_SIZE);
  int n = (int)lua_rawlen(L, -1);
  lua_rawgeti(L, -1, n - 1);
  sk_scratch_done(L, -1);
  lua_pop(L, 1);
  lua_rawgeti(L, -1, n);
  return 1;
}

static int pending_wait(lua_State *L) {
  pending *p = luaL_testudata(L, 1, PENDING);
  if (p) sk_task_wait(&p->task);
  return 0;
}

/* ==} */

/* augment_draws({seed, epoch, view}, slot, index int64 [n], k) -> float64 [n,k] in [0,1) */
static int augment_draws(lua_State *L) {
  uint64_t key[3];
  sk_check_table(L, 1);
  for (int i = 0; i < 3; i++) {
    lua_rawgeti(L, 1, i + 1);
    key[i] = (uint64_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  int64_t slot = sk_check_int(L, 2), k = sk_check_int(L, 4);
  const sk_array *index = sk_check_dtype(L, 3, SK_I64);
  if (index->ndim != 1) sk_fail(L, 3, "numbers [n] expected, got %s", sk_describe(L, index));
  if (k < 0) sk_fail(L, 4, "count must not be negative, got %lld", (long long)k);
  index = sk_contiguous(L, 3, SK_I64);
  int64_t n = index->shape[0];
  double *u = (double *)sk_new(L, SK_F64, 2, (int64_t[]){n, k})->data;
  sk_augment_draws(key[0], key[1], key[2], (uint32_t)slot, (const int64_t *)index->data, n, k, u);
  return 1;
}

static const luaL_Reg functions[] = {{"augment", augment},
                                     {"augment_start", augment_start},
                                     {"augment_finish", augment_finish},
                                     {"augment_draws", augment_draws},
                                     {0, 0}};

static const luaL_Reg pending_methods[] = {
    {"__gc", pending_wait}, {"__close", pending_wait}, {0, 0}};

int sk_open_augment(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  luaL_newmetatable(L, PENDING);
  luaL_setfuncs(L, pending_methods, 0);
  lua_pop(L, 1);
  lua_createtable(L, 0, sk_augment_count); /* augment_codes: name -> code */
  for (int i = 0; i < sk_augment_count; i++) {
    lua_pushinteger(L, i);
    lua_setfield(L, -2, sk_augment_name[i]);
  }
  lua_setfield(L, -2, "augment_codes");
  return 0;
}
