local History = require "sslkit.repl.history"
local shell = require "spec.shell"
local temporary = require "spec.io.temporary"

local getenv = os.getenv
local function environment(values)
  os.getenv = function(name) return values[name] end -- luacheck: ignore 122
end

describe("the history", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function()
    os.getenv = getenv -- luacheck: ignore 122
    temp.remove()
  end)

  it("is where the XDG convention puts state, or SSLKIT_HISTORY, or nowhere", function()
    environment { HOME = "/home/u" }
    assert.equal("/home/u/.local/state/sslkit/history", History.path())
    environment { HOME = "/home/u", XDG_STATE_HOME = "/s" }
    assert.equal("/s/sslkit/history", History.path())
    environment { HOME = "/home/u", XDG_STATE_HOME = "relative" } -- which the convention forbids
    assert.equal("/home/u/.local/state/sslkit/history", History.path())
    environment { HOME = "/home/u", SSLKIT_HISTORY = "/my/file" }
    assert.equal("/my/file", History.path())
    environment { HOME = "/home/u", SSLKIT_HISTORY = "" }
    assert.is_nil(History.path())
    environment {}
    assert.is_nil(History.path())
  end)

  it("comes back as it was, whatever the inputs held", function()
    local inputs = { "x = 1", "for i = 1, 2 do\n  print '\\n'\nend", "a\\b\\\\n", "é\t'\"", "\xff" }
    local path = temp.path "h"
    local first = History.open(path)
    for _, input in ipairs(inputs) do first:add(input) end
    local again = History.open(path)
    assert.equal(#inputs, #again)
    for i, input in ipairs(inputs) do assert.equal(input, again[i]) end
  end)

  it("leaves out what is blank, repeated, or begins with a space", function()
    local h = History.open(nil)
    for _, input in ipairs { "a", "a", "a  ", "", "  ", " secret", "b", "a" } do h:add(input) end
    assert.same({ "a", "b", "a" }, { table.unpack(h) })
  end)

  it("is its user's alone, as the folders that it makes", function()
    local path = temp.path "sub folder/x/h"
    History.open(path):add "x"
    local _, modes = shell("cd %s; stat -c %%a . ../x ..", temp.path "sub folder/x")
    assert.equal("700\n700\n700\n", modes)
    _, modes = shell("stat -c %%a %s", path)
    assert.equal("600\n", modes)
    shell("rm -r %s", temp.path "sub folder")
  end)

  it("is cut when it has grown long", function()
    local lines = {}
    for i = 1, 4001 do lines[i] = "line " .. i .. "\n" end
    local path = temp.write("h", table.concat(lines))
    local h = History.open(path)
    assert.equal(2000, #h)
    assert.equal("line 4001", h[2000])
    assert.equal(2000, select(2, temp.read("h"):gsub("\n", "")))
    h:add "new"
    assert.equal(2000, #h)
    assert.equal("new", h[2000])
  end)

  it("is silent where it cannot be read or written", function()
    for _, path in ipairs {
      "/proc/none/h", temp.path "", "/dev/null/h", temp.path(("x"):rep(5000)),
    } do
      local h = History.open(path)
      h:add "x"
      assert.same({ "x" }, { table.unpack(h) })
    end
  end)

  it("is shared by sessions at once", function()
    local a, b = History.open(temp.path "h"), History.open(temp.path "h")
    a:add "from a"
    b:add "from b"
    a:add "a again"
    assert.same({ "from a", "from b", "a again" }, { table.unpack(History.open(temp.path "h")) })
  end)
end)
