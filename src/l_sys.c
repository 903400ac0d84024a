/* Floor 3: what the library needs of the system: a clock, the memory in use, the terminal. */
#include "error.h"
#include "lib.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
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

static const luaL_Reg functions[] = {
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
