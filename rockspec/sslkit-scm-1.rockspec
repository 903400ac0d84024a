rockspec_format = "3.0"
package = "sslkit"
version = "scm-1" -- `make rock` writes the rockspec of a release from this one
source = {
  url = "git+https://example.org/sslkit/sslkit.git",
  branch = "main",
}
description = {
  summary = "Look inside self-supervised learning",
  detailed = [[
Tensors with automatic differentiation, and the measures of what a representation is worth: rank and
collapse, alignment and uniformity, probes. Lua over a small C core on OpenBLAS and LAPACK; no GPU,
no Python.]],
  homepage = "https://example.org/sslkit/sslkit",
  labels = { "machine-learning", "self-supervised", "tensor", "autograd" },
  license = "MIT",
}
dependencies = {
  "lua >= 5.4, < 5.5",
  "lua-cjson",
  "argparse", -- the command line
  -- Used where they are: luafilesystem, lua-zlib; luv and luadbi-sqlite3 (sweeps).
}
-- No header for OpenBLAS: Debian keeps cblas.h where LuaRocks does not look, but the compiler does.
external_dependencies = {
  OPENBLAS = { library = "openblas" },
  LAPACKE = { header = "lapacke.h", library = "lapacke" },
}
build = {
  type = "make",
  build_target = "build",
  build_variables = {
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    CPPFLAGS = "-I$(LAPACKE_INCDIR)",
    LDFLAGS = "-L$(OPENBLAS_LIBDIR) -L$(LAPACKE_LIBDIR)",
    LIBFLAG = "$(LIBFLAG)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
  },
  install_target = "install",
  install_variables = {
    LUA = "$(LUA)",
    BINDIR = "$(BINDIR)",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
    INCDIR = "$(PREFIX)/include", -- sslkit.h, in what `luarocks show --rock-dir sslkit` names
  },
}
test = {
  type = "command",
  command = 'eval "$(make -s env)"; lua5.4 spec/run.lua --exclude-tags=slow',
}
