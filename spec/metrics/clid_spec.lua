-- clid, and the k-means that it stands on.

local core = require "sslkit.core"
local kmeans = require "sslkit.metrics.engine.kmeans"
local ssl = require "sslkit"

local clid = ssl.metrics.clid

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-9) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function blobs(count, size, d, seed, dtype)
  local list = {}
  for i = 1, count do list[i] = randn(size, d, seed + i, dtype) + 40 * i end
  return ssl.cat(list)
end

local usual = { restarts = 10, iterations = 100, tolerance = 1e-6, seed = 0 }

describe("k-means", function()
  it("finds clusters that lie apart", function()
    for count = 1, 6 do
      local z = blobs(count, 20, 3, count)
      local got = kmeans.fit(z, count, usual)
      local truth = (ssl.arange(0, 20 * count - 1, 1, "int64") // 20) + 1
      near(1, ssl.metrics.cluster_accuracy(got.id, truth), 0)
      local sum = 0
      for i = 1, count do
        local own = z:narrow(1, 20 * i - 19, 20 * i)
        sum = sum + (own - own:mean(1)):square():sum():item()
      end
      near(sum, got.inertia, 1e-9 * sum)
    end
  end)

  it("gives each row the nearest centre, each centre the mean of its rows", function()
    local z = randn(300, 4, 1)
    local got = kmeans.fit(z, 7, { restarts = 3, iterations = 200, tolerance = 0, seed = 5 })
    near(ssl.cdist(z, got.centers):argmin(2), got.id, 0)
    for c = 1, 7 do near(z[got.id:eq(c)]:mean(1), got.centers[c], 1e-9) end
    near((z - got.centers:index(1, got.id)):square():sum():item(), got.inertia, 1e-9)
  end)

  it("gets no worse by steps and starts, and is told by its seed", function()
    local z, before = randn(200, 3, 2), math.huge
    for steps = 1, 8 do
      local o = { restarts = 1, iterations = steps, tolerance = 0, seed = 1 }
      local got = kmeans.fit(z, 9, o)
      assert.is_true(got.inertia <= before * (1 + 1e-12))
      before = got.inertia
      near(got.id, kmeans.fit(z, 9, o).id, 0)
    end
    local many = kmeans.fit(z, 9, { restarts = 12, iterations = 100, tolerance = 0, seed = 1 })
    assert.is_true(many.inertia <= before)
  end)

  it("is as good as scikit-learn's on the digits", function()
    -- KMeans(10, n_init=10) of scikit-learn 1.2.1: 1165149.7 to 1165750.1 with six seeds
    local o = { restarts = 4, iterations = 100, tolerance = 1e-6, seed = 0 }
    local got = kmeans.fit(ssl.data.digits().x:view(1797, 64):float(), 10, o)
    assert.is_true(got.inertia < 1.005 * 1165149.7, tostring(got.inertia))
  end)

  it("leaves no cluster empty where there are rows to fill it", function()
    local z = ssl.tensor { { 0 }, { 0 }, { 0 }, { 0 }, { 1 }, { 5 } }
    local got = kmeans.fit(z, 3, { restarts = 1, iterations = 100, tolerance = 0, seed = 3 })
    assert.equal(3, core.len((got.id:unique())))
    near(0, got.inertia, 0)
    near(0, kmeans.fit(ssl.ones(8, 2), 3, usual).inertia, 0) -- all alike: two stay empty
    near(0, kmeans.fit(randn(5, 2, 1), 5, usual).inertia, 1e-12)
  end)
end)

describe("clid", function()
  it("learns far blobs at once", function()
    for seed = 1, 3 do
      for _, dtype in ipairs { "float32", "float64" } do
        local z = blobs(2, 40, 6, seed, dtype)
        local cl, id = clid(z, { clusters = 2, seed = seed })
        near(1, cl, 0)
        near(ssl.metrics.twonn(z), id, 0)
      end
    end
  end)

  -- Prequential accuracy by its definition, with a plain search.
  local function twin(z, id, order, k, metric)
    local right, a = 0, z:totable()
    for t = 2, #order do
      local list = {}
      for s = 1, t - 1 do
        local sum, x, y = 0, a[order[t]], a[order[s]]
        for c = 1, #x do sum = sum + (metric == "l2" and (x[c] - y[c]) ^ 2 or -x[c] * y[c]) end
        list[s] = { sum, s }
      end
      table.sort(list, function(p, q) return p[1] < q[1] or p[1] == q[1] and p[2] < q[2] end)
      local votes, best = {}, nil
      for c = 1, math.min(k, t - 1) do
        local class = id[order[list[c][2]]]
        votes[class] = (votes[class] or 0) + 1
      end
      for c = 1, math.min(k, t - 1) do -- of equal votes the nearer
        local class = id[order[list[c][2]]]
        if not best or votes[class] > votes[best] then best = class end
      end
      right = right + (best == id[order[t]] and 1 or 0)
    end
    return right / (#order - 1)
  end

  it("asks in turn on request", function()
    for _, case in ipairs { { 90, 1, "l2" }, { 300, 3, "l2" }, { 300, 4, "cosine" } } do
      local n, k, metric = table.unpack(case)
      local z = randn(n, 3, n + k)
      local cl = clid(z, { prequential = true, k = k, metric = metric, seed = 7 })
      local space = metric == "cosine" and z / z:norm(2, 2, true) or z
      local o = { restarts = 10, iterations = 100, tolerance = 1e-6, seed = 7 }
      local id = kmeans.fit(space, math.floor(math.sqrt(n)), o).id:totable()
      local order = ssl.randperm(n, { generator = ssl.generator(7):split(1) }):totable()
      near(twin(space, id, order, k, metric), cl, 1e-12)
    end
  end)

  it("holds rows out by default", function()
    local z = randn(101, 3, 1)
    local cl = clid(z, { k = 3, split = 0.7, seed = 2 })
    local o = { restarts = 10, iterations = 100, tolerance = 1e-6, seed = 2 }
    local id = kmeans.fit(z, 10, o).id
    local order = ssl.randperm(101, { generator = ssl.generator(2):split(1) })
    local train, test = order:narrow(1, 1, 71), order:narrow(1, 72, 101)
    local got = ssl.probe.knn(z:index(1, train), id:index(1, train), z:index(1, test),
      id:index(1, test), { k = 3, metric = "l2", weights = "uniform" })
    near(got.accuracy, cl, 1e-12)
    near(cl, (clid(z, { k = 3, split = 0.7, seed = 2 })), 0)
  end)

  it("standardises over a pool", function()
    local pool = { randn(150, 2, 1), blobs(12, 12, 3, 2), randn(150, 9, 3), randn(150, 20, 4) }
    local list = clid(pool)
    local sums = { cl = 0, id = 0 }
    for i, v in ipairs(list) do
      local cl, id = clid(pool[i])
      near({ cl, id }, ssl.tensor({ v.cl, v.id }, "float64"), 0)
      sums.cl, sums.id = sums.cl + cl / 4, sums.id + id / 4
    end
    local std = { cl = 0, id = 0 }
    for name in pairs(std) do
      for _, v in ipairs(list) do std[name] = std[name] + (v[name] - sums[name]) ^ 2 / 4 end
    end
    for _, v in ipairs(list) do
      local cl, id = (v.cl - sums.cl) / math.sqrt(std.cl), (v.id - sums.id) / math.sqrt(std.id)
      near(cl + id, v.clid, 1e-12)
    end
    for _, v in ipairs(clid { pool[1], pool[1], pool[1] }) do near(0, v.clid, 0) end
  end)

  it("has edges", function()
    local one = clid { randn(30, 2, 1) }
    is_nan(one[1].clid)
    assert.matches("^clid\n  undefined  one model has no pool\n  cl ", tostring(one[1]))
    assert.equal("one model has no pool", one[1].undefined)
    local cl, id = clid(ssl.ones(1, 3))
    is_nan(cl)
    is_nan(id)
    cl, id = clid(ssl.ones(9, 3)) -- one cluster has all
    near(1, cl, 0)
    is_nan(id)
    near((clid(randn(40, 3, 5))), (clid(randn(40, 3, 5) * 2.0 ^ 900)), 0)
    local z = randn(30, 2, 1)
    z[7] = 0 / 0
    assert.raises({ "bad argument #1 to 'clid'", "row 7 of (30,2)" }, clid, z)
    assert.raises("row 7 of (30,2)", clid, { randn(30, 2, 1), z })
    is_nan((clid(z, { nan = "propagate" })))
    assert.equal(29, clid({ z }, { nan = "skip" })[1].n)
    assert.raises("tensor or list of tensors expected, got nil", clid)
    assert.raises("tensor or list of tensors expected, got an empty list", clid, {})
    assert.raises("tensor expected, got number 3", clid, { randn(9, 2, 1), 3 })
    assert.raises("clusters must be at most N = 9, got 10", clid, randn(9, 2, 1), { clusters = 10 })
    assert.raises("unknown option 'cluster'", clid, randn(9, 2, 1), { cluster = 2 })
    assert.raises("split must be in 0..1, got 3", clid, randn(9, 2, 1), { split = 3 })
    assert.raises("k must be in 1..inf, got 0", clid, randn(9, 2, 1), { k = 0 })
  end)
end)
