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

  it("holds all our Lua files, and the C module", function()
    must("diff -r lua/sslkit %s", tree .. "/share/lua/5.4/sslkit")
    must("test -f %s", tree .. "/lib/lua/5.4/sslkit/core.so")
  end)

  it("works from another folder", function()
    local script = [[
      local ssl = require "sslkit"
      print(#ssl.data.digits().x, package.searchpath("sslkit", package.path))
    ]]
    local output = must("cd %s && eval \"$(" .. luarocks .. "path)\" && lua5.4 -e %s",
      root .. "/elsewhere", script)
    assert.equal("1797\t" .. tree .. "/share/lua/5.4/sslkit/init.lua\n", output)
  end)

  it("leaves nothing of ours when removed", function()
    must(luarocks .. "remove sslkit")
    assert.equal("", must("find %s -path '*sslkit*'", tree))
  end)
end)
