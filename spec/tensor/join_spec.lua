-- Tensors put together, cut apart, and repeated.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local function shape_of(t) return { t:shape() } end

local function tables(list)
  local out = {}
  for i, t in ipairs(list) do out[i] = t:totable() end
  return out
end

describe("cat and stack", function()
  it("join along a dimension that is there, or a new one", function()
    local a, b = ssl.tensor { { 1, 2 } }, ssl.tensor { { 3, 4 }, { 5, 6 } }
    assert.same({ { 1, 2 }, { 3, 4 }, { 5, 6 } }, ssl.cat({ a, b }):totable())
    assert.same({ { 3, 4, 3, 5 }, { 5, 6, 4, 6 } }, ssl.cat({ b, b:t() }, 2):totable())
    assert.same({ { 3, 4, 3, 5 }, { 5, 6, 4, 6 } }, ssl.cat({ b, b:t() }, -1):totable())
    assert.same({ 3, 2 }, shape_of(ssl.cat { a, ssl.zeros(0, 2), b }))
    assert.same({ 2, 2, 2 }, shape_of(ssl.stack { b, b }))
    local c, d = ssl.tensor { 1, 2 }, ssl.tensor { 3, 4 }
    assert.same({ { 1, 3 }, { 2, 4 } }, ssl.stack({ c, d }, 2):totable())
    assert.same({ { 1, 3 }, { 2, 4 } }, ssl.stack({ c, d }, -1):totable())
    assert.same({ 7, 8 }, ssl.stack { ssl.tensor(7), ssl.tensor(8) }:totable())
    local one = ssl.cat { a }
    one:fill_(9)
    assert.tensor_near({ { 1, 2 } }, a)
  end)

  it("name the part that does not fit", function()
    local a = ssl.zeros(1, 2)
    assert.raises("#1 to 'cat' (an empty list has nothing to join)", function() ssl.cat {} end)
    assert.raises("#1 to 'stack' (an empty list has nothing to join)", function() ssl.stack {} end)
    assert.raises("#1 to 'cat' (table expected, got tensor (1,2) float32)",
      function() ssl.cat(a, a) end)
    assert.raises("#1 to 'cat' (tensor expected in the list at 2, got number 3)",
      function() ssl.cat { a, 3 } end)
    assert.raises("#1 to 'stack' (tensor in the list at 2 expected, got number 3)",
      function() ssl.stack { a, 3 } end)
    assert.raises("(2,3) float32 at 2 does not join (1,2) float32 along dimension 1",
      function() ssl.cat { a, ssl.zeros(2, 3) } end)
    assert.raises("(1,2) int64 at 2 does not join (1,2) float32",
      function() ssl.cat { a, a:long() } end)
    assert.raises("(2) float32 at 2 does not join", function() ssl.cat { a, ssl.zeros(2) } end)
    assert.raises("0-dim tensors cannot be joined: use stack",
      function() ssl.cat { ssl.tensor(1) } end)
    assert.raises("#2 to 'cat' (dimension 3 of a tensor with 2)", function() ssl.cat({ a }, 3) end)
    local wide = ssl.ones(1):expand(1 << 58)
    local many = {}
    for i = 1, 40 do many[i] = wide end
    assert.raises("#1 to 'cat' (too many elements)", function() ssl.cat(many) end)
  end)
end)

describe("split and chunk", function()
  it("cut into views", function()
    local t = ssl.arange(1, 10):view(5, 2)
    local parts = t:split(2)
    assert.same({ { { 1, 2 }, { 3, 4 } }, { { 5, 6 }, { 7, 8 } }, { { 9, 10 } } }, tables(parts))
    assert.same({ { { 1 }, { 3 }, { 5 }, { 7 }, { 9 } }, { { 2 }, { 4 }, { 6 }, { 8 }, { 10 } } },
      tables(t:split(1, -1)))
    assert.same({ { { 1, 2 } }, {}, { { 3, 4 }, { 5, 6 }, { 7, 8 }, { 9, 10 } } },
      tables(t:split { 1, 0, 4 }))
    assert.equal(1, #t:split(math.maxinteger))
    parts[3]:zero_()
    assert.equal(0, t[5]:sum():item())
    assert.same({ {} }, tables(ssl.zeros(0):split(3)))
    assert.same({}, ssl.zeros(0):split {})
    local shapes = {}
    for i, part in ipairs(ssl.zeros(3, 7):chunk(3, 2)) do shapes[i] = part:size(2) end
    assert.same({ 3, 3, 1 }, shapes)
    assert.equal(4, #ssl.zeros(4):chunk(9))
    assert.equal(1, #ssl.zeros(0):chunk(3))
  end)

  it("are checked", function()
    local t = ssl.zeros(5, 2)
    assert.raises("#2 to 'split' (size must be at least 1, got 0)", function() ssl.split(t, 0) end)
    assert.raises("#2 to 'split' (size must be a whole number, got nil)",
      function() ssl.split(t) end)
    assert.raises("#2 to 'split' (size must be at least 0, got -1)",
      function() ssl.split(t, { 5, -1 }) end)
    assert.raises("#2 to 'split' (the sizes make 4, and dimension 1 has 5)",
      function() ssl.split(t, { 3, 1 }) end)
    assert.raises("#2 to 'split' (the sizes make more than the 2 of dimension 2)",
      function() ssl.split(t, { 3 }, 2) end)
    assert.raises("#3 to 'split' (dimension 3 of a tensor with 2)",
      function() ssl.split(t, 1, 3) end)
    assert.raises("a table of views needs", function() ssl.zeros(1 << 40, 0):split(1) end)
    assert.raises("dimension 1 of a tensor with 0", function() ssl.tensor(1):chunk(1) end)
    assert.raises("#2 to 'chunk' (n must be in 1..inf, got 0)", function() ssl.chunk(t, 0) end)
  end)
end)

describe("repeat_tensor", function()
  it("tiles, over random shapes", function()
    math.randomseed(8)
    for _ = 1, 60 do
      local shape = reference.shape(0, 3)
      local t = reference.strided(shape, "int64", true)
      local times = {}
      for d = 1, math.random(0, 4) do times[d] = math.random(0, 3) end
      local n = math.max(#shape, #times)
      local out = t:repeat_tensor(times)
      local want = {}
      for d = 1, n do
        want[d] = (shape[d - n + #shape] or 1) * (times[d - n + #times] or 1)
      end
      assert.same(want, shape_of(out))
      reference.each(want, function(...)
        local from = {}
        for d, i in ipairs { ... } do
          if d > n - #shape then from[#from + 1] = (i - 1) % shape[d - n + #shape] + 1 end
        end
        assert.equal(t:at(table.unpack(from)), out:at(...))
      end)
      out:fill_(0) -- nothing is shared
    end
    assert.same({ 1, 2, 1, 2 }, ssl.tensor { 1, 2 }:repeat_tensor(2):totable())
    assert.same({ 1, 1, 1 }, ssl.tensor(1):repeat_tensor(3):totable())
    local t = ssl.ones(2)
    assert.not_equal(t, t:repeat_tensor())
  end)

  it("is checked", function()
    local t = ssl.zeros(2)
    assert.raises("#2 to 'repeat_tensor' (times must be in 0..inf, got -1)",
      function() ssl.repeat_tensor(t, -1) end)
    assert.raises("#3 to 'repeat_tensor' (times must be a whole number, got string 'x')",
      function() ssl.repeat_tensor(t, 1, "x") end)
    assert.raises("#3 to 'repeat_tensor' (numbers or one table expected, got a table and number 2)",
      function() ssl.repeat_tensor(t, { 1 }, 2) end)
    assert.raises("9 dimensions; at most 8",
      function() t:repeat_tensor { 1, 1, 1, 1, 1, 1, 1, 1, 1 } end)
    assert.raises("MiB", function() t:repeat_tensor(1 << 40) end)
    assert.raises("does not expand to", function() ssl.zeros(0, 2):repeat_tensor(1 << 62) end)
    assert.raises("MiB", function() ssl.ones(1):expand(1 << 40):repeat_tensor(2) end)
  end)
end)

describe("roll", function()
  it("shifts round", function()
    local t = ssl.arange(1, 6):view(2, 3)
    assert.same({ { 6, 1, 2 }, { 3, 4, 5 } }, t:roll(1):totable())
    assert.same({ { 2, 3, 4 }, { 5, 6, 1 } }, t:roll(-1):totable())
    assert.same({ { 3, 1, 2 }, { 6, 4, 5 } }, t:roll(1, 2):totable())
    assert.same({ { 5, 6, 4 }, { 2, 3, 1 } }, t:roll({ 1, -1 }, { 1, 2 }):totable())
    assert.same({ { 3, 1, 2 }, { 6, 4, 5 } }, t:roll({ 2, 2 }, { 2, -1 }):totable()) -- 4 in all
    assert.same({ { 1, 2, 3 }, { 4, 5, 6 } }, t:roll(math.mininteger + 2, 2):totable())
    assert.same({ 0, 3 }, shape_of(ssl.zeros(0, 3):roll(1, 1)))
    assert.equal(5, ssl.tensor(5):roll(2):item())
    local same = t:roll(0)
    same:fill_(0)
    assert.equal(21, t:sum():item())
    assert.raises("#3 to 'roll' (as many dimensions as shifts expected, got 2 and 1)",
      function() ssl.roll(t, 1, { 1, 2 }) end)
    assert.raises("#2 to 'roll' (shift must be a whole number, got number 0.5)",
      function() ssl.roll(t, 0.5) end)
    assert.raises("#3 to 'roll' (dimension 3 of a tensor with 2)",
      function() ssl.roll(t, 1, 3) end)
    assert.raises("MiB", function() ssl.ones(1):expand(1 << 40):roll(1) end)
  end)
end)
