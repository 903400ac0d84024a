-- hubness, icnn, utilization.

local ssl = require "sslkit"
local digits_say = dofile "spec/fixtures/metrics_near.lua"

local hubness, icnn, utilization = ssl.metrics.hubness, ssl.metrics.icnn, ssl.metrics.utilization

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-9) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end
local function ids(list) return ssl.tensor(list, "int64") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function digits() return ssl.data.digits().x:view(1797, 64):float(), ssl.data.digits().y end

local line = ssl.tensor { { 0 }, { 1 }, { 3 }, { 7 } }

-- For each row of a the rows of b in their order, and the distances; `self`: but itself.
local function nearest(a, b, self)
  local from, to, out = a:double():totable(), b:double():totable(), {}
  for i, x in ipairs(from) do
    local list = {}
    for j, y in ipairs(to) do
      local sum = 0
      for c = 1, #x do sum = sum + (x[c] - y[c]) ^ 2 end
      if not (self and i == j) then list[#list + 1] = { math.sqrt(sum), j } end
    end
    table.sort(list, function(p, q) return p[1] < q[1] or p[1] == q[1] and p[2] < q[2] end)
    out[i] = list
  end
  return out
end

local function moment(list, power, center)
  local sum = 0
  for _, v in ipairs(list) do sum = sum + (v - center) ^ power end
  return sum / #list
end

describe("hubness", function()
  it("gives the worked numbers", function()
    local one = hubness(line, { k = 1, full = true })
    assert.same({ 1, 2, 1, 0 }, one.counts:totable())
    near({ 0, 0.25, 0.25, 2 },
      ssl.tensor({ one.value, one.robin_hood, one.antihubs, one.largest }, "float64"), 1e-15)
    local two = hubness(line, { k = 2, full = true })
    assert.same({ 2, 3, 3, 0 }, two.counts:totable())
    near(-0.816496580928, two.value)
    near({ 0.25, 0.25, 1.5 },
      ssl.tensor({ two.robin_hood, two.antihubs, two.largest }, "float64"), 1e-15)
    near(two.value, hubness(line, { k = 2 }), 0)
    assert.same({ 0, 3 }, { hubness(line), hubness(line, { full = true }).k }) -- all are alike
  end)

  it("is its definition, with ties and equal rows", function()
    for seed = 1, 5 do
      local z = seed < 3 and randn(60 * seed, 3, seed, seed == 1 and "float32" or nil)
        or ssl.randint(0, 2, { 40 * seed, 3 }, { generator = ssl.generator(seed) }):float()
      for _, k in ipairs { 1, 4, 10 } do
        local counts = {}
        for i = 1, #z do counts[i] = 0 end
        for _, list in ipairs(nearest(z, z, true)) do
          for c = 1, k do counts[list[c][2]] = counts[list[c][2]] + 1 end
        end
        local full = hubness(z, { k = k, full = true })
        assert.same(counts, full.counts:totable())
        near(moment(counts, 3, k) / moment(counts, 2, k) ^ 1.5, full.value, 1e-10)
        local gini, moved, none = 0, 0, 0
        for _, v in ipairs(counts) do
          for _, w in ipairs(counts) do gini = gini + math.abs(v - w) end
          moved, none = moved + math.abs(v - k), none + (v == 0 and 1 or 0)
        end
        near(gini / (2 * #z * #z * k), full.gini, 1e-12)
        near(moved / (2 * #z * k), full.robin_hood, 1e-12)
        near(none / #z, full.antihubs, 1e-15)
        near(math.max(table.unpack(counts)) / k, full.largest, 1e-15)
      end
    end
  end)

  it("is SciPy's on the digits", function()
    local full = hubness((digits()), { full = true })
    near(digits_say.hubness, full.value)
    near(digits_say.antihubs, full.antihubs)
    near(digits_say.robin_hood, full.robin_hood)
    near(digits_say.hub, full.largest)
    near(digits_say.gini, full.gini)
  end)

  it("grows with the dimension, and takes cosines", function()
    local low, high = hubness(randn(1000, 2, 1)), hubness(randn(1000, 200, 1))
    assert.is_true(low < 0.5 and high > 2, low .. " " .. high)
    local z = randn(200, 5, 2)
    local u = z / z:norm(2, 2, true)
    near(hubness(u), hubness(z, { metric = "cosine" }), 1e-12)
  end)

  it("has edges", function()
    is_nan(hubness(ssl.ones(1, 3)))
    assert.equal("one row has no neighbour", hubness(ssl.ones(1, 3), { full = true }).undefined)
    local full = hubness(ssl.ones(5, 3), { k = 2, full = true }) -- the first rows win
    assert.same({ 4, 4, 2, 0, 0 }, full.counts:totable())
    assert.raises({ "bad argument #2 to 'hubness'", "k must be < N = 4, got 4" }, hubness, line,
      { k = 4 })
    assert.raises("k must be in 1..inf, got 0", hubness, line, { k = 0 })
    assert.raises("metric must be one of cosine, l2, got string 'ip'", hubness, line,
      { metric = "ip" })
    local z = randn(30, 2, 3)
    z[4] = 0 / 0
    assert.raises({ "'hubness'", "row 4 of (30,2)" }, hubness, z)
    is_nan(hubness(z, { nan = "propagate" }))
    full = hubness(z, { nan = "skip", full = true })
    assert.same({ 29, 1 }, { full.n, full.n_skipped })
  end)
end)

describe("icnn", function()
  local z = ssl.tensor { { 0 }, { 1 }, { 4 }, { 6 } }

  it("gives the worked numbers", function()
    local o = { k = 2, p = 1, q = 1, r = 1, epsilon = 0, full = true }
    local full = icnn(z, ids { 1, 1, 2, 2 }, o)
    near({ 1, 0.75, 0.5, 0.75 },
      ssl.tensor({ full.lambda, full.omega, full.gamma, full.value }, "float64"), 1e-15)
    full = icnn(z, ids { 5, -1, 5, -1 }, o)
    near({ 0.5, 0.625, 0.25, 0.458333333333 },
      ssl.tensor({ full.lambda, full.omega, full.gamma, full.value }, "float64"), 1e-12)
    o.omega, o.full = false, false
    near(0.375, icnn(z, ids { 5, -1, 5, -1 }, o), 1e-15)
    near(0.75, icnn(z, ids { 1, 1, 2, 2 }, o), 1e-15)
  end)

  it("is its definition, with ties and equal rows", function()
    for seed = 1, 4 do
      local x = seed < 3 and randn(50 * seed, 4, seed, seed == 1 and "float32" or nil)
        or ssl.randint(0, 2, { 90, 3 }, { generator = ssl.generator(seed) }):double()
      local y = ssl.randint(1, 3, { #x }, { generator = ssl.generator(seed + 9) })
      local k, p, q, r, eps = 2 + seed, 1 + seed / 2, 3, 2, 1e-3
      local own, gamma, a, b, most = {}, 0, {}, {}, 0
      for i, list in ipairs(nearest(x, x, true)) do
        local hits = 0
        own[i] = 0
        for c = 1, k do
          local nd = (list[c][1] - list[1][1]) / (list[k][1] - list[1][1] + eps)
          local same = y:at(list[c][2]) == y:at(i) and 1 or 0
          own[i], hits = own[i] + same * (1 - nd) + (1 - same) * nd, hits + same
          a[#a + 1], b[#b + 1] = nd * same, nd * (1 - same)
        end
        gamma, most = gamma + (hits / k) ^ (1 / r), math.max(most, own[i])
      end
      local lambda = 0
      for _, v in ipairs(own) do lambda = lambda + (v / most) ^ (1 / p) / #x end
      local spread = moment(a, 2, moment(a, 1, 0)) + moment(b, 2, moment(b, 1, 0))
      local full = icnn(x, y, { k = k, p = p, q = q, r = r, epsilon = eps, full = true })
      near(lambda, full.lambda, 1e-11)
      near((1 - spread) ^ (1 / q), full.omega, 1e-11)
      near(gamma / #x, full.gamma, 1e-11)
      near((full.lambda + full.omega + full.gamma) / 3, full.value, 1e-15)
      assert.is_true(full.value >= 0 and full.value <= 1)
    end
  end)

  it("is NumPy's on the digits", function()
    local x, y = digits()
    near(digits_say.icnn, icnn(x, y))
    near(digits_say.icnn_two, icnn(x, y, { omega = false }))
    near(digits_say.icnn, icnn(x:double(), y * 7 - 50))
  end)

  it("has edges", function()
    near(0, icnn(ssl.ones(4, 2), ids { 1, 2, 3, 4 }, { omega = false, epsilon = 0 }), 0)
    near(1, icnn(ssl.ones(4, 2), ids { 3, 3, 3, 3 }, { epsilon = 0 }), 0)
    is_nan(icnn(ssl.ones(1, 2), ids { 3 }))
    assert.equal("one row has no neighbour",
      icnn(ssl.ones(1, 2), ids { 3 }, { full = true }).undefined)
    local u = z:double():repeat_tensor(1, 2)
    near(icnn(u, ids { 1, 2, 1, 2 }, { k = 3, metric = "cosine" }),
      icnn(u * 9, ids { 1, 2, 1, 2 }, { k = 3, metric = "cosine" }), 1e-9)
    assert.raises({ "bad argument #3 to 'icnn'", "k must be < N = 4, got 4" }, icnn, z,
      ids { 1, 1, 2, 2 }, { k = 4 })
    assert.raises("p must be above 0, got 0", icnn, z, ids { 1, 1, 2, 2 }, { p = 0 })
    assert.raises("4 labels expected, one a row", icnn, z, ids { 1 })
    assert.raises("labels of dtype int64 expected", icnn, z, ssl.ones(4))
    local broken = z:clone()
    broken[2] = 1 / 0
    assert.raises({ "'icnn'", "row 2 of (4,1)" }, icnn, broken, ids { 1, 1, 2, 2 })
    is_nan(icnn(broken, ids { 1, 1, 2, 2 }, { nan = "propagate" }))
    near(icnn(ssl.tensor { { 0 }, { 4 }, { 6 } }, ids { 1, 2, 2 }),
      icnn(broken, ids { 1, 1, 2, 2 }, { nan = "skip" }), 0)
  end)
end)

describe("utilization", function()
  local x, q = ssl.tensor { { 0, 0 }, { 1, 0 } }, ssl.tensor { { 0, 1 }, { 1, 2 } }

  it("gives the worked numbers", function()
    near(2.5, utilization(q, x, { normalize = false }), 1e-15)
    near(1.5, utilization(q, x, { normalize = false, squared = false }), 1e-15)
  end)

  it("is its definition", function()
    for seed = 1, 3 do
      local a, b = randn(30, 4, seed, "float32"), randn(70, 4, seed + 9, "float32")
      local u, v = a / a:norm(2, 2, true), b / b:norm(2, 2, true)
      for _, case in ipairs { { a, b, false, 1e-12 }, { u, v, true, 1e-6 } } do -- u rounds to float32
        local sum, square, most = 0, 0, 0
        for _, list in ipairs(nearest(case[1], case[2])) do
          sum, square, most = sum + list[1][1], square + list[1][1] ^ 2, math.max(most, list[1][1])
        end
        local o = { normalize = case[3], full = true }
        local full = utilization(a, b, o)
        near(square / 30, full.value, case[4])
        near(most ^ 2, full.largest, 10 * case[4])
        o.squared = false
        near(sum / 30, utilization(a, b, o).value, case[4])
      end
    end
  end)

  it("is scikit-learn's on the digits", function()
    local z = digits()
    local train, test = z:narrow(1, 1, 898), z:narrow(1, 899, 1797)
    near(digits_say.utilization, utilization(test, train))
    near(digits_say.utilization_distance, utilization(test, train, { squared = false }))
  end)

  it("has edges", function()
    near(0, utilization(q, q), 0)
    near(0, utilization(x, x * 5), 0) -- unit rows; the zero row is zero in both
    local full = utilization(x, q, { full = true })
    assert.same({ 1, 2, 2 }, { full.n_zero, full.n, full.n_rows })
    assert.raises({ "bad argument #2 to 'utilization'",
      "rows like (2,2) float32 expected, got (2,3)" }, utilization, q, ssl.ones(2, 3))
    assert.raises("rows like (2,2) float32 expected, got (2,2) float64", utilization, q, x:double())
    local broken = ssl.cat { x, ssl.full({ 1, 2 }, 0 / 0) }
    assert.raises("bad argument #2 to 'utilization' (row 3 of (3,2)", utilization, q, broken)
    assert.raises("bad argument #1 to 'utilization' (row 3 of (3,2)", utilization, broken, q)
    for _, case in ipairs { { q, broken }, { broken, q } } do
      is_nan(utilization(case[1], case[2], { nan = "propagate" }))
      assert.equal(1, utilization(case[1], case[2], { nan = "skip", full = true }).n_skipped)
    end
    near(utilization(q, x), utilization(q, broken, { nan = "skip" }), 0)
    assert.raises("at least one row", utilization, q, ssl.empty(0, 2))
  end)
end)
