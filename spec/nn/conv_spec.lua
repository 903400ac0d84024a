-- conv2d and nn.Conv2d: against PyTorch's arrays, a naive twin, and central differences.

local ssl = require "sslkit"
local cases = dofile "spec/fixtures/nn_conv.lua"

local nn = ssl.nn
local F64 = "float64"

local function shaped(list, shape, dtype) return ssl.tensor(list, dtype):reshape(shape) end

-- y, and the gradients in x and weight for the gradient g, by the definition: every product of an
-- element of x and one of the weight, one by one.
local function naive(x, w, g, stride, padding, dilation, groups)
  local n, inp, h, wide = x:shape()
  local out, per, kh, kw = w:shape()
  local _, _, oh, ow = g:shape()
  local X, W, G = x:reshape(-1):totable(), w:reshape(-1):totable(), g:reshape(-1):totable()
  local Y, DX, DW = {}, {}, {}
  for i = 1, #G do Y[i] = 0.0 end
  for i = 1, #X do DX[i] = 0.0 end
  for i = 1, #W do DW[i] = 0.0 end
  for b = 0, n - 1 do for o = 0, out - 1 do for c = 0, per - 1 do
    local channel = o // (out // groups) * per + c
    for ky = 0, kh - 1 do for kx = 0, kw - 1 do
      local wi = ((o * per + c) * kh + ky) * kw + kx + 1
      for oy = 0, oh - 1 do for ox = 0, ow - 1 do
        local iy, ix = oy * stride - padding + ky * dilation, ox * stride - padding + kx * dilation
        if iy >= 0 and iy < h and ix >= 0 and ix < wide then
          local xi = ((b * inp + channel) * h + iy) * wide + ix + 1
          local yi = ((b * out + o) * oh + oy) * ow + ox + 1
          Y[yi], DX[xi] = Y[yi] + X[xi] * W[wi], DX[xi] + G[yi] * W[wi]
          DW[wi] = DW[wi] + G[yi] * X[xi]
        end
      end end
    end end
  end end end
  return shaped(Y, { g:shape() }, F64), shaped(DX, { x:shape() }, F64),
    shaped(DW, { w:shape() }, F64)
end

describe("conv2d", function()
  it("is what PyTorch computes, and so are its gradients", function()
    for _, case in ipairs(cases) do
      -- the arrays have 9 digits; float32 has 7, over sums of up to 90 products of about 1
      for dtype, tol in pairs { float64 = 1e-6, float32 = 2e-5 } do
        local x = shaped(case.x, case.shape[1], dtype):requires_grad()
        local w = shaped(case.weight, case.shape[2], dtype):requires_grad()
        local b = ssl.tensor(case.bias, dtype):requires_grad()
        local y = ssl.conv2d(x, w, b, case.options)
        assert.same(case.shape[3], { y:shape() })
        assert.tensor_near(case.y, y:reshape(-1), tol)
        y:backward { gradient = shaped(case.g, case.shape[3], dtype) }
        assert.tensor_near(case.dx, x:grad():reshape(-1), tol)
        assert.tensor_near(case.dweight, w:grad():reshape(-1), tol)
        assert.tensor_near(case.dbias, b:grad(), tol)
      end
    end
  end)

  -- Sizes at which strips are parts of an image, whole images and several of them, with a rest.
  it("is the sum by the definition, however it is cut", function()
    for _, s in ipairs {
      -- n, inp, h, w, out, kh, kw, stride, padding, dilation, groups
      { 2, 2, 31, 29, 3, 3, 3, 1, 1, 1, 1 }, { 1, 1, 3, 700, 2, 2, 3, 1, 1, 1, 1 },
      { 37, 3, 4, 5, 4, 3, 3, 1, 1, 1, 1 }, { 7, 4, 11, 9, 6, 3, 2, 2, 1, 2, 2 },
      { 3, 2, 24, 25, 4, 1, 1, 1, 0, 1, 1 }, { 65, 4, 3, 3, 4, 1, 1, 1, 0, 1, 4 },
      { 5, 3, 20, 18, 6, 3, 3, 1, 2, 2, 3 }, { 1, 9, 5, 5, 18, 5, 5, 1, 0, 1, 1 },
    } do
      local n, inp, h, wide, out, kh, kw, stride, padding, dilation, groups = table.unpack(s)
      local options = { stride = stride, padding = padding, dilation = dilation, groups = groups }
      local x = ssl.randn(n, inp, h, wide, F64):requires_grad()
      local w = ssl.randn(out, inp // groups, kh, kw, F64):requires_grad()
      local y = ssl.conv2d(x, w, nil, options)
      local g = ssl.randn({ y:shape() }, F64)
      y:backward { gradient = g }
      local ny, nx, nw = naive(x, w, g, stride, padding, dilation, groups)
      assert.tensor_near(ny, y, 1e-10)
      assert.tensor_near(nx, x:grad(), 1e-10)
      assert.tensor_near(nw, w:grad(), 1e-9) -- sums over the batch
    end
  end)

  it("has third derivatives too", function()
    local w = ssl.randn(2, 1, 2, 2, F64)
    local v = ssl.randn(1, 1, 3, 3, F64)
    assert.is_true((ssl.gradcheck(function(x)
      return ssl.grad(function(a) return (ssl.conv2d(a, w) ^ 3 * v:mean()):sum() end, x,
        { create_graph = true })
    end, { ssl.randn(1, 1, 3, 3, F64) }, { second = true })))
  end)

  it("reads views as they lie", function()
    for _, dtype in ipairs { "float32", F64 } do
      local x = ssl.randn(5, 6, 3, 2, dtype):permute(4, 3, 2, 1)
      local w = ssl.randn(3, 3, 4, 3, dtype):transpose(1, 3)
      local wide = ssl.randn(8, dtype)
      local b = wide:narrow(1, 1, 8)[{ { 1, 8, 2 } }]
      local y = ssl.conv2d(x, w, b, { padding = 1 })
      assert.is_true(ssl.equal(y,
        ssl.conv2d(x:contiguous(), w:contiguous(), b:contiguous(), { padding = 1 })))
      x:requires_grad()
      ssl.conv2d(x, w, b, { padding = 1 }):transpose(3, 4):sum():backward() -- a gradient with stride 0
      assert.same({ x:shape() }, { x:grad():shape() })
    end
  end)

  it("gives the same for any number of threads", function()
    local x, w, b = ssl.randn(9, 8, 20, 21), ssl.randn(16, 8, 3, 3), ssl.randn(16)
    local function all(threads)
      ssl.set_threads(threads)
      local list = { ssl.conv2d(x, w, b, { padding = 1 }) }
      for _, g in ipairs(ssl.grad(function(a, k)
        return (ssl.conv2d(a, k, nil, { padding = 1 }) ^ 2):sum()
      end, { x, w })) do list[#list + 1] = g end
      return list
    end
    local one = all(1)
    for _, threads in ipairs { 2, 5 } do
      for i, t in ipairs(all(threads)) do assert.is_true(ssl.equal(one[i], t)) end
    end
  end)

  it("takes an empty batch", function()
    local x = ssl.zeros(0, 3, 5, 5):requires_grad()
    local w = ssl.randn(4, 3, 3, 3):requires_grad()
    local y = ssl.conv2d(x, w)
    assert.same({ 0, 4, 3, 3 }, { y:shape() })
    y:sum():backward()
    assert.same({ 0, 3, 5, 5 }, { x:grad():shape() })
    assert.equal(0, w:grad():abs():sum():item())
  end)

  it("keeps NaN where it belongs", function()
    local x = ssl.zeros(1, 1, 4, 4, F64)
    x[{ 1, 1, 1, 1 }] = 0 / 0
    local y = ssl.conv2d(x, ssl.zeros(1, 1, 2, 2, F64))
    assert.equal(1, y:isnan():sum():item())
    assert.is_true(y[{ 1, 1, 1, 1 }] ~= y[{ 1, 1, 1, 1 }])
  end)

  it("says what is wrong with its arguments", function()
    local x, w = ssl.ones(2, 3, 5, 5), ssl.ones(4, 3, 3, 3)
    local function fails(text, ...) assert.raises(text, ssl.conv2d, ...) end
    fails("bad argument #1 to 'conv2d' (tensor expected, got nil)", nil, w)
    fails("images [N,C,H,W] expected, got (3,5,5) float32", x[1], w)
    fails("weight [out,inp/groups,h,w] expected, got (4,3) float32", x, ssl.ones(4, 3))
    fails("images (N,3,H,W) float32 expected, got (2,2,5,5) float32", ssl.ones(2, 2, 5, 5), w)
    fails("images (N,3,H,W) float64 expected, got (2,3,5,5) float32", x, w:to(F64))
    fails("float tensor expected", x:to "int64", w)
    fails("#3 to 'conv2d' (bias (4) float32 expected, got (3) float32)", x, w, ssl.ones(3))
    fails("bias (4) float32 expected, got (4) float64", x, w, ssl.ones(4, F64))
    fails("does not make 3 groups", x, ssl.ones(4, 1, 3, 3), nil, { groups = 3 })
    fails("weight (0,3,3,3) float32 does not make 1 groups", x, ssl.ones(0, 3, 3, 3))
    fails("an image of 5x5 with padding 0x0 has no room for a kernel that reaches over 7x7", x, w,
      nil, { dilation = 3 })
    fails("has no room", ssl.ones(2, 3, 0, 5), w)
    fails("unknown option 'strides'; known: dilation, groups, padding, stride", x, w, nil,
      { strides = 2 })
    fails("stride must be in 1..2147483647, got 0", x, w, nil, { stride = 0 })
    fails("padding must be in 0..2147483647, got -1", x, w, nil, { padding = { 0, -1 } })
    fails("padding must be a number or {height, width}, got a list of 3", x, w, nil,
      { padding = { 1, 1, 1 } })
    fails("groups must be a whole number", x, w, nil, { groups = 1.5 })
    fails("the BLAS takes sizes up to 2147483647", x, w, nil, { padding = 1 << 30 })
  end)
end)

describe("Conv2d", function()
  it("is conv2d with its weight and bias", function()
    local m = nn.Conv2d(4, 6, { 3, 2 },
      { stride = 2, padding = { 1, 0 }, dilation = 2, groups = 2, dtype = F64 })
    assert.same({ 6, 2, 3, 2 }, { m.weight:shape() })
    local x = ssl.randn(2, 4, 7, 8, F64)
    local options = { stride = 2, padding = { 1, 0 }, dilation = 2, groups = 2 }
    assert.is_true(ssl.equal(ssl.conv2d(x, m.weight, m.bias, options), m(x)))
    local plain = nn.Conv2d(4, 6, 3, { bias = false })
    assert.is_nil(plain.bias)
    assert.equal(1, #plain:parameters())
    assert.is_true(ssl.equal(ssl.conv2d(x:to "float32", plain.weight), plain(x:to "float32")))
  end)

  it("starts uniform within 1 / sqrt(fan in), the same for the same generator", function()
    local m = nn.Conv2d(16, 100, 5, { groups = 4, generator = ssl.generator(1) })
    for _, p in ipairs(m:parameters()) do
      assert.is_true(p:abs():max():item() <= 0.1)
      assert.tensor_near(0, p:mean(), 0.1 / 3 ^ 0.5 / p:numel() ^ 0.5 * 5) -- 5 standard errors
    end
    assert.tensor_near(0.1 / 3 ^ 0.5, m.weight:std(), 1e-3)
    local same = nn.Conv2d(16, 100, 5, { groups = 4, generator = ssl.generator(1) })
    assert.is_true(ssl.equal(m.weight, same.weight) and ssl.equal(m.bias, same.bias))
  end)

  it("keeps its state, its copies and its description", function()
    local a = nn.Conv2d(3, 4, { 3, 1 }, { stride = { 2, 1 }, padding = 1, bias = false })
    local b = nn.Conv2d(3, 4, { 3, 1 }, { stride = { 2, 1 }, padding = 1, bias = false })
    local x = ssl.randn(2, 3, 6, 6)
    b:load_state(a:state())
    assert.is_true(ssl.equal(a(x), b(x)))
    assert.is_true(ssl.equal(a(x), a:clone()(x)))
    assert.equal(F64, a:clone():to(F64)(x:to(F64)):dtype())
    assert.equal("Conv2d(3, 4, {3, 1}, stride={2, 1}, padding=1, bias=false) 36 parameters",
      tostring(a))
    assert.equal("Conv2d(4, 4, 3, dilation=2, groups=4) 40 parameters",
      tostring(nn.Conv2d(4, 4, 3, { groups = 4, dilation = 2 })))
  end)

  it("says what is wrong with its arguments", function()
    assert.raises("bad argument #1 to 'Conv2d' (inp must be a whole number, got nil)", nn.Conv2d)
    assert.raises("out must be in 1..inf, got 0", nn.Conv2d, 3, 0, 3)
    assert.raises("kernel must be a whole number, got nil", nn.Conv2d, 3, 2)
    assert.raises("kernel must be a number or {height, width}, got a list of 1", nn.Conv2d, 3, 2,
      { 3 })
    assert.raises("3 inputs and 4 outputs do not make 2 groups", nn.Conv2d, 3, 4, 3, { groups = 2 })
    assert.raises("unknown option 'pad'; known: bias, dilation, dtype, generator, groups, padding, "
      .. "stride", nn.Conv2d, 3, 4, 3, { pad = 1 })
    assert.raises("dtype", nn.Conv2d, 3, 4, 3, { dtype = "uint8" })
    local m = nn.Conv2d(3, 4, 3)
    assert.raises("tensor expected, got nil", m)
    assert.raises("images (N,3,H,W) float32 expected, got (1,4,5,5) float32", m,
      ssl.ones(1, 4, 5, 5))
  end)
end)
