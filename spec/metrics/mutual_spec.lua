-- Two representations of the same samples: the neighbours that they have in common.

local ssl = require "sslkit"

local behaves = assert(loadfile("spec/metrics/pair_behaviour.lua", "t", _ENV))()
local mutual_knn, cknna = ssl.metrics.mutual_knn, ssl.metrics.cknna

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-12) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function pair(n, dx, dy, seed)
  local x = randn(n, dx, seed)
  return x, x:matmul(randn(dx, dy, seed + 100)) + randn(n, dy, seed + 200)
end

local function digits()
  local x = ssl.data.digits().x:double():reshape(1797, 64):narrow(1, 1, 300)
  return x, (x * x:flip(2)):narrow(2, 9, 28), dofile "spec/fixtures/metrics_pairs.lua"
end

-- Similarities of all rows, and for each row a set of its k most similar others.
local function cosines(z)
  local u = z / z:norm(2, 2, true)
  return u:matmul(u:t()):totable()
end

local function distances(z) return (-ssl.cdist(z, z)):totable() end

local function nearest(s, k)
  local sets = {}
  for i = 1, #s do
    local order = {}
    for j = 1, #s do
      if j ~= i then order[#order + 1] = j end
    end
    table.sort(order, function(a, b)
      if s[i][a] ~= s[i][b] then return s[i][a] > s[i][b] end
      return a < b
    end)
    sets[i] = {}
    for c = 1, k do sets[i][order[c]] = true end
  end
  return sets
end

local function refuses(f)
  it("refuses numbers of neighbours that make no sense", function()
    local x, y = pair(30, 3, 4, 1)
    assert.raises("bad argument #3", f, x, y, { k = 30 })
    assert.raises("k must be < N = 30, got 30", f, x, y, { k = 30 })
    assert.raises("k must be in", f, x, y, { k = 0 })
    assert.raises("k must be a whole number", f, x, y, { k = 2.5 })
  end)
end

describe("mutual_knn", function()
  it("gives the worked numbers", function()
    local x = ssl.tensor { { 0 }, { 1 }, { 3 }, { 7 } }
    local y = ssl.tensor { { 0 }, { 1 }, { 3 }, { 1.9 } }
    near(0.25, mutual_knn(x, y, { k = 1, metric = "l2" }), 0)
    near(0.625, mutual_knn(x, y, { k = 2, metric = "l2" }), 0)
    near(0.5, mutual_knn(x, y, { k = 2, metric = "l2", jaccard = true }), 0)
  end)

  it("is its definition", function()
    for seed = 1, 3 do
      local x, y = pair(25 + 10 * seed, 3, 5, seed)
      y[4] = y[9]
      for metric, similar in pairs { cosine = cosines, l2 = distances } do
        for _, k in ipairs { 1, 4, #x - 2 } do
          local a, b, share, jaccard = nearest(similar(x), k), nearest(similar(y), k), 0, 0
          for i = 1, #x do
            local common = 0
            for j in pairs(a[i]) do common = common + (b[i][j] and 1 or 0) end
            share, jaccard = share + common / k / #x, jaccard + common / (2 * k - common) / #x
          end
          local r = mutual_knn(x, y, { k = k, metric = metric, full = true })
          near(share, r.value)
          near(jaccard, mutual_knn(x, y, { k = k, metric = metric, jaccard = true }))
          local chance = k / (#x - 1)
          near(chance, r.chance)
          near((share - chance) / (1 - chance), r.corrected, 1e-9)
        end
      end
    end
  end)

  it("is 1 for the same neighbourhoods and by chance k / (N - 1)", function()
    local x, y = randn(400, 5, 4), randn(400, 5, 5)
    near(1, mutual_knn(x, x * 3), 0)
    near(10 / 399, mutual_knn(x, y), 0.01)
    near(1, mutual_knn(x, y, { k = 399 }), 0) -- all others
    assert.is_nil(mutual_knn(x, y, { k = 399, full = true }).corrected)
    near(mutual_knn(x, y), mutual_knn(y, x), 0)
  end)

  it("draws in what lies far out on request", function()
    local x, y = pair(60, 8, 6, 6)
    local function clamped(z, q)
      local limit = z:abs():quantile(q, 2):mean():item()
      return z:clamp(-limit, limit)
    end
    x[{ 7, 3 }] = 50
    for _, q in ipairs { 0.95, 0.5 } do
      near(mutual_knn(clamped(x, q), clamped(y, q)), mutual_knn(x, y, { outlier_q = q }), 0)
    end
    assert.raises("outlier_q must be in 0..1", mutual_knn, x, y, { outlier_q = 95 })
    assert.raises("metric must be one of cosine, l2", mutual_knn, x, y, { metric = "l1" })
  end)

  it("is NumPy's for the digits", function()
    local x, y, reference = digits() -- whole numbers: their square distances are exact
    near(reference.mutual_knn, mutual_knn(x, y, { metric = "l2" }))
    near(reference.mutual_knn_jaccard, mutual_knn(x, y, { metric = "l2", jaccard = true }))
  end)

  refuses(mutual_knn)

  behaves "mutual_knn"
end)

describe("cknna", function()
  -- All entries of both kernels, set to 0 outside the masks.
  local function twin(x, y, k)
    local s, t = cosines(x), cosines(y)
    local a, b, n = nearest(s, k), nearest(t, k), #s
    local function masked(m, mask_a, mask_b)
      local out = {}
      for i = 1, n do
        out[i] = {}
        for j = 1, n do out[i][j] = mask_a[i][j] and mask_b[i][j] and m[i][j] or 0 end
      end
      return ssl.tensor(out, "float64")
    end
    local function criterion(p, q)
      return ((p * q:t()):sum():item() + p:sum():item() * q:sum():item() / ((n - 1) * (n - 2))
        - 2 / (n - 2) * p:matmul(q):sum():item()) / (n * (n - 3))
    end
    local xy = criterion(masked(s, a, b), masked(t, a, b))
    local xx = criterion(masked(s, a, a), masked(s, a, a))
    local yy = criterion(masked(t, b, b), masked(t, b, b))
    return xy / math.sqrt(xx * yy)
  end

  it("is its definition", function()
    for seed = 1, 3 do
      local x, y = pair(20 + 10 * seed, 4, 3, seed)
      for _, k in ipairs { 2, 7, #x - 1 } do
        near(twin(x, y, k), cknna(x, y, { k = k }), 1e-11)
      end
    end
  end)

  it("is 1 for equal cosines, and the debiased CKA of them when all are neighbours", function()
    local x, y = pair(40, 4, 5, 4)
    local q = ssl.linalg.qr(randn(4, 4, 1))
    near(1, cknna(x, x:matmul(q) * 5))
    local r = cknna(x, y, { full = true })
    near(ssl.metrics.mutual_knn(x, y), r.common)
    near(r.hsic_xy / math.sqrt(r.hsic_xx * r.hsic_yy), r.value)
    local function units(z) return z / z:norm(2, 2, true) end
    near(ssl.metrics.cka(units(x), units(y), { debiased = true }), cknna(x, y, { k = 39 }), 1e-11)
  end)

  it("knows the edges", function()
    local x = randn(12, 3, 5)
    assert.raises("k must be in 2..inf, got 1", cknna, x, x, { k = 1 })
    assert.matches("four rows", cknna(x:narrow(1, 1, 3), x:narrow(1, 1, 3), { k = 2, full = true })
      .undefined)
    is_nan(cknna(x, x * 0)) -- cosines of zero rows are 0
    local r = cknna(ssl.eye(6, "float64"), x:narrow(1, 1, 6), { k = 2, full = true })
    is_nan(r.value) -- all cosines of the first are 0
    assert.matches("not above 0", r.undefined)
  end)

  it("is NumPy's for the digits", function()
    local x, y, reference = digits()
    near(reference.cknna, cknna(x, y), 1e-11)
  end)

  refuses(cknna)

  behaves "cknna"
end)
