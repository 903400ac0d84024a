-- Dormant and dead units, and the ranks of features.

local ssl = require "sslkit"
local fixture = dofile "spec/fixtures/metrics_spectral.lua"

local dormant, dead, feature_rank = ssl.metrics.dormant, ssl.metrics.dead, ssl.metrics.feature_rank

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-10) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end
local function double(rows) return ssl.tensor(rows, "float64") end

local toy = double { { 0, 1, 2, 0.02 }, { 0, 3, 2, 0 } }

local function activations()
  local x = ssl.data.digits().x:double():view(1797, 64)
  return (x - x:mean(1) - 3):relu()
end

describe("dormant", function()
  it("gives the worked numbers", function()
    local full = dormant(toy, { full = true })
    assert.same({ 0.5, 2, 4 }, { full.value, full.count, full.units })
    -- worked out without the guard of 1e-9, which takes a part in 1e9 off
    near({ 0, 1.995012468828, 1.995012468828, 0.009975062344 }, full.scores, 2.1e-9)
    near(2 / (1.0025 + 1e-9), full.scores[2], 1e-15)
    assert.same({ 1, 0, 0, 1 }, full.mask:totable())
    local other = double { { 1, 0, 0.1, 2 }, { 3, 0, 0.1, 0 } }
    near({ 2.5806, 0, 0.1290, 1.2903 }, dormant(other, { full = true }).scores, 5e-5)
    assert.equal(0.25, dormant(other))
    assert.equal(0.5, dormant(other, { tau = 0.15 }))
    assert.equal(0.25, dormant(other, { tau = 0 }))
  end)

  it("gives NumPy's of the digits", function()
    local want = fixture.plasticity
    for _, h in ipairs { activations(), -activations() } do
      local full = dormant(h, { full = true })
      near(want.dormant, full.value, 1e-15)
      near(want.score_sum, full.scores:square():sum():item(), 1e-9)
      near(want.dormant_half, dormant(h, { tau = 0.5 }), 1e-15)
    end
    near(want.dormant, dormant(activations():float()), 1e-15)
  end)

  it("takes channels of images and the last dimension of all else", function()
    local image = ssl.randn({ 6, 5, 3, 2 }, { generator = ssl.generator(1) })
    image:select(2, 4):fill_(0)
    local full = dormant(image, { full = true })
    assert.same({ 0, 0, 0, 1, 0 }, full.mask:totable())
    local flat = image:permute(1, 3, 4, 2):reshape(36, 5)
    near(dormant(flat, { full = true }).scores, full.scores, 1e-15)
    near(full.scores, dormant(flat:view(6, 6, 5), { full = true }).scores, 1e-15)
  end)

  it("pools layers, or averages them", function()
    local layers = { ssl.ones(5, 3), toy, ssl.zeros(5, 1) }
    local full = dormant(layers, { full = true })
    near({ 0, 0.5, 1 }, double(full.layers), 0)
    assert.equal(3 / 8, full.value)
    assert.equal(0.5, dormant(layers, { aggregate = "layers" }))
    assert.equal(3, #full.mask)
    assert.equal(1, dormant(ssl.zeros(4, 6))) -- the guard
  end)

  it("sees saturated units by their deviation", function()
    local h = double { { 1, 0.5, 0.9 }, { 1, -0.5, 0.1 }, { 1, 0, 0.2 } }
    assert.equal(0, dormant(h))
    local full = dormant(h, { score = "std", full = true })
    near(1 / 3, full.value)
    local std = h:var(1, { ddof = 0 }):sqrt()
    near(std / std:mean(), full.scores, 1e-8) -- but for the guard
    assert.equal(1, dormant(ssl.full({ 5, 2 }, 0.3), { score = "std" }))
  end)

  it("tells how many of those before still are", function()
    local before = dormant(toy, { full = true }).mask
    assert.equal(1, dormant(toy, { full = true, previous = before }).overlap)
    local other = double { { 1, 1, 2, 0 }, { 1, 3, 2, 0 } }
    assert.equal(0.5, dormant(other, { full = true, previous = before }).overlap)
    local list = dormant({ toy, other }, { full = true }).mask
    assert.equal(1, dormant({ toy, other }, { full = true, previous = list }).overlap)
    is_nan(dormant(toy, { full = true, previous = ssl.zeros({ 4 }, "uint8") }).overlap)
    assert.raises("previous must be the mask of the same units, (4) uint8, got tensor (3) uint8",
      dormant, toy, { previous = ssl.zeros({ 3 }, "uint8") })
    assert.raises("previous must be a mask or a list of masks, got number 1", dormant, toy,
      { previous = 1 })
  end)

  it("handles NaN, and refuses what it cannot read", function()
    local h = toy:clone()
    h[{ 2, 1 }] = 0 / 0
    for _, f in ipairs { dormant, dead } do
      assert.raises("row 2 of (2,4) float64", f, h)
      assert.equal(f(toy:narrow(1, 1, 1)), f(h, { nan = "skip" }))
      assert.equal(1, f(h, { nan = "skip", full = true }).n_skipped)
      is_nan(f(h, { nan = "propagate" }))
      assert.raises("activations, a tensor or a list of tensors, expected, got number 3", f, 3)
      assert.raises("at least one layer", f, {})
      assert.raises("activations of layer 2 expected, got string 'x'", f, { toy, "x" })
      assert.raises("activations of 2 dimensions or more expected, got (3)", f, ssl.ones(3))
      assert.raises("without elements", f, ssl.ones(0, 3))
      assert.raises("of dtype float", f, ssl.ones({ 2, 2 }, "int64"))
    end
    assert.raises({ "bad argument #2 to 'dormant'", "tau must be in 0..inf" }, dormant, toy,
      { tau = -1 })
    assert.raises("aggregate must be one of pooled, layers", dormant, toy, { aggregate = "mean" })
    assert.raises("score must be one of mean, std", dormant, toy, { score = "abs" })
  end)
end)

describe("dead", function()
  it("gives the worked numbers, and NumPy's of the digits", function()
    local full = dead(toy, { full = true })
    assert.same({ 0.25, 0.375, 0.5, 1, 4 }, { full.value, full.sparsity, full.always_on, full.count,
      full.units })
    assert.same({ 1, 0, 0, 0 }, full.mask:totable())
    for _, h in ipairs { activations(), activations():float() } do
      full = dead(h, { full = true })
      near(fixture.plasticity.dead, full.value, 1e-15)
      near(fixture.plasticity.sparsity, full.sparsity, 1e-12)
    end
  end)

  it("counts units that are never above 0, in layers and images", function()
    assert.equal(2 / 3, dead(ssl.tensor { { -1, 0, 1 }, { -2, 0, 0 } }))
    local full = dead({ ssl.ones(5, 3), ssl.zeros(5, 1) }, { full = true })
    assert.same({ 0.25, 0.75, 0.25 }, { full.value, full.always_on, full.layers[1] + full.sparsity
      - 0.25 + full.value })
    local image = ssl.ones(2, 3, 4, 4)
    image:select(2, 2):fill_(-1)
    assert.equal(1 / 3, dead(image))
    assert.raises("unknown option 'tau'", dead, toy, { tau = 0 })
  end)
end)

describe("feature_rank", function()
  it("gives the worked numbers", function()
    local r = feature_rank(double { 3, 2, 0.5, 0.03, 0.01 }:diag())
    assert.equal(3, r.srank)
    near(2.6031, r.entropy_rank, 5e-5)
    assert.equal(5, r.numerical_rank)
    near((9 + 4 + 0.25 + 0.0009 + 0.0001) ^ 2 / (81 + 16 + 0.0625 + 0.03 ^ 4 + 1e-8),
      r.participation_ratio)
    assert.matches("N = 5 is less than 4 D = 20", r.warn)
    assert.equal(2, feature_rank(double { 3, 2, 0.5, 0.03, 0.01 }:diag(), { delta = 0.2 }).srank)
  end)

  it("is what the four say, of all inputs", function()
    local z = ssl.randn({ 200, 12 }, { generator = ssl.generator(1), dtype = "float64" }) + 0.5
    local path = os.tmpname() .. ".npy"
    assert(ssl.save(path, z))
    local file <close> = assert(ssl.io.npy.open(path))
    os.remove(path)
    local m = ssl.metrics
    for _, input in ipairs { z, m.accumulator(12):add(z), file } do
      local r = feature_rank(input)
      for suffix, center in pairs { [""] = false, _centred = true } do
        local o = { center = center }
        assert.equal(m.srank(z, o), r["srank" .. suffix])
        near(m.rankme(z, o), r["entropy_rank" .. suffix], 1e-9)
        near(m.participation_ratio(z, o), r["participation_ratio" .. suffix], 1e-9)
        assert.equal(m.numerical_rank(z, o), r["numerical_rank" .. suffix])
      end
      assert.is_nil(r.warn)
    end
    local one = feature_rank(m.spectrum(z, { center = true }))
    assert.is_nil(one.srank)
    near(m.rankme(z, { center = true }), one.entropy_rank_centred)
    assert.is_nil(feature_rank(m.accumulator(12, { center = false }):add(z)).srank_centred)
  end)

  it("knows the edges", function()
    local none = feature_rank(ssl.zeros(3, 2))
    assert.same({ 0, 0, 0, 0 }, { none.srank, none.entropy_rank, none.participation_ratio,
      none.numerical_rank })
    local alone = feature_rank(ssl.ones(1, 3))
    assert.equal(1, alone.srank)
    is_nan(alone.srank_centred)
    assert.matches("one row", alone.undefined)
    local z = ssl.ones(3, 2)
    z[{ 3, 2 }] = 0 / 0
    assert.raises({ "to 'feature_rank'", "row 3" }, feature_rank, z)
    is_nan(feature_rank(z, { nan = "propagate" }).srank_centred)
    assert.equal(1, feature_rank(z, { nan = "skip" }).srank)
    assert.raises("delta must be in 0..1", feature_rank, z, { delta = 3 })
    assert.raises("nan must be one of", feature_rank, z, { nan = "drop" })
  end)
end)
