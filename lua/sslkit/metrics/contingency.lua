-- The counts that all measures of agreement read.

local check = require "sslkit.check"
local contingency = require "sslkit.metrics.engine.contingency"

--- How often each cluster meets each class. nmi, ami, ari, v_measure, cluster_accuracy and purity take
-- it in place of labels: more can be added, and parts that were counted apart merged.
-- @param clusters int64 [N]; nothing for an empty one
-- @param y int64 [N], the labels
-- @return contingency C: C:add(clusters, y) and C:merge(other) give C back, #C is how many were counted,
-- C.clusters and C.classes are their values, ascending, and C:dense() is the table, int64 [K1,K2]
-- @raise labels that are not int64, or not as many
-- @example local c = ssl.tensor({5, 5, 6, 6}, "int64"); return ssl.metrics.contingency(c, ssl.tensor({1, 1, 1, 2}, "int64")) --> contingency of 4: 2 clusters, 2 classes
-- @example local c = ssl.tensor({5, 5, 6, 6}, "int64"); return ssl.metrics.nmi(ssl.metrics.contingency(c, c):add(c, c)) --> 1.0
local function new(clusters, y)
  local empty = contingency.new()
  if clusters == nil and y == nil then return empty end
  if contingency.is(clusters) then
    check.fail(1, "labels expected, got a contingency; merge adds that")
  end
  return (contingency.of(clusters, y))
end

return new
