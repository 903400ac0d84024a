-- t[key] and t[key] = value: numbers, ranges, masks and index tensors.

local ssl = require "sslkit"

local nan = 0 / 0

local function shape_of(t) return { t:shape() } end

local function longs(list) return ssl.tensor(list, "int64") end

local function bytes(list) return ssl.tensor(list, "uint8") end

describe("a number", function()
  it("gives an element of a vector, a row of more", function()
    local v, m = ssl.tensor { 1, 2, 3 }, ssl.arange(1, 6):view(2, 3)
    assert.equal(1, v[1])
    assert.equal(3, v[-1])
    assert.same({ 4, 5, 6 }, m[2]:totable())
    assert.same({ 1, 2, 3 }, m[-2]:totable())
    assert.equal(6, m[2][3])
    assert.equal(3, v[3.0])
    v[2], m[1] = 9, 7
    assert.same({ 1, 9, 3 }, v:totable())
    assert.same({ 7, 7, 7 }, m[1]:totable())
    m[2] = v
    m[{ 1, -1 }] = nan
    assert.tensor_near({ { 7, 7, nan }, { 1, 9, 3 } }, m)
    assert.equal("integer", math.type(longs { 4 }[1]))
  end)

  it("is checked", function()
    local v = ssl.tensor { 1, 2, 3 }
    local function outside(i)
      return ("(index %s is outside 1..3 of dimension 1)"):format(i)
    end
    for _, i in ipairs { 0, 4, -4, math.maxinteger, math.mininteger } do
      assert.raises(outside(i), function() return v[i] end)
      assert.raises(outside(i), function() v[i] = 1 end)
    end
    assert.raises("index must be a whole number, got number 1.5", function() return v[1.5] end)
    assert.raises("index must be a whole number, got boolean true", function() return v[true] end)
    assert.raises("index must be a whole number, got number nan", function() return v[nan] end)
    assert.raises("index must be a whole number, got FILE*", function() return v[io.stdout] end)
    assert.raises("index, table, mask or int64 tensor expected, got string 'x'",
      function() v.x = 1 end)
    assert.raises("#3 to 'newindex' ((2) does not fit ())", function() v[1] = ssl.ones(2) end)
    assert.raises("(number expected, got string 'x')", function() v[1] = "x" end)
    assert.raises("(number expected, got nil)", function() v[1] = nil end)
    assert.raises("int64 has no room for number 0.5", function() longs { 1 }[1] = 0.5 end)
    assert.raises("a 0-dim tensor has no elements to index: use :item()",
      function() return ssl.tensor(1)[1] end)
    assert.raises("a 0-dim tensor cannot be indexed: use :fill_",
      function() ssl.tensor(1)[1] = 2 end)
    assert.is_nil(v.no_such_method)
  end)
end)

describe("a table", function()
  local t
  before_each(function() t = ssl.arange(1, 24):view(2, 3, 4) end)

  it("names an element by numbers alone", function()
    assert.equal(1, t[{ 1, 1, 1 }])
    assert.equal(24, t[{ -1, -1, -1 }])
    t[{ 2, 3, 4 }] = 0.5
    assert.equal(0.5, t:at(2, 3, 4))
    assert.equal(5, ssl.tensor(5)[{}])
    local scalar = ssl.tensor(5)
    scalar[{}] = 6
    assert.equal(6, scalar:item())
  end)

  it("removes what it names and keeps the rest", function()
    assert.same({ 4 }, shape_of(t[{ 2, 3 }]))
    assert.same({ 3, 4 }, shape_of(t[{ 2 }]))
    assert.same({ 2, 3, 4 }, shape_of(t[{}]))
    assert.same({ 9, 21 }, t[{ {}, 3, 1 }]:totable())
  end)

  it("takes inclusive ranges, with steps in both directions", function()
    local v = ssl.arange(1, 6)
    local function range(...) return v[{ { ... } }]:totable() end
    assert.same({ 2, 3, 4 }, range(2, 4))
    assert.same({ 1, 2, 3, 4, 5, 6 }, range())
    assert.same({ 5, 6 }, range(-2, -1))
    assert.same({ 1, 3, 5 }, range(1, 6, 2))
    assert.same({ 2, 5 }, range(2, 6, 3))
    assert.same({ 6, 5, 4, 3, 2, 1 }, range(-1, 1, -1))
    assert.same({ 6, 3 }, range(6, 1, -3))
    assert.same({ 4 }, range(4, 4))
    assert.same({ 4 }, range(4, 4, -7))
    assert.same({}, range(3, 2))
    assert.same({}, range(7, 6))
    assert.same({}, range(1, 0))
    assert.same({}, range(2, 3, -1))
    assert.same({ 1 }, range(1, 6, math.maxinteger))
    assert.same({ 6 }, range(6, 1, math.mininteger))
    assert.same({ { 10, 12 }, { 6, 8 }, { 2, 4 } }, t[{ 1, { -1, 1, -1 }, { 2, 4, 2 } }]:totable())
  end)

  it("assigns to what it names, with broadcasting", function()
    t[{ {}, 1, { 1, 2 } }] = 0
    t[{ 1, {}, 4 }] = ssl.tensor { -1, -2, -3 }
    t[{ 2, { 3, 1, -2 } }] = ssl.tensor { { 5 }, { 6 } }
    assert.same({
      { { 0, 0, 3, -1 }, { 5, 6, 7, -2 }, { 9, 10, 11, -3 } },
      { { 6, 6, 6, 6 }, { 17, 18, 19, 20 }, { 5, 5, 5, 5 } },
    }, t:totable())
    t[{}] = 1
    assert.equal(24, t:sum():item())
    assert.raises("(3) does not fit (2,4)", function() t[{ {}, 1 }] = ssl.ones(3) end)
    assert.raises("(2) int64 does not go into (2,3,4) float32 (convert with :to)",
      function() t[1] = ssl.ones(2, "int64") end)
  end)

  it("may read what it writes", function()
    local v = ssl.arange(1, 5)
    v[{ { 2, 5 } }] = v[{ { 1, 4 } }]
    assert.same({ 1, 1, 2, 3, 4 }, v:totable())
    v[{}] = v[{ { -1, 1, -1 } }]
    assert.same({ 4, 3, 2, 1, 1 }, v:totable())
    local m = ssl.arange(1, 4):view(2, 2)
    m[{}] = m:t()
    assert.same({ { 1, 3 }, { 2, 4 } }, m:totable())
  end)

  it("is checked", function()
    assert.raises("4 indices for (2,3,4) float32", function() return t[{ 1, 1, 1, 1 }] end)
    assert.raises("index 5 is outside 1..4 of dimension 3", function() return t[{ 1, {}, 5 }] end)
    assert.raises("range 2..9 by 1 does not lie in 1..4 of dimension 3",
      function() return t[{ 1, 1, { 2, 9 } }] end)
    assert.raises("range 1..3 by 0 does not lie in", function() return t[{ { 1, 3, 0 } }] end)
    assert.raises("range 5..3 by 1 does not lie in 1..2", function() return t[{ { 5, 3 } }] end)
    assert.raises("does not lie in", function() return t[{ { math.mininteger, 1 } }] end)
    assert.raises("does not lie in", function() return t[{ { 1, math.maxinteger } }] end)
    assert.raises("a range is {}, {first, last} or {first, last, step}; got 1 numbers",
      function() return t[{ { 1 } }] end)
    assert.raises("got 4 numbers", function() return t[{ { 1, 1, 1, 1 } }] end)
    assert.raises("a range is made of whole numbers, got number 1.5",
      function() return t[{ { 1, 1.5 } }] end)
    assert.raises("a range is made of whole numbers, got string '2'",
      function() return t[{ { 1, "2" } }] end)
    assert.raises("indices and ranges expected, got a table with the key string 'first'",
      function() return t[{ { first = 1 } }] end)
    assert.raises("indices and ranges expected, got a table with the key string 'dim'",
      function() return t[{ dim = 1 }] end)
    assert.raises("a range is made of whole numbers, got table",
      function() return t[{ { { 1 }, 2 } }] end)
    assert.raises("index must be a whole number, got boolean true",
      function() return t[{ true }] end)
  end)
end)

describe("a mask", function()
  it("picks elements, or what its leading dimensions name", function()
    local t = ssl.arange(1, 6):view(3, 2)
    assert.same({ 3, 4, 5, 6 }, t[t:gt(2)]:totable())
    assert.same({ 3, 4, 5, 6 }, t:masked_select(t:gt(2)):totable())
    assert.same({ { 1, 2 }, { 5, 6 } }, t[bytes { 1, 0, 7 }]:totable())
    assert.same({ 0, 2 }, shape_of(t[bytes { 0, 0, 0 }]))
    assert.same({ 0 }, shape_of(ssl.zeros(0)[ssl.zeros(0, "uint8")]))
  end)

  it("assigns a number, a row, or as many as it picks", function()
    local t = ssl.arange(1, 6):view(3, 2)
    t[t:gt(4)] = 0
    assert.same({ { 1, 2 }, { 3, 4 }, { 0, 0 } }, t:totable())
    t[bytes { 1, 0, 1 }] = ssl.tensor { 8, 9 }
    assert.same({ { 8, 9 }, { 3, 4 }, { 8, 9 } }, t:totable())
    t[t:ge(8)] = ssl.arange(1, 4)
    assert.same({ { 1, 2 }, { 3, 4 }, { 3, 4 } }, t:totable())
    t[bytes { 0, 0, 0 }] = 5
    assert.equal(17, t:sum():item())
    local m = bytes { 1, 0, 1 }
    m[m] = 0
    assert.same({ 0, 0, 0 }, m:totable())
  end)

  it("must fit", function()
    local t = ssl.zeros(3, 2)
    assert.raises("mask (2) uint8 does not fit (3,2) float32",
      function() return t[bytes { 1, 0 }] end)
    assert.raises("does not fit", function() return t[ssl.zeros(3, 2, 1, "uint8")] end)
    assert.raises("mask () uint8 does not fit (3,2) float32", function() return t[bytes(1)] end)
    assert.raises("1 indices for () float32", function() return ssl.tensor(1)[bytes(1)] end)
    assert.raises("(3) does not fit (2,2)",
      function() t[bytes { 1, 0, 1 }] = ssl.zeros(3) end)
    assert.raises("#2 to 'masked_select' (uint8 tensor expected, got (3) float32)",
      function() ssl.masked_select(t, ssl.ones(3)) end)
  end)

  it("tells where it is not 0", function()
    assert.same({ { 1, 2 }, { 2, 1 } }, bytes { { 0, 1 }, { 3, 0 } }:nonzero():totable())
    assert.same({ 0, 2 }, shape_of(ssl.zeros(3, 4, "uint8"):nonzero()))
    assert.same({ 1, 0 }, shape_of(bytes(1):nonzero()))
    assert.same({ { 1, 2 }, { 2, 1 } }, bytes { { 0, 3 }, { 1, 0 } }:t():t():nonzero():totable())
    assert.same({ { 2 }, { 3 } }, ssl.tensor { 0, nan, 2, -0.0 }:nonzero():totable())
    assert.same({ { 1 } }, longs { -1, 0 }:nonzero():totable())
    assert.raises("#1 to 'nonzero' (tensor expected, got nil)", function() ssl.nonzero() end)
  end)
end)

describe("an index tensor", function()
  it("picks slices of the first dimension, or of any", function()
    local t = ssl.arange(1, 6):view(3, 2)
    assert.same({ { 5, 6 }, { 1, 2 }, { 5, 6 } }, t[longs { 3, 1, -1 }]:totable())
    assert.same({ { 2, 2, 1 }, { 4, 4, 3 }, { 6, 6, 5 } }, t:index(2, longs { 2, -1, 1 }):totable())
    assert.same({ 0, 2 }, shape_of(t[longs {}]))
    assert.same({ 3, 1 }, ssl.arange(1, 3)[longs { 3, 1 }]:totable())
    assert.same({ 0, 0 }, shape_of(ssl.zeros(4, 0):index(1, longs {})))
  end)

  it("assigns slices; the last of repeated ones stays", function()
    local t = ssl.zeros(3, 2)
    t[longs { 3, 1 }] = ssl.tensor { { 1, 2 }, { 3, 4 } }
    assert.same({ { 3, 4 }, { 0, 0 }, { 1, 2 } }, t:totable())
    t[longs { 2, -2 }] = ssl.tensor { { 5, 5 }, { 6, 6 } }
    assert.same({ 6, 6 }, t[2]:totable())
    t[longs { 1, 2 }] = 0
    assert.equal(3, t:sum():item())
    local i = longs { 2, 3, 1 }
    i[i] = longs { 10, 20, 30 }
    assert.same({ 30, 10, 20 }, i:totable())
  end)

  it("of any shape gives that shape and the rest", function()
    local t = ssl.arange(1, 6):view(3, 2)
    assert.same({ { { 1, 2 }, { 5, 6 } } }, t[longs { { 1, 3 } }]:totable())
    assert.same({ 3, 4 }, t[longs(-2)]:totable())
    assert.same({}, shape_of(ssl.arange(1, 3)[longs(2)]))
    assert.same({ 2, 0, 2 }, shape_of(t[ssl.zeros(2, 0, "int64")]))
    t[longs { { 1 }, { 3 } }] = ssl.tensor { { { 7, 8 } }, { { 9, 10 } } }
    assert.same({ { 7, 8 }, { 3, 4 }, { 9, 10 } }, t:totable())
    t[longs(2)] = 0
    assert.equal(34, t:sum():item())
  end)

  it("is checked", function()
    local t = ssl.zeros(3, 2)
    assert.raises("to 'index' (index 4 at 2 is outside 1..3 of dimension 1)",
      function() return t[longs { 1, 4 }] end)
    assert.raises("to 'index' (index -3 at (2,1) is outside 1..2 of dimension 2)",
      function() return t[{ {}, longs { { 1 }, { -3 } } }] end)
    assert.raises("to 'index' (index 0 is outside 1..3 of dimension 1)",
      function() return t[longs(0)] end)
    assert.raises("to 'newindex' (index 9 at 1 is outside 1..2 of dimension 2)",
      function() t[{ 1, longs { 9 } }] = 1 end)
    for _, i in ipairs { math.maxinteger, math.mininteger } do
      assert.raises("is outside 1..3 of", function() return t[longs { i }] end)
    end
    assert.raises("int64 index or uint8 mask expected, got (1) float32",
      function() return t[ssl.ones(1)] end)
    assert.raises("outside 1..0", function() return ssl.zeros(0)[longs { 1 }] end)
    for _, put in ipairs { false, true } do
      local zero = ssl.tensor(1)
      assert.raises("1 indices for () float32", function()
        if put then zero[longs { 1 }] = 2 else return zero[longs { 1 }] end
      end)
    end
  end)
end)
