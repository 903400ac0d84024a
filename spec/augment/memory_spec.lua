-- The memory of the losses of single samples.

local ssl = require "sslkit"

local function int(t) return ssl.tensor(t, "int64") end

describe("augment.memory", function()
  it("gives the spec's example", function()
    local m = ssl.augment.memory { size = 3 }
    m:update(int { 3, 1 }, ssl.tensor { 4, 1 })
    assert.tensor_near({ 0, 0, 0 }, m:strength(int { 1, 2, 3 })) -- the first epoch has not ended
    m:update(int { 2 }, ssl.tensor { 2 })
    assert.tensor_near({ 0.1, 0.4, 1 }, m:strength(int { 1, 2, 3 }), 1e-12)
    assert.tensor_near({ 1, 0.1, 1 }, m:strength(int { 3, 1, 3 }), 1e-12)
  end)

  it("averages over epochs, and changes strengths when one has ended", function()
    local m = ssl.augment.memory { size = 2, momentum = 0.75 }
    m:update(int { 1, 2 }, ssl.tensor { 4, 8 })
    m:update(int { 1 }, ssl.tensor({ 20 }, "float64"))
    assert.tensor_near({ 8, 8 }, m:state().loss, 1e-12)
    assert.tensor_near({ 0, 1 }, m:strength(int { 1, 2 }), 1e-12)
    m:update(int { 2 }, ssl.tensor { 8 })
    assert.tensor_near({ 0.5, 0.5 }, m:strength(int { 1, 2 })) -- all alike
  end)

  it("is a twin of its formula", function()
    local n, beta = 40, 0.97
    local g = ssl.generator(3)
    local m, twin = ssl.augment.memory { size = n }, nil
    for _ = 1, 4 do
      local losses = ssl.rand({ n }, { generator = g }):double()
      twin = twin and twin * beta + losses * (1 - beta) or losses
      local order = ssl.randperm(n, { generator = g })
      m:update(order, losses:index(1, order))
    end
    local z = (twin - twin:mean():item()) / twin:std():item()
    local w = z / (2 * z:abs():max():item()) + 0.5
    assert.tensor_near(w, m:strength(ssl.arange(1, n, 1, "int64")), 1e-12)
    assert.is_true(w:min():item() >= 0 and w:max():item() <= 1)
  end)

  it("leaves samples that gave no loss out", function()
    local m = ssl.augment.memory { size = 4 }
    m:update(int { 1, 3, 4 }, ssl.tensor { 1, 2, 4 })
    m:refresh()
    assert.tensor_near({ 0.1, 0, 0.4, 1 }, m:strength(int { 1, 2, 3, 4 }), 1e-12)
    assert.tensor_near({ 0, 0 }, ssl.augment.memory({ size = 2 }):refresh():strength(int { 1, 2 }))
  end)

  it("goes to a state, and on from it", function()
    local a, b = ssl.augment.memory { size = 3 }, ssl.augment.memory { size = 3 }
    a:update(int { 1, 2 }, ssl.tensor { 1, 2 })
    local s = a:state()
    b:load_state(s)
    for _, m in ipairs { a, b } do m:update(int { 3 }, ssl.tensor { 4 }) end
    assert.is_true(ssl.equal(a:strength(int { 1, 2, 3 }), b:strength(int { 1, 2, 3 })))
    assert.tensor_near({ 1, 2, 0 }, s.loss) -- nobody else's
    assert.raises("loss of 2 samples expected, got 3",
      function() ssl.augment.memory({ size = 2 }):load_state(s) end)
    assert.raises("unknown option 'x'", function() a:load_state { x = 1 } end)
    assert.raises("expected, got nil", function() a:load_state {} end)
  end)

  it("refuses what makes no sense, and stays as it was", function()
    local m = ssl.augment.memory { size = 3 }
    assert.raises("bad argument #2 to 'update' (losses of 2 samples expected, got 1)",
      function() m:update(int { 1, 2 }, ssl.tensor { 1 }) end)
    for _, wrong in ipairs { 0 / 0, math.huge } do
      assert.raises("losses must be finite", m.update, m, int { 1 }, ssl.tensor { wrong })
    end
    assert.raises("samples must be in 1..3, got 0..0", m.update, m, int { 0 }, ssl.tensor { 1 })
    assert.raises("samples must be in 1..3, got 1..4", m.strength, m, int { 1, 4 })
    assert.raises("index of dtype int64 expected", m.strength, m, ssl.ones(1))
    assert.equal("memory of the losses of 3 samples, 0 of them known", tostring(m))
    assert.raises("size must be a whole number, got nil", ssl.augment.memory, {})
    assert.raises("size must be in 1..inf, got 0", ssl.augment.memory, { size = 0 })
    assert.raises("momentum must be in 0..1", ssl.augment.memory, { size = 3, momentum = 2 })
    assert.same({ 0 }, { m:strength(ssl.empty({ 0 }, "int64")):shape() })
  end)
end)
