-- Tolerance: how close the rows of one class are on the sphere.

local core = require "sslkit.core"
local check = require "sslkit.check"
local labels = require "sslkit.metrics.engine.labels"
local result = require "sslkit.metrics.engine.result"

local NAN = 0 / 0
local MODES = { "pairs", "macro", "paper" }

-- Sums of the cosines of the pairs of each class, and how many pairs that are.
local function by_class(given, scale, diagonal)
  local mean = core.class_means(given.z, given.id, given.k, scale)
  local alive = core.bincount(given.id, given.k, core.gt(scale, 0):double())
  local count = given.count:double()
  local sums = core.square(mean):sum(2) * count:square()
  if diagonal then return sums, count:square() end
  return sums - alive, count * (count - 1)
end

--- Tolerance: the mean cosine of different rows of one class, -1 to 1; a zero row has cosine 0 with
-- every other. A representation that is tolerant keeps what is alike together; see `uniformity` for the
-- other side.
-- @param z float tensor [N,D]
-- @param y int64 [N], the labels
-- @param options {mode="pairs" (all pairs of rows of one class), "macro" (mean over the classes) or
-- "paper" (over all pairs of rows whatsoever, those of different classes counting as 0, a row with
-- itself included), include_diagonal=false (a row with itself), nan="error", "skip" or "propagate",
-- full=false}
-- @return number; NaN where no class has two rows; with full a table {value=, n=, d=, n_classes=,
-- n_zero=, mode=, ...}
-- @raise on NaN or Inf, naming the row, and on labels that are not int64 or not one a row
-- @source Wang, Liu 2021, "Understanding the behaviour of contrastive loss", CVPR
-- @example ssl.metrics.tolerance(ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {-2, 0}}, ssl.tensor({1, 1, 2, 2}, "int64")) --> 0.5
local function tolerance(z, y, options)
  options = check.options(3, options, {
    mode = "pairs", include_diagonal = false, nan = "error", full = false,
  })
  local mode = check.one_of(3, "mode", options.mode, MODES)
  local given, reason = labels.rows(z, y, options.nan)
  if not given then return result.of("tolerance", options.full, NAN, { undefined = reason }) end
  local scale = core.row_units(given.z)
  local sums, count = by_class(given, scale, options.include_diagonal or mode == "paper")
  local value, pairs_seen = NAN, core.item(core.sum(count))
  if mode == "paper" then
    value = core.item(core.sum(sums)) / given.n / given.n
  elseif mode == "macro" and pairs_seen > 0 then
    value = core.item(core.mean(core.masked_select(sums / count, core.gt(count, 0))))
  elseif pairs_seen > 0 then
    value = core.item(core.sum(sums)) / pairs_seen
  end
  local info = {
    n = given.n, d = given.d, n_classes = given.k, mode = mode,
    n_zero = core.item(core.sum(core.eq(scale, 0))),
  }
  if given.skipped > 0 then info.n_skipped = given.skipped end
  if value ~= value then
    info.undefined = "no class has two rows"
  else
    value = math.max(-1.0, math.min(1.0, value))
  end
  return result.of("tolerance", options.full, value, info)
end

return tolerance
