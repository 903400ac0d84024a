#!/bin/sh
# .ci/deps.sh [--check] GROUP...   (build image dnnl run data test lint rocks bench)
#
# Installs what the groups need and this machine lacks, by apt-get, as root or through sudo. With
# --check, and where there is no apt-get or no right to use it, says what is missing and fails. A
# thing is there when it can be used, whoever installed it: so a second run takes a moment and no
# network. The groups image, dnnl and data are good to have: where they cannot be installed, it says
# so and goes on.

: "${CC:=cc}" "${LUA:=lua5.4}" "${LUA_INCDIR:=/usr/include/lua5.4}"

# group | Debian package | what it is | how to see that it is there
needs() {
  cat <<'END'
build|gcc|a C compiler|command -v $CC
build|libc6-dev|the headers of the C library|header stdio.h
build|liblua5.4-dev|the headers of Lua 5.4 (lua.h)|header lua.h
build|libopenblas-dev|OpenBLAS with cblas.h|header cblas.h && library openblas
build|liblapacke-dev|LAPACKE (lapacke.h)|header lapacke.h && library lapacke
image|libpng-dev|libpng (png.h)|header png.h && library png
image|libjpeg-dev|libjpeg (jpeglib.h)|header jpeglib.h && library jpeg
dnnl|libdnnl-dev|oneDNN (oneapi/dnnl/dnnl.h)|header oneapi/dnnl/dnnl.h && header omp.h && library dnnl
run|lua5.4|the Lua 5.4 interpreter|module string
run|lua-cjson|lua-cjson (LuaRocks: lua-cjson)|module cjson
run|lua-argparse|argparse (LuaRocks: argparse)|module argparse
run|lua-filesystem|LuaFileSystem (LuaRocks: luafilesystem)|module lfs
run|lua-zlib|lua-zlib (LuaRocks: lua-zlib)|module zlib
run|lua-luv|luv (LuaRocks: luv)|module luv
run|lua-dbi-sqlite3|LuaDBI for SQLite (LuaRocks: luadbi-sqlite3)|module dbd.sqlite3
data|dataset-fashion-mnist|the Fashion-MNIST images|test -r /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
test|lua-busted|busted (LuaRocks: busted)|module busted
test|python3-numpy|NumPy|python numpy
test|librsvg2-bin|rsvg-convert (librsvg)|command -v rsvg-convert
test|tmux|tmux|command -v tmux
lint|lua-check|luacheck (LuaRocks: luacheck)|command -v luacheck
lint|clang-format|clang-format|command -v clang-format
rocks|luarocks|LuaRocks|command -v luarocks
bench|python3-numpy|NumPy|python numpy
bench|python3-sklearn|scikit-learn|python sklearn
bench|python3-torch|PyTorch|python torch
bench|python3-torchvision|torchvision|python torchvision
bench|python3-optuna|Optuna|python optuna
END
}

header() { echo "#include <$1>" | $CC $CPPFLAGS -I"$LUA_INCDIR" -E -x c - -o /dev/null; }
library() { echo 'int main(void) { return 0; }' | $CC $LDFLAGS -x c - -l"$1" -o /dev/null; }
module() { $LUA -e "require '$1'"; }
python() { /usr/bin/python3 -c "import importlib.util as u, sys; sys.exit(u.find_spec('$1') is None)"; }

# The lines of `needs` that belong to the groups and are not there.
missing() {
  needs | while IFS='|' read -r group package what probe; do
    case " $* " in *" $group "*) ;; *) continue ;; esac
    eval "$probe" </dev/null >/dev/null 2>&1 || echo "$package|$what"
  done
}

packages() { echo "$1" | cut -d'|' -f1 | tr '\n' ' '; }

tell() {
  echo "sslkit: missing on this machine:"
  echo "$1" | while IFS='|' read -r package what; do echo "  $what (Debian: $package)"; done
  echo "On Debian 12, as root: apt-get install --no-install-recommends $(packages "$1")"
} >&2

# Fails when apt-get cannot be used here, or does not get the packages.
install() {
  command -v apt-get >/dev/null || return
  as=""
  if [ "$(id -u)" != 0 ]; then
    as=$(command -v sudo) || return
  fi
  apt="$as env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300"
  echo "sslkit: installing $*" >&2
  $apt update && $apt install -y --no-install-recommends "$@" && return
  echo "sslkit: apt-get could not install $*" >&2
  return 1
}

install=install
if [ "$1" = --check ]; then
  install=false
  shift
fi

needed="" optional=""
for group in "$@"; do
  case $install:$group in
    install:data | install:image | install:dnnl) optional="$optional $group" ;;
    *) needed="$needed $group" ;;
  esac
done

lacking=$(missing $needed)
if [ -n "$lacking" ]; then
  $install $(packages "$lacking")
  lacking=$(missing $needed)
  if [ -n "$lacking" ]; then
    tell "$lacking"
    exit 1
  fi
fi

for group in $optional; do
  lacking=$(missing $group)
  [ -z "$lacking" ] || $install $(packages "$lacking") ||
    echo "sslkit: going on without: $(packages "$lacking")" >&2
done
exit 0
