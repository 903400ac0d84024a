-- What every metric gives for input at the edge of sense: a table with a row for each input and a
-- column for each metric; and what all do with NaN and infinity.

local ssl = require "sslkit"

local M = ssl.metrics
local NAN = 0 / 0

local function ids(list) return ssl.tensor(list, "int64") end

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

-- The columns. All read rows [N,D], N even or 1: halves of them are two classes, or pairs of them the
-- views of samples.
local function halves(z)
  local n = #z
  return ssl.arange(0, n - 1, 1, "int64") // math.max(1, n // 2)
end

local columns = {
  rankme = M.rankme, alpha = M.alpha_req, stable_rank = M.stable_rank, nesum = M.nesum,
  participation_ratio = M.participation_ratio, uniformity = M.uniformity, twonn = M.twonn,
  numerical_rank = M.numerical_rank, effective_rank = M.effective_rank,
  rankme_centred = function(z) return M.rankme(z, { center = true }) end,
  n_zero = function(z) return M.uniformity(z, { full = true }).n_zero end,
  n_zero_aligned = function(z) return M.alignment(z, z, { full = true }).n_zero end,
  alignment = function(z) return M.alignment(z, z) end,
  lidar = function(z)
    if #z == 1 then return M.lidar(ssl.stack({ z, z }, 2)) end
    return M.lidar(z:view(#z // 2, 2, z:size(2)))
  end,
  cka = function(z) return M.cka(z, z) end,
  cka_other = function(z) return M.cka(z, randn(#z, 3, 99):to(z:dtype())) end,
  nc1 = function(z) return M.neural_collapse(z, halves(z)).nc1 end,
  fisher = function(z) return M.fisher(z, halves(z)) end,
  silhouette = function(z) return M.silhouette(z, halves(z)) end,
  nmi = function(z) return M.nmi(halves(z), halves(z)) end,
  ari = function(z) return M.ari(halves(z), halves(z)) end,
}

local direction = ssl.tensor({ { 1, -2, 2, 0.5 } }, "float64")
local line = (randn(400, 1, 1) - randn(400, 1, 1):mean(1)):matmul(direction)

-- The rows of the table: a number, or what must hold of it. NaN as it is.
local function at_most(limit)
  return function(v) return v <= limit + 1e-9 end
end

local function close(value, tol)
  return function(v) return math.abs(v - value) <= tol end
end

local function finite(v) return v == v and math.abs(v) < math.huge end

local cases = {
  { "zeros", ssl.zeros({ 8, 4 }, "float64"),
    { rankme = 0, participation_ratio = 0, stable_rank = 0, nesum = 0, alpha = NAN, lidar = 0,
      uniformity = 0, alignment = 0, n_zero = 8, n_zero_aligned = 16, cka = NAN, cka_other = NAN,
      twonn = NAN, nc1 = NAN, fisher = NAN, numerical_rank = 0, silhouette = 0,
      effective_rank = 0 } },
  { "equal rows", ssl.full({ 8, 4 }, 0.7, "float64"),
    { rankme = close(1, 1e-12), rankme_centred = 0, participation_ratio = 0, nesum = 0,
      stable_rank = close(1, 1e-12), alpha = NAN, lidar = 0, uniformity = 0, n_zero = 0,
      alignment = close(0, 1e-15), cka = NAN, cka_other = NAN, twonn = NAN, nc1 = NAN,
      fisher = NAN, numerical_rank = 1, silhouette = 0, effective_rank = 0 } },
  { "rows on a line", line,
    -- of float32 the rounding, 1e-8 of the length, is what is beside the line
    { rankme = close(1, 1e-6), rankme_centred = close(1, 1e-6),
      participation_ratio = close(1, 1e-9), stable_rank = close(1, 1e-9), nesum = close(1, 1e-9),
      alpha = NAN, lidar = close(1, 1e-9),
      cka = close(1, 1e-12), twonn = close(1, 0.2), nc1 = finite, numerical_rank = 1 } },
  { "fewer rows than columns", randn(10, 50, 2),
    { rankme = at_most(10), rankme_centred = at_most(9), participation_ratio = at_most(9),
      effective_rank = at_most(9), nesum = at_most(9), stable_rank = at_most(10),
      numerical_rank = 10, alpha = finite, lidar = at_most(4), uniformity = finite,
      cka = close(1, 1e-12), cka_other = finite, twonn = finite, nc1 = finite, fisher = finite } },
  { "one row", randn(1, 4, 3),
    -- what is centred has no value, the participation ratio too
    { rankme = close(1, 1e-12), rankme_centred = NAN, participation_ratio = NAN,
      stable_rank = close(1, 1e-12), nesum = NAN, alpha = NAN, lidar = NAN, uniformity = NAN,
      alignment = close(0, 1e-15), cka = NAN, cka_other = NAN, twonn = NAN, nc1 = NAN, fisher = NAN,
      silhouette = NAN, nmi = 1, ari = 1 } },
}

describe("at the edge of sense", function()
  for _, case in ipairs(cases) do
    local name, z, want = table.unpack(case)
    it(name .. " give what is written down", function()
      for _, dtype in ipairs { "float64", "float32" } do
        for column, expected in pairs(want) do
          local got = columns[column](z:to(dtype))
          local fits
          if type(expected) == "function" then fits = expected(got)
          else fits = got == expected or expected ~= expected and got ~= got end
          assert.is_true(fits, ("%s of %s: %.17g"):format(column, dtype, got))
        end
      end
    end)
  end

  it("rows that come twice give what they give once, and count", function()
    local z, y = randn(30, 4, 4), ids { 1, 2, 3 }[ssl.arange(0, 29, 1, "int64") % 3 + 1]
    local z2, y2 = ssl.cat { z, z }, ssl.cat { y, y }
    assert.equal(30, M.twonn(z2, { full = true }).n_duplicates)
    assert.equal(30, M.collapse(z2).duplicates)
    -- a pair of twins adds e^0 to the mean: of the pairs of z each four times, and these
    local mean = (4 * 435 * math.exp(M.uniformity(z)) + 30) / (60 * 59 / 2)
    assert.tensor_near(math.log(mean), M.uniformity(z2), 1e-12)
    local views = randn(60, 4, 5):view(20, 3, 4)
    assert.tensor_near(M.lidar(views, { biased = true }),
      M.lidar(ssl.cat({ views, views }, 2), { biased = true }), 1e-10)
    assert.tensor_near(M.neural_collapse(z, y).nc1, M.neural_collapse(z2, y2).nc1, 1e-11)
    assert.tensor_near(M.cka(z, z:square()), M.cka(z2, z2:square()), 1e-12)
  end)

  it("a class of one row counts as nothing, or not at all", function()
    local z, y = randn(20, 3, 6), ssl.arange(0, 19, 1, "int64") % 2
    local more, also = ssl.cat { z, randn(1, 3, 7) }, ssl.cat { y, ids { 9 } }
    assert.tensor_near(M.tolerance(z, y), M.tolerance(more, also), 1e-12)
    assert.equal(0.0, M.silhouette(more, also, { full = true }).samples[-1])
    assert.equal(1, M.r_precision(more, also, { full = true }).n_lone)
    local all = ids { 1, 2, 3 }
    assert.equal(0.0, M.neural_collapse(randn(3, 2, 8), all).nc1)
  end)

  it("as many neighbours as rows are refused", function()
    local z, y = randn(6, 2, 9), ids { 1, 1, 1, 2, 2, 2 }
    local calls = {
      hubness = { z, { k = 6 } }, mle_dimension = { z, { k = 6 } }, icnn = { z, y, { k = 6 } },
      mutual_knn = { z, z, { k = 6 } }, cknna = { z, z, { k = 6 } }, recall_at = { z, y, 6 },
      correlation_dimension = { z, { k2 = 6 } },
    }
    for name, arguments in pairs(calls) do
      assert.raises({ "to '" .. name .. "'", " must be < N = 6, got 6" }, M[name],
        table.unpack(arguments))
    end
  end)
end)

-- {== NaN and infinity ======================================================================

local function labelled(n) return ssl.arange(0, n - 1, 1, "int64") % 3 end

-- How each kind is called with rows z, and options.
local kinds = {
  rows = function(f, z, o) return f(z, o) end,
  labelled = function(f, z, o, y) return f(z, y, o) end,
  first = function(f, z, o, _, w) return f(z, w, o) end,
  second = function(f, z, o, _, w) return f(w, z, o) end,
}

local names = {
  rows = "rankme effective_rank participation_ratio stable_rank nesum matrix_entropy "
    .. "numerical_rank condition "
    .. "srank alpha_req spectrum_decay pca_dimension coherence self_cluster uniformity "
    .. "twonn mle_dimension correlation_dimension hubness dead dormant",
  labelled = "fisher eta_squared calinski_harabasz davies_bouldin silhouette tolerance icnn "
    .. "r_precision map_at_r mean_average_precision mrr",
  first = "alignment cka cca svcca pwcca procrustes rsa mutual_knn cknna frechet mmd kid "
    .. "energy_distance utilization",
}
names.second = names.first

-- The sets lose their own rows, the representations of the same samples lose them jointly.
local JOINT = "alignment cka cca svcca pwcca procrustes rsa mutual_knn cknna "

describe("NaN and infinity", function()
  local n, d, at = 40, 5, 17
  local z, w, y = randn(n, d, 1) + 0.1, randn(n, d, 2), labelled(n)
  local keep = ssl.arange(1, n):ne(at)

  for kind, list in pairs(names) do
    it("are an error that names the row, or skipped, or passed on: " .. kind, function()
      for name in list:gmatch "%S+" do
        for _, bad in ipairs { NAN, math.huge, -math.huge } do
          local f, broken = M[name], z:clone()
          broken[{ at, 2 }] = bad
          local function run(rows, o, labels, other)
            return kinds[kind](f, rows, o, labels or y, other or w)
          end
          assert.raises({ ("bad argument #%d to '%s'"):format(kind == "second" and 2 or 1, name),
            "row " .. at }, run, broken)
          local joint = JOINT:find(name .. " ", 1, true)
          local want = run(z[keep], nil, y[keep], joint and w[keep] or nil)
          local full = run(broken, { nan = "skip", full = true })
          assert.equal(want, full.value, name)
          assert.equal(1, full.n_skipped, name)
          full = run(broken, { nan = "propagate", full = true })
          assert.is_true(full.value ~= full.value, name)
          assert.matches("row " .. at, full.undefined)
        end
      end
    end)
  end
end)

-- ==}
