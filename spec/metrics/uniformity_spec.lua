local core = require "sslkit.core"
local ssl = require "sslkit"

local alignment, uniformity = ssl.metrics.alignment, ssl.metrics.uniformity

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-11) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local square = ssl.tensor { { 1, 0 }, { 0, 1 }, { -1, 0 }, { 0, -1 } }

local function unit(rows)
  local out = {}
  for i, row in ipairs(rows) do
    local norm = 0
    for _, v in ipairs(row) do norm = norm + v * v end
    norm = math.sqrt(norm)
    out[i] = {}
    for j, v in ipairs(row) do out[i][j] = norm > 0 and v / norm or 0 end
  end
  return out
end

local function distance(a, b)
  local sum = 0
  for j = 1, #a do sum = sum + (a[j] - b[j]) ^ 2 end
  return sum
end

local function twin(z, t, diagonal)
  local u, sum, count = unit(z:double():totable()), 0, 0
  for i = 1, #u do
    for j = diagonal and 1 or i + 1, #u do
      sum, count = sum + math.exp(-t * distance(u[i], u[j])), count + 1
    end
  end
  return math.log(sum / count)
end

describe("uniformity", function()
  it("gives the worked numbers", function()
    near(-8, uniformity(ssl.tensor { { 1, 0 }, { -1, 0 } }), 0)
    near(-4.39634896723, uniformity(square))
    near(-1.34999450528, uniformity(square, { include_diagonal = true }))
    near(0, uniformity(ssl.full({ 6, 3 }, 0.3)), 0)
    for d, bound in pairs { [2] = -1.57502720448, [64] = -3.87523558968, [128] = -3.93753001020,
      [512] = -3.98437547494, [2048] = -3.99609375744 } do
      near(bound, uniformity(ssl.ones(2, d), { full = true }).bound)
    end
  end)

  it("is its definition", function()
    for seed = 1, 4 do
      local z = randn(30 + 90 * (seed - 1), 3 + 5 * seed, seed, seed % 2 == 0 and "float32" or nil)
      z[5] = z[9]
      z[7] = 0
      for _, t in ipairs { 2, 0.5, 7 } do
        near(twin(z, t), uniformity(z, { t = t }))
        near(twin(z, t, true), uniformity(z, { t = t, include_diagonal = true }))
      end
      assert.equal(1, uniformity(z, { full = true }).n_zero)
    end
    near(0, uniformity(randn(5, 3, 1), { t = 0 }), 0)
  end)

  it("crosses its tiles", function()
    for _, n in ipairs { 2, 255, 256, 257, 513, 520 } do
      local z = randn(n, 4, n)
      near(twin(z, 2), uniformity(z))
    end
  end)

  it("keeps its digits near collapse", function()
    for _, spread in ipairs { 1e-3, 1e-6 } do
      local z = randn(50, 8, 1) * spread + 1
      -- ln(1 + mean of expm1), to the second order, of distances that were differenced first
      local u, sum = unit(z:totable()), 0
      for i = 1, 50 do
        for j = i + 1, 50 do
          local x = 2 * distance(u[i], u[j])
          sum = sum - x + x * x / 2 - x ^ 3 / 6
        end
      end
      sum = sum / (50 * 49 / 2)
      near(1, uniformity(z) / (sum - sum * sum / 2 + sum ^ 3 / 3), 1e-8)
    end
  end)

  it("is not below its bound, the diagonal included, and near it on the sphere", function()
    for seed = 1, 6 do
      local d = 2 ^ seed // 1 | 0
      local r = uniformity(randn(200, d, seed), { include_diagonal = true, full = true })
      assert.is_true(r.gap >= 0)
    end
    assert.is_true(math.abs(uniformity(randn(3000, 16, 1), { full = true }).gap) < 5e-3)
  end)

  it("does not see rotation, scale of rows, or their order", function()
    local z = randn(80, 6, 2)
    local _, q = ssl.linalg.eigh(z:t():matmul(z))
    local value = uniformity(z)
    near(value, uniformity(z:matmul(q)))
    near(value, uniformity(z * (ssl.rand({ 80, 1 }, "float64") + 0.5)))
    near(value, uniformity(z[ssl.randperm(80)]))
    near(value, uniformity(z * 2.0 ^ 900))
    near(value, uniformity(z * 2.0 ^ -900))
    near(uniformity(z:float():double()), uniformity(z:float()), 0)
    near(uniformity(z:t():clone()), uniformity(z:t()), 0)
  end)

  it("takes float32 products for many rows only where they do", function()
    local z = randn(4200, 8, 3, "float32")
    local quick, exact = uniformity(z, { full = true }), uniformity(z, { precision = "float64",
      full = true })
    assert.same({ "float32", "float64" }, { quick.precision, exact.precision })
    near(exact.value, quick.value, 2e-8)
    local collapsed = uniformity(z * 1e-3 + 1, { full = true })
    assert.equal("float64", collapsed.precision)
    near(1, collapsed.value / uniformity(z * 1e-3 + 1, { precision = "float64" }), 1e-15)
    assert.equal("float64", uniformity(z:narrow(1, 1, 4096), { full = true }).precision)
  end)

  it("samples rows where there are too many, and says so", function()
    local z = randn(600, 4, 4)
    local a = uniformity(z, { max_rows = 300, full = true })
    assert.same({ 600, 300, 0 }, { a.n, a.n_used, a.seed })
    near(a.value, uniformity(z, { max_rows = 300 }), 0)
    assert.is_true(a.value ~= uniformity(z, { max_rows = 300, seed = 1 }))
    assert.is_true(math.abs(a.value - uniformity(z)) < 0.05)
    assert.is_nil(uniformity(z, { full = true }).seed)
  end)

  it("does not depend on the number of threads", function()
    local z, before = randn(1500, 20, 5, "float32"), ssl.get_threads()
    ssl.set_threads(1)
    local alone = uniformity(z)
    ssl.set_threads(3)
    assert.equal(alone, uniformity(z))
    ssl.set_threads(before)
  end)

  it("knows the edges", function()
    is_nan(uniformity(ssl.ones(1, 3)))
    assert.matches("one row", uniformity(ssl.ones(1, 3), { full = true }).undefined)
    near(0, uniformity(ssl.zeros(4, 3)), 0)
    assert.equal(4, uniformity(ssl.zeros(4, 3), { full = true }).n_zero)
    near(-2, uniformity(ssl.tensor { { 1, 0 }, { 0, 0 } })) -- a zero row lies at distance 1
    local z = ssl.cat { square, ssl.full({ 1, 2 }, math.huge) }
    assert.raises({ "bad argument #1 to 'uniformity'", "row 5" }, uniformity, z)
    near(-4.39634896723, uniformity(z, { nan = "skip" }))
    is_nan(uniformity(z, { nan = "propagate" }))
    assert.raises("t must be in 0..170, got 171", uniformity, square, { t = 171 })
    assert.is_true(uniformity(randn(9, 3, 1), { t = 170 }) > -700)
    assert.raises("max_rows must be in 2..inf", uniformity, square, { max_rows = 1 })
    assert.raises("precision must be one of auto, float64", uniformity, square,
      { precision = "half" })
    assert.raises("unknown option 'temperature'", uniformity, square, { temperature = 2 })
  end)
end)

describe("alignment", function()
  it("is its definition", function()
    near(2, alignment(ssl.tensor { { 1, 0 } }, ssl.tensor { { 0, 1 } }))
    for seed = 1, 3 do
      local u, v = randn(150, 7, seed), randn(150, 7, seed + 10)
      u[3], v[4] = 0, 0
      if seed == 2 then u, v = u:float(), v:float() end
      local a, b = unit(u:double():totable()), unit(v:double():totable())
      for _, alpha in ipairs { 2, 1, 3.5 } do
        local sum = 0
        for i = 1, 150 do sum = sum + distance(a[i], b[i]) ^ (alpha / 2) / 150 end
        near(sum, alignment(u, v, { alpha = alpha }))
        assert.equal(2, alignment(u, v, { alpha = alpha, full = true }).n_zero)
      end
      near(0, alignment(u, u * 3), 1e-13)
      near(4, alignment(u:narrow(1, 5, 9), -u:narrow(1, 5, 9)))
    end
  end)

  it("reads views, and says what it knows", function()
    local z = randn(20, 12, 4)
    near(alignment(z:t():clone(), (z + 1):t():clone()), alignment(z:t(), (z + 1):t()), 0)
    local r = alignment(z, z + 1, { full = true })
    assert.same({ 20, 12, 2 }, { r.n, r.d, r.alpha })
    assert.matches("^alignment 0%.%d+", tostring(r))
  end)

  it("drops pairs with NaN on request", function()
    local u, v = randn(6, 3, 5), randn(6, 3, 6)
    local a, b = u:clone(), v:clone()
    a[2], b[5] = 0 / 0, math.huge
    assert.raises({ "bad argument #1 to 'alignment'", "row 2" }, alignment, a, v)
    assert.raises({ "bad argument #2 to 'alignment'", "row 5" }, alignment, u, b)
    local rows = ssl.tensor({ 1, 3, 4, 6 }, "int64")
    local r = alignment(a, b, { nan = "skip", full = true })
    near(alignment(u[rows], v[rows]), r.value)
    assert.same({ 4, 2 }, { r.n, r.n_skipped })
    is_nan(alignment(a, b, { nan = "propagate" }))
    assert.raises("no row is finite in both", alignment, a[{ { 2, 2 }, {} }],
      u[{ { 2, 2 }, {} }], { nan = "skip" })
    assert.raises("nan must be one of error, skip, propagate", alignment, u, v, { nan = "no" })
  end)

  it("refuses what does not match", function()
    local z = randn(4, 3, 1)
    assert.raises({ "bad argument #2", "(4,3) float64, expected, got (5,3) float64" }, alignment, z,
      randn(5, 3, 1))
    assert.raises("got (4,3) float32", alignment, z, z:float())
    assert.raises("alpha must be in 0..inf", alignment, z, z, { alpha = -1 })
    assert.raises("tensor expected, got nil", alignment, z)
  end)
end)

describe("the pairwise C functions", function()
  it("check what they are given", function()
    assert.raises("with rows and columns expected", core.uniformity, ssl.zeros(0, 3), 2)
    assert.raises("number expected", core.uniformity, square, "x")
    assert.raises("float tensor expected", core.repeated_rows, ssl.ones({ 2, 2 }, "int64"))
    assert.raises("(4,2) float32 expected, got (3,2) float32", core.alignment, square,
      ssl.ones(3, 2), 2)
  end)
end)
