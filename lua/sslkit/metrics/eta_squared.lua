-- The share of variance that classes explain.

local core = require "sslkit.core"
local separation = require "sslkit.metrics.engine.separation"

local function value_of(c)
  local within = core.item(core.sum(c.square))
  local between = core.item(core.sum(core.square(c:between())))
  local info = { between = between, within = within }
  if between + within == 0 then info.undefined = "all rows are the same" end
  return between / (between + within), info
end

--- Eta squared: the share of the variance of rows that lies between their classes, 0 to 1.
-- @param z float tensor [N,D], or an accumulator with classes
-- @param y int64 [N], the labels (nil with an accumulator)
-- @param options {nan="error", "skip" or "propagate", full=false}
-- @return number; NaN for one class; with full a table {value=, n=, d=, n_classes=, ...}
-- @raise on NaN or Inf, naming the row, and on labels that are not int64 or not one a row
-- @source Pearson 1905, "On the general theory of skew correlation and non-linear regression"
-- @example ssl.metrics.eta_squared(ssl.tensor{{0}, {1}, {4}, {6}}, ssl.tensor({1, 1, 2, 2}, "int64")) --> 0.890109890109890
local function eta_squared(z, y, options)
  local answer = separation.of("eta_squared", z, y, options, {}, false, value_of)
  return answer
end

return eta_squared
