-- BatchNorm1d.

local fixtures = dofile "spec/fixtures/nn.lua"
local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

local function double(values) return ssl.tensor(values, F64) end

describe("BatchNorm1d", function()
  it("is PyTorch's over three steps and in evaluation, with its gradients", function()
    local want = fixtures.batchnorm
    local m = nn.BatchNorm1d(3, { momentum = 0.3, eps = 1e-3, dtype = F64 })
    m:load_state {
      weight = double(want.weight), bias = double(want.bias), running_mean = ssl.zeros(3, F64),
      running_var = ssl.ones(3, F64),
    }
    for _, step in ipairs(want.steps) do
      local x = double(step.x):requires_grad()
      m:zero_grad()
      local y = m(x)
      y:backward { gradient = double(step.g) }
      -- 1e-8: the fixture holds 9 digits
      assert.tensor_near(step.y, y, 1e-8)
      assert.tensor_near(step.dx, x:grad(), 1e-8)
      assert.tensor_near(step.dweight, m.weight:grad(), 1e-8)
      assert.tensor_near(step.dbias, m.bias:grad(), 1e-8)
      assert.tensor_near(step.running_mean, m.running_mean, 1e-8)
      assert.tensor_near(step.running_var, m.running_var, 1e-8)
    end
    assert.tensor_near(want.eval.y, m:eval()(double(want.eval.x)), 1e-8)
  end)

  it("moves its running statistics as the recursion says, in training only", function()
    local m = nn.BatchNorm1d(2, { dtype = F64 })
    local mean, var = { 0, 0 }, { 1, 1 }
    for k = 1, 5 do
      local x = ssl.randn(3 + k, 2, F64) * k
      m(x)
      for d = 1, 2 do
        local column = x:select(2, d)
        mean[d] = 0.9 * mean[d] + 0.1 * column:mean():item()
        var[d] = 0.9 * var[d] + 0.1 * column:var():item() -- the unbiased one
      end
      m:eval()(x)
      m:train()
      assert.tensor_near(mean, m.running_mean, 1e-12)
      assert.tensor_near(var, m.running_var, 1e-12)
    end
    assert.is_false(m.running_mean:needs_grad() or m.running_var:needs_grad())
  end)

  it("gives columns of mean 0 and variance 1, constant ones too", function()
    local x = ssl.randn(50, 3, F64) * 4 + 7
    x:select(2, 3):fill_(5)
    local y = nn.BatchNorm1d(3, { dtype = F64 })(x)
    assert.tensor_near({ 0, 0, 0 }, y:mean(1), 1e-12)
    assert.tensor_near({ 1, 1, 0 }, y:var(1, nil, { ddof = 0 }), 1e-5) -- eps
    local far = nn.BatchNorm1d(1)(ssl.tensor { { 10001 }, { 10003 } }) -- no cancellation
    assert.tensor_near({ { -1 }, { 1 } }, far, 1e-5)
  end)

  it("has gradients through the statistics of the batch", function()
    local m = nn.BatchNorm1d(3, { dtype = F64 })
    local function f(x, w, b)
      m.weight, m.bias = w, b
      return m(x)
    end
    local inputs = { ssl.randn(4, 3, F64), ssl.randn(3, F64), ssl.randn(3, F64) }
    assert.is_true((ssl.gradcheck(f, inputs, { second = true })))
    m:eval()
    assert.is_true((ssl.gradcheck(f, inputs, { second = true })))
  end)

  it("lets backward pass after further forward passes", function()
    local m = nn.BatchNorm1d(2)
    local x = ssl.randn(4, 2):requires_grad()
    local loss = m(x):square():sum()
    m(x * 2)
    m:eval()(x)
    loss:backward()
    assert.is_truthy(x:grad())
  end)

  it("can do without weight and bias", function()
    local m = nn.BatchNorm1d(2, { affine = false })
    assert.equal(0, #m:parameters())
    assert.equal(2, #m:named_buffers())
    assert.same({ 5, 2 }, { m(ssl.randn(5, 2)):shape() })
  end)

  it("says what is wrong with its arguments, and then has not moved", function()
    local m = nn.BatchNorm1d(3)
    assert.raises("more than one row expected in training, got (1,3) float32", m, ssl.ones(1, 3))
    assert.raises("input (N,3) expected, got (2,4) float32", m, ssl.ones(2, 4))
    assert.raises("input [N,C] with 2 dimensions expected, got (3) float32", m, ssl.ones(3))
    assert.raises("input [N,C] of dtype float32 expected, got (2,3) float64", m,
      ssl.ones(2, 3, F64))
    assert.tensor_near({ 0, 0, 0 }, m.running_mean)
    assert.same({ 1, 3 }, { m:eval()(ssl.ones(1, 3)):shape() })
    assert.raises("momentum must be in 0..1, got 2", nn.BatchNorm1d, 3, { momentum = 2 })
    assert.raises("eps must be in 0..inf, got -1", nn.BatchNorm1d, 3, { eps = -1 })
    assert.raises("width must be a whole number, got nil", nn.BatchNorm1d)
  end)
end)
