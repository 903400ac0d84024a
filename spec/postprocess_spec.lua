local ssl = require "sslkit"
local fixture = dofile "spec/fixtures/metrics_spectral.lua".postprocess

local P = ssl.postprocess

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

-- Correlated rows away from zero.
local function data(n, d, seed) return randn(n, d, seed):matmul(randn(d, d, seed + 1)) + 3 end

local function covariance(z)
  z = z:double()
  z = z - z:mean(1)
  return z:t():matmul(z) / (#z - 1)
end

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-9) end

local function digits() return ssl.data.digits().x:double():view(1797, 64) end

-- Rows whose covariance is diag(list).
local function with_variances(list)
  local values = {}
  for j, v in ipairs(list) do values[j] = math.sqrt(v * (2 * #list - 1) / 2) end
  local half = ssl.tensor(values, "float64"):diag()
  return ssl.cat { half, -half }
end

local ALL = {
  center = {}, l2 = {}, standardize = {}, whiten = {}, postman_pat = { beta = 1 }, pca = {},
}

describe("postprocess", function()
  it("centres and standardizes as scikit-learn does", function()
    local x = digits()
    local z = P.standardize():fit(x):apply(x)
    near(fixture.scaled_sum, z:abs():sum():item(), 1e-6)
    assert.equal(0, z:select(2, 1):abs():sum():item()) -- a constant column
    near(1, P.standardize { ddof = 1 }:fit(x):apply(x):std(1, false)[3])
    near(0, P.center():fit(x):apply(x):mean(1):abs():max():item(), 1e-12)
    near(x - x:mean(1), P.center():fit(x):apply(x))
    local offset = P.standardize():fit(ssl.full({ 7, 2 }, 0.1, "float64"))
    assert.equal(0, offset:apply(ssl.full({ 7, 2 }, 0.1, "float64")):abs():sum():item())
    near({ { 1, 1 } }, offset:apply(ssl.full({ 1, 2 }, 1.1, "float64")), 1e-12) -- its scale stays
    local huge = randn(20, 3, 1)
    local want = P.standardize():fit(huge):apply(huge)
    near(want, P.standardize():fit(huge * 2.0 ^ 700):apply(huge * 2.0 ^ 700), 1e-12)
  end)

  it("gives principal components as scikit-learn does", function()
    local x = digits()
    local z = P.pca():fit(x):apply(x)
    assert.same({ 1797, 61 }, { z:shape() }) -- three pixels are constant
    near(fixture.pca_first, z[1]:narrow(1, 1, 5):abs():sum():item(), 1e-8)
    local white = P.whiten():fit(x)
    near(fixture.whitened_first, white:apply(x)[1]:narrow(1, 1, 20):abs():sum():item(), 1e-8)
    assert.equal(29, P.pca { threshold = 0.95 }:fit(x):apply(x):size(2))
    assert.equal(2, P.pca { dims = 2 }:fit(x).matrix:size(2))
    assert.equal(61, P.pca { dims = 64 }:fit(x).matrix:size(2))
    local axis = P.pca():fit(x).matrix
    near(axis:abs():amax(1), axis:amax(1), 0) -- the largest element is positive
    near(ssl.eye(61, "float64"), axis:t():matmul(axis), 1e-12)
  end)

  it("whitens, in each of the ways", function()
    for seed, case in ipairs { { 200, 6 }, { 1500, 200 }, { 12, 11 } } do
      local z = data(case[1], case[2], seed)
      local eye = ssl.eye(case[2], "float64")
      for _, kind in ipairs { "pca", "zca", "cholesky" } do
        local w = P.whiten { kind = kind }:fit(z)
        near(eye, covariance(w:apply(z)), 1e-7)
        assert.equal(case[2], w.matrix:size(2))
      end
      local zca = P.whiten { kind = "zca" }:fit(z).matrix
      near(zca, zca:t(), 1e-7 * zca:abs():max():item())
      local l = P.whiten { kind = "cholesky" }:fit(z).matrix -- L^-T: upper triangular
      near(0, (l - l:triu()):abs():max():item(), 0)
      assert.is_true(l:diagonal():min():item() > 0)
      near(ssl.linalg.inv(ssl.linalg.cholesky(covariance(z))):t(), l, 1e-6 * l:abs():max():item())
    end
  end)

  it("regularises by eps", function()
    local z = data(100, 4, 5)
    local c = covariance(z)
    for kind in ("pca zca cholesky"):gmatch "%S+" do
      local w = P.whiten { kind = kind, eps = 0.7 }:fit(z).matrix
      near(ssl.eye(4, "float64"), w:t():matmul(c + ssl.eye(4, "float64") * 0.7):matmul(w), 1e-10)
    end
  end)

  it("leaves directions without variance out", function()
    local z = randn(50, 3, 6):matmul(randn(3, 8, 7))
    local w = P.whiten():fit(z)
    near(ssl.eye(3, "float64"), covariance(w:apply(z)), 1e-9)
    assert.same({ 50, 3 }, { w:apply(z):shape() })
    local zca = P.whiten { kind = "zca" }:fit(z)
    assert.same({ 50, 8 }, { zca:apply(z):shape() })
    near(3, ssl.linalg.trace(covariance(zca:apply(z))):item())
    assert.raises("the covariance is singular, rank 3 of 8", function()
      P.whiten { kind = "cholesky" }:fit(z)
    end)
    P.whiten { kind = "cholesky", eps = 1e-3 }:fit(z)
    near(2, P.whiten { floor = 0.5 }:fit(with_variances { 4, 3, 1 }).matrix:size(2))
    for _, name in ipairs { "whiten", "pca", "postman_pat" } do
      assert.raises("no variance", function() P[name](ALL[name]):fit(ssl.ones(5, 3)) end)
      assert.raises("at least two rows", function() P[name](ALL[name]):fit(ssl.ones(1, 3)) end)
    end
  end)

  it("gives rows the spectrum that is asked for", function()
    local z = with_variances { 4, 1, 0.25 }
    near(ssl.tensor({ 0.5, 0.840896415254, 1.519671371303 }, "float64"):diag(),
      P.postman_pat { beta = 0.5, trace = false }:fit(z).matrix)
    near(ssl.tensor({ 0.757980717016, 1.27476653554, 2.303763191298 }, "float64"):diag(),
      P.postman_pat { beta = 0.5 }:fit(z).matrix)
    for _, beta in ipairs { 0, 0.5, 2 } do
      local x = data(300, 20, 8)
      local t = P.postman_pat { beta = beta }:fit(x)
      near(beta, ssl.metrics.spectrum_decay(t:apply(x)), 1e-7)
      near(1, ssl.linalg.trace(covariance(t:apply(x))):item()
        / ssl.linalg.trace(covariance(x)):item())
      local back = P.postman_pat { beta = beta, rotate = true }:fit(x)
      near(ssl.linalg.eigvalsh(covariance(t:apply(x))),
        ssl.linalg.eigvalsh(covariance(back:apply(x))), 1e-7)
      near(back.matrix, back.matrix:t(), 1e-10)
    end
    local x = data(300, 5, 9)
    near(1, ssl.linalg.eigvalsh(covariance(P.postman_pat { beta = 1, trace = false }:fit(x)
      :apply(x)))[-1])
  end)

  it("makes rows of length 1", function()
    local z = P.l2():apply(ssl.tensor({ { 3, 4 }, { 0, 0 }, { 3e200, 4e200 }, { 3e-11, 4e-11 },
      { 1e-13, 0 } }, "float64"))
    near({ { 0.6, 0.8 }, { 0, 0 }, { 0.6, 0.8 }, { 0.6, 0.8 }, { 0.1, 0 } }, z, 1e-15)
    local tiny = ssl.tensor({ { 3e-200, 4e-200 } }, "float64")
    near({ { 0.6, 0.8 } }, P.l2 { eps = 0 }:apply(tiny), 1e-15)
    local l2 = P.l2()
    assert.is_true(rawequal(l2, l2:fit(ssl.ones(2, 2))))
  end)

  it("fits to opened files and accumulators as to rows", function()
    local z = data(900, 12, 10)
    local path = os.tmpname() .. ".npy"
    assert(ssl.save(path, z))
    local file <close> = assert(ssl.io.npy.open(path))
    os.remove(path)
    local a = ssl.metrics.accumulator(12):add(z:narrow(1, 1, 400)):add(z:narrow(1, 401, 900))
    for name, options in pairs(ALL) do
      if name ~= "l2" then
        local want = P[name](options):fit(z):apply(z)
        near(want, P[name](options):fit(file):apply(z), 1e-7)
        near(want, P[name](options):fit(a):apply(z), 1e-7)
        assert.raises("no rows yet", function()
          P[name](options):fit(ssl.metrics.accumulator(12))
        end)
      end
    end
  end)

  it("gives the dtype back, reads views, and keeps digits", function()
    local z = data(60, 6, 11)
    for name, options in pairs(ALL) do
      local t = P[name](options):fit(z:float())
      local single, double = t:apply(z:float()), t:apply(z:float():double())
      assert.same({ "float32", "float64" }, { single:dtype(), double:dtype() })
      assert.is_true(ssl.equal(double:float(), single)) -- worked out in float64 either way
      local view = z:float():t():contiguous():t()
      assert.is_true(ssl.equal(single, t:apply(view)))
      assert.is_true(ssl.equal(P[name](options):fit(view):apply(view), single))
    end
  end)

  it("lets gradients pass", function()
    local z = data(12, 4, 12)
    for name, options in pairs(ALL) do
      local t = P[name](options):fit(z)
      local weight = randn(12, 4, 13)
      assert.is_true(ssl.gradcheck(function(x) return (t:apply(x) * weight):sum() end,
        { z:clone() }))
    end
    local x = ssl.zeros(2, 2):requires_grad()
    P.l2():apply(x):sum():backward()
    assert.is_true(x:grad():isfinite():all():item() ~= 0) -- of a row of zeros, too
  end)

  it("is plain data in between", function()
    local z = data(40, 5, 14)
    for name, options in pairs(ALL) do
      local t = P[name](options):fit(z)
      local state = t:state()
      local other = P[name](options):load_state(state)
      assert.is_true(ssl.equal(t:apply(z), other:apply(z)))
      assert.equal(tostring(t), tostring(other))
      if t.mean then
        state.mean:fill_(0)
        assert.is_false(ssl.equal(state.mean, t.mean))
      end
      assert.raises("state of kind '" .. name .. "' expected, got one of kind 'else'", function()
        t:load_state { kind = "else" }
      end)
      assert.raises("got nil", function() t:load_state() end)
    end
    assert.equal("pca{dims=2}, not fitted", tostring(P.pca { dims = 2 }))
    assert.equal("pca{dims=2}, fitted to 40 rows: 5 -> 2", tostring(P.pca { dims = 2 }:fit(z)))
    assert.equal("l2{eps=1e-12}", tostring(P.l2()))
  end)

  it("raises at the caller's line", function()
    local z = data(10, 3, 15)
    local function refuses(text, f) assert.raises({ "postprocess_spec.lua:", text }, f) end
    refuses("bad argument #1 to 'whiten' (kind must be one of pca, zca, cholesky, got string 'qr')",
      function() P.whiten { kind = "qr" } end)
    refuses("unknown option 'alpha'", function() P.postman_pat { alpha = 1 } end)
    refuses("beta must be a finite number, got nil", function() P.postman_pat() end)
    refuses("beta must be in 0..inf", function() P.postman_pat { beta = -1 } end)
    refuses("dims or threshold expected, got both", function()
      P.pca { dims = 1, threshold = 0.5 }
    end)
    refuses("ddof must be in 0..1", function() P.standardize { ddof = 2 } end)
    refuses("at least two rows", function() P.standardize { ddof = 1 }:fit(z:narrow(1, 1, 1)) end)
    refuses("center has not been fitted", function() P.center():apply(z) end)
    refuses("bad argument #1 to 'apply' (rows of width 3 expected, got (2,4) float32)",
      function() P.center():fit(z):apply(ssl.ones(2, 4)) end)
    refuses("tensor with 2 dimensions expected", function() P.center():fit(z):apply(z[1]) end)
    refuses("bad argument #1 to 'fit' (tensor expected, got nil)", function() P.center():fit() end)
    refuses("unknown option 'skip'", function() P.center():fit(z, { skip = true }) end)
    z[{ 4, 1 }] = 0 / 0
    for name, options in pairs(ALL) do
      if name ~= "l2" then
        refuses("bad argument #1 to 'fit' (row 4", function() P[name](options):fit(z) end)
        assert.equal(9, P[name](options):fit(z, { nan = "skip" }).n)
      end
    end
  end)
end)
