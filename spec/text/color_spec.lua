local color = require "sslkit.text.color"
local shell = require "spec.shell"

-- What color.on says of a process's stdout, on a terminal of script's or in a pipe.
local function on(variables, terminal)
  local code = 'LD_PRELOAD=$SANITIZERS ASAN_OPTIONS=detect_leaks=0 lua5.4 -e '
    .. '"io.write(tostring(require([[sslkit.text.color]]).on()))"'
  local command = terminal and "script -qec '" .. code .. "' /dev/null" or code
  local status, output = shell("export LUA_PATH=%s LUA_CPATH=%s SANITIZERS=%s TERM=xterm "
    .. variables .. "; " .. command .. " </dev/null", package.path, package.cpath,
    os.getenv "PRELOAD" or "")
  assert.equal(0, status, output)
  return output == "true"
end

describe("color", function()
  it("is for terminals, where nobody minds", function()
    assert.is_true(on("", true))
    assert.is_false(on("", false))
    assert.is_false(on("NO_COLOR=1", true))
    assert.is_true(on("NO_COLOR=", true))
    assert.is_false(on("TERM=dumb", true))
    assert.is_false(color.on(io.tmpfile()))
  end)

  it("is forced on and off", function()
    assert.is_true(on("FORCE_COLOR=1 NO_COLOR=1", false))
    assert.is_true(on("CLICOLOR_FORCE=1 TERM=dumb", false))
    assert.is_false(on("FORCE_COLOR=0", true))
    assert.is_false(on("FORCE_COLOR=", false))
  end)

  it("paints and cleans up behind itself", function()
    assert.equal("\x1b[31mx\x1b[0m", color.paint("x", "red"))
    assert.equal("\x1b[1;44mx\x1b[0m", color.paint("x", "bold", "blue"))
    assert.equal("x", color.paint("x"))
  end)

  it("takes the nearest of 256 colours where there are no more", function()
    if color.depth() == 24 then
      assert.equal("\x1b[38;2;0;114;178mx\x1b[0m", color.paint("x", "#0072B2"))
      return
    end
    for hex, index in pairs { ["#000000"] = 16, ["#ffffff"] = 231, ["#ff0000"] = 196,
      ["#808080"] = 244, ["#5f87af"] = 67, ["#0072B2"] = 25 } do
      assert.equal(("\x1b[38;5;%dmx\x1b[0m"):format(index), color.paint("x", hex))
    end
  end)
end)
