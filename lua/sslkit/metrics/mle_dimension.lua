-- The maximum likelihood estimate of the intrinsic dimension from distances to the k nearest.

local core = require "sslkit.core"
local check = require "sslkit.check"
local neighbours = require "sslkit.metrics.engine.neighbours"
local result = require "sslkit.metrics.engine.result"
local T = require "sslkit.tensor"

local NAN = 0 / 0
local USUAL = 20
local COMBINE = { "harmonic", "mean", "median" }

-- 1 / m_k of each row, 0 for one whose neighbours are equally far.
local function inverse(distance, k, unbiased)
  local last = distance:narrow(2, k, k)
  local logs = core.log(last / distance:narrow(2, 1, k - 1))
  return core.sum(logs, 2) / (unbiased and k - 2 or k - 1)
end

local function combined(estimate, how)
  if how == "harmonic" then return 1 / core.mean(estimate):item() end
  estimate = core.reciprocal(estimate)
  return (how == "mean" and core.mean(estimate) or T.median(estimate)):item()
end

-- The values of k: first, last. One for the option k, several for k1 and k2.
local function range(o, least, n)
  if o.k1 == nil and o.k2 == nil then
    local k = neighbours.count(2, o.k, USUAL, least, n)
    return k, k
  end
  if o.k ~= nil then check.fail(2, "either k or k1 and k2, not both") end
  if o.k1 == nil or o.k2 == nil then check.fail(2, "k1 and k2 belong together") end
  local last = check.integer(2, "k2", o.k2, least)
  if last >= n then check.fail(2, "k2 must be < N = %d, got %d", n, last) end
  return check.integer(2, "k1", o.k1, least, last), last
end

--- The intrinsic dimension by maximum likelihood: for each row 1 / mean of ln(T_k / T_j) over the
-- distances T_j of the nearer j < k neighbours, combined over the rows. Rows that equal an earlier one
-- are left out, and so is one whose neighbours are all equally far. Euclidean distances.
-- @param z float tensor [N,D]
-- @param options {k=20 (or all that there are), combine="harmonic" (mean of the inverses), "mean" or
-- "median" (over the rows), k1=, k2= (instead of k: the mean over k1..k2), unbiased=false (divides by
-- k - 2, not k - 1), normalize=false (unit rows), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, n= (distinct rows), n_duplicates=, n_flat= (rows without an
-- estimate), per_row= (of a single k: float64 [n], infinity without an estimate), k1=, k2=, combine=,
-- d=, ...}
-- @raise where k is not below N; on NaN or Inf, naming the row
-- @source Levina, Bickel 2004, "Maximum likelihood estimation of intrinsic dimension", NIPS; MacKay, Ghahramani 2005, comments on it
-- @example ssl.metrics.mle_dimension(ssl.tensor{{0}, {1}, {3}, {7}}, {k=3}) --> 1.08427889969
-- @example ssl.metrics.mle_dimension(ssl.tensor{{0}, {1}, {3}, {7}}, {k=3, combine="mean"}) --> 1.56227572834
local function mle_dimension(z, options)
  local o = check.options(2, options, {
    combine = "harmonic", unbiased = false, normalize = false, nan = "error", full = false,
  }, { k = true, k1 = true, k2 = true })
  check.one_of(2, "combine", o.combine, COMBINE)
  local points, info = neighbours.points(z, o)
  if not points then return result.of("mle_dimension", o.full, NAN, { undefined = info }) end
  local given, least = info.n + info.n_duplicates, o.unbiased and 3 or 2
  info.combine, info.unbiased = o.combine, o.unbiased
  if given <= least and o.k == nil and o.k2 == nil then
    info.undefined = ("%d rows are too few"):format(given)
    return result.of("mle_dimension", o.full, NAN, info)
  end
  info.k1, info.k2 = range(o, least, given)
  if info.n <= info.k2 then
    info.undefined = ("%d distinct rows for k = %d"):format(info.n, info.k2)
    return result.of("mle_dimension", o.full, NAN, info)
  end
  local _, distance = core.neighbours(nil, points, info.k2, "l2")
  local sum, flat, estimate = 0, 0, nil
  for k = info.k1, info.k2 do
    estimate = inverse(distance, k, o.unbiased)
    local sound = core.masked_select(estimate, core.gt(estimate, 0))
    flat = math.max(flat, info.n - core.len(sound))
    sum = sum + (core.len(sound) > 0 and combined(sound, o.combine) or NAN)
  end
  info.n_flat = flat
  if info.k1 == info.k2 then info.per_row = core.reciprocal(estimate) end
  local value = sum / (info.k2 - info.k1 + 1)
  if value ~= value then info.undefined = "the neighbours of every row are equally far" end
  return result.of("mle_dimension", o.full, value, info)
end

return mle_dimension
