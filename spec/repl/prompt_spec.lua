-- The prompt in a real terminal, with readline and without, and from a pipe.

local core = require "sslkit.core"
local shell = require "spec.shell"
local temporary = require "spec.io.temporary"
local terminal = require "spec.repl.terminal"

local START = [[lua5.4 -e 'os.exit(require("sslkit").repl{%s})']]

describe("the prompt", function()
  local temp, t
  before_each(function() temp = temporary() end)
  after_each(function()
    if t then t.close() end
    t = nil
    temp.remove()
  end)

  -- options: source of the options of ssl.repl.
  local function start(options, environment)
    environment = environment or {}
    environment.SSLKIT_HISTORY = environment.SSLKIT_HISTORY or temp.path "history"
    t = terminal(START:format(options or ""), environment)
    t.wait "leaves\n> *$"
  end

  -- Types lines, and waits for what the last one shows and the next prompt.
  local function ask(lines, expected)
    t.type(lines .. "\n")
    return t.wait(expected .. "\n> *$")
  end

  for _, editor in ipairs { "readline", "plain" } do
    local options = editor == "plain" and "edit = false" or nil

    it("runs inputs, one line or many: " .. editor, function()
      start(options)
      assert.truthy(t.screen():find "^sslkit %d+%.%d+%.%d+, Lua 5%.4%.%d+, %S+ [%d.]+, %d+ thread")
      ask("1 + 1", "> 1 %+ 1\n2")
      ask("_ + 40", "\n42")
      ask("local x = ssl.zeros(2, 2)", "2, 2%)")
      ask("x", "%[%[0., 0.%],\n %[0., 0.%]%] %(2,2%) float32")
      t.type "for i = 1, 2 do\n"
      t.wait "do\n>> *$"
      t.type "print(i * 10)\n"
      t.wait "10%)\n>> *$"
      ask("end", "end\n10\n20")
      ask("x:sun()", "\nerror: attempt to call a nil value .*")
      ask("x:matmul(1)", "\nerror: bad argument #1 to 'matmul' %(.*%)")
      ask("%tb", "stack traceback:\n.*product%.lua.*")
      ask("ssl.metrics.rankme?", "Examples\n.*")
      t.type "exit\n"
      t.wait "> exit\nended with 0"
    end)

    it("ends what runs at Ctrl-C, and clears the line: " .. editor, function()
      start(options)
      t.type "print 'started' while true do end\n"
      t.wait "\nstarted"
      t.key "C-c"
      t.wait "%^C\ninterrupted\n> *$"
      t.type "print 'again' while true do end\n"
      t.wait "\nagain"
      t.key "C-c"
      t.wait "%^C\ninterrupted\n> *$"
      t.type "half a line"
      t.wait "half a line$"
      t.key "C-c"
      t.wait "half a line[%^C]*\n> *$"
      t.type "for i = 1, 2 do\n"
      t.wait ">> *$"
      t.key "C-c"
      t.wait ">> ?[%^C]*\n> *$"
      ask("6 * 7", "> 6 %* 7\n42")
      t.key "C-d"
      t.wait "> *\nended with 0"
    end)
  end

  it("brings back inputs by the arrow keys, in a later session too", function()
    start()
    ask("1 + 1", "\n2")
    ask("'second'", '\n"second"')
    t.key("Up", "Up")
    t.wait "> 1 %+ 1$"
    t.type " + 5\n"
    t.wait "\n7\n> *$"
    t.type "for i = 1, 2 do\nprint('line ' .. i)\nend\n"
    t.wait "line 2\n> *$"
    t.key "C-d"
    t.wait "ended with 0"
    t.close()
    start()
    t.key "Up"
    t.wait "> for i = 1, 2 do\nprint%('line ' .. i%)\nend$"
    t.key "Enter"
    t.wait "line 2\n> *$"
    t.key("Up", "Up")
    t.wait "> 1 %+ 1 %+ 5$"
    t.key "Enter"
    t.wait "\n7\n> *$"
  end)

  it("completes at Tab", function()
    start()
    t.type "ssl.metr"
    t.key "Tab"
    t.wait "> ssl%.metrics$"
    t.type ".rankm"
    t.key "Tab"
    t.wait "> ssl%.metrics%.rankme$"
    t.type "(ssl.eye(4), {fu"
    t.key "Tab"
    t.wait "{full=$"
    t.type "false})\n"
    t.wait "\n4%.0\n> *$"
    t.type "z = ssl.eye(2)\n"
    t.wait "2%)\n> *$"
    t.type "z:me"
    t.key("Tab", "Tab")
    t.wait "mean +median"
    t.key "C-c"
    t.wait "\n> *$"
    t.type(("ssl.load '%s"):format(temp.path "his"))
    t.key "Tab"
    t.wait "/history$"
    t.key "C-c"
    t.wait "\n> *$"
    ask("z:sum():item()", "\n2.0")
  end)

  it("tells how long a slow input took", function()
    start "time = 0.3"
    ask("ssl.zeros(1):item()", "item%(%)\n0.0")
    t.type "local till = os.clock() + 0.4 repeat until os.clock() > till\n"
    t.wait "till\n[%d.]+ m?s\n> *$"
  end)

  it("can be left and entered again from lua5.4's own prompt, whose history stays", function()
    t = terminal("lua5.4 -i -l ssl=sslkit", { SSLKIT_HISTORY = "" })
    t.wait "> *$"
    t.type "first = 1\n"
    t.wait "= 1\n> *$"
    for _ = 1, 2 do
      t.type "ssl.repl{banner = false}\n"
      t.wait "false}\n> *$"
      t.type "x = x or ssl.ten"
      t.key "Tab"
      t.wait "ssl%.tensor$"
      t.key "C-c"
      t.wait "tensor[%^C]*\n> *$"
      t.key "C-d"
      t.wait "> *\ntrue\n> *$"
    end
    t.key("Up", "Up", "Up")
    t.wait "> first = 1$"
    t.type "\nx, _\n"
    t.wait "\nnil +nil\n> *$"
    t.key "C-d"
    t.wait "ended with 0"
  end)

  it("can be nested, and Ctrl-C at the inner prompt stays there", function()
    start()
    t.type "ssl.repl{banner = false}\n"
    t.wait "false}\n> *$"
    t.type "abc"
    t.wait "abc$"
    t.key "C-c"
    t.wait "abc[%^C]*\n> *$"
    ask("1 + 1", "\n2")
    t.key "C-d"
    t.wait "> *\ntrue\n> *$"
    t.key "C-d"
    t.wait "ended with 0"
  end)
end)

describe("the prompt from a pipe", function()
  local function pipe(text, options)
    return shell("printf %%s %s | LUA_PATH=%s LUA_CPATH=%s LD_PRELOAD=%s timeout 60 "
      .. START:format(options or ""), text, package.path, package.cpath,
      os.getenv "LD_PRELOAD" or "")
  end

  it("shows results, and no prompt", function()
    assert.same({ 0, "2\n" }, { pipe "1 + 1" })
    assert.same({ 0, "1\n2\n{3}\n" }, { pipe "for i = 1, 2 do\nprint(i)\nend\n\n{3}\n" })
    assert.same({ 0, "" }, { pipe "" })
    assert.same({ 0, "5\n" }, { pipe "5\nexit()\n6\n" })
    assert.same({ 0, "5\n" }, { pipe "5\n%quit\n6\n" })
  end)

  it("stops at the first error", function()
    assert.same({ 1, "1\nerror: oh\n" }, { pipe "1\nerror 'oh'\n2\n" })
    assert.same({ 1, "error: unexpected symbol near ')'\n" }, { pipe ")\n2\n" })
    assert.same({ 1, "error: the last input ends too early\n" }, { pipe "for i = 1, 2 do\n" })
    assert.same({ 1, "error: no command %nothing; %help lists them\n" }, { pipe "%nothing\n1" })
  end)

  it("runs a script first", function()
    local temp = temporary()
    local path = temp.write("s.lua", "local n = 7 + #arg")
    assert.same({ 0, "8\n" }, { pipe("n\n", ('script = "%s", arguments = {"x"}'):format(path)) })
    assert.same({ 1, "error: /none.lua: No such file or directory\n" },
      { pipe("1\n", 'script = "/none.lua"') })
    temp.remove()
  end)

  it("takes no options that it does not know", function()
    local ssl = require "sslkit"
    assert.raises("unknown option 'banne'", function() ssl.repl { banne = false } end)
    assert.raises("time must be a finite number", function() ssl.repl { time = "x" } end)
    assert.raises("env must be a table, got number 1", function() ssl.repl { env = 1 } end)
    assert.raises("history must be a path, got boolean", function()
      ssl.repl { history = false }
    end)
  end)
end)

describe("the editor's binding", function()
  it("checks what it is given", function()
    assert.raises("string expected, got no value", core.edit)
    assert.raises("table expected, got no value", core.edit, "> ")
    assert.is_true((core.can_edit()))
  end)
end)

describe("a private file", function()
  it("is refused with a reason", function()
    assert.same({ nil, "/proc/none/x: No such file or directory" },
      { core.append_private("/proc/none/x", "a") })
    assert.truthy(select(2, core.append_private("", "a")):find "No such file")
    assert.truthy(select(2, core.append_private("a\0b", "a")))
    assert.truthy(select(2, core.append_private("/dev/full", "a")):find "No space left")
  end)
end)
