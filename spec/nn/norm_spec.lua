-- Normalisation: PyTorch's arrays, moments, running statistics, digits, messages.

local fixtures = dofile "spec/fixtures/nn.lua"
local cases = dofile "spec/fixtures/nn_norm.lua"
local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

local function double(values) return ssl.tensor(values, F64) end

describe("normalisation and pooling", function()
  local arrays = { "weight", "bias", "running_mean", "running_var" }

  it("are PyTorch's, and so are their gradients", function()
    for k, case in ipairs(cases) do
      -- the arrays have 9 digits; float32 has 7, and gradients are sums of up to 70 terms of about 1
      for dtype, tol in pairs { float64 = 1e-7, float32 = 2e-5 } do
        local function array(name, shape)
          return ssl.tensor(case[name], dtype):reshape(shape or case.shape[name])
        end
        local m = nn[case.name](table.unpack(case.arguments)):to(dtype)
        if case.weight then
          m.weight, m.bias = array "weight":requires_grad(), array "bias":requires_grad()
        end
        local function same(name, t)
          assert.is_true(ssl.allclose(t:reshape(-1), ssl.tensor(case[name], dtype),
            { atol = tol, rtol = tol }), ("case %d (%s): %s"):format(k, case.name, name))
        end
        local x = array "x":requires_grad()
        local y = m(x)
        assert.same(case.shape.y, { y:shape() })
        same("y", y)
        y:backward { gradient = array("g", case.shape.y) }
        same("dx", x:grad())
        for _, name in ipairs(arrays) do
          if m[name] and case["d" .. name] then same("d" .. name, m[name]:grad()) end
          if name:find "running" and case[name] then same(name, m[name]) end
        end
        if case.evaluated then same("evaluated", m:eval()(x)) end
      end
    end
  end)
end)

describe("BatchNorm", function()
  it("is PyTorch's over three steps and in evaluation, with its gradients", function()
    local want = fixtures.batchnorm
    local m = nn.BatchNorm1d(3, { momentum = 0.3, eps = 1e-3, dtype = F64 })
    m:load_state {
      weight = double(want.weight), bias = double(want.bias), running_mean = ssl.zeros(3, F64),
      running_var = ssl.ones(3, F64),
    }
    for _, step in ipairs(want.steps) do
      local x = double(step.x):requires_grad()
      m:zero_grad()
      local y = m(x)
      y:backward { gradient = double(step.g) }
      -- 1e-8: the fixture holds 9 digits
      assert.tensor_near(step.y, y, 1e-8)
      assert.tensor_near(step.dx, x:grad(), 1e-8)
      assert.tensor_near(step.dweight, m.weight:grad(), 1e-8)
      assert.tensor_near(step.dbias, m.bias:grad(), 1e-8)
      assert.tensor_near(step.running_mean, m.running_mean, 1e-8)
      assert.tensor_near(step.running_var, m.running_var, 1e-8)
    end
    assert.tensor_near(want.eval.y, m:eval()(double(want.eval.x)), 1e-8)
  end)

  it("can keep the means over all batches, as PyTorch's momentum=None does", function()
    local m = nn.BatchNorm1d(2, { momentum = "cumulative", dtype = F64 })
    local mean, var = ssl.zeros(2, F64), ssl.zeros(2, F64)
    for k = 1, 4 do
      local x = ssl.randn(5, 2, F64) * k + k
      m(x)
      mean, var = mean + x:mean(1), var + x:var(1)
      if k == 2 then -- a state goes on where it stopped
        local state = m:state()
        m = nn.BatchNorm1d(2, { momentum = "cumulative", dtype = F64 }):load_state(state)
      end
      m:eval()(x)
      m:train()
    end
    assert.equal(4, m.num_batches_tracked:item())
    assert.tensor_near(mean / 4, m.running_mean, 1e-14)
    assert.tensor_near(var / 4, m.running_var, 1e-13)
  end)

  it("moves its running statistics as the recursion says, in training only", function()
    for _, inner in ipairs { 1, 5, 40 } do
      local m = nn.BatchNorm1d(2, { dtype = F64 })
      local mean, var = { 0, 0 }, { 1, 1 }
      for k = 1, 5 do
        local x = ssl.randn(3 + k, 2, inner, F64) * k
        m(x)
        for d = 1, 2 do
          local channel = x:select(2, d)
          mean[d] = 0.9 * mean[d] + 0.1 * channel:mean():item()
          var[d] = 0.9 * var[d] + 0.1 * channel:var():item() -- the unbiased one
        end
        m:eval()(x)
        m:train()
        assert.tensor_near(mean, m.running_mean, 1e-12)
        assert.tensor_near(var, m.running_var, 1e-12)
      end
      assert.is_false(m.running_mean:needs_grad() or m.running_var:needs_grad())
    end
  end)

  -- Shapes at which channels are columns and rows, in whole strips and with a rest.
  it("is the formula at all sizes, however it is cut", function()
    for _, s in ipairs {
      { 2, 1 }, { 3, 300 }, { 5, 7 }, { 4, 100, 3 }, { 3, 10, 31 }, { 3, 10, 32 }, { 2, 37, 65 },
      { 2, 3, 1100 }, { 2, 19, 14, 14 }, { 3, 70, 2, 2 },
    } do
      local x, c = ssl.randn(s, F64):requires_grad(), s[2]
      local m = #s == 4 and nn.BatchNorm2d(c, { dtype = F64 })
        or nn.BatchNorm1d(c, { dtype = F64 })
      m.weight, m.bias = ssl.randn(c, F64):requires_grad(), ssl.randn(c, F64):requires_grad()
      local function composed(a)
        local v = a:reshape(s[1], c, -1)
        local centred = v - v:mean({ 1, 3 }, true)
        local u = centred * ((centred * centred):mean({ 1, 3 }, true) + 1e-5):rsqrt()
        return (u * m.weight:reshape(1, c, 1) + m.bias:reshape(1, c, 1)):reshape(s)
      end
      local g, all = ssl.randn(s, F64), { x, m.weight, m.bias }
      assert.tensor_near(composed(x), m(x), 1e-11)
      local want = ssl.grad(function() return (composed(x) * g):sum() end, all)
      for i, t in ipairs(ssl.grad(function() return (m(x) * g):sum() end, all)) do
        assert.tensor_near(want[i], t, 1e-10)
      end
    end
  end)

  it("is BatchNorm and then ReLU with the option relu", function()
    for _, s in ipairs { { 5, 3, 2, 2 }, { 2, 3, 6, 7 } } do
      local one, two = nn.BatchNorm2d(3, { relu = true }), nn.BatchNorm2d(3)
      local x, g = ssl.randn(s):requires_grad(), ssl.randn(s)
      for _, training in ipairs { true, false } do
        one:train(training)
        two:train(training)
        assert.is_true(ssl.equal(two(x):relu(), one(x)))
        local function gradients(f)
          return ssl.grad(function(a) return (f(a) * g):sum() end, x)
        end
        assert.tensor_near(gradients(function(a) return two(a):relu() end), gradients(one), 1e-6)
      end
    end
    assert.equal("BatchNorm2d(3, relu=true) 6 parameters",
      tostring(nn.BatchNorm2d(3, { relu = true })))
    local x = ssl.randn(4, 1)
    x[{ 2, 1 }] = 0 / 0
    assert.equal(4, nn.BatchNorm1d(1, { relu = true })(x):isnan():sum():item())
  end)

  it("gives channels of mean 0 and variance 1, constant ones too", function()
    local x = ssl.randn(50, 3, F64) * 4 + 7
    x:select(2, 3):fill_(5)
    local y = nn.BatchNorm1d(3, { dtype = F64 })(x)
    assert.tensor_near({ 0, 0, 0 }, y:mean(1), 1e-12)
    assert.tensor_near({ 1, 1, 0 }, y:var(1, nil, { ddof = 0 }), 1e-5) -- eps
  end)

  it("keeps its digits far from 0", function()
    local far = nn.BatchNorm1d(1)(ssl.tensor { { 10001 }, { 10003 } })
    assert.tensor_near({ { -1 }, { 1 } }, far, 1e-5)
    for _, inner in ipairs { 1, 64 } do
      local x = ssl.randn(64, 2, inner) + 1e4 -- float32 has steps of 0.001 there
      local y = nn.BatchNorm1d(2)(x):double()
      local z = x:double()
      local var = z:var({ 1, 3 }, true, { ddof = 0 })
      assert.tensor_near((z - z:mean({ 1, 3 }, true)) / (var + 1e-5):sqrt(), y, 2e-6)
      local first = ssl.randn(64, 2, inner, F64) -- the first element is what differences are from
      first[{ 1, 1, 1 }] = 1e6
      local m = nn.BatchNorm1d(2, { momentum = 1, dtype = F64 })
      m(first)
      -- (mean - first)^2 is up to 4096 variances: so many of the last digits are lost
      assert.near(1, m.running_var[1] / first:select(2, 1):var():item(), 1e-11)
    end
  end)

  it("lets backward pass after further forward passes", function()
    local m = nn.BatchNorm1d(2)
    local x = ssl.randn(4, 2):requires_grad()
    local loss = m(x):square():sum() + m:eval()(x):square():sum()
    m:train()(x * 2)
    loss:backward()
    assert.is_truthy(x:grad())
  end)

  it("raises in backward where what it needs was changed", function()
    local m = nn.BatchNorm1d(2, { relu = true })
    local loss = m(ssl.randn(4, 2)):sum()
    ssl.no_grad(function() m.bias:fill_(1) end)
    assert.raises("batch_norm_relu needs was changed in place", loss.backward, loss)
    local plain = nn.BatchNorm1d(2) -- which has no need of its bias
    loss = plain(ssl.randn(4, 2)):sum()
    ssl.no_grad(function() plain.bias:fill_(1) end)
    loss:backward()
  end)

  it("asks for no more than the gradients that are wanted", function()
    local m = nn.BatchNorm1d(2)
    m(ssl.randn(4, 2)):sum():backward()
    assert.tensor_near({ 4, 4 }, m.bias:grad())
    local x = ssl.randn(4, 2):requires_grad()
    local function loss() return (m(x) ^ 3):sum() end
    local want = ssl.grad(loss, { x, m.weight })[1]
    m:requires_grad(false)
    loss():backward()
    assert.is_true(ssl.equal(want, x:grad()))
  end)

  it("gives the same for any number of threads", function()
    for _, s in ipairs { { 40, 700 }, { 9, 33, 8, 8 } } do
      local x, g = ssl.randn(s), ssl.randn(s)
      local function all(threads)
        ssl.set_threads(threads)
        local m = nn[#s == 2 and "BatchNorm1d" or "BatchNorm2d"](s[2], { relu = true })
        return { m(x), m.running_var, table.unpack(ssl.grad(function(a)
          return (m(a) * g):sum()
        end, { x })) }
      end
      local one = all(1)
      for i, t in ipairs(all(3)) do assert.is_true(ssl.equal(one[i], t)) end
    end
  end)

  it("can do without weight and bias, and in evaluation without samples", function()
    local m = nn.BatchNorm1d(2, { affine = false })
    assert.equal(0, #m:parameters())
    assert.equal(2, #m:named_buffers())
    assert.same({ 5, 2 }, { m(ssl.randn(5, 2)):shape() })
    local e = nn.BatchNorm2d(2):eval()
    for _, s in ipairs { { 0, 2, 3, 3 }, { 3, 2, 0, 3 } } do
      local x = ssl.zeros(s):requires_grad()
      e(x):sum():backward()
      assert.same(s, { x:grad():shape() })
      assert.tensor_near({ 0, 0 }, e.weight:grad())
    end
  end)

  it("keeps its state and its copies", function()
    local a, b = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    a(ssl.randn(4, 3, 2, 2))
    b:load_state(a:state())
    local x = ssl.randn(2, 3, 4, 5)
    assert.is_true(ssl.equal(a:eval()(x), b:eval()(x)))
    assert.is_true(ssl.equal(a(x), a:clone()(x)))
    assert.equal(F64, a:clone():to(F64)(x:double()):dtype())
  end)

  it("says what is wrong with its arguments, and then has not moved", function()
    local m = nn.BatchNorm1d(3)
    assert.raises("more than one value a channel expected in training, got (1,3) float32", m,
      ssl.ones(1, 3))
    assert.raises("input [N,C] or [N,C,L] of 3 channels expected, got (2,4) float32", m,
      ssl.ones(2, 4))
    assert.raises("input [N,C] or [N,C,L] of 3 channels expected, got (3) float32", m, ssl.ones(3))
    assert.raises("input [N,C] or [N,C,L] of dtype float32 expected, got (2,3) float64", m,
      ssl.ones(2, 3, F64))
    assert.raises("input [N,C,H,W] of 3 channels expected, got (2,3,4) float32", nn.BatchNorm2d(3),
      ssl.ones(2, 3, 4))
    assert.raises("more than one value a channel", nn.BatchNorm2d(3), ssl.ones(1, 3, 1, 1))
    assert.tensor_near({ 0, 0, 0 }, m.running_mean)
    assert.same({ 1, 3 }, { m:eval()(ssl.ones(1, 3)):shape() })
    assert.raises("momentum must be a finite number, got string 'none'", nn.BatchNorm1d, 3,
      { momentum = "none" })
    assert.raises("momentum must be in 0..1, got 2", nn.BatchNorm1d, 3, { momentum = 2 })
    assert.raises("eps must be in 0..inf, got -1", nn.BatchNorm1d, 3, { eps = -1 })
    assert.raises("width must be a whole number, got nil", nn.BatchNorm1d)
    assert.raises("unknown option 'ReLU'; known: affine, dtype, eps, momentum, relu",
      nn.BatchNorm2d, 3, { ReLU = true })
  end)
end)

describe("LayerNorm", function()
  it("gives rows of mean 0 and variance 1, of all lengths, far from 0 too", function()
    for _, n in ipairs { 2, 31, 32, 33, 200 } do
      for dtype, tol in pairs { float64 = 1e-11, float32 = 2e-5 } do
        local x = ssl.randn(3, n, dtype) * 2 + 100
        local z = x:double()
        local want = (z - z:mean(2, true)) / (z:var(2, true, { ddof = 0 }) + 1e-5):sqrt()
        assert.tensor_near(want, nn.LayerNorm(n, { dtype = dtype })(x):double(), tol)
      end
    end
    assert.tensor_near({ { 0, 0, 0 } }, nn.LayerNorm(3)(ssl.full({ 1, 3 }, 7)))
  end)

  it("has the gradients of the formula, summed over many rows", function()
    local x = ssl.randn(700, 150, F64):requires_grad() -- enough rows for several pieces
    local m, g = nn.LayerNorm(150, { dtype = F64 }), ssl.randn(700, 150, F64)
    m.weight = ssl.randn(150, F64):requires_grad()
    local all = { x, m.weight, m.bias }
    local want = ssl.grad(function()
      local centred = x - x:mean(2, true)
      local u = centred * ((centred * centred):mean(2, true) + 1e-5):rsqrt()
      return ((u * m.weight + m.bias) * g):sum()
    end, all)
    local one = ssl.grad(function() return (m(x) * g):sum() end, all)
    for i, t in ipairs(one) do assert.tensor_near(want[i], t, 1e-10) end
    ssl.set_threads(3)
    for i, t in ipairs(ssl.grad(function() return (m(x) * g):sum() end, all)) do
      assert.is_true(ssl.equal(one[i], t))
    end
  end)

  it("takes no samples, keeps its state and its description", function()
    local a, b = nn.LayerNorm { 2, 3 }, nn.LayerNorm { 2, 3 }
    nn.init.normal_(a.weight)
    b:load_state(a:state())
    local x = ssl.randn(4, 2, 3)
    assert.is_true(ssl.equal(a(x), b(x)))
    assert.equal("LayerNorm({2, 3}) 12 parameters", tostring(a))
    assert.equal("LayerNorm(4) 0 parameters", tostring(nn.LayerNorm(4, { affine = false })))
    local empty = ssl.zeros(0, 2, 3):requires_grad()
    a(empty):sum():backward()
    assert.same({ 0, 2, 3 }, { empty:grad():shape() })
    assert.tensor_near({ { 0, 0, 0 }, { 0, 0, 0 } }, a.weight:grad())
  end)

  it("says what is wrong with its arguments", function()
    local m = nn.LayerNorm { 2, 3 }
    assert.raises("input (...,2,3) expected, got (4,3) float32", m, ssl.ones(4, 3))
    assert.raises("input (...,2,3) expected, got (3) float32", m, ssl.ones(3))
    assert.raises("input of dtype float32 expected, got (2,3) float64", m, ssl.ones(2, 3, F64))
    assert.raises("size, or list of sizes, above 0 expected, got number 0", nn.LayerNorm, 0)
    assert.raises("above 0 expected, got nil", nn.LayerNorm)
    assert.raises("unknown option 'bias'; known: affine, dtype, eps", nn.LayerNorm, 3,
      { bias = false })
  end)
end)

describe("L2Norm", function()
  it("gives rows of length 1, of any number of dimensions", function()
    local m = nn.L2Norm()
    local y = m(ssl.randn(2, 3, 4, F64))
    assert.tensor_near(ssl.ones(2, 3, F64), y:norm(2, -1), 1e-12)
    assert.tensor_near({ { 0, 0 }, { 0.6, -0.8 } }, m(double { { 0, 0 }, { 3, -4 } }))
    assert.is_true((ssl.gradcheck(m, { ssl.randn(2, 3, F64) }, { second = true })))
    local big = m(ssl.tensor { { 3e30, -4e30 } }) -- whose squares are beyond float32
    assert.tensor_near({ { 0.6, -0.8 } }, big, 1e-6)
  end)

  it("goes along another dimension, and by another eps", function()
    local x = double { { 3, 0 }, { 4, 1 } }
    assert.tensor_near({ { 0.6, 0 }, { 0.8, 1 } }, nn.L2Norm { dim = 1 }(x), 1e-12)
    assert.tensor_near({ { 0.3, 0 }, { 0.4, 0.1 } }, nn.L2Norm { dim = 1, eps = 10 }(x), 1e-12)
    assert.raises("dimension 3 of a tensor with 2", nn.L2Norm { dim = 3 }, x)
    assert.raises("eps must be in 0..inf, got -1", nn.L2Norm, { eps = -1 })
    assert.raises("unknown option 'p'; known: dim, eps", nn.L2Norm, { p = 1 })
  end)
end)
