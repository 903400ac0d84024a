-- Purity: clusters named by the class that most of them are.

local check = require "sslkit.check"
local contingency = require "sslkit.metrics.engine.contingency"
local result = require "sslkit.metrics.engine.result"

--- Purity of clusters: the accuracy when each cluster is given the class that most of it has; several
-- may get the same. It is 1 for clusters of one element.
-- @param clusters int64 [N], or a contingency
-- @param y int64 [N], the labels; nil behind a contingency
-- @param options {full=false}
-- @return number in 0..1; with full a table {value=, correct= (how many), n=, n_clusters=, n_classes=}
-- @raise labels that are not int64, or not as many
-- @source Manning, Raghavan, Schuetze 2008, "Introduction to Information Retrieval", section 16.3
-- @example ssl.metrics.purity(ssl.tensor({0, 0, 1, 2}, "int64"), ssl.tensor({0, 0, 1, 1}, "int64")) --> 1.0
local function purity(clusters, y, options)
  options = check.options(3, options, { full = false })
  local c = contingency.of(clusters, y)
  local most, count, hits = {}, c.count:totable(), 0
  for cell, i in ipairs(c.i:totable()) do
    local more = count[cell] - (most[i] or 0)
    if more > 0 then hits, most[i] = hits + more, count[cell] end
  end
  return result.of("purity", options.full, hits / c.n, {
    correct = hits, n = c.n, n_clusters = #c.clusters, n_classes = #c.classes,
  })
end

return purity
