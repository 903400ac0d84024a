-- What the measures of how far classes lie apart do at their edges, and what they refuse.

local ssl = require "sslkit"

local M = ssl.metrics
local all = { "fisher", "eta_squared", "calinski_harabasz", "davies_bouldin", "silhouette",
  "tolerance" }

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-11) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end
local function ids(list) return ssl.tensor(list, "int64") end

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

local function randint(n, k, seed)
  return ssl.randint(1, k, { n }, { generator = ssl.generator(seed) })
end

local pairs_of_two = ids { 1, 1, 2, 2 }

describe("separation of classes", function()
  it("knows the edges", function()
    local z = randn(6, 3, 1)
    local one = ids { 5, 5, 5, 5, 5, 5 }
    for _, name in ipairs { "fisher", "eta_squared", "calinski_harabasz", "davies_bouldin",
      "silhouette" } do
      local r = M[name](z, one, { full = true })
      is_nan(r.value)
      assert.matches("one class", r.undefined)
      is_nan(M[name](z:narrow(1, 1, 1), ids { 2 }))
      is_nan(M[name](z, one, { nan = "propagate" }))
    end
    assert.is_true(M.tolerance(z, one) < 1)
    local singles = ids { 1, 2, 3, 4, 5, 6 }
    assert.matches("no class has two", M.tolerance(z, singles, { full = true }).undefined)
    is_nan(M.tolerance(z, singles))
    is_nan(M.tolerance(z, singles, { mode = "macro" }))
    assert.equal(0.0, M.silhouette(z, singles))
    assert.equal(0.0, M.silhouette(z, singles, { metric = "cosine" }))
    assert.equal(0.0, M.silhouette(z, singles, { simplified = true }))
    assert.equal(1.0, M.eta_squared(z, singles))
    assert.equal(0.0, M.davies_bouldin(z, singles))
    assert.matches("class of its own", M.calinski_harabasz(z, singles, { full = true }).undefined)
    near(0, M.tolerance(ssl.zeros(4, 3), pairs_of_two), 0)
    -- all rows alike
    local same, y = ssl.full({ 4, 3 }, 0.1), pairs_of_two
    for _, name in ipairs { "fisher", "eta_squared", "calinski_harabasz" } do
      is_nan(M[name](same, y))
      assert.matches("all rows are the same", M[name](same, y, { full = true }).undefined)
    end
    assert.matches("one point", M.davies_bouldin(same, y, { full = true }).undefined)
    near(1, M.tolerance(same, y), 1e-15)
    assert.equal(0.0, M.silhouette(same, y))
    assert.equal(0.0, M.silhouette(same, y, { metric = "sql2" }))
    assert.equal(0.0, M.silhouette(same, y, { simplified = true }))
    -- classes that are points, apart
    local points = ssl.tensor { { 0.1, 0.7 }, { 0.1, 0.7 }, { 0.3, 0.9 }, { 0.3, 0.9 } }
    assert.equal(math.huge, M.fisher(points, y))
    assert.equal(math.huge, M.calinski_harabasz(points, y))
    assert.matches("no row differs", M.fisher(points, y, { full = true }).warn)
    assert.equal(0.0, M.davies_bouldin(points, y))
    assert.equal(1.0, M.eta_squared(points, y))
    assert.equal(1.0, M.silhouette(points, y))
    -- means that coincide
    local crossed = ssl.tensor { { -1, 0 }, { 1, 0 }, { 0, -1 }, { 0, 1 } }
    assert.equal(math.huge, M.davies_bouldin(crossed, y))
    assert.matches("coincide", M.davies_bouldin(crossed, y, { full = true }).warn)
    assert.equal(0.0, M.fisher(crossed, y))
    assert.equal(0.0, M.eta_squared(crossed, y))
  end)

  it("samples rows where there are too many, and says so", function()
    local z, y = randn(900, 4, 4), randint(900, 3, 4)
    z = z + y:double():unsqueeze(2)
    local a = M.silhouette(z, y, { max_rows = 300, full = true })
    assert.same({ 900, 300, 0, 300 }, { a.n, a.n_used, a.seed, #a.samples })
    assert.equal(a.value, M.silhouette(z, y, { max_rows = 300 }))
    assert.is_true(a.value ~= M.silhouette(z, y, { max_rows = 300, seed = 1 }))
    assert.is_true(math.abs(a.value - M.silhouette(z, y)) < 0.05)
    local whole = M.silhouette(z, y, { full = true })
    assert.same({ 900, 900 }, { whole.n, whole.n_used })
    assert.is_nil(whole.seed)
    for _, o in ipairs { { metric = "sql2" }, { metric = "cosine" }, { simplified = true } } do
      o.max_rows, o.full = 2, true
      assert.equal(900, M.silhouette(z, y, o).n_used)
    end
  end)

  it("handles NaN as it is told", function()
    local z, y = randn(20, 3, 7), randint(20, 3, 7)
    local broken = z:clone()
    broken[{ 4, 2 }], broken[{ 11, 1 }] = 0 / 0, math.huge
    local kept = ssl.arange(1, 20):ne(4):logical_and(ssl.arange(1, 20):ne(11))
    for _, name in ipairs(all) do
      assert.raises({ "bad argument #1 to '" .. name .. "'", "row 4" }, M[name], broken, y)
      local skipped = M[name](broken, y, { nan = "skip", full = true })
      assert.equal(M[name](z[kept], y[kept]), skipped.value)
      assert.equal(2, skipped.n_skipped)
      local passed = M[name](broken, y, { nan = "propagate", full = true })
      is_nan(passed.value)
      assert.matches("row 4", passed.undefined)
      assert.equal(M[name](z, y), M[name](z, y, { nan = "propagate" }))
      assert.raises("every row", M[name], ssl.full({ 2, 2 }, 0 / 0), ids { 1, 2 }, { nan = "skip" })
    end
  end)

  it("says what is wrong", function()
    local z, y = randn(5, 2, 1), ids { 1, 1, 2, 2, 3 }
    for _, name in ipairs(all) do
      local f, at = M[name], "bad argument #%d to '" .. name .. "'"
      assert.raises({ at:format(1), "float expected, got (5,2) int64" }, f, z:long(), y)
      assert.raises({ at:format(1), "2 dimensions expected, got (5)" }, f, z:select(2, 1), y)
      assert.raises({ at:format(1), "at least one row" }, f, ssl.zeros(0, 3), ids {})
      assert.raises({ at:format(1), "at least one row" }, f, ssl.zeros({ 0, 2 ^ 40 | 0 }), ids {})
      assert.raises({ at:format(2), "labels of dtype int64 expected, got (5) float32" }, f, z,
        y:float())
      assert.raises({ at:format(2), "5 labels expected, one a row, got (2) int64" }, f, z,
        ids { 1, 2 })
      assert.raises({ at:format(2), "labels expected, got nil" }, f, z)
      assert.raises({ at:format(3), "unknown option 'rigde'; known: " }, f, z, y, { rigde = 1 })
      assert.raises({ at:format(3), "nan must be one of error, skip, propagate" }, f, z, y,
        { nan = "drop" })
      local many = 2 ^ 40 | 0
      assert.raises("memory", f, ssl.zeros(1, 1):expand(many, 3), ids { 1 }:expand(many))
    end
    local full = M.accumulator(2, { classes = true }):add(z, y)
    assert.raises({ "bad argument #1 to 'davies_bouldin'",
      "rows expected, whose distances from the final means take a second look, got accumulator" },
      M.davies_bouldin, full)
    for _, name in ipairs { "fisher", "eta_squared", "calinski_harabasz" } do
      local f, at = M[name], "bad argument #%d to '" .. name .. "'"
      assert.raises({ at:format(1), "rows, or an accumulator with classes=true" }, f,
        M.accumulator(2):add(z))
      assert.raises({ at:format(1), "in 0 classes: no rows yet" }, f,
        M.accumulator(2, { classes = true }))
      assert.raises({ at:format(2), "nil expected behind an accumulator of classes" }, f, full, y)
      for _, power in ipairs { 2.0 ^ 900, 2.0 ^ -900 } do -- not "all rows are the same"
        assert.raises({ at:format(1), "whose squares leave the range of float64" }, f,
          M.accumulator(2, { classes = true }):add(z * power, y))
      end
    end
    assert.raises("ridge must be in 0..inf, got -1", M.fisher, z, y, { ridge = -1 })
    assert.raises("mode must be one of pairs, macro, paper", M.tolerance, z, y, { mode = "micro" })
    assert.raises("metric must be one of euclidean, sql2, cosine", M.silhouette, z, y,
      { metric = "l2" })
    assert.raises("simplified goes with metric='euclidean', got 'cosine'", M.silhouette, z, y,
      { metric = "cosine", simplified = true })
    assert.raises("max_rows must be in 2..inf, got 1", M.silhouette, z, y, { max_rows = 1 })
  end)
end)
