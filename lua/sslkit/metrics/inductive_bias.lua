-- How much a learner must know beforehand to find what it found.

local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local tail = require "sslkit.metrics.engine.tail"

local FITS = { "chi2", "gaussian" }
local GROUPS = 20 -- of losses, left out in turn
local FAR = 6     -- standard deviations below the mean from which the fit is not to be trusted

-- The number, the sum and the sum of the squares of the deviations [M] in a range.
local function sums(deviations, first, last)
  local part = core.narrow(deviations, 1, first, last)
  return last - first + 1, core.item(core.sum(part)), core.item(core.sum(core.square(part)))
end

-- -log2 of the probability of a loss, at most, by the distribution with those moments.
local function bits_of(loss, mean, variance, fit)
  local log = fit == "chi2" and tail.log_chi2(2 * mean ^ 2 / variance, loss * 2 * mean / variance)
    or tail.log_normal((loss - mean) / math.sqrt(variance))
  return -log / math.log(2)
end

-- The standard error of the bits: a jackknife over groups of the losses; nil where there are few.
local function error_of(deviations, mean, loss, fit)
  local n, groups, list, sum = core.len(deviations), math.min(GROUPS, core.len(deviations)), {}, 0
  local _, total, square = sums(deviations, 1, n)
  for g = 1, groups do
    local out, s, q = sums(deviations, (g - 1) * n // groups + 1, g * n // groups)
    local left = n - out
    local shift = (total - s) / left
    local variance = (square - q - left * shift ^ 2) / (left - 1)
    if left < 2 or variance <= 0 then return nil end
    list[g] = bits_of(loss, mean + shift, variance, fit)
    sum = sum + list[g]
  end
  local spread = 0
  for _, bits in ipairs(list) do spread = spread + (bits - sum / groups) ^ 2 end
  return math.sqrt(spread * (groups - 1) / groups)
end

--- The inductive bias, in bits, that a loss needs: -log2 of the probability that a random hypothesis
-- which fits the training data (drawn from a prior: random features, a Gaussian process, networks trained
-- from random labels of the rest) has a test loss as low. The probability is that of a distribution
-- fitted to the losses of such hypotheses, so that it goes on where none of them gets.
-- @param losses float tensor [M], the test losses of random hypotheses
-- @param loss number, that of the learner
-- @param options {fit="chi2" (scaled, by its mean and variance: squared losses) or "gaussian",
-- nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, stderr= (by a jackknife), sigmas= (standard deviations
-- below the mean), empirical= (bits by the share of the losses that are as low, infinite for none),
-- mean=, std=, n=, warn= (where the fit is stretched beyond 6 sigmas), undefined=}
-- @raise losses that are NaN or Inf, naming the row, or for chi2 negative
-- @source Boopathy, Yue, Hwang, Iyer, Fiete 2024, "Towards exact computation of inductive bias", IJCAI
-- @example ssl.metrics.inductive_bias(ssl.tensor{1, 2, 3, 4, 5}, 3, {fit="gaussian"}) --> 1.0
local function inductive_bias(losses, loss, options)
  options = check.options(3, options, { fit = "chi2", nan = "error", full = false })
  local fit = check.one_of(3, "fit", options.fit, FITS)
  check.tensor(1, losses, { dtype = "float", dim = 1 }, "losses")
  check.number(2, "loss", loss, fit == "chi2" and 0 or nil)
  if core.len(losses) == 0 then check.fail(1, "at least one loss expected, got none") end
  local kept, skipped = rows.finite(1, core.unsqueeze(losses, 2), options.nan, 3)
  local info = { fit = fit }
  local function undefined(reason)
    info.undefined = reason
    return (result.of("inductive_bias", options.full, 0 / 0, info))
  end
  if not kept then return (undefined(skipped)) end
  kept = core.squeeze(kept, 2):double()
  local n = core.len(kept)
  info.n, info.n_skipped = n, skipped > 0 and skipped or nil
  if fit == "chi2" and core.item(core.amin(kept)) < 0 then
    check.fail(1, "losses that are not negative expected for fit='chi2', got %g",
      core.item(core.amin(kept)))
  end
  if n == 1 then return (undefined "one loss has no variance") end
  local mean = core.item(core.mean(kept))
  local deviations = core.sub(kept, mean)
  local variance = core.item(core.sum(core.square(deviations))) / (n - 1)
  info.mean, info.std = mean, math.sqrt(variance)
  if variance == 0 then return (undefined "all losses are equal") end
  info.sigmas = (mean - loss) / info.std
  info.empirical = -math.log(core.item(core.sum(core.le(kept, loss))) / n, 2)
  if options.full then info.stderr = error_of(deviations, mean, loss, fit) end
  if info.sigmas > FAR then
    info.warn = ("%.1f standard deviations below the mean: the value is the fit's, not the data's")
      :format(info.sigmas)
  end
  return (result.of("inductive_bias", options.full, bits_of(loss, mean, variance, fit), info))
end

return inductive_bias
