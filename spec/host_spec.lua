-- A C host that opens and closes many states, some at once: the module keeps nothing of a closed
-- one, and its threads survive it. In the sanitizer run the host is instrumented too, which also
-- finds leaks.

local shell = require "spec.shell"

describe("a C host", function()
  local host = os.tmpname()

  teardown(function() os.remove(host) end)

  it("opens, uses and closes 100 states, in turn and in 4 threads at once", function()
    local flags = os.getenv "SANITIZE" and "-fsanitize=address,undefined -g" or "-O1"
    local code, output = shell("cc -std=gnu11 -Wall -Wextra -Werror " .. flags
      .. " -I%s spec/host/host.c -o %s -llua5.4 -pthread",
      os.getenv "LUA_INCDIR" or "/usr/include/lua5.4", host)
    assert.equal("", output)
    assert.equal(0, code)

    code, output = shell("LUA_PATH=%s LUA_CPATH=%s timeout 120 env LD_PRELOAD=%s %s",
      package.path, package.cpath, os.getenv "LD_PRELOAD" or "", host)
    assert.equal("", output)
    assert.equal(0, code)
  end)
end)
