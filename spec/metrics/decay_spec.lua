local ssl = require "sslkit"
local fixture = dofile "spec/fixtures/metrics_spectral.lua"
local power_law = require "sslkit.metrics.engine.power_law"

local m = ssl.metrics
local alpha_req, pca_dimension = m.alpha_req, m.pca_dimension

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-10) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

-- Centred rows whose scatter has the eigenvalues lambda(1) .. lambda(d).
local function with_eigenvalues(lambda, d)
  local values = {}
  for j = 1, d do values[j] = math.sqrt(lambda(j) / 2) end
  local half = ssl.tensor(values, "float64"):diag()
  return ssl.cat { half, -half }
end

local function digits() return ssl.data.digits().x:double():view(1797, 64) end

describe("alpha_req", function()
  it("is the exponent of an exact power law, whatever the window", function()
    local z = with_eigenvalues(function(j) return j ^ -1.5 end, 80)
    for _, o in ipairs { {}, { lo = 1, hi = 80 }, { lo = 3, hi = 9 }, { hi = 20 }, { lo = 30 },
      { hi = 4 }, { weight = "none" }, { robust = "theil-sen" } } do
      near(1.5, alpha_req(z, o), 1e-9)
      near(1.5, m.spectrum_decay(z, o), 1e-9)
    end
    local full = alpha_req(z, { full = true })
    assert.same({ 11, 72, 62, 80, false }, { full.lo, full.hi, full.points, full.rank_eff,
      full.fallback })
    near(1, full.r2, 1e-12)
    near(0, full.intercept, 1e-12)
    full = m.spectrum_decay(z, { full = true })
    assert.same({ 11, 72 }, { full.lo, full.hi })
  end)

  it("gives the worked numbers", function()
    local list = { 8, 4, 2, 1 }
    local z = with_eigenvalues(function(j) return list[j] end, 4)
    near(1.3571650811, alpha_req(z, { lo = 1, hi = 4 }))
    near(1.3571650811, alpha_req(z)) -- too few ranks for the usual window
    near(1.45902195829, alpha_req(z, { lo = 1, hi = 4, weight = "none" }))
    local slopes = {}
    for i = 1, 3 do
      for j = i + 1, 4 do
        slopes[#slopes + 1] = math.log(list[i] / list[j]) / math.log(j / i)
      end
    end
    table.sort(slopes)
    near((slopes[3] + slopes[4]) / 2, alpha_req(z, { robust = "theil-sen" }))
    assert.is_true(alpha_req(z, { full = true }).fallback)
  end)

  it("gives what scikit-learn and SciPy fit to the digits", function()
    local want, x = fixture.decay, digits()
    local full = alpha_req(x, { full = true })
    assert.same({ want.rank_eff, want.hi, 11 }, { full.rank_eff, full.hi, full.lo })
    near(want.alpha, full.value, 1e-9)
    near(want.r2, full.r2, 1e-9)
    near(want.alpha_unweighted, alpha_req(x, { weight = "none" }), 1e-9)
    full = alpha_req(x, { lo = 3, hi = 30, full = true })
    near(want.alpha_3_30, full.value, 1e-9)
    near(want.r2_3_30, full.r2, 1e-9)
    near(want.theil_sen, alpha_req(x, { robust = "theil-sen" }), 1e-9)
    near(want.alpha, alpha_req(x:float()), 1e-9) -- whole numbers are the same in either dtype
    near(want.alpha, alpha_req(x * 1e100 + 3e100), 1e-9)
  end)

  it("shrinks its window to what has a logarithm", function()
    local z = randn(500, 12, 1):matmul(randn(12, 60, 2))
    local full = alpha_req(z, { full = true })
    assert.same({ 12, 1, 12, true }, { full.rank_eff, full.lo, full.hi, full.fallback })
    full = alpha_req(z, { lo = 2, hi = 60, full = true })
    assert.same({ 2, 12 }, { full.lo, full.hi })
    local line = ssl.tensor { { 1, 2 }, { 2, 4 } }
    for _, nothing in ipairs { ssl.zeros(5, 3), ssl.ones(5, 3), line } do
      local none = alpha_req(nothing, { full = true })
      is_nan(none.value)
      assert.matches("of which a line needs 2", none.undefined)
    end
    is_nan(alpha_req(ssl.ones(1, 4)))
    assert.matches("one row", alpha_req(ssl.ones(1, 4), { full = true }).undefined)
    is_nan(alpha_req(z, { lo = 20, hi = 30 })) -- beyond the rank
    local wide = alpha_req(randn(30, 200, 3), { full = true })
    assert.same({ 29, 26 }, { wide.rank_eff, wide.hi })
    assert.matches("N = 30 is less than 4 times rank 26", wide.warn)
  end)

  it("takes small eigenvalues from where they are exact", function()
    local n, d = 1500, 200
    local scale = ssl.arange(1, d):double() ^ -2.5
    local z = randn(n, d, 4) * scale
    local full = alpha_req(z, { lo = 11, hi = 150, full = true })
    assert.equal("tsqr", full.route) -- lambda falls to 1e-11 of the largest
    local s = ssl.linalg.svdvals(z - z:mean(1)):totable()
    local values = {}
    for j = 1, d do values[j] = s[j] ^ 2 end
    near(power_law.fit(values, { lo = 11, hi = 150 }).alpha, full.value, 1e-9)
    assert.equal("gram", alpha_req(z, { lo = 2, hi = 15, full = true }).route)
    assert.equal("gram", alpha_req(randn(n, d, 5), { full = true }).route)
    local a = m.accumulator(d):add(z)
    assert.is_false(alpha_req(a, { lo = 11, hi = 150, full = true }).certified)
    assert.is_true(alpha_req(a, { lo = 2, hi = 15, full = true }).certified)
  end)

  it("reads spectra and accumulators, and draws the line it found", function()
    local z = randn(300, 30, 6)
    local value = alpha_req(z)
    near(value, alpha_req(m.spectrum(z, { center = true })))
    near(value, alpha_req(m.accumulator(30):add(z)))
    near(alpha_req(z, { center = false }), alpha_req(m.spectrum(z), { center = false }))
    near(value, alpha_req(z + 1e4), 1e-7)
    local fit = power_law.fit({ 8, 4, 2, 1 }, { lo = 1, hi = 4 })
    near(math.log(fit.at(3)), fit.intercept - fit.alpha * math.log(3))
    assert.is_nil(power_law.fit({ 1 }).alpha)
    assert.is_nil(power_law.fit({}).alpha)
  end)

  it("checks its options", function()
    local z = ssl.eye(4)
    assert.raises({ "bad argument #2 to 'alpha_req'", "lo must be in 1..inf, got 0" }, alpha_req, z,
      { lo = 0 })
    assert.raises("hi must be in 6..inf, got 5", alpha_req, z, { lo = 5, hi = 5 })
    assert.raises("hi must be a whole number, got number 2.5", alpha_req, z, { hi = 2.5 })
    assert.raises("weight must be one of 1/j, none", alpha_req, z, { weight = "j" })
    assert.raises("robust must be one of none, theil-sen", alpha_req, z, { robust = true })
    assert.raises({ "to 'spectrum_decay'", "unknown option 'low'; known: center, full, hi, lo" },
      m.spectrum_decay, z, { low = 3 })
    assert.raises("tensor with 2 dimensions", alpha_req, ssl.ones(3))
    z[{ 3, 1 }] = 0 / 0
    assert.raises("row 3 of (4,4) float32", alpha_req, z)
    is_nan(alpha_req(z, { nan = "propagate" }))
  end)
end)

describe("pca_dimension", function()
  it("gives the worked numbers", function()
    local list = { 9, 4, 2, 1, 0.1 }
    local full = pca_dimension(with_eigenvalues(function(j) return list[j] end, 5), { full = true })
    assert.same({ 3, 4, 4, 2, 4 }, { full.n90, full.n95, full.fukunaga_olsen, full.kaiser,
      full.value })
    near(2.54102538967, full.participation)
  end)

  it("gives what scikit-learn says of the digits", function()
    local want = fixture.dimension
    for _, x in ipairs { digits(), digits():float() } do
      local full = pca_dimension(x, { full = true })
      for _, name in ipairs { "n90", "n95", "n99", "fukunaga_olsen", "kaiser" } do
        assert.equal(want[name], full[name], name)
      end
      near(want.participation, full.participation, 1e-9)
      assert.equal(want.n95, full.value)
      assert.equal(want.n99, pca_dimension(x, { threshold = 0.99 }))
    end
  end)

  it("counts a share that is exactly the threshold", function()
    for k = 1, 10 do
      local z = with_eigenvalues(function() return 1 end, 10)
      assert.equal(k, pca_dimension(z, { threshold = k / 10 }))
      assert.equal(k, pca_dimension(z * 1e-3, { threshold = k / 10 }))
    end
    assert.equal(1, pca_dimension(ssl.eye(3), { threshold = 0 }))
    assert.equal(2, pca_dimension(ssl.eye(3), { threshold = 1 })) -- centred
    assert.equal(3, pca_dimension(ssl.eye(3), { threshold = 1, center = false }))
  end)

  it("knows the edges", function()
    local none = pca_dimension(ssl.ones(5, 3), { full = true })
    assert.same({ 0, 0, 0, 0, 0, 0 }, { none.value, none.n90, none.n99, none.fukunaga_olsen,
      none.kaiser, none.participation })
    is_nan(pca_dimension(ssl.ones(1, 3)))
    assert.is_true(pca_dimension(randn(5, 40, 1), { threshold = 1 }) <= 4)
    local z = randn(50, 6, 2)
    assert.equal(pca_dimension(z), pca_dimension(ssl.cat { z, z }))
    assert.equal(pca_dimension(z), pca_dimension(z * 2.0 ^ 700))
    assert.raises("threshold must be in 0..1, got 95", pca_dimension, z, { threshold = 95 })
    assert.raises("relative must be in 0..1", pca_dimension, z, { relative = -1 })
    assert.raises({ "to 'pca_dimension'", "unknown option 'k'" }, pca_dimension, z, { k = 1 })
  end)
end)
