-- How well scores tell positives from negatives, whatever the threshold.

local core = require "sslkit.core"
local check = require "sslkit.check"
local ranking = require "sslkit.metrics.engine.ranking"
local result = require "sslkit.metrics.engine.result"

--- The area under the ROC curve: the probability that a positive scores higher than a negative, where
-- equal scores count one half: 1 is perfect, 0.5 is chance. NaN where one of the two is missing.
-- @param scores float tensor [N], higher for positives
-- @param positives uint8 or int64 [N] of 0 and 1
-- @param options {nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, positives=, negatives=, n=, undefined=}
-- @raise shapes that differ, positives that are not 0 or 1, NaN or Inf, naming the row
-- @source Hanley, McNeil 1982, "The meaning and use of the area under a receiver operating characteristic (ROC) curve", Radiology
-- @example ssl.metrics.auroc(ssl.tensor{.9, .8, .4, .7, .3}, ssl.tensor({1, 1, 1, 0, 0}, "int64")) --> 0.833333333333
-- @example ssl.metrics.auroc(ssl.tensor{.9, .7, .4, .7, .3}, ssl.tensor({1, 1, 1, 0, 0}, "int64")) --> 0.75
local function auroc(scores, positives, options)
  options = check.options(3, options, { nan = "error", full = false })
  local r, reason, info = ranking.of(scores, positives, options.nan)
  if not r then
    info.undefined = reason
    return result.of("auroc", options.full, 0 / 0, info)
  end
  -- Pairs won, times 2: the negatives of a step lose to all positives above it and half of its own.
  local above = core.sub(core.mul(r.tp, 2), ranking.growth(r.tp))
  local won = core.item(core.sum(core.mul(ranking.growth(r.fp), above)))
  local value = won / (2 * r.positives * r.negatives)
  return result.of("auroc", options.full, value, ranking.info(r, {}))
end

return auroc
