-- Linear.

local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

describe("Linear", function()
  it("is x W' + b over any leading dimensions", function()
    local m = nn.Linear(3, 2, { dtype = F64 })
    assert.same({ 2, 3 }, { m.weight:shape() })
    local x = ssl.randn(4, 5, 3, F64)
    assert.tensor_near(x:matmul(m.weight:t()) + m.bias, m(x), 1e-12)
    assert.tensor_near(m(x)[2][3], m(x[2][3]), 1e-12)
    assert.same({ 0, 2 }, { m(ssl.zeros(0, 3, F64)):shape() })
    local plain = nn.Linear(3, 2, { bias = false, dtype = F64 })
    assert.is_nil(plain.bias)
    assert.equal(1, #plain:parameters())
    assert.tensor_near(x:matmul(plain.weight:t()), plain(x), 1e-12)
  end)

  it("has the right gradients", function()
    local m = nn.Linear(3, 2, { dtype = F64 })
    assert.is_true((ssl.gradcheck(function(x, w, b)
      m.weight, m.bias = w, b
      return m(x):tanh()
    end, { ssl.randn(4, 3, F64), ssl.randn(2, 3, F64), ssl.randn(2, F64) })))
  end)

  it("starts uniform within 1 / sqrt(inp), the same for the same generator", function()
    local m = nn.Linear(400, 300, { generator = ssl.generator(1) })
    for _, p in ipairs(m:parameters()) do
      assert.is_true(p:abs():max():item() <= 0.05)
      assert.tensor_near(0, p:mean(), 0.05 / 3 ^ 0.5 / p:numel() ^ 0.5 * 5) -- 5 standard errors
    end
    assert.tensor_near(0.05 / 3 ^ 0.5, m.weight:std(), 1e-4)
    assert.is_true(m.weight:is_leaf() and m.weight:needs_grad())
    local same = nn.Linear(400, 300, { generator = ssl.generator(1) })
    assert.is_true(ssl.equal(m.weight, same.weight) and ssl.equal(m.bias, same.bias))
  end)

  it("says what is wrong with its arguments", function()
    assert.raises("bad argument #1 to 'Linear' (inp must be a whole number, got nil)", nn.Linear)
    assert.raises("inp must be in 1..inf, got 0", nn.Linear, 0, 2)
    assert.raises("out must be a whole number, got number 2.5", nn.Linear, 3, 2.5)
    assert.raises("table of options expected, got boolean false", nn.Linear, 3, 2, false)
    assert.raises("unknown option 'biass'; known: bias, dtype, generator", nn.Linear, 3, 2,
      { biass = false })
    assert.raises("dtype", nn.Linear, 3, 2, { dtype = "int64" })
    local m = nn.Linear(3, 2)
    assert.raises("tensor expected, got nil", m)
    assert.raises("(4,5) float32 does not fit the weight (2,3) float32", m, ssl.ones(4, 5))
    assert.raises("float64", m, ssl.ones(4, 3, F64))
    assert.raises("int64", m, ssl.ones(4, 3, "int64"))
  end)
end)
