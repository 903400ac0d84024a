/* Floor 2: errors, always at the line of the user's own code: the walk up the call stack passes
   over the project's own Lua files, and the name is the one by which the user called. */
#ifndef SK_ERROR_H
#define SK_ERROR_H

#include <lua.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdint.h>

/* "bad argument #1 to 'matmul' (...)"; arg counts as in the C function (self is 1). */
_Noreturn void sk_fail(lua_State *L, int arg, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "matmul: ..." */
_Noreturn void sk_error(lua_State *L, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

int64_t sk_check_int(lua_State *L, int idx);
double sk_check_number(lua_State *L, int idx);
const char *sk_check_string(lua_State *L, int idx, size_t *len);
/* One of the 0-ended names, or def (when it is not NULL and the argument is nil); returns its
 * position. */
int sk_check_name(lua_State *L, int idx, const char *def, const char *const names[]);
void sk_check_table(lua_State *L, int idx);
/* What stands at idx, for messages: "nil", "number 3.5", "tensor (3,4) float32", "FILE*". */
const char *sk_kind(lua_State *L, int idx);

/* core.fail(arg, message), core.raise(message), core.home(prefix), core.callback(f, ...) */
int sk_open_error(lua_State *L);

#endif
