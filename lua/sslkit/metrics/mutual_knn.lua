-- Mutual nearest neighbours: do two representations put the same samples next to each other?

local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

-- Extreme values drawn in to the mean of the rows' quantiles.
local function clamped(z, q)
  local limit = T.quantile(z:abs(), q, 2):double():mean():item()
  return z:clamp(-limit, limit)
end

-- How many neighbours each row has in common: equal ones stand together once they are sorted.
local function in_common(a, b, k)
  local both = core.sorted(T.cat({ a, b }, 2), 2, false)
  return both:narrow(2, 1, 2 * k - 1):eq(both:narrow(2, 2, 2 * k)):sum(2):double()
end

--- The share of the k nearest neighbours of a sample that two representations have in common, mean
-- over the samples: 1 for the same neighbourhoods, k / (N - 1) by chance. Equally near ones by the
-- lower row.
-- @param x float tensor [N,D1]
-- @param y float tensor [N,D2], row i of the same sample as row i of x
-- @param options {k=10, metric="cosine" or "l2", jaccard=false (true: in common / in either),
-- outlier_q= (values beyond the mean of the rows' quantiles of |x|, 0.95 say, are drawn in first),
-- nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, share=, jaccard=, chance=, corrected= (the share, 0 by
-- chance and 1 at best), k=, metric=, n=, ...}
-- @raise where the numbers of rows differ, k >= N; on NaN or Inf, naming the row
-- @source Huh, Cheung, Wang, Isola 2024, "The Platonic representation hypothesis", ICML, eq. 11
-- @example ssl.metrics.mutual_knn(ssl.tensor{{0}, {1}, {3}, {7}}, ssl.tensor{{0}, {1}, {3}, {1.9}}, {k=2, metric="l2"}) --> 0.625
local function mutual_knn(x, y, options)
  options = check.options(3, options, {
    k = 10, metric = "cosine", jaccard = false, nan = "error", full = false,
  }, { outlier_q = true })
  local k = check.integer(3, "k", options.k, 1)
  local q = options.outlier_q and check.number(3, "outlier_q", options.outlier_q, 0, 1)
  check.one_of(3, "metric", options.metric, { "cosine", "l2" })
  local info = { k = k, metric = options.metric, outlier_q = q }
  local skipped
  x, y, skipped = rows.pair(x, y, options.nan)
  if not x then
    info.undefined = y
    return result.of("mutual_knn", options.full, 0 / 0, info)
  end
  local n = core.len(x)
  if k >= n then check.fail(3, "k must be < N = %d, got %d", n, k) end
  if q then x, y = clamped(x, q), clamped(y, q) end
  local a = core.neighbours(nil, x, k, options.metric)
  local common = in_common(a, (core.neighbours(nil, y, k, options.metric)), k)
  info.n, info.chance = n, k / (n - 1)
  if skipped > 0 then info.n_skipped = skipped end
  info.share = common:sum():item() / (n * k)
  info.jaccard = (common / (2 * k - common)):mean():item()
  if k < n - 1 then info.corrected = (info.share - info.chance) / (1 - info.chance) end
  return result.of("mutual_knn", options.full, options.jaccard and info.jaccard or info.share, info)
end

return mutual_knn
