-- Two representations of the same samples: canonical correlations.

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
local other = ssl.tensor { { 1, 1 }, { 0, 1 }, { -1, 0 }, { 0, -2 } }

local function digits()
  local x = ssl.data.digits().x:double():reshape(1797, 64):narrow(1, 1, 300)
  local p = x * x:flip(2)
  return x, p:narrow(2, 9, 28), dofile "spec/fixtures/metrics_pairs.lua"
end

-- Correlations as the eigenvalues of Cxx^-1 Cxy Cyy^-1 Cyx.
local function correlations(x, y)
  x, y = x - x:mean(1, true), y - y:mean(1, true)
  local xx, yy, xy = x:t():matmul(x), y:t():matmul(y), x:t():matmul(y)
  local l = ssl.linalg.cholesky(xx)
  local half = ssl.linalg.solve(l, xy)
  local m = half:matmul(ssl.linalg.solve(yy, half:t()))
  local values = ssl.linalg.eigvalsh((m + m:t()) / 2):flip(1):clamp(0, 1):sqrt()
  return values:narrow(1, 1, math.min(x:size(2), y:size(2)))
end

describe("cca", function()
  it("gives the worked numbers", function()
    local r = M.cca(square, other, { full = true })
    near({ 1, 0.904534033733 }, ssl.tensor(r.rho, "float64"), 1e-12)
    near(0.952267016867, r.value)
    near(0.909090909091, M.cca(square, other, { squared = true }))
    near(0.909090909091, r.r2)
  end)

  it("is its definition, from many rows and from few", function()
    for _, n in ipairs { 400, 15, 8 } do -- the last two are fewer than 2 (3 + 5)
      local x, y = pair(n, 3, 5, n)
      local r = M.cca(x, y, { full = true })
      near(correlations(x, y), ssl.tensor(r.rho, "float64"), 1e-10)
      assert.equal(n == 8, r.warn ~= nil)
    end
    local x, y = pair(9000, 3, 2, 5) -- in blocks
    near(correlations(x, y):mean(), M.cca(x, y), 1e-11)
  end)

  it("does not see linear maps", function()
    for _, n in ipairs { 60, 12 } do
      local x, y = pair(n, 4, 4, 6)
      local map = randn(4, 4, 7)
      near(M.cca(x, y), M.cca(x:matmul(map) * 1e8 + 3, y * 1e-7), 1e-9)
      near(1, M.cca(x, x:matmul(map) - 5), 1e-12)
      near(M.cca(x, y), M.cca(y, x))
      near(M.cca(x, y), M.cca(x * 2.0 ^ 700, y * 2.0 ^ -700))
    end
  end)

  it("drops directions that are not there", function()
    for _, n in ipairs { 80, 9 } do
      local x, y = pair(n, 3, 2, 8)
      local more = ssl.cat({ x, x:narrow(2, 1, 2) - x:narrow(2, 2, 3), ssl.ones(n, 1):double() }, 2)
      local r = M.cca(more, y, { full = true })
      assert.equal(3, r.rank_x)
      near(M.cca(x, y), r.value, 1e-11)
      -- in float32 what rounding has made of such a direction
      local single = ssl.cat({ x, x:narrow(2, 1, 1) / 3 + x:narrow(2, 2, 2) / 7 }, 2):float()
      assert.equal(3, M.cca(single, y, { full = true }).rank_x)
      assert.equal(1, M.cca(x * ssl.tensor({ 1, 1e-3, 1e-3 }, "float64"), y,
        { rtol = 0.1, full = true }).rank_x)
    end
  end)

  it("has a ridge", function()
    local x, y = pair(100, 3, 3, 9)
    local a, b = x - x:mean(1, true), y - y:mean(1, true)
    local function white(z, ridge)
      local w, v = ssl.linalg.eigh(z:t():matmul(z) / 99)
      return v:matmul(((w + ridge) ^ -0.5):unsqueeze(2) * v:t())
    end
    local m = white(a, 0.7):matmul(a:t():matmul(b) / 99):matmul(white(b, 0.7))
    near(ssl.linalg.svdvals(m):mean(), M.cca(x, y, { ridge = 0.7 }), 1e-11)
    assert.raises("ridge must be in 0..inf", M.cca, x, y, { ridge = -1 })
    assert.raises("rtol must be in 0..1", M.cca, x, y, { rtol = 2 })
  end)

  it("knows the edges", function()
    local x, y = pair(12, 3, 4, 10)
    local r = M.cca(x, y * 0 + 2, { full = true })
    is_nan(r.value)
    assert.equal("a side has no variance", r.undefined)
    assert.equal("one row has no variance", M.cca(x:narrow(1, 1, 1), y:narrow(1, 1, 1),
      { full = true }).undefined)
    local few = M.cca(randn(5, 9, 1), randn(5, 9, 2), { full = true })
    near(1, few.value, 1e-12)
    assert.matches("N = 5 is not above the ranks' sum, 8", few.warn)
  end)

  it("is SciPy's subspace angles for the digits", function()
    local x, y, reference = digits() -- pixels that never change among them
    near(reference.cca, M.cca(x, y), 1e-10)
    near(reference.cca_squared, M.cca(x, y, { squared = true }), 1e-10)
    near(reference.cca, M.cca(x:float(), y:float()), 1e-10)
  end)

  behaves "cca"
end)

describe("svcca", function()
  it("looks at the leading directions", function()
    local x, y = pair(200, 6, 5, 11)
    x = x * ssl.tensor({ 100, 50, 20, 1, 1, 1 }, "float64")
    local function leading(z, k)
      local u = ssl.linalg.svd(z - z:mean(1, true))
      return u:narrow(2, 1, k)
    end
    local r = M.svcca(x, y, { full = true })
    assert.equal(3, r.rank_x)
    assert.is_true(r.share_x >= 0.99 and r.share_x < 1)
    near(ssl.linalg.svdvals(leading(x, 3):t():matmul(leading(y, r.rank_y))):mean(), r.value, 1e-11)
    r = M.svcca(x, y, { components = 2, full = true })
    assert.same({ 2, 2, 2 }, { r.rank_x, r.rank_y, r.components })
    near(ssl.linalg.svdvals(leading(x, 2):t():matmul(leading(y, 2))):mean(), r.value, 1e-11)
    near(M.cca(x, y), M.svcca(x, y, { variance = 1 }))
    near(M.cca(x, y), M.svcca(x, y, { components = 99 }))
    near(r.r2, M.svcca(x, y, { components = 2, squared = true }), 0)
  end)

  it("does not see rotation and scale", function()
    local x, y = pair(70, 5, 4, 12)
    local turned = x:matmul(orthogonal(5, 1)) * 3 + 1
    near(M.svcca(x, y), M.svcca(turned, y:matmul(orthogonal(4, 2))), 1e-11)
    near(1, M.svcca(x, x:matmul(orthogonal(5, 3))), 1e-12)
  end)

  it("refuses options that make no sense", function()
    local x = randn(9, 2, 1)
    assert.raises("exclude each other", M.svcca, x, x, { variance = 0.9, components = 2 })
    assert.raises("variance must be in 0..1, got 2", M.svcca, x, x, { variance = 2 })
    assert.raises("components must be in 1..inf", M.svcca, x, x, { components = 0 })
    is_nan(M.svcca(x, x * 0))
  end)

  it("is what NumPy's singular vectors give for the digits", function()
    local x, y, reference = digits()
    near(reference.svcca, M.svcca(x, y), 1e-10)
  end)

  behaves "svcca"
end)

describe("pwcca", function()
  it("gives the worked numbers", function()
    local r = M.pwcca(square, other, { full = true })
    near(0.952267016867, r.value)
    near({ 0.5, 0.5 }, ssl.tensor(r.weights, "float64"))
    assert.equal("x", r.side)
  end)

  it("is its definition", function()
    for _, n in ipairs { 100, 9 } do
      local x, y = pair(n, 3, 4, 13)
      for _, side in ipairs { "x", "y" } do
        -- by the eigenvectors of products of projections, as vectors over the samples
        local a, b = x - x:mean(1, true), y - y:mean(1, true)
        local u, v = ssl.linalg.qr(a), ssl.linalg.qr(b)
        local p, s, qh = ssl.linalg.svd(u:t():matmul(v))
        local h = side == "x" and u:matmul(p) or v:matmul(qh:t())
        local alpha = h:t():matmul(side == "x" and a or b):abs():sum(2)
        local r = M.pwcca(x, y, { side = side, full = true })
        near((alpha / alpha:sum() * s):sum(), r.value, 1e-10)
        assert.equal(side, r.side)
        near(1, ssl.tensor(r.weights, "float64"):sum())
      end
      near(M.pwcca(x, y, { side = "x" }), M.pwcca(x, y), 0)
      near(M.pwcca(x, y), M.pwcca(y, x), 1e-11) -- there it is y that is smaller
    end
    assert.raises("side must be one of smaller, x, y", M.pwcca, square, other, { side = "z" })
    is_nan(M.pwcca(square, other * 0))
  end)

  it("is what NumPy's singular vectors give for the digits", function()
    local x, y, reference = digits()
    near(reference.pwcca, M.pwcca(x, y), 1e-9)
    near(1, M.pwcca(x, x:narrow(2, 1, 64) * 3 - 2), 1e-10)
  end)

  behaves "pwcca"
end)
