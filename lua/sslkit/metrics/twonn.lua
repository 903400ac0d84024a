-- TwoNN: the intrinsic dimension from the ratio of the distances to the two nearest neighbours.

local core = require "sslkit.core"
local check = require "sslkit.check"
local neighbours = require "sslkit.metrics.engine.neighbours"
local result = require "sslkit.metrics.engine.result"
local T = require "sslkit.tensor"

local NAN = 0 / 0
local METHODS = { "fit", "ml", "ml_unbiased" }
local DUPLICATES = { "remove", "keep" }

-- ln(r2 / r1) of the rows that do not coincide with another, ascending.
local function log_ratios(z)
  local _, r = core.neighbours(nil, z, 2, "l2")
  local nearest, second = r:select(2, 1), r:select(2, 2)
  local apart = core.gt(nearest, 0)
  local ratio = core.masked_select(second / nearest, apart)
  return core.sorted(core.log(ratio), 1, false)
end

-- The slope through the origin of -ln(1 - i/n) over the i-th ln ratio, without the largest.
local function fit(logs, discard)
  local n = core.len(logs)
  local kept = math.min(math.floor((1 - discard) * n), n - 1) -- the last has -ln 0
  if kept < 1 then return NAN, 0 end
  local x = logs:narrow(1, 1, kept)
  local y = core.log(1 - T.arange(1, kept, 1, "float64") / n)
  local square = core.sum(core.square(x)):item()
  if square == 0 then return NAN, kept end
  return -core.sum(core.mul(x, y)):item() / square, kept
end

-- All three estimates.
local function estimates(z, discard)
  local out = { fit = NAN, ml = NAN, ml_unbiased = NAN, n_used = 0, n_fit = 0 }
  if core.len(z) < 3 then return out end
  local logs = log_ratios(z)
  out.n_used = core.len(logs)
  if out.n_used == 0 then return out end
  local sum = core.sum(logs):item()
  out.fit, out.n_fit = fit(logs, discard)
  if sum > 0 then out.ml, out.ml_unbiased = out.n_used / sum, (out.n_used - 1) / sum end
  return out
end

-- The mean over disjoint parts of the rows, of which there are twice as many from step to step.
local function curve(z, value, o)
  local n, points = core.len(z), { { n = core.len(z), value = value } }
  local order = T.randperm(n, { generator = T.generator(o.seed) })
  for step = 1, o.halvings do
    local parts = 1 << step
    local size = n // parts
    if size < 3 then break end
    local sum = 0
    for first = 1, parts * size, size do
      local part = core.take(z, 1, order:narrow(1, first, first + size - 1))
      sum = sum + estimates(part, o.discard)[o.method]
    end
    points[step + 1] = { n = size, value = sum / parts }
  end
  return points
end

local function reason(e, n)
  if n < 3 then return "fewer than three distinct rows" end
  if e.n_used == 0 then return "every row coincides with another" end
  return "the two nearest neighbours are equally far"
end

--- TwoNN: the intrinsic dimension of the rows, from how much farther the second nearest neighbour is
-- than the nearest. Euclidean distances.
-- @param z float tensor [N,D]
-- @param options {method="fit" (a line through the origin), "ml" (maximum likelihood) or "ml_unbiased",
-- discard=0.1 (share of the largest ratios that the fit leaves out), duplicates="remove" (rows that
-- equal an earlier one) or "keep" (only rows that coincide with another are left out then),
-- normalize=false (unit rows), halvings=0 (with full: as many points more of a curve over parts of the
-- rows, each half as large), seed=0 (of the parts), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, fit=, ml=, ml_unbiased=, n= (distinct rows), n_used=
-- (ratios), n_fit= (of them in the fit), n_duplicates=, curve= (list of {n=, value=}), method=, d=, ...}
-- @raise on NaN or Inf, naming the row
-- @source Facco, d'Errico, Rodriguez, Laio 2017, "Estimating the intrinsic dimension of datasets by a minimal neighborhood information", Scientific Reports 7
-- @example ssl.metrics.twonn(ssl.tensor{{0}, {1}, {3}, {7}}) --> 1.67882168259
-- @example ssl.metrics.twonn(ssl.tensor{{0}, {1}, {3}, {7}}, {method="ml"}) --> 1.53687165334
local function twonn(z, options)
  local o = check.options(2, options, {
    method = "fit", discard = 0.1, duplicates = "remove", normalize = false, halvings = 0, seed = 0,
    nan = "error", full = false,
  })
  check.one_of(2, "method", o.method, METHODS)
  check.one_of(2, "duplicates", o.duplicates, DUPLICATES)
  check.number(2, "discard", o.discard, 0, 1)
  check.integer(2, "halvings", o.halvings, 0, 30)
  check.integer(2, "seed", o.seed)
  local points, info = neighbours.points(z, o)
  if not points then return result.of("twonn", o.full, NAN, { undefined = info }) end
  local e = estimates(points, o.discard)
  local value = e[o.method]
  if not o.full then return value end
  for name, v in pairs(e) do info[name] = v end
  info.method, info.discard = o.method, o.discard
  if value ~= value then info.undefined = reason(e, info.n) end
  if o.halvings > 0 and info.n >= 3 then
    info.curve, info.seed = curve(points, value, o), o.seed
  end
  return result.of("twonn", true, value, info)
end

return twonn
