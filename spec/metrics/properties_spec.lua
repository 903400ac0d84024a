-- What holds for all metrics of a kind, over random shapes: what they do not see, the order they stand
-- in, and that data in blocks and shards are the data.

local ssl = require "sslkit"

local M = ssl.metrics

local function near(expected, got, tol, what)
  local off = math.abs(got - expected)
  if not (off <= tol * math.max(1, math.abs(expected))) then
    error(("%s: %.17g expected, got %.17g"):format(what, expected, got), 2)
  end
end

local function generator(seed) return ssl.generator(seed) end

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = generator(seed), dtype = "float64" })
end

local function whole(lo, hi, seed)
  return ssl.randint(lo, hi, { 1 }, { generator = generator(seed) })[1]
end

local function orthogonal(d, seed) return (ssl.linalg.qr(randn(d, d, seed))) end

-- Rows away from zero, with columns of different size, of float32 numbers: those of either dtype are
-- the same.
local function rows(n, d, seed)
  return (randn(n, d, seed) * ssl.linspace(1, 2, d):double() + 0.4):float():double()
end

-- All metrics of one kind by name: what they read, and what they do not see.
--   order of the rows (those of two sets: of either), turn: a rotation, scale and shift: of all
--   columns alike, names of the labels, lengths of the rows
local ROWS = {
  rankme = "order turn scale", stable_rank = "order turn scale", srank = "order turn scale",
  matrix_entropy = "order turn scale", numerical_rank = "order turn scale",
  condition = "order turn scale",
  effective_rank = "order turn scale shift", participation_ratio = "order turn scale shift",
  nesum = "order turn scale shift", alpha_req = "order turn scale shift",
  spectrum_decay = "order turn scale shift", pca_dimension = "order turn scale shift",
  coherence = "order turn scale", self_cluster = "order turn scale lengths",
  uniformity = "order turn scale lengths", twonn = "order turn scale shift",
  mle_dimension = "order turn scale shift", correlation_dimension = "order turn scale shift",
  hubness = "order turn scale shift",
}

local LABELLED = {
  fisher = "order turn scale shift names", eta_squared = "order turn scale shift names",
  calinski_harabasz = "order turn scale shift names", silhouette = "order turn scale shift names",
  davies_bouldin = "order turn scale shift names", tolerance = "order turn scale lengths names",
  icnn = "order turn scale shift names", r_precision = "order turn scale lengths names",
  map_at_r = "order turn scale lengths names", mrr = "order turn scale lengths names",
  mean_average_precision = "order turn scale lengths names",
  nc1 = "order turn scale shift names", cdnv = "order turn scale shift names",
  nc2 = "order turn scale shift names", recall = "order turn scale lengths names",
}

local OF_LABELLED = {
  icnn = function(z, y) return M.icnn(z, y, { epsilon = 0 }) end, -- which has a size
  nc1 = function(z, y) return M.neural_collapse(z, y).nc1 end,
  nc2 = function(z, y) return M.neural_collapse(z, y).nc2 end,
  cdnv = function(z, y) return M.neural_collapse(z, y).cdnv end,
  recall = function(z, y) return M.recall_at(z, y, 3) end,
}

-- Of two representations, each of which may be changed alone, but for the order of the rows.
local PAIRS = {
  cka = "order turn scale shift", cka_debiased = "order turn scale shift",
  cka_rbf = "order turn scale shift", cca = "order turn scale shift",
  svcca = "order turn scale shift", pwcca = "order scale shift",
  procrustes = "order turn scale shift",
  rsa = "order scale", mutual_knn = "order turn scale lengths", cknna = "order turn scale lengths",
}

local OF_PAIRS = {
  cka_debiased = function(x, y) return M.cka(x, y, { debiased = true }) end,
  cka_rbf = function(x, y) return M.cka(x, y, { kernel = "rbf" }) end,
}

-- Of two sets, which are changed together but for the order of the rows.
local SETS = {
  frechet = "order turn shift", energy_distance = "order turn shift",
  mmd = "order turn scale shift",
  kid = "order turn", utilization = "order turn scale lengths",
}

-- A change of rows by its name, told by a seed.
local CHANGES = {
  turn = function(z, seed) return z:matmul(orthogonal(z:size(2), seed)) end,
  scale = function(z) return z * 3.7 end,
  shift = function(z, seed) return z + randn(1, z:size(2), seed) * 9 end,
  lengths = function(z, seed)
    return z * (ssl.rand({ #z, 1 }, { generator = generator(seed), dtype = "float64" }) + 0.5)
  end,
}

local function order_of(n, seed) return ssl.randperm(n, { generator = generator(seed) }) end

-- Rotations and shifts round the rows to some 1e-15 of their size; the metrics of small singular values
-- make the most of it.
local TOLERANCE = 1e-8

-- Calls f(seed, n, d) for random shapes, tall and wide.
local function shapes(f)
  for seed = 1, 6 do f(seed, whole(24, 90, seed), whole(2, 40, seed + 100)) end
end

describe("whatever the shape,", function()
  it("metrics of rows do not see what they should not", function()
    shapes(function(seed, n, d)
      local z = rows(n, d, seed)
      for name, blind in pairs(ROWS) do
        local value = M[name](z)
        for change in blind:gmatch "%a+" do
          local other = change == "order" and z[order_of(n, seed)] or CHANGES[change](z, seed)
          near(value, M[name](other), TOLERANCE, name .. ", " .. change)
        end
      end
    end)
  end)

  it("metrics of labelled rows do not see what they should not", function()
    shapes(function(seed, n, d)
      local y = ssl.randint(1, 4, { n }, { generator = generator(seed) })
      local z = rows(n, d, seed) + randn(4, d, seed + 1)[y]
      for name, blind in pairs(LABELLED) do
        local f = OF_LABELLED[name] or M[name]
        local value = f(z, y)
        for change in blind:gmatch "%a+" do
          local order = order_of(n, seed)
          local got
          if change == "order" then got = f(z[order], y[order])
          elseif change == "names" then got = f(z, y * -1000000007 + 5)
          else got = f(CHANGES[change](z, seed), y) end
          near(value, got, TOLERANCE, name .. ", " .. change)
        end
      end
    end)
  end)

  it("metrics of two representations do not see what they should not", function()
    shapes(function(seed, n, d)
      d = math.min(d, 9)
      local x = rows(n, d, seed)
      local y = rows(n, d + 2, seed + 30) + x:matmul(randn(d, d + 2, seed))
      for name, blind in pairs(PAIRS) do
        local f = OF_PAIRS[name] or M[name]
        local value = f(x, y)
        for change in blind:gmatch "%a+" do
          if change == "order" then
            local order = order_of(n, seed)
            near(value, f(x[order], y[order]), TOLERANCE, name .. ", order")
          else
            near(value, f(CHANGES[change](x, seed), y), TOLERANCE, name .. ", first, " .. change)
            near(value, f(x, CHANGES[change](y, seed)), TOLERANCE, name .. ", second, " .. change)
          end
        end
      end
    end)
  end)

  it("distances of two sets do not see what they should not", function()
    shapes(function(seed, n, d)
      local x, y = rows(n, d, seed), rows(n + 7, d, seed + 30) * 1.2
      for name, blind in pairs(SETS) do
        local f = M[name]
        local value = f(x, y)
        for change in blind:gmatch "%a+" do
          if change == "order" then
            near(value, f(x[order_of(n, seed)], y), TOLERANCE, name .. ", first, order")
            near(value, f(x, y[order_of(n + 7, seed)]), TOLERANCE, name .. ", second, order")
          else
            local both = CHANGES[change](ssl.cat { x, y }, seed)
            near(value, f(both:narrow(1, 1, n), both:narrow(1, n + 1, 2 * n + 7)), TOLERANCE,
              name .. ", " .. change)
          end
        end
      end
    end)
  end)

  it("float32 numbers give what they give as float64", function()
    shapes(function(seed, n, d)
      local y = ssl.randint(1, 3, { n }, { generator = generator(seed) })
      local z, w = rows(n, d, seed):float(), rows(n, d, seed + 50):float()
      local function both(name, f, ...)
        local list = {}
        for i, t in ipairs { ... } do list[i] = t:dtype() == "float32" and t:double() or t end
        -- products in float32 are taken for more data alone; sums may be of other tiles
        near(f(table.unpack(list)), f(...), 1e-12, name)
      end
      for name in pairs(ROWS) do
        both(name, M[name], z)
      end
      for name in pairs(LABELLED) do both(name, OF_LABELLED[name] or M[name], z, y) end
      for name in pairs(PAIRS) do both(name, OF_PAIRS[name] or M[name], z, w) end
      for name in pairs(SETS) do both(name, M[name], z, w) end
      both("alignment", M.alignment, z, w)
    end)
  end)

  it("ranks stand in their order", function()
    shapes(function(seed, n, d)
      local z = rows(n, d, seed):matmul(randn(d, d, seed + 7))
      for _, center in ipairs { false, true } do
        local o = { center = center }
        local limit = math.min(center and n - 1 or n, d)
        local list = { 1, M.nesum(z, o), M.participation_ratio(z, o), M.effective_rank(z, o),
          M.rankme(z, o), limit }
        for i = 2, #list do
          assert.is_true(list[i - 1] <= list[i] + 1e-9, table.concat(list, " "))
        end
        near(M.nesum(z, o), M.stable_rank(z, o), 1e-12, "stable rank")
        assert.is_true(M.srank(z, o) <= M.numerical_rank(z, o))
        assert.is_true(M.numerical_rank(z, o) <= limit)
        assert.is_true(M.matrix_entropy(z, { center = center, normalized = true }) <= 1 + 1e-12)
      end
      assert.is_true(M.rankme(z) <= M.rankme(z, { eps = 1e-7 }))
      local p = M.pca_dimension(z, { full = true })
      assert.is_true(p.n90 <= p.n95 and p.n95 <= p.n99
        and p.n99 <= M.numerical_rank(z, { center = true }))
    end)
  end)

  it("values keep to their ranges", function()
    local function within(lo, value, hi, what)
      assert.is_true(lo - 1e-9 <= value and value <= hi + 1e-9,
        ("%s: %.17g is not in %g..%g"):format(what, value, lo, hi))
    end
    shapes(function(seed, n, d)
      local y = ssl.randint(1, 4, { n }, { generator = generator(seed) })
      local z, w = rows(n, d, seed), rows(n, d, seed + 50)
      within(-1 / (math.min(n, d) - 1), M.self_cluster(z), 1, "self_cluster")
      local c = M.coherence(z, { full = true })
      within(1, c.value, n / c.rank, "coherence")
      within(-8, M.uniformity(z), 0, "uniformity")
      within(0, M.alignment(z, w), 4, "alignment")
      within(-1, M.tolerance(z, y), 1, "tolerance")
      within(-1, M.silhouette(z, y), 1, "silhouette")
      for _, name in ipairs { "eta_squared", "icnn", "r_precision", "map_at_r", "mrr",
        "mean_average_precision" } do
        within(0, M[name](z, y), 1, name)
      end
      for _, name in ipairs { "fisher", "calinski_harabasz", "davies_bouldin" } do
        within(0, M[name](z, y), math.huge, name)
      end
      for _, name in ipairs { "cka", "cca", "svcca", "pwcca", "mutual_knn" } do
        within(0, M[name](z, w), 1, name)
      end
      within(0, M.cka(z, w, { kernel = "rbf" }), 1, "cka_rbf")
      within(0, M.procrustes(z, w), 2, "procrustes")
      within(-1, M.rsa(z, w), 1, "rsa")
      within(0, M.frechet(z, w), math.huge, "frechet")
      within(0, M.mmd(z, w, { estimator = "biased" }), 2, "mmd")
      within(0, M.energy_distance(z, w), math.huge, "energy_distance")
      local n3 = n // 3
      within(1, M.lidar(z:narrow(1, 1, 3 * n3):view(n3, 3, d)), math.min(d, n3 - 1), "lidar")
      -- a mean of inverses' inverse, and the mean
      assert.is_true(M.mle_dimension(z) <= M.mle_dimension(z, { combine = "mean" }) + 1e-12)
      assert.is_true(M.map_at_r(z, y) <= M.r_precision(z, y) + 1e-15)
      local rho = M.cca(z, w, { full = true }).rho
      local v = ssl.tensor(rho, "float64")
      within(v:amin():item(), M.pwcca(z, w), v:amax():item(), "pwcca between its correlations")
    end)
  end)

  it("agreements of labels keep to their ranges and order", function()
    for seed = 1, 20 do
      local n = whole(5, 200, seed)
      local a = ssl.randint(1, whole(2, 9, seed + 1), { n }, { generator = generator(seed + 2) })
      local b = ssl.randint(1, whole(2, 9, seed + 3), { n }, { generator = generator(seed + 4) })
      local by = {}
      for _, kind in ipairs { "min", "geometric", "arithmetic", "max", "joint" } do
        by[#by + 1] = M.nmi(a, b, { average = kind })
        assert.is_true(by[#by] >= 0 and by[#by] <= (by[#by - 1] or 1) + 1e-12)
      end
      assert.is_true(M.ari(a, b) <= 1 and M.ami(a, b) <= 1)
      assert.is_true(M.ami(a, b) <= M.nmi(a, b) + 1e-12) -- nothing is by chance less than nothing
      assert.is_true(M.cluster_accuracy(a, b) <= M.purity(a, b))
      assert.is_true(M.cluster_accuracy(a, b) >= M.accuracy(a, b))
      near(1, M.ari(a, a * -3 + 1), 0, "ari of other names")
      local v = M.v_measure(a, b, { full = true })
      near(v.homogeneity, M.v_measure(b, a, { full = true }).completeness, 1e-12, "v_measure")
    end
  end)

  it("rows that all come twice change no shares", function()
    shapes(function(seed, n, d)
      d = math.min(d, 12)
      local y = ssl.randint(1, 4, { n }, { generator = generator(seed) })
      local z, w = rows(n, d, seed), rows(n, d, seed + 50)
      local z2, w2, y2 = ssl.cat { z, z }, ssl.cat { w, w }, ssl.cat { y, y }
      for _, name in ipairs { "rankme", "stable_rank", "effective_rank", "participation_ratio",
        "nesum", "alpha_req", "coherence", "twonn", "mle_dimension", "pca_dimension" } do
        near(M[name](z), M[name](z2), TOLERANCE, name)
      end
      for _, name in ipairs { "fisher", "eta_squared", "davies_bouldin", "nc1", "nc2", "cdnv" } do
        local f = OF_LABELLED[name] or M[name]
        near(f(z, y), f(z2, y2), TOLERANCE, name)
      end
      for _, name in ipairs { "cka", "cca", "procrustes", "alignment" } do
        near(M[name](z, w), M[name](z2, w2), TOLERANCE, name)
      end
      near(M.energy_distance(z, w), M.energy_distance(z2, w), TOLERANCE, "energy_distance")
      near(M.nmi(y, z2:narrow(1, 1, n):select(2, 1):gt(0):long()),
        M.nmi(y2, z2:select(2, 1):gt(0):long()), TOLERANCE, "nmi")
    end)
  end)
end)

-- {== Blocks and shards =====================================================================

-- Cuts rows 1..n into blocks of random sizes and calls f(shard, first, last) for each.
local function dealt(n, shards, seed, f)
  local g, first, turn = generator(seed), 1, 0
  while first <= n do
    local last = math.min(n, first + ssl.randint(0, 40, { 1 }, { generator = g })[1])
    f(turn % shards + 1, first, last)
    first, turn = last + 1, turn + 1
  end
end

-- The accumulator of rows and of what comes with them, from that many shards.
local function sharded(z, second, options, shards, seed)
  local parts = {}
  for i = 1, shards do parts[i] = M.accumulator(z:size(2), options) end
  dealt(#z, shards, seed, function(i, first, last)
    parts[i]:add(z:narrow(1, first, last), second and second:narrow(1, first, last))
  end)
  local all = M.accumulator(z:size(2), options)
  for _, part in ipairs(parts) do all:merge(part) end
  return all
end

describe("1 to 7 shards of random blocks are the whole:", function()
  -- Relative; the rows are of a size with their mean, and enough for every direction to be seen.
  local function same(want, got, what) near(1, got / want, 1e-12, what) end

  it("metrics of rows", function()
    for shards = 1, 7 do
      local n, d = whole(150, 400, shards), whole(12, 30, shards + 9)
      local z = rows(n, d, shards)
      local a = sharded(z, nil, {}, shards, shards)
      for _, name in ipairs { "rankme", "effective_rank", "participation_ratio", "stable_rank",
        "nesum", "matrix_entropy", "numerical_rank", "condition", "srank", "alpha_req",
        "spectrum_decay", "pca_dimension" } do
        same(M[name](z), M[name](a), name)
      end
      local other = rows(n + 9, d, shards + 70) * 1.5
      same(M.frechet(z, other), M.frechet(a, sharded(other, nil, {}, shards, 1)), "frechet")
    end
  end)

  it("metrics of labelled rows", function()
    for shards = 1, 7 do
      local n, d = whole(150, 400, shards + 20), whole(3, 30, shards + 29)
      local y = ssl.randint(1, 5, { n }, { generator = generator(shards) })
      local z = rows(n, d, shards) + randn(5, d, shards + 1)[y]
      local a = sharded(z, y * -7, { classes = true }, shards, shards)
      for _, name in ipairs { "fisher", "eta_squared", "calinski_harabasz" } do
        same(M[name](z, y), M[name](a), name)
      end
      local want, got = M.neural_collapse(z, y), M.neural_collapse(a)
      for _, name in ipairs { "nc1", "nc1_quotient", "nc2", "nc2_equinorm", "nc2_equiangularity",
        "nc2_max_angle", "cdnv" } do
        same(want[name], got[name], name)
      end
      local q = 4
      local views = rows(60 * q, d, shards + 40):view(60, q, d)
      local id = ssl.arange(0, 60 * q - 1, 1, "int64") // q
      local order = order_of(60 * q, shards)
      same(M.lidar(views), M.lidar(sharded(views:view(60 * q, d)[order], id[order],
        { classes = true }, shards, shards)), "lidar")
    end
  end)

  it("metrics of two representations", function()
    for shards = 1, 7 do
      local n, dx, dy = whole(150, 400, shards + 40), whole(2, 14, shards), whole(2, 14, shards + 9)
      local x = rows(n, dx, shards)
      local y = x:matmul(randn(dx, dy, shards)) + randn(n, dy, shards + 1)
      local a = sharded(x, y, { pair = dy }, shards, shards)
      for _, name in ipairs { "cka", "cca", "svcca", "pwcca", "procrustes" } do
        same(M[name](x, y), M[name](a), name)
      end
      local o = { debiased = true }
      same(M.cka(x, y, o), M.cka(a, nil, o), "cka, debiased")
    end
  end)
end)

-- ==}
