-- R-precision: of as many as there are to find, how many are right?

local retrieval = require "sslkit.metrics.engine.retrieval"

--- R-precision: the share of a query's label among the R nearest, where R is how many rows have that
-- label besides the query; the mean over the queries. Each row asks for the others; of equally near ones
-- the first comes first.
-- @param z float tensor [N,D]
-- @param y int64 [N], the labels
-- @param options {metric="cosine" or "l2", average="micro" (over queries) or "macro" (over classes, each
-- alike), references= float tensor [M,D] (what is asked, instead of the other rows),
-- reference_labels= int64 [M] (with them), nan="error", "skip" or "propagate", full=false}
-- @return number in 0..1; NaN where no query has anything to find; with full a table {value=, n= (queries
-- that count), n_lone= (those without a reference of their label, which do not), n_references=,
-- n_classes=, ...}
-- @raise on NaN or Inf, naming the row, and on labels that are not int64 or not one a row
-- @source Musgrave, Belongie, Lim 2020, "A metric learning reality check", ECCV
-- @example ssl.metrics.r_precision(ssl.tensor{{0}, {1}, {5}, {3}}, ssl.tensor({1, 1, 2, 2}, "int64"), {metric="l2"}) --> 0.75
local function r_precision(z, y, options)
  return (retrieval.of("r_precision", z, y, options, 3, function(given, o)
    local r, hits = retrieval.places(given, o.metric)
    return hits / r
  end))
end

return r_precision
