-- The linear probe: multinomial logistic regression, to the minimum.

local core = require "sslkit.core"
local check = require "sslkit.check"
local axes = require "sslkit.probe.engine.axes"
local lbfgs = require "sslkit.probe.lbfgs"
local task = require "sslkit.probe.engine.task"
local T = require "sslkit.tensor"

local SHARE = 1e-24   -- of the largest squared singular value: what is below is left out
local SMALLEST = 1e-8 -- lambda: below it the weights of separable classes run away
local DEFAULTS = { standardize = true, max_iterations = 1000, seed = 0, validation = 0.2 }

-- {== One fit ==============================================================================

-- Along the principal axes and in units of the square root of their deviations the problem is rounder,
-- so that L-BFGS needs fewer steps. (Units of the deviations themselves would be too much of it: where
-- the classes come apart, few rows still weigh, and those make the large axes flat.) It is the same
-- problem: the penalty turns with the axes and gets one weight an axis.
local function coordinates(a, lambda)
  if a.r == 0 then
    return { x = T.zeros({ a.n, 0 }, "float64"), unit = T.zeros({ 0 }, "float64"),
      penalty = T.zeros({ 0 }, "float64") }
  end
  local unit = (a.square / a.n):add_(lambda) ^ 0.25
  return { x = a.rows / unit, unit = unit, penalty = lambda / unit:square() }
end

-- Weights [K,r+1] in the coordinates -> W [K,d] on the scaled features, and the bias [K].
local function weights_of(a, c, w)
  local bias = w:narrow(2, a.r + 1, a.r + 1):squeeze(2)
  if a.r == 0 then return T.zeros({ core.len(w), a.d }, "float64"), bias end
  return core.matmul(w:narrow(2, 1, a.r) / c.unit, a.axis:t()), bias
end

-- The largest element of the gradient, on the scaled features.
local function steepest(a, c, g)
  local largest = g:narrow(2, a.r + 1, a.r + 1):abs():amax():item()
  if a.r == 0 then return largest end
  local gradient = core.matmul(g:narrow(2, 1, a.r) * c.unit, a.axis:t())
  return math.max(largest, gradient:abs():amax():item())
end

-- The weights are off by |gradient| / lambda at most, so that a small lambda asks for a smaller
-- gradient.
local function tolerance_of(o, lambda) return o.tolerance or math.min(1e-5, lambda / 100) end

-- Fits from the weights `start` on the scaled features ({w=, bias=}; nil: zeros).
local function fit(a, y, k, lambda, o, start)
  local c = coordinates(a, lambda)
  local w = T.zeros({ k, a.r + 1 }, "float64")
  if start then
    if a.r > 0 then w:narrow(2, 1, a.r):copy_(core.matmul(start.w, a.axis):mul_(c.unit)) end
    w:narrow(2, a.r + 1, a.r + 1):copy_(start.bias:unsqueeze(2))
  end
  local function objective(p)
    local g = T.zeros({ k, a.r + 1 }, "float64")
    local value = core.logistic(c.x, y, p:view(k, a.r + 1), c.penalty, g)
    return value, g:view(-1)
  end
  local tolerance = tolerance_of(o, lambda)
  local best, info = lbfgs(objective, w:view(-1), {
    max_iterations = o.max_iterations,
    done = function(g) return steepest(a, c, g:view(k, a.r + 1)) <= tolerance end,
  })
  local model = { lambda = lambda, objective = info.value, iterations = info.iterations,
    evaluations = info.evaluations, converged = info.converged }
  model.gradient = steepest(a, c, info.gradient:view(k, a.r + 1))
  model.w, model.bias = weights_of(a, c, best:view(k, a.r + 1))
  model.bias = model.bias - model.bias:mean()
  return model
end

local function scores_of(a, model, x)
  return core.matmul(axes.scaled(a, x), model.w:t()):add_(model.bias)
end

-- ==}

-- {== The path of penalties ================================================================

local function path_lambdas(path)
  if path == true then
    path = {}
    for half = 0, 12 do path[half + 1] = 10.0 ^ (-half / 2) end
  end
  if type(path) ~= "table" or #path == 0 then
    check.fail(5, "path must be true or a list of lambdas, got %s", check.kind(path))
  end
  local list = {}
  for i, v in ipairs(path) do list[i] = check.number(5, "lambda", v, SMALLEST) end
  table.sort(list, function(x, y) return x > y end)
  return list
end

-- The rows of each class that validate: a share of them, at least one where there are two.
local function split(t, o)
  local order = T.randperm(t.n, { generator = T.generator(o.seed) }):totable()
  local y, count, taken = t.y:totable(), {}, {}
  for _, class in ipairs(y) do count[class] = (count[class] or 0) + 1 end
  local train, held = {}, {}
  for _, i in ipairs(order) do
    local class = y[i]
    taken[class] = taken[class] or 0
    local want = count[class] > 1 and math.max(1, math.floor(o.validation * count[class])) or 0
    if taken[class] < want then
      taken[class] = taken[class] + 1
      held[#held + 1] = i
    else
      train[#train + 1] = i
    end
  end
  table.sort(train)
  table.sort(held)
  return T.tensor(train, "int64"), T.tensor(held, "int64")
end

-- Validates each lambda, from the largest down, each from the weights of the one before; stops when
-- four in a row are 2 % worse than the best. Then looks closer around the best.
local function choose(t, lambdas, o)
  local train, held = split(t, o)
  if core.len(held) == 0 then
    check.fail(5, "path needs a class with two rows to validate on")
  end
  local a = axes.of(t.x:index(1, train), o.standardize, SHARE)
  local y, x, truth = t.y:index(1, train), t.x:index(1, held), t.y:index(1, held)
  local path, best, worse, start = {}, nil, 0, nil
  local function try(lambda, from)
    local model = fit(a, y, t.k, lambda, o, from)
    local _, winner = T.max(scores_of(a, model, x), 2)
    local entry = { lambda = lambda, converged = model.converged,
      accuracy = core.item(core.sum(core.eq(winner, truth))) / core.len(truth) }
    path[#path + 1] = entry
    if not best or entry.accuracy > best.accuracy then best, start = entry, model end
    return model, entry
  end
  local model
  for _, lambda in ipairs(lambdas) do
    local entry
    model, entry = try(lambda, model)
    worse = entry.accuracy < best.accuracy - 0.02 and worse + 1 or 0
    if worse == 4 then break end
  end
  local edge = #lambdas > 1 and (best.lambda == lambdas[1] or best.lambda == lambdas[#lambdas])
  if #lambdas > 1 then
    local center, from = best.lambda, start
    for _, step in ipairs { 0.6, 0.2, -0.2, -0.6 } do
      local lambda = center * 10 ^ (step * 0.5)
      if lambda >= SMALLEST then try(lambda, from) end
    end
  end
  table.sort(path, function(p, q) return p.lambda > q.lambda end)
  return best.lambda, path, edge
end

-- ==}

--- Linear probe: multinomial logistic regression, mean cross entropy + lambda / 2 |W|^2 with a free
-- bias, minimised by L-BFGS in float64 until no element of its gradient is above `tolerance`.
-- lambda = 1 / (C n) is scikit-learn's C.
-- @param train_z float tensor [n,D]
-- @param train_y int64 [n], any labels, two classes at least
-- @param test_z tensor [m,D] of train_z's dtype
-- @param test_y int64 [m]
-- @param options {lambda=1/n, path=nil (true, or a list of lambdas: the best on a fifth of the
-- training rows, then all of them), standardize=true, tolerance= (1e-5, or lambda/100 where that is
-- less), max_iterations=1000, validation=0.2, seed=0}
-- @return table {accuracy=, per_class=[K], predictions=[m], scores=[m,K] (logits), classes=[K], n=,
-- settings=, converged=, iterations=, objective=, gradient=, lambda=, nll= (mean on the test rows),
-- train_accuracy=, weight=[K,D] and bias=[K] (on the features as given), norm= (of the weights that
-- the penalty sees); with path: path=, edge= (the best lambda is an end of its grid)}
-- @raise where there is one class only; on NaN or Inf, naming the row
-- @source Nocedal, Wright 2006, "Numerical optimization", chapter 7
-- @example local z = ssl.tensor{{1}, {-1}}; local y = ssl.tensor({1, 0}, "int64"); return ssl.probe.logistic(z, y, z, y, {lambda=.1}).objective --> 0.225712
local function logistic(train_z, train_y, test_z, test_y, options)
  local o = check.options(5, options, DEFAULTS,
    { lambda = true, path = true, tolerance = true })
  local t = task.new(train_z, train_y, test_z, test_y)
  if t.k < 2 then check.fail(2, "two classes at least expected, got %s", tostring(t.classes)) end
  if o.lambda and o.path then check.fail(5, "lambda and path exclude each other") end
  if o.tolerance then check.number(5, "tolerance", o.tolerance, 0) end
  check.integer(5, "max_iterations", o.max_iterations, 0)
  check.number(5, "validation", o.validation, 0, 1)
  local lambda, path, edge = o.lambda or 1 / t.n, nil, nil
  if o.path then lambda, path, edge = choose(t, path_lambdas(o.path), o) end
  check.number(5, "lambda", lambda, SMALLEST)

  local a = axes.of(t.x, o.standardize, SHARE)
  local model = fit(a, t.y, t.k, lambda, o)
  local scores = scores_of(a, model, t.test_x)
  local _, winner = T.max(scores, 2)
  local _, own = T.max(scores_of(a, model, t.x), 2)
  local known = core.gt(t.test_y, 0)
  local nll = 0 / 0
  if core.item(core.all(known)) == 1 then
    local logits = core.log_softmax(scores)
    nll = -logits:gather(2, t.test_y:unsqueeze(2)):mean():item()
  end
  local weight = model.w / a.scale
  o.lambda = lambda
  local summary = ("logistic, lambda=%.4g, %d iterations%s"):format(lambda, model.iterations,
    model.converged and "" or ", not converged")
  return task.result(t, winner, scores, o, summary, {
    converged = model.converged, iterations = model.iterations, evaluations = model.evaluations,
    objective = model.objective, gradient = model.gradient, lambda = lambda, nll = nll,
    train_accuracy = core.item(core.sum(core.eq(own, t.y))) / t.n,
    weight = weight, bias = model.bias - core.matmul(weight, a.mean),
    norm = model.w:square():sum():sqrt():item(), path = path, edge = edge,
  })
end

return logistic
