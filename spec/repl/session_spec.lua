local Session = require "sslkit.repl.session"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("a session", function()
  local s
  before_each(function() s = Session.new() end)

  local function ok(text) -- what is shown
    local fine, shown = s:run(text)
    assert.is_true(fine, tostring(shown))
    return shown
  end

  local function fails(text)
    local fine, message = s:run(text)
    assert.is_false(fine)
    return message
  end

  it("shows the values of expressions, and keeps variables from one input to the next", function()
    assert.equal("2", ok "1 + 1")
    assert.is_nil(ok "x = 4")
    assert.equal("4", ok "x")
    assert.is_nil(ok "local y, z = 5")
    assert.equal("5  nil", ok "y, z")
    assert.is_nil(ok "local function f(n) return n <= 1 and 1 or n * f(n - 1) end")
    assert.equal("120", ok "f(5)")
    assert.is_nil(ok "")
    assert.is_nil(ok "f(3);")
    assert.equal("nil", ok "unknown")
    assert.is_nil(s:run "for i = 1, 3 do")
  end)

  it("has ssl and help, and does not write the host's globals", function()
    assert.is_true(rawequal(ssl, s.env.ssl))
    ok "x = 1; _G.y = 2; print = nil; function g() end"
    assert.is_nil(rawget(_G, "x"))
    assert.is_nil(rawget(_G, "y"))
    assert.is_nil(rawget(_G, "g"))
    assert.is_nil(rawget(_G, "_"))
    assert.equal("2", ok "y")
    assert.equal("function", type(print))
    assert.same({ "g", "x", "y" }, s:names())
  end)

  it("works on variables that it is given", function()
    local env = { a = 1, ssl = "mine" }
    s = Session.new(env)
    ok "b = a + 1"
    assert.equal(2, env.b)
    assert.equal("mine", env.ssl)
    assert.equal("attempt to call a nil value (global 'print')", fails "print(1)")
  end)

  it("remembers results in _ and __", function()
    ok "1"
    ok "2, 3"
    assert.equal("2  1", ok "_, __")
    ok "x = 5"
    ok "nil"
    ok "7;"
    assert.equal("7", ok "_")
    local z = ssl.zeros(2)
    s.env.z = z
    ok "z"
    assert.is_true(rawequal(z, s.env._))
  end)

  it("says in one line what went wrong, and keeps the traceback", function()
    assert.equal("x", fails "error 'x'")
    assert.equal("line 2: x", fails "local y\nerror 'x'")
    assert.equal("bad argument #1 to 'matmul' (inner sizes differ: (2,3) x (2,3))",
      fails "ssl.zeros(2, 3):matmul(ssl.zeros(2, 3))")
    assert.equal("bad argument #1 to 'rankme' (tensor expected, got number 5)",
      fails "ssl.metrics.rankme(5)")
    assert.truthy(s.traceback:find "stack traceback:\n")
    assert.truthy(s.traceback:find "sslkit/metrics/rankme%.lua:%d+: in ")
    assert.truthy(s.traceback:find "input:1: in main chunk")
    assert.is_nil(s.traceback:find "session.lua")
    assert.is_nil(s.traceback:find("[C]: in ?", 1, true))
    assert.equal("unexpected symbol near '='", fails "x = = 2")
    assert.equal("line 2: unexpected symbol near ')'", fails "x = 1\ny = )")
  end)

  it("survives errors of every kind", function()
    assert.equal("nil", fails "error()")
    assert.equal("{code = 7}", fails "error{code = 7}")
    assert.equal("true", fails "error(true)")
    assert.equal("3", fails "error(3)")
    s.env.object = setmetatable({}, { __tostring = function() return "mine" end })
    assert.equal("mine", fails "error(object)")
    assert.truthy(fails "error(setmetatable({}, {__tostring = error}))":find "error in __tostring")
    assert.truthy(fails "local function f() return 1 + f() end f()":find "stack overflow")
    assert.truthy(fails "setmetatable({}, {__index = function(t, k) return t[k] end}).x"
      :find "overflow")
    assert.equal("resulting string too large", fails "('x'):rep(1 << 62, 'y')")
    assert.truthy(fails "ssl.zeros(1 << 50)":find "^zeros: ")
    assert.truthy(fails "coroutine.wrap(function() error 'in it' end)()":find "in it$")
    assert.equal("attempt to yield from outside a coroutine", fails "coroutine.yield()")
    assert.truthy(ok "setmetatable({}, {__tostring = error})":find "error in __tostring")
    assert.equal("2", ok "1 + 1")
  end)

  it("ends by exit() and quit(), through other calls too", function()
    for _, text in ipairs { "exit()", "quit()", "for i = 1, 3 do exit() end", "f(exit())" } do
      s = Session.new()
      local fine, message = s:run(text)
      assert.is_false(fine)
      assert.is_nil(message)
      assert.is_true(s.ended, text)
    end
    s = Session.new()
    assert.equal("exit() or Ctrl-D leaves", ok "exit")
    assert.is_false(s.ended)
  end)

  it("runs files, whose locals stay", function()
    local temp = temporary()
    local path = temp.write("a b.lua", "#!/usr/bin/lua\nlocal n = #arg\n"
      .. "local function f() return n end\nfirst = arg[1]\nfunction fail() error 'here' end\n")
    assert.is_true(s:run_file(path, { "x", "y" }))
    assert.equal('2  "x"', ok "n, first")
    assert.truthy(fails "fail()":find("a b.lua:5: here", 1, true))
    assert.same({ false, path .. ":1: unexpected symbol near ')'" },
      { s:run_file(temp.write("a b.lua", ")")) })
    assert.same({ false, path .. ":2: oh" }, { s:run_file(temp.write("a b.lua", "\nerror 'oh'")) })
    assert.same({ false, "/none: No such file or directory" }, { s:run_file "/none" })
    assert.is_false((s:run_file(temp.path "")))
    temp.remove()
  end)

  it("ends what runs at Ctrl-C, and gives the signal back", function()
    local core = require "sslkit.core"
    assert.is_true(core.interrupts(true))
    assert.is_false(core.interrupts(true))
    local pipe
    s.env.press = function() io.popen("kill -INT $PPID"):close() end
    assert.truthy(fails "press() while true do end":find "interrupted$")
    s.env.press_later = function() pipe = io.popen "sleep 0.1; kill -INT $PPID" end
    assert.equal("interrupted", fails "press_later() while true do end")
    assert.equal("line 2: interrupted", fails "press_later()\nfor i = 1, 1e12 do end")
    pipe:close()
    assert.equal("2", ok "1 + 1")
    assert.is_nil((debug.gethook()))
    assert.is_true(core.interrupts(false))
    assert.is_false(core.interrupts(false))
  end)
end)
