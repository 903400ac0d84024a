-- ssl.linalg.norm, beside NumPy's values and what the names say.

local ssl = require "sslkit"

local norm = ssl.linalg.norm
local inf, nan = math.huge, 0 / 0
local F64 = "float64"

local function shape_of(t) return { t:shape() } end

-- numpy.linalg.norm of this, and of NumPy's arange(24).reshape(2,3,4) - 7.5 over axes (0, 2)
local MATRIX = { { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 10 }, { 1, 0, 1 } }
local ORDERS = { "fro", "nuc", inf, -inf, 1, -1, 2, -2 }
local OF_MATRIX = { 17.4928556845359, 19.139400411765354, 25, 2, 20, 13, 17.45089558463664,
  0.7015656613921288 }
local OF_BATCH = {
  { 17.26267650163207, 20.639767440550294, 28.460498941515414 },
  { 20.132840408645517, 23.093965941777732, 30.287476998257723 },
  { 24, 40, 56 }, { 24, 8, 8 }, { 12, 12, 19 }, { 12, 12, 13 },
  { 16.97056274847714, 20.472630525548556, 28.39768826023791 },
  { 3.1622776601683786, 2.621335416229177, 1.8897887380198126 },
}
local SWAPPED = { 1, 2, 5, 6, 3, 4, 7, 8 } -- rows and columns exchanged

describe("linalg.norm", function()
  it("of matrices is NumPy's", function()
    local batch = (ssl.arange(0, 23, 1, F64) - 7.5):reshape(2, 3, 4)
    for i, ord in ipairs(ORDERS) do
      local a = ssl.tensor(MATRIX, F64)
      assert.tensor_near(OF_MATRIX[i], norm(a, ord), 1e-12)
      assert.tensor_near(OF_MATRIX[i], norm(a:float(), ord), 1e-5)
      assert.tensor_near({ { OF_MATRIX[i] } }, norm(a, ord, { 1, 2 }, true), 1e-12)
      assert.tensor_near(OF_BATCH[i], norm(batch, ord, { 1, 3 }), 1e-12)
      assert.tensor_near(OF_BATCH[SWAPPED[i]], norm(batch, ord, { -1, 1 }), 1e-12)
      local kept = norm(batch, ord, { -3, 3 }, true)
      assert.same({ 1, 3, 1 }, shape_of(kept))
      assert.tensor_near(OF_BATCH[i], kept:reshape(3), 1e-12)
    end
  end)

  it("of vectors is what its order says", function()
    local v = ssl.tensor({ 3, -4, 0, 12 }, F64)
    local orders = { [0] = 3, [1] = 19, [2] = 13, [3] = 1819 ^ (1 / 3), [inf] = 12, [-inf] = 0,
      [0.5] = (3 ^ 0.5 + 2 + 12 ^ 0.5) ^ 2 }
    for ord, expected in pairs(orders) do
      assert.tensor_near(expected, norm(v, ord), 1e-12)
      assert.tensor_near(expected, norm(v, ord, 1), 1e-12)
      assert.tensor_near(expected, norm(v, ord, { -1 }), 1e-12)
      assert.tensor_near({ { expected }, { expected } },
        norm(v:expand(2, 4), ord, 2, true), 1e-12)
      assert.tensor_near({ expected, expected }, norm(v:expand(2, 4):t(), ord, 1), 1e-12)
    end
    assert.tensor_near((1 / 9 + 1 / 16) ^ -0.5, norm(ssl.tensor({ 3, -4 }, F64), -2), 1e-12)
  end)

  it("without an order is the length of all elements, or over the dimensions", function()
    local t = ssl.randn({ 2, 3, 4 }, F64)
    assert.tensor_near(t:square():sum():sqrt(), norm(t), 1e-12)
    assert.tensor_near(t:square():sum { 1, 3 }:sqrt(), norm(t, nil, { 1, 3 }), 1e-12)
    assert.tensor_near(t:square():sum { 1, 2, 3 }:sqrt(), norm(t, nil, { 1, 2, 3 }), 1e-12)
    assert.same({ 1, 1, 1 }, shape_of(norm(t, nil, nil, true)))
    assert.equal(3, norm(ssl.tensor(-3)):item())
  end)

  it("neither overflows nor vanishes where the result does not", function()
    for _, scale in ipairs { 1e200, 1e-200, 1e-300, 1e307 } do
      local v = ssl.tensor({ 3, -4 }, F64) * scale
      assert.tensor_near(5, norm(v) / scale, 1e-14)
      assert.tensor_near(91 ^ (1 / 3), norm(v, 3) / scale, 1e-14)
      assert.tensor_near(5, norm(v:reshape(1, 2), "fro") / scale, 1e-14)
      assert.tensor_near(5, norm(v:reshape(2, 1), "nuc") / scale, 1e-12)
    end
    assert.tensor_near(5, norm(ssl.tensor { 3e30, 4e30 }) / 1e30, 1e-6)
    assert.tensor_near(5, norm(ssl.tensor { 3e-30, 4e-30 }) / 1e-30, 1e-6)
  end)

  it("lets NaN and infinities win", function()
    for _, ord in ipairs { 1, 2, 3, inf } do
      assert.tensor_near(nan, norm(ssl.tensor { 1, nan }, ord))
      assert.tensor_near(inf, norm(ssl.tensor { 1, -inf }, ord))
    end
    assert.tensor_near(nan, norm(ssl.tensor { { 1, nan } }, 1))
    assert.raises("'norm' (", norm, ssl.tensor { { 1, nan } }, "nuc")
  end)

  it("of nothing is 0, or an error where something has to be the largest", function()
    assert.equal(0, norm(ssl.zeros(0)):item())
    for _, ord in ipairs { "fro", "nuc", 1 } do
      assert.equal(0, norm(ssl.zeros(0, 3), ord):item())
    end
    for _, ord in ipairs { inf, -inf, 2, -2 } do
      assert.raises("'norm' (", norm, ssl.zeros(0, 3), ord)
    end
    assert.raises("'norm' (", norm, ssl.zeros(0), inf)
    assert.same({ 0 }, shape_of(norm(ssl.zeros(0, 2, 3), 2, { 2, 3 })))
  end)

  it("has gradients", function()
    local a = ssl.tensor({ { 1, -2, 3.5 }, { 0.5, 4, -6 } }, F64)
    for _, ord in ipairs(ORDERS) do
      assert.is_true(ssl.gradcheck(function(x) return norm(x, ord) end, { a }))
      assert.is_true(ssl.gradcheck(function(x) return norm(x, ord, { 3, 1 }) end,
        { ssl.stack({ a, a:flip(1) * 1.5 }, 2) }))
    end
    for _, ord in ipairs { 1, 2, 3, inf } do
      assert.is_true(ssl.gradcheck(function(x) return norm(x, ord, 2) end, { a }))
    end
    local slope = ssl.grad(function(x) return norm(x) end, ssl.zeros(2, F64))
    assert.same({ 0, 0 }, slope:totable())
  end)

  it("names what does not fit", function()
    local a = ssl.zeros(2, 3)
    local function fails(text, ...) assert.raises({ " to 'norm' (" .. text }, norm, ...) end
    fails("ord must be a number, 'fro' or 'nuc', got string 'frob'", a, "frob")
    fails("a norm of matrices is 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, got number 3", a, 3)
    fails("'fro' is a norm of matrices, not of vectors", a, "fro", 1)
    fails("'nuc' is a norm of matrices, not of vectors", ssl.zeros(3), "nuc")
    fails("vector or matrix expected where dim is not given, got (1,2,3)", ssl.zeros(1, 2, 3), 1)
    fails("vector or matrix expected where dim is not given, got () float32", ssl.tensor(1), 2)
    fails("one or two dimensions expected, got 3", ssl.zeros(1, 2, 3), 2, { 1, 2, 3 })
    fails("dimension 2 is named twice", a, "fro", { 2, -1 })
    fails("dimension 3 of a tensor with 2", a, 2, 3)
    fails("keepdim must be true or false, got number 2", a, 1, 1, 2)
    fails("tensor of dtype float expected, got (2) int64", ssl.zeros(2, "int64"))
    fails("ord must be a number, 'fro' or 'nuc', got number nan", a, nan)
  end)
end)
