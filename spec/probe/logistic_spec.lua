local core = require "sslkit.core"
local ssl = require "sslkit"

local logistic = ssl.probe.logistic

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function classes(n, k, seed)
  local y = ssl.randint(1, k, { n }, { generator = ssl.generator(seed) })
  for c = 1, k do y[c] = c end
  return y
end

-- The objective and its gradient by their definition, for weights [K,d] and biases [K] on x [n,d].
local function twin(x, y, w, b, lambda)
  local logits = x:matmul(w:t()) + b
  local target = ssl.zeros({ #x, #w }, "float64"):scatter_(2, y:unsqueeze(2), 1)
  local value = -(logits:log_softmax(2) * target):sum():item() / #x
    + lambda / 2 * w:square():sum():item()
  local r = (logits:softmax(2) - target) / #x
  return value, r:t():matmul(x) + w * lambda, r:sum(1)
end

local function largest(t) return t:abs():amax():item() end

describe("logistic", function()
  it("gives the hand example", function()
    local z = ssl.tensor({ { 1 }, { -1 } }, "float64")
    local y = ssl.tensor({ 1, 0 }, "int64")
    local r = logistic(z, y, z, y, { lambda = 0.1, tolerance = 1e-10 })
    assert.tensor_near({ { -1.064017 }, { 1.064017 } }, r.weight, 1e-6)
    assert.tensor_near({ 0, 0 }, r.bias, 1e-9)
    assert.tensor_near(0.225712, r.objective, 1e-6)
    assert.is_true(r.converged)
    assert.same({ 1, 0 }, r.predictions:totable())
  end)

  -- The counts are those of the minimum; where a public solver stops before it, one more or less.
  it("counts the digits", function()
    local ds = ssl.data.digits()
    local z = ds.x:reshape(1797, 64):float() / 16
    local train, test = z:narrow(1, 1, 1000), z:narrow(1, 1001, 1797)
    local train_y, test_y = ds.y:narrow(1, 1, 1000), ds.y:narrow(1, 1001, 1797)
    for C, want in pairs { [0.01] = { 704, 1.29930, 2.8592 }, [0.1] = { 731, .50733, 8.0362 },
      [1] = { 743, .28338, 15.5192 }, [10] = { 745, .27485, 27.6180 },
      [100] = { 737, .35632, 44.5327 } } do
      local r = logistic(train, train_y, test, test_y,
        { lambda = 1 / (C * 1000), standardize = false })
      assert.is_true(r.converged)
      assert.is_true(math.abs(r.accuracy * 797 - want[1]) < 1.5)
      assert.tensor_near(want[2], r.nll, 1e-4)
      assert.tensor_near(want[3], r.norm, 1e-3)
      assert.matches("^accuracy 0%.%d+ on 797 %(logistic, lambda=[%d.e-]+, %d+ iterations%)$",
        tostring(r))
    end
  end)

  it("stops at the minimum: the gradient by its definition is none", function()
    for _, case in ipairs { { 80, 5, 3 }, { 20, 40, 4 }, { 50, 1, 2 } } do
      local n, d, k = case[1], case[2], case[3]
      local x, y = randn(n, d, n) * 3 + 5, classes(n, k, d)
      local scaled = (x - x:mean(1)) / ssl.std(x, 1, { ddof = 0 })
      for _, standardize in ipairs { true, false } do
        local r = logistic(x, y, x, y,
          { lambda = 0.01, standardize = standardize, tolerance = 1e-9 })
        local seen = standardize and scaled or x
        local w = standardize and r.weight * ssl.std(x, 1, { ddof = 0 }) or r.weight
        local b = r.bias + (r.weight * x:mean(1)):sum(2)
        if not standardize then b = r.bias end
        local value, gw, gb = twin(seen, y, w, b, 0.01)
        assert.tensor_near(value, r.objective, 1e-12)
        local limit = standardize and 2e-9 or 2e-8 -- of centred rows; these lie around 5
        assert.is_true(largest(gw) < limit and largest(gb) < limit)
        assert.tensor_near(x:matmul(r.weight:t()) + r.bias, r.scores, 1e-9)
        assert.tensor_near(r.norm, w:square():sum():sqrt(), 1e-9)
        assert.is_true(largest(r.weight:sum(1)) < 1e-6) -- classes balance
      end
    end
  end)

  it("agrees with the binary form at half the penalty", function()
    local x, y = randn(60, 4, 3), classes(60, 2, 3)
    local r = logistic(x, y, x, y, { lambda = 0.2, standardize = false, tolerance = 1e-10 })
    local w, b = r.weight[2] - r.weight[1], r.bias[2] - r.bias[1]
    -- gradient of mean ln(1 + exp(-s (w x + b))) + 0.1 / 2 |w|^2
    local sign = y:eq(2):double() * 2 - 1
    local p = (-(x:matmul(w) + b) * sign):sigmoid() * sign / 60
    assert.is_true(largest(w * 0.1 - p:unsqueeze(1):matmul(x):squeeze(1)) < 1e-9)
  end)

  it("does not see rotation, offset or scale of what it standardises", function()
    local x, y, q = randn(70, 6, 4), classes(70, 3, 4), randn(11, 6, 5)
    local test_y = classes(11, 3, 6)
    local function scores(a, b, options)
      options.lambda, options.tolerance = 0.05, 1e-10
      return logistic(a, y, b, test_y, options).scores
    end
    local base = scores(x, q, { standardize = true })
    local s = ssl.tensor({ 1e-4, 1, 1e4, 7, 0.1, 3 }, "float64")
    assert.tensor_near(base, scores(x * s + 100, q * s + 100, { standardize = true }), 1e-6)
    local _, v = ssl.linalg.eigh(x:t():matmul(x))
    assert.tensor_near(scores(x, q, { standardize = false }),
      scores(x:matmul(v), q:matmul(v), { standardize = false }), 1e-7)
  end)

  it("finds the optimum with more columns than rows", function()
    local x, y = randn(15, 60, 7), classes(15, 3, 7)
    local wide = logistic(x, y, x, y, { lambda = 0.1, standardize = false, tolerance = 1e-10 })
    local more = ssl.cat({ x, ssl.zeros({ 15, 30 }, "float64") }, 2)
    local wider = logistic(more, y, more, y, { lambda = 0.1, standardize = false,
      tolerance = 1e-10 })
    assert.tensor_near(wide.objective, wider.objective, 1e-12)
    assert.tensor_near(wide.weight, wider.weight:narrow(2, 1, 60), 1e-8)
    assert.equal(0, largest(wider.weight:narrow(2, 61, 90)))
  end)

  it("walks a path from the largest penalty, validated on training rows", function()
    local mu = randn(4, 6, 8) * 1.2
    local y, test_y = classes(240, 4, 8), classes(200, 4, 9)
    local x, q = randn(240, 6, 10) + mu[y], randn(200, 6, 11) + mu[test_y]
    local r = logistic(x, y, q, test_y, { path = true })
    assert.is_true(r.accuracy > 0.5 and r.converged)
    local best = 0
    local chosen
    for i, p in ipairs(r.path) do
      if i > 1 then assert.is_true(p.lambda < r.path[i - 1].lambda) end
      best = math.max(best, p.accuracy)
      if p.lambda == r.lambda then chosen = p end
    end
    assert.equal(best, chosen.accuracy)
    assert.equal(r.lambda, r.settings.lambda)
    assert.equal(r.objective, logistic(x, y, q, test_y, { lambda = r.lambda }).objective)
    local edge = logistic(x, y, q, test_y, { path = { 10, 100 } })
    assert.is_true(edge.edge)
    assert.is_false(logistic(x, y, q, test_y, { path = { 0.1 } }).edge)
    assert.is_nil(logistic(x, y, q, test_y).edge)
    assert.raises("path must be true or a list of lambdas", logistic, x, y, q, test_y,
      { path = "all" })
    assert.raises("lambda and path exclude each other", logistic, x, y, q, test_y,
      { path = true, lambda = 1 })
  end)

  it("says when it did not converge", function()
    local x, y = randn(60, 5, 12), classes(60, 3, 12)
    local r = logistic(x, y, x, y, { max_iterations = 2, lambda = 1e-3 })
    assert.is_false(r.converged)
    assert.equal(2, r.iterations)
    assert.matches("2 iterations, not converged%)$", tostring(r))
    assert.is_true(r.gradient > 1e-5)
    local none = logistic(x, y, x, y, { max_iterations = 0 })
    assert.tensor_near(math.log(3), none.objective, 1e-12)
  end)

  it("is the same for any number of threads, and for equal numbers of any dtype", function()
    local x, y, before = randn(3000, 20, 13, "float32"), classes(3000, 5, 13), ssl.get_threads()
    ssl.set_threads(1)
    local alone = logistic(x, y, x, y)
    ssl.set_threads(3)
    assert.equal(alone.objective, logistic(x, y, x, y).objective)
    ssl.set_threads(before)
    assert.tensor_near(alone.scores, logistic(x:double(), y, x:double(), y).scores, 1e-9)
  end)

  it("knows the edges", function()
    local y = classes(8, 2, 14)
    local constant = logistic(ssl.ones(8, 3), y, ssl.ones(2, 3), y:narrow(1, 1, 2))
    local share = y:eq(2):double():mean():item()
    assert.tensor_near(share, constant.scores:softmax(2)[{ 1, 2 }], 1e-5)
    assert.tensor_near({ { 0, 0, 0 }, { 0, 0, 0 } }, constant.weight, 0)
    -- a class that only the test rows have: always wrong, and no likelihood
    local x = randn(8, 3, 15)
    local unseen = logistic(x, y, x, (y * 10):set(10, 1), { lambda = 0.1 })
    assert.equal(0, unseen.accuracy)
    assert.is_true(unseen.nll ~= unseen.nll)
    assert.raises("two classes at least expected", logistic, x, ssl.ones({ 8 }, "int64"), x, y)
    assert.raises("lambda must be in 1e-08..inf, got 0", logistic, x, y, x, y, { lambda = 0 })
    assert.raises("max_iterations must be in 0..inf", logistic, x, y, x, y, { max_iterations = -1 })
    assert.raises("unknown option 'C'", logistic, x, y, x, y, { C = 1 })
    assert.raises({ "bad argument #1 to 'logistic'", "row 1" }, logistic,
      x:clone():set(0 / 0, 1, 1), y, x, y)
  end)
end)

describe("the logistic kernel", function()
  it("gives the objective and gradient of the definition, over its blocks", function()
    for _, case in ipairs { { 1, 1, 1 }, { 300, 3, 4 }, { 5000, 2, 3 }, { 10, 0, 2 } } do
      local n, d, k = case[1], case[2], case[3]
      local x, y = randn(n, d, 1), ssl.randint(1, k, { n }, { generator = ssl.generator(2) })
      local w, g = randn(k, d + 1, 3), ssl.zeros({ k, d + 1 }, "float64")
      local value = core.logistic(x, y, w, ssl.full({ d }, 0.3, "float64"), g)
      local weight = d > 0 and w:narrow(2, 1, d) or ssl.zeros({ k, 0 }, "float64")
      local expected, gw, gb = twin(x, y, weight, w:narrow(2, d + 1, d + 1):squeeze(2), 0.3)
      assert.tensor_near(expected, value, 1e-12)
      if d > 0 then assert.is_true(largest(g:narrow(2, 1, d) - gw) < 1e-12) end
      assert.is_true(largest(g:narrow(2, d + 1, d + 1):squeeze(2) - gb) < 1e-12)
    end
  end)

  it("survives scores of any size", function()
    local x, y = ssl.tensor({ { 1e300 }, { -1e300 } }, "float64"), ssl.tensor({ 1, 2 }, "int64")
    local g = ssl.zeros({ 2, 2 }, "float64")
    local w = ssl.tensor({ { 1e5, 0 }, { -1e5, 0 } }, "float64")
    assert.equal(0, core.logistic(x, y, w, ssl.zeros({ 1 }, "float64"), g))
    assert.equal(0, largest(g))
  end)

  it("checks what it is given", function()
    local x, y = randn(4, 2, 1), ssl.tensor({ 1, 2, 1, 2 }, "int64")
    local w, p = ssl.zeros({ 2, 3 }, "float64"), ssl.zeros({ 2 }, "float64")
    local g = w:clone()
    assert.raises("float64 tensor expected", core.logistic, x:float(), y, w, p, g)
    assert.raises("contiguous (2,3) float64 expected, got (2,2) float64", core.logistic, x, y,
      w:narrow(2, 1, 2), p, g)
    assert.raises("values in 1..2 expected, got 4", core.logistic, x, y * 2, w, p, g)
    assert.raises("contiguous (4) int64 expected", core.logistic, x, y:narrow(1, 1, 3), w, p, g)
    assert.raises("contiguous (2) float64 expected", core.logistic, x, y, w, g[1], g)
  end)
end)
