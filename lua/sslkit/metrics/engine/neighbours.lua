-- What metrics of nearest neighbours do before and after the search (core.neighbours).

local core = require "sslkit.core"
local check = require "sslkit.check"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local neighbours = {}

neighbours.METRICS = { "cosine", "l2" }

--- How many neighbours of n rows: k (or what its `name` is) as it was given, at least `least`, or else
-- `usual` or all that there are.
function neighbours.count(argn, k, usual, least, n, name)
  name = name or "k"
  if k == nil then return math.max(least, math.min(usual, n - 1)) end
  k = check.integer(argn, name, k, least)
  if k >= n then check.fail(argn, "%s must be < N = %d, got %d", name, n, k) end
  return k
end

--- The rows with length 1, in float64 (a zero row stays zero), and how many are zero.
function neighbours.unit(z)
  local scale = core.row_units(z)
  return z:double() * scale:unsqueeze(2), core.item(core.sum(core.eq(scale, 0)))
end

--- The rows without those that equal an earlier one, and how many these are.
function neighbours.distinct(z)
  local n = core.len(z)
  if n == 1 then return z, 0 end
  local order = core.row_order(z) -- equal rows in their order
  local sorted = core.take(z, 1, order)
  local new = core.any(core.ne(sorted:narrow(1, 2, n), sorted:narrow(1, 1, n - 1)), 2)
  local kept = core.sum(new):item() + 1
  if kept == n then return z, 0 end
  local first = T.cat { order:narrow(1, 1, 1), core.masked_select(order:narrow(1, 2, n), new) }
  return core.take(z, 1, core.sorted(first, 1, false)), n - kept
end

--- What measures of dimension read: finite rows, of length 1 on request, each once unless told
-- otherwise; how many were skipped, dropped as equal, and are zero (nil unless they were scaled).
-- Nil and the reason where a NaN is to be passed on.
function neighbours.points(z, o)
  local kept, skipped = rows.finite(1, z, o.nan)
  if not kept then return nil, skipped end
  local zeros, equal = nil, 0
  if o.normalize then kept, zeros = neighbours.unit(kept) end
  if o.duplicates ~= "keep" then kept, equal = neighbours.distinct(kept) end
  return kept, { n = core.len(kept), d = core.size(kept, 2), n_zero = zeros, n_duplicates = equal,
    n_skipped = skipped > 0 and skipped or nil, normalize = o.normalize }
end

return neighbours
