local ssl = require "sslkit"

local collapse = ssl.metrics.collapse

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-11) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local square = ssl.tensor { { 1, 0 }, { 0, 1 }, { -1, 0 }, { 0, -1 } }

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

-- Every field by its definition, in Lua.
local function twin(z, ddof)
  local rows, n, d = z:double():totable(), #z, z:size(2)
  local f = { zero_rows = 0, dead = 0, duplicates = 0, std = 0, std_normalised = 0, offdiag = 0,
    offdiag_squared = 0, offdiag_max = 0, mean_cosine = 0 }
  local unit, seen, norms = {}, {}, 0
  for i, row in ipairs(rows) do
    local key, square_norm = table.concat(row, " "), 0
    if seen[key] then f.duplicates = f.duplicates + 1 end
    seen[key] = true
    for _, v in ipairs(row) do square_norm = square_norm + v * v end
    norms = norms + square_norm
    unit[i] = {}
    for j, v in ipairs(row) do unit[i][j] = square_norm > 0 and v / math.sqrt(square_norm) or 0 end
    if square_norm == 0 then f.zero_rows = f.zero_rows + 1 end
  end
  local function columns(list)
    local mean, dev = {}, {}
    for j = 1, d do
      local sum, squares = 0, 0
      for i = 1, n do sum = sum + list[i][j] end
      mean[j] = sum / n
      for i = 1, n do squares = squares + (list[i][j] - mean[j]) ^ 2 end
      dev[j] = squares
    end
    return mean, dev
  end
  local mean, dev = columns(rows)
  local _, unit_dev = columns(unit)
  local mean_square = 0
  for j = 1, d do
    f.std = f.std + math.sqrt(dev[j] / (n - ddof)) / d
    f.std_normalised = f.std_normalised + math.sqrt(unit_dev[j] / (n - ddof)) / d * math.sqrt(d)
    if dev[j] == 0 then f.dead = f.dead + 1 end
    mean_square = mean_square + mean[j] ^ 2
  end
  f.mean_direction = mean_square / (norms / n)
  for a = 1, d do
    for b = 1, d do
      if a ~= b and dev[a] > 0 and dev[b] > 0 then
        local sum = 0
        for i = 1, n do sum = sum + (rows[i][a] - mean[a]) * (rows[i][b] - mean[b]) end
        local r = math.abs(sum) / math.sqrt(dev[a] * dev[b])
        f.offdiag = f.offdiag + r / (d * (d - 1))
        f.offdiag_squared = f.offdiag_squared + r * r / (d * (d - 1))
        f.offdiag_max = math.max(f.offdiag_max, r)
      end
    end
  end
  local pairs_ = 0
  for a = 1, n do
    for b = a + 1, n do
      local dot, alive = 0, false
      for j = 1, d do dot = dot + unit[a][j] * unit[b][j] end
      for j = 1, d do alive = alive or unit[a][j] ~= 0 end
      local other = false
      for j = 1, d do other = other or unit[b][j] ~= 0 end
      if alive and other then f.mean_cosine, pairs_ = f.mean_cosine + dot, pairs_ + 1 end
    end
  end
  f.mean_cosine = f.mean_cosine / pairs_
  return f
end

describe("collapse", function()
  it("gives the worked numbers", function()
    local s = collapse(square)
    near(0.816496580928, s.std)
    near(0.816496580928 * math.sqrt(2), s.std_normalised)
    near(-1 / 3, s.mean_cosine)
    near(0.707106781187, collapse(square, { ddof = 0 }).std)
    near(1, collapse(square, { ddof = 0 }).std_normalised)
    local r = collapse(ssl.tensor { { 1, 1 }, { 2, 2 }, { 3, 4 } })
    near(0.981980506062, r.offdiag)
    near(0.964285714286, r.offdiag_squared)
    near(1.92857142857, r.offdiag_squared * 2) -- the sum over i ~= j
    near(0.981980506062, r.offdiag_max)
    near(1, collapse(ssl.ones(4, 3)).mean_cosine)
    near(1, collapse(ssl.ones(4, 3)).mean_direction)
  end)

  it("is its definition", function()
    for seed = 1, 4 do
      for _, dtype in ipairs { "float32", "float64" } do
        local z = randn(12 + seed, 5 + 20 * (seed - 1), seed, dtype) + seed
        z[3] = z[7]
        z[9] = z[7]
        z[{ {}, 2 }] = 1.5
        z[4] = 0
        local got = collapse(z)
        for name, value in pairs(twin(z, 1)) do near(value, got[name]) end
        assert.same({ #z, z:size(2) }, { got.n, got.d })
      end
    end
  end)

  it("finds rows that repeat, whatever the sign of their zeros", function()
    local z = ssl.tensor { { 0.0, 1 }, { -0.0, 1 }, { 1, 0 }, { 1, 0 }, { 1, 0 }, { 2, 0 } }
    assert.equal(3, collapse(z).duplicates)
    assert.equal(3, collapse(z:double()).duplicates)
    assert.equal(0, collapse(randn(1000, 3, 1)).duplicates)
    assert.equal(999, collapse(ssl.ones(1000, 3)).duplicates)
  end)

  it("knows the edges", function()
    local alone = collapse(ssl.tensor { { 1, 2 } })
    is_nan(alone.std)
    is_nan(alone.std_normalised)
    is_nan(alone.offdiag)
    is_nan(alone.mean_cosine)
    near(1, alone.mean_direction)
    assert.matches("one row", alone.undefined)
    local zero = collapse(ssl.zeros(5, 3))
    assert.same({ 5, 3, 4, 0, 0 },
      { zero.zero_rows, zero.dead, zero.duplicates, zero.std, zero.std_normalised })
    is_nan(zero.mean_direction)
    is_nan(zero.mean_cosine)
    assert.matches("every row is zero", zero.undefined)
    local narrow = collapse(ssl.tensor { { 1 }, { 3 } })
    is_nan(narrow.offdiag)
    assert.matches("one column", narrow.undefined)
    assert.is_nil(collapse(square).undefined)
  end)

  it("sees low and dead columns", function()
    local z = randn(200, 10, 5)
    z[{ {}, { 1, 3 } }] = z[{ {}, { 1, 3 } }] * 1e-4
    local c = collapse(z)
    near(0.3, c.low_std)
    assert.equal(0, c.dead)
    assert.is_true(c.std_min < 2e-4 and c.std_max > 0.8 and c.std_median > 0.8)
  end)

  it("reads views, and numbers of any size", function()
    local z = randn(40, 30, 6, "float32")
    local view = z:t():narrow(2, 2, 21)
    local expected = collapse(view:clone())
    for name, value in pairs(collapse(view)) do assert.equal(expected[name], value) end
    local base = collapse(z:double())
    for _, power in ipairs { 2.0 ^ 900, 2.0 ^ -900 } do
      local c = collapse(z:double() * power)
      near(1, c.std / power / base.std)
      near(base.offdiag, c.offdiag)
      near(base.mean_cosine, c.mean_cosine)
      near(base.std_normalised, c.std_normalised)
      near(base.mean_direction, c.mean_direction)
    end
  end)

  it("handles NaN as it is told", function()
    local z = ssl.cat { square, ssl.full({ 1, 2 }, 0 / 0) }
    assert.raises({ "bad argument #1 to 'collapse'", "row 5" }, collapse, z)
    local skipped = collapse(z, { nan = "skip" })
    near(-1 / 3, skipped.mean_cosine)
    assert.equal(1, skipped.n_skipped)
    local passed = collapse(z, { nan = "propagate" })
    for _, name in ipairs { "std", "std_normalised", "offdiag", "mean_cosine", "mean_direction",
      "dead", "duplicates", "zero_rows" } do
      is_nan(passed[name])
    end
    assert.matches("row 5", passed.undefined)
  end)

  it("prints as a page, and checks its options", function()
    assert.matches("^collapse\n", tostring(collapse(square)))
    assert.matches("\n  mean_cosine +%-0%.333333\n", tostring(collapse(square)))
    assert.raises("ddof must be in 0..1, got 2", collapse, square, { ddof = 2 })
    assert.raises("unknown option 'full'", collapse, square, { full = true })
    assert.raises("tensor with 2 dimensions expected", collapse, ssl.ones(3))
  end)
end)
