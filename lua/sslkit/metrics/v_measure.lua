-- V-measure: homogeneity and completeness in one number.

local check = require "sslkit.check"
local contingency = require "sslkit.metrics.engine.contingency"
local information = require "sslkit.metrics.engine.information"
local result = require "sslkit.metrics.engine.result"

--- V-measure of clusters and labels: the harmonic mean of homogeneity (each cluster has one class
-- only) and completeness (each class is in one cluster only).
-- @param clusters int64 [N], or a contingency
-- @param y int64 [N], the labels; nil behind a contingency
-- @param options {beta=1 (the weight of completeness), full=false}
-- @return number in 0..1, with beta=1 that of `nmi`; with full a table {value=, homogeneity=,
-- completeness=, n=, n_clusters=, n_classes=, ...}
-- @raise labels that are not int64, or not as many
-- @source Rosenberg, Hirschberg 2007, "V-measure", EMNLP
-- @example ssl.metrics.v_measure(ssl.tensor({0, 0, 1, 2}, "int64"), ssl.tensor({0, 0, 1, 1}, "int64")) --> 0.8
local function v_measure(clusters, y, options)
  options = check.options(3, options, { beta = 1, full = false })
  local beta = check.number(3, "beta", options.beta, 0)
  local c = contingency.of(clusters, y)
  local h = information.of(c)
  local homogeneity, completeness, value = 1.0, 1.0, 1.0
  if not contingency.same(c) then
    if h.classes > 0 then homogeneity = math.min(h.mutual / h.classes, 1.0) end
    if h.clusters > 0 then completeness = math.min(h.mutual / h.clusters, 1.0) end
    local sum = beta * homogeneity + completeness
    value = sum > 0 and (1 + beta) * homogeneity * completeness / sum or 0.0
  end
  return result.of("v_measure", options.full, value, {
    homogeneity = homogeneity, completeness = completeness, beta = beta, n = c.n,
    n_clusters = #c.clusters, n_classes = #c.classes,
  })
end

return v_measure
