-- Mean average precision over the whole ranking.

local retrieval = require "sslkit.metrics.engine.retrieval"

--- Mean average precision: the mean of the precisions at the places of all rows of the query's label;
-- the mean over the queries. Each row asks for the others; of equally near ones the first comes first.
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
-- @example ssl.metrics.mean_average_precision(ssl.tensor{{0}, {1}, {3}, {7}}, ssl.tensor({5, 8, 5, 8}, "int64"), {metric="l2"}) --> 0.458333333333
local function mean_average_precision(z, y, options)
  return (retrieval.of("mean_average_precision", z, y, options, 3, function(given, o)
    local r, _, _, precise = retrieval.places(given, o.metric)
    return precise / r
  end))
end

return mean_average_precision
