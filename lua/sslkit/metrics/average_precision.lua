-- The area under the precision-recall curve.

local core = require "sslkit.core"
local check = require "sslkit.check"
local ranking = require "sslkit.metrics.engine.ranking"
local result = require "sslkit.metrics.engine.result"

--- Average precision: precision at each threshold, weighted by the recall that it adds, without
-- interpolation: 1 is perfect, chance gives `baseline`, the share of positives. Equal scores are one
-- threshold. NaN where positives or negatives are missing.
-- @param scores float tensor [N], higher for positives
-- @param positives uint8 or int64 [N] of 0 and 1
-- @param options {nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, baseline=, positives=, negatives=, n=, undefined=}
-- @raise shapes that differ, positives that are not 0 or 1, NaN or Inf, naming the row
-- @source Davis, Goadrich 2006, "The relationship between precision-recall and ROC curves", ICML
-- @example ssl.metrics.average_precision(ssl.tensor{.9, .8, .4, .7, .3}, ssl.tensor({1, 1, 1, 0, 0}, "int64")) --> 0.916666666667
local function average_precision(scores, positives, options)
  options = check.options(3, options, { nan = "error", full = false })
  local r, reason, info = ranking.of(scores, positives, options.nan)
  if not r then
    info.undefined = reason
    return result.of("average_precision", options.full, 0 / 0, info)
  end
  local tp = r.tp:double()
  local precision = core.div(tp, core.add(tp, r.fp:double()))
  local sum = core.item(core.sum(core.mul(ranking.growth(r.tp):double(), precision)))
  return result.of("average_precision", options.full, sum / r.positives, ranking.info(r, {
    baseline = r.positives / r.n,
  }))
end

return average_precision
