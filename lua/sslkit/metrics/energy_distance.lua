-- The energy distance of two sets of rows.

local core = require "sslkit.core"
local check = require "sslkit.check"
local discrepancy = require "sslkit.metrics.engine.discrepancy"
local panels = require "sslkit.metrics.engine.panels"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"

--- The energy distance of two sets of rows, 2 E|X - Y| - E|X - X'| - E|Y - Y'| with means over all
-- pairs, a row and itself included (the V-statistic): 0 for equal sets, never below. SciPy's, of one
-- dimension, is the root of it.
-- @param x float tensor [N1,D]
-- @param y float tensor [N2,D]
-- @param options {max_rows=20000 (of a set; more are sampled), seed=0, nan="error", "skip" or
-- "propagate", full=false}
-- @return number, 0 or above; with full a table {value=, between=, within_x=, within_y= (the three
-- means), n_x=, n_y=, used_x=, used_y=, ...}
-- @raise where the widths differ; on NaN or Inf, naming the row
-- @source Szekely, Rizzo 2013, "Energy statistics: a class of statistics based on distances", Journal of Statistical Planning and Inference, eq. 6.1
-- @example ssl.metrics.energy_distance(ssl.tensor{{0}, {1}}, ssl.tensor{{1}, {2}}) --> 1.0
local function energy_distance(x, y, options)
  options = check.options(3, options, { max_rows = 20000, seed = 0, nan = "error", full = false })
  check.integer(3, "max_rows", options.max_rows, 2)
  check.integer(3, "seed", options.seed)
  local skipped
  x, y, skipped = rows.two(x, y, options.nan)
  if not x then return result.of("energy_distance", options.full, 0 / 0, { undefined = y }) end
  local info = { n_x = core.len(x), n_y = core.len(y) }
  if skipped > 0 then info.n_skipped = skipped end
  x, y = discrepancy.sampled(x, y, options, info)
  x, y = core.to(x, "float64"), core.to(y, "float64")
  info.within_x, info.within_y, info.between = discrepancy.means(x, y, panels.distance)
  local value = 2 * info.between - info.within_x - info.within_y
  return result.of("energy_distance", options.full, math.max(0.0, value), info)
end

return energy_distance
