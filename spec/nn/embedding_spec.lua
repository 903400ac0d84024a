-- Embedding.

local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

local function int(list) return ssl.tensor(list, "int64") end

describe("Embedding", function()
  it("gives the rows of its table", function()
    local m = nn.Embedding(5, 3)
    local index = int { { 5, 1 }, { 2, 5 } }
    local y = m(index)
    assert.same({ 2, 2, 3 }, { y:shape() })
    assert.is_true(ssl.equal(m.weight[5], y[{ 1, 1 }]))
    assert.is_true(ssl.equal(m.weight[2], y[{ 2, 1 }]))
    assert.is_true(ssl.equal(m(index:t():contiguous()), m(index:t())))
    assert.same({ 3 }, { m(int(4)):shape() })
    assert.same({ 0, 3 }, { m(ssl.zeros(0, "int64")):shape() })
  end)

  it("adds up the gradients of a row that was used often", function()
    local m = nn.Embedding(4, 2, { dtype = F64 })
    local g = ssl.tensor({ { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } }, F64)
    m(int { 3, 1, 3, 3 }):backward { gradient = g }
    assert.tensor_near({ { 3, 4 }, { 0, 0 }, { 13, 16 }, { 0, 0 } }, m.weight:grad())
    assert.is_true((ssl.gradcheck(function(w)
      m.weight = w
      return m(int { { 2, 1 }, { 2, 4 } })
    end, { ssl.randn(4, 2, F64) }, { second = true })))
  end)

  it("starts standard normal, the same for the same generator", function()
    local m = nn.Embedding(300, 40, { generator = ssl.generator(1) })
    -- 5 standard errors of 12000 values
    assert.tensor_near(0, m.weight:mean(), 5 / 12000 ^ 0.5)
    assert.tensor_near(1, m.weight:std(), 5 / 24000 ^ 0.5)
    assert.is_true(ssl.equal(m.weight,
      nn.Embedding(300, 40, { generator = ssl.generator(1) }).weight))
  end)

  it("has a row for padding, zero and without gradient", function()
    local m = nn.Embedding(4, 2, { padding_idx = 2 })
    assert.tensor_near({ 0, 0 }, m.weight[2])
    local y = m(int { 2, 1 })
    y:sum():backward()
    assert.tensor_near({ { 1, 1 }, { 0, 0 }, { 0, 0 }, { 0, 0 } }, m.weight:grad())
    ssl.no_grad(function() m.weight:fill_(7) end)
    assert.tensor_near({ 7, 7 }, m(int { 2 })[1]) -- what it holds, whatever that is
  end)

  it("keeps its state and describes itself", function()
    local a, b = nn.Embedding(4, 2, { padding_idx = 2 }), nn.Embedding(4, 2)
    b:load_state(a:state())
    assert.is_true(ssl.equal(a.weight, b.weight))
    assert.equal("Embedding(4, 2, padding_idx=2) 8 parameters", tostring(a))
    assert.equal("Embedding(4, 2) 8 parameters", tostring(b))
  end)

  it("says what is wrong with its arguments", function()
    local m = nn.Embedding(4, 2)
    assert.raises("bad argument #1 to", m, int { 5 })
    assert.raises("5 is outside 1..4", m, int { 1, 5, 0 })
    assert.raises("0 is outside 1..4", m, int { { 1, 0 } })
    assert.raises("numbers of dtype int64 expected, got (1) float32", m, ssl.ones(1))
    assert.raises("num must be in 1..inf, got 0", nn.Embedding, 0, 2)
    assert.raises("dim must be a whole number, got nil", nn.Embedding, 2)
    assert.raises("padding_idx must be in 1..4, got 5", nn.Embedding, 4, 2, { padding_idx = 5 })
    assert.raises("unknown option 'sparse'; known: dtype, generator, padding_idx", nn.Embedding, 4,
      2, { sparse = true })
  end)
end)
