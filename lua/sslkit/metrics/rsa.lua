-- Representational similarity analysis: do two representations rank pairs of samples alike?

local core = require "sslkit.core"
local check = require "sslkit.check"
local panels = require "sslkit.metrics.engine.panels"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local TIE = 2.0 ^ -42 -- of the largest: what is closer together is equal but for rounding
local INNER = { "correlation", "cosine", "euclidean" }
local OUTER = { "spearman", "pearson" }

-- Rows of length 1, or 0; and how many of the latter.
local function units(z)
  local unit = core.row_units(z)
  return z * unit:unsqueeze(2), core.len(z) - math.tointeger(core.item(core.sum(unit:gt(0))))
end

-- How unlike the rows of every pair are, as one vector; and how many rows have no direction. 1 - r of
-- unit rows is half their squared distance, which keeps the digits of rows that nearly agree.
local function dissimilarity(z, inner)
  z = core.to(rows.in_range(z), "float64") -- no measure's order depends on the scale
  local zeros = 0
  if inner == "correlation" then -- by differences, so that a constant row becomes 0 exactly
    z = z - z:narrow(2, 1, 1)
    z:sub_(core.mean(z, 2, true))
  end
  if inner ~= "euclidean" then z, zeros = units(z) end
  local out = panels.vector(core.len(z), panels.distance(z, z))
  if inner ~= "euclidean" then out:square_():mul_(0.5) end
  return out, zeros
end

-- Ranks, equal ones with the mean of theirs; equal up to rounding, which would rank by chance.
local function ranks(v)
  local n = core.len(v)
  local sorted, order = core.sort(v, 1, false)
  local least = core.item(core.select(sorted, 1, n)) * TIE
  local group = T.ones({ n }, "int64")
  core.narrow(group, 1, 2, n):copy_((sorted:narrow(1, 2, n) - sorted:narrow(1, 1, n - 1)):gt(least))
  group = core.cumsum(group, 1)
  local size = T.bincount(group):double()
  local rank = core.cumsum(size, 1) - (size - 1) / 2
  return v:scatter_(1, order, rank[group])
end

-- Pearson's correlation; nil where one does not vary.
local function correlation(a, b)
  a, b = a - core.mean(a, 1, true), b - core.mean(b, 1, true)
  local x, y = core.item(core.amax(a:abs())), core.item(core.amax(b:abs()))
  if x == 0 or y == 0 then return nil end
  a:div_(x)
  b:div_(y)
  local r = a:dot(b):item() / math.sqrt(a:dot(a):item()) / math.sqrt(b:dot(b):item())
  return math.max(-1.0, math.min(1.0, r))
end

--- RSA: the correlation, over all pairs of samples, of how unlike two representations find them.
-- @param x float tensor [N,D1]
-- @param y float tensor [N,D2], row i of the same sample as row i of x
-- @param options {inner="correlation" (1 - r of the features of two samples), "cosine" (1 - cosine) or
-- "euclidean", outer="spearman" (equal pairs share their ranks) or "pearson", max_rows=10000 (more are sampled), seed=0, nan="error",
-- "skip" or "propagate", full=false}
-- @return number in -1..1; with full a table {value=, inner=, outer=, n=, n_used=, zero_rows_x=,
-- zero_rows_y= (rows without a direction, at 1 from what has one), ...}
-- @raise where the numbers of rows differ; on NaN or Inf, naming the row
-- @source Kriegeskorte, Mur, Bandettini 2008, "Representational similarity analysis", Frontiers in Systems Neuroscience
-- @example ssl.metrics.rsa(ssl.tensor{{0}, {1}, {3}}, ssl.tensor{{0}, {2}, {3}}, {inner="euclidean"}) --> 0.5
local function rsa(x, y, options)
  options = check.options(3, options, {
    inner = "correlation", outer = "spearman", max_rows = 10000, seed = 0, nan = "error",
    full = false,
  })
  check.one_of(3, "inner", options.inner, INNER)
  check.one_of(3, "outer", options.outer, OUTER)
  check.integer(3, "max_rows", options.max_rows, 3)
  check.integer(3, "seed", options.seed)
  local info = { inner = options.inner, outer = options.outer }
  local skipped
  x, y, skipped = rows.pair(x, y, options.nan)
  if not x then
    info.undefined = y
    return result.of("rsa", options.full, 0 / 0, info)
  end
  info.n = core.len(x)
  if skipped > 0 then info.n_skipped = skipped end
  local used = rows.sample({ x, y }, options.max_rows, options.seed)
  info.n_used = core.len(used[1])
  if info.n_used < info.n then info.seed = options.seed end
  if info.n_used < 3 then
    info.undefined = "fewer than three rows make no two pairs"
    return result.of("rsa", options.full, 0 / 0, info)
  end
  local sides = {}
  for i, name in ipairs { "zero_rows_x", "zero_rows_y" } do
    local v, zeros = dissimilarity(used[i], options.inner)
    if options.inner ~= "euclidean" then info[name] = zeros end
    sides[i] = options.outer == "spearman" and ranks(v) or v
  end
  local value = correlation(sides[1], sides[2])
  if not value then info.undefined = "the pairs of a side are all equally unlike" end
  return result.of("rsa", options.full, value or 0 / 0, info)
end

return rsa
