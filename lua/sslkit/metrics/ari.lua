-- The Rand index beyond chance.

local check = require "sslkit.check"
local contingency = require "sslkit.metrics.engine.contingency"
local result = require "sslkit.metrics.engine.result"

-- n (n - 1) / 2 without leaving 64 bits.
local function pairs_of(n) return n % 2 == 0 and n // 2 * (n - 1) or (n - 1) // 2 * n end

local function pairs_in(sizes)
  local sum = 0
  for _, size in ipairs(sizes:totable()) do sum = sum + pairs_of(size) end
  return sum
end

--- Adjusted Rand index of clusters and labels: do they agree on which pairs belong together? 1 for the
-- same division under other names, 0 on average for parts of these sizes put together at random; it
-- may be negative. Pairs are counted exactly.
-- @param clusters int64 [N], or a contingency
-- @param y int64 [N], the labels; nil behind a contingency
-- @param options {full=false}
-- @return number in -1..1; with full a table {value=, rand= (the share of pairs on which they agree),
-- n=, n_clusters=, n_classes=, ...}
-- @raise labels that are not int64, or not as many
-- @source Hubert, Arabie 1985, "Comparing partitions", Journal of Classification
-- @example ssl.metrics.ari(ssl.tensor({0, 0, 1, 2}, "int64"), ssl.tensor({0, 0, 1, 1}, "int64")) --> 0.571428571429
local function ari(clusters, y, options)
  options = check.options(3, options, { full = false })
  local c = contingency.of(clusters, y)
  local both, all = pairs_in(c.count), pairs_of(c.n)
  local first, second = pairs_in(c.cluster_sizes) - both, pairs_in(c.class_sizes) - both
  local neither = all - both - first - second
  local value = 1.0
  if not contingency.same(c) then -- as floats: the products have up to 126 bits
    local tp, fp, fn, tn = both + 0.0, first + 0.0, second + 0.0, neither + 0.0
    value = 2 * (tp * tn - fp * fn) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn))
  end
  return result.of("ari", options.full, value, {
    rand = all > 0 and (both + neither) / all or 1.0, n = c.n, n_clusters = #c.clusters,
    n_classes = #c.classes,
  })
end

return ari
