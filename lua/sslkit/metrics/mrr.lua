-- Mean reciprocal rank.

local retrieval = require "sslkit.metrics.engine.retrieval"

--- Mean reciprocal rank: 1 / the place of the nearest row of the query's label; the mean over the
-- queries. Each row asks for the others; of equally near ones the first comes first.
-- @param z float tensor [N,D]
-- @param y int64 [N], the labels
-- @param options {metric="cosine" or "l2", average="micro" (over queries) or "macro" (over classes, each
-- alike), references= float tensor [M,D] (what is asked, instead of the other rows),
-- reference_labels= int64 [M] (with them), nan="error", "skip" or "propagate", full=false}
-- @return number in 0..1; NaN where no query has anything to find; with full a table {value=, n= (queries
-- that count), n_lone= (those without a reference of their label, which do not), n_references=,
-- n_classes=, ...}
-- @raise on NaN or Inf, naming the row, and on labels that are not int64 or not one a row
-- @source Voorhees 1999, "The TREC-8 question answering track report", TREC
-- @example ssl.metrics.mrr(ssl.tensor{{0}, {1}, {3}, {7}}, ssl.tensor({5, 8, 5, 8}, "int64"), {metric="l2"}) --> 0.458333333333
local function mrr(z, y, options)
  return (retrieval.of("mrr", z, y, options, 3, function(given, o)
    local _, _, _, _, first = retrieval.places(given, o.metric)
    return 1 / first
  end))
end

return mrr
