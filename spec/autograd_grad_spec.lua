-- Gradients of functions, ssl.grad, and products with Hessians, ssl.hvp.

local ssl = require "sslkit"

local F64 = "float64"

local function leaf(values) return ssl.tensor(values, F64):requires_grad() end
local function int(list) return ssl.tensor(list, "int64") end

describe("ssl.grad", function()
  local function square(x) return (x * x):sum() end

  it("gives gradients of one input or a list, and touches no grad()", function()
    local x, w = ssl.tensor({ 1, 2 }, F64), leaf { 3, 4 }
    assert.tensor_near({ 2, 4 }, ssl.grad(square, x))
    assert.is_false(x:needs_grad())
    local g = ssl.grad(function(a, b) return (a * a * b):sum() end, { x, w })
    assert.tensor_near({ 6, 16 }, g[1])
    assert.tensor_near({ 1, 4 }, g[2])
    assert.is_nil(w:grad())
    assert.is_false(g[1]:needs_grad())
  end)

  it("takes inputs on the tape by name too, such as the parameters of a module", function()
    local net = ssl.nn.Linear(2, 1, { dtype = F64 })
    local x = ssl.tensor({ { 1, 2 }, { 3, 5 } }, F64)
    local g = ssl.grad(function() return net(x):sum() end, net:parameters())
    assert.tensor_near({ { 4, 7 } }, g[1])
    assert.tensor_near({ 2 }, g[2])
    assert.is_nil(net.weight:grad())
  end)

  it("is false where the function does not depend on the input", function()
    local x, y = ssl.ones(2), ssl.ones(2)
    local g = ssl.grad(function(a) return a:sum() end, { x, y, x })
    assert.tensor_near({ 1, 1 }, g[1])
    assert.is_false(g[2])
    assert.is_false(g[3]) -- another input, although the same tensor
    assert.is_false(ssl.grad(function() return ssl.ones(1) end, x))
    assert.is_false(ssl.grad(function(a) return a:detach():sum() end, x))
    local w = leaf { 1 }
    g = ssl.grad(function(a, b) return (a * b):sum() end, { w, w })
    assert.tensor_near({ 2 }, g[1])
    assert.tensor_near({ 2 }, g[2])
  end)

  it("goes no further than its inputs, and frees nothing beyond", function()
    local w = leaf { 3 }
    local hidden = w * w
    local out = (hidden * 2):sum()
    assert.tensor_near({ 2 }, ssl.grad(function() return out end, hidden))
    assert.raises("was freed", ssl.grad, function() return out end, w)
    assert.tensor_near({ 12 }, ssl.grad(function() return (hidden * 2):sum() end, w))
    local other = leaf { 1 } * 5
    ssl.grad(function(x) return (x * other):sum() end, ssl.ones(1, F64))
    other:sum():backward()
    local gone = leaf { 2 } * 1
    gone:sum():backward()
    local function product(x) return (x * gone):sum() end
    assert.tensor_near({ 4 }, ssl.grad(product, gone)) -- itself is still good for a start
    assert.raises({ "was freed", ":detach() what comes from it" }, ssl.grad, product,
      ssl.ones(1, F64))
  end)

  it("nests: derivatives of any order", function()
    local function power(x) return (x ^ 5):sum() end
    local f = power
    for _ = 1, 3 do
      local below = f
      f = function(x) return ssl.grad(below, x, { create_graph = true }):sum() end
    end
    local x = ssl.tensor({ 2, -1 }, F64)
    assert.tensor_near(60 * 4 + 60, f(x), 1e-9)
    assert.tensor_near({ 240, -120 }, ssl.grad(f, x), 1e-9)
    -- without create_graph the inner gradient is a constant
    local constant = ssl.grad(function(v) return (ssl.grad(square, v) * v):sum() end, x)
    assert.tensor_near({ 4, -2 }, constant)
  end)

  it("penalises gradients", function() -- d/dw |d(w x^2)/dx|^2 = d/dw 4 w^2 x^2
    local w, x = leaf { 3 }, ssl.tensor({ 2 }, F64)
    local g = ssl.grad(function(v) return (w * v * v):sum() end, x, { create_graph = true })
    g:square():sum():backward()
    assert.tensor_near({ 8 * 3 * 4 }, w:grad())
  end)

  it("records within no_grad, and restores what was there after an error", function()
    ssl.no_grad(function()
      assert.tensor_near({ 2, 2 }, ssl.grad(square, ssl.ones(2)))
      pcall(ssl.grad, function() error "x" end, ssl.ones(2))
      assert.is_false((leaf { 1 } * 1):needs_grad())
    end)
    pcall(ssl.grad, function(x) return ssl.no_grad(function() error(x) end) end, ssl.ones(2))
    assert.is_true((leaf { 1 } * 1):needs_grad())
  end)

  it("says what is wrong with its arguments", function()
    local one = ssl.ones(1)
    assert.raises("bad argument #1 to 'grad' (function expected, got tensor () float32)", ssl.grad,
      one:sum(), one)
    assert.raises("bad argument #2 to 'grad' (tensor or list of tensors expected, got nil)",
      ssl.grad, square)
    assert.raises("got a table without any", ssl.grad, square, {})
    assert.raises({ "bad argument #2", "float", "(1) int64" }, ssl.grad, square, { one, int { 1 } })
    assert.raises("unknown option 'creat_graph'", ssl.grad, square, one, { creat_graph = true })
    local must = "bad argument #1 to 'grad' (the function must return a float tensor with one "
      .. "element, got "
    assert.raises(must .. "nil", ssl.grad, function() end, one)
    assert.raises(must .. "number 3", ssl.grad, function() return 3 end, one)
    assert.raises(must .. "tensor (2) float32", ssl.grad, function(x) return x end, ssl.ones(2))
    assert.raises(must .. "tensor (2) float32", ssl.grad, function() return ssl.ones(2) end, one)
    assert.raises(must .. "tensor () int64", ssl.grad, function(x) return x:argmax() end, one)
  end)
end)

describe("ssl.hvp", function()
  it("is (A + A') v for x' A x", function()
    local a = ssl.tensor({ { 1, 2, 3 }, { 0, -1, 4 }, { 5, 0, 2 } }, F64)
    local v = ssl.tensor({ 1, -2, 0.5 }, F64)
    local function f(x) return x:dot(a:matmul(x)) end
    assert.tensor_near((a + a:t()):matmul(v), ssl.hvp(f, ssl.ones(3, F64), v), 1e-12)
  end)

  it("is that of Rosenbrock's function", function()
    local function f(p)
      local x, y = p:narrow(1, 1, 1), p:narrow(1, 2, 2)
      return ((1 - x) ^ 2 + 100 * (y - x ^ 2) ^ 2):sum()
    end
    local p = ssl.tensor({ -1.2, 1 }, F64)
    local hessian = { { 1200 * 1.44 - 400 + 2, 480 }, { 480, 200 } }
    assert.tensor_near({ -215.6, -88 }, ssl.grad(f, p), 1e-9)
    for i, e in ipairs { { 1, 0 }, { 0, 1 } } do
      assert.tensor_near(hessian[i], ssl.hvp(f, p, ssl.tensor(e, F64)), 1e-9)
    end
  end)

  it("takes the parameters of a network by name, and is the slope of its gradient", function()
    ssl.seed(3)
    local net = ssl.nn.mlp { sizes = { 3, 4, 2 }, activation = "tanh", dtype = F64 }
    local x, y = ssl.randn(5, 3, F64), int { 1, 2, 2, 1, 1 }
    local params, along = net:parameters(), {}
    for i, p in ipairs(params) do along[i] = ssl.randn({ p:shape() }, F64) end
    local function f() return ssl.losses.cross_entropy(net(x), y) end
    local product = ssl.hvp(f, params, along)
    local function shifted(step)
      local g
      for i, p in ipairs(params) do p:detach():add_(along[i] * step) end
      g = ssl.grad(f, params)
      for i, p in ipairs(params) do p:detach():sub_(along[i] * step) end
      return g
    end
    local up, down = shifted(1e-5), shifted(-1e-5)
    for i in ipairs(params) do
      -- differences of steps of 1e-5 are good to about 1e-9
      assert.tensor_near((up[i] - down[i]) / 2e-5, product[i], 1e-7)
      assert.is_nil(params[i]:grad())
    end
  end)

  it("is zero where the function is linear, or does not depend on a parameter", function()
    local x, y = ssl.ones(2), ssl.ones(3)
    local h = ssl.hvp(function(a) return (a * 3):sum() end, { x, y }, { x, y })
    assert.tensor_near({ 0, 0 }, h[1])
    assert.tensor_near({ 0, 0, 0 }, h[2])
    assert.tensor_near({ 0, 0 }, ssl.hvp(function() return ssl.ones(1) end, x, x))
  end)

  it("says what is wrong with its arguments", function()
    local function f(x) return x:sum() end
    local x = ssl.ones(2)
    assert.raises("bad argument #3 to 'hvp' (one tensor a parameter expected, got nil)", ssl.hvp, f,
      x)
    assert.raises("one tensor a parameter", ssl.hvp, f, { x, x }, { x })
    assert.raises("(3) float32 does not fit the parameter (2) float32", ssl.hvp, f, x, ssl.ones(3))
    assert.raises("bad argument #1 to 'hvp' (the function must return", ssl.hvp,
      function() end, x, x)
  end)
end)
