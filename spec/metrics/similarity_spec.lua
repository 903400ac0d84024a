-- Two representations of the same samples: Procrustes distances, and what is unlike in both.

local ssl = require "sslkit"

local behaves = assert(loadfile("spec/metrics/pair_behaviour.lua", "t", _ENV))()
local M = ssl.metrics

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

local function digits()
  local x = ssl.data.digits().x:double():reshape(1797, 64):narrow(1, 1, 300)
  local p = x * x:flip(2)
  return x, p:narrow(2, 9, 28), p, dofile "spec/fixtures/metrics_pairs.lua"
end

describe("procrustes", function()
  it("gives the worked numbers", function()
    local r = M.procrustes(square, square:narrow(2, 1, 1), { full = true })
    near(0.585786437627, r.squared)
    near(0.707106781187, r.similarity)
    near(0.785398163397, r.angular)
    near(math.sqrt(0.585786437627), r.root)
    for _, form in ipairs { "squared", "root", "angular", "similarity" } do
      near(r[form], M.procrustes(square, square:narrow(2, 1, 1), { distance = form }), 0)
    end
  end)

  it("is the least that any rotation leaves", function()
    for _, n in ipairs { 40, 4 } do -- the second by rows
      local x, y = pair(n, 5, 5, 21)
      local a, b = x - x:mean(1, true), y - y:mean(1, true)
      local u, _, vh = ssl.linalg.svd(a:t():matmul(b))
      local turned = a:matmul(u:matmul(vh))
      near((turned - b):square():sum(), M.procrustes(x, y, { normalize = false }), 1e-10)
      local p, q = turned / a:norm(), b / b:norm()
      near((p - q):square():sum(), M.procrustes(x, y), 1e-12)
      for seed = 1, 5 do
        local rest = (a:matmul(orthogonal(5, seed)) - b):square():sum():item()
        assert.is_true(rest >= M.procrustes(x, y, { normalize = false }))
      end
    end
  end)

  it("is 0 up to a rotation, shift and scale", function()
    for _, n in ipairs { 40, 4 } do
      local x, y = pair(n, 6, 6, 22)
      near(0, M.procrustes(x, x:matmul(orthogonal(6, 1)) * 7 - 3), 1e-13)
      near(0, M.procrustes(x, x:matmul(orthogonal(6, 1)) - 3, { normalize = false }), 1e-12 * 6 * n)
      near(M.procrustes(x, y), M.procrustes(y, x))
      near(M.procrustes(x, y), M.procrustes(x * 2.0 ^ 600, y * 2.0 ^ -600))
      local wider = ssl.cat({ x, ssl.zeros({ n, 3 }, "float64") }, 2)
      near(M.procrustes(x, y), M.procrustes(wider, y))
    end
  end)

  it("knows the edges", function()
    local x, y = pair(12, 3, 4, 23)
    is_nan(M.procrustes(x, y * 0 + 1))
    assert.matches("no variance", M.procrustes(x, y * 0, { full = true }).undefined)
    assert.equal("one row has no variance", M.procrustes(x:narrow(1, 1, 1), y:narrow(1, 1, 1),
      { full = true }).undefined)
    local a = x - x:mean(1, true)
    near(a:square():sum(), M.procrustes(x, y * 0, { normalize = false }), 1e-11)
    near(0, M.procrustes(x * 0, y * 0, { normalize = false }), 0)
    assert.raises("distance must be one of squared, root", M.procrustes, x, y, { distance = "far" })
    assert.raises("'angular' is that of normalized", M.procrustes, x, y,
      { distance = "angular", normalize = false })
  end)

  it("is SciPy's disparity for the digits", function()
    local x, _, p, reference = digits()
    -- SciPy scales one side too, which leaves 1 - nu^2
    near(reference.procrustes_disparity, 1 - M.procrustes(x, p, { distance = "similarity" }) ^ 2)
  end)

  behaves "procrustes"
end)

describe("rsa", function()
  it("gives the worked numbers", function()
    local x, y = ssl.tensor { { 0 }, { 1 }, { 3 } }, ssl.tensor { { 0 }, { 2 }, { 3 } }
    near(0.5, M.rsa(x, y, { inner = "euclidean" }))
    near(0.5, M.rsa(x, y, { inner = "euclidean", outer = "pearson" }))
  end)

  -- Ranks by counting, correlations by sums.
  local function twin(x, y, inner, outer)
    local function pairs_of(z)
      local rows, list = z:totable(), {}
      for _, row in ipairs(rows) do
        local mean, norm = 0, 0
        for _, v in ipairs(row) do mean = mean + v / #row end
        for j, v in ipairs(row) do row[j] = inner == "correlation" and v - mean or v end
        for _, v in ipairs(row) do norm = norm + v * v end
        for j, v in ipairs(row) do row[j] = inner == "euclidean" and v or v / math.sqrt(norm) end
      end
      for i = 1, #rows do
        for j = i + 1, #rows do
          local sum, dot = 0, 0
          for k, v in ipairs(rows[i]) do
            sum, dot = sum + (v - rows[j][k]) ^ 2, dot + v * rows[j][k]
          end
          list[#list + 1] = inner == "euclidean" and math.sqrt(sum) or 1 - dot
        end
      end
      if outer == "pearson" then return list end
      local ranks = {}
      for i, v in ipairs(list) do
        local below, equal = 0, 0
        for _, w in ipairs(list) do
          below = below + (w < v and 1 or 0)
          equal = equal + (w == v and 1 or 0)
        end
        ranks[i] = below + (equal + 1) / 2
      end
      return ranks
    end
    local a, b = ssl.tensor(pairs_of(x), "float64"), ssl.tensor(pairs_of(y), "float64")
    a, b = a - a:mean(), b - b:mean()
    return (a:dot(b) / a:norm() / b:norm()):item()
  end

  it("is its definition", function()
    local x, y = pair(14, 4, 3, 31)
    for _, inner in ipairs { "correlation", "cosine", "euclidean" } do
      for _, outer in ipairs { "spearman", "pearson" } do
        near(twin(x, y, inner, outer), M.rsa(x, y, { inner = inner, outer = outer }))
      end
    end
    -- equal distances have the mean of their ranks
    local steps = ssl.randint(1, 3, { 12, 2 }, { generator = ssl.generator(1) }):double()
    near(twin(steps, y:narrow(1, 1, 12), "euclidean", "spearman"),
      M.rsa(steps, y:narrow(1, 1, 12), { inner = "euclidean" }))
  end)

  it("crosses its panels", function()
    local x, y = pair(600, 3, 2, 32) -- two panels down
    local function ranks(z)
      local d = ssl.cdist(z, z)
      local above = ssl.triu(ssl.ones({ 600, 600 }, "uint8"), 1)
      return d:masked_select(above):argsort(1):argsort(1):double()
    end
    local a, b = ranks(x), ranks(y)
    a, b = a - a:mean(), b - b:mean()
    near((a:dot(b) / a:norm() / b:norm()):item(), M.rsa(x, y, { inner = "euclidean" }))
  end)

  it("does not see what its inner measure does not", function()
    local x, y = pair(30, 5, 6, 33)
    near(M.rsa(x, y), M.rsa(x * 3 + ssl.arange(1, 30, { dtype = "float64" }):unsqueeze(2), y))
    near(1, M.rsa(x, x * 2.0 ^ 400))
    near(M.rsa(x, y), M.rsa(x * 2.0 ^ 1020, y * 2.0 ^ -1000))
    near(M.rsa(x, y, { inner = "euclidean" }), M.rsa(x:matmul(orthogonal(5, 1)) - 9, y,
      { inner = "euclidean" }))
    near(M.rsa(x, y), M.rsa(y, x))
  end)

  it("samples rows where there are too many, and says so", function()
    local x, y = pair(200, 4, 3, 34)
    local r = M.rsa(x, y, { max_rows = 100, full = true })
    assert.same({ 200, 100, 0 }, { r.n, r.n_used, r.seed })
    near(r.value, M.rsa(x, y, { max_rows = 100 }), 0)
    assert.is_true(r.value ~= M.rsa(x, y, { max_rows = 100, seed = 1 }))
    near(M.rsa(x, y), r.value, 0.15)
    near(1, M.rsa(x, x, { max_rows = 100 }))
  end)

  it("knows the edges", function()
    local x, y = pair(12, 3, 4, 35)
    local r = M.rsa(x, y * 0 + 1, { full = true })
    is_nan(r.value)
    assert.matches("equally unlike", r.undefined)
    assert.equal(12, r.zero_rows_y)
    is_nan(M.rsa(x:narrow(1, 1, 2), y:narrow(1, 1, 2)))
    x[3] = 0.7 -- no direction, but far from nothing
    assert.equal(1, M.rsa(x, y, { full = true }).zero_rows_x)
    assert.raises("inner must be one of", M.rsa, x, y, { inner = "l1" })
    assert.raises("outer must be one of", M.rsa, x, y, { outer = "kendall" })
    assert.raises("max_rows must be in 3..inf", M.rsa, x, y, { max_rows = 2 })
  end)

  it("is SciPy's for the digits", function()
    local x, y, _, reference = digits()
    near(reference.rsa, M.rsa(x, y))
    near(reference.rsa_cosine, M.rsa(x, y, { inner = "cosine", outer = "pearson" }))
    near(reference.rsa_euclidean, M.rsa(x, y, { inner = "euclidean" }))
  end)

  behaves "rsa"
end)
