local source = require "sslkit.repl.source"
local tokens = require "sslkit.repl.tokens"

local function run(text, env)
  local f, kind = assert(source.compile(text, env or setmetatable({}, { __index = _G })))
  return kind, f()
end

describe("tokens", function()
  local function kinds(text)
    local list = {}
    for i, token in ipairs(tokens.split(text)) do
      list[i] = token.kind:sub(1, 1) .. (token.open and "!" or "") .. ":" .. token.text
    end
    return table.concat(list, " ")
  end

  it("are cut as Lua cuts them", function()
    assert.equal('n:a m:. n:b m:: n:c m:{ s:"x" m:, n:d m:= n:0x1F.8p-3 m:}',
      kinds 'a.b:c{"x", d = 0x1F.8p-3}')
    assert.equal("n:x m:.. n:y m:... m:~= m:// m::: k:end", kinds "x..y...~=//::end")
    assert.equal("n:1 m:.. n:2.5e-3 n:.5 m:- n:7", kinds "1 ..2.5e-3 .5-7")
    assert.equal("s:'a\\'b' s:[==[ ]] ]==] c:-- to the end n:x",
      kinds "'a\\'b' [==[ ]] ]==] -- to the end\nx")
  end)

  it("may be unfinished", function()
    assert.equal('n:f s!:"abc', kinds 'f "abc')
    assert.equal('s!:"abc n:d', kinds '"abc\nd')
    assert.equal("s!:[[ x\ny", kinds "[[ x\ny")
    assert.equal("c!:--[[ x", kinds "--[[ x")
    assert.equal("c!:-- x", kinds "-- x")
    assert.equal('s!:"a\\', kinds '"a\\')
    assert.equal("", kinds " \n\t ")
  end)

  it("stand where they say", function()
    local text = "  local é = 'ü'"
    for _, token in ipairs(tokens.split(text)) do
      assert.equal(token.text, text:sub(token.from, token.to))
    end
  end)
end)

describe("source", function()
  it("takes expressions, with = in front, and statements", function()
    assert.same({ "value", 3 }, { run "1 + 2" })
    assert.same({ "value", 3 }, { run "=1 + 2" })
    assert.same({ "value", 3 }, { run "  = 1 + 2 -- three" })
    assert.same({ "value", 1, 2 }, { run "1, 2" })
    assert.same({ "value" }, { run "" })
    assert.same({ "value" }, { run "-- nothing" })
    assert.same({ "value", 7 }, { run "do return 7 end" })
    local env = {}
    assert.same({ "value" }, { run("x = 5", env) })
    assert.equal(5, env.x)
  end)

  it("is quiet where a ; ends an expression", function()
    assert.same({ "quiet", 3 }, { run "1 + 2;" })
    assert.same({ "quiet", 3 }, { run "1 + 2 ;  " })
    assert.same({ "value", ";" }, { run "';'" })
  end)

  it("keeps all results, nil at the end too", function()
    assert.equal(3, select("#", run "nil, nil") )
    assert.equal(2, select("#", run "(nil)"))
  end)

  it("asks for more lines where the end is missing", function()
    for _, text in ipairs { "for i = 1, 3 do", "f(", "{", "1 +", "x =", "if x then", "[[ab", "--[[",
      "function f()", "return {", "ssl.load{\n  a = 1," } do
      local f, message = source.compile(text, {})
      assert.is_nil(f)
      assert.is_nil(message, text)
    end
  end)

  it("says what is wrong", function()
    for text, problem in pairs {
      ["x = = 1"] = "unexpected symbol near '='", ["end"] = "near 'end'", ["1 2"] = "near '1'",
      ['"abc'] = 'unfinished string', ["goto x"] = "no visible label 'x'",
      ["f(1))"] = "near ')'", ["1) + (2"] = "near '1'",
    } do
      local f, message = source.compile(text, {})
      assert.is_nil(f)
      assert.truthy(message:find(problem, 1, true), message)
      assert.truthy(message:find "^input:1: ", message)
    end
  end)

  it("is where an error's position points, with the name of the function", function()
    local f = assert(source.compile("tonumber('1', 99)", _G))
    local _, message = pcall(f)
    assert.equal("input:1: bad argument #2 to 'tonumber' (base out of range)", message)
    f = assert(source.compile("\n\nerror('x')", _G))
    assert.equal("input:3: x", select(2, pcall(f)))
  end)
end)

describe("a session's locals", function()
  local keep = source.keep_locals

  it("stay as variables when they are outermost", function()
    local function same(expected, text)
      assert.equal(expected, (keep(text):gsub("^ +", "")))
      assert.is_truthy(load(keep(text)), text)
    end
    same("x = 1", "local x = 1")
    same("a, b = f()", "local a, b = f()")
    same("a , b  = 1, 2", "local a <const>, b <const> = 1, 2")
    same("function f() end", "local function f() end")
    same("x = nil", "local x")
    same("x, y = nil x = 2", "local x, y x = 2")
    same("x = nil;  y = 2", "local x; local y = 2")
    same("x = {} -- local y", "local x = {} -- local y")
    same("s = 'local x'", "s = 'local x'")
  end)

  it("stay local inside of blocks, and where they are to be closed", function()
    for _, text in ipairs {
      "do local x = 1 end", "for i = 1, 3 do local x = i end", "while true do local x end",
      "if a then local x = 1 else local y = 2 end", "repeat local x = 1 until x",
      "f(function() local x = 1 end)", "local x <close> = f()", "t = { function() local y end }",
    } do
      assert.equal(text, keep(text))
    end
    assert.equal("do local x end  y = 1", (keep "do local x end local y = 1":gsub("  +", "  ")))
  end)

  it("keep the numbers of the lines", function()
    local f = load(keep "local a = 1\nlocal b\nlocal function g() end\nerror 'here'", "=x", "t", {
      error = error,
    })
    assert.raises("x:4: here", f)
  end)

  it("are left alone in code that is none", function()
    for _, text in ipairs {
      "local", "local 1", "local x <", "local x,", "local function", "locally = 1",
    } do
      assert.equal("string", type(keep(text)))
      assert.equal(load(text) ~= nil, load(keep(text)) ~= nil, text)
    end
  end)
end)
