-- What it costs to find nearly all positives.

local core = require "sslkit.core"
local check = require "sslkit.check"
local ranking = require "sslkit.metrics.engine.ranking"
local result = require "sslkit.metrics.engine.result"

--- The share of negatives that score at least as high as 95 % of the positives do: 0 is perfect. The
-- threshold is the highest score that lets 95 % pass. NaN where positives or negatives are missing.
-- @param scores float tensor [N], higher for positives
-- @param positives uint8 or int64 [N] of 0 and 1
-- @param options {nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, threshold=, tpr= (the share of positives that passes),
-- positives=, negatives=, n=, undefined=}
-- @raise shapes that differ, positives that are not 0 or 1, NaN or Inf, naming the row
-- @source Liang, Li, Srikant 2018, "Enhancing the reliability of out-of-distribution image detection in neural networks", ICLR
-- @example ssl.metrics.fpr_at_95(ssl.tensor{.9, .8, .4, .7, .3}, ssl.tensor({1, 1, 1, 0, 0}, "int64")) --> 0.5
local function fpr_at_95(scores, positives, options)
  options = check.options(3, options, { nan = "error", full = false })
  local r, reason, info = ranking.of(scores, positives, options.nan)
  if not r then
    info.undefined = reason
    return result.of("fpr_at_95", options.full, 0 / 0, info)
  end
  local enough = r.positives - r.positives // 20
  local at = core.item(core.sum(core.lt(r.tp, enough))) + 1
  return result.of("fpr_at_95", options.full, r.fp:at(at) / r.negatives, ranking.info(r, {
    threshold = r.score:at(at), tpr = r.tp:at(at) / r.positives,
  }))
end

return fpr_at_95
