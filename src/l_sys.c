/* Floor 3: what the library needs of the system: a clock, the memory in use, the terminal, a file
   that is the user's own. */
#include "error.h"
#include "lib.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

/* --- what nobody else should read ------------------------------------------------------------- */

/* core.append_private(path, text): adds to the end of a file, in one piece. The file, and the
   folders that lead to it, are made for the user alone. True, or nil and a message. */
static int sys_append_private(lua_State *L) {
  size_t size, len;
  const char *path = sk_check_string(L, 1, &len), *text = sk_check_string(L, 2, &size);
  char folder[PATH_MAX];
  int fd = -1, status = 0;
  if (len >= sizeof folder || strlen(path) != len)
    status = ENAMETOOLONG;
  else {
    memcpy(folder, path, len + 1);
    for (char *at = strchr(folder + 1, '/'); len > 0 && at; at = strchr(at + 1, '/')) {
      *at = 0;
      mkdir(folder, 0700);
      *at = '/';
    }
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    ssize_t written = fd < 0 ? -1 : write(fd, text, size);
    if (written != (ssize_t)size) status = written < 0 ? errno : ENOSPC;
    if (fd >= 0) close(fd);
  }
  if (status == 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", path, strerror(status));
  return 2;
}

static const luaL_Reg functions[] = {
    {"append_private", sys_append_private},
    {"clock", sys_clock},
    {"peak_rss", sys_peak_rss},
    {"isatty", sys_isatty},
    {"columns", sys_columns},
    {0, 0},
};

int sk_open_sys(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
