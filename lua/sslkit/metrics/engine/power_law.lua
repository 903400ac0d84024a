-- The power law lambda_j ~ j^-alpha through the eigenvalues of a spectrum: a line through their
-- logarithms over those of their ranks.

local core = require "sslkit.core"
local T = require "sslkit.tensor"

local power_law = {}

local FIRST, LAST = 11, 100 -- ranks of the window
local SHARE = 0.9           -- of the effective rank that the window reaches
local TAIL = 1e-10          -- of the largest eigenvalue: what is smaller has no rank here
local LEAST = 5             -- ranks in the window, or it is widened to all

--- The window of ranks that eigenvalues (descending) allow: the first, the last, how many have a rank
-- at all, and whether the usual window had too few. A window that is asked for is cut where
-- eigenvalues are at or below `floor` (0) of the largest.
function power_law.window(values, lo, hi, floor)
  local rank, above = 0, 0
  while values[rank + 1] and values[rank + 1] > TAIL * values[1] do rank = rank + 1 end
  while values[above + 1] and values[above + 1] > (floor or 0) * values[1] do above = above + 1 end
  if hi then
    return lo or (hi - FIRST + 1 < LEAST and 1 or FIRST), math.min(hi, above), rank, false
  end
  hi = math.min(LAST, math.floor(SHARE * rank))
  if lo then return lo, math.max(hi, math.min(lo + LEAST - 1, above)), rank, false end
  if hi - FIRST + 1 < LEAST then return 1, rank, rank, true end
  return FIRST, hi, rank, false
end

-- Slope and intercept of the line with the least weighted squares.
local function least_squares(x, y, w)
  local total, mean_x, mean_y = 0, 0, 0
  for i = 1, #x do
    total, mean_x, mean_y = total + w[i], mean_x + w[i] * x[i], mean_y + w[i] * y[i]
  end
  mean_x, mean_y = mean_x / total, mean_y / total
  local above, below = 0, 0
  for i = 1, #x do
    above = above + w[i] * (x[i] - mean_x) * (y[i] - mean_y)
    below = below + w[i] * (x[i] - mean_x) ^ 2
  end
  return above / below, mean_y - above / below * mean_x
end

local function median(t)
  local sorted = T.sort(t)
  local n = core.len(sorted)
  return (sorted[(n + 1) // 2] + sorted[n // 2 + 1]) / 2
end

-- Theil and Sen's: the median of the slopes between any two points.
local function median_slope(x, y)
  local tx, ty = T.tensor(x, "float64"), T.tensor(y, "float64")
  local slopes = {}
  for i = 1, #x - 1 do
    slopes[i] = (ty:narrow(1, i + 1, -1) - y[i]) / (tx:narrow(1, i + 1, -1) - x[i])
  end
  local slope = median(T.cat(slopes))
  return slope, median(ty - tx * slope)
end

-- The share of the variance of y that the line explains, all points counting alike.
local function explained(x, y, slope, intercept)
  local mean, left, all = 0, 0, 0
  for _, v in ipairs(y) do mean = mean + v / #y end
  for i, v in ipairs(y) do
    left = left + (v - intercept - slope * x[i]) ^ 2
    all = all + (v - mean) ^ 2
  end
  return all > 0 and 1 - left / all or 0 / 0
end

--- The fit of ln lambda_j against -ln j.
-- @param values eigenvalues, descending
-- @param options {lo=, hi= (the window; by default ranks 11 .. 100, at most 0.9 of those above 1e-10 of
-- the largest, or all these where that leaves less than 5), floor= (see window), weight="1/j" or
-- "none", robust="none" or "theil-sen"}
-- @return {alpha=, intercept=, r2=, lo=, hi=, points=, rank_eff=, fallback=, at = function(rank) ->
-- eigenvalue}; without alpha where the window has less than 2 ranks
function power_law.fit(values, options)
  options = options or {}
  local lo, hi, rank, fallback = power_law.window(values, options.lo, options.hi, options.floor)
  local fit = { lo = lo, hi = hi, points = math.max(0, hi - lo + 1), rank_eff = rank,
    fallback = fallback }
  if fit.points < 2 then return fit end
  local x, y, w = {}, {}, {}
  for j = lo, hi do
    local i = j - lo + 1
    x[i], y[i], w[i] = -math.log(j), math.log(values[j]), options.weight == "none" and 1 or 1 / j
  end
  if options.robust == "theil-sen" then
    fit.alpha, fit.intercept = median_slope(x, y)
  else
    fit.alpha, fit.intercept = least_squares(x, y, w)
  end
  fit.r2 = explained(x, y, fit.alpha, fit.intercept)
  function fit.at(j) return math.exp(fit.intercept - fit.alpha * math.log(j)) end
  return fit
end

return power_law
