-- Mean squared error.

local ssl = require "sslkit"

local mse = ssl.losses.mse
local F64 = "float64"

describe("mse", function()
  it("is the mean of the squared differences of any shape", function()
    local a, b = ssl.tensor({ { 1, 2 }, { 3, 5 } }, F64), ssl.tensor({ { 0, 2 }, { 5, 1 } }, F64)
    assert.tensor_near(21 / 4, mse(a, b))
    assert.tensor_near(21, mse(a, b, { reduction = "sum" }))
    assert.tensor_near({ { 1, 0 }, { 4, 16 } }, mse(a, b, { reduction = "none" }))
    assert.tensor_near(mse(a, b), mse(b, a))
    assert.tensor_near(9, mse(ssl.tensor(1), ssl.tensor(4)))
    assert.tensor_near({ { 1, 4 }, { 0, 16 } }, mse(a:t(), b:t(), { reduction = "none" }))
  end)

  it("has the right gradients, 0 where both are equal", function()
    local inputs = { ssl.randn(3, 4, F64), ssl.randn(3, 4, F64) }
    for _, reduction in ipairs { "mean", "sum", "none" } do
      assert.is_true((ssl.gradcheck(function(a, b) return mse(a, b, { reduction = reduction }) end,
        inputs, { second = true })))
    end
    local x = ssl.randn(5):requires_grad()
    mse(x, x:detach()):backward()
    assert.is_true(ssl.equal(ssl.zeros(5), x:grad()))
  end)

  it("that is not finite names the element", function()
    local a = ssl.zeros(2, 2)
    a[{ 2, 1 }] = 0 / 0
    assert.raises("mse: element 3 has a loss of nan", mse, a, ssl.zeros(2, 2))
    a[{ 2, 1 }] = 1e30 -- its square is beyond float32
    assert.raises("element 3 has a loss of inf", mse, a, ssl.zeros(2, 2))
    assert.raises("the loss of no rows is not defined", mse, ssl.zeros(0, 3), ssl.zeros(0, 3))
    assert.equal(0, mse(ssl.zeros(0, 3), ssl.zeros(0, 3), { reduction = "sum" }):item())
  end)

  it("says what is wrong with its arguments", function()
    local a = ssl.ones(2, 3)
    assert.raises("bad argument #1 to 'mse' (tensor expected, got nil)", mse)
    assert.raises("bad argument #2 to 'mse' (tensor expected, got number 0)", mse, a, 0)
    assert.raises("shapes differ: (2,3) float32 and (3) float32", mse, a, a[1]) -- no broadcasting
    assert.raises("float32 expected, got (2,3) float64", mse, a, a:double())
    assert.raises("float expected, got (2,3) int64", mse, a:long(), a:long())
    assert.raises("reduction must be one of mean, sum, none", mse, a, a, { reduction = 1 })
  end)
end)
