local Session = require "sslkit.repl.session"
local commands = require "sslkit.repl.commands"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"
local timing = require "sslkit.repl.timing"

describe("the prompt's commands", function()
  local s, context
  before_each(function()
    s = Session.new()
    context = { width = 80, color = false, history = { "one", "two", "three" } }
  end)

  local function run(line) return commands.run(s, line, context) end

  local function shows(line)
    local ok, text = run(line)
    assert.is_true(ok, tostring(text))
    return text
  end

  local function fails(line)
    local ok, message = run(line)
    assert.is_false(ok)
    return message
  end

  it("leave Lua alone", function()
    for _, line in ipairs { "x = 5", "a % b", "f '?'", "'what?'", "x = '%time'", "", "a?b", "f(x)?",
      "exit()", "print 'x?'", "-- why?" } do
      assert.is_nil(run(line), line)
    end
  end)

  it("list themselves", function()
    local text = shows "%help"
    for _, name in ipairs(commands.names) do
      assert.truthy(text:find("%" .. name, 1, true), name)
    end
    assert.equal("no command %timet; did you mean 'time'?; %help lists them", fails "%timet")
    assert.equal("no command %zzz; %help lists them", fails "  %zzz x")
  end)

  it("time code", function()
    assert.truthy(shows "%time 1 + 1":find "^2\n[%d.]+ [num]?s$")
    assert.truthy(shows "%time x = 3":find "^[%d.]+ [num]?s$")
    assert.equal(3, s.env.x)
    assert.equal("oh", fails "%time error 'oh'")
    assert.equal("the code ends too early", fails "%time for")
    assert.truthy(shows "%timeit x + 1":find "^[%d.]+ %l+ a call %(median of 7 runs of %d+, from ")
    assert.equal("oh", fails "%timeit error 'oh'")
    assert.equal("code expected", fails "%timeit")
    assert.equal("unexpected symbol near '='", fails "%timeit x = =")
    assert.equal("the code ends too early", fails "%timeit f(")
  end)

  it("write times for people", function()
    for seconds, text in pairs { [0] = "0.0 ns", [4.2e-8] = "42.0 ns", [1.234e-5] = "12.3 us",
      [0.004567] = "4.57 ms", [0.9999] = "1.00 s", [59.94] = "59.9 s", [125.7] = "2 min 5 s",
      [0.12345] = "123 ms" } do
      assert.equal(text, timing.text(seconds))
    end
    local m = timing.measure(function() end)
    assert.is_true(m.least <= m.median and m.median <= m.most and m.loops > 1)
    assert.equal(7, m.runs)
  end)

  it("list the variables", function()
    assert.equal("no variables yet", shows "%who")
    s:run "z = ssl.zeros(2, 3); name = 'x'; f = function() end; t = {1, 2}; ssl.help = ssl.help"
    s:run "1"
    local text = shows "%who"
    assert.truthy(text:find "z +tensor +%(2,3%) float32")
    assert.truthy(text:find 'name +string +"x"')
    assert.truthy(text:find "t +table +{1, 2}")
    assert.is_nil(text:find "\nssl ")
    assert.is_nil(text:find "\n_ ")
  end)

  it("show the last traceback and the latest inputs", function()
    assert.equal("no error yet", shows "%tb")
    s:run "error 'oh'"
    assert.truthy(shows "%tb":find "^input:1: oh\nstack traceback:\n")
    assert.equal("one\ntwo\nthree", shows "%history")
    assert.equal("two\nthree", shows "%history 2")
    assert.equal("a count from 1 expected, got x", fails "%history x")
    assert.equal("a count from 1 expected, got 0", fails "%history 0")
  end)

  it("run files", function()
    local temp = temporary()
    local path = temp.write("a.lua", "local n = arg[1]")
    assert.is_nil(shows("%run " .. path .. " five"))
    assert.equal("five", s.env.n)
    assert.equal("name of a file expected", fails "%run")
    assert.equal("/none: No such file or directory", fails "%run /none")
    temp.remove()
  end)

  it("leave", function()
    for _, line in ipairs { "%quit", "exit", " quit " } do
      s = Session.new()
      shows(line)
      assert.is_true(s.ended)
    end
    s = Session.new()
    s.env.exit = 5
    assert.is_nil(run "exit")
  end)

  it("show help on values and names", function()
    for _, line in ipairs {
      "ssl.metrics.rankme?", "?ssl.metrics.rankme", "? rankme", "metrics.rankme?", "my.f?",
    } do
      s.env.my = { f = ssl.metrics.rankme }
      assert.truthy(shows(line):find("^ssl.metrics.rankme%("), line)
    end
    s.env.z = ssl.zeros(2, 3)
    assert.truthy(shows "z?":find "[Tt]ensor")
    assert.truthy(shows "?":find "ssl")
    assert.truthy(shows "??":find "ssl")
    s.env.n = 5
    assert.equal("5", shows "n?")
    assert.truthy(fails "ssl.metrics.rankmee?":find "rankme")
    s.env.bad = setmetatable({}, { __index = function() error "oh" end })
    assert.is_false((run "bad.x.y?"))
  end)

  it("show sources", function()
    assert.truthy(shows "ssl.metrics.rankme??"
      :find "^%-%- sslkit/metrics/rankme%.lua:%d+\n.*function")
    assert.truthy(shows "??ssl.progress":find "local function run")
    assert.equal("print is written in C", fails "print??")
    s:run "f = function() end"
    assert.equal("f was not read from a file", fails "f??")
    assert.equal("math.pi is no function", fails "math.pi??")
    assert.equal("a b is no function", fails "a b??")
  end)
end)
