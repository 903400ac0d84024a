/* Floor 3: files: read at positions, straight into tensors, and written whole or not at all. */
#define _GNU_SOURCE /* IOV_MAX */
#include "error.h"
#include "lib.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NOT_REGULAR (-1) /* these stand among the errnos, which are positive */
#define TRUNCATED   (-2)
#define TOO_LARGE   (-3)
#define BLOCK       (1 << 20) /* bytes read at a time: they are still in the cache when decoded */
#define MOST_LINKS  40        /* as Linux follows */

/* {== Reading ============================================================= */

static const char *reason(int status) {
  switch (status) {
  case NOT_REGULAR: return "not a regular file";
  case TRUNCATED: return "truncated: it ends before what its header promises";
  case TOO_LARGE: return "a number of 2^63 or more, which int64 cannot hold";
  default: return strerror(status);
  }
}

static int failed(lua_State *L, int status) {
  lua_pushnil(L);
  lua_pushstring(L, reason(status));
  return 2;
}

static int failed_at(lua_State *L, const char *path, int status) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", path, reason(status));
  return 2;
}

static const char *check_path(lua_State *L, int idx) {
  size_t len;
  const char *path = sk_check_string(L, idx, &len);
  if (strlen(path) != len) sk_fail(L, idx, "a path cannot hold a zero byte");
  return path;
}

int sk_check_file(lua_State *L, int idx) {
  luaL_Stream *stream = luaL_testudata(L, idx, LUA_FILEHANDLE);
  if (!stream) sk_fail(L, idx, "file expected, got %s", sk_kind(L, idx));
  if (!stream->closef) sk_fail(L, idx, "the file is closed");
  return fileno(stream->f);
}

static int64_t check_count(lua_State *L, int idx, const char *what) {
  int64_t n = sk_check_int(L, idx);
  if (n < 0) sk_fail(L, idx, "%s must not be negative, got %lld", what, (long long)n);
  return n;
}

/* core.file_size(path or open file): bytes, or nil and a message; only regular files have a size.
 */
static int file_size(lua_State *L) {
  bool open = luaL_testudata(L, 1, LUA_FILEHANDLE) != 0;
  const char *path = open ? 0 : check_path(L, 1);
  struct stat about;
  int status = (open ? fstat(sk_check_file(L, 1), &about) : stat(path, &about)) == 0 ? 0 : errno;
  if (status == 0 && !S_ISREG(about.st_mode)) status = NOT_REGULAR;
  if (status != 0) return open ? failed(L, status) : failed_at(L, path, status);
  lua_pushinteger(L, (lua_Integer)about.st_size);
  return 1;
}

/* Up to len bytes at a position; fewer only where the file ends. Returns 0 or an errno. */
static int read_at(int fd, char *to, size_t len, int64_t position, size_t *got) {
  *got = 0;
  while (*got < len) {
    ssize_t n = pread(fd, to + *got, len - *got, (off_t)(position + (int64_t)*got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) break;
    *got += (size_t)n;
  }
  return 0;
}

/* core.read_at(file, position, n): the n bytes from a position (0 is the first) on, fewer where the
   file ends; or nil and a message. */
static int file_read_at(lua_State *L) {
  int fd = sk_check_file(L, 1);
  int64_t position = check_count(L, 2, "position"), n = check_count(L, 3, "count");
  luaL_Buffer b;
  size_t got;
  sk_check_room(L, (double)n, "a piece of a file");
  int status = read_at(fd, luaL_buffinitsize(L, &b, (size_t)n), (size_t)n, position, &got);
  if (status != 0) return failed(L, status);
  luaL_pushresultsize(&b, got);
  return 1;
}

typedef struct transfer {
  int fd;
  const sk_element *element;
  bool big, sums;
  uint32_t sum;
  char *block; /* where bytes wait to be decoded; NULL when they are already what we want */
} transfer;

/* Reads n elements at a position of the file. Returns 0, an errno or one of ours. */
static int read_run(transfer *t, int64_t position, int64_t n, char *to) {
  int64_t size = t->element->size;
  while (n > 0) {
    int64_t part = n < BLOCK / size ? n : BLOCK / size;
    size_t len = (size_t)(part * size), got;
    char *into = t->block ? t->block : to;
    int status = read_at(t->fd, into, len, position, &got);
    if (status != 0) return status;
    if (got < len) return TRUNCATED;
    if (t->sums) t->sum = sk_crc32(t->sum, into, (int64_t)len);
    if (t->block && sk_decode(t->element, t->big, into, part, to) < part) return TOO_LARGE;
    position += (int64_t)len;
    to += part * sk_itemsize[t->element->dtype];
    n -= part;
  }
  return 0;
}

/* core.read_elements(file, position, t, code, big, step, sum): fills the contiguous tensor t with
   elements from a position on; with a step, each row of t[runs,n] begins so many bytes behind that
   of the row before. Returns true, or the CRC-32 when given that of the bytes before; or nil and a
   message, and then t holds anything. */
static int file_read_elements(lua_State *L) {
  transfer job = {.fd = sk_check_file(L, 1)};
  int64_t position = check_count(L, 2, "position"), step = 0, runs = 1, behind;
  sk_array *t = sk_check(L, 3);
  job.element = sk_find_element(sk_check_string(L, 4, 0));
  job.big = lua_toboolean(L, 5);
  job.sums = !lua_isnoneornil(L, 7);
  if (job.sums) job.sum = (uint32_t)sk_check_int(L, 7);
  if (!job.element) sk_fail(L, 4, "unknown element '%s'", lua_tostring(L, 4));
  if (t->dtype != job.element->dtype || !sk_is_contiguous(t))
    sk_fail(L, 3, "contiguous %s tensor expected, got %s", sk_dtype_name[job.element->dtype],
            sk_describe(L, t));
  int64_t n = sk_numel(t), size = job.element->size;
  if (!lua_isnoneornil(L, 6)) {
    step = check_count(L, 6, "step");
    if (t->ndim != 2) sk_fail(L, 3, "2 dimensions expected, got %s", sk_describe(L, t));
    runs = t->shape[0];
    n = t->shape[1];
  }
  if (n == 0) runs = 0;
  if (__builtin_mul_overflow(runs, step, &behind) ||
      __builtin_add_overflow(position, behind, &behind) ||
      __builtin_add_overflow(behind, n * size, &behind))
    sk_fail(L, 2, "position %lld is too large", (long long)position);
  int64_t part = n < BLOCK / size ? n : BLOCK / size;
  lua_settop(L, 7);
  if (!sk_element_is_ours(job.element, job.big)) job.block = sk_scratch(L, part * size);
  sk_touch(L, 3);
  int status = 0;
  for (int64_t i = 0; i < runs && status == 0; i++)
    status = read_run(&job, position + i * step, n, t->data + i * n * sk_itemsize[t->dtype]);
  if (job.block) sk_scratch_done(L, 8);
  if (status != 0) return failed(L, status);
  if (job.sums)
    lua_pushinteger(L, (lua_Integer)job.sum);
  else
    lua_pushboolean(L, 1);
  return 1;
}

/* ==} */

/* {== Writing ============================================================= */

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

/* Writes them all, and uses them up. */
static bool write_all(int fd, struct iovec *pieces, int64_t count) {
  while (count > 0) {
    ssize_t n = writev(fd, pieces, count < IOV_MAX ? (int)count : IOV_MAX);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    for (; count > 0 && (size_t)n >= pieces->iov_len; pieces++, count--)
      n -= (ssize_t)pieces->iov_len;
    if (n == 0) continue;
    pieces->iov_base = (char *)pieces->iov_base + n;
    pieces->iov_len -= (size_t)n;
  }
  return true;
}

/* The length of the part of path that names its folder, with the slash. */
static int folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (int)(slash - path) + 1 : 0;
}

/* A link leads to the file behind it, which need not be there yet and which a rename would
   otherwise not reach. The result lies in one of the two buffers, or is path itself. */
static const char *follow_links(const char *path, char buffer[2][PATH_MAX]) {
  char target[PATH_MAX];
  for (int i = 0; i < MOST_LINKS; i++) {
    ssize_t n = readlink(path, target, sizeof target);
    if (n <= 0 || n == sizeof target) break; /* no link; what else is wrong shows later */
    int folder = *target == '/' ? 0 : folder_of(path);
    if (folder + n >= PATH_MAX) break;
    memcpy(buffer[i & 1], path, (size_t)folder);
    memcpy(buffer[i & 1] + folder, target, (size_t)n);
    buffer[i & 1][folder + n] = 0;
    path = buffer[i & 1];
  }
  return path;
}

/* May path be written, and what is there now (st_mode is 0 when nothing is)? A device or a pipe
   must not be renamed away. Returns 0, an errno or one of ours. */
static int examine_target(const char *path, struct stat *about) {
  memset(about, 0, sizeof *about);
  if (lstat(path, about) != 0) {
    about->st_mode = 0;
    return errno == ENOENT ? 0 : errno;
  }
  if (S_ISLNK(about->st_mode)) return ELOOP;
  if (S_ISDIR(about->st_mode)) return EISDIR;
  if (!S_ISREG(about->st_mode)) return NOT_REGULAR;
  if (!(about->st_mode & 0222) || access(path, W_OK) != 0)
    return EACCES; /* root asks for respect, too */
  return 0;
}

/* Opens a new file in path's folder, under a name that is short whatever path's own is. */
static int open_beside(const char *path, char *temporary, size_t size) {
  for (int attempt = 0; attempt < 1000; attempt++) {
    int len = snprintf(temporary, size, "%.*s.sslkit-%ld-%d.tmp", folder_of(path), path,
                       (long)getpid(), attempt);
    if (len < 0 || (size_t)len >= size) {
      errno = ENAMETOOLONG;
      return -1;
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

/* The new file's owner, where we may choose, and permissions are those of the old one. */
static bool keep_owner(int fd, const struct stat *old) {
  if (old->st_mode == 0) return true;
  if (fchown(fd, old->st_uid, old->st_gid) != 0 && errno != EPERM) return false;
  return fchmod(fd, old->st_mode & 0777) == 0;
}

/* So that the new name outlives a power cut, too. The file is whole under one name or the other in
   any case, and some file systems cannot do it: there is no failure to report. */
static void sync_folder(const char *path, char *buffer) {
  int len = folder_of(path);
  memcpy(buffer, path, (size_t)len);
  strcpy(buffer + len, ".");
  int fd = open(buffer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

/* Everything that needs the descriptor, in one stretch without Lua, so that nothing can raise while
   it is open. Returns 0, an errno or one of ours, and leaves no temporary file behind. */
static int replace_file(const char *path, struct iovec *pieces, int64_t count, bool sync) {
  char links[2][PATH_MAX], temporary[PATH_MAX + 64];
  struct stat old;
  path = follow_links(path, links);
  int status = strlen(path) < PATH_MAX ? examine_target(path, &old) : ENAMETOOLONG;
  if (status != 0) return status;
  int fd = open_beside(path, temporary, sizeof temporary);
  if (fd < 0) return errno;
  bool ok = keep_owner(fd, &old) && write_all(fd, pieces, count) && (!sync || fsync(fd) == 0);
  status = ok ? 0 : errno;
  if (close(fd) != 0 && status == 0) status = errno;
  if (status == 0 && rename(temporary, path) != 0) status = errno;
  if (status != 0)
    unlink(temporary);
  else if (sync)
    sync_folder(path, temporary);
  return status;
}

/* core.write_atomic(path, pieces, lazy): true, or nil and a message; then an old file is as it was.
   A lazy one does not wait for the disk: it survives the end of the process, but no power cut. */
static int file_write_atomic(lua_State *L) {
  int64_t count;
  const char *path = check_path(L, 1);
  struct iovec *pieces = check_pieces(L, 2, &count);
  int block = lua_gettop(L);
  int status = replace_file(path, pieces, count, !lua_toboolean(L, 3));
  sk_scratch_done(L, block);
  if (status != 0) return failed_at(L, path, status);
  lua_pushboolean(L, 1);
  return 1;
}

/* ==} */

static const luaL_Reg functions[] = {
    {"file_size", file_size},
    {"read_at", file_read_at},
    {"read_elements", file_read_elements},
    {"write_atomic", file_write_atomic},
    {0, 0},
};

int sk_open_file(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
