-- Signs of collapse, all in one pass or two: cheap enough for every few steps of a training run.

local core = require "sslkit.core"
local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"

local NAN = 0 / 0

local function median(list)
  table.sort(list)
  local mid = (#list + 1) // 2
  return (list[mid] + list[#list - mid + 1]) / 2
end

local function mean_root(squares, n)
  local sum = 0
  for _, v in ipairs(squares) do sum = sum + math.sqrt(v / n) end
  return sum / #squares
end

-- Standard deviations of the columns as they are.
local function deviations(info, m, ddof, unit)
  local list, low = {}, 0
  for i, v in ipairs(m.scatter:diagonal():contiguous():totable()) do
    list[i] = unit * math.sqrt(v / (m.n - ddof))
  end
  local sum = 0
  for _, v in ipairs(list) do sum = sum + v end
  info.std = sum / #list
  info.std_median = median(list) -- which sorts
  info.std_min, info.std_max = list[1], list[#list]
  for _, v in ipairs(list) do
    if v < 0.01 * info.std_median then low = low + 1 end
  end
  info.low_std = low / #list
end

-- Correlations between different columns; one that does not vary has none.
local function correlations(info, m)
  local d = m.d
  if d == 1 then
    info.offdiag, info.offdiag_squared, info.offdiag_max = NAN, NAN, NAN
    return "offdiag: one column"
  end
  local std = m.scatter:diagonal():sqrt()
  local inverse = core.where(std:gt(0), 1 / std, 0)
  local r = m.scatter * inverse:unsqueeze(2) -- the upper triangle alone is filled
  r:mul_(inverse:unsqueeze(1)):diagonal():fill_(0)
  r:abs_()
  info.offdiag = 2 * r:sum():item() / (d * (d - 1))
  info.offdiag_max = math.min(1, r:amax():item())
  info.offdiag_squared = 2 * r:square():sum():item() / (d * (d - 1))
end

-- How the unit rows spread, and where they point in common.
local function directions(info, z, ddof)
  local n, d = core.shape(z)
  local mean, m2, zeros = core.unit_columns(z)
  local common = mean:square():sum():item() * n * n
  local count = n - zeros -- the sum of the squared norms of unit rows
  info.zero_rows = zeros
  info.std_normalised = mean_root(m2:totable(), n - ddof) * math.sqrt(d)
  if count < 2 then
    info.mean_cosine = NAN
    return "mean_cosine: fewer than two rows that are not zero"
  end
  info.mean_cosine = math.max(-1, math.min(1, (common - count) / (count * (count - 1))))
end

--- The signs of a collapse. std and std_normalised: standard deviation of the columns, mean over them,
-- of the rows as they are and of unit rows times sqrt(D) (1 is healthy, 0 collapse); offdiag: mean
-- absolute correlation of different columns; mean_cosine of pairs of rows (1 is collapse);
-- mean_direction: share of the mean in the mean squared norm; dead: constant columns; duplicates: rows
-- that equal an earlier one; zero_rows. Beyond those std_min, std_median, std_max, low_std (share of
-- columns below 1 % of the median), offdiag_squared, offdiag_max, n, d.
-- @param z float tensor [N,D]
-- @param options {ddof=1 (of the standard deviations), nan="error", "skip" or "propagate"}
-- @return table that prints well; what is undefined is NaN, with the reason in `undefined`
-- @raise on NaN or Inf, naming the row
-- @source Chen, He 2021, "SimSiam", CVPR; Zbontar et al. 2021, "Barlow Twins", ICML; Ethayarajh 2019, EMNLP
-- @example ssl.metrics.collapse(ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}).mean_cosine --> -0.333333
-- @example ssl.metrics.collapse(ssl.tensor{{1, 1}, {2, 2}, {3, 4}}).offdiag --> 0.981980506062
local function collapse(z, options)
  options = check.options(2, options, { ddof = 1, nan = "error" })
  local ddof = check.integer(2, "ddof", options.ddof, 0, 1)
  local kept, skipped = rows.finite(1, z, options.nan)
  local info, undefined = {}, {}
  if not kept then
    for _, name in ipairs { "std", "std_normalised", "offdiag", "mean_cosine", "mean_direction",
      "dead", "duplicates", "zero_rows" } do
      info[name] = NAN
    end
    info.undefined = skipped
    return result.page("collapse", info)
  end
  if skipped > 0 then info.n_skipped = skipped end
  local scaled, unit = rows.in_range(kept)
  local m = moments.new(core.size(kept, 2)):add_finite(scaled)
  info.n, info.d = m.n, m.d
  info.duplicates = core.repeated_rows(kept)
  info.dead = math.tointeger(core.item(core.sum(core.eq(m.lo, m.hi))))
  undefined[#undefined + 1] = directions(info, kept, ddof)
  local mean, spread = m.mean:square():sum():item(), m.scatter:diagonal():sum():item() / m.n
  info.mean_direction = mean / (mean + spread)
  if mean + spread == 0 then undefined[#undefined + 1] = "mean_direction: every row is zero" end
  if m.n == 1 then
    info.dead, info.std, info.std_normalised, info.offdiag = NAN, NAN, NAN, NAN
    undefined[#undefined + 1] = "std, std_normalised, offdiag, dead: one row has no spread"
  else
    deviations(info, m, ddof, unit)
    undefined[#undefined + 1] = correlations(info, m)
  end
  if #undefined > 0 then info.undefined = table.concat(undefined, "; ") end
  return result.page("collapse", info)
end

return collapse
