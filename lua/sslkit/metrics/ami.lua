-- Mutual information beyond chance.

local core = require "sslkit.core"
local check = require "sslkit.check"
local contingency = require "sslkit.metrics.engine.contingency"
local information = require "sslkit.metrics.engine.information"
local result = require "sslkit.metrics.engine.result"

local NOTHING = 1e-13 -- a share of the entropy that is rounding

local function expected(c)
  local sizes1, _, counts1 = core.unique(c.cluster_sizes, false, true)
  local sizes2, _, counts2 = core.unique(c.class_sizes, false, true)
  return core.expected_information(sizes1, counts1, sizes2, counts2, c.n)
end

--- Adjusted mutual information of clusters and labels: what they have in common beyond chance, as a
-- share of the most that they could. 1 for the same division under other names, 0 on average for parts
-- of these sizes put together at random; it may be negative.
-- @param clusters int64 [N], or a contingency
-- @param y int64 [N], the labels; nil behind a contingency
-- @param options {average="arithmetic", "geometric", "min" or "max" (of both entropies), full=false}
-- @return number; 0 where chance leaves nothing to gain; with full a table {value=, expected= (by
-- chance), mutual_information=, entropy_clusters=, entropy_classes= (in nats), n=, ...}
-- @raise labels that are not int64, or not as many
-- @source Vinh, Epps, Bailey 2010, "Information theoretic measures for clusterings comparison", JMLR
-- @example ssl.metrics.ami(ssl.tensor({0, 0, 1, 2}, "int64"), ssl.tensor({0, 0, 1, 1}, "int64")) --> 0.571428571429
local function ami(clusters, y, options)
  options = check.options(3, options, { average = "arithmetic", full = false })
  local c = contingency.of(clusters, y)
  local h = information.of(c)
  local mean, chance = information.mean(3, options.average, h), expected(c)
  local value = 0.0
  if contingency.same(c) then value = 1.0
  elseif mean - chance > NOTHING * mean then value = (h.mutual - chance) / (mean - chance) end
  return result.of("ami", options.full, value, {
    expected = chance, mutual_information = h.mutual, entropy_clusters = h.clusters,
    entropy_classes = h.classes, average = options.average, n = c.n, n_clusters = #c.clusters,
    n_classes = #c.classes,
  })
end

return ami
