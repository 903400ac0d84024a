-- The ICNN score: are the neighbours of a row of its class, and those of other classes the farther ones?

local core = require "sslkit.core"
local check = require "sslkit.check"
local labels = require "sslkit.metrics.engine.labels"
local neighbours = require "sslkit.metrics.engine.neighbours"
local result = require "sslkit.metrics.engine.result"

local NAN = 0 / 0

local function variance(t)
  return core.mean(core.square(t - core.mean(t))):item()
end

-- Distances from 0 to 1 within each row; where all are the same, 0.
local function scaled(distance, epsilon)
  local k = core.size(distance, 2)
  local least = distance:narrow(2, 1, 1)
  local span = distance:narrow(2, k, k) - least + epsilon
  return core.div(distance - least, core.where(core.gt(span, 0), span, 1))
end

-- lambda, omega and gamma from scaled distances and 1 where a neighbour is of the row's class.
local function parts(near, same, o)
  local other = 1 - same
  local own = core.sum(core.mul(same, 1 - near) + core.mul(other, near), 2)
  local most = core.amax(own):item()
  local lambda = most > 0 and core.mean(core.pow(own / most, 1 / o.p)):item() or 0.0
  local spread = variance(core.mul(near, same)) + variance(core.mul(near, other))
  local omega = math.max(0.0, 1 - spread) ^ (1 / o.q)
  local gamma = core.mean(core.pow(core.mean(same, 2), 1 / o.r)):item()
  return lambda, omega, gamma
end

--- The ICNN score, 0 to 1: the mean of lambda (neighbours of the same class are near and others far),
-- omega (distances vary little within either kind) and gamma (neighbours are of the same class). The
-- distances to the k nearest are scaled to 0..1 for each row.
-- @param z float tensor [N,D]
-- @param y int64 [N], the labels
-- @param options {k=5 (or all that there are), p=2, q=2, r=2 (roots of lambda, omega and gamma), omega=true
-- (false leaves it out of the mean), epsilon=1e-6 (added to what distances are divided by), metric="l2" or
-- "cosine" (distance: 1 - cosine), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, lambda=, omega=, gamma=, n=, d=, n_classes=, k=, ...}
-- @raise where k is not below N; on NaN or Inf, naming the row, and on labels that are not int64 or not
-- one a row
-- @source Distancia, Mendez-Ruiz et al. 2023, arXiv:2305.09062
-- @example ssl.metrics.icnn(ssl.tensor{{0}, {1}, {4}, {6}}, ssl.tensor({1, 1, 2, 2}, "int64"), {k=2, p=1, q=1, r=1, epsilon=0}) --> 0.75
local function icnn(z, y, options)
  local o = check.options(3, options, {
    p = 2, q = 2, r = 2, omega = true, epsilon = 1e-6, metric = "l2", nan = "error", full = false,
  }, { k = true })
  for _, name in ipairs { "p", "q", "r" } do
    if check.number(3, name, o[name]) <= 0 then
      check.fail(3, "%s must be above 0, got %g", name, o[name])
    end
  end
  check.number(3, "epsilon", o.epsilon, 0)
  check.one_of(3, "metric", o.metric, neighbours.METRICS)
  local given, reason = labels.rows(z, y, o.nan)
  if not given then return result.of("icnn", o.full, NAN, { undefined = reason }) end
  local info = { n = given.n, d = given.d, n_classes = given.k, distance = o.metric }
  if given.skipped > 0 then info.n_skipped = given.skipped end
  if given.n == 1 then
    info.undefined = "one row has no neighbour"
    return result.of("icnn", o.full, NAN, info)
  end
  info.k = neighbours.count(3, o.k, 5, 1, given.n)
  local index, distance = core.neighbours(nil, given.z, info.k, o.metric)
  if o.metric == "cosine" then distance = 1 - distance end
  local found = core.take(given.id, 1, index:view(given.n * info.k)):view(given.n, info.k)
  local same = core.eq(found, given.id:unsqueeze(2)):double()
  info.lambda, info.omega, info.gamma = parts(scaled(distance, o.epsilon), same, o)
  local value = (info.lambda + info.gamma) / 2
  if o.omega then value = (info.lambda + info.omega + info.gamma) / 3 end
  return result.of("icnn", o.full, value, info)
end

return icnn
