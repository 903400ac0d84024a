-- The Calinski-Harabasz index.

local core = require "sslkit.core"
local separation = require "sslkit.metrics.engine.separation"

local function value_of(c)
  local within = core.item(core.sum(c.square))
  local between = core.item(core.sum(core.square(c:between())))
  if c.n == c.k then return 0 / 0, { undefined = "every row is a class of its own" } end
  if between + within == 0 then return 0 / 0, { undefined = "all rows are the same" } end
  local warn = within == 0 and "no row differs from its class mean" or nil
  return between / (c.k - 1) / (within / (c.n - c.k)), { warn = warn }
end

--- The Calinski-Harabasz index: variance between classes over variance within them, each by its degrees
-- of freedom. More is further apart.
-- @param z float tensor [N,D], or an accumulator with classes
-- @param y int64 [N], the labels (nil with an accumulator)
-- @param options {nan="error", "skip" or "propagate", full=false}
-- @return number, 0 and more; NaN for one class, inf where no row differs from its class mean; with full
-- a table {value=, n=, d=, n_classes=, ...}
-- @raise on NaN or Inf, naming the row, and on labels that are not int64 or not one a row
-- @source Calinski, Harabasz 1974, "A dendrite method for cluster analysis", Communications in Statistics
-- @example ssl.metrics.calinski_harabasz(ssl.tensor{{0}, {1}, {4}, {6}}, ssl.tensor({1, 1, 2, 2}, "int64")) --> 16.2
local function calinski_harabasz(z, y, options)
  local answer = separation.of("calinski_harabasz", z, y, options, {}, false, value_of)
  return answer
end

return calinski_harabasz
