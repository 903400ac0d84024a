-- Matrix products, beside a triple loop.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local nan, inf = 0 / 0, math.huge

local function shape_of(t) return { t:shape() } end

-- [m,k] x [k,n] by three loops over a float64 copy.
local function loops(a, b)
  local x, y, out = a:double():totable(), b:double():totable(), {}
  local n = b:size(2)
  for i = 1, a:size(1) do
    out[i] = {}
    for j = 1, n do
      local s = 0.0
      for k = 1, b:size(1) do s = s + x[i][k] * y[k][j] end
      out[i][j] = s
    end
  end
  return out
end

-- Rounding of k products that add up to at most their absolute sum: k eps |a| |b|.
local function tolerance(a, b)
  local eps = a:dtype() == "float32" and 2.0 ^ -24 or 2.0 ^ -53
  local bound = a:numel() * b:numel() == 0 and 1 or (a:abs():amax() * b:abs():amax()):item()
  return 2 * (a:size(-1) + 1) ^ 2 * eps * (bound + 1e-300)
end

describe("matmul", function()
  it("is the triple loop, for matrices that lie in any way", function()
    math.randomseed(6)
    for round = 1, 150 do
      local dtype = round % 2 == 0 and "float32" or "float64"
      local m, k, n = math.random(0, 20), math.random(0, 20), math.random(0, 20)
      local a = reference.strided({ m, k }, dtype, true)
      local b = reference.strided({ k, n }, dtype, true)
      local way = math.random(4) -- plain and transposed, as the BLAS reads them without a copy
      if way == 1 then a, b = a:clone(), b:t():clone():t()
      elseif way == 2 then a, b = a:t():clone():t(), b:clone()
      elseif way == 3 then a, b = a:t():clone():t(), b:t():clone():t() end
      local out = a:matmul(b)
      assert.same({ m, n }, shape_of(out))
      assert.equal(dtype, out:dtype())
      assert.is_true(out:is_contiguous())
      assert.tensor_near(loops(a, b), out, tolerance(a, b))
      assert.tensor_near(loops(a, b), ssl.matmul(a, b, { out = ssl.full({ m, n }, nan, dtype) }),
        tolerance(a, b))
    end
  end)

  it("takes parts of larger matrices as they lie", function()
    local big = ssl.randn(30, 40)
    local a, b = big[{ { 3, 12 }, { 5, 20 } }], big[{ { 11, 26 }, { 31, 40 } }]
    assert.tensor_near(loops(a, b), a:matmul(b), tolerance(a, b))
    assert.tensor_near(loops(b:t(), a:t()), b:t():matmul(a:t()), tolerance(b:t(), a:t()))
    local every = big[{ { 1, 29, 2 }, { 1, 40, 3 } }]
    assert.tensor_near(loops(every, every:t()), every:matmul(every:t()), tolerance(every, every))
    local row, column = big[{ { 4, 4 } }], big[{ {}, { 7, 7 } }]
    assert.tensor_near(loops(row, row:t()), row:matmul(row:t()), tolerance(row, row))
    assert.tensor_near(loops(column, row), column:matmul(row), tolerance(column, row))
    local square = column:t():matmul(column)
    assert.tensor_near(loops(column:t(), column), square, tolerance(column:t(), column))
  end)

  it("is cut for threads where it is large, with the same result", function()
    local sizes = { { 300, 200, 500 }, { 500, 300, 200 }, { 1000, 1000, 7 }, { 7, 1000, 1000 } }
    for _, size in ipairs(sizes) do
      local m, k, n = table.unpack(size)
      local a, b = ssl.randn({ m, k }, "float64"), ssl.randn({ k, n }, "float64")
      local out = a:matmul(b)
      for _ = 1, 50 do
        local i, j = math.random(m), math.random(n)
        assert.tensor_near((a[i] * b[{ {}, j }]):sum(), out:at(i, j), 1e-11)
      end
      assert.is_true(ssl.allclose(out, b:t():matmul(a:t()):t(), { rtol = 1e-12, atol = 1e-11 }))
    end
  end)

  it("takes a vector for a row on the left and a column on the right", function()
    local m = ssl.tensor { { 1, 2, 3 }, { 4, 5, 6 } }
    local v, w = ssl.tensor { 1, 10, 100 }, ssl.tensor { 1, 2 }
    assert.same({ 321, 654 }, m:matmul(v):totable())
    assert.same({ 9, 12, 15 }, w:matmul(m):totable())
    assert.same({}, shape_of(v:matmul(v)))
    assert.equal(10101, v:matmul(v):item())
    assert.equal(10101, v:dot(v):item())
    assert.equal(300, v[{ { 3, 1, -1 } }]:dot(v):item())
    assert.same({ 2 }, shape_of(ssl.zeros(2, 0):matmul(ssl.zeros(0))))
    assert.equal(0, ssl.zeros(0):dot(ssl.zeros(0)):item())
  end)

  it("is 0 over nothing, and nothing over nothing", function()
    local out = ssl.zeros(3, 0):matmul(ssl.zeros(0, 2))
    assert.same({ { 0, 0 }, { 0, 0 }, { 0, 0 } }, out:totable())
    out = ssl.matmul(ssl.zeros(3, 0), ssl.zeros(0, 2), { out = ssl.full({ 3, 2 }, nan) })
    assert.equal(0, out:sum():item())
    assert.same({ 0, 2 }, shape_of(ssl.zeros(0, 5):matmul(ssl.zeros(5, 2))))
    assert.same({ 3, 0 }, shape_of(ssl.zeros(3, 5):matmul(ssl.zeros(5, 0))))
    assert.same({ 1 << 40, 0, 4 }, shape_of(ssl.zeros(1 << 40, 0, 3):matmul(ssl.zeros(3, 4))))
  end)

  it("passes NaN and infinities on, also against zeros", function()
    local a = ssl.tensor { { 1, nan }, { inf, 0 }, { 1, 2 } }
    local out = a:matmul(ssl.tensor { { 0, 1 }, { 0, 1 } })
    assert.tensor_near({ { nan, nan }, { nan, inf }, { 0, 3 } }, out)
  end)

  it("broadcasts batches", function()
    math.randomseed(7)
    for _ = 1, 60 do
      local full = reference.shape(0, 3)
      local function part(rows, columns)
        local shape = {}
        for d = math.random(#full + 1), #full do
          shape[#shape + 1] = math.random(3) == 1 and 1 or full[d]
        end
        shape[#shape + 1], shape[#shape + 2] = rows, columns
        return reference.strided(shape, "float64", true)
      end
      local m, k, n = math.random(0, 5), math.random(0, 5), math.random(0, 5)
      local a, b = part(m, k), part(k, n)
      local out = a:matmul(b)
      -- the product as a sum over an explicit dimension
      local wide = (a:unsqueeze(-1) * b:unsqueeze(-3)):sum(-2)
      assert.same(shape_of(wide), shape_of(out))
      assert.is_true(ssl.allclose(wide, out, { rtol = 1e-12, atol = 1e-12 }))
    end
    local t = ssl.randn(2, 3, 4)
    assert.same({ 2, 3 }, shape_of(t:matmul(ssl.randn(4))))
    assert.same({ 2, 4 }, shape_of(ssl.randn(3):matmul(t)))
    assert.same({ 1, 1, 1, 1, 1, 1, 2, 3 },
      shape_of(ssl.randn(1, 1, 1, 1, 1, 1, 2, 4):matmul(ssl.randn(4, 3))))
  end)

  it("names what does not fit", function()
    local a = ssl.zeros(32, 64)
    assert.raises("#2 to 'matmul' (inner sizes differ: (32,64) x (128,10))",
      function() ssl.matmul(a, ssl.zeros(128, 10)) end)
    assert.raises("#1 to 'matmul' (inner sizes differ: (32,64) x (63))",
      function() a:matmul(ssl.zeros(63)) end)
    assert.raises("#2 to 'matmul' (dtypes differ: (32,64) float32 and (64,1) float64 (convert",
      function() ssl.matmul(a, ssl.zeros({ 64, 1 }, "float64")) end)
    assert.raises("#1 to 'matmul' (float tensor expected, got (2,2) int64",
      function() ssl.matmul(ssl.zeros(2, 2, "int64"), a) end)
    assert.raises("#2 to 'matmul' (batch sizes do not broadcast: (2,3,4) x (3,4,5))",
      function() ssl.matmul(ssl.zeros(2, 3, 4), ssl.zeros(3, 4, 5)) end)
    assert.raises("#2 to 'matmul' (a 0-dim tensor has no matrix product)",
      function() ssl.matmul(a, ssl.tensor(1)) end)
    assert.raises("#2 to 'matmul' (tensor expected, got number 2)", function() ssl.matmul(a, 2) end)
    assert.raises("#3 to 'matmul' (out must be (32,2) float32, got (2,32) float32)",
      function() ssl.matmul(a, ssl.zeros(64, 2), { out = ssl.zeros(2, 32) }) end)
    assert.raises("the BLAS takes sizes up to 2147483647",
      function() ssl.zeros(0, 1 << 32):matmul(ssl.zeros(1 << 32, 0)) end)
    assert.raises("#2 to 'dot' (tensor with 1 dimensions expected, got (32,64) float32)",
      function() ssl.dot(ssl.zeros(3), a) end)
  end)
end)

describe("linear", function()
  it("is x weight^T + bias", function()
    for _, dtype in ipairs { "float32", "float64" } do
      for _, shape in ipairs { { 5 }, { 4, 5 }, { 2, 3, 5 }, { 0, 5 } } do
        local x, w = reference.strided(shape, dtype), reference.strided({ 3, 5 }, dtype)
        local b = reference.strided({ 3 }, dtype)
        local want = x:matmul(w:t())
        assert.is_true(ssl.allclose(want, x:linear(w), { rtol = 1e-5, atol = 1e-5 }))
        assert.is_true(ssl.allclose(want + b, x:linear(w, b), { rtol = 1e-5, atol = 1e-5 }))
      end
    end
    local bias = ssl.tensor { 7, 8 }
    assert.same({ { 7, 8 } }, ssl.zeros(1, 0):linear(ssl.zeros(2, 0), bias):totable())
    assert.same({ { 0, 0 } }, ssl.zeros(1, 0):linear(ssl.zeros(2, 0)):totable())
    assert.same({ 2, 0 }, shape_of(ssl.zeros(2, 3):linear(ssl.zeros(0, 3))))
  end)

  it("names what does not fit", function()
    local x, w = ssl.zeros(2, 5), ssl.zeros(3, 5)
    assert.raises("#1 to 'linear' (input (2,4) float32 does not fit the weight (3,5) float32)",
      function() ssl.linear(ssl.zeros(2, 4), w) end)
    assert.raises("input (2,5) float64 does not fit the weight (3,5) float32",
      function() ssl.linear(x:double(), w) end)
    assert.raises("#3 to 'linear' (bias (2) float32 does not fit the weight (3,5) float32)",
      function() ssl.linear(x, w, ssl.zeros(2)) end)
    assert.raises("#2 to 'linear' (tensor expected, got nil)", function() ssl.linear(x) end)
  end)
end)
