local ssl = require "sslkit"

local fixture = dofile "spec/fixtures/metrics_scores.lua"
local ece, adaptive_ece = ssl.metrics.ece, ssl.metrics.adaptive_ece
local brier, nll = ssl.metrics.brier, ssl.metrics.nll

local all = { ece = ece, adaptive_ece = adaptive_ece, brier = brier, nll = nll }

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-12) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end
local function int(list) return ssl.tensor(list, "int64") end
local function f64(list) return ssl.tensor(list, "float64") end

local function generated(n, k, seed, dtype)
  local g = ssl.generator(seed)
  local z = ssl.randn({ n, k }, { generator = g, dtype = dtype or "float64" }) * 2
  return z:softmax(2), ssl.randint(1, k, { n }, { generator = g }), z
end

-- The first of the largest, and it.
local function best(row)
  local at = 1
  for k, v in ipairs(row) do
    if v > row[at] then at = k end
  end
  return at, row[at]
end

-- sum of |right - said| over bins, given the bin of each row.
local function error_of(p, y, bin_of)
  local gaps = {}
  for i, row in ipairs(p) do
    local guess, said = best(row)
    local b = bin_of(i, said)
    gaps[b] = (gaps[b] or 0) + (guess == y[i] and 1 or 0) - said
  end
  local sum = 0
  for _, gap in pairs(gaps) do sum = sum + math.abs(gap) end
  return sum / #p
end

local function twin(p, y, bins)
  return error_of(p, y, function(_, said)
    for b = 1, bins do
      if said <= b / bins then return b end
    end
    return bins
  end)
end

local function adaptive_twin(p, y, bins)
  local order, bin, first = {}, {}, 1
  for i = 1, #p do order[i] = i end
  table.sort(order, function(a, b)
    local _, x = best(p[a])
    local _, z = best(p[b])
    if x ~= z then return x < z end
    return a < b
  end)
  bins = math.min(bins, #p)
  for b = 1, bins do
    local size = #p // bins + (b <= #p % bins and 1 or 0)
    for at = first, first + size - 1 do bin[order[at]] = b end
    first = first + size
  end
  return error_of(p, y, function(i) return bin[i] end)
end

-- The logistic probe of the digits, with C = 1 on the raw pixels.
local function digits()
  local ds = ssl.data.digits()
  local z = ds.x:reshape(1797, 64):float() / 16
  local test_y = ds.y:narrow(1, 1001, 1797)
  return ssl.probe.logistic(z:narrow(1, 1, 1000), ds.y:narrow(1, 1, 1000), z:narrow(1, 1001, 1797),
    test_y, { lambda = 1 / 1000, standardize = false }).scores, test_y
end

describe("calibration", function()
  it("gives the worked numbers", function()
    local p = f64 { { .95, .05 }, { .85, .15 }, { .65, .35 }, { .55, .45 } }
    near(0.45, ece(p, int { 1, 2, 1, 2 }, { bins = 10 }))
    near(0.3125, brier(f64 { { .75, .25 }, { .5, .5 } }, int { 1, 2 }))
    near(0, brier(ssl.eye(3), int { 1, 2, 3 }), 0)
    near(2, brier(ssl.eye(3), int { 2, 3, 1 }), 0)
    near(math.log(2), nll(ssl.full({ 3, 2 }, 0.5), int { 1, 2, 1 }))
  end)

  -- The numbers have 5 digits, and end where the solver of the reference stopped.
  it("gives the numbers of the digits", function()
    local logits, y = digits()
    near(.28338, nll(logits, y, { logits = true }), 2e-5)
    near(.06564, ece(logits, y, { logits = true }), 5e-5)
    near(.11486, brier(logits, y, { logits = true }), 2e-5)
  end)

  it("agrees with scikit-learn", function()
    local logits, y = f64(fixture.logits), int(fixture.y)
    local p = logits:softmax(2)
    near(fixture.log_loss, nll(logits, y, { logits = true }))
    near(fixture.log_loss, nll(p, y))
    near(fixture.brier, brier(p, y))
    near(fixture.brier, brier(logits, y, { logits = true }))
    local own = ssl.stack({ 1 - p[{ {}, 9 }], p[{ {}, 9 }] }, 2)
    near(2 * fixture.brier_of_one, brier(own, y:eq(9):long() + 1))
  end)

  it("is its definition", function()
    for seed = 1, 4 do
      local p, y, z = generated(37 * seed, 2 + seed, seed, seed == 4 and "float32" or nil)
      local rows, truth = p:double():totable(), y:totable()
      local square, log = 0, 0
      for i, row in ipairs(rows) do
        for k, v in ipairs(row) do square = square + (v - (k == truth[i] and 1 or 0)) ^ 2 end
        log = log - math.log(row[truth[i]])
      end
      near(square / #rows, brier(p, y))
      near(log / #rows, nll(p, y))
      for _, bins in ipairs { 1, 2, 7, 15, 400 } do
        near(twin(rows, truth, bins), ece(p, y, { bins = bins }))
        near(adaptive_twin(rows, truth, bins), adaptive_ece(p, y, { bins = bins }))
      end
      for _, f in pairs(all) do -- the softmax of float32 has lost digits, that of the option has not
        near(f(p, y), f(z, y, { logits = true }), seed == 4 and 1e-6 or 1e-12)
      end
    end
  end)

  it("crosses its blocks of rows", function()
    local p, y = generated(63000, 3, 5)
    local sums = { brier = 0, nll = 0 }
    for first = 1, 63000, 7000 do
      local part, own = p:narrow(1, first, first + 6999), y:narrow(1, first, first + 6999)
      for name in pairs(sums) do sums[name] = sums[name] + all[name](part, own) / 9 end
    end
    for name, sum in pairs(sums) do near(sum, all[name](p, y)) end
    near(twin(p:totable(), y:totable(), 15), ece(p, y))
    near(ece(p, y), ece(p:log(), y, { logits = true }))
  end)

  it("puts a confidence on an edge into the bin below, in both dtypes", function()
    for _, dtype in ipairs { "float32", "float64" } do
      for _, bins in ipairs { 5, 10, 15, 20 } do
        for b = bins // 2 + 1, bins do
          local p = ssl.tensor({ { b / bins, 1 - b / bins } }, dtype)
          local count = ece(p, int { 1 }, { bins = bins, full = true }).count
          assert.equal(1, count[b], dtype .. " " .. b .. "/" .. bins)
        end
      end
    end
    local some = ece(f64 { { 0.5, 0.5 }, { 0.5 + 1e-9, 0.5 - 1e-9 } }, int { 1, 1 },
      { bins = 2, full = true })
    assert.same({ 1, 1 }, some.count:totable())
    assert.equal(1, ece(ssl.tensor { { 1.0004, 0 } }, int { 1 }, { full = true }).count[15])
  end)

  it("tells the bins", function()
    local p = f64 { { .95, .05 }, { .85, .15 }, { .65, .35 }, { .95, .05 } }
    local r = ece(p, int { 1, 2, 1, 2 }, { bins = 4, full = true })
    assert.same({ 0, 0, 1, 3 }, r.count:totable())
    assert.tensor_near({ 0 / 0, 0 / 0, 1, 1 / 3 }, r.bin_accuracy, 1e-12)
    assert.tensor_near({ 0 / 0, 0 / 0, .65, 2.75 / 3 }, r.bin_confidence, 1e-12)
    near(1.75 / 3, r.mce)
    near((.35 + 1.75) / 4, r.value)
    assert.same({ 0.5, 4, 2, 4 }, { r.accuracy, r.n, r.k, r.bins })
    near(3.4 / 4, r.confidence)
    near(math.sqrt(2 / math.pi * .25 * 2 / 4), r.floor)
    assert.matches("^ece 0%.525\n", tostring(r))
    local a = adaptive_ece(p, int { 1, 2, 1, 2 }, { bins = 3, full = true })
    assert.same({ 2, 1, 1 }, a.count:totable()) -- .65 and .85, the first .95, the second
    near((.5 + .05 + .95) / 4, a.value)
    assert.equal(4, adaptive_ece(p, int { 1, 2, 1, 2 }, { full = true }).bins)
  end)

  it("falls to 0 for labels drawn from p, and shows the floor until then", function()
    local g, n = ssl.generator(3), 200000
    local confidence = ssl.rand({ n }, { generator = g, dtype = "float64" }) * 0.5 + 0.5
    local right = ssl.rand({ n }, { generator = g, dtype = "float64" }):lt(confidence)
    local p, y = ssl.stack({ confidence, 1 - confidence }, 2), 2 - right:long()
    assert.is_true(ece(p, y) < 0.01)
    assert.is_true(adaptive_ece(p, y) < 0.01)
    local sum, floor = 0, 0
    for i = 1, 100 do -- the standard error of the mean is some 3 %
      local rows = { (i - 1) * 600 + 1, i * 600 }
      local r = adaptive_ece(p[{ rows }], y[{ rows }], { full = true })
      sum, floor = sum + r.value, floor + r.floor
    end
    assert.is_true(sum / floor > 0.75 and sum / floor < 1.05, sum / floor)
  end)

  it("knows infinite losses, and those that only logits show", function()
    local r = nll(f64 { { 1, 0 }, { 0.5, 0.5 } }, int { 2, 1 }, { full = true })
    assert.equal(math.huge, r.value)
    assert.equal(1, r.n_zero)
    near(1000, nll(ssl.tensor { { 1000, 0 } }, int { 2 }, { logits = true }))
    near(math.exp(0.5), nll(f64 { { math.exp(-.5), 1 - math.exp(-.5) } }, int { 1 },
      { full = true }).perplexity)
  end)

  it("takes labels with gaps by the option classes, and answers alike", function()
    local p, y = generated(60, 3, 7)
    local names = int { 40, -7, 0 }
    for _, f in pairs(all) do near(f(p, y), f(p, names[y], { classes = names }), 0) end
  end)

  it("does not see layout, the order of rows, or the dtype", function()
    local p, y = generated(60, 3, 8, "float32")
    local order = ssl.randperm(60)
    for _, f in pairs(all) do
      near(f(p, y), f(p:t():clone():t(), y), 0)
      near(f(p, y), f(p[order], y[order]))
      near(f(p, y), f(p:double(), y))
    end
  end)

  it("treats rows with NaN as told", function()
    local p, y = generated(20, 3, 9)
    local bad = p:clone()
    bad[4] = 0 / 0
    local kept = ssl.cat({ p:narrow(1, 1, 3), p:narrow(1, 5, 20) })
    local rest = ssl.cat({ y:narrow(1, 1, 3), y:narrow(1, 5, 20) })
    for name, f in pairs(all) do
      assert.raises({ "#1 to '" .. name .. "'", "row 4 of (20,3) float64 holds a NaN" }, f, bad, y)
      near(f(kept, rest), f(bad, y, { nan = "skip" }), 1e-15)
      assert.equal(1, f(bad, y, { nan = "skip", full = true }).n_skipped)
      local r = f(bad, y, { nan = "propagate", full = true })
      is_nan(r.value)
      assert.equal("row 4 holds a NaN or an infinity", r.undefined)
    end
  end)

  it("raises on what a caller gets wrong", function()
    local p, y = generated(5, 3, 10)
    for name, f in pairs(all) do
      local who = "to '" .. name .. "'"
      assert.raises({ who, "bad argument #1", "row 2 of the probabilities sums to 1.5, not to 1; "
        .. "for logits see the option logits" }, f, f64 { { 1, 0 }, { 1, .5 } }, int { 1, 2 })
      assert.raises({ who, "row 1 of the probabilities has a negative one" }, f,
        f64 { { 1.5, -.5 } }, int { 1 })
      assert.raises({ who, "probabilities [N,K] of dtype float expected, got (5) int64" }, f, y, y)
      assert.raises({ who, "with 2 dimensions" }, f, p[1], y)
      assert.raises({ who, "#2", "5 labels expected, one a row, got (4) int64" }, f, p,
        y:narrow(1, 1, 4))
      assert.raises({ who, "#2", "of dtype int64 expected, got (5) float32" }, f, p, y:float())
      assert.raises({ who, "label 0 of row 2 is none of the 3 classes" }, f, p,
        int { 1, 0, 1, 1, 1 })
      assert.raises({ who, "#3", "logits must be true or false, got number 1" }, f, p, y,
        { logits = 1 })
      assert.raises({ who, "unknown option 'bin'" }, f, p, y, { bin = 3 })
      assert.raises({ who, "at least one row" }, f, ssl.zeros(0, 3), ssl.zeros({ 0 }, "int64"))
      assert.raises({ who, "at least one row" }, f, ssl.zeros(3, 0), int { 1, 1, 1 })
      assert.raises(name .. ": (1099511627776,1) float32 needs", f,
        ssl.ones(1, 1):expand(2 ^ 40 | 0, 1), ssl.ones({ 1 }, "int64"):expand(2 ^ 40 | 0))
    end
    for _, f in ipairs { ece, adaptive_ece } do
      assert.raises("bins must be in 1..1000000, got 0", f, p, y, { bins = 0 })
      assert.raises("bins must be a whole number", f, p, y, { bins = 1.5 })
    end
  end)

  it("does not depend on the number of threads", function()
    local p, y = generated(20000, 5, 11, "float32")
    local before, alone = ssl.get_threads(), {}
    ssl.set_threads(1)
    for name, f in pairs(all) do alone[name] = f(p, y) end
    ssl.set_threads(3)
    for name, f in pairs(all) do near(alone[name], f(p, y), 0) end
    ssl.set_threads(before)
  end)
end)
