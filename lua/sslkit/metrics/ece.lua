-- Expected calibration error: does a classifier that says 80 % hit 80 times of 100?

local core = require "sslkit.core"
local check = require "sslkit.check"
local calibration = require "sslkit.metrics.engine.bins"
local probabilities = require "sslkit.metrics.engine.probabilities"
local result = require "sslkit.metrics.engine.result"
local T = require "sslkit.tensor"

-- Edges have p's own dtype, so that a probability of 0.8 lies on the edge 0.8 in float32 too.
local function bin_of(confidence, bins)
  local edges = core.div(T.arange(1, bins, 1, "float64"), bins):to(core.dtype(confidence))
  return core.minimum(core.searchsorted(edges, confidence, false), bins)
end

--- Expected calibration error: the difference between confidence (the largest probability) and accuracy,
-- over bins of equal width (lo, hi], weighted by their rows: 0 (calibrated) .. 1. Finite samples raise
-- it: a calibrated model is expected to show something like `floor`.
-- @param p float tensor [N,K], the probabilities of the classes
-- @param y int64 [N], the labels, numbers of columns
-- @param options {bins=15, logits=false (true: p are logits), classes= int64 [K] (the labels of the
-- columns, 1..K if not given), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, mce= (the largest difference of a bin), floor=, accuracy=,
-- confidence= (their mean), count=, bin_accuracy=, bin_confidence= (of each bin, NaN for an empty one),
-- bins=, n=, k=}
-- @raise rows that are no probabilities, a label without a column, NaN or Inf, naming the row
-- @source Guo, Pleiss, Sun, Weinberger 2017, "On calibration of modern neural networks", ICML, equation 3
-- @example ssl.metrics.ece(ssl.tensor{{.95, .05}, {.85, .15}, {.65, .35}, {.55, .45}}, ssl.tensor({1, 2, 1, 2}, "int64"), {bins=10}) --> 0.45
local function ece(p, y, options)
  options = check.options(3, options, {
    bins = 15, logits = false, nan = "error", full = false,
  }, { classes = true })
  local bins = check.integer(3, "bins", options.bins, 1, 1000000)
  local self, reason = probabilities.of(p, y, options)
  if not self then
    return result.of("ece", options.full, 0 / 0, { bins = bins, undefined = reason })
  end
  local confidence = probabilities.confidence(self)
  local value, info = calibration(self, confidence, bin_of(confidence, bins), bins)
  return result.of("ece", options.full, value, info)
end

return ece
