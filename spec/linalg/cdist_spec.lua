-- Distances of rows beside differences in float64.

local reference = require "spec.tensor.reference"
local ssl = require "sslkit"

local inf, nan = math.huge, 0 / 0
local F64 = "float64"
local ORDERS = { 0, 0.5, 1, 1.5, 2, 3, 7, inf }

local function shape_of(t) return { t:shape() } end

-- The norms of all differences, in float64.
local function differences(x, y, p)
  if x:size(-1) == 0 then return ssl.zeros(x:size(-2), y:size(-2), F64) end
  return ssl.norm(x:double():unsqueeze(-2) - y:double():unsqueeze(-3), p, -1)
end

-- Largest relative error; distances of 0 have to be 0.
local function off(expected, out)
  local d = ((out:double() - expected):abs() / ssl.where(expected:eq(0), 1e-300, expected))
  return d:numel() > 0 and d:amax():item() or 0
end

-- Sums of float32 go to float64 every 128 elements: 128 roundings of half a unit at the worst.
local TOLERANCE = { float32 = 128 * 2.0 ^ -24, float64 = 1e-14 }

describe("cdist", function()
  it("is the norm of the differences, for every p, dtype and layout", function()
    math.randomseed(8)
    for round = 1, 60 do
      local dtype = round % 2 == 0 and "float32" or F64
      local n, m, d = math.random(0, 40), math.random(0, 40), math.random(0, 9)
      local x = reference.strided({ n, d }, dtype)
      local y = reference.strided({ m, d }, dtype)
      for _, p in ipairs(ORDERS) do
        local out = ssl.cdist(x, y, { p = p })
        assert.equal(dtype, out:dtype())
        assert.same({ n, m }, shape_of(out))
        local error = off(differences(x, y, p), out)
        assert.is_true(error <= TOLERANCE[dtype], ("p = %g, %s: %g"):format(p, dtype, error))
      end
    end
  end)

  it("is right in every block, and the same for any number of threads", function()
    local threads = ssl.get_threads()
    for _, dtype in ipairs { "float32", F64 } do
      local x, y = ssl.randn({ 530, 150 }, dtype), ssl.randn({ 147, 150 }, dtype)
      for _, p in ipairs { 1, 2, inf } do
        ssl.set_threads(1)
        local out = ssl.cdist(x, y, { p = p })
        ssl.set_threads(3)
        assert.is_true(ssl.equal(out, ssl.cdist(x, y, { p = p })))
        assert.is_true(ssl.equal(out:t(), ssl.cdist(y, x, { p = p })) or p ~= inf)
        for i = 1, 530, 53 do
          assert.is_true(off(differences(x[{ { i, i } }], y, p), out[{ { i, i } }])
            <= TOLERANCE[dtype])
        end
      end
    end
    ssl.set_threads(threads)
  end)

  it("is right by products too, which serve larger sizes", function()
    local clusters = ssl.randn(9, 100):index(1, ssl.randint(1, 9, 300)) * 3
    local kinds = { -- what products do well, and what they must leave to differences
      ssl.randn(300, 100), ssl.rand(300, 100) + 1000, clusters + ssl.randn(300, 100) * 1e-3,
      ssl.randn(300, 1):expand(300, 100), ssl.ones(300, 100), ssl.randn(300, 100) * 1e22,
      ssl.randn(300, 100) * 1e-22,
    }
    for kind, x in ipairs(kinds) do
      for _, dtype in ipairs { "float32", F64 } do
        local a = x:to(dtype)
        local out = ssl.cdist(a, a[{ { 1, 140 } }])
        for i = 1, 300, 29 do
          local expected = differences(a[{ { i, i } }], a[{ { 1, 140 } }], 2)
          local error = off(expected, out[{ { i, i } }])
          assert.is_true(error <= TOLERANCE[dtype], ("kind %d: %g"):format(kind, error))
        end
      end
    end
    local x = ssl.randn(2, 140, 70)
    x:set(nan, 2, 5, 7)
    local out = ssl.cdist(x, x:flip(1))
    for b = 1, 2 do
      assert.equal(140, out[b]:isnan():sum():item())
      assert.is_true(reference.same(ssl.cdist(x[b], x[3 - b]), out[b]))
    end
  end)

  it("keeps the digits of points that lie close together", function()
    local near = ssl.rand(40, 20) * 1e-3 + 1000 -- products lose all of them
    for _, p in ipairs { 1, 2, inf } do
      assert.is_true(off(differences(near, near, p), ssl.cdist(near, near, { p = p }))
        <= TOLERANCE.float32)
    end
    assert.equal(0, ssl.cdist(near, near):diagonal():abs():amax():item())
    assert.equal(0, ssl.cdist(ssl.ones(30, 5), ssl.ones(20, 5)):sum():item())
  end)

  it("neither overflows nor vanishes where the distance does not", function()
    local all = { float32 = { 1e25, 1e-25, 1e37 }, float64 = { 1e200, 1e-200, 1e307 } }
    for dtype, scales in pairs(all) do
      for _, n in ipairs { 1, 20 } do -- pair by pair, and in panels
        local x = ssl.zeros({ n, 2 }, dtype)
        local y = ssl.tensor({ 3, 4 }, dtype):expand(n, 2)
        for _, scale in ipairs(scales) do
          for _, p in ipairs { 2, 3 } do
            local out = ssl.cdist(x, y * scale, { p = p })
            assert.tensor_near((3 ^ p + 4 ^ p) ^ (1 / p), out[{ 1, n }] / scale, 2e-6)
          end
        end
      end
    end
    -- one pair near, one far
    local x, y = ssl.zeros(20, 2), ssl.full({ 20, 2 }, 1e-30)
    y[20] = 3e30
    local out = ssl.cdist(x, y)
    assert.tensor_near(math.sqrt(2), out:at(1, 1) / 1e-30, 1e-6)
    assert.tensor_near(3 * math.sqrt(2), out:at(20, 20) / 1e30, 1e-6)
  end)

  it("passes NaN and infinities on to their pairs only", function()
    for _, n in ipairs { 2, 25 } do
      for _, p in ipairs { 1, 2, 3, inf } do
        local x = ssl.randn(n, 20)
        x:set(nan, 1, 3)
        x:set(inf, 2, 20)
        local out = ssl.cdist(x, x, { p = p })
        assert.equal(n, out[1]:isnan():sum():item())
        assert.is_true(out:at(2, 2) ~= out:at(2, 2)) -- inf - inf
        assert.equal(math.max(n - 2, 0), out[2]:eq(inf):sum():item())
        if n > 2 then
          assert.equal(0, out[{ { 3, n }, { 3, n } }]:isfinite():logical_not():sum():item())
        end
      end
    end
  end)

  it("broadcasts batches", function()
    local x, y = ssl.randn(2, 1, 13, 5), ssl.randn(3, 14, 5)
    local out = ssl.cdist(x, y)
    assert.same({ 2, 3, 13, 14 }, shape_of(out))
    for i = 1, 2 do
      for j = 1, 3 do
        assert.is_true(ssl.equal(ssl.cdist(x[{ i, 1 }], y[j]), out[{ i, j }]))
      end
    end
    assert.same({ 0, 4, 5 }, shape_of(ssl.cdist(ssl.zeros(0, 4, 3), ssl.zeros(5, 3))))
    assert.same({ 1 << 40, 0 }, shape_of(ssl.cdist(ssl.zeros(1 << 40, 0), ssl.zeros(0, 0))))
    assert.equal(0, ssl.cdist(ssl.zeros(3, 0), ssl.zeros(2, 0)):sum():item())
  end)

  it("has gradients, also where a distance is 0", function()
    local x = ssl.randn({ 2, 3, 4 }, F64)
    local y = ssl.randn({ 2, 4 }, F64)
    for _, p in ipairs(ORDERS) do
      assert.is_true(ssl.gradcheck(function(a, b) return ssl.cdist(a, b, { p = p }) end, { x, y }))
      local zeros = ssl.ones(15, 3, F64)
      local slope = ssl.grad(function(a) return ssl.cdist(a, zeros, { p = p }):sum() end, zeros)
      assert.equal(0, slope:abs():sum():item())
    end
  end)

  it("gives the same gradient by kernel and by operations", function()
    for _, dtype in ipairs { "float32", F64 } do
      for _, p in ipairs(ORDERS) do
        local x, y = ssl.randn({ 17, 300 }, dtype), ssl.randn({ 14, 300 }, dtype)
        local g = ssl.randn({ 17, 14 }, dtype)
        local function slopes(create_graph)
          local a, b = x:clone():requires_grad(), y:clone():requires_grad()
          ssl.cdist(a, b, { p = p }):backward { gradient = g, create_graph = create_graph }
          return a:grad():detach(), b:grad():detach()
        end
        local a, b = slopes(false)
        local c, d = slopes(true)
        local tolerance = dtype == F64 and 1e-12 or 2e-5 -- some hundred roundings of numbers near 1
        local size = math.max(1, c:abs():amax():item(), d:abs():amax():item())
        assert.tensor_near(c, a, tolerance * size)
        assert.tensor_near(d, b, tolerance * size)
      end
    end
  end)

  it("shares the gradient of p = inf between the largest", function()
    local x = ssl.tensor({ { 3, -3, 1 } }, F64)
    local slope = ssl.grad(function(a)
      return ssl.cdist(a, ssl.zeros(1, 3, F64), { p = inf }):sum()
    end, x)
    assert.tensor_near({ { 0.5, -0.5, 0 } }, slope)
  end)

  it("names what does not fit", function()
    local x = ssl.zeros(2, 3)
    local function fails(text, ...) assert.raises({ " to 'cdist' (" .. text }, ssl.cdist, ...) end
    fails("rows of (2,3) float32 and (2,4) float32 have no distances", x, ssl.zeros(2, 4))
    fails("rows of (2,3) float32 and (2,3) float64 have no distances", x, x:double())
    fails("rows [...,n,d] expected, got (3) float32", ssl.zeros(3), x)
    fails("tensor of dtype float expected, got (2,3) int64", x:long(), x)
    fails("batch sizes do not broadcast: (2,2,3) float32 and (3,2,3) float32",
      ssl.zeros(2, 2, 3), ssl.zeros(3, 2, 3))
    for _, p in ipairs { -1, nan } do
      fails("p must be a number from 0 to inf, got number", x, x, { p = p })
    end
    fails("unknown option 'q'; known: p", x, x, { q = 1 })
    assert.raises("cdist: shape (1099511627776,1099511627776) has too many elements",
      ssl.cdist, ssl.zeros(1 << 40, 0), ssl.zeros(1 << 40, 0))
  end)
end)
