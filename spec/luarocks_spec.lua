-- The rock: built from a copy of the sources by LuaRocks alone, packed, installed from the source rock
-- and from a folder that serves it, used from elsewhere, removed without a trace. Offline: what the
-- rockspec depends on is declared as provided by the system.

local lfs = require "lfs"
local shell = require "spec.shell"

local config = [[
rocks_provided = { ["lua-cjson"] = "2.1.0-1", argparse = "0.7.1-1" }
rocks_servers = {}
]]

local version = require "sslkit.version"

describe("the rock #slow", function()
  local root = os.tmpname()
  local source, tree = root .. "/source", root .. "/tree"
  local luarocks -- the command, working on a tree

  local function must(command, ...)
    local code, output = shell(command, ...)
    assert.equal(0, code, output)
    return output
  end

  -- Builds without optimising: these installations are compared, not used.
  local function quick(command) return "MAKEFLAGS=' -- KERNELS=-O0' " .. command end

  -- What a tree holds below share, lib and bin, but for LuaRocks' own records.
  local function files_of(folder)
    return must("cd %s && find bin share/lua lib/lua -type f | sort", folder)
  end

  local function is_ours(folder)
    must("diff -r -x meta.lua %s %s", source .. "/lua/sslkit", folder .. "/share/lua/5.4/sslkit")
    must("test -x %s -a -f %s", folder .. "/bin/sslkit",
      folder .. "/lib/lua/5.4/sslkit/image/core.so")
    assert.equal(files_of(tree), files_of(folder))
    assert.equal("sslkit " .. version .. "\n", must("%s --version", folder .. "/bin/sslkit"))
  end

  local function leaves_nothing(folder)
    must(luarocks(folder) .. "remove sslkit")
    assert.equal("", must("find %s -path '*sslkit*'", folder))
  end

  setup(function()
    must("rm %s && mkdir -p %s %s && cp -r Makefile README.md LICENSE .busted .ci .clang-format "
      .. ".luacheckrc examples lua rockspec spec src %s", root, source, root .. "/elsewhere",
      source)
    local file = assert(io.open(root .. "/config.lua", "w"))
    file:write(config)
    file:close()
    function luarocks(folder)
      return ("LUAROCKS_CONFIG=%s/config.lua luarocks --lua-version=5.4 --tree %s "):format(
        root, folder)
    end
  end)

  teardown(function() shell("rm -rf %s", root) end)

  it("is built and installed by luarocks make", function()
    must(luarocks(tree) .. "lint rockspec/sslkit-scm-1.rockspec")
    must("cd %s && " .. luarocks(tree) .. "make", source)
  end)

  it("holds all our Lua files, the stubs, the C modules and the command", function()
    local share, lib = tree .. "/share/lua/5.4/sslkit", tree .. "/lib/lua/5.4/sslkit"
    is_ours(tree)
    must("cmp %s %s", source .. "/build/meta.lua", share .. "/meta.lua")
    must("diff -r %s %s", source .. "/build/sslkit", lib)
  end)

  it("holds sslkit.h, where C programs are told to look", function()
    local folder = must(luarocks(tree) .. "show --rock-dir sslkit"):match "^[^\n]*" .. "/include"
    must("diff src/sslkit.h %s", folder .. "/sslkit.h")
    must("cc -fsyntax-only -I %s -I %s examples/embed/host.c",
      os.getenv "LUA_INCDIR" or "/usr/include/lua5.4", folder)
  end)

  it("works from another folder", function()
    local script = [[
      local ssl = require "sslkit"
      assert(ssl.image.decode(ssl.image.encode(ssl.ones(2, 2))):size(3) == 2)
      assert(ssl.save("Z.npy", ssl.data.digits().x:flatten(2):float()))
      print(#ssl.data.digits().x, package.searchpath("sslkit", package.path))
    ]]
    local elsewhere = root .. "/elsewhere"
    local output = must("cd %s && eval \"$(" .. luarocks(tree) .. "path)\" && lua5.4 -e %s",
      elsewhere, script)
    assert.equal("1797\t" .. tree .. "/share/lua/5.4/sslkit/init.lua\n", output)
    assert.matches('"n": 1797,', must("cd %s && %s report Z.npy --json", elsewhere,
      tree .. "/bin/sslkit"))
  end)

  it("runs its tests by luarocks test", function()
    assert.matches("\n4 passed, 0 failed\n", must("cd %s && " .. luarocks(tree)
      .. "test -- spec/near_spec.lua", source))
  end)

  it("is packed, and installed from the source rock", function()
    local other, rock = root .. "/other", "/build/rock/sslkit-" .. version .. "-1"
    must("make -C %s rock", source)
    must(luarocks(other) .. "lint %s", source .. rock .. ".rockspec")
    must(quick(luarocks(other)) .. "install %s", source .. rock .. ".src.rock")
    is_ours(other)
    leaves_nothing(other)
  end)

  it("is installed from a folder that serves it", function()
    local served, server = root .. "/served", source .. "/build/rock"
    must("luarocks-admin --lua-version=5.4 make-manifest %s", server)
    must(quick(luarocks(served)) .. "install --only-server=%s sslkit", server)
    is_ours(served)
    assert.matches("^" .. version:gsub("%p", "%%%0") .. "%-1\n$",
      must(luarocks(served) .. "show --mversion sslkit"))
    leaves_nothing(served)
  end)

  it("is installed by make alone, too", function()
    local prefix = root .. "/prefix"
    must("make -C %s install PREFIX=%s", source, prefix)
    must("diff src/sslkit.h %s", prefix .. "/include/sslkit.h")
    must("diff -r -x meta.lua %s %s", source .. "/lua/sslkit", prefix .. "/share/lua/5.4/sslkit")
    must("diff -r %s %s", source .. "/build/sslkit", prefix .. "/lib/lua/5.4/sslkit")
    assert.equal("sslkit " .. version .. "\n", must(
      "LUA_PATH=%s LUA_CPATH=%s %s --version", prefix .. "/share/lua/5.4/?.lua;"
        .. prefix .. "/share/lua/5.4/?/init.lua;;", prefix .. "/lib/lua/5.4/?.so;;",
      prefix .. "/bin/sslkit"))
  end)

  -- A compiler that does not find png.h and dnnl.h.
  it("builds without libpng, libjpeg and oneDNN, and says so", function()
    local cc = assert(io.open(root .. "/cc", "w"))
    cc:write [[
#!/bin/sh
case "$*" in
  *" -E "*)
    input=$(cat)
    case "$input" in *png.h* | *dnnl.h*) exit 1 ;; esac
    echo "$input" | cc "$@" ;;
  *) exec cc "$@" ;;
esac
]]
    cc:close()
    local build = "cd %s && rm -r build/sslkit/image && rm -f build/sslkit/dnnl.so && chmod +x %s"
      .. " && make build CC=%s && ls %s"
    local output = must(build, source, root .. "/cc", root .. "/cc", "build/sslkit")
    assert.matches("building without ssl%.image\n", output)
    assert.matches("convolutions by the own kernel", output)
    assert.matches("\ncore%.so\n$", output)
  end)

  it("leaves nothing of ours when removed", function() leaves_nothing(tree) end)
end)

describe("the version", function()
  it("stands in one place, and on top of the changes", function()
    local pattern = version:gsub("%p", "%%%0")
    local function search(folder, found)
      for entry in lfs.dir(folder) do
        local path = folder .. "/" .. entry
        if not entry:find "^%." and lfs.attributes(path, "mode") == "directory" then
          if entry ~= "fixtures" then search(path, found) end
        elseif entry:find "%.lua$" or entry:find "%.[ch]$" or entry:find "%.rockspec$" then
          local file = assert(io.open(path))
          if file:read("a"):find(pattern) then found[#found + 1] = path end
          file:close()
        end
      end
      return found
    end
    local found = {}
    for _, folder in ipairs { "lua", "src", "rockspec", "examples" } do search(folder, found) end
    assert.same({ "lua/sslkit/version.lua" }, found)
    local file = assert(io.open "rockspec/CHANGELOG.md")
    assert.equal(version, file:read("a"):match "\n## (%S+)")
    file:close()
  end)
end)
