-- recall_at, r_precision, map_at_r, mean_average_precision, mrr, and core.rank below them.

local core = require "sslkit.core"
local ssl = require "sslkit"
local digits_say = dofile "spec/fixtures/metrics_near.lua"

local m = ssl.metrics
local NAMES = { "r_precision", "map_at_r", "mean_average_precision", "mrr" }

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-9) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end
local function ids(list) return ssl.tensor(list, "int64") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function randint(last, n, seed)
  return ssl.randint(1, last, { n }, { generator = ssl.generator(seed) })
end

local line, line_y = ssl.tensor { { 0 }, { 1 }, { 3 }, { 7 } }, ids { 0, 1, 0, 1 }

-- Of each query the labels of the references in their order: equal ones by the row. Scores are taken
-- over from core.neighbours, whose own spec proves them and their ties.
local function rankings(z, y, metric, refs, ref_y)
  local all = refs and core.len(refs) or core.len(z) - 1
  local index = core.neighbours(refs and z or nil, refs or z, all, metric):totable()
  local own, other = y:totable(), (ref_y or y):totable()
  for i, list in ipairs(index) do
    for c, j in ipairs(list) do list[c] = other[j] == own[i] end
  end
  return index, own
end

-- All measures by their definitions, as means over queries and over classes; recall at k beside them.
local function twin(z, y, metric, k, refs, ref_y)
  local lists, own = rankings(z, y, metric, refs, ref_y)
  local sums, classes, lone = {}, {}, 0
  for i, list in ipairs(lists) do
    local r, hits, at_r, hits_at_r, all, first, recall = 0, 0, 0, 0, 0, nil, 0
    for _, right in ipairs(list) do r = r + (right and 1 or 0) end
    for c, right in ipairs(list) do
      if right then
        hits = hits + 1
        first = first or c
        if c <= r then at_r, hits_at_r = at_r + hits / c, hits_at_r + 1 end
        if c <= k then recall = 1 end
        all = all + hits / c
      end
    end
    if r == 0 then
      lone = lone + 1
    else
      local values = { hits_at_r / r, at_r / r, all / r, 1 / first, recall }
      local class = classes[own[i]] or { n = 0, 0, 0, 0, 0, 0 }
      classes[own[i]], class.n = class, class.n + 1
      for c, v in ipairs(values) do
        class[c] = class[c] + v
        sums[c] = (sums[c] or 0) + v
      end
    end
  end
  local macro, count = { 0, 0, 0, 0, 0 }, 0
  for _, class in pairs(classes) do
    count = count + 1
    for c = 1, 5 do macro[c] = macro[c] + class[c] / class.n end
  end
  for c = 1, 5 do sums[c], macro[c] = sums[c] / (#lists - lone), macro[c] / count end
  return sums, macro, lone
end

local function check(z, y, metric, k, refs, ref_y)
  local micro, macro, lone = twin(z, y, metric, k, refs, ref_y)
  for average, want in pairs { micro = micro, macro = macro } do
    local options = { metric = metric, average = average, references = refs,
      reference_labels = ref_y, full = true }
    for i, name in ipairs(NAMES) do
      local full = m[name](z, y, options)
      near(want[i], full.value, 1e-12)
      assert.equal(lone, full.n_lone)
      assert.equal(#y - lone, full.n)
    end
    near(want[5], m.recall_at(z, y, k, options).value, 1e-12)
  end
end

describe("retrieval", function()
  it("gives the worked numbers", function()
    local l2 = { metric = "l2" }
    near(0, m.recall_at(line, line_y, 1, l2), 0)
    near(0.75, m.recall_at(line, line_y, 2, l2), 0)
    near(0, m.map_at_r(line, line_y, l2), 0)
    near(0.458333333333, m.mean_average_precision(line, line_y, l2), 1e-12)
    near(0.458333333333, m.mrr(line, line_y, l2), 1e-12)
    -- one list of relevances, (1, 0, 1, 0, 1)
    local q, refs = ssl.zeros(1, 1), ssl.tensor { { 1 }, { 2 }, { 3 }, { 4 }, { 5 } }
    local o = { metric = "l2", references = refs, reference_labels = ids { 1, 0, 1, 0, 1 } }
    near(0.555555555556, m.map_at_r(q, ids { 1 }, o), 1e-12)
    near(0.755555555556, m.mean_average_precision(q, ids { 1 }, o), 1e-12)
    near(2 / 3, m.r_precision(q, ids { 1 }, o), 1e-15)
    near(1, m.mrr(q, ids { 1 }, o), 0)
  end)

  for _, metric in ipairs { "cosine", "l2" } do
    it("is its definition: " .. metric, function()
      for seed = 1, 4 do
        local n, d = 12 + 25 * seed, 1 + 3 * (seed - 1)
        local dtype = seed % 2 == 0 and "float32" or "float64"
        local z, y = randn(n, d, seed, dtype), randint(2 + seed, n, seed) * 3 - 11
        y[3] = 99 -- alone
        check(z, y, metric, 1 + seed)
        check(z, y, metric, 2, randn(40, d, seed + 20, dtype), randint(5, 40, seed) * 3 - 11)
      end
    end)

    it("breaks ties by the lowest row: " .. metric, function()
      for seed = 1, 2 do
        local grid = ssl.randint(0, 2, { 150, 3 }, { generator = ssl.generator(seed) }):float()
        local y = randint(4, 150, seed)
        check(grid, y, metric, 3)
        check(grid:double() * 0.1, y, metric, 3) -- sums that round
        check(grid, y, metric, 3, grid, randint(4, 150, seed + 9))
      end
      local same = ssl.ones(40, 3)
      check(same, randint(3, 40, 1), metric, 2)
      check(ssl.zeros(40, 3), randint(3, 40, 2), metric, 2)
    end)

    it("crosses its tiles: " .. metric, function()
      check(randn(530, 3, 1, "float32"), randint(3, 530, 1), metric, 4)
      check(randn(9, 2, 3), randint(3, 9, 3), metric, 4, randn(1025, 2, 4), randint(3, 1025, 4))
    end)

    it("sees what float32 cannot: " .. metric, function()
      local g = ssl.generator(6)
      for _, spread in ipairs { 1e-4, 1e-8, 1e-13 } do
        local z = randn(3, 5, 7):index(1, ssl.randint(1, 3, { 200 }, { generator = g }))
          + randn(200, 5, 8) * spread
        check(z, randint(4, 200, 9), metric, 3)
      end
    end)

    it("takes every size of numbers: " .. metric, function()
      local z, y = randn(60, 6, 9), randint(4, 60, 9)
      for _, name in ipairs(NAMES) do
        local base = m[name](z, y, { metric = metric })
        for _, power in ipairs { 2.0 ^ 900, 2.0 ^ -900 } do
          near(base, m[name](z * power, y, { metric = metric }), 0)
        end
      end
    end)

    it("does not depend on threads, order of classes and memory layout: " .. metric, function()
      local z, y, before = randn(400, 10, 10, "float32"), randint(7, 400, 1), ssl.get_threads()
      ssl.set_threads(1)
      local base = m.mean_average_precision(z, y, { metric = metric })
      ssl.set_threads(4)
      local again = m.mean_average_precision(z, y, { metric = metric })
      ssl.set_threads(before)
      near(base, again, 0)
      near(base, m.mean_average_precision(z, y * -5, { metric = metric }), 1e-13)
      near(base, m.mean_average_precision(z:t():contiguous():t(), y, { metric = metric }), 0)
      near(base, m.mean_average_precision(z:double(), y, { metric = metric }), 1e-12)
    end)
  end

  it("is in order: mAP@R <= R-precision <= 1, and mAP@R <= mAP <= MRR's bound", function()
    for seed = 1, 5 do
      local z, y = randn(80, 4, seed), randint(1 + seed, 80, seed)
      local map_r, rp = m.map_at_r(z, y), m.r_precision(z, y)
      assert.is_true(map_r <= rp + 1e-15 and rp <= 1)
      assert.is_true(map_r <= m.mean_average_precision(z, y) + 1e-15)
      local before = 0
      for k = 1, 79, 13 do
        local recall = m.recall_at(z, y, k)
        assert.is_true(recall >= before and recall <= 1)
        before = recall
      end
      near(1, m.recall_at(z, y, 79), 0)
    end
    local y = ids { 1, 1, 2, 2, 2 } -- apart: all is found
    local z = ssl.tensor { { 0 }, { 1 }, { 50 }, { 51 }, { 53 } }
    for _, name in ipairs(NAMES) do near(1, m[name](z, y, { metric = "l2" }), 0) end
  end)

  it("is NumPy's and scikit-learn's on the digits", function()
    local ds = ssl.data.digits()
    local z, y, o = ds.x:view(1797, 64):float(), ds.y, { metric = "l2" }
    near(digits_say.map_at_r, m.map_at_r(z, y, o), 1e-12)
    near(digits_say.r_precision, m.r_precision(z, y, o), 1e-12)
    near(digits_say.map, m.mean_average_precision(z, y, o), 1e-12)
    near(digits_say.mrr, m.mrr(z, y, o), 1e-12)
    near(digits_say.recall_1, m.recall_at(z, y, 1, o), 1e-12)
    near(digits_say.recall_5, m.recall_at(z, y, 5, o), 1e-12)
    near(digits_say.map_macro,
      m.mean_average_precision(z, y, { metric = "l2", average = "macro" }), 1e-12)
    -- a thousand pairs of cosines are equal, but for their last digits: scikit-learn ranks them by these
    near(digits_say.map_cosine, m.mean_average_precision(z, y), 1e-6)
    near(digits_say.map_references, m.mean_average_precision(z:narrow(1, 899, 1797),
      y:narrow(1, 899, 1797), { references = z:narrow(1, 1, 898),
        reference_labels = y:narrow(1, 1, 898) }), 1e-6)
  end)

  it("leaves out lone queries, and is undefined where all are", function()
    local z = randn(5, 2, 1)
    for _, name in ipairs(NAMES) do
      is_nan(m[name](z, ids { 1, 2, 3, 4, 5 }))
      local full = m[name](z, ids { 1, 2, 3, 4, 5 }, { full = true, average = "macro" })
      assert.equal("no query has a reference of its label", full.undefined)
      assert.same({ 0, 5 }, { full.n, full.n_lone })
      full = m[name](z:narrow(1, 1, 1), ids { 7 }, { full = true })
      is_nan(full.value)
      assert.equal("one row has no other", full.undefined)
      near(1, m[name](z, ids { 4, 4, 4, 4, 4 }), 0) -- a single class
    end
    is_nan(m.recall_at(z, ids { 1, 2, 3, 4, 5 }, 2))
    is_nan(m.recall_at(z:narrow(1, 1, 1), ids { 7 }, 1))
    near(1, m.recall_at(z, ids { 4, 4, 4, 4, 4 }, 1), 0)
    near(0.375, m.recall_at(line, line_y, 2, { metric = "l2", full = true }).precision, 1e-15)
  end)

  it("has a policy on NaN and infinity, of references too", function()
    local z, y = randn(40, 3, 2), randint(3, 40, 2)
    local broken = ssl.cat { z:narrow(1, 1, 10), z:narrow(1, 1, 1), z:narrow(1, 11, 40) }
    broken[11] = 1 / 0
    local broken_y = ssl.cat { y:narrow(1, 1, 10), ids { 1 }, y:narrow(1, 11, 40) }
    for _, name in ipairs(NAMES) do
      assert.raises({ ("bad argument #1 to '%s'"):format(name), "row 11 of (41,3)" }, m[name],
        broken, broken_y)
      near(m[name](z, y), m[name](broken, broken_y, { nan = "skip" }), 0)
      is_nan(m[name](broken, broken_y, { nan = "propagate" }))
      local o = { references = broken, reference_labels = broken_y }
      assert.raises("row 11 of (41,3)", m[name], z, y, o)
      o.nan = "propagate"
      is_nan(m[name](z, y, o))
      o.nan, o.full = "skip", true
      assert.equal(1, m[name](z, y, o).n_skipped)
      near(m[name](z, y, { references = z, reference_labels = y }), m[name](z, y, o).value, 0)
    end
    assert.raises("bad argument #1 to 'recall_at' (row 11", m.recall_at, broken, broken_y, 1)
    near(m.recall_at(z, y, 2), m.recall_at(broken, broken_y, 2, { nan = "skip" }), 0)
  end)

  it("tells what is wrong with its arguments", function()
    assert.raises({ "bad argument #3 to 'recall_at'", "k must be < N = 4, got 4" }, m.recall_at,
      line, line_y, 4)
    assert.raises("k must be <= N = 4, got 5", m.recall_at, line, line_y, 5,
      { references = line, reference_labels = line_y })
    assert.raises("k must be a whole number, got nil", m.recall_at, line, line_y)
    assert.raises("k must be in 1..inf, got 0", m.recall_at, line, line_y, 0)
    assert.raises("bad argument #4 to 'recall_at' (unknown option 'metrik'", m.recall_at, line,
      line_y, 1, { metrik = "l2" })
    for _, name in ipairs(NAMES) do
      local f = m[name]
      assert.raises("4 labels expected, one a row, got (3) int64", f, line, ids { 1, 2, 3 })
      assert.raises("labels of dtype int64 expected", f, line, ssl.ones(4))
      assert.raises("dtype float expected", f, line_y:view(4, 1), line_y)
      assert.raises("at least one row and one column", f, ssl.empty(0, 2 ^ 40), line_y)
      assert.raises("metric must be one of cosine, l2", f, line, line_y, { metric = "dot" })
      assert.raises("average must be one of micro, macro", f, line, line_y, { average = "mean" })
      assert.raises("belong together", f, line, line_y, { references = line })
      assert.raises("references like the rows (4,1) float32 expected, got (4,1) float64", f, line,
        line_y, { references = line:double(), reference_labels = line_y })
      assert.raises("4 labels expected, one a row, got (1) int64", f, line, line_y,
        { references = line, reference_labels = ids { 1 } })
    end
  end)
end)

describe("core.rank", function()
  it("checks what it is given", function()
    local z, one = ssl.ones(3, 2), ids { 1, 1, 1 }
    local member, start = ids { 1, 2, 3 }, ids { 0, 3 }
    local function raises(text, ...) assert.raises(text, core.rank, ...) end
    near({ { 2, 2, 2, 2, 1 }, { 2, 2, 2, 2, 1 }, { 2, 2, 2, 2, 1 } },
      core.rank(nil, z, "l2", one, one, member, start), 0)
    near({ { 0, 0, 0, 0, 0 } },
      core.rank(z:narrow(1, 1, 1), z, "l2", ids { 0 }, one, member, start), 0)
    raises("with rows and columns expected, got (3,0)", nil, ssl.ones(3, 0), "l2", one, one, member,
      start)
    raises("rows like (3,2) float32 expected, got (3,2) float64", z:double(), z, "l2", one, one,
      member, start)
    raises("'ip' is none of: cosine, l2", nil, z, "ip", one, one, member, start)
    raises("numbers in 0..1 expected, got 2", nil, z, "l2", ids { 1, 2, 1 }, one, member, start)
    raises("numbers in 1..1 expected, got 0", nil, z, "l2", one, ids { 1, 0, 1 }, member, start)
    raises("numbers in 1..3 expected, got 4", nil, z, "l2", one, one, ids { 1, 2, 4 }, start)
    raises("numbers in 0..3 expected, got 4", nil, z, "l2", one, one, member, ids { 0, 4 })
    raises("ascending numbers expected", nil, z, "l2", one, one, member, ids { 0, 3, 2 })
    raises("contiguous int64 (3) expected, got (2) int64", nil, z, "l2", ids { 1, 1 }, one, member,
      start)
  end)
end)
