local hsic = require "sslkit.metrics.engine.hsic"
local ssl = require "sslkit"
local two_sets = require "sslkit.metrics.engine.two_sets"

local cka = ssl.metrics.cka

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-12) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function orthogonal(d, seed) return (ssl.linalg.qr(randn(d, d, seed))) end

-- Two representations that have something in common.
local function pair(n, dx, dy, seed)
  local x = randn(n, dx, seed)
  return x, x:matmul(randn(dx, dy, seed + 100)) + 2 * randn(n, dy, seed + 200)
end

local square = ssl.tensor { { 1, 0 }, { 0, 1 }, { -1, 0 }, { 0, -1 } }
local line = square:narrow(2, 1, 1)
local six = ssl.tensor { { 1, 0 }, { 0, 1 }, { -1, 0 }, { 0, -1 }, { 2, 0 }, { 0, 0 } }

-- {== Twins: kernels as tables, and sums over all i, j, .. as the papers have them ==========

local function distance(a, b)
  local sum = 0
  for j = 1, #a do sum = sum + (a[j] - b[j]) ^ 2 end
  return math.sqrt(sum)
end

local function kernel(z, f)
  local rows, k = z:double():totable(), {}
  for i = 1, #rows do
    k[i] = {}
    for j = 1, #rows do k[i][j] = f(rows[i], rows[j]) end
  end
  return k
end

local function dot(a, b)
  local sum = 0
  for j = 1, #a do sum = sum + a[j] * b[j] end
  return sum
end

local function median_distance(z)
  local rows, list = z:double():totable(), {}
  for i = 1, #rows do
    for j = i + 1, #rows do list[#list + 1] = distance(rows[i], rows[j]) end
  end
  table.sort(list)
  return (list[(#list + 1) // 2] + list[#list // 2 + 1]) / 2
end

local function gaussian(z, fraction)
  local sigma = (fraction or 1) * median_distance(z)
  return kernel(z, function(a, b) return math.exp(-distance(a, b) ^ 2 / (2 * sigma ^ 2)) end)
end

-- tr(K H L H)
local function biased(k, l)
  local n, sum = #k, 0
  local function centred(m)
    local row, all, out = {}, 0, {}
    for i = 1, n do
      row[i] = 0
      for j = 1, n do row[i] = row[i] + m[i][j] / n end
      all = all + row[i] / n
    end
    for i = 1, n do
      out[i] = {}
      for j = 1, n do out[i][j] = m[i][j] - row[i] - row[j] + all end
    end
    return out
  end
  k, l = centred(k), centred(l)
  for i = 1, n do
    for j = 1, n do sum = sum + k[i][j] * l[i][j] end
  end
  return sum
end

-- The U-statistic: means over different i, j; i, j, q; and i, j, q, r.
local function unbiased(k, l)
  local n, two, three, four = #k, 0, 0, 0
  for i = 1, n do
    for j = 1, n do
      if i ~= j then
        two = two + k[i][j] * l[i][j]
        for q = 1, n do
          if q ~= i and q ~= j then
            three = three + k[i][j] * l[i][q]
            for r = 1, n do
              if r ~= i and r ~= j and r ~= q then four = four + k[i][j] * l[q][r] end
            end
          end
        end
      end
    end
  end
  local pairs_ = n * (n - 1)
  return two / pairs_ - 2 * three / pairs_ / (n - 2) + four / pairs_ / (n - 2) / (n - 3)
end

local function ratio(f, k, l) return f(k, l) / math.sqrt(f(k, k) * f(l, l)) end

-- ==}

describe("cka", function()
  it("gives the worked numbers", function()
    near(0.707106781187, cka(square, line), 1e-12)
    near(0.936329177569, cka(six, six:narrow(2, 1, 1)), 1e-12)
    local r = cka(six, six:narrow(2, 1, 1), { debiased = true, full = true })
    near(0.958709376779, r.value, 1e-12)
    near({ 0.744444444444, 0.822222222222, 0.733333333333 }, ssl.tensor({ r.hsic_xy, r.hsic_xx,
      r.hsic_yy }, "float64"), 1e-12)
    near(0.709380171681, cka(square, line, { kernel = "rbf" }), 1e-12)
    local turn = ssl.tensor({ { 0.6, 0.8 }, { -0.8, 0.6 } }, "float64")
    near(1, cka(square, square:double():matmul(turn)))
  end)

  it("is its definition", function()
    for seed = 1, 3 do
      local x, y = pair(9 + seed, 2 + seed, 7 - seed, seed)
      if seed == 2 then x, y = x:float(), y:float() end
      local k, l = kernel(x, dot), kernel(y, dot)
      near(ratio(biased, k, l), cka(x, y))
      near(ratio(unbiased, k, l), cka(x, y, { debiased = true }), 1e-11)
      local r = cka(x, y, { full = true })
      near(biased(k, l) / (#k - 1) ^ 2, r.hsic_xy, 1e-10)
      near(ratio(unbiased, k, l), r.debiased, 1e-11)
      near(ratio(biased, k, l), r.biased)
      for _, fraction in ipairs { 0.4, 1, 30 } do
        k, l = gaussian(x, fraction), gaussian(y, fraction)
        local options = { kernel = "rbf", fraction = fraction }
        near(ratio(biased, k, l), cka(x, y, options), fraction > 1 and 1e-8 or 1e-12)
        options.debiased = true
        near(ratio(unbiased, k, l), cka(x, y, options), fraction > 1 and 1e-6 or 1e-10)
      end
    end
  end)

  it("is the same from columns and from rows", function()
    for _, d in ipairs { 30, 200 } do -- with 60 rows by columns, and by rows
      local x, y = pair(60, d, d - 7, 1)
      local r = cka(x, y, { full = true })
      assert.equal(d == 30 and "features" or "gram", r.route)
      near(ratio(biased, kernel(x, dot), kernel(y, dot)), r.value)
      local a, b = two_sets.side(x), two_sets.side(y)
      local both = hsic.of_kernels(60, { hsic.linear(a), hsic.linear(b) }, { { 1, 2 } })[1]
      local product = two_sets.products(a, b, { xy = true }).xy
      local columns = hsic.of_product(product, 60, two_sets.squares(a), two_sets.squares(b))
      near(1, both.biased / columns.biased)
      near(1, both.unbiased / columns.unbiased, 1e-9)
    end
  end)

  it("crosses panels and tiles", function()
    local x, y = pair(1100, 3, 2, 5)
    local k = { kernel = "rbf", sigma = 2 }
    local function centred(z)
      local m = ssl.cdist(z, z):square():mul(-1 / 8):exp()
      return m - m:mean(1, true) - m:mean(2, true) + m:mean()
    end
    local a, b = centred(x), centred(y)
    near(((a * b):sum() / ((a * a):sum() * (b * b):sum()):sqrt()):item(), cka(x, y, k))
    x, y = pair(1300, 530, 70, 6) -- three tiles by two, two blocks of rows
    local function gram(u, v) return (u - u:mean(1, true)):t():matmul(v - v:mean(1, true)) end
    local function norm(m) return m:square():sum():sqrt():item() end
    near(norm(gram(x, y)) ^ 2 / norm(gram(x, x)) / norm(gram(y, y)), cka(x, y))
  end)

  it("does not see rotation, scale, shift or the order of rows, and is symmetric", function()
    local x, y = pair(40, 6, 9, 7)
    local order = ssl.randperm(40)
    for _, options in ipairs { { kernel = "linear" }, { kernel = "linear", debiased = true },
      { kernel = "rbf" }, { kernel = "rbf", debiased = true } } do
      local value = cka(x, y, options)
      near(value, cka(y, x, options))
      near(value, cka(x:matmul(orthogonal(6, 1)), y, options), 1e-11)
      near(value, cka(x * 2.0 ^ 300, y * 2.0 ^ -700, options))
      near(value, cka(x * 3 - 40, y * 0.1 + 7, options), 1e-11)
      near(value, cka(x[order], y[order], options), 1e-11)
      near(1, cka(x, x, options))
      near(1, cka(x, x:matmul(orthogonal(6, 2)), options), 1e-11)
      near(cka(x:float():double(), y, options), cka(x:float(), y, options), 0)
      near(value, cka(x:t():clone():t(), y:t():clone():t(), options), 0)
    end
  end)

  it("keeps its digits far from the origin", function()
    local x, y = pair(300, 8, 5, 8)
    local value = cka(x, y, { debiased = true })
    near(value, cka(x + 1e6, y - 1e7, { debiased = true }), 1e-8)
    near(cka(x, y), cka(x + 1e6, y - 1e7), 1e-8) -- the data themselves lose what is missing
  end)

  it("keeps its digits with wide Gaussian kernels", function()
    -- exp(-d^2 / 2 s^2) is then 1 - d^2 / 2 s^2: the linear kernel, once it is centred
    local x, y = pair(50, 4, 3, 9)
    near(cka(x, y), cka(x, y, { kernel = "rbf", sigma = 1e5 }), 1e-8)
  end)

  it("takes float32 products for float32 data where they prove good enough", function()
    local x, y = randn(2048, 200, 1, "float32"), randn(2048, 190, 2, "float32")
    local steep = x * ssl.arange(1, 200):float():pow(-2)
    for _, case in ipairs { { x, y }, { x, x * 0.1 }, { steep, y + steep:narrow(2, 1, 190) },
      { x * 1e-30, y * 1e30 }, { x + 1000, y } } do
      local a, b = case[1], case[2]
      for _, debiased in ipairs { false, true } do
        local quick = cka(a, b, { full = true, debiased = debiased })
        local exact = cka(a, b, { precision = "float64", full = true, debiased = debiased })
        assert.same({ "float32", "float64" }, { quick.precision, exact.precision })
        assert.equal(0.0, exact.bound)
        assert.is_true(quick.bound > 0 and quick.bound < 1e-6)
        local off = math.abs(quick.value - exact.value)
        assert.is_true(off < quick.bound, off .. " is beyond " .. quick.bound)
      end
    end
    local r = cka(x, y, { full = true, tolerance = 0 })
    assert.equal("float64", r.precision)
    assert.equal(cka(x, y, { precision = "float64" }), r.value)
    assert.equal("float64", cka(x:narrow(2, 1, 9), y, { full = true }).precision) -- too little work
    assert.equal("float64", cka(x:double(), y:double(), { full = true }).precision)
  end)

  it("does not depend on the number of threads", function()
    local before = ssl.get_threads()
    local x, y = randn(3000, 190, 1, "float32"), randn(3000, 200, 2, "float32")
    local small = x:narrow(1, 1, 700)
    local function all()
      return { cka(x, y), cka(x:double(), y:double()),
        cka(small, y:narrow(1, 1, 700), { kernel = "rbf" }) }
    end
    ssl.set_threads(1)
    local alone = all()
    ssl.set_threads(3)
    assert.same(alone, all())
    ssl.set_threads(before)
  end)

  it("averages batches before it divides", function()
    local x, y = pair(34, 3, 4, 11)
    local sums = { 0, 0, 0 }
    for first = 1, 24, 8 do
      local k = kernel(x:narrow(1, first, first + 7), dot)
      local l = kernel(y:narrow(1, first, first + 7), dot)
      sums[1], sums[2] = sums[1] + unbiased(k, l), sums[2] + unbiased(k, k)
      sums[3] = sums[3] + unbiased(l, l)
    end
    local r = cka(x:narrow(1, 1, 30), y:narrow(1, 1, 30), { batch = 8, full = true })
    near(sums[1] / math.sqrt(sums[2] * sums[3]), r.value, 1e-11)
    assert.same({ 3, 24, 30 }, { r.batches, r.n_used, r.n }) -- the last six rows are no batch
    near(cka(x, y, { debiased = true }), cka(x, y, { batch = 34 }))
    near(cka(x, y, { debiased = true }), cka(x, y, { batch = 100 }))
  end)

  it("samples rows for Gaussian kernels where there are too many", function()
    local x, y = pair(300, 4, 3, 12)
    local r = cka(x, y, { kernel = "rbf", max_rows = 150, full = true })
    assert.same({ 300, 150, 0 }, { r.n, r.n_used, r.seed })
    near(r.value, cka(x, y, { kernel = "rbf", max_rows = 150 }), 0)
    assert.is_true(r.value ~= cka(x, y, { kernel = "rbf", max_rows = 150, seed = 1 }))
    near(cka(x, y, { kernel = "rbf" }), r.value, 0.1)
    near(1, cka(x, x, { kernel = "rbf", max_rows = 150 })) -- the same rows of both
  end)

  it("knows the edges", function()
    local x, y = pair(12, 3, 4, 13)
    for _, name in ipairs { "linear", "rbf" } do
      local options = { kernel = name, full = true }
      is_nan(cka(x, ssl.full({ 12, 2 }, 0.3, "float64"), options).value)
      local one = cka(x:narrow(1, 1, 1), y:narrow(1, 1, 1), options)
      is_nan(one.value)
      assert.equal("one row has no variance", one.undefined)
    end
    assert.matches("no variance", cka(x * 0 + 3, y, { full = true }).undefined)
    assert.matches("median distance of a side is 0", cka(x * 0, y, { kernel = "rbf", full = true })
      .undefined)
    is_nan(cka(x:narrow(1, 1, 3), y:narrow(1, 1, 3), { debiased = true }))
    near(1, cka(x:narrow(1, 1, 2), y:narrow(1, 1, 2))) -- two rows differ in one direction
    local wide = cka(randn(20, 2000, 1), randn(20, 2000, 2), { full = true })
    assert.is_true(wide.biased > 0.9 and math.abs(wide.debiased) < 0.1)
    assert.matches("N = 20 is less than 4 D = 8000", wide.warn)
    assert.is_nil(cka(x, y, { full = true, debiased = true }).warn)
    -- an unbiased estimate of a side with itself may be below 0: 4 points in a corner of each
    local corners = ssl.eye(4, "float64")
    is_nan(cka(corners, y:narrow(1, 1, 4), { debiased = true }))
    assert.matches("not above 0", cka(corners, y:narrow(1, 1, 4), { debiased = true, full = true })
      .undefined)
  end)

  it("has a policy on NaN", function()
    local x, y = pair(12, 3, 4, 14)
    local a, b = x:clone(), y:clone()
    a[{ 2, 1 }], b[{ 5, 3 }] = 0 / 0, math.huge
    assert.raises({ "bad argument #1 to 'cka'", "row 2" }, cka, a, y)
    assert.raises({ "bad argument #2 to 'cka'", "row 5" }, cka, x, b)
    local kept = ssl.tensor({ 1, 3, 4, 6, 7, 8, 9, 10, 11, 12 }, "int64")
    local r = cka(a, b, { nan = "skip", full = true })
    near(cka(x[kept], y[kept]), r.value, 0)
    assert.same({ 10, 2 }, { r.n, r.n_skipped })
    is_nan(cka(a, y, { nan = "propagate" }))
    assert.matches("row 5", cka(x, b, { nan = "propagate", full = true }).undefined)
    assert.raises("no row is finite in both", cka, a:narrow(1, 2, 2), y:narrow(1, 2, 2),
      { nan = "skip" })
  end)

  it("refuses what makes no sense, at the caller's line", function()
    local x, y = pair(8, 3, 4, 15)
    local line_of = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(function() return (cka(x, y:narrow(1, 1, 7))) end)
    assert.matches("cka_spec.lua:" .. line_of .. ": bad argument #2 to 'cka' %(8 rows expected, "
      .. "as many as the first has, got %(7,4%) float64%)", message)
    assert.raises("tensor expected, got nil", cka, x)
    assert.raises("at least one row", cka, ssl.zeros(0, 3), y)
    assert.raises("kernel must be one of linear, rbf", cka, x, y, { kernel = "poly" })
    assert.raises("sigma is of the kernel 'rbf'", cka, x, y, { sigma = 1 })
    assert.raises("sigma must be above 0", cka, x, y, { kernel = "rbf", sigma = 0 })
    assert.raises("exclude each other", cka, x, y, { kernel = "rbf", sigma = 1, fraction = 1 })
    assert.raises("batch must be in 4..inf, got 3", cka, x, y, { batch = 3 })
    assert.raises("batch is of the kernel 'linear'", cka, x, y, { batch = 4, kernel = "rbf" })
    assert.raises("precision must be one of auto, float64", cka, x, y, { precision = "half" })
    assert.raises("unknown option 'unbiased'", cka, x, y, { unbiased = true })
    assert.raises("max_rows must be in 2..inf", cka, x, y, { max_rows = 1 })
    local huge = ssl.ones(1, 1):expand(2 ^ 34 // 1 | 0, 4)
    assert.is_false(pcall(cka, huge, huge))
  end)

  it("is what scikit-learn's kernels give for the digits", function()
    local reference = dofile "spec/fixtures/metrics_pairs.lua"
    local pixels = ssl.data.digits().x:double():reshape(1797, 64)
    local x = pixels:narrow(1, 1, 300)
    local y = (x * x:flip(2)):narrow(2, 9, 28)
    near(reference.cka, cka(x, y))
    near(reference.cka_debiased, cka(x, y, { debiased = true }))
    near(reference.cka_batches, cka(x, y, { batch = 64 }))
    near(reference.cka_rbf, cka(x, y, { kernel = "rbf" }))
    near(reference.cka_rbf_half, cka(x, y, { kernel = "rbf", fraction = 0.5 }))
    near(reference.cka_rbf_debiased, cka(x, y, { kernel = "rbf", debiased = true }))
    near(reference.cka, cka(x:float(), y:float()))
  end)
end)
