-- Retrieval: each row asks for the others, or for a set of references, in the order of their nearness.
-- What all its measures share: queries and references as they come in, the places of the rows of the
-- query's class, and the mean over the queries.

local core = require "sslkit.core"
local check = require "sslkit.check"
local labels = require "sslkit.metrics.engine.labels"
local neighbours = require "sslkit.metrics.engine.neighbours"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local retrieval = {}

local NAN = 0 / 0
local AVERAGES = { "micro", "macro" }

-- Rows and labels after the policy on NaN.
local function finite(z, y, policy, argn)
  local kept, skipped = rows.finite(1, z, policy, argn)
  if kept and skipped > 0 then y = core.masked_select(y, rows.which_finite(z)) end
  return kept, y, skipped
end

-- The references that the options name, checked against the queries.
local function check_references(argn, z, o)
  if not (o.references ~= nil and o.reference_labels ~= nil) then
    check.fail(argn, "references and reference_labels belong together")
  end
  local refs = rows.matrix(argn, o.references, "references")
  if core.dtype(refs) ~= core.dtype(z) or core.size(refs, 2) ~= core.size(z, 2) then
    check.fail(argn, "references like the rows %s expected, got %s", core.describe(z),
      core.describe(refs))
  end
  return refs, labels.vector(argn, o.reference_labels, core.len(refs))
end

-- References by class, and where each class begins, as the kernel reads them.
local function by_class(given)
  local _, member = core.sort(given.ref_id, 1, false)
  local count = core.bincount(given.ref_id, given.k)
  local start = T.cat { T.zeros({ 1 }, "int64"), core.cumsum(count, 1) }
  return member, start, count
end

-- What is asked of what: {z=, id= (numbers of classes), refs=, ref_id=, k=, n= (references), self=}.
local function read(z, y, o, argn)
  local whole = rows.matrix(1, z)
  y = labels.vector(2, y, core.len(whole))
  local refs, ref_y
  local self = o.references == nil and o.reference_labels == nil
  if not self then refs, ref_y = check_references(argn, whole, o) end
  local given = { self = self }
  local reason
  given.z, y, reason = finite(whole, y, o.nan, argn)
  if not given.z then return nil, reason end
  given.skipped = reason
  if self then
    given.classes, given.id = labels.numbered(y)
    given.refs, given.ref_id = given.z, given.id
  else
    given.refs, ref_y, reason = finite(refs, ref_y, o.nan, argn)
    if not given.refs then return nil, "of the references, " .. reason end
    given.skipped = given.skipped + reason
    local both
    given.classes, both = labels.numbered(T.cat { y, ref_y })
    local m = core.len(y)
    given.id = core.contiguous(both:narrow(1, 1, m))
    given.ref_id = core.contiguous(both:narrow(1, m + 1, core.len(both)))
  end
  given.k, given.m, given.n = core.len(given.classes), core.len(given.z), core.len(given.refs)
  given.member, given.start, given.count = by_class(given)
  return given
end

-- The mean of value [m] over the queries that have something to find.
local function average(given, value, how)
  local relevant = core.take(given.count, 1, given.id) - (given.self and 1 or 0)
  local asks = core.gt(relevant, 0)
  local found, id = core.masked_select(value, asks), core.masked_select(given.id, asks)
  local n = core.len(found)
  if n == 0 then return NAN, n end
  if how == "micro" then return core.mean(found):item(), n end
  local count = core.bincount(id, given.k):double()
  local mean = core.bincount(id, given.k, found) / count
  return core.mean(core.masked_select(mean, core.gt(count, 0))):item(), n
end

--- For each query: R, how many references are of its class; how many of the first R; the sums of the
-- precisions at their places, of those of the first R and of all; the first place, or 0. Float64 [m]
-- each.
function retrieval.places(given, metric)
  local out = core.rank(not given.self and given.z or nil, given.refs, metric, given.id,
    given.ref_id, given.member, given.start)
  local columns = {}
  for i = 1, core.size(out, 2) do columns[i] = core.contiguous(out:select(2, i)) end
  return table.unpack(columns)
end

--- The answer of `name`: the mean of value(given, o, info), a number for each query, which may add to
-- info. argn is the number of the options' argument.
function retrieval.of(name, z, y, options, argn, value)
  local o = check.options(argn, options, {
    metric = "cosine", average = "micro", nan = "error", full = false,
  }, { references = true, reference_labels = true })
  check.one_of(argn, "metric", o.metric, neighbours.METRICS)
  check.one_of(argn, "average", o.average, AVERAGES)
  local given, reason = read(z, y, o, argn)
  if not given then return result.of(name, o.full, NAN, { undefined = reason }) end
  local info = {
    distance = o.metric, average = o.average, d = core.size(given.z, 2),
    n_references = given.n, n_classes = given.k,
    n_skipped = given.skipped > 0 and given.skipped or nil,
  }
  local mean = NAN
  if given.self and given.n == 1 then
    info.n, info.n_lone, info.undefined = 0, 1, "one row has no other"
  else
    mean, info.n = average(given, value(given, o, info), o.average)
    info.n_lone = given.m - info.n
    if info.n == 0 then info.undefined = "no query has a reference of its label" end
  end
  return result.of(name, o.full, mean, info)
end

return retrieval
