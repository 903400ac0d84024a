local ssl = require "sslkit"

local rankme = ssl.metrics.rankme

-- Random orthogonal columns [n,d]: eigenvectors of a random symmetric matrix.
local function orthogonal(n, d, seed)
  local a = ssl.randn({ n, n }, { generator = ssl.generator(seed), dtype = "float64" })
  local _, v = ssl.linalg.eigh(a + a:t())
  return v:narrow(2, 1, d)
end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function relative(expected, got, tol)
  assert.tensor_near(1, got / expected, tol)
end

describe("rankme", function()
  it("gives the worked numbers", function()
    local diagonal = ssl.tensor({ { 3, 0 }, { 0, 1 } }, "float64")
    assert.tensor_near(4, rankme(ssl.eye(4)), 1e-12)
    assert.tensor_near(4.00000061807, rankme(ssl.eye(4), { eps = 1e-7 }), 1e-11)
    relative(4 / 3 ^ 0.75, rankme(diagonal), 1e-12)
    relative(1.7547653506, rankme(diagonal), 1e-9)
    relative(1.75476529339, rankme(diagonal, { eps = 1e-7 }), 1e-9)
    relative(1.75476529339, rankme(diagonal, { full = true }).paper, 1e-9)
    assert.tensor_near(1, rankme(ssl.ones(4, 3)), 1e-12)
    relative(1.00000312362, rankme(ssl.ones(4, 3), { eps = 1e-7 }), 1e-9)
    assert.tensor_near(3, rankme(ssl.eye(4), { center = true }), 1e-12)
    assert.equal(0, rankme(ssl.zeros(4, 3)))
    local paper = rankme(ssl.zeros(4, 3), { full = true }).paper
    relative(math.exp(-3e-7 * math.log(1e-7)), paper, 1e-15)
    relative(1.7547653506, rankme(ssl.tensor { { 3, 1 }, { 3, -1 }, { -3, 1 }, { -3, -1 } }), 1e-9)
  end)

  it("is n for the identity of size n", function()
    for n = 1, 64 do assert.tensor_near(n, rankme(ssl.eye(n)), 1e-12 * n) end
  end)

  it("puts epsilon where each convention has it", function()
    local z = ssl.tensor({ { 3, 0 }, { 0, 1 } }, "float64")
    local function expected(term)
      return math.exp(-(term(0.75) + term(0.25)))
    end
    local e = 1e-3
    relative(expected(function(p) return (p + e) * math.log(p + e) end),
      rankme(z, { eps = e, eps_mode = "add" }), 1e-12)
    relative(expected(function(p) return p * math.log(p + e) end),
      rankme(z, { eps = e, eps_mode = "log" }), 1e-12)
    relative(expected(function(p)
      local q = (p + e) / (1 + 2 * e)
      return q * math.log(q)
    end), rankme(z, { eps = e, eps_mode = "renorm" }), 1e-12)
    relative(rankme(z), rankme(z, { eps = e, eps_mode = "none" }), 1e-15)
    relative(rankme(z, { eps = 1e-7 }), rankme(z, { eps_mode = "add" }), 1e-15)
    relative(1.38414548846, rankme(z, { spectrum = "variance" }), 1e-9)
  end)

  it("says all that it knows with full", function()
    local r = rankme(randn(40, 8, 1), { full = true })
    assert.same({ 40, 8, "direct", true, 0 }, { r.n, r.d, r.route, r.certified, r.n_zero })
    relative(r.value, math.exp(r.entropy), 1e-15)
    relative(r.value / 8, r.fraction, 1e-15)
    assert.is_nil(r.warn)
    assert.is_true(r.variance < r.value and r.value < r.paper)
    assert.matches("^rankme 7%.%d+\n", tostring(r))
    assert.matches("\n  route +direct\n", tostring(r))
    local short = rankme(randn(31, 8, 1), { full = true })
    assert.matches("N = 31 is less than 4 D = 32", short.warn)
    assert.equal(2, rankme(ssl.tensor { { 1, 1, 0 }, { 2, 2, 0 }, { 3, 3, 0 } },
      { full = true }).n_zero)
  end)

  it("does not see scale, rotation, order of rows or dtype", function()
    for seed = 1, 5 do
      local n, d = 20 + 7 * seed, 3 + 5 * seed
      local z = randn(n, d, seed, "float32"):double()
      local value = rankme(z)
      relative(value, rankme(z * 1024), 1e-13)
      relative(value, rankme(z * 1e-3), 1e-12)
      relative(value, rankme(z:matmul(orthogonal(d, d, seed))), 1e-12)
      relative(value, rankme(z[ssl.randperm(n, { generator = ssl.generator(seed) })]), 1e-12)
      assert.equal(value, rankme(z:float())) -- the same numbers, whatever they are stored in
    end
  end)

  it("reads strided views like their copies", function()
    local z = randn(60, 20, 3, "float32")
    for _, view in ipairs { z:t(), z:narrow(2, 3, 9), z[{ { 1, 60, 2 }, {} }] } do
      assert.is_false(view:is_contiguous())
      assert.equal(rankme(view:clone()), rankme(view))
    end
  end)

  it("knows the edges", function()
    assert.tensor_near(1, rankme(ssl.tensor { { 1, 2, 3 } }), 1e-12) -- one row
    local alone = rankme(ssl.tensor { { 1, 2, 3 } }, { center = true, full = true })
    assert.is_true(alone.value ~= alone.value)
    assert.matches("one row", alone.undefined)
    assert.equal(0, rankme(ssl.full({ 5, 3 }, 2.5), { center = true })) -- constant rows
    local wide = randn(6, 50, 4)
    assert.is_true(rankme(wide) <= 6 and rankme(wide) > 5)
    assert.is_true(rankme(wide, { center = true }) <= 5 + 1e-9)
    local z = randn(10, 4, 5)
    relative(rankme(z), rankme(ssl.cat { z, z }), 1e-12) -- duplicated rows
    relative(rankme(z), rankme(ssl.cat({ z, ssl.zeros({ 10, 3 }, "float64") }, 2)), 1e-13)
    assert.tensor_near(1, rankme(ssl.tensor { { 7 }, { -2 } }), 1e-15) -- one column
  end)

  it("keeps to its range for huge and tiny numbers", function()
    local z = randn(30, 5, 6)
    local value = rankme(z)
    for _, power in ipairs { 2.0 ^ 1000, 2.0 ^ 600, 2.0 ^ -600, 2.0 ^ -1000 } do
      relative(value, rankme(z * power), 1e-12)
    end
    local large = randn(700, 300, 6) -- by way of a Gram matrix
    relative(rankme(large), rankme(large * 2.0 ^ 900), 1e-9)
    relative(rankme(large), rankme(large * 2.0 ^ -900), 1e-9)
    relative(rankme(z:float()), rankme(z:float() * 1e37), 1e-6)
  end)

  it("names the first bad row, or does what it is told", function()
    local z = ssl.ones(5, 3)
    z[{ 4, 2 }] = 0 / 0
    z[{ 5, 1 }] = math.huge
    assert.raises({ "bad argument #1 to 'rankme'", "row 4 of (5,3) float32 holds a NaN or an inf" },
      rankme, z)
    local skipped = rankme(z, { nan = "skip", full = true })
    assert.same({ 3, 2 }, { skipped.n, skipped.n_skipped })
    assert.tensor_near(1, skipped.value, 1e-12)
    local passed = rankme(z, { nan = "propagate", full = true })
    assert.is_true(passed.value ~= passed.value)
    assert.matches("row 4", passed.undefined)
    assert.raises("every row of (2,2) float32", rankme, ssl.full({ 2, 2 }, math.huge),
      { nan = "skip" })
  end)

  it("refuses what it cannot read", function()
    assert.raises("tensor with 2 dimensions expected, got (3) float32", rankme, ssl.ones(3))
    assert.raises("tensor of dtype float expected, got (2,2) int64", rankme,
      ssl.ones({ 2, 2 }, "int64"))
    assert.raises("at least one row and one column expected, got (0,3) float32", rankme,
      ssl.zeros(0, 3))
    assert.raises("at least one row and one column expected, got (3,0) float32", rankme,
      ssl.zeros(3, 0))
    assert.raises("tensor expected, got nil", rankme)
    assert.raises({ "bad argument #2", "unknown option 'centre'", "center" }, rankme, ssl.eye(2),
      { centre = true })
    assert.raises("eps_mode must be one of none, add, log, renorm", rankme, ssl.eye(2),
      { eps_mode = "sum" })
    assert.raises("spectrum must be one of singular, variance", rankme, ssl.eye(2),
      { spectrum = "power" })
    assert.raises("eps must be in 0..inf, got -1", rankme, ssl.eye(2), { eps = -1 })
    assert.raises("nan must be one of error, skip, propagate", rankme, ssl.eye(2), { nan = "drop" })
    assert.raises("table of options expected, got number 3", rankme, ssl.eye(2), 3)
  end)

  it("does not depend on the number of threads", function()
    local z = randn(3000, 160, 8, "float32")
    ssl.set_threads(1)
    local alone = rankme(z)
    for threads = 2, 4 do
      ssl.set_threads(threads)
      assert.equal(alone, rankme(z))
    end
  end)
end)

-- Spectra that are hard on Gram matrices. The bound must be at or above the error that was made; the
-- value that is given, whatever the route, must be right to 1e-6.
describe("rankme's certificate", function()
  local n, d = 300, 64
  local u, v = orthogonal(n, d, 1), orthogonal(d, d, 2)

  local cases = {
    flat = function() return 1 end,
    beta1 = function(i) return i ^ -0.5 end,
    beta2 = function(i) return i ^ -1 end,
    beta4 = function(i) return i ^ -2 end,
    beta8 = function(i) return i ^ -4 end,
    geometric = function(i) return 0.5 ^ i end,
    rank8 = function(i) return i <= 8 and 1 or 0 end,
    ["near rank 8"] = function(i) return i <= 8 and 1 or 1e-9 end,
    ["a step to 1e-7"] = function(i) return i <= 32 and 1 or 1e-7 end,
    ["one giant"] = function(i) return i == 1 and 1e6 or 1 end,
    ["one dwarf"] = function(i) return i == 64 and 1e-10 or 1 end,
  }

  local function matrix(f)
    local sigma = {}
    for i = 1, d do sigma[i] = f(i) end
    return (u * ssl.tensor(sigma, "float64")):matmul(v:t())
  end

  local moments = require "sslkit.metrics.engine.moments"
  local engine = require "sslkit.metrics.engine.spectrum"

  for name, f in pairs(cases) do
    for _, dtype in ipairs { "float64", "float32" } do
      it("is no less than the error: " .. name .. ", " .. dtype, function()
        for _, offset in ipairs { 0, 100 } do
          for _, center in ipairs { false, true } do
            local z = (matrix(f) + offset):to(dtype)
            local direct = rankme(z, { center = center, full = true })
            assert.equal("direct", direct.route)
            local gram = engine.of(1, moments.new(d):add(z), { center = center, need = "entropy" })
            local made = math.abs(math.log(rankme(gram, { center = center }) / direct.value))
            assert.is_true(gram.bound >= made,
              ("bound %.3g, error %.3g"):format(gram.bound, made))
            assert.equal(gram.bound <= 1e-6, gram.certified)
          end
        end
      end)
    end
  end

  it("sends rank deficient data to the triangular factor", function()
    local z = randn(1500, 24, 3):matmul(randn(24, 200, 4))
    local deficient = rankme(z, { full = true })
    assert.same({ "tsqr", true }, { deficient.route, deficient.certified })
    assert.equal("gram", rankme(randn(1500, 200, 6), { full = true }).route)
    assert.equal("tsqr", rankme(randn(1500, 200, 6), { full = true, tolerance = 0 }).route)
    assert.equal("gram of rows", rankme(randn(200, 1500, 6), { full = true }).route)
    assert.equal("direct", rankme(randn(200, 1500, 6), { full = true, tolerance = 0 }).route)
  end)

  it("agrees over all routes", function()
    local z = randn(1500, 200, 7)
    for _, center in ipairs { false, true } do
      relative(rankme(z, { center = center, tolerance = 0 }), rankme(z, { center = center }), 1e-12)
      local w = z:t()
      relative(rankme(w, { center = center, tolerance = 0 }), rankme(w, { center = center }), 1e-12)
    end
  end)
end)
