-- Functions that pick elements and slices by position.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local function shape_of(t) return { t:shape() } end

local function longs(list) return ssl.tensor(list, "int64") end

local function bytes(list) return ssl.tensor(list, "uint8") end

describe("index", function()
  it("takes rows that are as long as a wider element, wherever they begin", function()
    local pairs_of_floats = ssl.arange(0, 4):narrow(1, 2, 5):view(2, 2) -- 4 bytes behind a 64th
    assert.same({ { 3, 4 }, { 1, 2 } }, pairs_of_floats:index(1, longs { 2, 1 }):totable())
    local fours = ssl.arange(0, 8, 1, "uint8"):narrow(1, 2, 9):view(2, 4)
    assert.same({ { 5, 6, 7, 8 }, { 1, 2, 3, 4 } }, fours:index(1, longs { 2, 1 }):totable())
  end)
end)

describe("gather and scatter", function()
  it("move one element an index, over random shapes", function()
    math.randomseed(2)
    for _ = 1, 60 do
      local shape = reference.shape(1, 3)
      local d = math.random(#shape)
      if shape[d] > 0 then
        local t = reference.strided(shape, "float32")
        local sizes = {}
        for k, n in ipairs(shape) do sizes[k] = math.random(0, k == d and 6 or n) end
        local index = ssl.randint(1, shape[d], sizes)
        local src = reference.strided(sizes, "float32", true)
        local out = t:gather(d, index)
        assert.same(sizes, shape_of(out))
        local set, add = t:clone(), t:clone()
        reference.each(sizes, function(...)
          local at = { ... }
          at[d] = index:at(...)
          assert.equal(t:at(table.unpack(at)), out:at(...))
          set:set(src:at(...), table.unpack(at))
          add:set(add:at(table.unpack(at)) + src:at(...), table.unpack(at))
        end)
        assert(reference.same(set, t:clone():scatter_(d, index, src)))
        assert(reference.same(add, t:clone():scatter_add_(d, index, src)))
        assert(reference.same(set, t:scatter_(d, index, src))) -- into a view with strides
      end
    end
  end)

  it("take a number as source, and one that is longer than the index", function()
    assert.same({ 0, 5, 0 }, ssl.zeros(3):scatter_(1, longs { 2 }, 5):totable())
    local t = ssl.zeros(3):scatter_(1, longs { 3, 2, 1 }, ssl.arange(1, 9))
    assert.same({ 3, 2, 1 }, t:totable())
    assert.same({ 0, 3 }, ssl.zeros(2, "int64"):scatter_add_(1, longs { 2, 2, 2 }, 1):totable())
  end)

  it("bear an index or source that shares the elements", function()
    local t = longs { 3, 1, 2 }
    t:scatter_(1, t, 9000000000)
    assert.same({ 9000000000, 9000000000, 9000000000 }, t:totable())
    t = longs { 2, 3, 1 }
    t:scatter_(1, t, t[{ { -1, 1, -1 } }])
    assert.same({ 2, 1, 3 }, t:totable())
    t = longs { 2, 3, 1 }
    t:scatter_add_(1, t[{ { -1, 1, -1 } }], t)
    assert.same({ 4, 4, 4 }, t:totable())
  end)

  it("are checked", function()
    local t = ssl.zeros(2, 3)
    assert.raises("#3 to 'gather' (index 4 is outside 1..3 of dimension 2)",
      function() ssl.gather(t, 2, longs { { 4 } }) end)
    assert.raises("#3 to 'gather' (index -1 is outside 1..3 of dimension 2)",
      function() ssl.gather(t, 2, longs { { -1 } }) end)
    assert.raises("index (1) int64 does not fit (2,3) float32",
      function() t:gather(1, longs { 1 }) end)
    assert.raises("index (3,1) int64 does not fit (2,3) float32",
      function() t:gather(2, longs { { 1 }, { 1 }, { 1 } }) end)
    assert.raises("#4 to 'scatter_' ((1,1) float32 does not cover the index (1,2) of float32)",
      function() ssl.scatter_(t, 2, longs { { 1, 2 } }, ssl.ones(1, 1)) end)
    assert.raises("does not cover",
      function() t:scatter_(2, longs { { 1 } }, ssl.ones(1, 1, "int64")) end)
    assert.raises("#4 to 'scatter_' (number expected, got nil)",
      function() ssl.scatter_(t, 2, longs { { 1 } }) end)
    assert.raises("float or int64 tensor expected, got (2) uint8",
      function() bytes { 1, 1 }:scatter_add_(1, longs { 1 }, 1) end)
    assert.raises("dimension 1 of a tensor with 0",
      function() ssl.tensor(1):gather(1, longs(1)) end)
  end)
end)

describe("select, narrow, diagonal, rows, at and set", function()
  it("do as the indexing forms do", function()
    local t = ssl.arange(1, 6):view(2, 3)
    assert.same({ 3, 6 }, t:select(2, 3):totable())
    assert.same({ 3, 6 }, t:select(-1, -1):totable())
    assert.same({ { 2, 3 }, { 5, 6 } }, t:narrow(2, 2, 3):totable())
    assert.same({ { 2, 3 }, { 5, 6 } }, t:narrow(-1, -2, -1):totable())
    assert.same({ 2, 0 }, shape_of(t:narrow(2, 1, 0)))
    assert.same({ 1, 5 }, t:diagonal():totable())
    assert.same({ 1, 5 }, t:t():diagonal():totable())
    assert.equal(6, t:at(2, 3))
    assert.equal(6, t:at(-1, -1))
    assert.equal(1, ssl.tensor(1):at())
    assert.equal(8, ssl.tensor(1):set(8):item())
    t:diagonal():fill_(0)
    assert.same({ { 0, 2, 3 }, { 4, 0, 6 } }, t:set(7, 1, 3):set(3, 1, 3):totable())
    local rows = {}
    for row in t:rows() do rows[#rows + 1] = row:totable() end
    assert.same(t:totable(), rows)
    local sum = 0
    for x in t[1]:rows() do sum = sum + x end
    assert.equal(5, sum)
    for _ in ssl.zeros(0, 3):rows() do error "no row was expected" end
  end)

  it("are checked", function()
    local t = ssl.zeros(2, 3)
    assert.raises("#3 to 'select' (index 4 is outside 1..3 of dimension 2)",
      function() ssl.select(t, 2, 4) end)
    assert.raises("#3 to 'narrow' (range 2..4 does not lie in 1..3 of dimension 2)",
      function() ssl.narrow(t, 2, 2, 4) end)
    for _, extreme in ipairs { math.mininteger, math.maxinteger, 1 << 62 } do
      assert.raises("does not lie in", function() t:narrow(1, extreme, 1) end)
      assert.raises("does not lie in", function() t:narrow(1, 1, extreme) end)
      assert.raises("dimension", function() t:narrow(extreme, 1, 1) end)
    end
    assert.raises("#4 to 'narrow' (whole number expected, got nil)",
      function() ssl.narrow(t, 1, 1, nil) end)
    assert.raises("#2 to 'at' (1 indices for (2,3) float32)", function() ssl.at(t, 1) end)
    assert.raises("#2 to 'at' (3 indices for (2,3) float32)", function() ssl.at(t, 1, 1, 1) end)
    assert.raises("#3 to 'at' (index 4 is outside 1..3 of dimension 2)",
      function() ssl.at(t, 1, 4) end)
    assert.raises("#2 to 'set' (number expected, got no value)", function() ssl.set(t) end)
    assert.raises("#3 to 'set' (0 indices for (2,3) float32)", function() ssl.set(t, 1) end)
    assert.raises("#1 to 'diagonal' (at least 2 dimensions expected, got (3) float32)",
      function() ssl.diagonal(ssl.ones(3)) end)
    assert.raises("#4 to 'diagonal' (dimension 2 is named twice)",
      function() ssl.diagonal(t, 0, 2, -1) end)
    assert.raises("#2 to 'diagonal' (whole number expected, got string '1')",
      function() ssl.diagonal(t, "1") end)
    assert.raises("#1 to 'rows' (a 0-dim tensor has no length)",
      function() ssl.rows(ssl.tensor(1)) end)
    assert.raises("#1 to 'rows' (tensor expected, got nil)", function() ssl.rows() end)
  end)
end)

describe("diagonal", function()
  it("has offsets, and takes any two dimensions", function()
    local t = ssl.arange(1, 12):view(3, 4)
    local want = { [-3] = {}, [-2] = { 9 }, [-1] = { 5, 10 }, [0] = { 1, 6, 11 },
      [1] = { 2, 7, 12 }, [3] = { 4 }, [4] = {}, [math.maxinteger] = {}, [math.mininteger] = {} }
    for k, list in pairs(want) do assert.same(list, t:diagonal(k):totable(), k) end
    local cube = ssl.arange(1, 12):view(2, 3, 2)
    assert.same({ { 1, 9 }, { 2, 10 } }, cube:diagonal():totable())
    assert.same({ { 1, 4 }, { 7, 10 } }, cube:diagonal(0, 2, 3):totable())
    assert.same({ { 1, 4 }, { 7, 10 } }, cube:diagonal(0, -2, -1):totable())
    assert.same({ { 1, 8 }, { 3, 10 }, { 5, 12 } }, cube:diagonal(0, 1, 3):totable())
    assert.same({ { 7 }, { 9 }, { 11 } }, cube:diagonal(1, 3, 1):totable())
    assert.same({ 2, 0 }, shape_of(cube:diagonal(0, 1, 2)[{ {}, { 1, 0 } }]))
    assert.same({ 0 }, shape_of(ssl.zeros(0, 3):diagonal(-1)))
    t:diagonal(1):fill_(0)
    assert.equal(78 - 21, t:sum():item())
  end)
end)

describe("slices by an index tensor", function()
  it("adds slices, repeated ones too", function()
    local t = ssl.zeros(2, 3)
    t:index_add_(2, longs { 1, 3, 1 }, ssl.tensor { { 1, 2, 4 }, { 10, 20, 40 } })
    assert.same({ { 5, 0, 2 }, { 50, 0, 20 } }, t:totable())
    local counts = ssl.zeros(3, "int64"):index_add_(1, longs { 1, 1 }, longs { 2, 2 })
    assert.same({ 4, 0, 0 }, counts:totable())
    local v = ssl.tensor { 1, 2 }
    v:index_add_(1, longs { 2, 1 }, v)
    assert.same({ 3, 3 }, v:totable())
    assert.raises("(2) uint8 does not go into (3) uint8",
      function() ssl.zeros(3, "uint8"):index_add_(1, longs { 1, 1 }, bytes { 1, 1 }) end)
    assert.raises("(3) float32 does not fit (2)",
      function() v:index_add_(1, longs { 1, 1 }, ssl.ones(3)) end)
  end)

  it("are set, the last of repeated ones stays", function()
    local t = ssl.zeros(2, 3)
    t:index_copy_(2, longs { 1, 3, 1 }, ssl.tensor { { 1, 2, 4 }, { 10, 20, 40 } })
    assert.same({ { 4, 0, 2 }, { 40, 0, 20 } }, t:totable())
    assert.raises("#4 to 'index_copy_' ((1) int64 does not go into (2,3) float32)",
      function() ssl.index_copy_(t, 1, longs { 1 }, longs { 1 }) end)
  end)

  it("are checked", function()
    local t = ssl.zeros(3, 2)
    assert.raises("#3 to 'index' (index 0 at 1 is outside 1..2 of dimension 2)",
      function() ssl.index(t, 2, longs { 0 }) end)
    assert.raises("index of one dimension expected, got (1,1) int64",
      function() t:index(1, longs { { 1 } }) end)
    assert.raises("int64 tensor expected, got (1) float32",
      function() t:index(1, ssl.ones(1)) end)
  end)
end)
