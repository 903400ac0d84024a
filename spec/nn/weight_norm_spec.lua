-- WeightNormLinear.

local fixtures = dofile "spec/fixtures/nn_models.lua"
local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

describe("WeightNormLinear", function()
  it("gives cosines to its rows for rows of length 1", function()
    local m = nn.WeightNormLinear(3, 5, { dtype = F64 })
    assert.same({ "weight" }, { m:named_parameters()[1][1] })
    local x = ssl.randn(4, 3, F64):normalize()
    local cosines = x:matmul((m.weight / m.weight:norm(2, 2, true)):t())
    assert.tensor_near(cosines, m(x), 1e-12)
    m.weight:detach():mul_(100)
    assert.tensor_near(cosines, m(x), 1e-12)
    assert.is_true(m(x):abs():max():item() <= 1)
  end)

  it("leaves the rows as they are when told so", function()
    local m = nn.WeightNormLinear(3, 5, { normalize = false, dtype = F64 })
    local x = ssl.randn(4, 3, F64)
    assert.tensor_near(x:matmul(m.weight:t()), m(x), 1e-12)
  end)

  it("has gradients across its rows only, and none at a zero row", function()
    local m = nn.WeightNormLinear(3, 2, { dtype = F64 })
    local x = ssl.randn(4, 3, F64)
    assert.is_true((ssl.gradcheck(function(w)
      m.weight = w
      return m(x)
    end, { ssl.randn(2, 3, F64) }, { second = true })))
    local w = ssl.tensor({ { 3, 4, 0 }, { 0, 0, 0 } }, F64):requires_grad()
    m.weight = w
    m(x):sum():backward()
    assert.tensor_near(0, (w:grad()[1] * w[1]):sum(), 1e-12)
    assert.is_true(w:grad()[1]:abs():sum():item() > 0)
    assert.tensor_near({ 0, 0, 0 }, w:grad()[2])
  end)

  it("learns the lengths of its rows as PyTorch's weight_norm, unless frozen", function()
    local want = fixtures.weight_norm
    local m = nn.WeightNormLinear(3, 2, { g_frozen = false, dtype = F64 })
    assert.tensor_near({ 1, 1 }, m.g)
    assert.equal("WeightNormLinear(3, 2, g_frozen=false) 8 parameters", tostring(m))
    m:load_state { weight = ssl.tensor(want.weight, F64), g = ssl.tensor(want.gain, F64) }
    local x = ssl.tensor(want.x, F64):requires_grad()
    local y = m(x)
    y:backward { gradient = ssl.tensor(want.g, F64) }
    -- 1e-8: the fixture holds 9 digits
    assert.tensor_near(want.y, y, 1e-8)
    assert.tensor_near(want.dx, x:grad(), 1e-8)
    assert.tensor_near(want.dweight, m.weight:grad(), 1e-8)
    assert.tensor_near(want.dgain, m.g:grad(), 1e-8)
  end)

  it("has nothing to learn of lengths that are frozen", function()
    assert.equal(1, #nn.WeightNormLinear(3, 2):parameters())
    assert.is_nil(nn.WeightNormLinear(3, 2).g)
    assert.raises("unknown option 'g'; known: dtype, g_frozen, generator, normalize",
      nn.WeightNormLinear, 3, 2, { g = 1 })
  end)
end)
