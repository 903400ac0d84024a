local show = require "sslkit.repl.show"
local ssl = require "sslkit"

describe("show", function()
  it("writes plain values as Lua does, strings in quotes", function()
    for expected, v in pairs {
      ["1"] = 1, ["0.5"] = 0.5, ["true"] = true, ["inf"] = math.huge, ["nan"] = 0 / 0,
      ['"a\\nb"'] = "a\nb", ['"é"'] = "é", ['"\\xFF\\x00\\"\\\\"'] = '\xff\0"\\',
      ['"\\x1B[31m"'] = "\27[31m",
    } do
      assert.equal(expected, show.value(v))
    end
    assert.equal("nil", show.value(nil))
    assert.equal("nan", show.value(-(0 / 0)))
  end)

  it("cuts long strings between characters", function()
    local shown = show.value(("é"):rep(1000))
    assert.truthy(shown:find('é"... (2000 bytes)', 1, true))
    assert.is_truthy(utf8.len(shown))
    assert.is_true(#show.value(("x"):rep(1e6)) < 1100)
    assert.equal('"' .. ("x"):rep(1000) .. '"', show.value(("x"):rep(1000)))
  end)

  it("writes short tables on one line, keys in order", function()
    assert.equal("{}", show.value {})
    assert.equal("{1, 2, name = \"x\"}", show.value { 1, 2, name = "x" })
    assert.equal('{b = 1, ["end"] = 2, ["no name"] = 3, [true] = 4, [2.5] = 5}',
      (show.value({ b = 1, ["end"] = 2, ["no name"] = 3, [true] = 4, [2.5] = 5 })
        :gsub("^{%[2%.5%] = 5, (.*)}$", "{%1, [2.5] = 5}")))
    assert.equal("{nil, 2}", show.value({ nil, 2 }))
    assert.equal("{10, [-1] = 3, [2^53] = 4}",
      (show.value { 10, [-1] = 3, [2 ^ 53] = 4 }:gsub("9007199254740992", "2^53")))
  end)

  it("breaks long ones into lines of the given width", function()
    local list = {}
    for i = 1, 30 do list[i] = i * 1000 end
    local shown = show.value(list, 40)
    for line in shown:gmatch "[^\n]+" do assert.is_true(#line <= 40, line) end
    assert.truthy(shown:find("{\n  1000, 2000, 3000, 4000, 5000, 6000,\n  7000", 1, true), shown)
    assert.equal('{\n  alpha = "' .. ("a"):rep(20) .. '",\n  beta = {1, 2}\n}',
      show.value({ alpha = ("a"):rep(20), beta = { 1, 2 } }, 30))
    assert.equal("string", type(show.value({ { { "x" } } }, 1)))
  end)

  it("stops: at depth, at length, at itself", function()
    local t = { 1 }
    t.self = t
    assert.equal("{1, self = <itself>}", show.value(t))
    assert.equal("{{{{{...}}}}}", show.value { { { { { 1 } } } } })
    local twice = { 1 }
    assert.equal("{{1}, {1}}", show.value { twice, twice })
    local long = {}
    for i = 1, 1e5 do long[i] = { i, { i } } end
    local shown = show.value(long)
    assert.truthy(shown:find "%.%.%. 99%d%d%d more", shown)
    assert.is_true(#shown < 2e4)
    local keys = {}
    for i = 1, 100 do keys["k" .. i] = i end
    assert.truthy(show.value(keys):find("... 60 more", 1, true))
  end)

  it("shows tensors and objects as they print, and inside of tables in one line", function()
    local z = ssl.zeros(2, 3)
    assert.equal(tostring(z), show.value(z))
    assert.equal("{z = tensor (2,3) float32}", show.value { z = z })
    assert.equal("{2.0 (0-dim)}", show.value { ssl.tensor(2.0) })
    local net = ssl.nn.mlp { sizes = { 3, 4 } }
    assert.equal(tostring(net), show.value(net))
    assert.equal("{<Sequential>}", show.value { net })
  end)

  it("names functions by their arguments and place, modules by what they hold", function()
    assert.truthy(show.value(function(a, b, ...) return a, b, ... end)
      :find "^function%(a, b, %.%.%.%) <spec/repl/show_spec%.lua:%d+>$")
    assert.equal("function: builtin", show.value(print))
    assert.truthy(show.value(ssl.metrics.rankme):find(" <sslkit/metrics/rankme.lua:", 1, true))
    assert.truthy(show.value(math):find "^module math: abs acos ")
    assert.truthy(show.value(ssl):find "^module sslkit: abs .* metrics .* zeros_like$")
    assert.equal("{<module math>}", show.value { math })
  end)

  it("never raises, whatever metamethods do", function()
    local function raise() error "oh" end
    local meta = {}
    for name in ("tostring index pairs len eq lt name call concat"):gmatch "%a+" do
      meta["__" .. name] = raise
    end
    local bad = setmetatable({ 1 }, meta)
    assert.equal("<table: error in __tostring: spec/repl/show_spec.lua",
      show.value(bad):match "^[^:]*: [^:]*: [^:]*")
    assert.truthy(show.value({ [bad] = bad }):find("error in __tostring", 1, true))
    meta.__tostring = function() return nil end
    assert.truthy(show.value(bad):find "must return a string")
    meta.__tostring = function() error(nil) end
    assert.equal("<table: error in __tostring: nil>", show.value(bad))
    meta.__tostring = nil
    assert.equal("{1}", show.value(bad))
    assert.equal("{1}", show.value(setmetatable({ 1 }, { __metatable = "locked" })))
    assert.truthy(show.value(io.stdout):find "^file ")
    assert.truthy(show.value(coroutine.create(print)):find "^thread: ")
  end)

  it("puts several values on one line where they fit", function()
    assert.equal("1  nil  \"x\"", show.values(table.pack(1, nil, "x")))
    assert.equal(tostring(ssl.zeros(2, 2)) .. "\n3", show.values(table.pack(ssl.zeros(2, 2), 3)))
    assert.equal("nil  nil", show.values(table.pack(nil, nil)))
    assert.equal("12345\n67890", show.values(table.pack(12345, 67890), 10))
  end)

  it("is there for everyone", function()
    assert.equal('{1, "two"}', ssl.repl.show { 1, "two" })
    assert.raises("width must be a whole number", function() ssl.repl.show({}, "x") end)
  end)
end)
