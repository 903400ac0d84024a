-- Triangles, traces, rank and pseudo-inverse.

local reference = require "spec.tensor.reference"
local ssl = require "sslkit"

local linalg = ssl.linalg
local nan, inf = 0 / 0, math.huge
local F64 = "float64"

local function shape_of(t) return { t:shape() } end

local function turned(t) return t:transpose(-1, -2) end

describe("triu and tril", function()
  -- keeps(i, j) says which elements stay
  local function expected(t, keeps)
    local out = ssl.zeros_like(t)
    reference.each(shape_of(t), function(...)
      local at = { ... }
      if keeps(at[#at - 1], at[#at]) then out:set(t:at(...), ...) end
    end)
    return out
  end

  it("keep what lies on one side of a diagonal, in every dtype and layout", function()
    math.randomseed(3)
    for round = 1, 200 do
      local dtype = ({ "float32", "float64", "int64", "uint8" })[round % 4 + 1]
      local shape = reference.shape(2, 4)
      local t, k = reference.strided(shape, dtype, true), math.random(-7, 7)
      local function above(i, j) return j - i >= k end
      local function below(i, j) return j - i <= k end
      assert.is_true(reference.same(expected(t, above), t:triu(k)))
      assert.is_true(reference.same(expected(t, below), t:tril(k)))
      if k == 0 then assert.is_true(reference.same(t:triu(), ssl.linalg.triu(t))) end
    end
  end)

  it("cut far outside of the matrix", function()
    local t = ssl.ones(2, 3)
    for _, far in ipairs { 3, 1 << 62, math.maxinteger } do
      assert.equal(0, t:triu(far):sum():item())
      assert.equal(6, t:tril(far):sum():item())
    end
    for _, far in ipairs { -3, -(1 << 62), math.mininteger } do
      assert.equal(6, t:triu(far):sum():item())
      assert.equal(0, t:tril(far):sum():item())
    end
  end)

  it("drop NaN, and leave their operand as it was", function()
    local t = ssl.tensor { { 1, 2 }, { nan, inf } }
    assert.tensor_near({ { 1, 2 }, { 0, inf } }, t:triu())
    assert.tensor_near({ { 1, 0 }, { nan, inf } }, t:tril())
    assert.tensor_near({ { 1, 2 }, { nan, inf } }, t)
  end)

  it("are cut for threads, and take nothing", function()
    local t = ssl.randn(700, 900)
    local mask = ssl.arange(1, 700):unsqueeze(2):le(ssl.arange(1, 900))
    assert.is_true(ssl.equal(ssl.where(mask, t, 0), t:triu()))
    assert.same({ 0, 1 << 40 }, shape_of(ssl.zeros(0, 1 << 40):triu()))
    assert.same({ 1 << 40, 0 }, shape_of(ssl.zeros(1 << 40, 0):tril(1)))
    assert.same({ 0, 3, 3 }, shape_of(ssl.zeros(0, 3, 3):tril()))
  end)

  it("name what does not fit", function()
    assert.raises("#1 to 'triu' (matrix expected, got (3) float32)", ssl.triu, ssl.zeros(3))
    assert.raises("#2 to 'tril' (whole number expected, got number 0.5)", ssl.tril,
      ssl.zeros(2, 2), 0.5)
    assert.raises("#1 to 'triu' (tensor expected, got nil)", ssl.triu)
  end)
end)

describe("trace", function()
  it("is the sum of the main diagonal", function()
    assert.equal(15, ssl.trace(ssl.tensor({ { 1, 2, 3 }, { 4, 14, 6 } }, "int64")):item())
    assert.equal(510, ssl.full({ 2, 3 }, 255, "uint8"):trace():item()) -- int64: no overflow
    local t = ssl.randn({ 4, 2, 3, 5 }, F64)
    assert.tensor_near(ssl.einsum("...ii->...", t[{ {}, {}, {}, { 1, 3 } }]), t:trace(), 1e-14)
    assert.tensor_near(t:trace(), linalg.trace(turned(t)), 1e-14)
    assert.equal(0, ssl.zeros(0, 3):trace():item())
    assert.tensor_near(nan, ssl.trace(ssl.tensor { { nan } }))
    assert.raises("#1 to 'trace' (matrix expected, got (3) float32)", ssl.trace, ssl.zeros(3))
  end)
end)

describe("matrix_rank", function()
  local rank = linalg.matrix_rank

  it("counts the independent rows", function()
    math.randomseed(4)
    for _ = 1, 40 do
      local m, n, r = math.random(1, 8), math.random(1, 8), math.random(0, 8)
      local a = ssl.randn({ 3, m, r }, F64):matmul(ssl.randn({ 3, r, n }, F64))
      local expected = math.min(m, n, r)
      assert.same({ expected, expected, expected }, rank(a):totable())
      assert.same({ expected, expected, expected }, rank(a:float()):totable())
      assert.same({ expected, expected, expected }, rank(a * 1e150):totable())
      assert.same({ expected, expected, expected }, rank(a * 1e-150):totable())
      local gram = a:matmul(turned(a))
      assert.same({ expected, expected, expected }, rank(gram, { hermitian = true }):totable())
    end
    assert.equal("int64", rank(ssl.eye(2)):dtype())
    assert.equal(0, rank(ssl.zeros(3, 3)):item())
    assert.equal(0, rank(ssl.zeros(0, 3)):item())
    assert.same({ 0 }, shape_of(rank(ssl.zeros(0, 2, 2))))
    assert.equal(1, rank(ssl.ones(3, 5):requires_grad()):item())
  end)

  it("takes tolerances", function()
    local a = ssl.tensor({ { 10, 0, 0 }, { 0, 1, 0 }, { 0, 0, 0.1 } }, F64)
    assert.equal(3, rank(a):item())
    assert.equal(2, rank(a, { rtol = 0.05 }):item())
    assert.equal(1, rank(a, { atol = 2 }):item())
    assert.equal(1, rank(a, { atol = 0.5, rtol = 0.2 }):item())
    assert.equal(2, rank(a, { atol = 0.1 }):item()) -- above, not at
    assert.equal(3, rank(-a, { hermitian = true }):item())
    assert.equal(0, rank(a, { atol = 1e300 }):item())
  end)

  it("names what does not fit", function()
    local a = ssl.zeros(2, 2)
    assert.raises("'matrix_rank' (matrix expected, got (2) float32)", rank, ssl.zeros(2))
    assert.raises("'matrix_rank' (tensor of dtype float expected", rank, ssl.zeros(2, 2, "int64"))
    assert.raises("unknown option 'tol'; known: atol, hermitian, rtol", rank, a, { tol = 1 })
    assert.raises("rtol must be in 0..inf, got -1", rank, a, { rtol = -1 })
    assert.raises("hermitian must be true or false, got number 1", rank, a, { hermitian = 1 })
    assert.raises("'matrix_rank' (", rank, ssl.full({ 2, 2 }, nan))
  end)
end)

describe("pinv", function()
  local pinv = linalg.pinv

  it("is NumPy's", function()
    -- numpy.linalg.pinv
    assert.tensor_near({
      { -0.7945205479452062, -0.05479452054794492, 0.23287671232876708, 0.3835616438356154 },
      { -0.32876712328767166, 0.2876712328767123, 0.027397260273972678, -1.013698630136987 },
      { 0.8150684931506859, -0.1506849315068495, -0.10958904109589047, 0.5547945205479463 },
    }, pinv(ssl.tensor({ { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 10 }, { 1, 0, 1 } }, F64)), 1e-12)
  end)

  it("keeps Penrose's four conditions at every rank", function()
    math.randomseed(5)
    for _ = 1, 40 do
      local m, n, r = math.random(1, 7), math.random(1, 7), math.random(0, 7)
      for _, scale in ipairs { 1, 1e150, 1e-150 } do
        local a = ssl.randn({ 2, m, r }, F64):matmul(ssl.randn({ 2, r, n }, F64))
        local p = pinv(a * scale) * scale
        local ap, pa = a:matmul(p), p:matmul(a)
        -- rounding, magnified by the condition of the part that is not 0
        local size = a:abs():amax():item() * p:abs():amax():item() + 1
        local tol = 1e-12 * size * size
        assert.tensor_near(a, ap:matmul(a), tol * (a:abs():amax():item() + 1))
        assert.tensor_near(p, pa:matmul(p), tol * (p:abs():amax():item() + 1))
        assert.tensor_near(ap, turned(ap), tol)
        assert.tensor_near(pa, turned(pa), tol)
      end
    end
    assert.tensor_near(ssl.zeros(3, 2), pinv(ssl.zeros(2, 3)))
    assert.same({ 3, 0 }, shape_of(pinv(ssl.zeros(0, 3))))
    assert.same({ 0, 3, 2 }, shape_of(pinv(ssl.zeros(0, 2, 3))))
    assert.tensor_near({ { 0.5 }, { 0.25 } }, pinv(ssl.tensor { { 1, 0.5 } }) * 0.625, 1e-6)
  end)

  it("counts small singular values as 0", function()
    local a = ssl.tensor({ { 10, 0 }, { 0, 0.1 } }, F64)
    assert.tensor_near({ { 0.1, 0 }, { 0, 10 } }, pinv(a), 1e-12)
    assert.tensor_near({ { 0.1, 0 }, { 0, 0 } }, pinv(a, { rcond = 0.02 }), 1e-12)
    assert.tensor_near({ { 0, 0 }, { 0, 0 } }, pinv(a, { rcond = 1 }))
  end)

  it("names what does not fit", function()
    assert.raises("#1 to 'pinv' (matrix expected, got (2) float32)", pinv, ssl.zeros(2))
    assert.raises("rcond must be in 0..inf, got -1", pinv, ssl.zeros(2, 2), { rcond = -1 })
    assert.raises("unknown option 'rtol'; known: rcond", pinv, ssl.zeros(2, 2), { rtol = 1 })
    assert.raises("'pinv' (", pinv, ssl.full({ 2, 2 }, nan))
  end)
end)
