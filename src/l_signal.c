/* Floor 3: Ctrl-C, for those who asked for it. Between core.interrupts(true) and (false) it ends
   what core.interruptible runs, or the wait for a line, instead of the process. Signals belong to
   the process, and so does what is kept here; one Lua state at a time may have them. */
#include "error.h"
#include "lib.h"
#include <signal.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static struct {
  atomic_flag taken;
  struct sigaction before;      /* what Ctrl-C did until it was taken */
  atomic_int pressed;           /* times since the last answer to it */
  _Atomic(lua_State *) running; /* whose computation it ends */
  lua_Hook hook;                /* the hook that stood there, and is put back */
  int mask, count;
} interrupt = {.taken = ATOMIC_FLAG_INIT};

/* Runs as a hook, so between two instructions, where an error may be raised. */
static void stop(lua_State *L, lua_Debug *unused) {
  lua_Debug ar;
  (void)unused;
  interrupt.pressed = 0;
  lua_sethook(L, interrupt.hook, interrupt.mask, interrupt.count);
  luaL_checkstack(L, 4, 0);
  lua_pushliteral(L, "interrupted");
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0) continue; /* C has no line */
    lua_pop(L, 1);
    lua_pushfstring(L, "%s:%d: interrupted", ar.short_src, ar.currentline);
    break;
  }
  lua_error(L);
}

/* As in lua.c: to set a hook is what a signal handler may do with a state. */
static void on_interrupt(int signal) {
  static const char stuck[] = "\nstill in a C function or a coroutine; it ends when that returns"
                              " (Ctrl-\\ ends the process)\n";
  lua_State *L = interrupt.running;
  (void)signal;
  interrupt.pressed++;
  if (!L) return;
  if (lua_gethook(L) != stop) {
    interrupt.hook = lua_gethook(L);
    interrupt.mask = lua_gethookmask(L);
    interrupt.count = lua_gethookcount(L);
  } else if (interrupt.pressed > 1) {
    int kept = errno;
    if (write(STDERR_FILENO, stuck, sizeof stuck - 1) < 0) errno = kept;
    errno = kept;
  }
  lua_sethook(L, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* The registry of the state that has taken Ctrl-C holds a table under the address of `interrupt`,
   whose finaliser gives it back when the state is closed. */
static bool owns(lua_State *L) {
  bool found = lua_rawgetp(L, LUA_REGISTRYINDEX, &interrupt) == LUA_TTABLE;
  lua_pop(L, 1);
  return found;
}

static int give_back(lua_State *L) {
  interrupt.running = 0;
  sigaction(SIGINT, &interrupt.before, 0);
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &interrupt);
  atomic_flag_clear(&interrupt.taken);
  return 0;
}

/* The finaliser of an earlier table, given back already, must not give back what was taken since.
 */
static int give_back_at_close(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &interrupt);
  return lua_rawequal(L, 1, -1) ? give_back(L) : 0;
}

/* A signal answered by on_interrupt; what it did before goes to *before. */
static void take(int signal, struct sigaction *before) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, before);
}

/* core.interrupts(true): takes Ctrl-C; false when another has it. core.interrupts(false): gives it
   back; false when it was not taken. */
static int signal_interrupts(lua_State *L) {
  bool wanted = lua_toboolean(L, 1), done = wanted != owns(L);
  if (done && !wanted) give_back(L);
  if (done && wanted && (done = !atomic_flag_test_and_set(&interrupt.taken))) {
    lua_newtable(L);
    lua_newtable(L);
    lua_pushcfunction(L, give_back_at_close);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    interrupt.pressed = 0;
    take(SIGINT, &interrupt.before);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &interrupt);
  }
  lua_pushboolean(L, done);
  return 1;
}

/* xpcall(f, handler, ...) for handler, f, ... on the stack; Ctrl-C ends the computation of
   `running` meanwhile, where this state has taken it. Where nothing is ended, a request to
   terminate is noted like Ctrl-C. */
static int protect(lua_State *L, lua_State *running) {
  luaL_checkstack(L, 4, 0);
  lua_settop(L, lua_gettop(L) < 2 ? 2 : lua_gettop(L));
  bool mine = owns(L);
  struct sigaction terminate;
  lua_State *outer = interrupt.running;
  if (mine) {
    interrupt.pressed = 0;
    interrupt.running = running;
    if (!running) take(SIGTERM, &terminate);
  }
  int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 1);
  if (mine) {
    interrupt.running = outer;
    if (!running) sigaction(SIGTERM, &terminate, 0);
  }
  if (lua_gethook(L) == stop) /* pressed too late */
    lua_sethook(L, interrupt.hook, interrupt.mask, interrupt.count);
  if (mine) interrupt.pressed = 0;
  lua_pushboolean(L, status == LUA_OK);
  lua_replace(L, 1);
  return lua_gettop(L);
}

/* core.interruptible(handler, f, ...): xpcall(f, handler, ...), ended by Ctrl-C with the error
   "interrupted" where this state has taken it. */
static int signal_interruptible(lua_State *L) { return protect(L, L); }

/* core.deferring(handler, f, ...): the same, but Ctrl-C and SIGTERM end nothing; core.interrupted()
   tells of them. */
static int signal_deferring(lua_State *L) { return protect(L, 0); }

bool sk_interrupted(void) { return atomic_exchange(&interrupt.pressed, 0) > 0; }

lua_State *sk_interruptible(lua_State *L) { return atomic_exchange(&interrupt.running, L); }

/* core.interrupted(): how often since the last time, where this state has taken Ctrl-C; false for
   never. */
static int signal_interrupted(lua_State *L) {
  int pressed = owns(L) ? atomic_exchange(&interrupt.pressed, 0) : 0;
  if (pressed > 0) {
    lua_pushinteger(L, pressed);
  } else {
    lua_pushboolean(L, 0);
  }
  return 1;
}

bool sk_wait_input(void) {
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, -1) >= 0 || errno != EINTR;
}

/* core.wait_input(): waits until standard input can be read, or has ended; false when Ctrl-C came
   first. */
static int signal_wait_input(lua_State *L) {
  bool ready = false, broken = false;
  lua_State *outer = sk_interruptible(0);
  while (!ready && !(broken = sk_interrupted())) ready = sk_wait_input();
  sk_interruptible(outer);
  lua_pushboolean(L, !broken);
  return 1;
}

static const luaL_Reg functions[] = {
    {"interrupts", signal_interrupts}, {"interruptible", signal_interruptible},
    {"deferring", signal_deferring},   {"interrupted", signal_interrupted},
    {"wait_input", signal_wait_input}, {0, 0},
};

int sk_open_signal(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
