local ssl = require "sslkit"
local fixture = dofile "spec/fixtures/metrics_spectral.lua"

local lidar = ssl.metrics.lidar

local function randn(shape, seed)
  return ssl.randn(shape, { generator = ssl.generator(seed), dtype = "float64" })
end

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-10) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

-- Each of the means with views around it.
local function around(means, steps)
  local rows = {}
  for i, mean in ipairs(means) do
    rows[i] = {}
    for j, step in ipairs(steps) do rows[i][j] = { mean[1] + step[1], mean[2] + step[2] } end
  end
  return ssl.tensor(rows, "float64")
end

local CROSS = { { 0.1, 0 }, { -0.1, 0 }, { 0, 0.1 }, { 0, -0.1 } }

-- n samples of q views in d dimensions.
local function samples(n, q, d, seed)
  local mixing = randn({ d, d }, seed + 1)
  return randn({ n, 1, d }, seed):matmul(mixing) * 2 + randn({ n, q, d }, seed + 2) + 1
end

-- exp of the entropy of the eigenvalues of S_w^-1/2 S_b S_w^-1/2, by its definition.
local function brute(z, delta)
  local n, q, d = z:shape()
  local means = z:mean(2)
  local off, apart = means - means:mean(1), (z - means:unsqueeze(2)):reshape(n * q, d)
  local between = off:t():matmul(off) / (n - 1)
  local within = apart:t():matmul(apart) / (n * (q - 1)) + ssl.eye(d, "float64") * delta
  local w, v = ssl.linalg.eigh(within)
  local root = (v / w:sqrt()):matmul(v:t())
  local p = ssl.linalg.eigvalsh(root:matmul(between):matmul(root)):clamp(1e-300, math.huge)
  p = p / p:sum()
  return math.exp(-(p * p:log()):sum():item())
end

-- Four views of each of the first 200 digits: as they are, and moved by a pixel.
local function digits()
  local x = ssl.data.digits().x:narrow(1, 1, 200):double():view(200, 8, 8)
  return ssl.stack({ x, x:roll(1, 2), x:roll(-1, 2), x:roll(1, 3) }, 2):view(200, 4, 64)
end

describe("lidar", function()
  it("gives the worked numbers", function()
    local full = lidar(around({ { 2, 0 }, { -2, 0 }, { 0, 2 }, { 0, -2 } }, CROSS), { full = true })
    near(2, full.value)
    near({ 394.0886699507, 394.0886699507 }, ssl.tensor(full.eigenvalues, "float64"), 1e-9 * 394)
    assert.same({ 4, 4, 2, 1e-4 }, { full.n, full.q, full.d, full.delta_effective })
    near(1.38414548846, lidar(around({ { 3, 0 }, { -3, 0 }, { 0, 1 }, { 0, -1 } }, CROSS)))
    full = lidar(ssl.tensor { { { 1, 1 }, { 1, -1 } }, { { -1, 1 }, { -1, -1 } } }, { full = true })
    near(1, full.value)
    near({ 20000, 0 }, ssl.tensor(full.eigenvalues, "float64"), 1e-8)
    assert.matches("2 samples for 2 dimensions", full.warn)
    near(2, full.trace_w)
  end)

  it("gives what SciPy makes of moved digits", function()
    local want = fixture.lidar
    for _, z in ipairs { digits(), digits():float() } do
      local full = lidar(z, { full = true })
      near(want.trace_w, full.trace_w, 1e-9 * want.trace_w)
      near(want.value, full.value, 1e-9)
      near(want.eps, lidar(z, { eps = 1e-7 }), 1e-8)
      near(want.relative, lidar(z, { delta_rel = 1e-2 }), 1e-9)
      near(want.biased, lidar(z, { biased = true }), 1e-9)
    end
  end)

  it("is what its definition gives, tall and wide", function()
    for seed, case in ipairs { { 40, 3, 6 }, { 6, 5, 20 }, { 400, 2, 150 }, { 150, 3, 400 } } do
      local n, q, d = table.unpack(case)
      local z = samples(n, q, d, seed)
      local want = brute(z, 1e-4)
      near(1, lidar(z) / want, 1e-8)
      near(1, lidar(z:view(n * q, d), { q = q }) / want, 1e-8)
      local full = lidar(z, { full = true })
      near(full.value / math.min(d, n - 1), full.fraction, 1e-15)
      assert.is_true(full.value >= 1 and full.value <= math.min(d, n - 1) * (1 + 1e-9))
      assert.equal(n <= d, full.warn ~= nil)
    end
  end)

  it("does not see rotations, shifts and, with delta_rel, scale", function()
    local z = samples(60, 4, 5, 7)
    local q = ssl.linalg.qr(randn({ 5, 5 }, 8))
    near(lidar(z), lidar(z:matmul(q)), 1e-9)
    near(lidar(z), lidar(z + 1e5), 1e-6)
    near(lidar(z), lidar(z[ssl.randperm(60, { generator = ssl.generator(1) })]), 1e-10)
    local o = { delta_rel = 1e-4 }
    for _, power in ipairs { 1e-3, 2.0 ^ 10, 2.0 ^ 700, 2.0 ^ -700 } do
      near(lidar(z, o), lidar(z * power, o), 1e-10)
    end
    assert.is_true(math.abs(lidar(z) - lidar(z * 1e-3)) > 1e-6) -- which delta alone does
    near(lidar(z), lidar(z * 2.0 ^ 600), 1e-3) -- delta is nothing there
  end)

  it("reads accumulators whose classes are the samples", function()
    local z = samples(50, 4, 6, 9)
    local flat = z:view(200, 6)
    local y = ssl.arange(0, 199, 1, "int64") // 4 * 3 - 20
    local order = ssl.randperm(200, { generator = ssl.generator(2) })
    local parts = { ssl.metrics.accumulator(6, { classes = true }),
      ssl.metrics.accumulator(6, { classes = true }) }
    for i = 1, 200, 40 do
      local rows = order:narrow(1, i, i + 39)
      parts[i % 80 == 1 and 1 or 2]:add(flat:index(1, rows), y:index(1, rows))
    end
    local a = parts[1]:merge(parts[2])
    near(lidar(z), lidar(a), 1e-9)
    local full = lidar(a, { full = true })
    assert.same({ 50, 4 }, { full.n, full.q })
    near(lidar(z, { biased = true }), lidar(a, { biased = true }), 1e-9)
    assert.raises("classes=true", lidar, ssl.metrics.accumulator(6):add(flat))
    assert.raises("no rows yet", lidar, ssl.metrics.accumulator(6, { classes = true }))
    assert.raises("two views expected, got 2 rows of 2 samples", lidar,
      ssl.metrics.accumulator(6, { classes = true }):add(flat:narrow(1, 1, 2), y:narrow(1, 4, 5)))
  end)

  it("knows the edges", function()
    local same = samples(30, 1, 4, 10):expand(30, 3, 4)
    local full = lidar(same, { full = true })
    assert.equal(0, full.trace_w)
    near(ssl.metrics.effective_rank(same:select(2, 1)), full.value, 1e-9) -- S_w is delta I
    assert.equal(0, lidar(ssl.ones(4, 3, 2)))
    assert.equal(0, lidar(ssl.zeros(4, 3, 2)))
    is_nan(lidar(ssl.randn(1, 3, 2)))
    assert.matches("one sample", lidar(ssl.randn(1, 3, 2), { full = true }).undefined)
    assert.raises("lidar_spec.lua:", function() print(lidar(same, { delta = 0 })) end)
    assert.raises("the scatter within samples is singular: delta must be larger", lidar, same,
      { delta = 0 })
    assert.raises("singular", lidar, same, { delta_rel = 1e-4 })
    near(1, lidar(samples(40, 3, 1, 11)), 1e-12)
  end)

  it("drops samples with NaN as it is told", function()
    local z = samples(20, 3, 4, 12)
    local clean = ssl.cat { z:narrow(1, 1, 6), z:narrow(1, 8, 20) }
    z[{ 7, 2, 3 }] = 0 / 0
    assert.raises({ "bad argument #1 to 'lidar'", "row 20 holds a NaN" }, lidar, z)
    local skipped = lidar(z, { nan = "skip", full = true })
    near(lidar(clean), skipped.value, 1e-13)
    assert.same({ 19, 1 }, { skipped.n, skipped.n_skipped })
    assert.matches("row 20", lidar(z, { nan = "propagate", full = true }).undefined)
    assert.raises("every sample", lidar, ssl.full({ 2, 2, 2 }, math.huge), { nan = "skip" })
  end)

  it("refuses what it cannot read", function()
    assert.raises("or (samples*views,D) and the option q, got (4,3)", lidar, ssl.ones(4, 3))
    assert.raises("10 rows are no multiple of q = 3", lidar, ssl.ones(10, 3), { q = 3 })
    assert.raises("tensor (samples,3,D) expected, got (4,2,5)", lidar, ssl.ones(4, 2, 5), { q = 3 })
    assert.raises("tensor (samples,views,D) expected, got (4)", lidar, ssl.ones(4))
    assert.raises("one sample of two views expected, got (4,1,5)", lidar, ssl.ones(4, 1, 5))
    assert.raises("one sample of two views expected, got (0,2,5)", lidar, ssl.ones(0, 2, 5))
    assert.raises("q must be in 2..inf, got 1", lidar, ssl.ones(4, 5), { q = 1 })
    assert.raises("delta must be in 0..inf", lidar, ssl.ones(4, 2, 5), { delta = -1 })
    assert.raises("of dtype float expected", lidar, ssl.ones({ 4, 2, 5 }, "int64"))
    assert.raises("unknown option 'views'", lidar, ssl.ones(4, 2, 5), { views = 2 })
  end)
end)
