local core = require "sslkit.core"
local ssl = require "sslkit"

local fixture = dofile "spec/fixtures/metrics_labels.lua"
local M = ssl.metrics
local all = { "nmi", "ami", "ari", "v_measure", "cluster_accuracy", "purity" }

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-12) end
local function ids(list) return ssl.tensor(list, "int64") end

local function randint(n, k, seed)
  return ssl.randint(1, k, { n }, { generator = ssl.generator(seed) })
end

-- The clusters of the digits that the fixture is about.
local function digits()
  local list = {}
  for code in fixture.clusters:gmatch "." do list[#list + 1] = tonumber(code, 16) end
  return ids(list), ssl.data.digits().y
end

local function counts_of(list)
  local counts = {}
  for _, v in ipairs(list) do counts[v] = (counts[v] or 0) + 1 end
  return counts
end

local function entropy(list)
  local sum = 0
  for _, count in pairs(counts_of(list)) do sum = sum - count / #list * math.log(count / #list) end
  return sum
end

-- H(a) + H(b) - H(a, b)
local function mutual(a, b)
  local both = {}
  for i = 1, #a do both[i] = a[i] .. " " .. b[i] end
  return entropy(a) + entropy(b) - entropy(both)
end

-- Calls f(list) for every order of a list.
local function permutations(list, f, n)
  n = n or #list
  if n == 1 then return f(list) end
  for i = 1, n do
    permutations(list, f, n - 1)
    local other = n % 2 == 0 and i or 1
    list[n], list[other] = list[other], list[n]
  end
end

-- Pairs that are together in both, the first, the second, neither.
local function pair_counts(a, b)
  local both, first, second, neither = 0, 0, 0, 0
  for i = 1, #a do
    for j = i + 1, #a do
      local x, y = a[i] == a[j], b[i] == b[j]
      both = both + (x and y and 1 or 0)
      first = first + (x and not y and 1 or 0)
      second = second + (y and not x and 1 or 0)
      neither = neither + (not x and not y and 1 or 0)
    end
  end
  return both, first, second, neither
end

-- The best of all ways to give rows of a table different columns.
local function best_assignment(rows, i, used)
  i, used = i or 1, used or {}
  if i > #rows then return 0 end
  local best = -1
  for j = 1, #rows[i] do
    if not used[j] then
      used[j] = true
      best = math.max(best, rows[i][j] + best_assignment(rows, i + 1, used))
      used[j] = nil
    end
  end
  return best
end

describe("agreement of clusters and labels", function()
  local t, p = ids { 0, 0, 1, 1 }, ids { 0, 0, 1, 2 }

  it("gives the worked numbers", function()
    for kind, value in pairs { arithmetic = 0.8, geometric = 0.816496580928, min = 1,
      max = 0.666666666667, joint = 0.666666666667 } do
      near(value, M.nmi(p, t, { average = kind }))
    end
    near(0.571428571429, M.ami(p, t))
    near(0.571428571429, M.ari(p, t))
    local v = M.v_measure(p, t, { full = true })
    near(0.8, v.value)
    near(1, v.homogeneity)
    near(0.666666666667, v.completeness)
    assert.equal(0.75, M.cluster_accuracy(p, t))
    assert.equal(1.0, M.purity(p, t))
    assert.equal(0.75, M.purity(t, p)) -- the order of the two counts
  end)

  -- Both sides are exact to rounding; scikit-learn's expectation is a sum of exponentials of
  -- differences of lgamma, good to some 1e-12.
  it("is scikit-learn's on the digits", function()
    local c, y = digits()
    local f = fixture.agreement
    for _, kind in ipairs { "arithmetic", "geometric", "min", "max" } do
      near(f["nmi_" .. kind], M.nmi(c, y, { average = kind }))
      near(f["ami_" .. kind], M.ami(c, y, { average = kind }))
    end
    near(f.expected, M.ami(c, y, { full = true }).expected)
    local r = M.ari(c, y, { full = true })
    near(f.ari, r.value)
    near(f.rand, r.rand)
    local v = M.v_measure(c, y, { full = true })
    near(f.v_measure, v.value)
    near(f.homogeneity, v.homogeneity)
    near(f.completeness, v.completeness)
    near(f.v_measure_half, M.v_measure(c, y, { beta = 0.5 }))
    near(f.cluster_accuracy, M.cluster_accuracy(c, y))
    near(f.purity, M.purity(c, y))
  end)

  it("is its definition", function()
    for seed = 1, 6 do
      local n = 20 + seed
      local a, b = randint(n, 2 + seed % 4, seed), randint(n, 5, seed + 50)
      local x, y = a:totable(), b:totable()
      local h1, h2, i = entropy(x), entropy(y), mutual(x, y)
      near(2 * i / (h1 + h2), M.nmi(a, b))
      near(i / (h1 + h2 - i), M.nmi(a, b, { average = "joint" }))
      near(3 * i / (2 * h1 + h2), M.v_measure(a, b, { beta = 2 }))
      local both, first, second, neither = pair_counts(x, y)
      local chance = (both + first) * (both + second) / (n * (n - 1) / 2)
      near((both - chance) / (both + (first + second) / 2 - chance), M.ari(a, b))
      near((both + neither) / (n * (n - 1) / 2), M.ari(a, b, { full = true }).rand)
      local rows = M.contingency(a, b):dense():totable()
      if #rows > #rows[1] then rows = M.contingency(b, a):dense():totable() end
      near(best_assignment(rows) / n, M.cluster_accuracy(a, b))
      local hits = 0
      for _, row in ipairs(M.contingency(a, b):dense():totable()) do
        hits = hits + math.max(table.unpack(row))
      end
      near(hits / n, M.purity(a, b))
    end
  end)

  it("expects by chance what the mean over all shuffles is", function()
    for _, case in ipairs { { { 1, 1, 1, 2, 2, 3, 3 }, { 1, 1, 2, 2, 2, 2, 3 } },
      { { 1, 2, 3, 4, 5, 5 }, { 1, 1, 1, 1, 1, 2 } }, { { 1, 1, 1, 1, 2 }, { 1, 1, 1, 2, 2 } } } do
      local a, b = table.unpack(case)
      local r = M.ami(ids(a), ids(b), { full = true })
      local sum, count = 0, 0
      permutations(b, function(order) sum, count = sum + mutual(a, order), count + 1 end)
      near(sum / count, r.expected, 1e-13)
      near((r.mutual_information - r.expected)
        / ((r.entropy_clusters + r.entropy_classes) / 2 - r.expected), r.value)
    end
  end)

  it("expects right where parts are large, from the spread of chance", function()
    -- n (E - correction) -> (K1 - 1)(K2 - 1) / 2, as 2 n I follows chi squared; the next term is of
    -- the order of (K / n)^2 / n
    local i = ssl.arange(1, 1000000, 1, "int64")
    local r = M.ami(i % 10, i:floordiv(10) % 20, { full = true })
    near(1, r.expected / (9 * 19 / 2e6), 1e-3)
    near(0, r.mutual_information, 0) -- exactly independent
  end)

  it("is 1 for one division under two names, whatever these are", function()
    local y = randint(200, 7, 3)
    local names = ids { 5, -3, 9223372036854775807, 0, -9223372036854775807 - 1, 12, 7 }
    local c = names:index(1, y)
    for _, name in ipairs(all) do
      assert.equal(1.0, M[name](c, y), name)
      assert.equal(1.0, M[name](y, c), name)
    end
    local map = M.cluster_accuracy(c, y, { full = true }).assignment
    for label, cluster in ipairs(names:totable()) do assert.equal(label, map[cluster]) end
  end)

  it("does not see names or order, and is symmetric where it should be", function()
    local a, b = randint(300, 6, 1), randint(300, 4, 2)
    local order = ssl.randperm(300)
    for _, name in ipairs(all) do
      local value = M[name](a, b)
      near(value, M[name](a * -7 + 3, b * 1000))
      near(value, M[name](a[order], b[order]))
      if name ~= "purity" then near(value, M[name](b, a)) end
    end
    near(M.nmi(a, b), M.v_measure(a, b))
    assert.is_true(math.abs(M.ami(a, b)) < 0.05 and math.abs(M.ari(a, b)) < 0.05)
    assert.is_true(M.ari(ids { 1, 2, 1, 2 }, ids { 1, 1, 2, 2 }) < 0)
    assert.is_true(M.ami(ids { 1, 2, 1, 2 }, ids { 1, 1, 2, 2 }) < 0)
  end)

  it("knows the edges", function()
    local one, other = ids { 3, 3, 3 }, ids { 1, 2, 3 }
    for _, name in ipairs(all) do
      assert.equal(1.0, M[name](one, one), name)
      assert.equal(1.0, M[name](other, other), name)
      assert.equal(1.0, M[name](ids { 4 }, ids { 9 }), name)
    end
    for _, name in ipairs { "nmi", "ami", "ari", "v_measure" } do
      assert.equal(0.0, M[name](one, other), name)
      assert.equal(0.0, M[name](other, one), name)
    end
    for _, kind in ipairs { "arithmetic", "geometric", "min", "max" } do
      assert.equal(0.0, M.ami(one, other, { average = kind }))
      assert.equal(0.0, M.nmi(one, other, { average = kind }))
      -- singletons always tell everything: nothing is left to gain
      if kind == "min" then assert.equal(0.0, M.ami(ids { 1, 2, 3, 4 }, t, { average = kind })) end
    end
    near(1 / 3, M.cluster_accuracy(one, other))
    near(1 / 3, M.cluster_accuracy(other, one))
    near(1 / 3, M.purity(one, other))
    assert.equal(1.0, M.purity(other, one))
  end)

  it("tells what it knows", function()
    local r = M.cluster_accuracy(p, t, { full = true })
    assert.same({ 3, 4, 3, 2 }, { r.correct, r.n, r.n_clusters, r.n_classes })
    assert.equal("integer", math.type(r.correct))
    assert.same({ [0] = 0, [1] = 1 }, r.assignment) -- the first of equal clusters; cluster 2 gets none
    assert.matches("^nmi 0%.8\n", tostring(M.nmi(p, t, { full = true })))
    assert.equal("arithmetic", M.ami(p, t, { full = true }).average)
    near(math.log(2), M.nmi(p, t, { full = true }).entropy_classes)
  end)

  it("says what is wrong", function()
    for _, name in ipairs(all) do
      local f, at = M[name], "bad argument #%d to '" .. name .. "'"
      assert.raises({ at:format(1), "labels of dtype int64 expected, got (4) float32" }, f,
        ssl.ones(4), t)
      assert.raises({ at:format(2), "labels expected, got nil" }, f, t)
      assert.raises({ at:format(2), "4 labels expected, one a row, got (3) int64" }, f, t,
        ids { 1, 2, 3 })
      assert.raises({ at:format(1), "1 dimensions expected, got (2,2) int64" }, f,
        t:reshape(2, 2), t)
      assert.raises({ at:format(1), "at least one label expected" }, f, ids {}, ids {})
      assert.raises({ at:format(3), "unknown option 'averages'" }, f, t, t, { averages = "min" })
      assert.raises({ at:format(2), "no labels expected behind a contingency" }, f,
        M.contingency(t, t), t)
      assert.raises({ at:format(1), "nothing has been counted yet" }, f, M.contingency())
    end
    assert.raises("average must be one of arithmetic, geometric, min, max, joint, got", M.nmi, t, t,
      { average = "mean" })
    assert.raises("average must be one of arithmetic, geometric, min, max, got string 'joint'",
      M.ami, t, t, { average = "joint" })
    assert.raises("beta must be in 0..inf, got -1", M.v_measure, t, t, { beta = -1 })
  end)

  it("does not try tables that no memory holds", function()
    local many = ssl.arange(1, 300000, 1, "int64")
    assert.raises("memory", M.cluster_accuracy, many, many)
    assert.equal(1.0, M.ami(many, many))
    assert.raises("memory", M.nmi, ids({ 1 }):expand(2 ^ 40 | 0), ids({ 1 }):expand(2 ^ 40 | 0))
  end)
end)

describe("the assignment", function()
  it("is the best of all", function()
    for seed = 1, 40 do
      local g = ssl.generator(seed)
      local n = 1 + seed % 6
      local gain = ssl.randint(0, seed % 3 == 0 and 2 or 50, { n, n + seed % 3 }, { generator = g })
      local column, hits, seen = core.assign(gain):totable(), 0, {}
      for i, j in ipairs(column) do
        assert.is_nil(seen[j])
        seen[j], hits = true, hits + gain:at(i, j)
      end
      assert.equal(best_assignment(gain:totable()), hits)
    end
  end)

  it("is exact for the largest counts, and finds a hidden permutation", function()
    local big = 2 ^ 32 - 1 | 0
    assert.same({ 2, 1 }, core.assign(ids { { big - 1, big }, { big, big } }):totable())
    local hidden = ssl.randperm(400, { generator = ssl.generator(1) })
    local gain = ssl.randint(0, 10, { 400, 400 }, { generator = ssl.generator(2) })
    gain:scatter_(2, hidden:unsqueeze(2), 11)
    assert.same(hidden:totable(), core.assign(gain):totable())
  end)

  it("checks what it is given", function()
    assert.raises("gains in 0..4294967295 expected", core.assign, ids { { -1 } })
    assert.raises("n <= m expected, got (2,1) int64", core.assign, ids { { 1 }, { 2 } })
    assert.equal(0, #core.assign(ssl.zeros({ 0, 3 }, "int64")))
  end)
end)

describe("contingency", function()
  it("counts what meets what", function()
    local c = M.contingency(ids { 9, 9, -2, 9 }, ids { 4, 4, 4, 1 })
    assert.same({ -2, 9 }, c.clusters:totable())
    assert.same({ 1, 4 }, c.classes:totable())
    assert.same({ { 0, 1 }, { 1, 2 } }, c:dense():totable())
    assert.same({ 1, 3 }, c.cluster_sizes:totable())
    assert.same({ 1, 3 }, c.class_sizes:totable())
    assert.equal("contingency of 4: 2 clusters, 2 classes", tostring(c))
  end)

  it("is the same in parts, in any order", function()
    local a, b = randint(500, 9, 7) * 3 - 10, randint(500, 11, 8) * -2
    local whole, blocks = M.contingency(a, b), M.contingency()
    for first = 1, 500, 60 do
      local last = math.min(first + 59, 500)
      blocks:add(a:narrow(1, first, last), b:narrow(1, first, last))
    end
    local left = M.contingency(a:narrow(1, 1, 130), b:narrow(1, 1, 130))
    local shards = M.contingency(a:narrow(1, 131, 500), b:narrow(1, 131, 500)):merge(left)
    for _, c in ipairs { blocks, shards, M.contingency():merge(whole) } do
      assert.same(whole:dense():totable(), c:dense():totable())
      assert.same(whole.classes:totable(), c.classes:totable())
      assert.equal(500, #c)
      for _, name in ipairs(all) do assert.equal(M[name](a, b), M[name](c), name) end
    end
    assert.equal(130, #left:merge(M.contingency())) -- and what was merged stays as it is
  end)

  it("says what is wrong", function()
    local y = ids { 1, 2 }
    assert.raises({ "bad argument #1 to 'contingency'", "merge adds that" }, M.contingency,
      M.contingency(y, y))
    assert.raises("labels expected, got nil", M.contingency, y)
    assert.raises("contingency expected, got tensor (2) int64", function()
      M.contingency():merge(y)
    end)
    assert.raises("labels of dtype int64 expected", function()
      M.contingency():add(y, ssl.ones(2))
    end)
  end)

  it("reads views", function()
    local both = randint(60, 4, 1):reshape(30, 2)
    local a, b = both:select(2, 1), both:select(2, 2)
    assert.equal(M.nmi(a:clone(), b:clone()), M.nmi(a, b))
  end)
end)
