-- Hubness: rows that are among the nearest neighbours of far too many others.

local core = require "sslkit.core"
local check = require "sslkit.check"
local neighbours = require "sslkit.metrics.engine.neighbours"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local NAN = 0 / 0

-- What is known of the counts, whose mean is k.
local function describe(counts, k, info)
  local n, c = core.len(counts), counts:double()
  local off = c - k
  local std = math.sqrt(core.mean(core.square(off)):item())
  local skew = std > 0 and core.mean(core.pow(off, 3)):item() / std ^ 3 or 0.0
  local place = T.arange(1, n, 1, "float64") * 2 - (n + 1)
  info.std = std
  info.antihubs = core.mean(core.eq(counts, 0):double()):item()
  info.robin_hood = core.sum(core.abs(off)):item() / (2 * n * k)
  info.largest = core.amax(c):item() / k
  info.gini = core.sum(core.mul(place, core.sorted(c, 1, false))):item() / (n * n * k)
  return skew
end

--- Hubness: the skewness of N_k, how often each row is among the k nearest neighbours of others. About 0
-- to 1 is healthy; above 2 to 3 a few hubs are everyone's neighbours. Of equally near rows the first is
-- the neighbour.
-- @param z float tensor [N,D]
-- @param options {k=10 (or all that there are), metric="l2" or "cosine", nan="error", "skip" or
-- "propagate", full=false}
-- @return number; with full a table {value=, counts= (N_k, int64 [N]), antihubs= (share of rows with
-- N_k = 0), robin_hood= (share of all N k places that would have to move for all to be alike), largest=
-- (of N_k, over k), gini=, std=, n=, d=, k=, ...}
-- @raise where k is not below N; on NaN or Inf, naming the row
-- @source Radovanovic, Nanopoulos, Ivanovic 2010, "Hubs in space: popular nearest neighbors in high-dimensional data", JMLR 11
-- @example ssl.metrics.hubness(ssl.tensor{{0}, {1}, {3}, {7}}, {k=2}) --> -0.816496580928
-- @example ssl.metrics.hubness(ssl.tensor{{0}, {1}, {3}, {7}}, {k=1, full=true}).counts --> [1, 2, 1, 0] (4) int64
local function hubness(z, options)
  local o = check.options(2, options, { metric = "l2", nan = "error", full = false }, { k = true })
  check.one_of(2, "metric", o.metric, neighbours.METRICS)
  local kept, skipped = rows.finite(1, z, o.nan)
  if not kept then return result.of("hubness", o.full, NAN, { undefined = skipped }) end
  local n = core.len(kept)
  local info = { n = n, d = core.size(kept, 2), distance = o.metric }
  if skipped > 0 then info.n_skipped = skipped end
  if n == 1 then
    info.undefined = "one row has no neighbour"
    return result.of("hubness", o.full, NAN, info)
  end
  info.k = neighbours.count(2, o.k, 10, 1, n)
  local index = core.neighbours(nil, kept, info.k, o.metric)
  info.counts = core.bincount(index:view(n * info.k), n)
  return result.of("hubness", o.full, describe(info.counts, info.k, info), info)
end

return hubness
