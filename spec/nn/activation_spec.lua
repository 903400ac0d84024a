-- Modules without parameters.

local fixtures = dofile "spec/fixtures/nn.lua"
local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

describe("activations", function()
  local x = ssl.tensor({ -2, -0.5, 0, 0.5, 2 }, F64)

  it("are their functions", function()
    local functions = {
      ReLU = function(v) return math.max(v, 0) end,
      SiLU = function(v) return v / (1 + math.exp(-v)) end,
      Tanh = function(v) return (math.exp(2 * v) - 1) / (math.exp(2 * v) + 1) end,
      Sigmoid = function(v) return 1 / (1 + math.exp(-v)) end,
    }
    for name, f in pairs(functions) do
      local want = {}
      for i, v in ipairs(x:totable()) do want[i] = f(v) end
      local m = nn[name]()
      assert.tensor_near(want, m(x), 1e-14)
      assert.equal(name .. "() 0 parameters", tostring(m))
      assert.same({}, m:state())
    end
  end)

  it("GELU is exact, or the approximation by tanh", function()
    local want = fixtures.gelu
    local points = ssl.tensor(want.x, F64)
    -- 1e-8: the fixture holds 9 digits
    assert.tensor_near(want.exact, nn.GELU()(points), 1e-8)
    assert.tensor_near(want.tanh, nn.GELU { approximate = "tanh" }(points), 1e-8)
    assert.tensor_near(want.exact, nn.GELU()(points:float()), 2e-6)
    assert.tensor_near(want.tanh, nn.GELU { approximate = "tanh" }(points:float()), 2e-6)
    assert.raises("approximate must be one of none, tanh, got string 'erf'", nn.GELU,
      { approximate = "erf" })
    assert.raises("unknown option 'approx'", nn.GELU, { approx = "tanh" })
  end)

  it("name what they expect", function()
    assert.raises("tensor expected, got nil", nn.ReLU())
    assert.raises("float", nn.Sigmoid(), ssl.ones(2, "int64"))
  end)
end)
