-- twonn, mle_dimension, correlation_dimension.

local ssl = require "sslkit"
local digits_say = dofile "spec/fixtures/metrics_near.lua"

local twonn, mle = ssl.metrics.twonn, ssl.metrics.mle_dimension
local correlation = ssl.metrics.correlation_dimension

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-9) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function digits(dtype) return ssl.data.digits().x:view(1797, 64):to(dtype or "float32") end

local line = ssl.tensor { { 0 }, { 1 }, { 3 }, { 7 } }

-- Distances from every row to the others, ascending.
local function distances(z)
  local a, out = z:double():totable(), {}
  for i, x in ipairs(a) do
    out[i] = {}
    for j, y in ipairs(a) do
      local sum = 0
      for c = 1, #x do sum = sum + (x[c] - y[c]) ^ 2 end
      if i ~= j then table.insert(out[i], math.sqrt(sum)) end
    end
    table.sort(out[i])
  end
  return out
end

local function mean(list)
  local sum = 0
  for _, v in ipairs(list) do sum = sum + v end
  return sum / #list
end

-- fit and ml by their definition; rows without a nearest distance above 0 are left out.
local function twonn_twin(z, discard)
  local logs, square, product = {}, 0, 0
  for _, d in ipairs(distances(z)) do
    if d[1] > 0 then logs[#logs + 1] = math.log(d[2] / d[1]) end
  end
  table.sort(logs)
  for i = 1, math.min(#logs - 1, math.floor((1 - discard) * #logs)) do
    product = product - logs[i] * math.log(1 - i / #logs)
    square = square + logs[i] ^ 2
  end
  return product / square, 1 / mean(logs), #logs
end

describe("twonn", function()
  it("gives the worked numbers", function()
    near(1.67882168259, twonn(line))
    near(1.53687165334, twonn(line, { method = "ml" }))
    near(1.15265374001, twonn(line, { method = "ml_unbiased" }))
    local full = twonn(line, { full = true })
    assert.same({ 4, 4, 3, 0 }, { full.n, full.n_used, full.n_fit, full.n_duplicates })
    near(full.value, full.fit, 0)
  end)

  it("is its definition", function()
    for seed = 1, 3 do
      for _, dtype in ipairs { "float32", "float64" } do
        local z = randn(20 + 40 * seed, 2 + 3 * seed, seed, dtype)
        for _, discard in ipairs { 0.1, 0, 0.5 } do
          local fit, ml = twonn_twin(z, discard)
          near(fit, twonn(z, { discard = discard }), 1e-11 * fit)
          near(ml, twonn(z, { discard = discard, method = "ml" }), 1e-11 * ml)
        end
      end
    end
  end)

  it("is scikit-learn's and SciPy's on the digits", function()
    for _, dtype in ipairs { "float32", "float64" } do
      near(digits_say.twonn_fit, twonn(digits(dtype)), 1e-9)
      near(digits_say.twonn_ml, twonn(digits(dtype), { method = "ml" }), 1e-9)
    end
  end)

  it("finds the two dimensions of a square", function()
    for seed = 1, 2 do
      local z = ssl.rand({ 5000, 2 }, { generator = ssl.generator(seed), dtype = "float64" })
      local full = twonn(z, { full = true })
      for _, method in ipairs { "fit", "ml" } do
        assert.is_true(full[method] >= 1.85 and full[method] <= 2.15, method .. " " .. full[method])
      end
      z = z:narrow(1, 1, 2000)
      local bent = ssl.cat({ z, (z:narrow(2, 1, 1) * 9):sin(), z:narrow(2, 2, 2):square() }, 2)
      local value = twonn(bent)
      assert.is_true(value > 1.75 and value < 2.25, "bent " .. value)
    end
  end)

  it("counts equal rows once, or leaves them out", function()
    local z = randn(60, 4, 5)
    local twice = ssl.cat { z:narrow(1, 1, 10), z, z:narrow(1, 31, 60) }
    local full = twonn(twice, { full = true })
    near(twonn(z), full.value, 1e-12)
    assert.same({ 60, 40 }, { full.n, full.n_duplicates })
    local kept = twonn(twice, { duplicates = "keep", full = true })
    local fit, _, used = twonn_twin(twice, 0.1)
    near(fit, kept.value, 1e-11)
    assert.equal(used, kept.n_used)
    assert.equal(20, used) -- those without a twin
    local zero = ssl.tensor { { 0.0 }, { -0.0 }, { 1 }, { 3 }, { 7 } }
    near(twonn(line), twonn(zero), 0)
  end)

  it("does not mind scale, offset, turning and order", function()
    local z = randn(150, 6, 6)
    local value = twonn(z)
    for _, power in ipairs { 2.0 ^ 500, 2.0 ^ -500, 2.0 ^ 1000 } do
      near(value, twonn(z * power), 1e-12)
    end
    near(value, twonn(z + 64), 1e-9) -- the sum rounds the rows
    near(value, twonn(z:matmul((ssl.linalg.qr(randn(6, 6, 7))))), 1e-9)
    near(value, twonn(z:index(1, ssl.randperm(150))), 1e-12)
    near(value, twonn(z:t():contiguous():t()), 0)
    local u = z / z:norm(2, 2, true)
    near(twonn(u), twonn(z, { normalize = true }), 1e-9)
    assert.equal(1, twonn(ssl.cat { z, ssl.zeros({ 1, 6 }, "float64") },
      { normalize = true, full = true }).n_zero)
  end)

  it("draws a curve over parts", function()
    local z = ssl.rand({ 2000, 2 }, { generator = ssl.generator(8) })
    local full = twonn(z, { halvings = 3, full = true, seed = 4 })
    assert.equal(4, #full.curve)
    for i, n in ipairs { 2000, 1000, 500, 250 } do
      assert.equal(n, full.curve[i].n)
      near(2, full.curve[i].value, 0.25)
    end
    near(full.value, full.curve[1].value, 0)
    near(full.curve[3].value, twonn(z, { halvings = 2, full = true, seed = 4 }).curve[3].value, 0)
    assert.equal(1, #twonn(line, { halvings = 9, full = true }).curve) -- parts of two have no ratio
  end)

  it("is undefined where there are no ratios", function()
    for _, case in ipairs {
      { ssl.ones(6, 3), "fewer than three distinct rows" },
      { ssl.zeros(6, 3), "fewer than three distinct rows" },
      { ssl.ones(1, 3), "fewer than three distinct rows" },
      { ssl.eye(5), "the two nearest neighbours are equally far" },
    } do
      local full = twonn(case[1], { full = true })
      is_nan(full.value)
      is_nan(twonn(case[1]))
      assert.equal(case[2], full.undefined)
    end
    local full = twonn(ssl.ones(5, 2), { duplicates = "keep", full = true })
    is_nan(full.value)
    assert.equal("every row coincides with another", full.undefined)
  end)

  it("has a policy on NaN and infinity", function()
    local z = randn(40, 3, 9)
    local clean = z:clone()
    local broken = ssl.cat { z:narrow(1, 1, 20), z:narrow(1, 1, 2), z:narrow(1, 21, 40) }
    broken[21], broken[22] = 0 / 0, -1 / 0
    assert.raises({ "bad argument #1 to 'twonn'", "row 21 of (42,3) float64" }, twonn, broken)
    near(twonn(clean), twonn(broken, { nan = "skip" }), 0)
    assert.equal(2, twonn(broken, { nan = "skip", full = true }).n_skipped)
    is_nan(twonn(broken, { nan = "propagate" }))
    assert.equal("row 21 holds a NaN or an infinity",
      twonn(broken, { nan = "propagate", full = true }).undefined)
  end)

  it("tells what is wrong with its arguments", function()
    assert.raises("tensor expected, got nil", twonn)
    assert.raises("with 2 dimensions expected, got (3) float32", twonn, ssl.ones(3))
    assert.raises("at least one row and one column", twonn, ssl.ones(0, 3))
    assert.raises("at least one row and one column", twonn, ssl.empty(0, 2 ^ 40))
    assert.raises("dtype float expected", twonn, ssl.ones({ 3, 3 }, "int64"))
    assert.raises("unknown option 'methd'", twonn, line, { methd = "ml" })
    assert.raises("method must be one of fit, ml, ml_unbiased", twonn, line, { method = "mle" })
    assert.raises("duplicates must be one of", twonn, line, { duplicates = true })
    assert.raises("discard must be in 0..1, got 2", twonn, line, { discard = 2 })
    assert.raises("halvings must be in 0..30", twonn, line, { halvings = -1 })
    assert.has_error(function() twonn(ssl.ones(1, 1):expand(2 ^ 20, 2 ^ 25)) end)
  end)
end)

describe("mle_dimension", function()
  local function twin(z, k, how, unbiased)
    local list = {}
    for i, d in ipairs(distances(z)) do
      local sum = 0
      for j = 1, k - 1 do sum = sum + math.log(d[k] / d[j]) end
      list[i] = (unbiased and k - 2 or k - 1) / sum
    end
    if how == "mean" then return mean(list) end
    if how == "harmonic" then
      for i, v in ipairs(list) do list[i] = 1 / v end
      return 1 / mean(list)
    end
    table.sort(list)
    return (list[(#list + 1) // 2] + list[#list // 2 + 1]) / 2
  end

  it("gives the worked numbers", function()
    near(1.08427889969, mle(line, { k = 3 }))
    near(1.56227572834, mle(line, { k = 3, combine = "mean" }))
    near(0.781137864168, mle(line, { k = 3, combine = "mean", unbiased = true }))
    near({ 0.716022578068, 0.691952512522, 2.039090895647, 2.802036927105 },
      mle(line, { k = 3, full = true }).per_row)
    near(mle(line, { k = 3 }), mle(line), 0) -- all that there are
  end)

  it("is its definition", function()
    for seed = 1, 2 do
      local z = randn(31 + 30 * seed, 3 + 2 * seed, seed, seed == 1 and "float32" or "float64")
      for _, how in ipairs { "harmonic", "mean", "median" } do
        for _, k in ipairs { 3, 20 } do
          for _, unbiased in ipairs { false, true } do
            local want = twin(z, k, how, unbiased)
            near(want, mle(z, { k = k, combine = how, unbiased = unbiased }), 1e-10 * want)
          end
        end
        local sum = 0
        for k = 4, 9 do sum = sum + twin(z, k, how) end
        near(sum / 6, mle(z, { k1 = 4, k2 = 9, combine = how }), 1e-9)
      end
    end
  end)

  it("is scikit-learn's on the digits", function()
    local z = digits()
    near(digits_say.mle_harmonic, mle(z))
    near(digits_say.mle_mean, mle(z, { combine = "mean" }))
    near(digits_say.mle_median, mle(z, { combine = "median" }))
    near(digits_say.mle_unbiased, mle(z, { combine = "mean", unbiased = true }))
    near(digits_say.mle_10_20, mle(z, { combine = "mean", k1 = 10, k2 = 20 }))
  end)

  it("leaves out equal rows, and those with neighbours equally far", function()
    local z = randn(50, 4, 5)
    near(mle(z), mle(ssl.cat { z, z, z:narrow(1, 4, 9) }), 1e-12)
    -- the four corners see k = 2 equally near others; the far row does not
    local corners = ssl.tensor { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 }, { 9, 0 } }
    local full = mle(corners, { k = 2, full = true })
    assert.equal(4, full.n_flat)
    near(1 / math.log(math.sqrt(82) / 8), full.value)
    assert.equal(math.huge, full.per_row:at(1))
    full = mle(ssl.eye(5), { k = 3, full = true })
    is_nan(full.value)
    assert.equal("the neighbours of every row are equally far", full.undefined)
    full = mle(ssl.ones(9, 2), { k = 3, full = true })
    is_nan(full.value)
    assert.equal("1 distinct rows for k = 3", full.undefined)
    is_nan(mle(ssl.ones(1, 2)))
    is_nan(mle(ssl.ones(2, 2)))
  end)

  it("does not mind scale and finds the dimension", function()
    local z = ssl.rand({ 2000, 3 }, { generator = ssl.generator(2), dtype = "float64" })
    near(3, mle(z), 0.25)
    local few = z:narrow(1, 1, 300)
    near(mle(few), mle(few * 2.0 ^ 1000), 1e-11)
    near(mle(few), mle(few * 2.0 ^ -1000), 1e-11)
  end)

  it("tells what is wrong with its arguments", function()
    assert.raises({ "bad argument #2 to 'mle_dimension'", "k must be < N = 4, got 4" }, mle, line,
      { k = 4 })
    assert.raises("k must be in 2..inf, got 1", mle, line, { k = 1 })
    assert.raises("k must be in 3..inf, got 2", mle, line, { k = 2, unbiased = true })
    assert.raises("k2 must be < N = 4, got 5", mle, line, { k1 = 2, k2 = 5 })
    assert.raises("k1 must be in 2..3, got 1", mle, line, { k1 = 1, k2 = 3 })
    assert.raises("belong together", mle, line, { k1 = 2 })
    assert.raises("not both", mle, line, { k = 2, k1 = 2, k2 = 3 })
    assert.raises("combine must be one of", mle, line, { combine = "max" })
    local z = randn(30, 2, 1)
    z[7] = 0 / 0
    assert.raises("row 7 of (30,2)", mle, z)
    is_nan(mle(z, { nan = "propagate" }))
    assert.equal(29, mle(z, { nan = "skip", full = true }).n)
  end)
end)

describe("correlation_dimension", function()
  local function share(z, r)
    local count = 0
    for _, d in ipairs(distances(z)) do
      for _, v in ipairs(d) do count = count + (v < r * (1 - 1e-13) and 1 or 0) end
    end
    return count / (#z * (#z - 1))
  end

  it("gives the worked numbers", function()
    local full = correlation(line, { r1 = 1.5, r2 = 3.5, full = true })
    near(1.29660694312, full.value)
    near({ 1 / 6, 3 / 6 }, ssl.tensor({ full.c1, full.c2 }, "float64"))
    near(full.value, correlation(line, { r1 = 1.5, r2 = 3.5 }), 0)
  end)

  it("is its definition, radii from the neighbours", function()
    for seed = 1, 3 do
      local z = randn(25 + 30 * seed, 2 + seed, seed, seed == 2 and "float32" or "float64")
      local full = correlation(z, { full = true, k1 = 5, k2 = 10 + seed })
      local d, r1, r2 = distances(z), {}, {}
      for i, row in ipairs(d) do r1[i], r2[i] = row[5], row[10 + seed] end
      near(ssl.tensor(r1, "float64"):median():item(), full.r1, 1e-12)
      near(ssl.tensor(r2, "float64"):median():item(), full.r2, 1e-12)
      near(share(z, full.r1), full.c1, 1e-15)
      near(share(z, full.r2), full.c2, 1e-15)
      near(math.log(full.c2 / full.c1) / math.log(full.r2 / full.r1), full.value, 1e-12)
    end
  end)

  it("crosses its tiles", function()
    local z = ssl.rand({ 5200, 2 }, { generator = ssl.generator(3), dtype = "float64" })
    local full = correlation(z, { full = true })
    local inside = 0
    for first = 1, 5200, 520 do
      local d = ssl.cdist(z:narrow(1, first, first + 519), z)
      inside = inside + d:lt(full.r2 * (1 - 1e-12)):sum():item() - 520
    end
    near(inside / 5200 / 5199, full.c2, 1e-15)
    near(2, full.value, 0.1)
  end)

  it("is SciPy's on the digits, ties and all", function()
    near(digits_say.correlation, correlation(digits()))
    near(digits_say.correlation, correlation(digits "float64"))
  end)

  it("is undefined where no pair is close, or the radii are the same", function()
    for _, case in ipairs {
      { ssl.eye(6), nil, "no pair is closer than r1" },
      { line, { r1 = 0.5, r2 = 2 }, "no pair is closer than r1" },
      { ssl.ones(2, 2), nil, "fewer than three rows" },
      { ssl.ones(30, 2), nil, "no pair is closer than r1" },
    } do
      local options = case[2] or {}
      options.full = true
      local full = correlation(case[1], options)
      is_nan(full.value)
      assert.equal(case[3], full.undefined)
    end
    local pairs_of = ssl.tensor { { 0, 0 }, { 0, 0 }, { 3, 0 }, { 3, 0 }, { 0, 3 }, { 0, 3 } }
    local full = correlation(pairs_of, { k1 = 2, k2 = 3, full = true })
    is_nan(full.value)
    assert.equal("the two radii are the same", full.undefined)
  end)

  it("tells what is wrong with its arguments", function()
    assert.raises("k2 must be < N = 4, got 4", correlation, line, { k2 = 4 })
    assert.raises("k1 must be < k2 = 2, got 2", correlation, line, { k1 = 2, k2 = 2 })
    assert.raises("r1 must be < r2 = 1, got 2", correlation, line, { r1 = 2, r2 = 1 })
    assert.raises("r1 and r2 belong together", correlation, line, { r1 = 2 })
    assert.raises("either radii or numbers of neighbours", correlation, line, { r1 = 1, k1 = 2 })
    local z = randn(30, 2, 1)
    z[7] = 1 / 0
    assert.raises({ "'correlation_dimension'", "row 7 of (30,2)" }, correlation, z)
    is_nan(correlation(z, { nan = "propagate" }))
    assert.equal(29, correlation(z, { nan = "skip", full = true }).n)
  end)
end)
