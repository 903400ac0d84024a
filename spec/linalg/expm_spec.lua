-- The exponential of matrices, beside SciPy's and what is known of it.

local ssl = require "sslkit"

local expm = ssl.linalg.expm
local F64 = "float64"

-- scipy.linalg.expm of these times a number, which leads to each degree and to some halvings.
local BASE = { { 0.2, 0.4, -0.2 }, { 0, -0.2, 0.6 }, { 0.4, 0.2, 0.1 } }
local SCIPY = {
  [0.01] = { { 1.001998010672337, 0.003998004675168505, -0.001990999664908381 },
    { 1.2004009013806439e-05, 0.9980080086698444, 0.0059970070127527576 },
    { 0.004006007347844375, 0.002007005010260123, 1.0010025108398828 } },
  [0.2] = { { 1.0392862521689508, 0.07923869949806019, -0.03639702669621381 },
    { 0.004833484579224436, 0.9632698757237068, 0.11885804924709024 },
    { 0.08246102255087648, 0.042841672801846385, 1.021087738820844 } },
  [0.9] = { { 1.171973180918323, 0.3477731072026691, -0.10669209374113821 },
    { 0.10079168979029453, 0.8913945335758503, 0.5216596608040037 },
    { 0.4149675670628655, 0.24108101346153096, 1.118627134047754 } },
  [2] = { { 1.4160498085989432, 0.7718578026998095, -0.03172068517513726 },
    { 0.5313123242621515, 0.9984002220739012, 1.1577867040497143 },
    { 1.1260660188745777, 0.7401371175246727, 1.4001894660113747 } },
  [5] = { { 3.4419782059761443, 2.77558346060564, 1.7179885436312676 },
    { 4.658670410901127, 3.7721750193045893, 4.163375190908458 },
    { 5.8813637345397245, 4.4935720042369045, 4.300972477791776 } },
  [30] = { { 574974.3030719024, 455252.5598986359, 410316.56540755235 },
    { 956914.2680353051, 757664.5885301366, 682878.8398479539 },
    { 1093195.4052555056, 865569.1253061878, 780132.5857756784 } },
}

-- Far above rounding, far below any error of method: some hundred roundings of the largest element.
local function near(expected, out)
  local eps = out:dtype() == "float32" and 2.0 ^ -24 or 2.0 ^ -53
  local largest = out:numel() > 0 and out:double():abs():amax():item() or 0
  assert.tensor_near(expected, out:double(), 200 * eps * largest)
end

describe("expm", function()
  it("is SciPy's, of every degree and with halvings", function()
    for scale, expected in pairs(SCIPY) do
      for _, dtype in ipairs { "float32", F64 } do
        local a = ssl.tensor(BASE, F64) * scale
        local out = expm(a:to(dtype))
        assert.equal(dtype, out:dtype())
        -- the error of float32 input is magnified by the norm
        if dtype == F64 or scale < 30 then near(expected, out) end
      end
    end
  end)

  it("works on batches of different norms", function()
    local scales = { 0.01, 30, 0.9, 5 }
    local a = ssl.tensor(scales, F64):reshape(2, 2, 1, 1) * ssl.tensor(BASE, F64)
    local out = expm(a)
    assert.same({ 2, 2, 3, 3 }, { out:shape() })
    for i, scale in ipairs(scales) do
      near(SCIPY[scale], out[{ (i + 1) // 2, (i + 1) % 2 + 1 }])
    end
  end)

  it("has closed forms", function()
    near({ { 1, 2, 5.5 }, { 0, 1, 3 }, { 0, 0, 1 } },
      expm(ssl.tensor({ { 0, 2, 2.5 }, { 0, 0, 3 }, { 0, 0, 0 } }, F64)))
    for _, angle in ipairs { 0.001, 1, 10 } do
      near({ { math.cos(angle), -math.sin(angle) }, { math.sin(angle), math.cos(angle) } },
        expm(ssl.tensor({ { 0, -angle }, { angle, 0 } }, F64)))
    end
    near({ { math.exp(-700), 0 }, { 0, math.exp(3) } },
      expm(ssl.tensor({ { -700, 0 }, { 0, 3 } }, F64)))
    near({ { math.exp(1.5) } }, expm(ssl.tensor { { 1.5 } }))
    near({ { 1, 0 }, { 0, 1 } }, expm(ssl.zeros(2, 2)))
    near({ { 0 } }, expm(ssl.tensor({ { -1e10 } }, F64)))
  end)

  it("turns sums that commute into products, and the trace into the determinant", function()
    for n = 1, 6 do
      local a = ssl.randn({ 3, n, n }, F64)
      local eye = ssl.eye(n, F64):expand(3, n, n)
      local out = expm(a)
      assert.tensor_near(eye, out:matmul(expm(-a)), 1e-9)
      assert.tensor_near(expm(a * 2), out:matmul(out), 1e-9 * (out:abs():amax():item() ^ 2 + 1))
      assert.tensor_near(out:transpose(-1, -2), expm(a:transpose(-1, -2)), 1e-10 *
        (out:abs():amax():item() + 1))
      assert.tensor_near(a:trace(), ssl.linalg.slogdet(out) and select(2, ssl.linalg.slogdet(out)),
        1e-8)
    end
  end)

  it("takes empty matrices and batches", function()
    assert.same({ 0, 0 }, { expm(ssl.zeros(0, 0)):shape() })
    assert.same({ 0, 3, 3 }, { expm(ssl.zeros(0, 3, 3)):shape() })
    assert.same({ 0, 1 << 20, 1 << 20 }, { expm(ssl.zeros(0, 1 << 20, 1 << 20)):shape() })
  end)

  it("has gradients", function()
    for _, scale in ipairs { 0.01, 0.5, 6 } do -- the last with halvings
      assert.is_true(ssl.gradcheck(expm, { ssl.tensor(BASE, F64) * scale }))
    end
    local a = ssl.tensor({ 0.1, 12 }, F64):reshape(2, 1, 1) * ssl.tensor(BASE, F64)
    assert.is_true(ssl.gradcheck(expm, { a }, { tol = 1e-5 }))
  end)

  it("names what does not fit", function()
    local function fails(text, ...) assert.raises({ "#1 to 'expm' (" .. text }, expm, ...) end
    fails("square matrices expected, got (2,3) float32", ssl.zeros(2, 3))
    fails("square matrices expected, got (3) float32", ssl.zeros(3))
    fails("tensor of dtype float expected, got (2,2) int64", ssl.zeros(2, 2, "int64"))
    local a = ssl.zeros(2, 2, 2)
    a:set(0 / 0, 2, 1, 1)
    fails("matrix 2 of (2,2,2) float32 holds a NaN or an infinity", a)
    fails("matrix 1 of (1,1) float64 holds a NaN or an infinity", ssl.tensor({ { 1 / 0 } }, F64))
  end)
end)
