-- Self-clustering and coherence.

local ssl = require "sslkit"
local fixture = dofile "spec/fixtures/metrics_spectral.lua"

local self_cluster, coherence = ssl.metrics.self_cluster, ssl.metrics.coherence

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-10) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local square = ssl.tensor { { 1, 0 }, { 0, 1 }, { -1, 0 }, { 0, -1 } }
local function digits() return ssl.data.digits().x:double():view(1797, 64) end

-- By its definition, over all pairs.
local function brute_cluster(z)
  z = z:double()
  local u = z / z:square():sum(2, true):sqrt()
  local n, d = z:shape()
  local sum = u:matmul(u:t()):square():sum():item()
  local expected = n + n * (n - 1) / d
  return (sum - expected) / (n * n - expected)
end

local function brute_coherence(z, rank)
  local u = ssl.linalg.svd(z:double()):narrow(2, 1, rank)
  return #z / rank * u:square():sum(2):max():item()
end

describe("self_cluster", function()
  it("gives the worked numbers, and scikit-learn's of the digits", function()
    near(-1 / 3, self_cluster(ssl.eye(4)))
    near(-1 / 3, self_cluster(square))
    near(1, self_cluster(ssl.ones(4, 3)), 1e-15)
    for _, x in ipairs { digits(), digits():float() } do
      near(fixture.rows.self_cluster, self_cluster(x), 1e-9)
    end
  end)

  it("is what all pairs give, tall and wide", function()
    for seed, case in ipairs { { 70, 5 }, { 5, 70 }, { 40, 40 }, { 1500, 12 }, { 1200, 1300 } } do
      local z = randn(case[1], case[2], seed) + 0.1
      local want = brute_cluster(z)
      near(want, self_cluster(z), 1e-12)
      near(want, self_cluster(-3 * z), 1e-12)
      near(want, self_cluster(z * 2.0 ^ 600), 1e-12)
      near(brute_cluster(z - z:mean(1)), self_cluster(z, { center = true }), 1e-11)
      assert.is_true(want >= -1 / (math.min(case[1], case[2]) - 1))
    end
    local view = randn(60, 20, 9):t()[{ { 1, 20, 2 }, {} }]
    near(self_cluster(view:clone()), self_cluster(view), 0)
  end)

  it("leaves rows of zeros out", function()
    local z = randn(30, 4, 1)
    local more = self_cluster(ssl.cat { z, ssl.zeros({ 5, 4 }, "float64") }, { full = true })
    near(self_cluster(z), more.value, 1e-12)
    assert.same({ 35, 30, 5, 4 }, { more.n, more.n_used, more.n_zero, more.d })
    for _, few in ipairs { ssl.zeros(4, 3), ssl.ones(1, 3), ssl.eye(3):narrow(1, 1, 1) } do
      local full = self_cluster(few, { full = true })
      is_nan(full.value)
      assert.matches("fewer than two rows", full.undefined)
    end
    is_nan(self_cluster(ssl.full({ 9, 3 }, 0.1), { center = true })) -- nothing is left
    assert.equal(1, self_cluster(ssl.randn(5, 1)))
    near(1, self_cluster(ssl.tensor { { 1, 2 }, { -2, -4 }, { 3, 6 } }), 1e-12) -- blind to signs
  end)

  it("handles NaN, and refuses what it cannot read", function()
    local z = randn(6, 3, 2)
    local clean = z:narrow(1, 1, 5):clone()
    z[{ 6, 1 }] = math.huge
    assert.raises({ "bad argument #1 to 'self_cluster'", "row 6 of (6,3) float64" },
      self_cluster, z)
    local skipped = self_cluster(z, { nan = "skip", full = true })
    near(self_cluster(clean), skipped.value, 0)
    assert.equal(1, skipped.n_skipped)
    assert.matches("row 6", self_cluster(z, { nan = "propagate", full = true }).undefined)
    assert.raises("unknown option 'centre'; known: center, full, nan", self_cluster, z,
      { centre = true })
    assert.raises("tensor with 2 dimensions expected", self_cluster, ssl.ones(3))
    assert.raises("at least one row", self_cluster, ssl.zeros(0, 3))
  end)
end)

describe("coherence", function()
  it("gives the worked numbers, and NumPy's of the digits", function()
    near(2, coherence(ssl.cat { ssl.eye(2), ssl.zeros(2, 2) }))
    near(1, coherence(square))
    for n = 1, 6 do near(1, coherence(ssl.eye(n)), 1e-12) end
    for _, x in ipairs { digits(), digits():float() } do
      local full = coherence(x, { full = true })
      near(fixture.rows.coherence, full.value, 1e-8)
      assert.same({ fixture.rows.coherence_rank, fixture.rows.coherence_row },
        { full.rank, full.row })
    end
  end)

  it("is what the singular vectors give, by every route", function()
    for seed, case in ipairs { { 60, 7, 7 }, { 7, 60, 7 }, { 60, 20, 5 }, { 20, 60, 5 },
      { 1500, 200, 200 }, { 1500, 200, 9 }, { 300, 700, 20 } } do
      local n, d, rank = table.unpack(case)
      local z = randn(n, rank, seed):matmul(randn(rank, d, seed + 50))
      local full = coherence(z, { full = true })
      assert.equal(rank, full.rank)
      near(1, full.value / brute_coherence(z, rank), 1e-9)
      near(1, full.value / coherence(z * 2.0 ^ -700), 1e-9)
      assert.is_true(full.value >= 1 and full.value <= n / rank * (1 + 1e-12))
      local centred = z - z:mean(1)
      near(1, coherence(z, { center = true })
        / brute_coherence(centred, math.min(rank, n - 1)), 1e-8)
    end
  end)

  it("knows the edges", function()
    is_nan(coherence(ssl.zeros(4, 3)))
    assert.matches("zero", coherence(ssl.zeros(4, 3), { full = true }).undefined)
    is_nan(coherence(ssl.ones(4, 3), { center = true }))
    is_nan(coherence(ssl.ones(1, 3), { center = true }))
    near(1, coherence(ssl.ones(1, 3)))
    near(1, coherence(ssl.ones(5, 3)), 1e-12)
    local z = randn(30, 4, 3)
    near(coherence(z), coherence(ssl.cat { z, z }), 1e-9) -- a row twice counts half
    near(1, coherence(ssl.tensor { { 3, 0 }, { 0, 1 } }, { rtol = 0.5, full = true }).rank)
    z[{ 2, 2 }] = 0 / 0
    assert.raises({ "to 'coherence'", "row 2" }, coherence, z)
    near(coherence(ssl.cat { z:narrow(1, 1, 1), z:narrow(1, 3, 30) }),
      coherence(z, { nan = "skip" }), 0)
    is_nan(coherence(z, { nan = "propagate" }))
    assert.raises("rtol must be in 0..1", coherence, z, { rtol = 2 })
    assert.raises("unknown option", coherence, z, { squared = true })
    assert.raises("tensor expected, got nil", coherence)
  end)
end)
