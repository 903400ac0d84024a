-- Confidence against accuracy, bin by bin: what the calibration errors read.

local core = require "sslkit.core"
local probabilities = require "sslkit.metrics.engine.probabilities"

--- The calibration error of self (see engine/probabilities.lua) over bins, and its table of info;
-- confidence [N], and bin [N], the number of each row's bin, 1..count.
return function(self, confidence, bin, count)
  local rows = core.bincount(bin, count)
  local said = core.bincount(bin, count, confidence:double())
  local right = core.bincount(bin, count, self.right:double())
  local gap = core.abs(core.sub(right, said))
  local info = probabilities.info(self, {
    bins = count, count = rows, bin_accuracy = core.div(right, rows:double()),
    bin_confidence = core.div(said, rows:double()),
  })
  local filled = core.maximum(rows, 1):double()
  info.mce = core.item(core.amax(core.div(gap, filled)))
  info.confidence = core.item(core.sum(said)) / self.n
  -- What a perfectly calibrated model would show: the mean absolute error of the shares of so many
  -- bins of equal size.
  local used = core.item(core.sum(core.gt(rows, 0)))
  info.floor = math.sqrt(2 / math.pi * info.accuracy * (1 - info.accuracy) * used / self.n)
  return core.item(core.sum(gap)) / self.n, info
end
