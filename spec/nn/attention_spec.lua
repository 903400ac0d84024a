-- Self-attention.

local fixtures = dofile "spec/fixtures/nn_models.lua"
local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

local function double(values) return ssl.tensor(values, F64) end

-- Place by place, from the definition.
local function plain(m, x)
  local N, L, D = x:shape()
  local d = D // m.heads
  local qkv, out = m.qkv(x), ssl.zeros(N, L, D, F64)
  for n = 1, N do
    for h = 1, m.heads do
      local function head(part, i)
        local first = (part * m.heads + h - 1) * d + 1
        return qkv[n][i]:narrow(1, first, first + d - 1)
      end
      for i = 1, L do
        local weights, total, sum = {}, 0, ssl.zeros(d, F64)
        for j = 1, L do
          weights[j] = math.exp(head(0, i):dot(head(1, j)):item() / d ^ 0.5)
          total = total + weights[j]
        end
        for j = 1, L do sum = sum + head(2, j) * (weights[j] / total) end
        out[n][i]:narrow(1, (h - 1) * d + 1, h * d):copy_(sum)
      end
    end
  end
  return m.proj(out)
end

describe("Attention", function()
  it("is PyTorch's, forward and backward", function()
    local want = fixtures.attention
    local m = nn.Attention(4, { heads = 2, dtype = F64 })
    m:load_state {
      ["qkv.weight"] = double(want.qkv), ["qkv.bias"] = double(want.qkv_bias),
      ["proj.weight"] = double(want.proj), ["proj.bias"] = double(want.proj_bias),
    }
    local x = double(want.x):requires_grad()
    local y = m(x)
    y:backward { gradient = double(want.g) }
    -- 1e-7: the fixture holds 9 digits, and values of 10
    assert.tensor_near(want.y, y, 1e-7)
    assert.tensor_near(want.dx, x:grad(), 1e-7)
    assert.tensor_near(want.dqkv, m.qkv.weight:grad(), 1e-7)
    assert.tensor_near(want.dqkv_bias, m.qkv.bias:grad(), 1e-7)
    assert.tensor_near(want.dproj, m.proj.weight:grad(), 1e-7)
    m:to "float32"
    assert.tensor_near(want.y, m(double(want.x):float()), 2e-5) -- 100 roundings of values of 10
  end)

  it("is the weighted mean of the values", function()
    for _, size in ipairs { { 2, 5, 6, 3 }, { 1, 1, 4, 1 }, { 3, 2, 2, 2 } } do
      local N, L, D, heads = table.unpack(size)
      local m = nn.Attention(D, { heads = heads, dtype = F64 })
      local x = ssl.randn(N, L, D, F64)
      ssl.no_grad(function() assert.tensor_near(plain(m, x), m(x), 1e-12) end)
    end
  end)

  it("does not know the order of places", function()
    local m = nn.Attention(4, { heads = 2, dtype = F64 })
    local x, order = ssl.randn(2, 5, 4, F64), ssl.randperm(5)
    assert.tensor_near(m(x):index(2, order), m(x:index(2, order)), 1e-12)
  end)

  it("has the right gradients, first and second, of views too", function()
    for _, dropout in ipairs { 0, 0.4 } do
      local m = nn.Attention(4, { heads = 2, dropout = dropout, dtype = F64 })
      local function f(x, w, b)
        ssl.seed(3) -- the same mask each time
        m.qkv.weight, m.qkv.bias = w, b
        return m(x:transpose(1, 2))
      end
      local inputs = { ssl.randn(3, 2, 4, F64), ssl.randn(12, 4, F64), ssl.randn(12, F64) }
      assert.is_true((ssl.gradcheck(f, inputs, { second = true })))
    end
  end)

  it("drops weights in training only, and keeps their mean", function()
    local m = nn.Attention(2, { heads = 1, dropout = 0.5, dtype = F64 })
    local x = ssl.randn(1, 4, 2, F64)
    assert.is_false(ssl.equal(m(x), m(x)))
    local sum, n = ssl.zeros(1, 4, 2, F64), 2000
    ssl.no_grad(function() for _ = 1, n do sum:add_(m(x)) end end)
    m:eval()
    assert.is_true(ssl.equal(m(x), m(x)))
    -- 5 standard errors: one weight is kept or not with deviation 1, and 4 places share 1
    local spread = m.qkv(x):abs():max():item() * m.proj.weight:abs():sum():item()
    assert.tensor_near(m(x), sum / n, 5 * spread / n ^ 0.5)
    m = nn.Attention(2, { heads = 1, dropout = 1, dtype = F64 })
    assert.tensor_near(m.proj.bias:expand(4, 2), m(x)[1])
  end)

  it("keeps no record of what it dropped", function()
    local function kept(dropout) -- KiB that wait for the gradient
      local m, x = nn.Attention(4, { heads = 2, dropout = dropout }), ssl.randn(2, 200, 4)
      collectgarbage()
      local before = collectgarbage "count"
      local y = m(x)
      collectgarbage()
      return collectgarbage "count" - before, y
    end
    local shares = 2 * 2 * 200 * 200 * 4 / 1024
    local with, without = (kept(0.5)), (kept(0))
    assert.is_true(without > shares)
    assert.is_true(with - without < shares / 8)
  end)

  it("takes sequences and batches without elements", function()
    local m = nn.Attention(4, { heads = 2 })
    assert.same({ 0, 3, 4 }, { m(ssl.zeros(0, 3, 4)):shape() })
    assert.same({ 2, 0, 4 }, { m(ssl.zeros(2, 0, 4)):shape() })
  end)

  it("can do without biases", function()
    local m = nn.Attention(4, { heads = 2, bias = false })
    assert.equal(2, #m:parameters())
    assert.equal("Attention(\n  (qkv) Linear(4, 12, bias=false)\n"
      .. "  (proj) Linear(4, 4, bias=false)\n) 64 parameters", tostring(m))
    assert.tensor_near(ssl.zeros(1, 2, 4), m(ssl.zeros(1, 2, 4)))
  end)

  it("says what is wrong with its arguments", function()
    assert.raises("bad argument #1 to 'Attention' (dim must be a whole number, got nil)",
      nn.Attention)
    assert.raises("3 heads do not share 4 columns equally", nn.Attention, 4, { heads = 3 })
    assert.raises("heads must be in 1..inf, got 0", nn.Attention, 4, { heads = 0 })
    assert.raises("dropout must be in 0..1, got 2", nn.Attention, 4, { heads = 2, dropout = 2 })
    assert.raises("unknown option 'head'", nn.Attention, 4, { head = 2 })
    local m = nn.Attention(4, { heads = 2 })
    assert.raises("input (N,L,4) expected, got (2,3,5) float32", m, ssl.ones(2, 3, 5))
    assert.raises("input [N,L,D] with 3 dimensions expected, got (3,4) float32", m, ssl.ones(3, 4))
    assert.raises("input [N,L,D] of dtype float32 expected, got (1,3,4) float64", m,
      ssl.ones(1, 3, 4, F64))
  end)
end)
