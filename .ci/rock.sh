#!/bin/sh
# .ci/rock.sh DIR: the rockspec of this version, and its source rock, from the files as they are.
# `luarocks install DIR/sslkit-*.src.rock` needs no network; `luarocks-admin make-manifest DIR` makes
# DIR a server.
set -e
folder=$1
version=$("${LUA:-lua5.4}" -e 'io.write(dofile "lua/sslkit/version.lua")')
name=sslkit-$version
rm -rf "$folder"
mkdir -p "$folder"
sed -e "s|^version = .*|version = \"$version-1\"|" \
  -e "s|^  url = .*|  url = \"https://example.org/sslkit/sslkit/releases/$name.tar.gz\",|" \
  -e "s|^  branch = .*|  dir = \"$name\",|" \
  rockspec/sslkit-scm-1.rockspec >"$folder/$name-1.rockspec"
tar -czf "$folder/$name.tar.gz" --transform "s|^|$name/|" --sort=name --owner=0 --group=0 \
  --exclude=__pycache__ .busted .ci .clang-format .luacheckrc LICENSE Makefile README.md \
  examples lua rockspec spec src
cd "$folder"
zip -q "$name-1.src.rock" "$name-1.rockspec" "$name.tar.gz"
rm "$name.tar.gz"
echo "$folder/$name-1.rockspec"
echo "$folder/$name-1.src.rock"
