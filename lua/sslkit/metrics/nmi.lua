-- Normalised mutual information.

local check = require "sslkit.check"
local contingency = require "sslkit.metrics.engine.contingency"
local information = require "sslkit.metrics.engine.information"
local result = require "sslkit.metrics.engine.result"

local JOINT = { joint = function(x, y, mutual) return x + y - mutual end }

--- Normalised mutual information of clusters and labels: 0 when they have nothing to do with each
-- other, 1 when they are the same division under other names. It grows with the number of clusters even
-- by chance; `ami` does not.
-- @param clusters int64 [N], or a contingency
-- @param y int64 [N], the labels; nil behind a contingency
-- @param options {average="arithmetic", "geometric", "min", "max" (of both entropies) or "joint" (their
-- joint entropy), full=false}
-- @return number in 0..1: 1 when both are one part, 0 when one of them is; with full a table {value=,
-- mutual_information=, entropy_clusters=, entropy_classes= (in nats), n=, n_clusters=, n_classes=, ...}
-- @raise labels that are not int64, or not as many
-- @source Strehl, Ghosh 2002, "Cluster ensembles", JMLR; Vinh, Epps, Bailey 2010, "Information theoretic measures for clusterings comparison", JMLR
-- @example ssl.metrics.nmi(ssl.tensor({0, 0, 1, 2}, "int64"), ssl.tensor({0, 0, 1, 1}, "int64")) --> 0.8
local function nmi(clusters, y, options)
  options = check.options(3, options, { average = "arithmetic", full = false })
  local c = contingency.of(clusters, y)
  local h = information.of(c)
  local mean, value = information.mean(3, options.average, h, JOINT), 0.0
  if contingency.same(c) then value = 1.0
  elseif h.mutual > 0 then value = math.min(h.mutual / mean, 1.0) end
  return result.of("nmi", options.full, value, {
    mutual_information = h.mutual, entropy_clusters = h.clusters, entropy_classes = h.classes,
    average = options.average, n = c.n, n_clusters = #c.clusters, n_classes = #c.classes,
  })
end

return nmi
