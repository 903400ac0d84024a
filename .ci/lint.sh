#!/bin/sh
# .ci/lint.sh: style, and what the floors of the house forbid. Says everything that is wrong, then
# fails.

wrong=0

# check WHAT COMMAND...
check() {
  what=$1
  shift
  "$@" || { echo "lint: $what"; wrong=1; }
}

# never WHAT PATTERN FILE...: no line of the files may match.
never() {
  what=$1 pattern=$2
  shift 2
  if grep -nE "$pattern" "$@" /dev/null; then echo "lint: $what"; wrong=1; fi
}

sources=$(find src -name '*.[ch]')

# all_but PATTERN: the sources whose path does not match.
all_but() { echo "$sources" | grep -vE "$1"; }

check "luacheck" luacheck -q --no-color lua spec examples
check "clang-format -i makes these right" \
  clang-format --dry-run --Werror $(find src spec examples -name '*.[ch]')

never "floors 0 and 1, and what speaks to other libraries, know nothing of Lua" \
  '#include ["<](lua|lauxlib|tensor\.h|lib\.h|error\.h)' $(all_but \
  '/(core|tensor|memory|error)\.c|/(lib|tensor|memory|error|sslkit)\.h|/l_[a-z]*\.c|/image/image\.c|/dnnl/dnnl\.c')
never "memory comes from Lua: sk_new, sk_scratch" '\<(malloc|calloc|realloc|free)\(' $sources
never "tensors are made in tensor.c only, and handles in their modules" \
  'lua_newuserdatauv\(' $(all_but '/tensor\.c|/l_augment\.c|/image/|/dnnl/')
never "errors go through error.h" \
  'luaL_(error|argerror|check(integer|number|string|udata|option))\(' $(all_but '/error\.c|/sslkit\.h')
if git grep -nI --untracked '[[:space:]]$'; then echo "lint: spaces at the end of a line"; wrong=1; fi

exit $wrong
