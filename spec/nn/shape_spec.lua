-- Modules that compute nothing.

local ssl = require "sslkit"

local nn = ssl.nn

describe("Identity", function()
  it("is x itself", function()
    local x = ssl.randn(2, 3)
    assert.is_true(rawequal(x, nn.Identity()(x)))
    assert.equal("Identity() 0 parameters", tostring(nn.Identity()))
  end)
end)

describe("Flatten", function()
  it("keeps the first dimension", function()
    local m = nn.Flatten()
    assert.same({ 2, 12 }, { m(ssl.zeros(2, 3, 4)):shape() })
    assert.same({ 2, 3 }, { m(ssl.zeros(2, 3)):shape() })
    assert.same({ 0, 12 }, { m(ssl.zeros(0, 3, 4)):shape() })
    assert.is_true((ssl.gradcheck(function(x) return m(x:transpose(2, 3)) end,
      { ssl.randn(2, 2, 3, "float64") })))
    assert.raises("tensor expected, got nil", m)
  end)
end)
