/* Floor 3: a line from the terminal, edited by GNU readline where its library is installed: it is
   loaded on first use, and neither needed to build nor to run. All that readline keeps (history,
   completion, streams) is put in place before a line and put back behind it, so that a host that
   uses readline itself, as lua5.4 does, does not notice. */
#include "error.h"
#include "lib.h"
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

typedef char **completer(const char *text, int start, int end);
typedef char *breaker(void);

/* What we use of readline(3) and history(3): a result, a name, arguments. */
#define FUNCTIONS(X)                                                                               \
  X(void, rl_callback_handler_install, (const char *, void (*)(char *)))                           \
  X(void, rl_callback_handler_remove, (void))                                                      \
  X(void, rl_callback_read_char, (void))                                                           \
  X(void, rl_check_signals, (void))                                                                \
  X(char *, rl_variable_value, (const char *))                                                     \
  X(void, rl_free, (void *))                                                                       \
  X(char **, rl_completion_matches, (const char *, char *(*)(const char *, int)))                  \
  X(void, add_history, (const char *))                                                             \
  X(void, clear_history, (void))                                                                   \
  X(void, using_history, (void))                                                                   \
  X(struct history *, history_get_history_state, (void))                                           \
  X(void, history_set_history_state, (struct history *))

#define VARIABLES(X)                                                                               \
  X(FILE *, rl_instream)                                                                           \
  X(FILE *, rl_outstream)                                                                          \
  X(char *, rl_line_buffer)                                                                        \
  X(int, rl_point)                                                                                 \
  X(const char *, rl_readline_name)                                                                \
  X(completer *, rl_attempted_completion_function)                                                 \
  X(breaker *, rl_completion_word_break_hook)                                                      \
  X(int, rl_attempted_completion_over)                                                             \
  X(int, rl_completion_append_character)

struct history { /* HISTORY_STATE of history.h */
  void **entries;
  int offset, length, size, flags;
};

#define FUNCTION(result, name, arguments) result(*name) arguments;
#define VARIABLE(type, name)              type *name;
static struct { FUNCTIONS(FUNCTION) VARIABLES(VARIABLE) } rl;

static atomic_flag busy = ATOMIC_FLAG_INIT; /* held while a line is edited */

/* The line that is being edited. Its Lua function has prompt, completer and history at 1, 2 and 3
   on the stack of L; the candidates for the word before the cursor are at 4. */
static struct {
  lua_State *L;
  char *line;
  enum { EDITED, ENTERED, ENDED, INTERRUPTED } state;
  int start;    /* of that word, from 0; -1 when there are none */
  int given;    /* candidates that readline has had */
  char stop[2]; /* what stands before it */
} edit;

enum { COMPLETER = 2, HISTORY, MATCHES };

/* False, with the reason in *message, when there is no readline that we can use. */
static bool load(const char **message) {
  static const char *const names[] = {"libreadline.so.8", "libreadline.8.dylib"};
  static const struct {
    const char *name;
    void *place;
  } symbols[] = {
#define SYMBOL_F(result, name, arguments) {#name, &rl.name},
#define SYMBOL_V(type, name)              {#name, &rl.name},
      FUNCTIONS(SYMBOL_F) VARIABLES(SYMBOL_V)};
  static atomic_bool loaded;
  if (loaded) return true;
  void *library = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    *message = "GNU readline 8 is not installed (apt-get install libreadline8)";
    return false;
  }
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
    void *symbol = dlsym(library, symbols[i].name);
    if (!symbol) {
      *message = "the readline library here is not GNU readline 8";
      return false;
    }
    memcpy(symbols[i].place, &symbol, sizeof symbol);
  }
  loaded = true;
  return true;
}

/* --- completion ------------------------------------------------------------------------------- */

/* Calls completer(line up to the cursor) -> list of candidates, first byte that they replace. Runs
   protected: an error must not jump through readline. */
static int find_matches(lua_State *L) {
  lua_pushlstring(L, *rl.rl_line_buffer, (size_t)*rl.rl_point);
  lua_call(L, 1, 2);
  if (lua_istable(L, -2) && lua_isinteger(L, -1)) {
    lua_Integer start = lua_tointeger(L, -1) - 1;
    if (start >= 0 && start <= *rl.rl_point && lua_rawlen(L, -2) > 0) edit.start = (int)start;
  }
  lua_pop(L, 1);
  return 1;
}

/* Readline asks for the characters that end a word to the left: the one before our word does. */
static char *find_word(void) {
  lua_State *L = edit.L;
  edit.start = -1;
  lua_pushcfunction(L, find_matches);
  lua_pushvalue(L, COMPLETER);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) edit.start = -1;
  lua_replace(L, MATCHES);
  edit.stop[0] = edit.start > 0 ? (*rl.rl_line_buffer)[edit.start - 1] : '\n';
  return edit.stop;
}

static char *next_match(const char *text, int state) {
  char *match = 0;
  (void)text;
  edit.given = state ? edit.given + 1 : 1;
  if (lua_rawgeti(edit.L, MATCHES, edit.given) == LUA_TSTRING)
    match = strdup(lua_tostring(edit.L, -1));
  lua_pop(edit.L, 1);
  return match;
}

static char **complete(const char *text, int start, int end) {
  (void)end;
  *rl.rl_attempted_completion_over = 1;   /* no file names instead */
  *rl.rl_completion_append_character = 0; /* no space behind it */
  return start == edit.start ? rl.rl_completion_matches(text, next_match) : 0;
}

/* --- a line ----------------------------------------------------------------------------------- */

static void on_line(char *line) { /* 0 at the end of input */
  edit.line = line;
  edit.state = line ? ENTERED : ENDED;
  rl.rl_callback_handler_remove(); /* or the prompt would come again */
}

static void run(const char *prompt) {
  edit.line = 0;
  edit.state = EDITED;
  fflush(stdout);
  rl.rl_callback_handler_install(prompt, on_line);
  while (edit.state == EDITED) {
    rl.rl_check_signals(); /* its own handlers only take notes; Ctrl-C then comes to ours */
    if (sk_interrupted()) {
      rl.rl_callback_handler_remove();
      edit.state = INTERRUPTED;
    } else if (sk_wait_input())
      rl.rl_callback_read_char();
  }
  /* Where it knows of pasted text, readline itself ends the line at the end of input. */
  const char *paste = rl.rl_variable_value("enable-bracketed-paste");
  if (edit.state == INTERRUPTED || (edit.state == ENDED && !(paste && strcmp(paste, "on") == 0)))
    fputs("\n", stdout);
}

/* The history for this line only; returns the host's. */
static struct history *put_history(lua_State *L) {
  struct history empty = {0}, *host = rl.history_get_history_state();
  rl.history_set_history_state(&empty);
  for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, HISTORY); i <= n; i++) {
    if (lua_rawgeti(L, HISTORY, i) == LUA_TSTRING) rl.add_history(lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  rl.using_history();
  return host;
}

static void put_back_history(struct history *host) {
  rl.clear_history();
  struct history *ours = rl.history_get_history_state();
  rl.rl_free(ours->entries);
  rl.rl_free(ours);
  rl.history_set_history_state(host);
  rl.rl_free(host);
}

/* core.edit(prompt, complete, history) -> line; nil at the end of input; nil, "interrupted" after
   Ctrl-C. history is a list of strings. */
static int edit_edit(lua_State *L) {
  const char *message, *prompt = sk_check_string(L, 1, 0);
  sk_check_table(L, HISTORY);
  lua_settop(L, HISTORY);
  lua_pushnil(L); /* MATCHES */
  luaL_checkstack(L, 8, 0);
  if (!load(&message)) sk_error(L, "%s", message);
  if (atomic_flag_test_and_set(&busy)) sk_error(L, "another line is being edited");

  FILE *in = *rl.rl_instream, *out = *rl.rl_outstream;
  const char *name = *rl.rl_readline_name;
  completer *host_completer = *rl.rl_attempted_completion_function;
  breaker *host_breaker = *rl.rl_completion_word_break_hook;
  edit.L = L;
  *rl.rl_instream = stdin;
  *rl.rl_outstream = stdout;
  *rl.rl_readline_name = "sslkit";
  *rl.rl_attempted_completion_function = complete;
  *rl.rl_completion_word_break_hook = find_word;
  struct history *host = put_history(L);
  lua_State *outer = sk_interruptible(0);

  run(prompt);

  sk_interruptible(outer);
  put_back_history(host);
  *rl.rl_instream = in;
  *rl.rl_outstream = out;
  *rl.rl_readline_name = name;
  *rl.rl_attempted_completion_function = host_completer;
  *rl.rl_completion_word_break_hook = host_breaker;
  lua_pushstring(L, edit.line); /* nil for none */
  if (edit.line) rl.rl_free(edit.line);
  bool interrupted = edit.state == INTERRUPTED;
  atomic_flag_clear(&busy);
  if (interrupted) lua_pushliteral(L, "interrupted");
  return interrupted ? 2 : 1;
}

/* core.can_edit() -> true, or false and the reason. */
static int edit_can_edit(lua_State *L) {
  const char *message = "";
  bool can = load(&message);
  lua_pushboolean(L, can);
  if (!can) lua_pushstring(L, message);
  return can ? 1 : 2;
}

static const luaL_Reg functions[] = {{"edit", edit_edit}, {"can_edit", edit_can_edit}, {0, 0}};

int sk_open_edit(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  return 0;
}
