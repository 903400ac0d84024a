-- Residual.

local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

describe("Residual", function()
  it("adds its input, or the shortcut's view of it", function()
    local f, shortcut = nn.Linear(3, 3, { dtype = F64 }), nn.Linear(3, 3, { dtype = F64 })
    local x = ssl.randn(4, 3, F64)
    assert.tensor_near(f(x) + x, nn.Residual(f)(x), 1e-15)
    assert.tensor_near(f(x) + shortcut(x), nn.Residual(f, shortcut)(x), 1e-15)
    assert.same({ 0, 3 }, { nn.Residual(f)(ssl.zeros(0, 3, F64)):shape() })
  end)

  it("names its parts, and has their gradients", function()
    local m = nn.Residual(nn.Linear(2, 2, { dtype = F64 }), nn.Linear(2, 2, { bias = false,
      dtype = F64 }))
    local names = {}
    for i, entry in ipairs(m:named_parameters()) do names[i] = entry[1] end
    assert.same({ "f.weight", "f.bias", "shortcut.weight" }, names)
    assert.is_true((ssl.gradcheck(function(x, v, w)
      m.f.weight, m.shortcut.weight = v, w
      return m(x):tanh()
    end, { ssl.randn(3, 2, F64), ssl.randn(2, 2, F64), ssl.randn(2, 2, F64) }, { second = true })))
    assert.equal(1, #nn.Residual(nn.Linear(2, 2, { bias = false })):parameters())
  end)

  it("takes modules only", function()
    assert.raises("bad argument #1 to 'Residual' (module expected, got nil)", nn.Residual)
    assert.raises("bad argument #2 to 'Residual' (module expected, got function)", nn.Residual,
      nn.ReLU(), ssl.relu)
  end)
end)
