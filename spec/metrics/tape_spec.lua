-- Metrics as losses: with {tensor=true} they give the same value on the tape.

local ssl = require "sslkit"

local metrics = ssl.metrics

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-11) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function taped(options)
  local out = { tensor = true }
  for name, v in pairs(options or {}) do out[name] = v end
  return out
end

-- Metrics of one representation, with the options that change their values.
local cases = {
  rankme = {
    {}, { center = true }, { spectrum = "variance" }, { eps = 1e-7 },
    { eps = 1e-7, eps_mode = "log" }, { eps = 1e-3, eps_mode = "renorm" },
  },
  effective_rank = { {}, { center = false }, { spectrum = "singular" } },
  participation_ratio = { {}, { center = false } },
  uniformity = {
    {}, { t = 0 }, { t = 0.5 }, { t = 100 }, { include_diagonal = true },
    { max_rows = 5, seed = 3 },
  },
}

-- Calls f(name, options) for all of them.
local function each_case(f)
  for name, list in pairs(cases) do
    for _, options in ipairs(list) do f(name, options) end
  end
end

local function both(name, options, ...)
  local number = metrics[name](..., options)
  return number, metrics[name](..., taped(options))
end

describe("metrics on the tape", function()
  it("have the values of the numbers", function()
    local inputs = {
      randn(12, 5, 1), randn(4, 7, 2), randn(60, 9, 3, "float32"), ssl.eye(5, "float64"),
      ssl.cat({ ssl.eye(3, "float64"), ssl.zeros({ 3, 2 }, "float64") }, 2), -- rank 3
      ssl.zeros({ 4, 3 }, "float64"), ssl.full({ 6, 3 }, 0.3, "float64"),
      randn(12, 5, 4) * 1e-200, randn(12, 5, 5) * 1e200, randn(20, 5, 6) + 1e5,
      randn(5, 12, 7):t(), randn(12, 5, 8) * 1e-6 + 1,
    }
    each_case(function(name, options)
      for i, z in ipairs(inputs) do
        local number, t = both(name, options, z)
        assert.equal("float64", t:dtype())
        assert.equal(0, t:dim())
        assert.is_true(math.abs(number - t:item()) <= 1e-9, ("%s of input %d: %.15g, %.15g"):format(
          name, i, number, t:item()))
      end
    end)
  end)

  it("have the worked values", function()
    local diagonal = ssl.tensor({ { 3, 0 }, { 0, 1 } }, "float64")
    near(4 / 3 ^ 0.75, metrics.rankme(diagonal, { tensor = true }))
    near(1.75476529339, metrics.rankme(diagonal, { tensor = true, eps = 1e-7 }))
    near(1.21951219512, metrics.participation_ratio(diagonal, { tensor = true, center = false }))
    near(1.38414548846, metrics.effective_rank(diagonal, { tensor = true, center = false }))
    near(3, metrics.rankme(ssl.eye(4), { tensor = true, center = true }))
    near(-8, metrics.uniformity(ssl.tensor { { 1, 0 }, { -1, 0 } }, { tensor = true }))
    near(2, metrics.alignment(ssl.tensor { { 1, 0 } }, ssl.tensor { { 0, 1 } }, { tensor = true }))
  end)

  it("have the right gradients, where singular values coincide too", function()
    local inputs = {
      randn(9, 4, 11), randn(3, 6, 12), ssl.eye(4, "float64"), ssl.eye(4, "float64") * 3 + 0.1,
      ssl.tensor({ { 3, 0 }, { 0, 3 }, { -3, 0 }, { 0, -3 }, { 1, 1 } }, "float64"),
    }
    each_case(function(name, options)
      for i, z in ipairs(inputs) do
        -- No direction's variance may be 0: there the entropy of the singular values has a kink.
        local kink = (name == "rankme" or options.spectrum == "singular")
          and (options.center ~= name == "rankme") and i > 1
        if not kink and not (options.max_rows and i > 1) then
          local ok, worst = ssl.gradcheck(function(x) return metrics[name](x, taped(options)) end,
            { z })
          assert.is_true(ok, ("%s of input %d: %g"):format(name, i, worst))
        end
      end
    end)
  end)

  it("have gradients of alignment for every alpha", function()
    local u, v = randn(8, 3, 13), randn(8, 3, 14)
    for _, alpha in ipairs { 0, 0.5, 1, 2, 3 } do
      local number, t = metrics.alignment(u, v, { alpha = alpha }),
        metrics.alignment(u, v, { alpha = alpha, tensor = true })
      near(number, t)
      assert.is_true(ssl.gradcheck(function(a, b)
        return metrics.alignment(a, b, { alpha = alpha, tensor = true })
      end, { u, v }))
    end
  end)

  it("have the values and gradients of CKA, linear and Gaussian, biased and not", function()
    local x, y = randn(9, 3, 31), randn(9, 4, 32)
    local wide = randn(9, 40, 33)
    for _, options in ipairs {
      {}, { debiased = true }, { kernel = "rbf", sigma = 0.7 },
      { kernel = "rbf", sigma = 1.5, debiased = true },
    } do
      local w = options.kernel and wide / 5 or wide
      for _, pair in ipairs { { x, y }, { y, x + 1e3 }, { x, w }, { w, y }, { x, x } } do
        near(metrics.cka(pair[1], pair[2], options), metrics.cka(pair[1], pair[2], taped(options)),
          1e-9)
      end
      assert.is_true(ssl.gradcheck(function(a, b)
        return metrics.cka(a, b, taped(options))
      end, { x, y }))
    end
    for _, options in ipairs { {}, { debiased = true }, { kernel = "rbf" },
      { kernel = "rbf", fraction = 0.4, max_rows = 6, seed = 2 } } do
      near(metrics.cka(x, y, options), metrics.cka(x, y, taped(options)), 1e-9)
    end
    -- A kernel of which only the largest of many tiny values count; the number is of 50 digits.
    for _, tensor in ipairs { true, false } do
      near(-0.15271140003309, metrics.cka(x, wide,
        { kernel = "rbf", sigma = 1.5, debiased = true, tensor = tensor }), 1e-10)
    end
    near(metrics.cka(x * 1e-200, y * 1e200), metrics.cka(x * 1e-200, y * 1e200, { tensor = true }))
    for _, options in ipairs { {}, { debiased = true }, { kernel = "rbf" } } do
      is_nan(metrics.cka(ssl.ones(5, 2), ssl.ones(5, 3), taped(options)):item())
      is_nan(metrics.cka(ssl.ones(1, 2), ssl.ones(1, 2), taped(options)):item())
    end
    assert.raises({ "'cka'", "batch has no tensor=true" }, metrics.cka, x, y,
      { tensor = true, batch = 4 })
    assert.raises({ "'cka'", "9 rows expected" }, metrics.cka, x, y:narrow(1, 1, 4),
      { tensor = true })
  end)

  it("have gradients of 0 where there is no slope, not NaN", function()
    local function gradient(f, z)
      local g = ssl.grad(f, { z })[1]
      return g:abs():amax():item()
    end
    local zeros, twice = ssl.zeros({ 4, 3 }, "float64"), randn(4, 3, 15)
    for name in pairs(cases) do
      local f = function(z) return metrics[name](z, { tensor = true }) end
      near(0, gradient(f, zeros), 0)
      near(0, gradient(f, ssl.full({ 4, 3 }, 0.3, "float64")), 1e-7)
    end
    for _, alpha in ipairs { 0.5, 1, 2 } do
      near(0, gradient(function(z)
        return metrics.alignment(z, twice, { alpha = alpha, tensor = true })
      end, twice), 0)
    end
    -- A row of zeros has no direction; the others keep theirs.
    local z = randn(6, 3, 16)
    z[2] = 0
    local g = ssl.grad(function(x) return metrics.uniformity(x, { tensor = true }) end, { z })[1]
    near(ssl.zeros(3), g[2], 0)
    assert.is_true(g[1]:abs():amax():item() > 1e-3)
    -- Directions that the data do not have get no noise.
    local flat = ssl.cat({ randn(9, 2, 17), ssl.zeros({ 9, 2 }, "float64") }, 2)
    local r = ssl.grad(function(x) return metrics.rankme(x, { tensor = true }) end, { flat })[1]
    near(ssl.zeros({ 9, 2 }), r:narrow(2, 3, 4), 1e-12)
    assert.is_true(ssl.isfinite(r):all():item() == 1)
  end)

  it("reach float32 leaves, and rows that were skipped get nothing", function()
    for name in pairs(cases) do
      local z = randn(10, 4, 18, "float32")
      z[3] = 0 / 0
      z:requires_grad()
      local t = metrics[name](z, { tensor = true, nan = "skip" })
      near(metrics[name](z:detach(), { nan = "skip" }), t)
      t:backward()
      assert.equal("float32", z:grad():dtype())
      near(ssl.zeros(4), z:grad()[3], 0)
      assert.is_true(z:grad()[4]:abs():amax():item() > 0)
    end
    local u, v = randn(5, 3, 19), randn(5, 3, 20)
    u[2], v[4] = 0 / 0, 1 / 0
    near(metrics.alignment(u, v, { nan = "skip" }), metrics.alignment(u, v,
      { nan = "skip", tensor = true }))
  end)

  it("are NaN where the number is", function()
    local z = randn(5, 3, 21)
    z[2] = 0 / 0
    for name in pairs(cases) do
      is_nan(metrics[name](z, { tensor = true, nan = "propagate" }):item())
    end
    is_nan(metrics.alignment(z, z, { tensor = true, nan = "propagate" }):item())
    for _, name in ipairs { "effective_rank", "participation_ratio", "uniformity" } do
      is_nan(metrics[name](ssl.ones(1, 3), { tensor = true }):item())
    end
  end)

  it("raise on what a caller gets wrong", function()
    local z = randn(5, 3, 22)
    for name in pairs(cases) do
      local f, who = metrics[name], "to '" .. name .. "'"
      assert.raises({ who, "#2", "tensor must be true or false, got number 1" }, f, z,
        { tensor = 1 })
      assert.raises({ who, "#2", "one of them expected" }, f, z, { tensor = true, full = true })
      assert.raises({ who, "#1", "row 1 of (1,2) float32 holds a NaN" }, f,
        ssl.tensor { { 0 / 0, 1 } }, { tensor = true })
      assert.raises({ who, "unknown option 'centre'", "tensor" }, f, z,
        { tensor = true, centre = true })
      assert.raises({ who, "at least one row" }, f, ssl.zeros(0, 3), { tensor = true })
    end
    assert.raises({ "'rankme'", "tensor expected, got sslkit.Spectrum" }, metrics.rankme,
      metrics.spectrum(z), { tensor = true })
    assert.raises({ "'rankme'", "eps_mode must be one of" }, metrics.rankme, z,
      { tensor = true, eps_mode = "odd" })
    assert.raises({ "'effective_rank'", "spectrum must be one of" }, metrics.effective_rank, z,
      { tensor = true, spectrum = "odd" })
    assert.raises({ "'alignment'", "tensor like the first, (5,3) float64" }, metrics.alignment, z,
      z:float(), { tensor = true })
    assert.raises({ "'stable_rank'", "unknown option 'tensor'" }, metrics.stable_rank, z,
      { tensor = true })
  end)

  it("train an encoder: RankMe goes up, and views stay together", function()
    local g = ssl.generator(23)
    local x = ssl.randn({ 64, 12 }, { generator = g })
    local first = x + 0.1 * ssl.randn({ 64, 12 }, { generator = g })
    local second = x + 0.1 * ssl.randn({ 64, 12 }, { generator = g })
    ssl.seed(24)
    local net = ssl.nn.mlp { sizes = { 12, 32, 8 } }
    ssl.no_grad(function() -- nearly collapsed: a common offset
      for _, p in ipairs(net:parameters()) do
        if p:dim() == 1 and #p == 8 then p:fill_(3) end
      end
    end)
    local optimizer = ssl.optim.adam(net:parameters(), { lr = 1e-2 })
    local before = metrics.rankme(ssl.no_grad(net, x))
    local start = metrics.alignment(ssl.no_grad(net, first), ssl.no_grad(net, second))
    for _ = 1, 50 do
      local u, v = net(first), net(second)
      local loss = -metrics.rankme(u, { tensor = true })
        + metrics.alignment(u, v, { tensor = true })
      optimizer:zero_grad()
      loss:backward()
      optimizer:step()
    end
    local after = metrics.rankme(ssl.no_grad(net, x))
    local apart = metrics.alignment(ssl.no_grad(net, first), ssl.no_grad(net, second))
    assert.is_true(before < 4, before)
    assert.is_true(after > 7, after)
    assert.is_true(apart < 0.2, apart .. " from " .. start)
  end)
end)
