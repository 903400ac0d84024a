-- The calibration error over bins of equal size.

local core = require "sslkit.core"
local check = require "sslkit.check"
local calibration = require "sslkit.metrics.engine.bins"
local probabilities = require "sslkit.metrics.engine.probabilities"
local result = require "sslkit.metrics.engine.result"
local T = require "sslkit.tensor"

-- n rows as numbers of bins: sizes that differ by one at most, the larger bins first.
local function in_turn(n, bins)
  local size, larger = n // bins, n % bins
  local at = T.arange(0, n - 1, 1, "int64")
  local early = core.floordiv(at, size + 1)
  local late = core.floordiv(core.sub(at, larger), size)
  return core.add(core.where(core.lt(at, larger * (size + 1)), early, late), 1)
end

--- Adaptive calibration error: `ece` over bins that hold equally many rows, those of lowest confidence
-- first, so that no bin rests on a handful. Of rows of equal confidence the earlier come first.
-- @param p float tensor [N,K], the probabilities of the classes
-- @param y int64 [N], the labels, numbers of columns
-- @param options {bins=15 (N, where that is less), logits=false (true: p are logits), classes= int64 [K]
-- (the labels of the columns, 1..K if not given), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table like that of `ece`
-- @raise rows that are no probabilities, a label without a column, NaN or Inf, naming the row
-- @source Nguyen, O'Connor 2015, "Posterior calibration and exploratory analysis for natural language processing models", EMNLP
-- @example ssl.metrics.adaptive_ece(ssl.tensor{{.95, .05}, {.85, .15}, {.65, .35}, {.55, .45}}, ssl.tensor({1, 2, 1, 2}, "int64"), {bins=2}) --> 0.25
local function adaptive_ece(p, y, options)
  options = check.options(3, options, {
    bins = 15, logits = false, nan = "error", full = false,
  }, { classes = true })
  local bins = check.integer(3, "bins", options.bins, 1, 1000000)
  local self, reason = probabilities.of(p, y, options)
  if not self then
    return result.of("adaptive_ece", options.full, 0 / 0, { bins = bins, undefined = reason })
  end
  bins = math.min(bins, self.n)
  local sorted, order = core.sort(probabilities.confidence(self), 1, false)
  self.right = core.take(self.right, 1, order)
  local value, info = calibration(self, sorted, in_turn(self.n, bins), bins)
  return result.of("adaptive_ece", options.full, value, info)
end

return adaptive_ece
