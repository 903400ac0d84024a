/* t[key] and t[key] = value. Numbers and inclusive ranges name a window, which is a view; index
   tensors and masks pick elements, by NumPy's rules of advanced indexing: side by side they
   broadcast and pick pairwise, beside them a number is a 0-dim index tensor, and what is picked
   stands in the place of the first of them, or in front where a range or an unnamed dimension lies
   between. */
#include "lib.h"
#include <string.h>

typedef struct key {
  sk_array kept; /* what numbers and ranges leave, without the dimensions that are picked from */
  int picks;
  sk_array pick[SK_MAXDIM]; /* int64: 1-based indices; where size is -1, byte offsets of a mask */
  int64_t size[SK_MAXDIM], stride[SK_MAXDIM];
  int at;       /* before which dimension of kept the picked ones stand, or -1 */
  bool element; /* one element, named by numbers alone */
  int ndim;     /* of the result, and its shape */
  int64_t shape[SK_MAXDIM];
  int64_t count; /* picked */
  int64_t *offset;
  int blocks, block[SK_MAXDIM + 1]; /* scratch, by stack index */
} key;

/* {== Reading a key ======================================================= */

/* The length of a list of indices at idx. Names in it would mean nothing, so they raise. */
static int64_t check_list(lua_State *L, int idx, int arg) {
  int64_t n = luaL_len(L, idx);
  if (n > 0) return n;
  idx = lua_absindex(L, idx);
  lua_pushnil(L);
  if (lua_next(L, idx))
    sk_fail(L, arg, "indices and ranges expected, got a table with the key %s", sk_kind(L, -2));
  return 0;
}

/* {}, {first, last} or {first, last, step}, at idx, applied to dimension d. */
static sk_array slice(lua_State *L, int idx, int arg, const sk_array *a, int d) {
  int64_t v[3] = {1, -1, 1}, n = a->shape[d], start, count;
  int64_t given = check_list(L, idx, arg);
  if (given == 0) return *a;
  if (given != 2 && given != 3)
    sk_fail(L, arg, "a range is {}, {first, last} or {first, last, step}; got %lld numbers",
            (long long)given);
  for (int i = 0; i < given; i++) {
    int ok;
    lua_geti(L, idx, i + 1);
    v[i] = lua_tointegerx(L, -1, &ok);
    if (!ok || lua_type(L, -1) != LUA_TNUMBER)
      sk_fail(L, arg, "a range is made of whole numbers, got %s", sk_kind(L, -1));
    lua_pop(L, 1);
  }
  if (!sk_range(v[0], v[1], v[2], n, &start, &count))
    sk_fail(L, arg, "range %lld..%lld by %lld does not lie in 1..%lld of dimension %d",
            (long long)v[0], (long long)v[1], (long long)v[2], (long long)n, d + 1);
  return sk_slice(a, d, start, v[2], count);
}

static void *scratch(lua_State *L, key *k, int64_t n) {
  void *block = sk_scratch(L, n * (int64_t)sizeof(int64_t));
  k->block[k->blocks++] = lua_gettop(L);
  return block;
}

static void scratch_done(lua_State *L, const key *k) {
  for (int i = 0; i < k->blocks; i++) sk_scratch_done(L, k->block[i]);
}

static void add_pick(key *k, const sk_array *index, int64_t size, int64_t stride) {
  k->pick[k->picks] = *index;
  k->size[k->picks] = size;
  k->stride[k->picks++] = stride;
}

/* A mask picks from as many dimensions as it has, from d on. */
static void add_mask(lua_State *L, key *k, const sk_array *mask, int arg, const sk_array *a,
                     int d) {
  bool fits = mask->ndim > 0 && mask->ndim <= a->ndim - d;
  for (int m = 0; fits && m < mask->ndim; m++) fits = mask->shape[m] == a->shape[d + m];
  if (!fits) {
    const char *s = sk_describe(L, mask);
    if (d > 0)
      sk_fail(L, arg, "mask %s does not fit %s from dimension %d on", s, sk_describe(L, a), d + 1);
    sk_fail(L, arg, "mask %s does not fit %s", s, sk_describe(L, a));
  }
  /* an expanded mask may have more elements than anyone can wait for */
  if (!sk_is_contiguous(mask)) sk_check_room(L, (double)sk_numel(mask), "a mask");
  int64_t n = sk_count_nonzero(mask), *offset = scratch(L, k, n + 1);
  sk_array over = *a, offsets = sk_packed(SK_I64, 1, &n, offset);
  over.ndim = mask->ndim;
  for (int m = 0; m < mask->ndim; m++)
    over.shape[m] = mask->shape[m], over.stride[m] = a->stride[d + m];
  sk_mask_offsets(mask, &over, offset);
  add_pick(k, &offsets, -1, 0);
}

/* The shape that the picks broadcast to. */
static int picked_shape(lua_State *L, const key *k, int arg, int64_t *shape) {
  int ndim = 0;
  for (int i = 0; i < k->picks; i++) {
    sk_array others = sk_packed(SK_I64, ndim, shape, 0);
    if (!sk_broadcast(&others, &k->pick[i], &ndim, shape)) {
      const char *s = sk_describe_shape(L, others.ndim, others.shape);
      sk_fail(L, arg, "index tensors do not broadcast: %s and %s", s,
              sk_describe_shape(L, k->pick[i].ndim, k->pick[i].shape));
    }
  }
  return ndim;
}

/* Says where in an index tensor the first bad index stands. */
static void fail_index(lua_State *L, const sk_array *index, int64_t n, int arg, int dim) {
  int64_t count = sk_numel(index), zero_based;
  for (int64_t i = 0; i < count; i++) {
    int64_t at[SK_MAXDIM], rest = i;
    const char *p = index->data;
    for (int d = index->ndim - 1; d >= 0; d--) {
      at[d] = rest % index->shape[d] + 1;
      p += (at[d] - 1) * index->stride[d];
      rest /= index->shape[d];
    }
    long long v = *(const int64_t *)p;
    if (sk_index(v, n, &zero_based)) continue;
    if (index->ndim == 0)
      sk_fail(L, arg, "index %lld is outside 1..%lld of dimension %d", v, (long long)n, dim);
    if (index->ndim == 1)
      sk_fail(L, arg, "index %lld at %lld is outside 1..%lld of dimension %d", v, (long long)at[0],
              (long long)n, dim);
    sk_fail(L, arg, "index %lld at %s is outside 1..%lld of dimension %d", v,
            sk_describe_shape(L, index->ndim, at), (long long)n, dim);
  }
}

/* The picks as one byte offset an element picked; dims: the dimension of a that each is of. */
static void find_offsets(lua_State *L, key *k, int arg, const int *dims) {
  int64_t shape[SK_MAXDIM];
  int ndim = picked_shape(L, k, arg, shape), kept = k->kept.ndim;
  k->count = sk_count(ndim, shape);
  if (k->count < 0) sk_fail(L, arg, "too many elements");
  if (ndim + kept > SK_MAXDIM)
    sk_fail(L, arg, "a result of %d dimensions; at most %d", ndim + kept, SK_MAXDIM);
  for (int d = 0; d < ndim + kept; d++)
    k->shape[d] = d < k->at          ? k->kept.shape[d]
                  : d < k->at + ndim ? shape[d - k->at]
                                     : k->kept.shape[d - ndim];
  k->ndim = ndim + kept;
  if (k->picks == 1 && k->size[0] < 0) {
    k->offset = (int64_t *)k->pick[0].data;
    return;
  }
  k->offset = scratch(L, k, k->count);
  memset(k->offset, 0, (size_t)k->count * sizeof *k->offset);
  for (int i = 0; i < k->picks; i++) {
    sk_array view;
    sk_expand(&k->pick[i], ndim, shape, &view);
    if (!sk_add_offsets(&view, k->size[i], k->stride[i], k->offset))
      fail_index(L, &k->pick[i], k->size[i], arg, dims[i] + 1);
  }
}

/* The parts of a key stand on the stack, from `first` to the top; messages are about argument arg.
 */
static void read_key(lua_State *L, const sk_array *a, int first, int arg, key *k) {
  int given = lua_gettop(L) - first + 1, d = 0, dims[SK_MAXDIM];
  bool picking = false;
  luaL_checkstack(L, 2 * SK_MAXDIM, 0);
  k->kept = (sk_array){.data = a->data, .dtype = a->dtype};
  k->picks = k->blocks = 0;
  k->at = -1;
  if (given > a->ndim) sk_fail(L, arg, "%d indices for %s", given, sk_describe(L, a));
  for (int i = 0; i < given; i++) picking = picking || sk_test(L, first + i);
  k->element = given == a->ndim && !picking;
  for (int i = 0; i < given; i++) {
    int idx = first + i;
    sk_array *t = sk_test(L, idx);
    if (d == a->ndim) /* masks have used up what there is */
      sk_fail(L, arg, "more indices than dimensions for %s", sk_describe(L, a));
    if (!t && lua_type(L, idx) == LUA_TTABLE) {
      sk_array s = slice(L, idx, arg, a, d);
      k->kept.data += s.data - a->data;
      k->kept.shape[k->kept.ndim] = s.shape[d];
      k->kept.stride[k->kept.ndim++] = s.stride[d];
      k->element = false;
      d++;
      continue;
    }
    if (picking && k->at < 0) k->at = k->kept.ndim;
    if (picking && k->at != k->kept.ndim) k->at = 0;
    if (!t) {
      k->kept.data += sk_check_position(L, idx, arg, a->shape[d], d) * a->stride[d];
      d++;
      continue;
    }
    dims[k->picks] = d;
    if (t->dtype == SK_U8) {
      add_mask(L, k, t, arg, a, d);
      d += t->ndim;
    } else if (t->dtype == SK_I64) {
      add_pick(k, t, a->shape[d], a->stride[d]);
      d++;
    } else
      sk_fail(L, arg, "int64 index or uint8 mask expected, got %s", sk_describe(L, t));
  }
  for (; d < a->ndim; d++) {
    k->kept.shape[k->kept.ndim] = a->shape[d];
    k->kept.stride[k->kept.ndim++] = a->stride[d];
  }
  if (k->picks > 0) {
    find_offsets(L, k, arg, dims);
    return;
  }
  k->ndim = k->kept.ndim;
  memcpy(k->shape, k->kept.shape, sizeof k->shape);
}

/* Puts what the key at 2 names on the stack, each part once (a table may answer by metamethods). */
static int push_parts(lua_State *L, const sk_array *a) {
  int first = lua_gettop(L) + 1;
  if (sk_test(L, 2) || lua_type(L, 2) != LUA_TTABLE) {
    lua_pushvalue(L, 2);
    return first;
  }
  int64_t given = check_list(L, 2, 2);
  if (given > a->ndim) sk_fail(L, 2, "%lld indices for %s", (long long)given, sk_describe(L, a));
  luaL_checkstack(L, SK_MAXDIM, 0);
  for (int64_t i = 1; i <= given; i++) lua_geti(L, 2, i);
  return first;
}

/* An array of the result's shape with the picked dimensions as one, as the kernels want it; false
   where that needs a copy. */
static bool merge_picked(const key *k, const sk_array *whole, sk_array *merged) {
  int64_t shape[SK_MAXDIM];
  int n = k->kept.ndim + 1;
  for (int d = 0; d < n; d++)
    shape[d] = d < k->at ? k->kept.shape[d] : d == k->at ? k->count : k->kept.shape[d - 1];
  return sk_reshape(whole, n, shape, merged);
}

/* ==} */

/* {== Reading ============================================================= */

static int get_number(lua_State *L, const sk_array *a) {
  if (a->ndim == 0) sk_fail(L, 2, "a 0-dim tensor has no elements to index: use :item()");
  sk_array w = sk_select(a, 0, sk_check_position(L, 2, 2, a->shape[0], 0));
  if (a->ndim == 1)
    sk_push_element(L, w.dtype, w.data);
  else
    sk_view(L, 1, &w);
  return 1;
}

static int key_get(lua_State *L) {
  sk_array *a = sk_check(L, 1), merged;
  key k;
  lua_settop(L, 2);
  if (lua_type(L, 2) != LUA_TTABLE && !sk_test(L, 2)) return get_number(L, a);
  read_key(L, a, push_parts(L, a), 2, &k);
  if (k.element)
    sk_push_element(L, a->dtype, k.kept.data);
  else if (k.picks == 0)
    sk_view(L, 1, &k.kept);
  else {
    sk_array *out = sk_new(L, a->dtype, k.ndim, k.shape);
    merge_picked(&k, out, &merged);
    if (sk_numel(out) > 0) sk_pick(&k.kept, k.at, k.offset, &merged);
    scratch_done(L, &k);
  }
  return 1;
}

/* masked_select(t, mask) -> [count, rest...] */
static int key_masked(lua_State *L) {
  sk_check(L, 1);
  sk_check_dtype(L, 2, SK_U8);
  return key_get(L);
}

/* ==} */

/* {== Writing ============================================================= */

/* The value at 3: a number, or a tensor that does not lie under what is written. */
static sk_array check_value(lua_State *L, const sk_array *a, char *number) {
  if (!sk_test(L, 3)) {
    sk_check_element(L, 3, 3, a->dtype, number);
    return sk_packed(a->dtype, 0, 0, number);
  }
  sk_array value = *sk_test(L, 3);
  sk_check_constant(L, 3);
  if (value.dtype != a->dtype) {
    const char *s = sk_describe(L, &value);
    sk_fail(L, 3, "%s does not go into %s (convert with :to)", s, sk_describe(L, a));
  }
  if (!sk_share_storage(L, 1, 3)) return value;
  sk_array *copy = sk_new(L, value.dtype, value.ndim, value.shape);
  sk_copy(&value, copy);
  return *copy;
}

static int put(lua_State *L, bool add) {
  _Alignas(8) char number[8];
  sk_array *a = sk_check(L, 1), view, merged;
  key k;
  lua_settop(L, 3);
  sk_check_writable(L, 1);
  if (add && a->dtype == SK_U8)
    sk_fail(L, 1, "float or int64 tensor expected, got %s", sk_describe(L, a));
  sk_array value = check_value(L, a, number);
  if (!sk_test(L, 2) && lua_type(L, 2) != LUA_TTABLE) {
    if (lua_type(L, 2) != LUA_TNUMBER)
      sk_fail(L, 2, "index, table, mask or int64 tensor expected, got %s", sk_kind(L, 2));
    if (a->ndim == 0) sk_fail(L, 2, "a 0-dim tensor cannot be indexed: use :fill_");
  }
  read_key(L, a, push_parts(L, a), 2, &k);
  if (!sk_expand(&value, k.ndim, k.shape, &view)) {
    const char *s = sk_describe_shape(L, value.ndim, value.shape);
    sk_fail(L, 3, "%s does not fit %s", s, sk_describe_shape(L, k.ndim, k.shape));
  }
  if (k.picks == 0 && add)
    sk_binary(SK_BINARY_add, &k.kept, &view, &k.kept);
  else if (k.picks == 0)
    sk_copy(&view, &k.kept);
  else {
    if (!merge_picked(&k, &view, &merged)) {
      sk_array *copy = sk_new(L, a->dtype, k.ndim, k.shape);
      sk_copy(&view, copy);
      merge_picked(&k, copy, &merged);
    }
    sk_place(&k.kept, k.at, k.offset, &merged, add);
    scratch_done(L, &k);
  }
  sk_touch(L, 1);
  return 0;
}

static int key_set(lua_State *L) { return put(L, false); }

/* addindex(t, key, value): t[key] += value, where what is picked twice is added to twice */
static int key_add(lua_State *L) { return put(L, true); }

/* ==} */

/* __index: a string names a method, anything else is an index; only a tensor on the tape goes
 * through Lua. */
static int meta_index(lua_State *L) {
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
  }
  lua_settop(L, 2);
  if (!sk_test(L, 1) || !sk_on_tape(L, 1)) return key_get(L);
  lua_getfield(L, lua_upvalueindex(1), "_taped_index");
  lua_insert(L, 1);
  lua_call(L, 2, 1);
  return 1;
}

static const luaL_Reg functions[] = {{"getindex", key_get},
                                     {"setindex", key_set},
                                     {"addindex", key_add},
                                     {"masked_select", key_masked},
                                     {0, 0}};

int sk_open_key(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  lua_getfield(L, -1, "meta");
  lua_getfield(L, -2, "methods");
  lua_pushcclosure(L, meta_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, key_set);
  lua_setfield(L, -2, "__newindex");
  lua_pop(L, 1);
  return 0;
}
