-- The Brier score: the squared error of probabilities.

local core = require "sslkit.core"
local check = require "sslkit.check"
local probabilities = require "sslkit.metrics.engine.probabilities"
local result = require "sslkit.metrics.engine.result"

--- The Brier score: the mean over rows of the squared distance of the probabilities from the truth, the
-- sum over k of (p_k - [y = k])^2: 0 (certain and right) .. 2 (certain and wrong). For two classes this is
-- twice the score of the probability of one of them.
-- @param p float tensor [N,K], the probabilities of the classes
-- @param y int64 [N], the labels, numbers of columns
-- @param options {logits=false (true: p are logits), classes= int64 [K] (the labels of the columns, 1..K
-- if not given), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, accuracy=, n=, k=}
-- @raise rows that are no probabilities, a label without a column, NaN or Inf, naming the row
-- @source Brier 1950, "Verification of forecasts expressed in terms of probability", Monthly Weather Review
-- @example ssl.metrics.brier(ssl.tensor{{.75, .25}, {.5, .5}}, ssl.tensor({1, 2}, "int64")) --> 0.3125
local function brier(p, y, options)
  options = check.options(3, options, {
    logits = false, nan = "error", full = false,
  }, { classes = true })
  local self, reason = probabilities.of(p, y, options)
  if not self then return result.of("brier", options.full, 0 / 0, { undefined = reason }) end
  local sum = probabilities.sum(self, false, function(block, at)
    local miss = core.sub(1, core.gather(block, 2, at))
    core.scatter_(block, 2, at, miss)
    return core.item(core.sum(core.square(block)))
  end)
  return result.of("brier", options.full, sum / self.n, probabilities.info(self, {}))
end

return brier
