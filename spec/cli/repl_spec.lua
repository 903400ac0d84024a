-- sslkit repl through pipes; a terminal drives it in spec/repl.

local command = require "spec.cli.command"
local temporary = require "spec.io.temporary"

describe("sslkit repl", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function run(input, ...)
    return command({ "repl", ... }, {
      folder = temp.path "", stdin = input, env = { SSLKIT_HISTORY = "" },
    })
  end

  it("prints the values of a pipe's lines", function()
    local code, out, err = run "x = ssl.ones(2, 2)\nx:sum():item()\narg\n"
    assert.same({ 0, "4.0\nnil\n", "" }, { code, out, err })
  end)

  it("fails where a line fails", function()
    local code, out, err = run "1 + nil\n2\n"
    assert.same({ 1, "" }, { code, out })
    assert.truthy(err:find("attempt to perform arithmetic on a nil value", 1, true), err)
  end)

  it("runs a script first, with its words", function()
    temp.write("prepare.lua", [[
      local ssl = require "sslkit"
      config = ssl.config { lr = 0.5 }
      words = { ... }]])
    local code, out, err = run("config.lr\nwords[1]\narg[0]\n", "prepare.lua", "lr=2")
    assert.same({ 0, '2.0\n"lr=2"\n"prepare.lua"\n', "" }, { code, out, err })
    code, out, err = run("1\n", "nowhere.lua")
    assert.same({ 1, "", "sslkit repl: nowhere.lua: No such file or directory\n" },
      { code, out, err })
    temp.write("bad.lua", "error 'boom'")
    code, out, err = run("1\n", "bad.lua")
    assert.same({ 1, "" }, { code, out })
    assert.truthy(err:find("bad.lua:1: boom", 1, true), err)
  end)

  it("ends when there is nothing to read", function()
    assert.same({ 0, "", "" }, { run "" })
    for _, closed in ipairs { "timeout 60 %s", "timeout 60 %s </" } do
      local code, out = command({ "repl" }, { shell = closed, env = { SSLKIT_HISTORY = "" } })
      assert.same({ 0, "" }, { code, out })
    end
  end)
end)
