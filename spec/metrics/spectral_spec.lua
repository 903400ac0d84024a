local ssl = require "sslkit"

local m = ssl.metrics

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-10) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

-- A matrix with the given singular values, centred as it is (its columns sum to 0).
local function with_values(...)
  local list = { ... }
  local rows = {}
  for i, s in ipairs(list) do
    local plus, minus = {}, {}
    for j = 1, #list do
      plus[j], minus[j] = j == i and s / math.sqrt(2) or 0, j == i and -s / math.sqrt(2) or 0
    end
    rows[#rows + 1], rows[#rows + 2] = plus, minus
  end
  return ssl.tensor(rows, "float64")
end

describe("the spectral metrics", function()
  it("give the worked numbers", function()
    local z = with_values(3, 1)
    local square = ssl.tensor { { 3, 1 }, { 3, -1 }, { -3, 1 }, { -3, -1 } }
    near(100 / 82, m.participation_ratio(z))
    near(10 / 9, m.stable_rank(z))
    near(1.38414548846, m.effective_rank(z))
    near(4 / 3 ^ 0.75, m.effective_rank(z, { spectrum = "singular", center = false }))
    near(0.325082973391, m.matrix_entropy(z))
    near(0.325082973391 / math.log(2), m.matrix_entropy(z, { normalized = true }))
    near(1 / 3, m.condition(z, { full = true }).cond_inv)
    near(3, m.condition(z))
    near(10 / 9, m.nesum(square))
    near(2, m.nesum(square, { corr = true }))
    near({ 6, 2 }, ssl.tensor({ table.unpack(m.spectrum(square)) }, "float64"))
    local lambda = { 9, 4, 2, 1, 0.1 }
    for i, l in ipairs(lambda) do lambda[i] = math.sqrt(l) end
    near(2.54102538967, m.participation_ratio(with_values(table.unpack(lambda))))
    near(2, m.srank(with_values(3, 1)))
    near(1, m.srank(with_values(99.5, 0.5)))
    near(2, m.srank(with_values(98.9, 1.1)))
    near(1, m.srank(with_values(99, 1))) -- exactly the threshold
  end)

  it("order the effective ranks", function()
    for seed = 1, 8 do
      local n, d = 5 + 9 * seed, 40 - 4 * seed
      local z = randn(n, d, seed):matmul(randn(d, d, seed + 100))
      local s = m.spectrum(z, { center = true })
      local list = { m.nesum(s), m.participation_ratio(s), m.effective_rank(s),
        m.rankme(s, { center = true }), #s }
      for i = 2, #list do
        assert.is_true(list[i - 1] <= list[i] + 1e-9, table.concat(list, " "))
      end
    end
  end)

  it("take Renyi's entropies", function()
    local z = with_values(3, 1)
    near(-math.log(0.81 + 0.01), m.matrix_entropy(z, { order = 2 }))
    near(math.log(2), m.matrix_entropy(z, { order = 0 }))
    near(m.matrix_entropy(z), m.matrix_entropy(z, { order = 1 + 1e-7 }), 1e-6)
    near(math.log(m.participation_ratio(z)), m.matrix_entropy(z, { order = 2 }))
  end)

  it("count what stands out of rounding", function()
    local z = randn(200, 6, 1):matmul(randn(6, 20, 2))
    near(6, m.numerical_rank(z))
    local stored = m.numerical_rank(z:float(), { full = true })
    near(6, stored.value)
    near(4 * 2.0 ^ -23, stored.rtol)
    near(6, m.numerical_rank(z:float(), { rule = "numpy" }))
    near(1, m.numerical_rank(with_values(3, 1), { rtol = 0.5 }))
    near(20, m.numerical_rank(randn(200, 20, 3)))
    assert.equal(math.huge, m.condition(z))
    near(0, m.condition(z, { full = true }).cond_inv)
    -- the small values of a larger matrix are looked at closer than a Gram matrix allows
    local large = randn(1500, 200, 4)
    large:narrow(2, 200, 200):mul_(1e-7)
    local c = m.condition(large, { full = true })
    assert.equal("tsqr", c.route)
    assert.is_true(c.value > 1e7 and c.value < 2e7)
  end)

  it("know the edges", function()
    local names = { "participation_ratio", "stable_rank", "effective_rank", "nesum", "srank",
      "numerical_rank", "rankme", "matrix_entropy" }
    for _, name in ipairs(names) do near(0, m[name](ssl.zeros(5, 3)), 0) end
    is_nan(m.condition(ssl.zeros(5, 3)))
    assert.matches("zero", m.condition(ssl.zeros(5, 3), { full = true }).undefined)
    local constant = ssl.full({ 5, 3 }, 0.7)
    near(0, m.participation_ratio(constant), 0)
    near(0, m.nesum(constant), 0)
    near(0, m.nesum(constant, { corr = true }), 0)
    near(1, m.stable_rank(constant), 1e-12)
    local rank1 = ssl.tensor { { 1, 2 }, { 2, 4 }, { -1, -2 } }
    for _, name in ipairs { "participation_ratio", "nesum", "effective_rank", "stable_rank" } do
      near(1, m[name](rank1), 1e-9)
    end
    local alone = ssl.tensor { { 1, 2, 3 } }
    near(1, m.stable_rank(alone))
    for _, name in ipairs { "nesum", "participation_ratio", "effective_rank" } do
      is_nan(m[name](alone))
      assert.matches("one row", m[name](alone, { full = true }).undefined)
    end
    is_nan(m.nesum(alone, { corr = true }))
    is_nan(m.matrix_entropy(alone, { normalized = true }))
    local wide = randn(10, 60, 5)
    assert.is_true(m.participation_ratio(wide) <= 9)
    assert.is_true(m.effective_rank(wide) <= 9 + 1e-9)
    near(m.stable_rank(wide), m.stable_rank(ssl.cat { wide, wide }), 1e-10)
  end)

  it("drop constant columns from correlations", function()
    local z = randn(50, 4, 6)
    local more = ssl.cat({ z, ssl.full({ 50, 2 }, 3, "float64") }, 2)
    near(m.nesum(z, { corr = true }), m.nesum(more, { corr = true }))
    near(4, m.nesum(more, { corr = true, full = true }).columns)
    near(m.nesum(z, { corr = true }), m.nesum(z * ssl.tensor({ 1, 1e3, 1e-3, 7 }, "float64"),
      { corr = true }))
    assert.raises("correlations are of centred data", m.nesum, z, { corr = true, center = false })
  end)

  it("read a spectrum that was worked out before", function()
    local z = randn(30, 7, 7)
    local s, c = m.spectrum(z), m.spectrum(z, { center = true })
    for _, name in ipairs { "rankme", "stable_rank", "condition", "numerical_rank", "srank",
      "matrix_entropy" } do
      near(m[name](z), m[name](s))
      near(m[name](z, { center = true }), m[name](c, { center = true }))
    end
    for _, name in ipairs { "participation_ratio", "nesum", "effective_rank" } do
      near(m[name](z), m[name](c))
      near(m[name](z, { center = false }), m[name](s, { center = false }))
      assert.raises("a spectrum with center=true expected, got one with center=false", m[name], s)
    end
    assert.same({ 7, 30, 7, false }, { #s, s.n, s.d, s.center })
    assert.matches("^7 singular values of 30 x 7, not centred: ", tostring(s))
  end)

  it("centre without losing digits", function()
    local z = randn(400, 12, 8)
    local value = m.participation_ratio(z)
    near(value, m.participation_ratio(z + 1e6), 1e-8 * value)
    local large = randn(3000, 150, 9)
    near(1, m.effective_rank(large + 1e6) / m.effective_rank(large), 1e-9)
  end)

  it("handle NaN as they are told", function()
    local z = randn(6, 3, 10)
    local clean = z[{ { 1, 5 }, {} }]:clone()
    z[{ 6, 1 }] = -math.huge
    for _, name in ipairs { "participation_ratio", "stable_rank", "nesum", "effective_rank",
      "srank", "condition", "numerical_rank", "matrix_entropy", "spectrum" } do
      assert.raises({ "bad argument #1 to '" .. name .. "'", "row 6" }, m[name], z)
      if name ~= "spectrum" then
        near(m[name](clean), m[name](z, { nan = "skip" }))
        is_nan(m[name](z, { nan = "propagate" }))
      end
    end
    near(m.nesum(clean, { corr = true }), m.nesum(z, { corr = true, nan = "skip" }))
    is_nan(m.nesum(z, { corr = true, nan = "propagate" }))
    assert.raises("nan must be one of error, skip for a spectrum", m.spectrum, z,
      { nan = "propagate" })
  end)

  it("check their options", function()
    local z = ssl.eye(3)
    assert.raises("order must be in 0..inf", m.matrix_entropy, z, { order = -1 })
    assert.raises("delta must be in 0..1", m.srank, z, { delta = 2 })
    assert.raises("rtol must be in 0..inf", m.numerical_rank, z, { rtol = -1 })
    assert.raises("rule must be one of storage, numpy", m.numerical_rank, z, { rule = "mine" })
    assert.raises("unknown option 'delta'", m.stable_rank, z, { delta = 1 })
    assert.raises("tolerance must be a finite number", m.stable_rank, z, { tolerance = "low" })
  end)
end)
