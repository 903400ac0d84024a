-- Losses of several views: NT-Xent, VICReg, Barlow Twins.

local ssl = require "sslkit"

local losses, F64 = ssl.losses, "float64"

local function f64(t) return ssl.tensor(t, F64) end

-- The test vectors of the objectives' specification.
local A, B = f64 { { 1, 0 }, { 0.6, 0.8 }, { 0, 1 } }, f64 { { 0.8, 0.6 }, { 1, 0 }, { -0.6, 0.8 } }
local X = f64 { { 1, 2 }, { 3, 0 }, { -1, 1 }, { 0.5, -0.5 } }
local Y = f64 { { 1.2, 1.8 }, { 2.5, 0.3 }, { -0.7, 1.1 }, { 0.1, -0.2 } }
local M = f64 { { 0.8, 1.1 }, { 1.9, 0.4 }, { -0.6, 0.3 }, { 0.7, 0.2 } }

local function mixed(z1, z2, options)
  options = options or {}
  options.alpha = options.alpha or 0.3
  options.perm = options.perm or ssl.arange(#z1, 1, -1, "int64")
  return losses.mixed_barlow_twins(z1, z2, (z1 + z2) * 0.4 + z1 * z2 * 0.1, options)
end

local all = {
  ntxent = losses.ntxent, vicreg = losses.vicreg, vibcreg = losses.vibcreg,
  barlow_twins = losses.barlow_twins, mixed_barlow_twins = mixed,
}

-- Every digit that the specification prints.
local function near(want, loss, digits) assert.tensor_near(want, loss, digits or 6e-11) end

describe("ntxent", function()
  local ntxent = losses.ntxent

  it("gives the worked numbers", function()
    for temperature, want in pairs {
      [0.5] = { 1.2921383277, { { 0, -0.1424914634 }, { -0.3909840041, 0.2932380031 },
        { 0.5131604929, 0 } } },
      [0.1] = { 2.1397450126, { { 0, -1.6911607764 }, { -2.0065239222, 1.5048929416 },
        { 1.2769423416, 0 } } },
    } do
      local a = A:clone():requires_grad()
      local loss = ntxent(a, B, { temperature = temperature })
      near(want[1], loss)
      loss:backward()
      near(want[2], a:grad())
    end
  end)

  it("is the sum over anchors that its formula says, of any number of views", function()
    local g = ssl.generator(4)
    local list = {}
    for v = 1, 3 do list[v] = ssl.randn({ 4, 5 }, { dtype = F64, generator = g }) end
    local z = ssl.cat(list):normalize(2)
    local s = z:matmul(z:t()) / 0.3
    local rows = {}
    for i = 1, 12 do
      local sum, positive = 0, 0
      for k = 1, 12 do
        if k ~= i then
          sum = sum + math.exp(s[{ i, k }])
          if (k - i) % 4 == 0 then positive = positive + s[{ i, k }] / 2 end
        end
      end
      rows[i] = math.log(sum) - positive
    end
    assert.tensor_near(rows, ntxent(list, { temperature = 0.3, reduction = "none" }), 1e-13)
    assert.tensor_near(f64(rows):mean(), ntxent(list, { temperature = 0.3 }), 1e-13)
    assert.tensor_near(f64(rows):sum(), ntxent(list, { temperature = 0.3, reduction = "sum" }),
      1e-12)
    assert.tensor_near(ntxent(A, B), ntxent { A, B }, 0)
  end)

  it("looks at directions, unless told otherwise", function()
    local long = A * f64 { { 3 }, { 0.2 }, { 10 } }
    assert.tensor_near(ntxent(A, B), ntxent(long, B), 1e-14)
    assert.tensor_near(ntxent(A, B), ntxent(A, B, { normalize = false }), 1e-14)
    assert.is_true(math.abs(ntxent(long, B, { normalize = false }):item() - 1.2921) > 0.1)
  end)

  it("stays finite at small temperatures", function()
    local a = A:float():requires_grad()
    local loss = ntxent(a, B:float(), { temperature = 0.005 })
    loss:backward()
    assert.equal(1, a:grad():isfinite():all():item())
    assert.tensor_near(ntxent(A, B, { temperature = 0.005 }), loss:double(), 1e-4)
  end)

  it("gives rows without a direction no gradient", function()
    for _, tiny in ipairs { 0, 1e-14 } do
      local a = f64 { { tiny, 0 }, { 0.6, 0.8 }, { 0, 1 } }:requires_grad()
      ntxent(a, B):backward()
      assert.tensor_near({ 0, 0 }, a:grad()[1], 0)
      assert.is_true(a:grad()[2]:abs():sum():item() > 0.1)
    end
  end)

  it("says what is wrong with its arguments", function()
    assert.raises({ "#1 to 'ntxent' (embeddings [N,D] of a view, or a list of two and more",
      "got a list of 1)" }, ntxent, { A })
    assert.raises("got nil", ntxent)
    assert.raises("#2 to 'ntxent' (embeddings [N,D] expected, got nil)", ntxent, A)
    assert.raises("embeddings (3,2) float64 expected, as in the first view, got (4,2) float64",
      ntxent, A, X)
    assert.raises("dtype float64 expected, got (3,2) float32", ntxent, A, B:float())
    assert.raises("temperature must be above 0", ntxent, A, B, { temperature = 0 })
    assert.raises("#3 to 'ntxent' (unknown option 'tau'", ntxent, A, B, { tau = 1 })
    assert.raises("#2 to 'ntxent' (unknown option 'tau'", ntxent, { A, B }, { tau = 1 })
    assert.raises("two samples at least", ntxent, A:narrow(1, 1, 1), B:narrow(1, 1, 1))
  end)
end)

describe("vicreg", function()
  it("gives the worked numbers", function()
    near(9.8924525789, losses.vicreg(X * 0.5, Y * 0.5))
    near(0.0240625 * 25, losses.vicreg(X * 0.5, Y * 0.5, { var = 0, cov = 0 }))
    near((0.3097504255 + 0.4323494301) / 2, losses.vicreg(X * 0.5, Y * 0.5,
      { inv = 0, var = 1, cov = 0 }))
    near(0.0143500434 + 0.0002918403, losses.vicreg(X * 0.5, Y * 0.5, { inv = 0, var = 0 }))
    near(26.3100567840, losses.vibcreg(X * 0.5, Y * 0.5))
  end)
end)

describe("barlow_twins", function()
  it("gives the worked numbers", function()
    near(0.0008068416, losses.barlow_twins(X, Y, { lambda = 0.005 }))
    near(0.0004557670, losses.barlow_twins(X, Y, { lambda = 0 }))
    near(0.0702149274, losses.barlow_twins(X, Y, { lambda = 1 })
      - losses.barlow_twins(X, Y, { lambda = 0 }))
    near(0.1342094099, losses.barlow_twins(X, Y, { lambda = 0.005, unbiased = true }))
  end)

  it("gives the worked number of mixed samples", function()
    local options = { lambda = 0.005, unbiased = true }
    local plain = losses.barlow_twins(X, Y, options)
    options.alpha, options.perm = 0.3, ssl.tensor({ 2, 1, 4, 3 }, "int64")
    options.lambda_reg = 4
    near(0.0411841195, losses.mixed_barlow_twins(X, Y, M, options) - plain)
  end)

  it("can hold the targets of mixed samples", function()
    local x = X:clone():requires_grad()
    mixed(x, Y, { detach_mix_target = true }):backward()
    local held = x:grad():clone()
    x:grad(nil)
    mixed(x, Y):backward()
    assert.is_true((held - x:grad()):abs():max():item() > 1e-4)
  end)

  it("checks the mixture", function()
    local function fails(message, options)
      assert.raises(message, losses.mixed_barlow_twins, X, Y, M, options)
    end
    local perm = ssl.tensor({ 2, 1, 4, 3 }, "int64")
    fails("alpha must be a finite number, got nil", { perm = perm })
    fails("alpha must be in 0..1, got 2", { alpha = 2, perm = perm })
    fails("perm expected, got nil", { alpha = 0.5 })
    fails("one number for each of 4 samples, got (3) int64",
      { alpha = 0.5, perm = perm:narrow(1, 1, 3) })
    fails("perm[3] must be in 1..4, got 5", { alpha = 0.5,
      perm = ssl.tensor({ 2, 1, 5, 3 }, "int64") })
    assert.raises("#3 to 'mixed_barlow_twins' (embeddings [N,D] expected, got nil)",
      losses.mixed_barlow_twins, X, Y)
  end)
end)

for name, loss in pairs(all) do
  describe(name, function()
    local function draw(n, d, seed)
      return ssl.randn({ n, d }, { dtype = F64, generator = ssl.generator(seed) })
    end

    it("has the right gradients, of few samples and of many", function()
      for _, size in ipairs { { 4, 3 }, { 3, 9 } } do
        local z1, z2 = draw(size[1], size[2], 1), draw(size[1], size[2], 2)
        assert.is_true((ssl.gradcheck(loss, { z1, z2 }, { second = true })))
      end
    end)

    it("does not mind the order of the samples, nor, but for the mixture, of the views", function()
      local z1, z2 = draw(6, 4, 3), draw(6, 4, 4)
      local order = ssl.tensor({ 3, 6, 1, 2, 5, 4 }, "int64")
      if name ~= "mixed_barlow_twins" then
        assert.tensor_near(loss(z1, z2), loss(z1:index(1, order), z2:index(1, order)), 1e-12)
        assert.tensor_near(loss(z1, z2), loss(z2, z1), 1e-12)
      end
    end)

    it("is the same of strided views, and nearly so in float32", function()
      local z1, z2 = draw(5, 4, 5), draw(5, 4, 6)
      local turned = z1:t():contiguous():t()
      assert.tensor_near(loss(z1, z2), loss(turned, z2), 1e-13)
      assert.tensor_near(loss(z1, z2), loss(z1:float(), z2:float()):double(), 2e-5)
    end)

    it("names what is not finite", function()
      local z1, z2 = draw(5, 4, 5), draw(5, 4, 6)
      z2[{ 3, 2 }] = 0 / 0
      assert.raises(("#2 to '%s' (row 3 is not finite)"):format(name), loss, z1, z2)
    end)

    it("wants two samples and views that match", function()
      assert.raises("two samples at least expected, got (1,4) float64", loss, draw(1, 4, 1),
        draw(1, 4, 2))
      if name ~= "mixed_barlow_twins" then
        assert.raises("as in the first view, got (3,5) float64", loss, draw(3, 4, 1), draw(3, 5, 2))
        assert.raises("unknown option 'wat'", loss, draw(3, 4, 1), draw(3, 4, 2), { wat = 1 })
      end
    end)
  end)
end

describe("products of the smaller side", function()
  -- barlow_twins and vicreg take N x N products where N is small: by the definition it is D x D.
  it("give the same as the definition", function()
    local z1 = ssl.randn({ 5, 40 }, { dtype = F64, generator = ssl.generator(8) })
    local z2 = ssl.randn({ 5, 40 }, { dtype = F64, generator = ssl.generator(9) })
    local function standard(z)
      return (z - z:mean(1, true)) / (z:var(1, true, { ddof = 0 }) + 1e-5):sqrt()
    end
    local c = standard(z1):t():matmul(standard(z2)) / 5
    local eye = ssl.eye(40, F64)
    local want = (c - eye):square() * (eye + (1 - eye) * 0.0051)
    assert.tensor_near(want:sum(), losses.barlow_twins(z1, z2), 1e-11)
    local function covariance(z)
      local m = z - z:mean(1, true)
      return ((m:t():matmul(m) / 4):square() * (1 - eye)):sum() / 40
    end
    assert.tensor_near(covariance(z1) + covariance(z2),
      losses.vicreg(z1, z2, { inv = 0, var = 0 }), 1e-11)
  end)
end)
