/* Floor 2: how much memory tensors may take, and when their garbage is collected. */
#ifndef SK_MEMORY_H
#define SK_MEMORY_H

#include <lua.h>

/* Before `bytes` more are asked for: collects where that promises enough, and raises where they
   would pass the limit; `what` needs them. */
void sk_check_room(lua_State *L, double bytes, const char *what);

#define SK_MEMORY_BYTES 64
/* Takes a userdata of that many zeros from the top of the stack, for the state's account, and adds
   its functions to the core table below. */
void sk_open_memory(lua_State *L);

#endif
