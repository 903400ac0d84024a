-- Utilization: how well training rows cover the places of queries.

local core = require "sslkit.core"
local check = require "sslkit.check"
local neighbours = require "sslkit.metrics.engine.neighbours"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"

local NAN = 0 / 0

-- The distance of each query to the nearest row, and how many rows of both are zero.
local function distances(q, x, normalize)
  local zeros = 0
  if normalize then
    local more
    q, zeros = neighbours.unit(q)
    x, more = neighbours.unit(x)
    zeros = zeros + more
  end
  local _, distance = core.neighbours(q, x, 1, "l2")
  return distance, normalize and zeros or nil
end

--- Utilization: the mean squared distance of queries to the nearest training row, of unit rows. The lower,
-- the better the training rows cover what they are asked about.
-- @param q float tensor [M,D], the queries
-- @param x float tensor [N,D] of q's dtype, the training rows
-- @param options {squared=true (false: the mean distance), normalize=true (unit rows), nan="error", "skip"
-- (of either) or "propagate", full=false}
-- @return number, at least 0; with full a table {value=, largest= (of the distances, squared as they
-- are), n= (queries), n_rows=, n_zero=, d=, ...}
-- @raise where the two do not fit; on NaN or Inf, naming the row
-- @source Venkataramanan, Kijak, Amsaleg, Avrithis 2022, "It takes two to tango: mixup for deep metric learning", ICLR
-- @example ssl.metrics.utilization(ssl.tensor{{0, 1}, {1, 2}}, ssl.tensor{{0, 0}, {1, 0}}, {normalize=false}) --> 2.5
local function utilization(q, x, options)
  local o = check.options(3, options, {
    squared = true, normalize = true, nan = "error", full = false,
  })
  local queries, all = rows.matrix(1, q), rows.matrix(2, x)
  if core.dtype(queries) ~= core.dtype(all) or core.size(queries, 2) ~= core.size(all, 2) then
    check.fail(2, "rows like %s expected, got %s", core.describe(queries), core.describe(all))
  end
  local skipped, more
  queries, skipped = rows.finite(1, queries, o.nan, 3)
  all, more = rows.finite(2, all, o.nan, 3)
  if not (queries and all) then
    local reason = queries and "of the training rows, " .. more or skipped
    return result.of("utilization", o.full, NAN, { undefined = reason })
  end
  local info = { n = core.len(queries), n_rows = core.len(all), d = core.size(all, 2) }
  if skipped + more > 0 then info.n_skipped = skipped + more end
  local distance
  distance, info.n_zero = distances(queries, all, o.normalize)
  if o.squared then distance = core.square(distance) end
  info.largest = core.amax(distance):item()
  return result.of("utilization", o.full, core.mean(distance):item(), info)
end

return utilization
