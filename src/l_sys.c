/* Floor 3: what the library needs of the system: a clock, the terminal, files that are written
   whole or not at all, and the numbers of foreign files. */
#include "error.h"
#include "lib.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* --- time and memory -------------------------------------------------------------------------- */

static int sys_clock(lua_State *L) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (double)t.tv_sec + (double)t.tv_nsec * 1e-9);
  return 1;
}

/* Linux's own high-water mark. getrusage gives that of the program before exec where it was larger,
   so it is asked only where there is no /proc. */
static int sys_peak_rss(lua_State *L) {
  char status[4096];
  long long kib = -1;
  int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    ssize_t n = read(fd, status, sizeof status - 1);
    close(fd);
    status[n > 0 ? n : 0] = 0;
    const char *line = strstr(status, "VmHWM:");
    if (line && sscanf(line, "VmHWM: %lld", &kib) != 1) kib = -1;
  }
  if (kib < 0) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    kib = usage.ru_maxrss;
  }
  lua_pushinteger(L, (lua_Integer)kib * 1024);
  return 1;
}

/* --- terminals -------------------------------------------------------------------------------- */

/* A file descriptor: a number, or an open Lua file; -1 for a closed one. */
static int check_descriptor(lua_State *L, int idx) {
  luaL_Stream *stream = luaL_testudata(L, idx, LUA_FILEHANDLE);
  if (stream) return stream->closef ? fileno(stream->f) : -1;
  return (int)sk_check_int(L, idx);
}

static int sys_isatty(lua_State *L) {
  lua_pushboolean(L, isatty(check_descriptor(L, 1)));
  return 1;
}

static int sys_columns(lua_State *L) {
  struct winsize size;
  if (ioctl(check_descriptor(L, 1), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    lua_pushinteger(L, size.ws_col);
  else
    lua_pushnil(L);
  return 1;
}

/* --- files -------------------------------------------------------------------------------- */

#define NOT_REGULAR (-1) /* stands among the errnos, which are positive */
static const char not_regular[] = "not a regular file";

static int failed(lua_State *L, const char *path, const char *reason) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", path, reason);
  return 2;
}

static const char *check_path(lua_State *L, int idx) {
  size_t len;
  const char *path = sk_check_string(L, idx, &len);
  if (strlen(path) != len) sk_fail(L, idx, "a path cannot hold a zero byte");
  return path;
}

static int sys_file_size(lua_State *L) {
  const char *path = check_path(L, 1);
  struct stat about;
  if (stat(path, &about) != 0) return failed(L, path, strerror(errno));
  if (!S_ISREG(about.st_mode)) return failed(L, path, not_regular);
  lua_pushinteger(L, (lua_Integer)about.st_size);
  return 1;
}

/* The pieces (a list of strings and contiguous tensors) as addresses, in a scratch block on the
 * stack. */
static struct iovec *check_pieces(lua_State *L, int idx, int64_t *count) {
  sk_check_table(L, idx);
  *count = (int64_t)lua_rawlen(L, idx);
  struct iovec *pieces = sk_scratch(L, (*count + 1) * (int64_t)sizeof *pieces);
  for (int64_t i = 0; i < *count; i++) {
    lua_rawgeti(L, idx, (lua_Integer)i + 1);
    sk_array *a = sk_test(L, -1);
    if (a && sk_is_contiguous(a)) {
      pieces[i].iov_base = a->data;
      pieces[i].iov_len = (size_t)sk_numel(a) * sk_itemsize[a->dtype];
    } else if (lua_type(L, -1) == LUA_TSTRING) {
      pieces[i].iov_base = (void *)lua_tolstring(L, -1, &pieces[i].iov_len);
    } else
      sk_fail(L, idx, "strings and contiguous tensors expected, got %s", sk_kind(L, -1));
    lua_pop(L, 1);
  }
  return pieces;
}

static bool write_all(int fd, const char *data, size_t len) {
  while (len > 0) {
    ssize_t n = write(fd, data, len);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    data += n;
    len -= (size_t)n;
  }
  return true;
}

/* May path be written, and with which permissions? A link leads to the file behind it, which the
   rename would otherwise not reach; a device or a pipe must not be renamed away. Returns 0 or an
   errno. */
static int examine_target(const char **path, char *resolved, mode_t *mode) {
  struct stat about;
  *mode = 0;
  if (realpath(*path, resolved)) *path = resolved;
  if (stat(*path, &about) != 0) return errno == ENOENT ? 0 : errno;
  if (S_ISDIR(about.st_mode)) return EISDIR;
  if (!S_ISREG(about.st_mode)) return NOT_REGULAR;
  if (!(about.st_mode & 0222) || access(*path, W_OK) != 0)
    return EACCES; /* root asks for respect, too */
  *mode = about.st_mode & 07777;
  return 0;
}

/* Opens a new file in path's folder, under a name that is short whatever path's own is. */
static int open_beside(const char *path, char *temporary, size_t size) {
  const char *slash = strrchr(path, '/');
  int folder = slash ? (int)(slash - path) + 1 : 0;
  for (int attempt = 0; attempt < 1000; attempt++) {
    int len =
        snprintf(temporary, size, "%.*s.sslkit-%ld-%d.tmp", folder, path, (long)getpid(), attempt);
    if (len < 0 || (size_t)len >= size) {
      errno = ENAMETOOLONG;
      return -1;
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

/* Everything that needs the descriptor, in one stretch without Lua, so that nothing can raise while
   it is open. Returns 0 or an errno, and leaves no temporary file behind. */
static int replace_file(const char *path, const struct iovec *pieces, int64_t count) {
  char resolved[PATH_MAX], temporary[PATH_MAX + 64];
  mode_t mode;
  int status = examine_target(&path, resolved, &mode);
  if (status != 0) return status;
  int fd = open_beside(path, temporary, sizeof temporary);
  if (fd < 0) return errno;
  bool ok = mode == 0 || fchmod(fd, mode) == 0;
  for (int64_t i = 0; ok && i < count; i++)
    ok = write_all(fd, pieces[i].iov_base, pieces[i].iov_len);
  ok = ok && fsync(fd) == 0;
  status = ok ? 0 : errno;
  if (close(fd) != 0 && status == 0) status = errno;
  if (status == 0 && rename(temporary, path) != 0) status = errno;
  if (status != 0) unlink(temporary);
  return status;
}

/* core.write_atomic(path, pieces): true, or nil and a message; then an old file is as it was. */
static int sys_write_atomic(lua_State *L) {
  int64_t count;
  const char *path = check_path(L, 1);
  struct iovec *pieces = check_pieces(L, 2, &count);
  int block = lua_gettop(L);
  int status = replace_file(path, pieces, count);
  sk_scratch_done(L, block);
  if (status != 0) return failed(L, path, status == NOT_REGULAR ? not_regular : strerror(status));
  lua_pushboolean(L, 1);
  return 1;
}

/* --- the numbers of foreign files ------------------------------------------------------------- */

/* NumPy's code without the byte order, and the dtype that holds every value of it. */
static const struct element {
  char code[3];
  int size;
  sk_dtype dtype;
} elements[] = {
    {"b1", 1, SK_U8},  {"u1", 1, SK_U8},  {"i1", 1, SK_I64}, {"i2", 2, SK_I64},
    {"u2", 2, SK_I64}, {"i4", 4, SK_I64}, {"u4", 4, SK_I64}, {"i8", 8, SK_I64},
    {"f2", 2, SK_F32}, {"f4", 4, SK_F32}, {"f8", 8, SK_F64},
};

static const struct element *find_element(const char *code) {
  for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
    if (strcmp(elements[i].code, code) == 0) return &elements[i];
  return 0;
}

/* core.element(code): dtype and bytes of an element, or nothing when there is no such element. */
static int sys_element(lua_State *L) {
  const struct element *e = find_element(sk_check_string(L, 1, 0));
  if (!e) return 0;
  lua_pushstring(L, sk_dtype_name[e->dtype]);
  lua_pushinteger(L, e->size);
  return 2;
}

static uint64_t load_bits(const unsigned char *p, int size, bool big) {
  uint64_t bits = 0;
  for (int i = 0; i < size; i++) bits = bits << 8 | p[big ? i : size - 1 - i];
  return bits;
}

/* IEEE 754 binary16. A subnormal has no hidden bit: its value is a whole number of 2^-24. */
static float half_to_float(uint32_t h) {
  uint32_t sign = (h & 0x8000u) << 16, exponent = h >> 10 & 31, mantissa = h & 0x3ffu, bits;
  float value;
  if (exponent == 0) {
    value = (float)mantissa * 0x1p-24f;
    return sign ? -value : value;
  }
  bits = sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static void decode_ints(int64_t *out, const unsigned char *p, int64_t n, int size, bool big,
                        bool is_signed) {
  int shift = 64 - 8 * size;
  for (int64_t i = 0; i < n; i++, p += size) {
    uint64_t bits = load_bits(p, size, big);
    out[i] = is_signed ? (int64_t)(bits << shift) >> shift : (int64_t)bits;
  }
}

static void decode(char *to, const unsigned char *p, int64_t n, const struct element *e, bool big) {
  switch (e->code[0]) {
  case 'b':
    for (int64_t i = 0; i < n; i++) to[i] = p[i] != 0;
    break;
  case 'i': decode_ints((int64_t *)to, p, n, e->size, big, true); break;
  case 'u':
    if (e->dtype == SK_U8)
      memcpy(to, p, (size_t)n);
    else
      decode_ints((int64_t *)to, p, n, e->size, big, false);
    break;
  default:
    for (int64_t i = 0; i < n; i++, p += e->size) {
      uint64_t bits = load_bits(p, e->size, big);
      uint32_t low = (uint32_t)bits;
      if (e->size == 2)
        ((float *)to)[i] = half_to_float(low);
      else
        memcpy(to + i * e->size, e->size == 4 ? (void *)&low : (void *)&bits, (size_t)e->size);
    }
  }
}

/* core.decode(t, first, bytes, code, big): the elements in bytes, of that code and byte order,
   become those of t from `first` on; returns the index behind the last. */
static int sys_decode(lua_State *L) {
  static const uint16_t probe = 1;
  size_t len;
  sk_array *t = sk_check(L, 1);
  int64_t first = sk_check_int(L, 2);
  const char *bytes = sk_check_string(L, 3, &len);
  const struct element *e = find_element(sk_check_string(L, 4, 0));
  bool big = lua_toboolean(L, 5), native = big == (*(const char *)&probe == 0);
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
  if (native && e->size == sk_itemsize[t->dtype] && e->code[0] != 'b')
    memcpy(to, bytes, len);
  else
    decode(to, (const unsigned char *)bytes, n, e, big);
  lua_pushinteger(L, first + n);
  return 1;
}

static const luaL_Reg functions[] = {
    {"clock", sys_clock},     {"peak_rss", sys_peak_rss},   {"isatty", sys_isatty},
    {"columns", sys_columns}, {"file_size", sys_file_size}, {"write_atomic", sys_write_atomic},
    {"element", sys_element}, {"decode", sys_decode},       {0, 0},
};

int sk_open_sys(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
