-- What theory measures: augmentation_complexity, inductive_bias, surrogate_gap.

local ssl = require "sslkit"
local tail = require "sslkit.metrics.engine.tail"

local augmentation_complexity = ssl.metrics.augmentation_complexity
local inductive_bias, surrogate_gap = ssl.metrics.inductive_bias, ssl.metrics.surrogate_gap

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-12) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end
local function int(list) return ssl.tensor(list, "int64") end
local function f64(list) return ssl.tensor(list, "float64") end

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

-- x uniform on {0,1}^L, each coordinate masked with probability alpha.
local function masked(L, alpha)
  local one = f64 { { 1 - alpha, 0, alpha }, { 0, 1 - alpha, alpha } }
  local p = one
  for _ = 2, L do -- Kronecker products
    local n, m = p:shape()
    p = (p:view(n, 1, m, 1) * one:view(1, 2, 1, 3)):reshape(n * 2, m * 3)
  end
  return p
end

describe("augmentation_complexity", function()
  it("gives the worked numbers", function()
    for eps, want in pairs { [0] = 2, [.25] = 1.25, [.5] = 1 } do
      local p = f64 { { 1 - eps, eps }, { eps, 1 - eps } }
      local r = augmentation_complexity(p, { full = true })
      near(want, r.value)
      near({ 1, (1 - 2 * eps) ^ 2 }, r.eigenvalues)
    end
    local r = augmentation_complexity(masked(2, .3), { full = true })
    near(2.89, r.value)
    near(1.7, r.kappa)
    near({ 1, .7, .7, .49 }, r.eigenvalues)
  end)

  it("follows its law for masked bits", function()
    for L = 1, 5 do
      for _, alpha in ipairs { 0, 0.1, 0.6 } do
        local r = augmentation_complexity(masked(L, alpha), { full = true })
        near((2 - alpha) ^ L, r.value, 1e-10)
        near((2 - alpha) ^ L, r.eigenvalues:sum(), 1e-10) -- the trace of K(x,x) / N, x alike
        near((1 - alpha) ^ L, r.eigenvalues[-1])
      end
    end
  end)

  it("is its definition, with weights and augmentations that never come", function()
    local p = randn(6, 9, 1):softmax(2)
    p[{ {}, 4 }] = 0
    p = p / p:sum(2, true)
    local w = f64 { 1, 2, 0, .5, 3, 1 }
    local most = 0
    for i = 1, 6 do
      local sum = 0
      for a = 1, 9 do
        local share = 0
        for j = 1, 6 do share = share + w[j] / 7.5 * p:at(j, a) end
        if share > 0 then sum = sum + p:at(i, a) ^ 2 / share end
      end
      if w[i] > 0 then most = math.max(most, sum) end
    end
    local r = augmentation_complexity(p, { weights = w, full = true })
    near(most, r.value)
    near(1, r.eigenvalues[1]) -- the constant function
    assert.equal(5, #r.diagonal)
    near(augmentation_complexity(p:float()), augmentation_complexity(p), 1e-5)
    assert.is_true(augmentation_complexity(p, { quantile = 0.5 }) < augmentation_complexity(p))
  end)

  it("is estimated from features from below", function()
    -- The eigenfunctions of the operator as features: averaged over the augmentations of each sample
    -- they give K(x,x), and less where some of them are missing.
    local p = masked(2, .3)
    local share = p:mean(1)
    local _, s, vh = ssl.linalg.svd(p / 2 / share:sqrt())
    local f = vh:t() / share:sqrt():unsqueeze(2) -- [9,4]
    near({ 1, .7, .7, .49 }, s:square())
    local mean = p:matmul(f):unsqueeze(2)
    near(2.89, augmentation_complexity(mean, { full = false }), 1e-10)
    assert.is_true(augmentation_complexity(mean:narrow(3, 1, 2)) < 2.89)
    local views = randn(4, 15, 2):view(4, 5, 3)
    near(views:mean(2):square():sum(2):amax():item(), augmentation_complexity(views))
  end)

  it("treats NaN as told, and raises on what is wrong", function()
    local p = masked(2, .3)
    p[2] = 0 / 0
    assert.raises({ "'augmentation_complexity'", "row 2" }, augmentation_complexity, p)
    is_nan(augmentation_complexity(p, { nan = "propagate" }))
    local rest = p[int { 1, 3, 4 }]
    local weights = f64 { 1, 5, 2, 3 }
    local r = augmentation_complexity(p, { nan = "skip", full = true, weights = weights })
    near(augmentation_complexity(rest, { weights = f64 { 1, 2, 3 } }), r.value)
    assert.equal(1, r.n_skipped)
    assert.raises("row 1 of the probabilities has a negative one", augmentation_complexity,
      f64 { { -1, 2 } })
    assert.raises("row 2 of the probabilities sums to 0.5, not to 1", augmentation_complexity,
      f64 { { 1, 0 }, { .5, 0 } })
    assert.raises("3 weights expected, one a row, got (2) float64", augmentation_complexity, rest,
      { weights = f64 { 1, 2 } })
    assert.raises("weights that are not negative", augmentation_complexity, rest,
      { weights = f64 { 1, -1, 1 } })
    assert.raises("quantile must be in 0..1", augmentation_complexity, rest, { quantile = 2 })
    for _, bad in ipairs { ssl.ones(3), ssl.zeros(0, 3), ssl.zeros(2, 0, 3), ssl.ones(1, 1, 1, 1),
    } do
      assert.raises("probabilities [N,M] or features [N,V,D]", augmentation_complexity, bad)
    end
    assert.raises("probabilities [N,M] or features [N,V,D]", augmentation_complexity, int { 1 })
  end)
end)

describe("tails", function()
  -- SciPy 1.10: norm.logcdf, chi2.logcdf; relative 1e-12, of what rounding leaves of x ln x.
  it("agree with SciPy", function()
    for x, want in pairs {
      [-40] = -804.6084420137539, [-10] = -53.23128515051248, [-3] = -6.60772622151035,
      [-1] = -1.841021645009264, [-.1] = -0.7761545927302731, [0] = -0.6931471805599453,
      [.1] = -0.6165050101150263, [1] = -0.1727537790234498, [3] = -0.001350809964748193,
      [9] = -1.128588405953832e-19,
    } do
      near(1, tail.log_normal(x) / want)
    end
    for _, case in ipairs {
      { .5, .1, -0.6605728890322218 }, { 3, 1e-9, -32.40930239703246 },
      { 3, 2, -0.8495827792593129 }, { 3, 20, -0.0001697568434304444 },
      { 500, 100, -205.8175768497539 }, { 500, 499, -0.7016055571078563 },
    } do
      near(1, tail.log_chi2(case[1], case[2]) / case[3])
    end
    assert.equal(-math.huge, tail.log_chi2(3, 0))
    -- Two degrees are an exponential distribution; a square is one degree.
    near(math.log(1 - math.exp(-3)), tail.log_chi2(2, 6))
    near(math.log(2 * math.exp(tail.log_normal(1.3)) - 1), tail.log_chi2(1, 1.3 ^ 2))
  end)
end)

describe("inductive_bias", function()
  it("gives the bits of known distributions", function()
    near(1, inductive_bias(f64 { 1, 2, 3, 4, 5 }, 3, { fit = "gaussian" }))
    local mean, std = 3, math.sqrt(2.5)
    near(-tail.log_normal((1 - mean) / std) / math.log(2),
      inductive_bias(f64 { 1, 2, 3, 4, 5 }, 1, { fit = "gaussian" }))
    -- Two losses whose moments are those of an exponential distribution: mean = std.
    local two = f64 { 1 - math.sqrt(.5), 1 + math.sqrt(.5) }
    near(-math.log(1 - math.exp(-.01), 2), inductive_bias(two, .01))
    assert.equal(math.huge, inductive_bias(two, 0))
  end)

  it("finds what the losses have, and says how sure it is", function()
    local g = ssl.generator(4)
    local losses = ssl.randn({ 20000, 3 }, { generator = g, dtype = "float64" }):square():sum(2)
    local r = inductive_bias(losses, 1.5, { full = true })
    near(-tail.log_chi2(3, 1.5) / math.log(2), r.value, 4 * r.stderr)
    assert.is_true(r.stderr > 0 and r.stderr < 0.1)
    near(r.empirical, r.value, 0.1)
    near(losses:mean():item(), r.mean)
    near(losses:std():item(), r.std)
    near((r.mean - 1.5) / r.std, r.sigmas)
    assert.is_nil(r.warn)
    assert.equal(20000, r.n)
  end)

  it("covers the truth by its error", function()
    local g, hits = ssl.generator(5), 0
    local truth = -tail.log_normal(-3) / math.log(2)
    for _ = 1, 200 do
      local losses = ssl.randn({ 100 }, { generator = g, dtype = "float64" })
      local r = inductive_bias(losses, -3, { fit = "gaussian", full = true })
      if math.abs(r.value - truth) < 2 * r.stderr then hits = hits + 1 end
    end
    assert.is_true(hits > 170 and hits < 200, hits) -- 95 %, less the skew
  end)

  it("flags what it stretches, and what it cannot tell", function()
    local losses = randn(50, 1, 6):squeeze(2) + 20
    assert.matches("standard deviations below the mean", inductive_bias(losses, 1,
      { fit = "gaussian", full = true }).warn)
    assert.equal(math.huge, inductive_bias(losses, 1, { full = true }).empirical)
    for reason, list in pairs { ["one loss has no variance"] = { 2 },
      ["all losses are equal"] = { 2, 2, 2 } } do
      local r = inductive_bias(f64(list), 1, { full = true })
      is_nan(r.value)
      assert.equal(reason, r.undefined)
    end
    local bad = f64 { 1, 0 / 0, 3, 2 }
    assert.raises("row 2", inductive_bias, bad, 1)
    is_nan(inductive_bias(bad, 1, { nan = "propagate" }))
    near(inductive_bias(f64 { 1, 3, 2 }, 1), inductive_bias(bad, 1, { nan = "skip" }), 0)
  end)

  it("raises on what a caller gets wrong", function()
    local l = f64 { 1, 2 }
    assert.raises({ "'inductive_bias'", "losses of dtype float expected" }, inductive_bias,
      int { 1 }, 1)
    assert.raises("loss must be a finite number, got nil", inductive_bias, l)
    assert.raises("loss must be in 0..inf, got -1", inductive_bias, l, -1)
    assert.raises("losses that are not negative", inductive_bias, -l, 1)
    assert.raises("fit must be one of chi2, gaussian", inductive_bias, l, 1, { fit = "beta" })
    assert.raises("at least one loss", inductive_bias, ssl.zeros(0), 1)
  end)
end)

describe("surrogate_gap", function()
  local function one_hot(n, k)
    local at = ssl.arange(0, n - 1, 1, "int64"):mod(k)
    return ssl.eye(k)[at + 1], at * 7 - 3
  end

  it("is ln(classes / (negatives + 1)) where all rows coincide", function()
    for _, K in ipairs { 1, 3, 50 } do
      local y = int { 5, 5, 5, -1, -1, -1, 0, 0, 9, 9, 9, 9 }
      local r = surrogate_gap(ssl.full({ 12, 3 }, 0.3), y, { negatives = K, full = true })
      near(math.log(4 / (K + 1)), r.value)
      near(r.collapsed, r.value)
      near(math.log(4), r.supervised)
    end
  end)

  -- Rows on their class's axis: a negative is of the same class with probability 1 / C.
  it("has the expected value for collapsed classes", function()
    local C, scale = 5, 2
    local z, y = one_hot(6000, C)
    for _, K in ipairs { 1, 4, 32 } do
      local want, weight = 0, (1 - 1 / C) ^ K
      for b = 0, K do
        want = want + weight * math.log(1 + b + (K - b) * math.exp(-scale))
        weight = weight * (K - b) / (b + 1) / (C - 1)
      end
      local r = surrogate_gap(z, y, { negatives = K, temperature = 1 / scale, full = true })
      near(math.log(1 + (C - 1) * math.exp(-scale)), r.supervised)
      near(want, r.contrastive, 0.03) -- 6000 draws with a deviation below 0.7
      near(r.supervised - r.contrastive, r.value, 0)
    end
  end)

  it("draws positives from the other rows of the class", function()
    -- Classes of two rows: the positive of each is the other one, whatever the seed.
    local z, y = randn(8, 3, 7), int { 1, 2, 3, 4, 1, 2, 3, 4 }
    local u = z:normalize(2)
    local far = surrogate_gap(ssl.cat({ u, -u }), ssl.cat({ y, y + 4 }), { full = true })
    assert.equal(0, far.n_alone)
    local alone = surrogate_gap(z, int { 1, 1, 1, 1, 1, 1, 1, 9 }, { full = true })
    assert.equal(1, alone.n_alone)
    -- One negative and a temperature so low that a positive at cosine 1 beats all others.
    local twin = ssl.cat({ u, u })
    local r = surrogate_gap(twin, ssl.arange(0, 15, 1, "int64"):mod(8),
      { negatives = 1, temperature = 1e-4, full = true })
    assert.is_true(r.contrastive < math.log(2)) -- ln 2 where the negative is one of the two
    assert.equal("no class has two rows", surrogate_gap(z, ssl.arange(1, 8, 1, "int64"),
      { full = true }).undefined)
  end)

  it("repeats itself, and takes labels as they are", function()
    local z, y = randn(60, 4, 8), ssl.randint(1, 3, { 60 }, { generator = ssl.generator(9) })
    local value = surrogate_gap(z, y)
    near(value, surrogate_gap(z, y), 0)
    near(value, surrogate_gap(z * 3, y * 100 - 7))
    near(value, surrogate_gap(z:t():clone():t(), y))
    assert.is_true(value ~= surrogate_gap(z, y, { seed = 1 }))
    near(value, surrogate_gap(z, y, { seed = 1 }), 0.1)
    z[4] = 0 / 0
    assert.raises({ "'surrogate_gap'", "row 4" }, surrogate_gap, z, y)
    is_nan(surrogate_gap(z, y, { nan = "propagate" }))
    assert.equal(1, surrogate_gap(z, y, { nan = "skip", full = true }).n_skipped)
    assert.raises("negatives must be in 1..inf, got 0", surrogate_gap, z, y, { negatives = 0 })
    assert.raises("60 labels expected", surrogate_gap, z, y:narrow(1, 1, 5))
    assert.raises("temperature must be in", surrogate_gap, z, y, { temperature = 0 })
  end)
end)
