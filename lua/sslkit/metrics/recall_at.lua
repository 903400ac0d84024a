-- Recall at k: does a query find one of its own kind among the k nearest?

local core = require "sslkit.core"
local check = require "sslkit.check"
local retrieval = require "sslkit.metrics.engine.retrieval"

--- Recall at k, as metric learning uses the word: the share of queries with a row of their label among
-- the k nearest. Each row is a query and asks for the others; of equally near ones the first comes
-- first.
-- @param z float tensor [N,D]
-- @param y int64 [N], the labels
-- @param k how many of the nearest are looked at
-- @param options {metric="cosine" or "l2", average="micro" (over queries) or "macro" (over classes, each
-- alike), references= float tensor [M,D] (what is asked, instead of the other rows),
-- reference_labels= int64 [M] (with them), nan="error", "skip" or "propagate", full=false}
-- @return number in 0..1; NaN where no query has anything to find; with full a table {value=, n= (queries
-- that count), n_lone= (those without a reference of their label, which do not), n_references=,
-- n_classes=, ...}
-- @raise on NaN or Inf, naming the row, and on labels that are not int64 or not one a row (and precision=, the mean share of the k, and k=)
-- @source Musgrave, Belongie, Lim 2020, "A metric learning reality check", ECCV
-- @example ssl.metrics.recall_at(ssl.tensor{{0}, {1}, {3}, {7}}, ssl.tensor({5, 8, 5, 8}, "int64"), 2, {metric="l2"}) --> 0.75
local function recall_at(z, y, k, options)
  k = check.integer(3, "k", k, 1)
  return (retrieval.of("recall_at", z, y, options, 4, function(given, o, info)
    local most = given.self and given.n - 1 or given.n
    if k > most then
      check.fail(3, "k must be %s N = %d, got %d", given.self and "<" or "<=", given.n, k)
    end
    local index = core.neighbours(not given.self and given.z or nil, given.refs, k, o.metric)
    local found = core.take(given.ref_id, 1, index:view(given.m * k)):view(given.m, k)
    local right = core.eq(found, given.id:unsqueeze(2))
    local relevant = core.take(given.count, 1, given.id) - (given.self and 1 or 0)
    local hits = core.masked_select(core.sum(right, 2), core.gt(relevant, 0))
    info.k = k
    info.precision = core.len(hits) > 0 and core.sum(hits):item() / core.len(hits) / k or 0 / 0
    return core.any(right, 2):double()
  end))
end

return recall_at
