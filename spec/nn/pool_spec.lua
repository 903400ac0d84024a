-- Pooling. PyTorch's arrays are in norm_spec.lua, gradients of gradients in spec/grads/norm.lua.

local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

-- What a window makes of its elements: reduce(list of values, number of taps).
local function naive(x, k, stride, padding, reduce)
  local n, c, h, w = x:shape()
  local oh, ow = (h + 2 * padding - k) // stride + 1, (w + 2 * padding - k) // stride + 1
  local out, X = {}, x:totable()
  for b = 1, n do for ch = 1, c do for oy = 0, oh - 1 do for ox = 0, ow - 1 do
    local values = {}
    for y = oy * stride - padding, oy * stride - padding + k - 1 do
      for z = ox * stride - padding, ox * stride - padding + k - 1 do
        if y >= 0 and y < h and z >= 0 and z < w then
          values[#values + 1] = X[b][ch][y + 1][z + 1]
        end
      end
    end
    out[#out + 1] = reduce(values, k * k)
  end end end end
  return ssl.tensor(out, x:dtype()):reshape(n, c, oh, ow)
end

local function largest(values) return math.max(table.unpack(values)) end
local function mean(values, taps)
  local sum = 0.0
  for _, v in ipairs(values) do sum = sum + v end
  return sum / taps
end
local function mean_inside(values) return mean(values, #values) end

-- k, stride, padding, height and width; the last ones are wider than what is made at a time
local SIZES = {
  { 2, 2, 0, 4, 4 }, { 2, 2, 0, 5, 7 }, { 3, 2, 1, 8, 5 }, { 3, 1, 1, 4, 6 }, { 2, 3, 1, 9, 7 },
  { 4, 2, 2, 3, 3 }, { 1, 1, 0, 3, 2 }, { 1, 2, 0, 5, 5 }, { 3, 4, 0, 6, 7 }, { 5, 2, 2, 6, 41 },
  { 2, 2, 1, 3, 1100 }, { 3, 1, 1, 2, 530 }, { 2, 2, 0, 2, 2 },
}

describe("pooling", function()
  it("is the definition at all sizes", function()
    for _, s in ipairs(SIZES) do
      local k, stride, padding, h, w = table.unpack(s)
      for dtype, tol in pairs { float64 = 1e-12, float32 = 1e-6 } do
        local x = ssl.randn({ 2, 2, h, w }, dtype)
        local options = { stride = stride, padding = padding }
        assert.is_true(ssl.equal(naive(x, k, stride, padding, largest),
          nn.MaxPool2d(k, options)(x)))
        assert.tensor_near(naive(x, k, stride, padding, mean), nn.AvgPool2d(k, options)(x), tol)
        options.count_include_pad = false
        assert.tensor_near(naive(x, k, stride, padding, mean_inside),
          nn.AvgPool2d(k, options)(x), tol)
      end
    end
  end)

  -- A linear map A and its transpose: <g, A x> = <A' g, x>. That of the largest is linear near x.
  it("has for its gradient the transpose of what it does", function()
    for _, s in ipairs(SIZES) do
      local k, stride, padding, h, w = table.unpack(s)
      for _, name in ipairs { "MaxPool2d", "AvgPool2d" } do
        local m = nn[name](k, { stride = stride, padding = padding })
        local x = ssl.randn(2, 3, h, w, F64)
        local g = ssl.randn({ m(x):shape() }, F64)
        local dx = ssl.grad(function(a) return (m(a) * g):sum() end, x)
        assert.tensor_near((m(x) * g):sum(), (dx * x):sum(), 1e-10)
      end
    end
  end)

  it("gives the gradient to the first of equal elements", function()
    local x = ssl.tensor { { { { 1, 3 }, { 3, 3 } } } }:requires_grad()
    nn.MaxPool2d(2)(x):sum():backward()
    assert.tensor_near({ { { { 0, 1 }, { 0, 0 } } } }, x:grad())
    local low = ssl.full({ 1, 1, 2, 2 }, -math.huge):requires_grad()
    local y = nn.MaxPool2d(2, { padding = 1 })(low) -- padding is never the largest
    assert.equal(-math.huge, y:max():item())
    y:sum():backward()
    assert.tensor_near(ssl.ones(1, 1, 2, 2), low:grad())
  end)

  it("takes NaN for the largest, and infinities for what they are", function()
    local x = ssl.zeros(1, 1, 4, 4)
    x[{ 1, 1, 2, 1 }], x[{ 1, 1, 3, 3 }] = 0 / 0, math.huge
    local y = nn.MaxPool2d(2)(x)
    assert.equal(1, y:isnan():sum():item())
    assert.is_true(y[{ 1, 1, 1, 1 }] ~= y[{ 1, 1, 1, 1 }])
    assert.equal(math.huge, y[{ 1, 1, 2, 2 }])
  end)

  it("reads views, and takes no images", function()
    local x = ssl.randn(4, 5, 2, 3)
    for _, m in ipairs { nn.MaxPool2d(2), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d { 2, 1 } } do
      local turned = x:permute(4, 3, 2, 1)
      assert.is_true(ssl.equal(m(turned:contiguous()), m(turned)))
      local empty = ssl.zeros(0, 3, 4, 4):requires_grad()
      local y = m(empty)
      assert.equal(0, y:numel())
      y:sum():backward()
      assert.same({ 0, 3, 4, 4 }, { empty:grad():shape() })
    end
  end)

  it("gives the same for any number of threads", function()
    local x = ssl.randn(9, 13, 30, 31)
    for _, m in ipairs { nn.MaxPool2d(3, { stride = 2 }), nn.AvgPool2d(3, { stride = 2 }) } do
      local function all(threads)
        ssl.set_threads(threads)
        return { m(x), ssl.grad(function(a) return (m(a) ^ 2):sum() end, x) }
      end
      local one = all(1)
      for i, t in ipairs(all(3)) do assert.is_true(ssl.equal(one[i], t)) end
    end
  end)

  it("says what is wrong with its arguments", function()
    for _, name in ipairs { "MaxPool2d", "AvgPool2d" } do
      local make = nn[name]
      assert.raises("window must be a whole number, got nil", make)
      assert.raises("window must be in 1..2147483647, got 0", make, 0)
      assert.raises("stride must be in 1..2147483647, got 0", make, 2, { stride = 0 })
      assert.raises("padding of at most half of the window expected: 3x2, got 1x2", make, { 3, 2 },
        { padding = { 1, 2 } })
      assert.raises("unknown option 'strides'", make, 2, { strides = 1 })
      local m = make(3)
      assert.raises("images [N,C,H,W] expected, got (3,4,4) float32", m, ssl.ones(3, 4, 4))
      assert.raises("an image of 2x4 with padding 0x0 has no room for a window of 3x3", m,
        ssl.ones(1, 1, 2, 4))
      assert.raises("float tensor expected", m, ssl.ones(1, 1, 4, 4, "int64"))
    end
    assert.raises("a window of at most 256 elements expected, got 16x17", nn.MaxPool2d, { 16, 17 })
    assert.raises("size must be a whole number, got nil", nn.AdaptiveAvgPool2d)
    assert.raises("images [N,C,H,W] with 4 dimensions expected, got (2,2)",
      nn.AdaptiveAvgPool2d(1), ssl.ones(2, 2))
    assert.raises("images without elements", nn.AdaptiveAvgPool2d(1), ssl.ones(2, 2, 0, 3))
  end)

  it("describes itself", function()
    for text, m in pairs {
      ["MaxPool2d(2)"] = nn.MaxPool2d(2),
      ["MaxPool2d(3, stride=2, padding=1)"] = nn.MaxPool2d(3, { stride = 2, padding = 1 }),
      ["AvgPool2d({2, 3}, stride=1)"] = nn.AvgPool2d({ 2, 3 }, { stride = 1 }),
      ["AdaptiveAvgPool2d({1, 2})"] = nn.AdaptiveAvgPool2d { 1, 2 },
    } do
      assert.equal(text .. " 0 parameters", tostring(m))
      assert.same({}, m:state())
    end
  end)
end)

describe("AdaptiveAvgPool2d", function()
  it("is a mean over even windows where the sizes divide", function()
    local x = ssl.randn(2, 3, 6, 8, F64)
    assert.tensor_near(nn.AvgPool2d({ 3, 2 })(x), nn.AdaptiveAvgPool2d { 2, 4 }(x), 1e-12)
    assert.tensor_near(x:mean { 3, 4 }, nn.AdaptiveAvgPool2d(1)(x):reshape(2, 3), 1e-12)
    assert.tensor_near(x, nn.AdaptiveAvgPool2d { 6, 8 }(x), 1e-12)
    assert.is_true((ssl.gradcheck(nn.AdaptiveAvgPool2d { 4, 3 }, { x }, { second = true })))
  end)
end)
