local core = require "sslkit.core"
local moments = require "sslkit.metrics.engine.moments"
local spectrum = require "sslkit.metrics.engine.spectrum"
local ssl = require "sslkit"
local tsqr = require "sslkit.metrics.engine.tsqr"

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

-- The scatter about the mean (or about zero), by its definition.
local function scatter_of(z, center)
  z = z:double()
  if center then z = z - z:mean(1) end
  return z:t():matmul(z)
end

local function full(m)
  local upper = m.scatter
  return upper + upper:t() - ssl.eye(m.d, "float64") * upper
end

-- z cut at random rows.
local function cut(z, parts, seed)
  local g, list, at = ssl.generator(seed), {}, 1
  for left = parts - 1, 0, -1 do
    local last = left == 0 and #z or ssl.randint(at, #z - left, { 1 }, { generator = g })[1]
    list[#list + 1] = z:narrow(1, at, last)
    at = last + 1
  end
  return list
end

local function largest_difference(a, b) return (a - b):abs():amax():item() end

describe("moments", function()
  it("are those of the definition, over blocks, tiles and dtypes", function()
    for _, case in ipairs { { 1, 1 }, { 1, 5 }, { 7, 3 }, { 1024, 5 }, { 1025, 17 }, { 2500, 65 },
      { 300, 130 }, { 600, 530 } } do
      for _, dtype in ipairs { "float32", "float64" } do
        local z = randn(case[1], case[2], 1, dtype)
        local m = moments.new(case[2]):add(z)
        assert.equal(case[1], m.n)
        assert.is_true(largest_difference(m.mean, z:double():mean(1)) < 1e-14)
        assert.is_true(largest_difference(full(m), scatter_of(z, true)) < 1e-11 * case[1])
        assert.equal(0, largest_difference(m.lo, z:double():amin(1)))
        assert.equal(0, largest_difference(m.hi, z:double():amax(1)))
      end
    end
  end)

  it("leave the lower triangle alone", function()
    local m = moments.new(300):add(randn(50, 300, 1))
    local lower = ssl.arange(1, 300):unsqueeze(2):gt(ssl.arange(1, 300))
    assert.equal(0, m.scatter:masked_select(lower):abs():amax():item())
  end)

  it("do not depend on how the rows come in", function()
    local z = randn(3000, 40, 2) + 5
    local whole = moments.new(40):add(z)
    for seed = 1, 7 do
      local streamed, merged = moments.new(40), moments.new(40)
      for _, part in ipairs(cut(z, 3 * seed, seed)) do
        streamed:add(part)
        merged:merge(moments.new(40):add(part))
      end
      for _, m in ipairs { streamed, merged } do
        assert.equal(3000, m.n)
        assert.is_true(largest_difference(m.mean, whole.mean) < 1e-13)
        assert.is_true(largest_difference(m.scatter, whole.scatter) < 1e-12 * 3000)
        assert.equal(0, largest_difference(m.lo, whole.lo))
        assert.equal(0, largest_difference(m.hi, whole.hi))
        for _, center in ipairs { false, true } do
          local a = ssl.metrics.rankme(spectrum.of(1, m, { center = center }), { center = center })
          local b = ssl.metrics.rankme(spectrum.of(1, whole, { center = center }),
            { center = center })
          assert.tensor_near(1, a / b, 1e-12)
        end
      end
    end
    local same = moments.new(40):merge(whole)
    assert.equal(0, largest_difference(same.scatter, whole.scatter))
    assert.equal(3000, same:merge(moments.new(40)).n)
  end)

  it("keep their digits far from zero", function()
    local z = randn(4000, 30, 3)
    local near_zero = ssl.metrics.rankme(moments.new(30):add(z), { center = true })
    local far = ssl.metrics.rankme(moments.new(30):add(z + 1e6), { center = true })
    assert.tensor_near(1, far / near_zero, 1e-10)
  end)

  it("drop dead columns exactly", function()
    local z = randn(100, 8, 4)
    z[{ {}, { 3, 5 } }] = 0
    z[{ {}, 8 }] = 2.5
    local m = moments.new(8):add(z)
    assert.equal(4, #m:eigenvalues(true))
    assert.equal(5, #m:eigenvalues(false))
    assert.is_true(largest_difference(m:eigenvalues(true),
      ssl.linalg.eigvalsh(scatter_of(ssl.cat({ z:narrow(2, 1, 2), z:narrow(2, 6, 7) }, 2), true)))
      < 1e-11)
  end)

  it("do not depend on the number of threads", function()
    local z = randn(2100, 300, 5, "float32")
    local before = ssl.get_threads()
    ssl.set_threads(1)
    local alone = moments.new(300):add(z)
    ssl.set_threads(3)
    local three = moments.new(300):add(z)
    ssl.set_threads(before)
    assert.is_true(ssl.equal(alone.scatter, three.scatter))
    assert.is_true(ssl.equal(alone.mean, three.mean))
  end)

  it("refuse other widths, NaN, and an empty spectrum", function()
    local m = moments.new(3)
    assert.raises("tensor (N,3) expected, got (2,4) float64", m.add, m, randn(2, 4, 1))
    assert.raises("row 2", m.add, m, ssl.tensor { { 1, 2, 3 }, { 1, 0 / 0, 3 } })
    assert.equal(0, m.n)
    assert.raises("no rows yet", spectrum.of, 1, m, {})
    assert.raises("accumulator of width 3 expected, got accumulator of 0 rows of width 4",
      m.merge, m, moments.new(4))
    assert.raises("accumulator of width 3 expected, got number 7", m.merge, m, 7)
    local huge = moments.new(2):add(ssl.full({ 3, 2 }, 1e200, "float64"):mul_(randn(3, 2, 1)))
    assert.raises("leave the range of float64", huge.eigenvalues, huge, true)
    assert.equal("accumulator of 0 rows of width 3", tostring(m))
  end)
end)

describe("the triangular factor", function()
  it("has the singular values of the data", function()
    for _, case in ipairs { { 1, 1 }, { 3, 7 }, { 50, 7 }, { 1500, 30 }, { 4000, 60 } } do
      local z = randn(case[1], case[2], 6) + 3
      local f = tsqr.new(case[2]):add(z)
      local r = math.min(case[1], case[2])
      local expected = ssl.linalg.svdvals(z)
      assert.is_true(largest_difference(f:values(false):narrow(1, 1, r), expected)
        < 1e-13 * expected[1] * case[2])
      if case[1] > 1 then
        expected = ssl.linalg.svdvals(z - z:mean(1))
        assert.is_true(largest_difference(f:values(true):narrow(1, 1, r), expected)
          < 1e-13 * expected[1] * case[2])
      end
    end
  end)

  it("resolves what moments cannot", function()
    local z = randn(2000, 5, 7):matmul(randn(5, 20, 8))
    local f = tsqr.new(20):add(z):values(true)
    assert.is_true(f[6] < 1e-14 * f[1])
    local far = tsqr.new(20):add(z + 1e6):values(true)
    assert.tensor_near(f:narrow(1, 1, 5):totable(), far:narrow(1, 1, 5), 1e-9 * f[1])
  end)

  it("does not depend on how the rows come in", function()
    local z = randn(3000, 25, 9) + 10
    local whole = tsqr.new(25):add(z)
    for seed = 1, 6 do
      local streamed, merged = tsqr.new(25), tsqr.new(25)
      for _, part in ipairs(cut(z, 2 * seed, seed)) do
        streamed:add(part)
        merged:merge(tsqr.new(25):add(part)) -- each part with a shift of its own
      end
      for _, center in ipairs { true, false } do
        local expected = whole:values(center)
        for _, f in ipairs { streamed, merged } do
          assert.equal(3000, f.n)
          assert.is_true(largest_difference(f:values(center), expected) < 1e-12 * expected[1])
        end
      end
    end
  end)

  it("is a spectrum's source like moments", function()
    local z = randn(80, 6, 10)
    local f = tsqr.new(6):add(z)
    assert.tensor_near(ssl.metrics.rankme(z), ssl.metrics.rankme(f), 1e-12)
    assert.equal("tsqr", ssl.metrics.rankme(f, { full = true }).route)
    assert.raises("triangular factor of width 6 expected", f.merge, f, tsqr.new(5))
    assert.raises("tensor (N,6) expected", f.add, f, randn(3, 5, 1))
    assert.equal("triangular factor of 80 rows of width 6", tostring(f))
  end)
end)

describe("deflation", function()
  local n, d = 700, 160
  local stream = require "sslkit.metrics.engine.stream"
  local deflation = require "sslkit.metrics.engine.deflation"
  local u = ssl.linalg.qr(randn(n, d, 21))
  local v = ssl.linalg.qr(randn(d, d, 22))

  local function rows(f, offset, dtype)
    local sigma = {}
    for i = 1, d do sigma[i] = f(i) end
    local z = (u * ssl.tensor(sigma, "float64")):matmul(v:t()) + offset
    z[{ {}, { 7, 9 } }] = 0 -- columns that are nothing
    return z:to(dtype)
  end

  local function values(z, center)
    local function each(f) stream.pieces(z, f) end
    return deflation.values(each, moments.new(d):add_finite(z), center)
  end

  local steep = {
    cube = function(i) return i ^ -3 end,
    fourth = function(i) return i ^ -4 end,
    geometric = function(i) return 0.5 ^ i end,
    deficient = function(i) return i <= 24 and 1 or 0 end,
    step = function(i) return i <= 24 and 1 or 1e-9 end,
    giants = function(i) return i <= 5 and 1e7 or i ^ -2 end,
  }

  -- A singular value decomposition is itself off by some units in the last place of the largest.
  for name, f in pairs(steep) do
    it("finds small singular values to the error that it gives: " .. name, function()
      for _, dtype in ipairs { "float64", "float32" } do
        for _, offset in ipairs { 0, 3 } do
          for _, center in ipairs { false, true } do
            local z = rows(f, offset * f(1), dtype)
            local got, e, slack = values(z, center)
            local y = z:double()
            local expected = ssl.linalg.svdvals(center and y - y:mean(1) or y):totable()
            assert.equal(d - 3, #got)
            for i, s in ipairs(got) do
              local made, root = math.abs(s - expected[i]), math.sqrt(e)
              local allowed = math.min(e / (2 * expected[i] + 1e-300), root) + 2 * slack
              assert.is_true(made <= allowed, ("%d: %.3g, allowed %.3g"):format(i, made, allowed))
            end
            assert.is_true(slack < 1e-12 * offset * f(1) * math.sqrt(n * d) + 1e-13 * got[1])
          end
        end
      end
    end)
  end

  it("leaves even spectra alone", function()
    assert.is_nil(values(rows(function() return 1 end, 0, "float64"), false))
    assert.is_nil(values(rows(function(i) return i ^ -1 end, 0, "float64"), true))
  end)

  it("is a route of the spectrum, for tensors and files", function()
    local z = randn(1100, 40, 23):matmul(randn(40, 520, 24)):float()
    local path = os.tmpname() .. ".npy"
    assert(ssl.save(path, z))
    local file = assert(ssl.io.npy.open(path))
    for _, center in ipairs { false, true } do
      local r = ssl.metrics.rankme(z, { center = center, full = true })
      assert.same({ "deflated gram", true }, { r.route, r.certified })
      local exact = ssl.metrics.rankme(tsqr.new(520):add(z), { center = center })
      assert.tensor_near(exact, r.value, 1e-9)
      assert.is_true(math.abs(math.log(r.value / exact)) <= r.bound)
      assert.tensor_near(r.value, ssl.metrics.rankme(file, { center = center }), 1e-9)
    end
    file:close()
    os.remove(path)
  end)
end)

describe("the engine's C functions", function()
  it("name the first row that is not finite", function()
    local z = ssl.ones(300, 37)
    assert.is_nil(core.nonfinite_row(z))
    for _, bad in ipairs { 0 / 0, math.huge, -math.huge } do
      for _, at in ipairs { { 1, 1 }, { 299, 37 }, { 150, 20 } } do
        local w = z:clone()
        w[{ 300, 37 }] = bad
        w[{ at[1], at[2] }] = bad
        assert.equal(at[1], core.nonfinite_row(w))
        assert.equal(at[1], core.nonfinite_row(w:double()))
      end
    end
    z[{ 7, 3 }] = 3.4e38 -- large, and finite
    assert.is_nil(core.nonfinite_row(z))
  end)

  it("check what they are given", function()
    local v, s = ssl.zeros({ 3 }, "float64"), ssl.zeros({ 3, 3 }, "float64")
    local z = ssl.ones(2, 3)
    assert.raises("float64 tensor expected, got (3) float32", core.moments_add, 0, ssl.zeros(3), s,
      v, v, z)
    assert.raises("contiguous (3,3) float64 expected, got (2,3) float64", core.moments_add, 0, v,
      ssl.zeros({ 2, 3 }, "float64"), v, v, z)
    assert.raises("at least one row expected", core.moments_add, 0, v, s, v, v, ssl.zeros(0, 3))
    assert.raises("whole number expected", core.moments_add, "x", v, s, v, v, z)
    assert.raises("contiguous (4,4) float64 expected", core.tsqr_add, s, v, z)
    assert.raises("contiguous", core.tsqr_merge, s, s:t():narrow(1, 1, 2))
    assert.raises("too large a width", core.gram_spectrum, ssl.ones(40000, 1))
    assert.raises("float tensor expected", core.direct_spectrum, ssl.ones({ 2, 2 }, "int64"))
  end)
end)
