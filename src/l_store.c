/* Floor 3: what a store that survives anything needs of the system: a lock that dies with its
   owner, and lines that are on the disk when the call returns. */
#include "error.h"
#include "lib.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* True where status is 0, or else nil and the system's reason. */
static int answer(lua_State *L, int status) {
  if (status == 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, strerror(status));
  return 2;
}

/* core.lock(file): true; false where another process holds the lock; or nil and a message. It lasts
   until the file is closed or the process ends, however it does: programs that are started
   meanwhile do not get the descriptor, or they would hold the lock, too. */
static int store_lock(lua_State *L) {
  int fd = sk_check_file(L, 1), status = 0;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) status = errno;
  if (status != EWOULDBLOCK) return answer(L, status);
  lua_pushboolean(L, 0);
  return 1;
}

/* core.append(file, text, sync): writes past Lua's buffer, where the file's position is, and with
   sync waits for the disk. True, or nil and a message; then a part of the text may be there. */
static int store_append(lua_State *L) {
  size_t left;
  int fd = sk_check_file(L, 1), status = 0;
  const char *text = sk_check_string(L, 2, &left);
  while (left > 0 && status == 0) {
    ssize_t n = write(fd, text, left);
    if (n < 0)
      status = errno == EINTR ? 0 : errno;
    else {
      text += n;
      left -= (size_t)n;
    }
  }
  if (status == 0 && lua_toboolean(L, 3) && fdatasync(fd) != 0) status = errno;
  return answer(L, status);
}

/* core.truncate(file, size): true, or nil and a message. */
static int store_truncate(lua_State *L) {
  int fd = sk_check_file(L, 1);
  int64_t size = sk_check_int(L, 2);
  return answer(L, ftruncate(fd, (off_t)size) == 0 ? 0 : errno);
}

static const luaL_Reg functions[] = {
    {"lock", store_lock},
    {"append", store_append},
    {"truncate", store_truncate},
    {0, 0},
};

int sk_open_store(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
