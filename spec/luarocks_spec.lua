-- The rock: built from a copy of the sources by LuaRocks alone, used from elsewhere, removed
-- without a trace. Offline: what the rockspec depends on is declared as provided by the system.

local shell = require "spec.shell"

local config = [[
rocks_provided = { ["lua-cjson"] = "2.1.0-1" }
rocks_servers = {}
]]

describe("the rock #slow", function()
  local root = os.tmpname()
  local tree, luarocks = root .. "/tree", ""

  local function must(command, ...)
    local code, output = shell(command, ...)
    assert.equal(0, code, output)
    return output
  end

  setup(function()
    must("rm %s && mkdir -p %s %s && cp -r Makefile rockspec src lua .ci %s",
      root, root .. "/source", root .. "/elsewhere", root .. "/source")
    local file = assert(io.open(root .. "/config.lua", "w"))
    file:write(config)
    file:close()
    luarocks = ("LUAROCKS_CONFIG=%s/config.lua luarocks --lua-version=5.4 --tree %s "):format(
      root, tree)
  end)

  teardown(function() shell("rm -rf %s", root) end)

  it("has rockspecs that LuaRocks accepts", function()
    must(luarocks .. "lint rockspec/sslkit-scm-1.rockspec")
    must(luarocks .. "lint rockspec/sslkit-0.1.0-1.rockspec")
  end)

  it("builds and installs", function()
    must("cd %s && " .. luarocks .. "make", root .. "/source")
  end)

  it("holds all our Lua files, and the C modules", function()
    must("diff -r %s %s", root .. "/source/lua/sslkit", tree .. "/share/lua/5.4/sslkit")
    must("test -f %s", tree .. "/lib/lua/5.4/sslkit/core.so")
    must("test -f %s", tree .. "/lib/lua/5.4/sslkit/image/core.so")
  end)

  it("holds sslkit.h, where C programs are told to look", function()
    local folder = must(luarocks .. "show --rock-dir sslkit"):match "^[^\n]*" .. "/include"
    must("diff src/sslkit.h %s", folder .. "/sslkit.h")
    must("cc -fsyntax-only -I %s -I %s examples/embed/host.c",
      os.getenv "LUA_INCDIR" or "/usr/include/lua5.4", folder)
  end)

  it("works from another folder", function()
    local script = [[
      local ssl = require "sslkit"
      assert(ssl.image.decode(ssl.image.encode(ssl.ones(2, 2))):size(3) == 2)
      print(#ssl.data.digits().x, package.searchpath("sslkit", package.path))
    ]]
    local output = must("cd %s && eval \"$(" .. luarocks .. "path)\" && lua5.4 -e %s",
      root .. "/elsewhere", script)
    assert.equal("1797\t" .. tree .. "/share/lua/5.4/sslkit/init.lua\n", output)
  end)

  it("is installed by make alone, too", function()
    local prefix = root .. "/prefix"
    must("make -C %s install PREFIX=%s", root .. "/source", prefix)
    must("diff src/sslkit.h %s", prefix .. "/include/sslkit.h")
    must("diff -r %s %s", root .. "/source/lua/sslkit", prefix .. "/share/lua/5.4/sslkit")
    must("test -f %s -a -f %s", prefix .. "/lib/lua/5.4/sslkit/core.so",
      prefix .. "/lib/lua/5.4/sslkit/image/core.so")
  end)

  -- A compiler that does not find png.h.
  it("builds without libpng and libjpeg, and says so", function()
    local cc = assert(io.open(root .. "/cc", "w"))
    cc:write [[
#!/bin/sh
case "$*" in
  *" -E "*) input=$(cat); case "$input" in *png.h*) exit 1 ;; esac; echo "$input" | cc "$@" ;;
  *) exec cc "$@" ;;
esac
]]
    cc:close()
    local build = "cd %s && rm -r build/sslkit/image && chmod +x %s && make build CC=%s && ls %s"
    local output = must(build, root .. "/source", root .. "/cc", root .. "/cc", "build/sslkit")
    assert.matches("building without ssl%.image\n", output)
    assert.matches("\ncore%.so\n$", output)
  end)

  it("leaves nothing of ours when removed", function()
    must(luarocks .. "remove sslkit")
    assert.equal("", must("find %s -path '*sslkit*'", tree))
  end)
end)
