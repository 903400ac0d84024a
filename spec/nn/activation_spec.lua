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
      Identity = function(v) return v end,
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

  it("L2Norm gives rows of length 1, of any number of dimensions", function()
    local m = nn.L2Norm()
    local y = m(ssl.randn(2, 3, 4, F64))
    assert.tensor_near(ssl.ones(2, 3, F64), y:norm(2, -1), 1e-12)
    assert.tensor_near({ { 0, 0 }, { 0.6, -0.8 } }, m(ssl.tensor({ { 0, 0 }, { 3, -4 } }, F64)))
    assert.is_true((ssl.gradcheck(m, { ssl.randn(2, 3, F64) }, { second = true })))
    local big = m(ssl.tensor { { 3e30, -4e30 } }) -- whose squares are beyond float32
    assert.tensor_near({ { 0.6, -0.8 } }, big, 1e-6)
  end)

  it("Flatten keeps the first dimension", function()
    local m = nn.Flatten()
    assert.same({ 2, 12 }, { m(ssl.zeros(2, 3, 4)):shape() })
    assert.same({ 2, 3 }, { m(ssl.zeros(2, 3)):shape() })
    assert.same({ 0, 12 }, { m(ssl.zeros(0, 3, 4)):shape() })
  end)

  it("name what they expect", function()
    assert.raises("tensor expected, got nil", nn.ReLU())
    assert.raises("float", nn.Sigmoid(), ssl.ones(2, "int64"))
  end)
end)
