-- Ridge regression on one-hot targets, in closed form.

local core = require "sslkit.core"
local check = require "sslkit.check"
local axes = require "sslkit.probe.engine.axes"
local task = require "sslkit.probe.engine.task"
local T = require "sslkit.tensor"

local SHARE = 1e-14 -- squared: directions below 1e-7 of the largest are noise of the Gram matrix

-- A grid that does not depend on the scale of the features: n times the mean column variance times
-- powers of ten.
local function default_lambdas(a)
  local total = a.r > 0 and a.square:sum():item() or 0
  local unit, list = total > 0 and total / a.d or 1, {}
  for power = -6, 2 do list[#list + 1] = unit * 10.0 ^ power end
  return list
end

local function lambdas_of(given, a)
  if given == nil then return default_lambdas(a) end
  if type(given) == "number" then given = { given } end
  if type(given) ~= "table" or #given == 0 then
    check.fail(5, "lambdas must be a list of numbers, got %s", check.kind(given))
  end
  local list = {}
  for i, v in ipairs(given) do list[i] = check.number(5, "lambda", v, 0) end
  table.sort(list)
  return list
end

-- The leave-one-out predictions of all rows for one lambda, without leaving any out: the residual
-- of a row grows by 1 / (1 - its leverage) when the row is taken from the fit.
local function leave_one_out(t, fit, lambda)
  local predicted, leverage = fit.mean:expand(t.n, t.k), 1 / t.n
  if fit.a.r > 0 then
    local inverse = 1 / (fit.a.square + lambda)
    predicted = core.matmul(fit.a.rows, fit.cross * inverse:unsqueeze(2)):add_(fit.mean)
    leverage = core.matmul(fit.squares, inverse):add_(1 / t.n)
  end
  local left = 1 - (core.is_tensor(leverage) and leverage or T.full({ t.n }, leverage, "float64"))
  local clamped = left:amin():item() < 1e-10
  local error = (fit.y - predicted):div_(left:maximum(1e-10):unsqueeze(2))
  local _, winner = T.max(fit.y - error, 2)
  return {
    lambda = lambda, loo_mse = error:square():mean():item(), clamped = clamped or nil,
    loo_accuracy = core.item(core.sum(core.eq(winner, t.y))) / t.n,
  }
end

local function best_of(path)
  local best = 1
  for i, p in ipairs(path) do
    local b = path[best]
    if p.loo_accuracy > b.loo_accuracy
      or p.loo_accuracy == b.loo_accuracy and p.loo_mse < b.loo_mse then
      best = i
    end
  end
  return best
end

--- Ridge probe: linear regression on one-hot targets with an L2 penalty and a free intercept, in closed
-- form; lambda is the one with the best exact leave-one-out accuracy on the training rows (ties: the
-- smallest leave-one-out error). The fast probe for sweeps.
-- @param train_z float tensor [n,D]
-- @param train_y int64 [n], any labels
-- @param test_z tensor [m,D] of train_z's dtype
-- @param test_y int64 [m]
-- @param options {lambdas= number or list (9 steps of 10 around the features' variance times n),
-- standardize=false}
-- @return table {accuracy=, per_class=[K], predictions=[m], scores=[m,K], classes=[K], n=, settings=,
-- lambda=, loo_accuracy=, loo_mse=, edge= (lambda is an end of its grid), path= (each lambda's
-- leave-one-out)}
-- @raise on NaN or Inf, naming the row
-- @source Hoerl, Kennard 1970; leave-one-out: Allen 1974, PRESS
-- @example local z = ssl.tensor{{1}, {2}, {-1}, {-2}}; local y = ssl.tensor({7, 7, 3, 3}, "int64"); return ssl.probe.ridge(z, y, z, y, {lambdas={1}}) --> accuracy 1.0000 on 4 (ridge, lambda=1)
local function ridge(train_z, train_y, test_z, test_y, options)
  local o = check.options(5, options, { standardize = false }, { lambdas = true })
  local t = task.new(train_z, train_y, test_z, test_y)
  local a = axes.of(t.x, o.standardize, SHARE)
  local y = task.one_hot(t.y, t.k)
  local fit = { a = a, y = y, mean = y:mean(1) }
  if a.r > 0 then
    fit.cross = core.matmul(a.rows:t(), y - fit.mean)
    fit.squares = a.rows:square()
  end
  local path = {}
  for i, lambda in ipairs(lambdas_of(o.lambdas, a)) do path[i] = leave_one_out(t, fit, lambda) end
  local at = best_of(path)
  local best = path[at]
  local scores = fit.mean:expand(core.len(t.test_x), t.k):clone()
  if a.r > 0 then
    local weights = fit.cross / (a.square + best.lambda):unsqueeze(2)
    scores:add_(core.matmul(axes.project(a, t.test_x), weights))
  end
  local _, winner = T.max(scores, 2)
  return task.result(t, winner, scores, o, ("ridge, lambda=%.4g"):format(best.lambda), {
    lambda = best.lambda, loo_accuracy = best.loo_accuracy, loo_mse = best.loo_mse, path = path,
    edge = #path > 1 and (at == 1 or at == #path),
  })
end

return ridge
