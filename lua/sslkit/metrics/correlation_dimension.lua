-- The correlation dimension: how the number of close pairs grows with the distance.

local core = require "sslkit.core"
local check = require "sslkit.check"
local neighbours = require "sslkit.metrics.engine.neighbours"
local result = require "sslkit.metrics.engine.result"
local T = require "sslkit.tensor"

local NAN = 0 / 0
local HIGH, WIDE = 1008, 4096 -- rows and columns of distances at a time

-- Pairs that are closer than each radius. A radius is often the distance of a pair, which is not to
-- count, whatever the last digit of one or the other says.
local function count_pairs(z, limits)
  local n, counts = core.len(z), { 0, 0 }
  local function add(distance, weight)
    for i, r in ipairs(limits) do
      counts[i] = counts[i] + core.sum(core.lt(distance, r * (1 - 1e-12))):item() * weight
    end
  end
  for top = 1, n, HIGH do
    local own = z:narrow(1, top, math.min(top + HIGH - 1, n)):double()
    local distance = core.cdist(own, own, 2)
    distance:diagonal():fill_(math.huge) -- a row and itself are no pair
    add(distance, 0.5)
    for left = top + HIGH, n, WIDE do
      local others = z:narrow(1, left, math.min(left + WIDE - 1, n)):double()
      add(core.cdist(own, others, 2), 1)
    end
  end
  return counts
end

-- The radii: as given, or the medians of the distances of the k1-th and k2-th neighbours.
local function radii(z, o, info)
  local n = core.len(z)
  if o.r1 == nil and o.r2 == nil then
    local k2 = neighbours.count(2, o.k2, 20, 2, n, "k2")
    local k1 = o.k1 == nil and math.max(1, k2 // 2) or check.integer(2, "k1", o.k1, 1)
    if k1 >= k2 then check.fail(2, "k1 must be < k2 = %d, got %d", k2, k1) end
    local _, distance = core.neighbours(nil, z, k2, "l2")
    info.k1, info.k2 = k1, k2
    return T.median(distance:select(2, k1)):item(), T.median(distance:select(2, k2)):item()
  end
  if o.k1 ~= nil or o.k2 ~= nil then check.fail(2, "either radii or numbers of neighbours") end
  if o.r1 == nil or o.r2 == nil then check.fail(2, "r1 and r2 belong together") end
  local r1, r2 = check.number(2, "r1", o.r1, 0), check.number(2, "r2", o.r2, 0)
  if r1 >= r2 then check.fail(2, "r1 must be < r2 = %g, got %g", r2, r1) end
  return r1, r2
end

--- The correlation dimension: the slope of ln C(r) over ln r between two radii, where C(r) is the share
-- of pairs of rows that are closer than r. Euclidean distances; equal rows are pairs too.
-- @param z float tensor [N,D]
-- @param options {k2=20 (or all that there are), k1= (half of k2; the radii are the medians of the
-- distances of the k1-th and the k2-th neighbour), r1=, r2= (radii, instead), normalize=false (unit
-- rows), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, r1=, r2=, c1=, c2= (the shares), k1=, k2=, n=, d=, ...}
-- @raise where k2 is not below N; on NaN or Inf, naming the row
-- @source Grassberger, Procaccia 1983, "Measuring the strangeness of strange attractors", Physica D 9
-- @example ssl.metrics.correlation_dimension(ssl.tensor{{0}, {1}, {3}, {7}}, {r1=1.5, r2=3.5}) --> 1.29660694312
local function correlation_dimension(z, options)
  local o = check.options(2, options, { normalize = false, nan = "error", full = false },
    { k1 = true, k2 = true, r1 = true, r2 = true })
  o.duplicates = "keep"
  local points, info = neighbours.points(z, o)
  if not points then
    return result.of("correlation_dimension", o.full, NAN, { undefined = info })
  end
  info.n_duplicates = nil
  if info.n < 3 then
    info.undefined = "fewer than three rows"
    return result.of("correlation_dimension", o.full, NAN, info)
  end
  info.r1, info.r2 = radii(points, o, info)
  local counts = count_pairs(points, { info.r1, info.r2 })
  local pairs_all = info.n * (info.n - 1) / 2
  info.c1, info.c2 = counts[1] / pairs_all, counts[2] / pairs_all
  local value = math.log(counts[2] / counts[1]) / math.log(info.r2 / info.r1)
  if counts[1] == 0 then
    info.undefined, value = "no pair is closer than r1", NAN
  elseif info.r1 == info.r2 then
    info.undefined, value = "the two radii are the same", NAN
  end
  return result.of("correlation_dimension", o.full, value, info)
end

return correlation_dimension
