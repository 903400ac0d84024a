local classes = require "sslkit.metrics.engine.classes"
local core = require "sslkit.core"
local ssl = require "sslkit"

local M = ssl.metrics

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-11) end
local function ids(list) return ssl.tensor(list, "int64") end

local function data(n, d, k, seed, dtype)
  local g = ssl.generator(seed)
  return ssl.randn({ n, d }, { generator = g, dtype = dtype or "float64" }),
    ssl.randint(1, k, { n }, { generator = g }) * 7 - 20
end

-- Everything by selecting the rows of each class.
local function check_state(c, z, y, tol)
  z = z:double()
  local values, d = y:unique(), z:size(2)
  local within = ssl.zeros({ d, d }, "float64")
  assert.same(values:totable(), c.classes:totable())
  assert.same({ #z, #values, d }, { c.n, c.k, c.d })
  for i, label in ipairs(values:totable()) do
    local own = z[y:eq(label)]
    local off = own - own:mean(1)
    assert.equal(#own, c.count[i])
    near(own:mean(1), c.mean[i], tol)
    near(off:square():sum():item(), c.square[i], tol)
    within = within + off:t():matmul(off)
  end
  if c.scatter then near(within:triu(), c.scatter, tol) end
  near(z:mean(1), c:center(true), tol)
  near(c.mean:mean(1), c:center(false), tol)
end

describe("moments of classes", function()
  it("are their definition, in any blocks and shards", function()
    for seed, dtype in ipairs { "float32", "float64" } do
      local z, y = data(300, 5, 6, seed, dtype)
      local whole = classes.new(5, true):add(z, y)
      check_state(whole, z, y)
      for shards = 1, 7 do
        local parts = {}
        for s = 1, shards do parts[s] = classes.new(5, true) end
        local first, turn = 1, 0
        while first <= 300 do
          local last = math.min(first + 10 * shards + turn, 300)
          turn = turn + 1
          parts[turn % shards + 1]:add(z:narrow(1, first, last), y:narrow(1, first, last))
          first = last + 1
        end
        local c = classes.new(5, true)
        for _, part in ipairs(parts) do c:merge(part) end
        check_state(c, z, y)
      end
    end
  end)

  it("keep the digits of tight classes far away, also in blocks", function()
    local z, y = data(400, 4, 3, 5)
    local far = z * 1e-6 + 1 + y:double():unsqueeze(2)
    local c = classes.new(4, true)
    for first = 1, 400, 30 do
      local last = math.min(first + 29, 400)
      c:add(far:narrow(1, first, last), y:narrow(1, first, last))
    end
    -- far is stored to some 1e-9 of a deviation, and these are several hundred squares; from sums of
    -- raw squares not one digit would be left
    local plain = classes.new(4, true):add(z, y)
    near(plain.square, c.square * 1e12, 1e-6)
    near(plain.scatter, c.scatter * 1e12, 1e-6)
  end)

  it("have classes without rows in one of two parts", function()
    local a = classes.new(1):add(ssl.tensor { { 1 }, { 3 } }, ids { 5, 5 })
    local b = classes.new(1):add(ssl.tensor { { 10 }, { 7 } }, ids { 2, 5 })
    a:merge(b)
    assert.same({ 2, 5 }, a.classes:totable())
    assert.same({ 1, 3 }, a.count:totable())
    near({ { 10 }, { 11 / 3 } }, a.mean)
    near({ 0, 56 / 3 }, a.square)
    assert.same({ 2, 2 }, { b.k, b.n }) -- which stays as it is
    assert.equal(4, a:merge(classes.new(1)).n)
  end)

  it("feed the measures that need no more than them", function()
    local z, y = data(200, 6, 4, 8)
    local c = classes.new(6, true):add(z:narrow(1, 1, 90), y:narrow(1, 1, 90))
      :add(z:narrow(1, 91, 200), y:narrow(1, 91, 200))
    for _, name in ipairs { "fisher", "eta_squared", "calinski_harabasz" } do
      near(M[name](z, y), M[name](c))
    end
    assert.raises("no rows yet", M.eta_squared, classes.new(3))
  end)

  it("are exact for classes of one value", function()
    local c = classes.new(2):add(ssl.full({ 7, 2 }, 0.1), ids { 1, 2, 1, 2, 1, 2, 1 })
    assert.same({ 0, 0 }, c.square:totable())
    assert.equal(ssl.tensor { 0.1 }:double():item(), c.mean:at(1, 1))
  end)

  it("check what they are given", function()
    local c = classes.new(2)
    assert.raises("tensor (N,2) expected, got (1,3) float32", function()
      c:add(ssl.ones(1, 3), ids { 1 })
    end)
    assert.raises("1 labels expected", function() c:add(ssl.ones(1, 2), ids { 1, 2 }) end)
    assert.raises("row 1", function() c:add(ssl.full({ 1, 2 }, 0 / 0), ids { 1 }) end)
    assert.raises("classes of width 2 expected, got 0 classes of 0 rows of width 3", function()
      c:merge(classes.new(3))
    end)
    assert.raises("classes of width 2 expected, got 0 classes", function()
      c:merge(classes.new(2, true))
    end)
    assert.raises("classes of width 2 expected, got number 1", function() c:merge(1) end)
    assert.equal(0, c.n)
  end)
end)

describe("kernels of classes", function()
  local z, id = ssl.ones(3, 2), ids { 1, 2, 1 }

  it("refuse what would leave their memory", function()
    assert.raises("numbers in 1..1 expected", core.class_means, z, id, 1)
    assert.raises("numbers in 1..-4 expected", core.class_means, z, id, -4)
    assert.raises("contiguous (3) int64 expected, got (2) int64", core.class_means, z,
      ids { 1, 1 }, 2)
    assert.raises("float64 tensor expected", core.class_means, z, id, 2, ssl.ones(3))
    assert.raises("contiguous (3) float64 expected, got (2) float64", core.class_means, z, id, 2,
      ssl.ones(2, "float64"))
    assert.raises("contiguous (2,2) float64 expected", core.class_squares, z, id,
      ssl.ones({ 2, 3 }, "float64"))
    assert.raises("contiguous tensor (N,D)", core.row_units, ssl.ones(3))
    local sums, distance = ssl.zeros({ 2, 3 }, "float64"), ssl.ones({ 2, 2 }, "float64")
    for _, at in ipairs { { 0, 1 }, { 1, 0 }, { 3, 1 }, { 1, 3 }, { math.mininteger, 1 },
      { 1, math.maxinteger } } do
      assert.raises("the tile leaves the 3 rows", core.class_tile_add, sums, id, distance, at[1],
        at[2])
    end
    assert.raises("numbers in 1..3 expected", core.expected_information, ids { 4 }, ids { 1 },
      ids { 3 }, ids { 1 }, 3)
    assert.raises("contiguous (1) int64 expected", core.expected_information, ids { 3 }, ids {},
      ids { 3 }, ids { 1 }, 3)
  end)

  it("give zeros for a class without rows", function()
    assert.same({ { 1, 1 }, { 1, 1 }, { 0, 0 } }, core.class_means(z, id, 3):totable())
  end)
end)
