-- Distances of two sets of rows: Frechet, MMD, KID, energy.

local ssl = require "sslkit"

local M = ssl.metrics

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-12) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function orthogonal(d, seed) return (ssl.linalg.qr(randn(d, d, seed))) end

-- Two sets that differ somewhat.
local function two(n, m, d, seed)
  return randn(n, d, seed), randn(m, d, seed + 50) * 1.5 + 0.3
end

local function digits()
  local pixels = ssl.data.digits().x:double():reshape(1797, 64):narrow(2, 19, 30)
  local reference = dofile "spec/fixtures/metrics_pairs.lua"
  return pixels:narrow(1, 1, 300), pixels:narrow(1, 301, 600), reference
end

local zero_one, one_two = ssl.tensor { { 0 }, { 1 } }, ssl.tensor { { 1 }, { 2 } }
local square = ssl.tensor { { 1, 0 }, { 0, 1 }, { -1, 0 }, { 0, -1 } }

-- What all of them do with rows that are not finite, and with arguments that do not fit.
local function behaves(name)
  local f = M[name]
  it("has a policy on NaN", function()
    local x, y = two(12, 15, 3, 1)
    local a, b = x:clone(), y:clone()
    a[{ 2, 1 }], b[{ 14, 3 }] = 0 / 0, math.huge
    assert.raises({ "bad argument #1 to '" .. name, "row 2" }, f, a, y)
    assert.raises({ "bad argument #2 to '" .. name, "row 14" }, f, x, b)
    local keep_x, keep_y = ssl.ones({ 12 }, "uint8"), ssl.ones({ 15 }, "uint8")
    keep_x[2], keep_y[14] = 0, 0
    local r = f(a, b, { nan = "skip", full = true })
    near(f(x[keep_x], y[keep_y]), r.value, 0)
    assert.same({ 11, 14, 2 }, { r.n_x, r.n_y, r.n_skipped })
    is_nan(f(a, y, { nan = "propagate" }))
    assert.matches("row 14", f(x, b, { nan = "propagate", full = true }).undefined)
    assert.raises("nan must be one of error, skip, propagate", f, x, y, { nan = "no" })
  end)

  it("reads views and both floats, and does not depend on threads or order", function()
    local x, y = two(40, 30, 3, 2)
    local value, before = f(x, y), ssl.get_threads()
    near(value, f(x:t():clone():t(), y:t():clone():t()), 0)
    near(f(x:float():double(), y:float():double()), f(x:float(), y:float()), 1e-12)
    near(f(x:float():double(), y), f(x:float(), y), 1e-12)
    near(value, f(y, x), 1e-11)
    near(value, f(x:flip(1), y:flip(1)), 1e-11)
    ssl.set_threads(1)
    near(value, f(x, y), 0)
    ssl.set_threads(before)
  end)

  it("refuses what does not fit, at the caller's line", function()
    local x = randn(9, 3, 3)
    local line = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(function() return (M[name](x, randn(9, 4, 1))) end)
    assert.matches("sets_spec.lua:" .. line .. ": bad argument #2 to '" .. name .. "' %(rows of "
      .. "width 3 expected, as the first has, got %(9,4%) float64%)", message)
    assert.raises("tensor expected, got nil", f, x)
    assert.raises("tensor of dtype float expected", f, x, x:long())
    assert.raises("at least one row", f, ssl.zeros(0, 3), x)
    assert.raises("unknown option 'eps'", f, x, x, { eps = 1 })
    local huge = ssl.ones(1, 1):expand(2 ^ 34 // 1 | 0, 4)
    assert.is_false(pcall(f, huge, huge))
  end)
end

describe("frechet", function()
  it("gives the worked numbers", function()
    near(25, M.frechet(square, square + ssl.tensor { 3, 4 }))
    -- sets with given covariances: rows of a root of the covariance, both ways
    local function of(covariance)
      local c = ssl.tensor(covariance, "float64")
      local w, v = ssl.linalg.eigh(c)
      local root = v:matmul(w:sqrt():unsqueeze(2) * v:t())
      return ssl.cat({ root, -root }) * math.sqrt(3 / 2) -- of 4 rows: divided by 3
    end
    near(2, M.frechet(of { { 4, 0 }, { 0, 4 } }, of { { 1, 0 }, { 0, 1 } }))
    near(0.771220447654, M.frechet(of { { 2, 1 }, { 1, 2 } }, of { { 1, 0 }, { 0, 4 } }), 1e-12)
  end)

  it("is its definition, by roots of symmetric matrices", function()
    local function cov(z)
      local c = z - z:mean(1, true)
      return c:t():matmul(c) / (#z - 1)
    end
    for _, n in ipairs { 300, 12, 7 } do -- the last with fewer rows than columns
      local x, y = two(n, n + 3, 9, n)
      local a, b = cov(x), cov(y)
      local w, v = ssl.linalg.eigh(a)
      local half = v:matmul(w:clamp(0, math.huge):sqrt():unsqueeze(2) * v:t())
      local m = half:matmul(b):matmul(half)
      local shared = ssl.linalg.eigvalsh((m + m:t()) / 2):clamp(0, math.huge):sqrt():sum()
      local spread = ssl.linalg.trace(a) + ssl.linalg.trace(b) - 2 * shared
      local r = M.frechet(x, y, { full = true })
      near((x:mean(1) - y:mean(1)):square():sum() + spread, r.value, n > 9 and 1e-11 or 1e-6)
      near((x:mean(1) - y:mean(1)):square():sum(), r.mean_term)
      assert.equal(n == 7, r.warn ~= nil)
    end
  end)

  it("is 0 for a set and itself, however singular", function()
    local x = randn(50, 6, 4)
    local steep = x * ssl.tensor({ 1, 1e-2, 1e-4, 1e-6, 1e-8, 0 }, "float64")
    local wide = x:matmul(randn(6, 20, 5))
    for _, z in ipairs { x, x * 1e4, wide, x:narrow(1, 1, 4), x * 0 + 3, steep } do
      local trace = z:square():sum():item()
      near(0, M.frechet(z, z), 1e-14 * trace)
      near(0, M.frechet(z, z:flip(1)), 1e-14 * trace)
    end
  end)

  it("moves with shifts, rotations and scale as it should", function()
    local x, y = two(60, 80, 5, 6)
    local q = orthogonal(5, 7)
    local value = M.frechet(x, y)
    near(value, M.frechet(x:matmul(q) + 1e3, y:matmul(q) + 1e3), 1e-9)
    near(1, M.frechet(x * 2.0 ^ 500, y * 2.0 ^ 500) / (value * 2.0 ^ 1000), 1e-12)
    near(1, M.frechet(x * 2.0 ^ -500, y * 2.0 ^ -500) / (value * 2.0 ^ -1000), 1e-12)
    local moved = x + ssl.tensor({ 1, 2, 0, 0, -2 }, "float64")
    near(9, M.frechet(x, moved), 1e-11)
  end)

  it("takes accumulators", function()
    local x, y = two(60, 80, 5, 8)
    local a = M.accumulator(5):add(x:narrow(1, 1, 20)):add(x:narrow(1, 21, 60))
    local b = M.accumulator(5):add(y)
    near(M.frechet(x, y), M.frechet(a, b), 1e-11)
    near(M.frechet(x, y), M.frechet(a, y), 1e-11)
    near(M.frechet(x, y), M.frechet(x, b), 1e-11)
    assert.raises("no rows yet", M.frechet, x, M.accumulator(5))
    assert.raises("width 5 expected, as the first has, got 4", M.frechet, a, M.accumulator(4)
      :add(ssl.ones(3, 4)))
    is_nan(M.frechet(a, x * (0 / 0), { nan = "propagate" }))
  end)

  it("has no value for one row", function()
    local r = M.frechet(square, square:narrow(1, 1, 1), { full = true })
    is_nan(r.value)
    assert.equal("one row has no covariance", r.undefined)
  end)

  it("is what SciPy's square root of a matrix gives for the digits", function()
    local x, y, reference = digits()
    near(reference.frechet, M.frechet(x, y), 1e-9)
    near(reference.frechet, M.frechet(x:float(), y:float()), 1e-9)
  end)

  behaves "frechet"
end)

-- {== Twins of what is summed over pairs ====================================================

-- Means of f over all pairs of rows of two tables, and of one over different rows.
local function between(a, b, f)
  local sum = 0
  for _, x in ipairs(a) do
    for _, y in ipairs(b) do sum = sum + f(x, y) end
  end
  return sum / #a / #b
end

local function within(a, f)
  local sum = 0
  for i, x in ipairs(a) do
    for j, y in ipairs(a) do sum = sum + (i ~= j and f(x, y) or 0) end
  end
  return sum / #a / (#a - 1)
end

local function distance(x, y)
  local sum = 0
  for k = 1, #x do sum = sum + (x[k] - y[k]) ^ 2 end
  return math.sqrt(sum)
end

local function product(x, y)
  local sum = 0
  for k = 1, #x do sum = sum + x[k] * y[k] end
  return sum
end

local function gaussian(sigma)
  return function(x, y) return math.exp(-distance(x, y) ^ 2 / (2 * sigma ^ 2)) end
end

local function median(a, b)
  local all, list = {}, {}
  for _, set in ipairs { a, b } do
    for _, row in ipairs(set) do all[#all + 1] = row end
  end
  for i = 1, #all do
    for j = i + 1, #all do list[#list + 1] = distance(all[i], all[j]) end
  end
  table.sort(list)
  return (list[(#list + 1) // 2] + list[#list // 2 + 1]) / 2
end

local function unbiased(a, b, f) return within(a, f) + within(b, f) - 2 * between(a, b, f) end
local function biased(a, b, f) return between(a, a, f) + between(b, b, f) - 2 * between(a, b, f) end

-- ==}

describe("mmd", function()
  it("gives the worked numbers", function()
    near(0.432332358382, M.mmd(zero_one, one_two, { sigma = 1, estimator = "biased" }))
    near(0.0388630180943, M.mmd(zero_one, one_two, { sigma = 1 }))
  end)

  it("is its definition", function()
    for seed = 1, 2 do
      local x, y = two(11, 8 + seed, 3, seed)
      local a, b = x:totable(), y:totable()
      local s = median(a, b)
      local r = M.mmd(x, y, { full = true })
      near(s, r.sigma)
      near(unbiased(a, b, gaussian(s)), r.value)
      near(biased(a, b, gaussian(s)), M.mmd(x, y, { estimator = "biased" }))
      near(unbiased(a, b, gaussian(0.4)), M.mmd(x, y, { sigma = 0.4 }))
      local scales = { 0.25, 0.5, 1, 2, 4 }
      near(unbiased(a, b, function(p, q)
        local sum = 0
        for _, scale in ipairs(scales) do sum = sum + gaussian(scale * s)(p, q) / #scales end
        return sum
      end), M.mmd(x, y, { scales = scales }))
      for name, f in pairs { unbiased = unbiased, biased = biased } do
        near(f(a, b, product), M.mmd(x, y, { kernel = "linear", estimator = name }))
      end
      -- in linear time: neighbours in pairs
      local k, sum, half = gaussian(0.9), 0, math.min(#a, #b) // 2
      for i = 1, 2 * half, 2 do
        sum = sum + k(a[i], a[i + 1]) + k(b[i], b[i + 1]) - k(a[i], b[i + 1]) - k(a[i + 1], b[i])
      end
      near(sum / half, M.mmd(x, y, { sigma = 0.9, estimator = "linear" }))
    end
  end)

  it("crosses its panels", function()
    local x, y = two(1100, 530, 2, 3)
    local function means(u, v) return ssl.cdist(u, v):square():mul(-0.5):exp():mean():item() end
    near(means(x, x) + means(y, y) - 2 * means(x, y),
      M.mmd(x, y, { sigma = 1, estimator = "biased" }))
    local a, b = x:narrow(1, 1, 530), y
    local k, sum = gaussian(1), 0
    local p, q = a:totable(), b:totable()
    for i = 1, 530, 2 do
      sum = sum + k(p[i], p[i + 1]) + k(q[i], q[i + 1]) - k(p[i], q[i + 1]) - k(p[i + 1], q[i])
    end
    near(sum / 265, M.mmd(x, y, { sigma = 1, estimator = "linear" }))
  end)

  it("keeps its digits with wide kernels and far from the origin", function()
    local x, y = two(30, 40, 3, 4)
    -- then 1 - d^2 / 2 s^2: the linear kernel over s^2
    local s = 1e5
    near(M.mmd(x, y, { kernel = "linear" }), M.mmd(x, y, { sigma = s }) * s * s, 1e-7)
    near(M.mmd(x, y), M.mmd(x + 1e5, y + 1e5), 1e-9)
    near(M.mmd(x, y, { kernel = "linear" }), M.mmd(x + 1e5, y + 1e5, { kernel = "linear" }), 1e-8)
    near(M.mmd(x, y), M.mmd(x * 2.0 ^ 600, y * 2.0 ^ 600))
    near(M.mmd(x, y, { kernel = "linear" }), M.mmd(x * 2.0 ^ -500, y * 2.0 ^ -500,
      { kernel = "linear" }) * 2.0 ^ 1000)
  end)

  it("samples rows where there are too many, and says so", function()
    local x, y = two(120, 30, 3, 5)
    local r = M.mmd(x, y, { max_rows = 60, full = true })
    assert.same({ 120, 60, 30, 30, 0 }, { r.n_x, r.used_x, r.n_y, r.used_y, r.seed })
    near(r.value, M.mmd(x, y, { max_rows = 60 }), 0)
    assert.is_true(r.value ~= M.mmd(x, y, { max_rows = 60, seed = 1 }))
    local whole = M.mmd(x, y, { max_rows = 60, estimator = "linear", full = true })
    assert.is_nil(whole.used_x)
  end)

  it("knows the edges", function()
    local x = randn(6, 2, 6)
    assert.matches("two rows", M.mmd(x, x:narrow(1, 1, 1), { full = true }).undefined)
    assert.is_true(M.mmd(x, x:narrow(1, 1, 1), { estimator = "biased" }) > 0)
    near(0, M.mmd(x, x, { estimator = "biased" }), 1e-15)
    assert.matches("median distance is 0", M.mmd(x * 0, x * 0, { full = true }).undefined)
    near(0, M.mmd(x * 0, x * 0, { sigma = 1 }), 0)
    assert.raises("sigma is of the kernel 'rbf'", M.mmd, x, x, { kernel = "linear", sigma = 1 })
    assert.raises("sigma must be above 0", M.mmd, x, x, { sigma = 0 })
    assert.raises("scales must be a list of numbers, got number 2", M.mmd, x, x, { scales = 2 })
    assert.raises("a scale must be above 0", M.mmd, x, x, { scales = { 0 } })
    assert.raises("estimator must be one of unbiased, biased, linear", M.mmd, x, x,
      { estimator = "u" })
    assert.raises("kernel must be one of rbf, linear", M.mmd, x, x, { kernel = "poly" })
  end)

  it("is what scikit-learn's kernels give for the digits", function()
    local x, y, reference = digits()
    near(reference.mmd, M.mmd(x, y))
    near(reference.mmd_biased, M.mmd(x, y, { estimator = "biased" }))
    near(reference.mmd_scales, M.mmd(x, y, { scales = { 0.25, 1, 4 } }))
    near(reference.mmd_linear, M.mmd(x, y, { kernel = "linear" }), 1e-10)
  end)

  behaves "mmd"
end)

describe("kid", function()
  it("gives the worked number, and is its definition", function()
    near(9.5, M.kid(zero_one, one_two))
    local x, y = two(12, 9, 4, 11)
    local function cubic(p, q) return (product(p, q) / 4 + 1) ^ 3 end
    near(unbiased(x:totable(), y:totable(), cubic), M.kid(x, y))
  end)

  it("takes subsets of what is larger", function()
    local x, y = two(80, 15, 3, 12)
    local r = M.kid(x, y, { subset = 20, subsets = 40, full = true })
    assert.same({ 20, 40, 0, 80, 15 }, { r.subset, r.subsets, r.seed, r.n_x, r.n_y })
    near(r.value, M.kid(x, y, { subset = 20, subsets = 40 }), 0)
    assert.is_true(r.value ~= M.kid(x, y, { subset = 20, subsets = 40, seed = 1 }))
    near(M.kid(x, y), r.value, 4 * r.std / math.sqrt(40))
    local whole = M.kid(x, y, { full = true })
    assert.same({ 1, 80 }, { whole.subsets, whole.subset })
    assert.is_nil(whole.std)
    assert.is_nil(whole.seed)
  end)

  it("says how its subsets differ", function()
    local x, y = two(40, 40, 3, 13)
    local one = M.kid(x, y, { subset = 10, subsets = 1, full = true })
    local pair = M.kid(x, y, { subset = 10, subsets = 2, full = true })
    local second = 2 * pair.value - one.value -- the first is the same draw
    near(math.abs(one.value - second) / math.sqrt(2), pair.std, 1e-11)
  end)

  it("knows the edges", function()
    local x = randn(6, 2, 6)
    assert.matches("two rows", M.kid(x, x:narrow(1, 1, 1), { full = true }).undefined)
    assert.raises("subset must be in 2..inf, got 1", M.kid, x, x, { subset = 1 })
    assert.raises("subsets must be in 1..inf, got 0", M.kid, x, x, { subsets = 0 })
  end)

  it("is what scikit-learn's kernel gives for the digits", function()
    local x, y, reference = digits()
    near(1, M.kid(x, y) / reference.kid)
  end)

  behaves "kid"
end)

describe("energy_distance", function()
  it("is its definition", function()
    near(1, M.energy_distance(zero_one, one_two))
    local x, y = two(12, 9, 4, 21)
    local a, b = x:totable(), y:totable()
    local r = M.energy_distance(x, y, { full = true })
    near(-biased(a, b, distance), r.value)
    near({ between(a, b, distance), between(a, a, distance), between(b, b, distance) },
      ssl.tensor({ r.between, r.within_x, r.within_y }, "float64"))
  end)

  it("crosses its panels", function()
    local x, y = two(1100, 530, 2, 22)
    local function mean(u, v) return ssl.cdist(u, v):mean():item() end
    near(2 * mean(x, y) - mean(x, x) - mean(y, y), M.energy_distance(x, y))
  end)

  it("is 0 for equal sets alone, and grows with the scale", function()
    local x, y = two(20, 30, 3, 23)
    near(0, M.energy_distance(x, x), 1e-15)
    near(0, M.energy_distance(x, ssl.cat { x, x }), 1e-14)
    near(M.energy_distance(x, y), M.energy_distance(x * 2.0 ^ 600, y * 2.0 ^ 600) / 2.0 ^ 600)
    near(M.energy_distance(x, y), M.energy_distance(x:matmul(orthogonal(3, 1)) + 4,
      y:matmul(orthogonal(3, 1)) + 4))
    near(4, M.energy_distance(ssl.zeros(1, 1), ssl.full({ 1, 1 }, 2)))
    local r = M.energy_distance(x, y, { max_rows = 10, full = true })
    assert.same({ 10, 10, 0 }, { r.used_x, r.used_y, r.seed })
    near(r.value, M.energy_distance(x, y, { max_rows = 10 }), 0)
  end)

  it("is SciPy's for the digits", function()
    local x, y, reference = digits()
    near(reference.energy, M.energy_distance(x, y))
    near(reference.energy_of_a_line, M.energy_distance(x:narrow(2, 4, 4), y:narrow(2, 4, 4)))
  end)

  behaves "energy_distance"
end)
