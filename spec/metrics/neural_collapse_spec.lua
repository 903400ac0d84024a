local ssl = require "sslkit"

local fixture = dofile "spec/fixtures/metrics_labels.lua"
local neural_collapse = ssl.metrics.neural_collapse

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-11) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end
local function ids(list) return ssl.tensor(list, "int64") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function randint(n, k, seed)
  return ssl.randint(1, k, { n }, { generator = ssl.generator(seed) })
end

local fields = { "nc1", "nc1_quotient", "nc2", "nc2_equinorm", "nc2_equiangularity",
  "nc2_max_angle", "cdnv", "nc3", "nc3_squared", "nc4" }

-- Every field by D x D matrices and their pseudoinverse; labels are 1..k.
local function twin(z, y, w, b, k, weighted)
  local n, d = #z, z:size(2)
  local means, variance, f = {}, {}, {}
  for c = 1, k do
    local own = z[y:eq(c)]
    means[c] = own:mean(1)
    variance[c] = (own - means[c]):square():sum():item() / #own
  end
  means = ssl.stack(means, 1)
  local apart = means - (weighted and z:mean(1) or means:mean(1))
  local off = z - means[y]
  local within, between = off:t():matmul(off) / n, apart:t():matmul(apart) / k
  local values, vectors = ssl.linalg.eigh(between)
  local nc1 = 0
  for j = math.max(1, d - k + 2), d do
    local v = vectors:select(2, j)
    nc1 = nc1 + v:unsqueeze(1):matmul(within):matmul(v:unsqueeze(2)):item() / values[j] / k
  end
  f.nc1 = nc1
  f.nc1_quotient = within:diagonal():sum():item() / between:diagonal():sum():item()
  local lengths = apart:square():sum(2):sqrt()
  f.nc2_equinorm = lengths:std({ ddof = 0 }):item() / lengths:mean():item()
  local sum, squares, angle, pairs_, cdnv = 0, 0, 0, 0, 0
  for i = 1, k do
    for j = 1, k do
      if i ~= j then
        local cos = (apart[i] * apart[j]):sum():item() / lengths[i] / lengths[j]
        sum, squares, pairs_ = sum + cos, squares + cos * cos, pairs_ + 1
        angle = angle + math.abs(cos + 1 / (k - 1))
        local distance = (means[i] - means[j]):square():sum():item()
        cdnv = cdnv + (variance[i] + variance[j]) / (2 * distance)
      end
    end
  end
  f.nc2_equiangularity = math.sqrt(math.max(0, squares / pairs_ - (sum / pairs_) ^ 2))
  f.nc2_max_angle, f.cdnv = angle / pairs_, cdnv / pairs_
  local gram = apart:matmul(apart:t())
  local ideal = (ssl.eye(k, "float64") - 1 / k) / math.sqrt(k - 1)
  f.nc2 = (gram / gram:norm() - ideal):norm():item()
  f.nc3 = (w / w:norm() - apart / apart:norm()):norm():item()
  f.nc3_squared = f.nc3 ^ 2
  local guess = (z:matmul(w:t()) + b):argmax(2)
  f.nc4 = guess:ne(z:cdist(means):argmin(2)):double():mean():item()
  return f
end

describe("neural collapse", function()
  it("gives the worked numbers", function()
    local r = neural_collapse(ssl.tensor { { 2, 0 }, { 0, 0 }, { -2, 0 }, { 0, 0 } },
      ids { 1, 1, 2, 2 })
    near(0.5, r.nc1)
    near(1, r.nc1_quotient)
    near(0.25, r.cdnv)
    for _, name in ipairs { "nc2", "nc2_equinorm", "nc2_equiangularity", "nc2_max_angle" } do
      near(0, r[name])
    end
    local rows, y = {}, {}
    for c = 0, 2 do
      for s = -1, 1, 2 do
        local angle = 2 * math.pi * c / 3
        rows[#rows + 1], y[#y + 1] = { math.cos(angle) + s / 10, math.sin(angle) }, c
      end
    end
    r = neural_collapse(ssl.tensor(rows, "float64"), ids(y))
    near(0.00666666666667, r.nc1)
    near(0.01, r.nc1_quotient)
    near(0, r.nc2)
    r = neural_collapse(ssl.tensor { { 1, 0 }, { 0, 1 }, { -1, 0 } }, ids { 1, 2, 3 })
    near(0.197453049082, r.nc2_equinorm)
    near(0.228052418133, r.nc2_equiangularity)
    near(0.222514822655, r.nc2_max_angle)
  end)

  it("is NumPy's on the digits", function()
    local data = ssl.data.digits()
    local x = data.x:reshape(#data.x, 64):float()
    local w = (ssl.arange(0, 639, 1, "float64") * 0.37):cos():reshape(10, 64)
    local r = neural_collapse(x, data.y, { W = w, b = ssl.arange(0, 9) - 4.5 })
    for name, value in pairs(fixture.collapse) do near(value, r[name]) end
  end)

  it("is its definition, for more columns than classes and fewer, and few rows", function()
    for seed, size in ipairs { { 60, 7, 4 }, { 80, 3, 6 }, { 9, 20, 3 }, { 40, 5, 2 } } do
      local n, d, k = table.unpack(size)
      local y = randint(n, k, seed)
      y[ssl.arange(1, k, 1, "int64")] = ssl.arange(1, k, 1, "int64")
      local z = randn(n, d, seed) + randn(k, d, seed + 9)[y] * 2
      local w, b = randn(k, d, seed + 20), randn(1, k, seed + 30):squeeze(1)
      for _, weighted in ipairs { false, true } do
        local want = twin(z, y, w, b, k, weighted)
        local got = neural_collapse(z, y, { W = w, b = b, weighted = weighted })
        for _, name in ipairs(fields) do -- the pseudoinverse of the twin is good to some 1e-12
          near(want[name], got[name], 1e-10 * math.max(1, want[name]))
        end
      end
      local single = neural_collapse(z:float(), y, { W = w:float(), b = b:float() })
      near(neural_collapse(z:float():double(), y).nc1, single.nc1)
    end
  end)

  it("reads accumulators, in any shards, but for what takes the rows", function()
    for seed, size in ipairs { { 160, 7, 4 }, { 180, 3, 6 }, { 30, 20, 3 }, { 140, 5, 2 } } do
      local n, d, k = table.unpack(size)
      local y = randint(n, k, seed)
      local z = randn(n, d, seed) + randn(k, d, seed + 9)[y] * 2 + 100
      if seed == 2 then z = z:float() end
      local parts = {}
      for i = 1, seed do parts[i] = ssl.metrics.accumulator(d, { classes = true }) end
      for first = 1, n, 11 do
        local last = math.min(n, first + 10)
        parts[first % seed + 1]:add(z:narrow(1, first, last), y:narrow(1, first, last) * 5 - 9)
      end
      for i = 2, seed do parts[1]:merge(parts[i]) end
      local w = randn(k, d, seed + 20)
      for _, o in ipairs { {}, { W = w }, { W = w, center_w = true, weighted = true },
        { variant = "quotient" } } do
        local want, got = neural_collapse(z, y, o), neural_collapse(parts[1], nil, o)
        want.nc4 = nil -- which takes the rows
        for name, value in pairs(want) do
          if type(value) ~= "number" then assert.equal(value, got[name])
          else near(value, got[name], 1e-10 * math.max(1, value)) end
        end
        assert.equal(o.W and "nc4: it takes the rows, which an accumulator does not have" or nil,
          got.undefined)
        if o.W then is_nan(got.nc4) else assert.is_nil(got.nc4) end
      end
    end
    local one = ssl.metrics.accumulator(2, { classes = true }):add(ssl.eye(2), ids { 3, 3 })
    assert.equal("one class has no other", neural_collapse(one).undefined)
    assert.raises({ "bad argument #1 to 'neural_collapse'", "accumulator with classes=true" },
      neural_collapse, ssl.metrics.accumulator(2))
    assert.raises("#2 to 'neural_collapse' (nil expected behind an accumulator of classes",
      neural_collapse, one, ids { 3, 3 })
  end)

  it("falls to 0 where features have collapsed", function()
    local k, d = 5, 8
    local simplex = ssl.eye(k, "float64") - 1 / k
    local turn = ssl.linalg.qr(randn(d, d, 1))
    local means = simplex:matmul(turn:narrow(1, 1, k)) * 3
    local y = ssl.arange(0, 99, 1, "int64") % k + 1
    for _, noise in ipairs { 1e-3, 1e-7 } do
      local z = means[y] + 100 + randn(100, d, 2) * noise
      local r = neural_collapse(z, y, { W = means * 7, b = -(means * 7):sum(2) * 100 })
      local spread = 3 * 3 * (k - 1) / k
      near(0, r.nc1 / noise ^ 2, 1)
      assert.is_true(r.nc1 > 0)
      near(1, r.nc1_quotient * spread / (d * noise ^ 2), 0.2)
      for _, name in ipairs { "nc2", "nc3", "nc2_equinorm", "nc2_max_angle" } do
        near(0, r[name], 10 * noise)
      end
      assert.equal(0.0, r.nc4)
      local a = ssl.metrics.accumulator(d, { classes = true })
      for first = 1, 100, 30 do
        local last = math.min(100, first + 29)
        a:add(z:narrow(1, first, last), y:narrow(1, first, last))
      end
      -- the rows, about 100, are stored to 1e-14 / noise of a deviation
      near(1, neural_collapse(a).nc1 / r.nc1, 1e-12 / noise)
    end
  end)

  it("does not see rotation, shift, scale or names of classes", function()
    local z, y = randn(80, 6, 3), randint(80, 4, 3)
    local w, b = randn(4, 6, 4), randn(1, 4, 5):squeeze(1)
    local _, q = ssl.linalg.eigh(z:t():matmul(z))
    local r = neural_collapse(z, y, { W = w, b = b })
    local turned = neural_collapse(z:matmul(q), y, { W = w:matmul(q), b = b })
    local shifted = neural_collapse(z + 1, y, { W = w, b = b - w:sum(2) })
    local renamed = neural_collapse(z, y * 100 - 300, { W = w, b = b })
    for _, name in ipairs(fields) do
      near(r[name], turned[name])
      near(r[name], shifted[name])
      near(r[name], renamed[name])
    end
    for _, power in ipairs { 2.0 ^ 600, 2.0 ^ -600 } do
      local scaled = neural_collapse(z * power, y, { W = w, b = b * power })
      for _, name in ipairs(fields) do near(r[name], scaled[name]) end
    end
  end)

  it("finds the rows of W that belong to the classes", function()
    local z, y = randn(60, 5, 6), ids({ 2, 5, 9 })[randint(60, 3, 6)]
    local w = randn(9, 5, 7)
    local few = w:index(1, ids { 2, 5, 9 })
    near(neural_collapse(z, y, { W = few }).nc3, neural_collapse(z, y, { W = w }).nc3)
    -- a class that is not there may still be decided for
    local strong, b = w:clone(), ssl.zeros(9)
    b[1] = 1e6
    assert.equal(1.0, neural_collapse(z, y, { W = strong, b = b }).nc4)
    assert.raises({ "bad argument #3 to 'neural_collapse'",
      "W has 8 rows for 3 classes: labels in 1..8 expected, got 9" }, neural_collapse, z, y,
      { W = w:narrow(1, 1, 8) })
    assert.raises("labels in 1..4 expected, got 0", neural_collapse, z:narrow(1, 1, 3),
      ids { 0, 1, 2 }, { W = w:narrow(1, 1, 4) })
  end)

  it("compares W about its mean on request", function()
    local z, y = randn(30, 4, 8), randint(30, 3, 8)
    local w = randn(3, 4, 9)
    local centred = neural_collapse(z, y, { W = w - w:mean(1) })
    near(centred.nc3, neural_collapse(z, y, { W = w + 5, center_w = true }).nc3)
    assert.is_true(math.abs(centred.nc3 - neural_collapse(z, y, { W = w + 5 }).nc3) > 0.1)
  end)

  it("gives nc1 as the quotient on request, and takes the centre of all rows", function()
    local z, y = randn(30, 4, 8), ids({ 1, 1, 1, 2, 3 })[randint(30, 5, 8)]
    local a = neural_collapse(z, y, { variant = "quotient" })
    assert.equal(a.nc1_quotient, a.nc1)
    local b = neural_collapse(z, y, { weighted = true })
    assert.is_true(math.abs(a.nc1_quotient - b.nc1_quotient) > 1e-3)
    assert.equal(a.cdnv, b.cdnv)
  end)

  it("leaves out directions in which no means lie apart", function()
    local z, y = randn(90, 6, 1), randint(90, 3, 1)
    local line = ssl.tensor({ { 0 }, { 1 }, { 2 } }, "float64") * randn(1, 6, 2)
    local centred = z:clone()
    for c = 1, 3 do centred[y:eq(c)] = z[y:eq(c)] - z[y:eq(c)]:mean(1) end
    local r = neural_collapse(centred + line[y], y)
    local v = line[2] / line[2]:norm()
    local within = centred:matmul(v:unsqueeze(2)):square():sum():item() / 90
    near(1, r.nc1 / (within / line[2]:square():sum():item() / 2), 1e-10)
  end)

  it("reads views, and does not depend on the number of threads", function()
    local z, y = randn(5000, 12, 4, "float32"), randint(5000, 6, 4)
    local before = ssl.get_threads()
    ssl.set_threads(1)
    local alone = neural_collapse(z, y, { W = randn(6, 12, 5) })
    ssl.set_threads(3)
    local view = neural_collapse(z:t():contiguous():t(), y, { W = randn(12, 6, 5):t() })
    local again = neural_collapse(z, y, { W = randn(6, 12, 5) })
    ssl.set_threads(before)
    for _, name in ipairs(fields) do
      assert.equal(alone[name], again[name], name)
      if not name:find "nc[34]" then assert.equal(alone[name], view[name], name) end
    end
  end)

  it("knows the edges", function()
    local z = randn(6, 3, 1)
    for _, case in ipairs { { z, ids { 1, 1, 1, 1, 1, 1 }, "one class" },
      { z:narrow(1, 1, 1), ids { 4 }, "one class" },
      { ssl.full({ 4, 3 }, 0.1), ids { 1, 1, 2, 2 }, "all class means coincide" } } do
      local r = neural_collapse(case[1], case[2], { W = ssl.ones(2, 3) })
      for _, name in ipairs(fields) do is_nan(r[name]) end
      assert.matches(case[3], r.undefined)
    end
    local crossed = ssl.tensor { { -1, 0 }, { 1, 0 }, { 0, -1 }, { 0, 1 }, { 5, 4 }, { 5, 6 } }
    local r = neural_collapse(crossed, ids { 1, 1, 2, 2, 3, 3 })
    assert.equal(math.huge, r.cdnv)
    assert.matches("coincide", r.warn)
    near(0, neural_collapse(z, ids { 1, 2, 3, 4, 5, 6 }).nc1, 0) -- classes of one row do not vary
    local points = ssl.tensor { { 1, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 }, { 0, 3 } }
    r = neural_collapse(points, ids { 1, 1, 2, 2, 3 })
    is_nan(r.cdnv)
    assert.matches("one point", r.undefined)
    assert.equal(0.0, r.nc1)
    assert.is_nil(neural_collapse(z, ids { 1, 1, 1, 2, 2, 2 }).nc3)
    assert.matches("^neural_collapse\n", tostring(r))
  end)

  it("handles NaN as it is told", function()
    local z, y = randn(20, 3, 7), randint(20, 3, 7)
    local broken = z:clone()
    broken[{ 4, 2 }] = 0 / 0
    assert.raises({ "bad argument #1 to 'neural_collapse'", "row 4" }, neural_collapse, broken, y)
    local kept = ssl.arange(1, 20):ne(4)
    local r = neural_collapse(broken, y, { nan = "skip" })
    assert.equal(neural_collapse(z[kept], y[kept]).nc1, r.nc1)
    assert.equal(1, r.n_skipped)
    r = neural_collapse(broken, y, { nan = "propagate", W = ssl.ones(3, 3) })
    for _, name in ipairs(fields) do is_nan(r[name]) end
    assert.matches("row 4", r.undefined)
  end)

  it("says what is wrong", function()
    local z, y = randn(6, 3, 1), ids { 1, 1, 2, 2, 3, 3 }
    local w = ssl.ones(3, 3)
    local at = "bad argument #%d to 'neural_collapse'"
    assert.raises({ at:format(2), "6 labels expected, one a row, got (3) int64" }, neural_collapse,
      z, ids { 1, 2, 3 })
    assert.raises({ at:format(3), "W (3,3), a row a class, expected, got (2,3) float32" },
      neural_collapse, z, y, { W = ssl.ones(2, 3) })
    assert.raises({ at:format(3), "W (3,3), a row a class, expected, got (3,4) float32" },
      neural_collapse, z, y, { W = ssl.ones(3, 4) })
    assert.raises({ at:format(3), "b (3), one a row of W, expected, got (2) float32" },
      neural_collapse, z, y, { W = w, b = ssl.ones(2) })
    assert.raises("row 2 of W holds a NaN", neural_collapse, z, y,
      { W = ssl.tensor { { 1, 1, 1 }, { 1, 0 / 0, 1 }, { 1, 1, 1 } } })
    assert.raises("b holds a NaN", neural_collapse, z, y,
      { W = w, b = ssl.tensor { 1, 0 / 0, 1 } })
    assert.raises("b given without W", neural_collapse, z, y, { b = ssl.ones(3) })
    assert.raises("variant must be one of pinv, quotient", neural_collapse, z, y,
      { variant = "svd" })
    assert.raises("W expected, got table", neural_collapse, z, y, { W = {} })
  end)
end)
