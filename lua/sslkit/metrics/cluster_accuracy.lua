-- Accuracy of clusters under the names that suit them best.

local core = require "sslkit.core"
local check = require "sslkit.check"
local contingency = require "sslkit.metrics.engine.contingency"
local result = require "sslkit.metrics.engine.result"

-- {[cluster] = class}, by the caller's values, and how many it gets right.
local function assignment(c)
  local gain, flipped = c:dense(), #c.clusters > #c.classes
  if flipped then gain = gain:t():contiguous() end
  local column = core.assign(gain)
  local map, hits = {}, core.item(core.sum(core.gather(gain, 2, column:unsqueeze(2))))
  for i, j in ipairs(column:totable()) do
    if flipped then i, j = j, i end
    map[c.clusters:at(i)] = c.classes:at(j)
  end
  return map, hits
end

--- Accuracy of clusters when each is given a class of its own, in the best of all ways. Where there are
-- more clusters than classes, those that are left get none, and count as wrong.
-- @param clusters int64 [N], or a contingency
-- @param y int64 [N], the labels; nil behind a contingency
-- @param options {full=false}
-- @return number in 0..1; with full a table {value=, correct= (how many), assignment= ({[cluster] =
-- class}), n=, n_clusters=, n_classes=, ...}
-- @raise labels that are not int64, or not as many
-- @source Yang, Xu, Nie, Yan, Zhuang 2010, "Image clustering using local discriminant models and global integration", IEEE TIP; assignment: Jonker, Volgenant 1987, Computing
-- @example ssl.metrics.cluster_accuracy(ssl.tensor({0, 0, 1, 2}, "int64"), ssl.tensor({0, 0, 1, 1}, "int64")) --> 0.75
-- @example ssl.metrics.cluster_accuracy(ssl.tensor({5, 5, 6}, "int64"), ssl.tensor({1, 1, 2}, "int64"), {full=true}).assignment[5] --> 1
local function cluster_accuracy(clusters, y, options)
  options = check.options(3, options, { full = false })
  local c = contingency.of(clusters, y)
  local map, hits = assignment(c)
  return result.of("cluster_accuracy", options.full, hits / c.n, {
    correct = hits, assignment = map, n = c.n, n_clusters = #c.clusters, n_classes = #c.classes,
  })
end

return cluster_accuracy
