-- What is shared under cka: accumulators and matrices of layers, moments of two sets, medians of
-- distances, and the C functions.

local core = require "sslkit.core"
local panels = require "sslkit.metrics.engine.panels"
local ssl = require "sslkit"
local two_sets = require "sslkit.metrics.engine.two_sets"

local cka, cka_matrix = ssl.metrics.cka, ssl.metrics.cka_matrix

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-12) end
local function same(a, b, tol) near(0, (a - b):abs():amax(), tol) end -- for large ones
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

-- Two representations that have something in common.
local function pair(n, dx, dy, seed)
  local x = randn(n, dx, seed)
  return x, x:matmul(randn(dx, dy, seed + 100)) + 2 * randn(n, dy, seed + 200)
end

describe("cka_accumulator", function()
  it("is merged from shards", function()
    local x, y = pair(60, 5, 6, 21)
    local whole, a, b = ssl.metrics.cka_accumulator(), ssl.metrics.cka_accumulator(),
      ssl.metrics.cka_accumulator()
    for first = 1, 60, 10 do
      local u, v = x:narrow(1, first, first + 9), y:narrow(1, first, first + 9)
      whole:add(u, v)
      local part = first < 25 and a or b
      part:add(u, v)
    end
    a:merge(b)
    near(whole:value(), a:value())
    near(whole:value(), cka(x, y, { batch = 10 }), 0)
    assert.same({ 6, 60, 6 }, { a.batches, a.n, #a })
    assert.equal("CKA of 60 rows in 6 batches", tostring(a))
  end)

  it("does not see the scale of a side, which all batches share", function()
    local x, y = pair(32, 3, 3, 22)
    local a, b = ssl.metrics.cka_accumulator(), ssl.metrics.cka_accumulator()
    for first = 1, 32, 8 do
      local u, v = x:narrow(1, first, first + 7) * first, y:narrow(1, first, first + 7)
      a:add(u, v)
      b:add(u * 1024, v / 64)
    end
    near(a:value(), b:value(), 1e-14)
  end)

  it("says what is wrong", function()
    local a, x = ssl.metrics.cka_accumulator(), randn(6, 2, 1)
    local value, reason = a:value()
    is_nan(value)
    assert.equal("no batches yet", reason)
    assert.raises("a batch needs four rows at least, got (3,2) float64", a.add, a,
      x:narrow(1, 1, 3), x:narrow(1, 1, 3))
    assert.raises("CKA accumulator expected, got number 3", a.merge, a, 3)
    assert.equal(0, #a)
    a:add(x * 0 + 1, x)
    is_nan(a:value())
  end)
end)

describe("cka_matrix", function()
  it("is cka of every pair", function()
    local xs, ys = {}, {}
    for i, d in ipairs { 3, 8, 5 } do xs[i] = randn(30, d, i) end
    for i, d in ipairs { 4, 6 } do ys[i] = randn(30, d, i + 10) + xs[1]:narrow(2, 1, 1) end
    ys[2] = ys[2]:float()
    for _, options in ipairs { {}, { debiased = true }, { kernel = "rbf" },
      { kernel = "rbf", debiased = true, fraction = 0.5 } } do
      local m, own = cka_matrix(xs, ys, options), cka_matrix(xs, nil, options)
      assert.same({ 3, 2, 3, 3 }, { m:size(1), m:size(2), own:size(1), own:size(2) })
      for i = 1, 3 do
        for j = 1, 2 do near(cka(xs[i], ys[j], options), m[{ i, j }]) end
        for j = 1, 3 do near(cka(xs[i], xs[j], options), own[{ i, j }]) end
        near(1, own[{ i, i }])
      end
    end
    local wide = { randn(10, 90, 1), randn(10, 80, 2) } -- by rows
    local m = cka_matrix(wide, nil, { debiased = true })
    near(cka(wide[1], wide[2], { debiased = true }), m[{ 1, 2 }])
  end)

  it("has NaN for a layer that does not vary, and goes on", function()
    local xs = { randn(9, 3, 1), ssl.ones(9, 2), randn(9, 4, 2) }
    for _, name in ipairs { "linear", "rbf" } do
      local m = cka_matrix(xs, nil, { kernel = name })
      is_nan(m[{ 1, 2 }])
      is_nan(m[{ 2, 2 }])
      near(cka(xs[1], xs[3], { kernel = name }), m[{ 3, 1 }])
    end
  end)

  it("drops rows of all layers, and says what is wrong", function()
    local a, b = randn(9, 3, 1), randn(9, 4, 2)
    local bad = a:clone()
    bad[4] = 0 / 0
    local rest = ssl.tensor({ 1, 2, 3, 5, 6, 7, 8, 9 }, "int64")
    near(cka(a[rest], b[rest]), cka_matrix({ bad, b }, nil, { nan = "skip" })[{ 1, 2 }], 0)
    is_nan(cka_matrix({ bad, b }, nil, { nan = "propagate" })[{ 2, 2 }])
    assert.raises({ "bad argument #2 to 'cka_matrix'", "row 4" }, cka_matrix, { b }, { a, bad })
    assert.raises("9 rows expected, as many as the first layer has, got (8,4) float64", cka_matrix,
      { a }, { b:narrow(1, 1, 8) })
    assert.raises("list of tensors [N,D] expected, got tensor", cka_matrix, a)
    assert.raises("list of tensors expected, got number 3", cka_matrix, { 3 })
    assert.raises("nan must be one of", cka_matrix, { a }, nil, { nan = "no" })
    assert.raises("no row is finite in all layers", cka_matrix, { a * (0 / 0) }, nil,
      { nan = "skip" })
  end)
end)

describe("moments of two sets", function()
  it("are those of all rows, in whatever blocks they come", function()
    local x, y = pair(90, 4, 3, 31)
    x, y = x + 1e5, y * 1e-3
    local whole = two_sets.new(4, 3):add_finite(x, y)
    for _, size in ipairs { 1, 7, 40 } do
      local parts = { two_sets.new(4, 3), two_sets.new(4, 3), two_sets.new(4, 3) }
      local at = 0
      for first = 1, 90, size do
        at = at % 3 + 1
        local last = math.min(90, first + size - 1)
        parts[at]:add_finite(x:narrow(1, first, last), y:narrow(1, first, last))
      end
      local merged = parts[1]:merge(parts[2]):merge(parts[3])
      assert.equal(90, merged.n)
      for _, name in ipairs { "mean_x", "mean_y", "xx", "yy", "xy" } do
        local scale = whole[name]:abs():amax():item()
        near(whole[name] / scale, merged[name] / scale, 1e-10) -- of numbers about 1e5
      end
    end
    local a, b = x - x:mean(1, true), y - y:mean(1, true)
    near(a:t():matmul(b), whole.xy, 1e-9) -- the mean of numbers about 1e5
    near(b:t():matmul(b), whole.yy)
  end)

  it("know how lengths go with rows, in whatever blocks they come", function()
    local x, y = pair(90, 4, 3, 33)
    x, y = x * x + 7, y - 3 -- third moments that are not about 0
    local a, b = x - x:mean(1, true), y - y:mean(1, true)
    local p, q = a:square():sum(2), b:square():sum(2)
    local both = ssl.stack({ p, q }, 2)
    for _, size in ipairs { 1, 4, 31, 90 } do
      local parts = { two_sets.new(4, 3), two_sets.new(4, 3) }
      for first = 1, 90, size do
        local last = math.min(90, first + size - 1)
        parts[first // size % 2 + 1]:add_finite(x:narrow(1, first, last), y:narrow(1, first, last))
      end
      local m = two_sets.new(4, 3):merge(parts[1]):merge(parts[2])
      -- sums of up to some 1e5
      near(a:t():matmul(both), m.along_x, 1e-9)
      near(b:t():matmul(both), m.along_y, 1e-9)
      near(both:t():matmul(both), m.squares, 1e-8)
    end
  end)

  it("stand in for the rows in an accumulator", function()
    local x, y = pair(200, 5, 7, 32)
    local a, b = ssl.metrics.accumulator(5, { pair = 7 }), ssl.metrics.accumulator(5, { pair = 7 })
    a:add(x:narrow(1, 1, 60), y:narrow(1, 1, 60)):add(x:narrow(1, 61, 80), y:narrow(1, 61, 80))
    b:add(x:narrow(1, 81, 200), y:narrow(1, 81, 200))
    a:merge(b)
    for _, name in ipairs { "cka", "cca", "svcca", "pwcca", "procrustes" } do
      local f = ssl.metrics[name]
      near(f(x, y), f(a))
      assert.equal(200, f(a, nil, { full = true }).n)
      assert.raises({ "bad argument #2 to '" .. name, "nil expected behind an accumulator" }, f, a,
        x)
      assert.raises({ "bad argument #1 to '" .. name, "with pair, expected" }, f,
        ssl.metrics.accumulator(3))
      assert.raises("no rows yet", f, ssl.metrics.accumulator(3, { pair = true }))
      is_nan(f(ssl.metrics.accumulator(2, { pair = true }):add(ssl.ones(1, 2), ssl.ones(1, 2))))
    end
    near(ssl.metrics.cca(x, y, { ridge = 0.5 }), ssl.metrics.cca(a, nil, { ridge = 0.5 }))
    near(ssl.metrics.procrustes(x, y, { normalize = false }),
      ssl.metrics.procrustes(a, nil, { normalize = false }), 1e-9)
    assert.raises("the CKA of linear kernels and all rows only", cka, a, nil, { kernel = "rbf" })
    assert.raises("linear kernels and all rows only", cka, a, nil, { batch = 8 })
  end)

  it("give the debiased CKA of all rows in one pass, in any shards", function()
    for seed = 1, 7 do
      local n, dx, dy = 40 + 37 * seed, 2 + seed, 9 - seed
      local x, y = pair(n, dx, dy, seed + 60)
      -- away from zero, where raw sums of fourth powers would keep 16 - 4 * 4 digits
      x, y = x * 3 + 1e4, (y * 0.01 - 5):to(seed % 2 == 0 and "float32" or "float64")
      local g, parts, first = ssl.generator(seed), {}, 1
      for i = 1, seed do parts[i] = ssl.metrics.accumulator(dx, { pair = dy }) end
      while first <= n do
        local last = math.min(n, first + ssl.randint(0, 30, { 1 }, { generator = g })[1])
        parts[first % seed + 1]:add(x:narrow(1, first, last), y:narrow(1, first, last))
        first = last + 1
      end
      for i = 2, seed do parts[1]:merge(parts[i]) end
      for _, o in ipairs { { full = true }, { full = true, debiased = true } } do
        local want, got = cka(x, y, o), cka(parts[1], nil, o)
        for _, name in ipairs { "value", "biased", "debiased", "hsic_xy", "hsic_xx", "hsic_yy" } do
          near(1, got[name] / want[name], 1e-10)
        end
        assert.equal(want.warn, got.warn)
        assert.equal("accumulator", got.route)
      end
    end
  end)

  it("know the edges of the debiased CKA", function()
    local x, y = pair(30, 5, 7, 34)
    local debiased, full = { debiased = true }, { full = true }
    local function of(u, v) return ssl.metrics.accumulator(5, { pair = 7 }):add(u, v) end
    for _, power in ipairs { 2.0 ^ 220, 2.0 ^ -220 } do
      near(cka(x, y, debiased), cka(of(x * power, y / power), nil, debiased))
    end
    for _, power in ipairs { 2.0 ^ 300, 2.0 ^ -300 } do -- where fourth powers are no numbers
      local far = of(x * power, y)
      assert.raises({ "bad argument #1 to 'cka'", "mean squared lengths of ",
        "leave the range of float64" }, cka, far, nil, debiased)
      near(cka(x, y), cka(far))
      assert.is_nil(cka(far, nil, full).debiased)
    end
    local few = of(x:narrow(1, 1, 3), y:narrow(1, 1, 3))
    assert.matches("four rows", cka(few, nil, { debiased = true, full = true }).undefined)
    is_nan(cka(few, nil, full).debiased)
    local flat = of(x * 0 + 0.1, y)
    is_nan(cka(flat))
    assert.matches("not above 0", cka(flat, nil, { debiased = true, full = true }).undefined)
    assert.equal("one row has no variance", cka(of(x:narrow(1, 1, 1), y:narrow(1, 1, 1)), nil, full)
      .undefined)
  end)

  it("refuse others", function()
    local a = two_sets.new(2, 3)
    assert.raises("moments of widths 2 and 3 expected, got moments of 0 pairs of rows of widths 3",
      a.merge, a, two_sets.new(3, 3))
    assert.raises("got number 3", a.merge, a, 3)
  end)
end)

local function median_distance(z)
  local rows, list = z:totable(), {}
  for i = 1, #rows do
    for j = i + 1, #rows do
      local sum = 0
      for k = 1, #rows[1] do sum = sum + (rows[i][k] - rows[j][k]) ^ 2 end
      list[#list + 1] = math.sqrt(sum)
    end
  end
  table.sort(list)
  return (list[(#list + 1) // 2] + list[#list // 2 + 1]) / 2
end

describe("the median of distances", function()
  it("is that of all of them", function()
    for _, n in ipairs { 2, 3, 4, 9, 40 } do
      local z = randn(n, 3, n)
      near(median_distance(z), panels.median(z), 1e-14)
    end
  end)

  it("is found among many by looking at few", function()
    local z = randn(1800, 2, 1)
    local all = panels.vector(1800, panels.distance(z, z))
    near(all:median():item(), panels.median(z), 0)
    -- many equal distances: whole numbers on a line
    local steps = ssl.randint(1, 6, { 1700, 1 }, { generator = ssl.generator(1) }):double()
    all = panels.vector(1700, panels.distance(steps, steps))
    near(all:median():item(), panels.median(steps), 0)
    local two = (steps:gt(3)):double() -- half of the distances are 0
    all = panels.vector(1700, panels.distance(two, two))
    near(all:median():item(), panels.median(two), 0)
  end)
end)

describe("the C functions of two sets", function()
  it("center columns exactly", function()
    local z = randn(300, 70, 1) * 3 + 5
    z:narrow(2, 3, 3):fill_(0.1)
    local mean, reach = core.column_center(z)
    near(z:mean(1), mean, 1e-13)
    near((z - mean):abs():amax(1), reach, 1e-13)
    assert.equal(0.1, mean[3])
    assert.equal(0.0, reach[3])
    near((z - mean):square():sum(2) * 4, core.side_squares(z, mean, 2.0), 1e-10)
  end)

  it("multiply, and probe what they multiplied", function()
    for _, case in ipairs { { 700, 5, 3 }, { 1030, 65, 130 }, { 30, 600, 64 } } do
      local n, dx, dy = table.unpack(case)
      for _, dtype in ipairs { "float32", "float64" } do
        local x, y = randn(n, dx, 1, dtype), randn(n, dy, 2, dtype)
        local mx, my = core.column_center(x), core.column_center(y)
        local a, b = (x:double() - mx) * 2, y:double() - my
        local function zeros(p, q) return ssl.zeros({ p, q }, "float64") end
        for _, single in ipairs { false, true } do
          local xx, yy, xy = zeros(dx, dx), zeros(dy, dy), zeros(dx, dy)
          core.cross_add(x, mx, 2.0, y, my, 1.0, single, xx, yy, xy)
          local tol = single and 3e-3 or 1e-10 -- sums of some 1000 products, of float32 or not
          same(a:t():matmul(a):triu(), xx:triu(), tol)
          same(b:t():matmul(b):triu(), yy:triu(), tol)
          same(a:t():matmul(b), xy, tol)
          local again = zeros(dx, dx)
          core.cross_add(x, mx, 2.0, nil, nil, nil, single, again)
          same(xx, again, 0)
        end
        local v = randn(math.max(dx, dy), core.PROBES, 3)
        local xx, yy, xy = zeros(dx, 8), zeros(dy, 8), zeros(dx, 8)
        core.cross_probe(x, mx, 2.0, y, my, 1.0, v, xx, yy, xy)
        local vx, vy = v:narrow(1, 1, dx), v:narrow(1, 1, dy)
        near(a:t():matmul(a:matmul(vx)), xx, 1e-8)
        near(b:t():matmul(b:matmul(vy)), yy, 1e-8)
        near(a:t():matmul(b:matmul(vy)), xy, 1e-8)
      end
    end
  end)

  it("check what they are given", function()
    local x, c = randn(4, 3, 1), ssl.zeros({ 3 }, "float64")
    local out = ssl.zeros({ 3, 3 }, "float64")
    assert.raises("with rows and columns expected", core.column_center, ssl.zeros(0, 3))
    assert.raises("float tensor expected", core.column_center, ssl.ones({ 2, 2 }, "int64"))
    assert.raises("contiguous (3) float64 expected", core.side_squares, x, out, 1)
    assert.raises("means of the columns expected, got nil", core.side_squares, x, nil, 1)
    local add, probe = core.cross_add, core.cross_probe
    assert.raises("4 rows expected, got (5,3) float64", add, x, c, 1, randn(5, 3, 1), c, 1, false,
      out, out, out)
    assert.raises("contiguous (3,3) float64 expected, got (3) float64", add, x, c, 1, nil, nil, nil,
      false, c)
    assert.raises("nil expected where there are no rows y", add, x, c, 1, nil, nil, nil, false, nil,
      nil, out)
    assert.raises("probes expected, got nil", probe, x, c, 1, nil, nil, nil, nil, out)
    assert.raises("contiguous (3,8) float64 expected", probe, x, c, 1, nil, nil, nil, out)
  end)
end)
