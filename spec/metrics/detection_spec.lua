local core = require "sslkit.core"
local ssl = require "sslkit"

local fixture = dofile "spec/fixtures/metrics_scores.lua"
local auroc, fpr_at_95 = ssl.metrics.auroc, ssl.metrics.fpr_at_95
local average_precision = ssl.metrics.average_precision

local all = { auroc = auroc, fpr_at_95 = fpr_at_95, average_precision = average_precision }

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-13) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end
local function int(list) return ssl.tensor(list, "int64") end
local function f64(list) return ssl.tensor(list, "float64") end

-- Scores of which many are equal where `grid` is coarse.
local function generated(n, seed, grid, dtype)
  local g = ssl.generator(seed)
  local positives = ssl.rand({ n }, { generator = g }):lt(0.4)
  positives[1], positives[n] = 1, 0
  local scores = ssl.randn({ n }, { generator = g, dtype = "float64" }) + positives:double()
  return (scores * grid):round():to(dtype or "float64") / grid, positives
end

local function parts(scores, positives)
  local pos, neg = {}, {}
  for i, s in ipairs(scores:double():totable()) do
    table.insert(positives[i] == 1 and pos or neg, s)
  end
  return pos, neg
end

-- Of all pairs of a positive and a negative.
local function auroc_twin(scores, positives)
  local pos, neg = parts(scores, positives)
  local sum = 0
  for _, a in ipairs(pos) do
    for _, b in ipairs(neg) do sum = sum + (a > b and 1 or a == b and 0.5 or 0) end
  end
  return sum / (#pos * #neg)
end

local function at_least(list, threshold)
  local count = 0
  for _, s in ipairs(list) do count = count + (s >= threshold and 1 or 0) end
  return count
end

-- Of the threshold as the definition has it, 0-based s[floor(0.05 n)] of ascending positives.
local function fpr_twin(scores, positives)
  local pos, neg = parts(scores, positives)
  table.sort(pos)
  local threshold = pos[#pos // 20 + 1]
  return at_least(neg, threshold) / #neg, threshold, at_least(pos, threshold) / #pos
end

local function precision_twin(scores, positives)
  local pos, neg = parts(scores, positives)
  local thresholds, sum, recall = {}, 0, 0
  for _, s in ipairs(scores:unique():double():totable()) do table.insert(thresholds, 1, s) end
  for _, threshold in ipairs(thresholds) do
    local tp, fp = at_least(pos, threshold), at_least(neg, threshold)
    sum = sum + (tp / #pos - recall) * tp / (tp + fp)
    recall = tp / #pos
  end
  return sum
end

describe("detection", function()
  it("gives the worked numbers", function()
    local positives = int { 1, 1, 1, 0, 0 }
    near(5 / 6, auroc(f64 { .9, .8, .4, .7, .3 }, positives))
    near(.75, auroc(f64 { .9, .7, .4, .7, .3 }, positives))
    local scores, inside = ssl.zeros({ 23 }, "float64"), ssl.zeros({ 23 }, "uint8")
    for i = 1, 20 do scores[i], inside[i] = i / 20, 1 end
    scores[21], scores[22], scores[23] = .02, .06, .3
    local r = fpr_at_95(scores, inside, { full = true })
    near({ 1 / 3, .1, .95 }, f64 { r.value, r.threshold, r.tpr })
    near((1 + 1 + 3 / 4) / 3, average_precision(f64 { .9, .8, .4, .7, .3 }, positives))
  end)

  it("agrees with scikit-learn on the digits, ties and all", function()
    local logits, y = f64(fixture.logits), int(fixture.y)
    for name, scores in pairs { exact = logits, tied = logits:round() } do
      for class = 1, 10 do
        for metric, want in pairs(fixture[name]) do
          near(want[class], all[metric](scores[{ {}, class }], y:eq(class)), 1e-14)
        end
      end
    end
  end)

  it("is its definition", function()
    for seed = 1, 12 do
      local scores, positives = generated(10 + 13 * seed, seed, seed % 3 == 0 and 1e6 or 2,
        seed % 2 == 0 and "float32" or nil)
      near(auroc_twin(scores, positives), auroc(scores, positives))
      near(precision_twin(scores, positives), average_precision(scores, positives))
      local value, threshold, tpr = fpr_twin(scores, positives)
      local r = fpr_at_95(scores, positives, { full = true })
      near({ value, threshold, tpr }, f64 { r.value, r.threshold, r.tpr })
      assert.is_true(r.tpr >= 0.95)
    end
  end)

  it("knows the perfect, the useless and the inverted", function()
    local positives = int { 1, 1, 0, 0 }
    for name, want in pairs {
      auroc = { 1, .5, 0 }, average_precision = { 1, .5, (1 / 3 + 2 / 4) / 2 },
      fpr_at_95 = { 0, 1, 1 },
    } do
      near(want[1], all[name](f64 { 4, 3, 2, 1 }, positives), 0)
      near(want[2], all[name](f64 { 7, 7, 7, 7 }, positives), 0)
      near(want[3], all[name](f64 { 1, 2, 3, 4 }, positives))
    end
    local two = { full = true }
    assert.equal(0.25, average_precision(f64 { 1, 2, 3, 4 }, int { 1, 0, 0, 0 }, two).baseline)
    local r = auroc(f64 { 1, 2, 3 }, int { 0, 1, 0 }, two)
    assert.same({ 3, 1, 2 }, { r.n, r.positives, r.negatives })
  end)

  it("sees order only", function()
    local scores, positives = generated(300, 20, 5)
    local order = ssl.randperm(300)
    for _, f in pairs(all) do
      local value = f(scores, positives)
      near(value, f((scores * 0.1):exp(), positives), 0)
      near(value, f(scores * 2.0 ^ -1000, positives), 0)
      near(value, f(scores[order], positives[order]), 0)
      near(value, f(scores, positives:long()), 0)
      local both = ssl.stack({ scores, scores }, 2)
      near(value, f(both[{ {}, 1 }], ssl.stack({ positives, positives }, 2)[{ {}, 2 }]), 0)
      near(f(scores:float():double(), positives), f(scores:float(), positives), 0)
    end
    near(1 - auroc(scores, positives), auroc(-scores, positives))
    near(1 - auroc(scores, positives), auroc(scores, 1 - positives:long()))
  end)

  it("is undefined where there is nothing to tell apart", function()
    for _, f in pairs(all) do
      for value, reason in pairs { [0] = "no positives", [1] = "no negatives" } do
        local r = f(f64 { 1, 2 }, int { value, value }, { full = true })
        is_nan(r.value)
        assert.equal(reason, r.undefined)
        assert.equal(2, r.n)
        is_nan(f(f64 { 1 }, int { value }))
      end
    end
  end)

  it("treats NaN and infinity as told", function()
    local scores, positives = f64 { 1, 0 / 0, 3, 1 / 0, 2 }, int { 0, 1, 1, 0, 0 }
    for name, f in pairs(all) do
      assert.raises({ "bad argument #1 to '" .. name .. "'", "row 2", "holds a NaN" }, f, scores,
        positives)
      local r = f(scores, positives, { nan = "skip", full = true })
      near(f(f64 { 1, 3, 2 }, int { 0, 1, 0 }), r.value, 0)
      assert.same({ 3, 2 }, { r.n, r.n_skipped })
      r = f(scores, positives, { nan = "propagate", full = true })
      is_nan(r.value)
      assert.equal("row 2 holds a NaN or an infinity", r.undefined)
      assert.equal("no positives", f(scores, int { 0, 1, 0, 1, 0 },
        { nan = "skip", full = true }).undefined)
    end
  end)

  it("raises on what a caller gets wrong", function()
    local s, p = f64 { 1, 2, 3 }, int { 0, 1, 1 }
    for name, f in pairs(all) do
      local who = "to '" .. name .. "'"
      assert.raises({ who, "#2", "0 or 1 expected in row 3, got -1" }, f, s, int { 0, 1, -1 })
      assert.raises({ who, "0 or 1 expected in row 1, got 2" }, f, s,
        ssl.tensor({ 2, 1, 0 }, "uint8"))
      assert.raises({ who, "positives of 0 and 1 (int64 or uint8) expected, got (3) float64" }, f,
        s, s)
      assert.raises({ who, "#2", "3 positives expected, one a score, got (2) int64" }, f, s,
        int { 0, 1 })
      assert.raises({ who, "scores of dtype float expected, got (3) int64" }, f, p, p)
      assert.raises({ who, "#1", "with 1 dimensions expected" }, f, s:unsqueeze(2), p)
      assert.raises({ who, "at least one score" }, f, ssl.zeros(0), ssl.zeros({ 0 }, "uint8"))
      assert.raises({ who, "unknown option 'ties'; known: full, nan" }, f, s, p, { ties = 1 })
      assert.raises({ who, "nan must be one of" }, f, s, p, { nan = "drop" })
      assert.raises(name .. ": (1099511627776) uint8 needs", f, ssl.ones(1):expand(2 ^ 40 | 0),
        ssl.ones({ 1 }, "uint8"):expand(2 ^ 40 | 0))
    end
  end)

  it("ranks a million scores in a moment, whatever the number of threads", function()
    local g, before = ssl.generator(1), ssl.get_threads()
    local scores = ssl.randn({ 1000000 }, { generator = g })
    local positives = ssl.rand({ 1000000 }, { generator = g }):lt(0.3)
    local first = core.clock()
    local value = auroc(scores, positives)
    local seconds = core.clock() - first
    assert.is_true(seconds < 3, seconds) -- a tenth of it where nothing else runs
    assert.is_true(math.abs(value - 0.5) < 0.005)
    ssl.set_threads(1)
    local alone = { average_precision(scores, positives), fpr_at_95(scores, positives) }
    ssl.set_threads(3)
    near(alone, f64 { average_precision(scores, positives), fpr_at_95(scores, positives) }, 0)
    ssl.set_threads(before)
  end)
end)
