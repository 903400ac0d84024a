/* Floor 3: the numbers of foreign files, in strings of bytes and in lines of text. */
#include "error.h"
#include "lib.h"
#include <string.h>

/* {== Bytes =============================================================== */

/* core.element(code): dtype and bytes of an element, or nothing when there is no such element. */
static int bytes_element(lua_State *L) {
  const sk_element *e = sk_find_element(sk_check_string(L, 1, 0));
  if (!e) return 0;
  lua_pushstring(L, sk_dtype_name[e->dtype]);
  lua_pushinteger(L, e->size);
  return 2;
}

/* core.decode(t, first, bytes, code, big): the elements in bytes, of that code and byte order,
   become those of t from `first` on. Returns the index behind the last; or nil and a message. */
static int bytes_decode(lua_State *L) {
  size_t len;
  sk_array *t = sk_check(L, 1);
  int64_t first = sk_check_int(L, 2);
  const char *bytes = sk_check_string(L, 3, &len);
  const sk_element *e = sk_find_element(sk_check_string(L, 4, 0));
  if (!e) sk_fail(L, 4, "unknown element '%s'", lua_tostring(L, 4));
  if (t->dtype != e->dtype || !sk_is_contiguous(t))
    sk_fail(L, 1, "contiguous %s tensor expected, got %s", sk_dtype_name[e->dtype],
            sk_describe(L, t));
  int64_t n = (int64_t)len / e->size;
  if (first < 1 || first - 1 > sk_numel(t) - n || (size_t)(n * e->size) != len)
    sk_fail(L, 3, "%zu bytes do not fit at element %lld of %s", len, (long long)first,
            sk_describe(L, t));
  sk_touch(L, 1);
  char *to = t->data + (first - 1) * sk_itemsize[t->dtype];
  if (sk_decode(e, lua_toboolean(L, 5), bytes, n, to) < n) {
    lua_pushnil(L);
    lua_pushliteral(L, "a number of 2^63 or more, which int64 cannot hold");
    return 2;
  }
  lua_pushinteger(L, first + n);
  return 1;
}

/* core.crc32(sum, piece): the CRC-32 of the bytes of a string or a contiguous tensor behind those
   of sum (0 at first). */
static int bytes_crc32(lua_State *L) {
  uint32_t sum = (uint32_t)sk_check_int(L, 1);
  sk_array *a = sk_test(L, 2);
  size_t len;
  const char *data;
  if (a && sk_is_contiguous(a)) {
    data = a->data;
    len = (size_t)sk_numel(a) * sk_itemsize[a->dtype];
  } else
    data = sk_check_string(L, 2, &len);
  lua_pushinteger(L, (lua_Integer)sk_crc32(sum, data, (int64_t)len));
  return 1;
}

/* ==} */

/* {== Text ================================================================ */

static char check_separator(lua_State *L, int idx) {
  size_t len;
  const char *sep = sk_check_string(L, idx, &len);
  if (len != 1) sk_fail(L, idx, "one character expected, got %s", sk_kind(L, idx));
  return *sep;
}

static int64_t check_columns(lua_State *L, int idx) {
  int64_t columns = sk_check_int(L, idx);
  if (columns < 1 || columns > INT32_MAX)
    sk_fail(L, idx, "columns must be in 1..%d, got %lld", INT32_MAX, (long long)columns);
  return columns;
}

/* core.csv_number(text): a number, nil when it is none. */
static int bytes_csv_number(lua_State *L) {
  size_t len;
  const char *text = sk_check_string(L, 1, &len);
  double value;
  if (sk_csv_number(text, (int64_t)len, &value))
    lua_pushnumber(L, value);
  else
    lua_pushnil(L);
  return 1;
}

static int64_t count_lines(const char *p, const char *end) {
  int64_t lines = 0;
  while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) p++, lines++;
  return lines;
}

/* core.csv_read(text, sep, columns, whole): the whole lines in a text (with `whole`, its last line
   needs no end) as float64 [rows,columns], then the bytes and the lines that they took; or nil, the
   line, the number of its cells, and of a cell that is no number the column and its text. */
static int bytes_csv_read(lua_State *L) {
  size_t len;
  const char *text = sk_check_string(L, 1, &len), *stop = text + len;
  char sep = check_separator(L, 2);
  int64_t columns = check_columns(L, 3);
  sk_csv_error wrong;
  if (!lua_toboolean(L, 4))
    while (stop > text && stop[-1] != '\n') stop--;
  int64_t used = stop - text, lines = count_lines(text, stop);
  int64_t most = used / columns; /* no row is shorter than its separators and its end, */
  int64_t shape[2] = {(lines < most ? lines : most) + 1, columns}; /* which the last may lack */
  sk_array *out = sk_new(L, SK_F64, 2, shape);
  int64_t rows = sk_csv_read(text, used, sep, columns, (double *)out->data, &wrong);
  if (wrong.line > 0) {
    lua_pushnil(L);
    lua_pushinteger(L, wrong.line);
    lua_pushinteger(L, wrong.cells);
    if (wrong.column == 0) return 3;
    lua_pushinteger(L, wrong.column);
    lua_pushlstring(L, wrong.cell, (size_t)wrong.len);
    return 5;
  }
  if (rows < shape[0]) {
    sk_array window = sk_slice(out, 0, 0, 1, rows);
    sk_view(L, -1, &window);
  }
  lua_pushinteger(L, used);
  lua_pushinteger(L, lines);
  return 3;
}

/* core.csv_write(t, sep): the rows of t[rows,columns] as lines. */
static int bytes_csv_write(lua_State *L) {
  sk_array *a = sk_check(L, 1);
  char sep = check_separator(L, 2);
  if (a->ndim != 2) sk_fail(L, 1, "2 dimensions expected, got %s", sk_describe(L, a));
  int64_t rows = a->shape[0], columns = a->shape[1];
  if (columns == 0) rows = 0;
  a = (sk_array *)sk_contiguous(L, 1, a->dtype);
  int64_t slot = rows > 0 ? columns * SK_CSV_SLOT : 0; /* they lie in memory: that is no overflow */
  int64_t *len = sk_scratch(L, rows * (slot + (int64_t)sizeof *len));
  int block = lua_gettop(L);
  char *slots = (char *)(len + rows);
  luaL_Buffer b;
  if (rows > 0) sk_csv_write(a->dtype, a->data, rows, columns, sep, slots, len);
  luaL_buffinit(L, &b);
  for (int64_t i = 0; i < rows; i++) luaL_addlstring(&b, slots + i * slot, (size_t)len[i]);
  luaL_pushresult(&b);
  sk_scratch_done(L, block);
  return 1;
}

/* ==} */

static const luaL_Reg functions[] = {
    {"element", bytes_element},
    {"decode", bytes_decode},
    {"crc32", bytes_crc32},
    {"csv_number", bytes_csv_number},
    {"csv_read", bytes_csv_read},
    {"csv_write", bytes_csv_write},
    {0, 0},
};

int sk_open_bytes(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
