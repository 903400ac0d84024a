-- CLID: cluster learnability and intrinsic dimension.

local core = require "sslkit.core"
local check = require "sslkit.check"
local kmeans = require "sslkit.metrics.engine.kmeans"
local neighbours = require "sslkit.metrics.engine.neighbours"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"
local twonn = require "sslkit.metrics.twonn"

local NAN = 0 / 0
local BLOCK = 256 -- rows of a stream that are asked at a time

-- The share of test rows whose neighbours among the training rows vote for the right cluster.
local function held_out(z, id, o, g)
  local n, clusters = core.len(z), core.amax(id):item()
  local order = T.randperm(n, { generator = g })
  local train = math.max(1, math.min(n - 1, math.floor(o.split * n + 0.5)))
  local seen, asked = order:narrow(1, 1, train), order:narrow(1, train + 1, n)
  local index, score = core.neighbours(core.take(z, 1, asked), core.take(z, 1, seen),
    math.min(o.k, train), o.metric)
  local _, winner = core.knn_vote(index, score, core.take(id, 1, seen), clusters, o.metric,
    "uniform", 1)
  return core.mean(core.eq(winner, core.take(id, 1, asked)):double()):item()
end

-- The k nearest of the rows before each of rows first..last of z (fewer at the beginning, which a score
-- of -infinity marks): index and score, larger being nearer. Earlier blocks come from the search; inside
-- the block, each row is compared with all and sees those before it.
local function earlier(z, first, last, k, metric)
  local block, size = z:narrow(1, first, last), last - first + 1
  local score
  if metric == "cosine" then
    local unit = neighbours.unit(block)
    score = core.matmul(unit, unit:t():contiguous())
  else
    score = -core.cdist(block, block, 2)
  end
  local place = T.arange(first, last, 1, "int64")
  score:masked_fill_(core.ge(place:unsqueeze(1), place:unsqueeze(2)), -math.huge)
  local index = core.contiguous(place:unsqueeze(1):expand(size, size))
  if first > 1 then
    local seen = z:narrow(1, 1, first - 1)
    local found, s = core.neighbours(block, seen, math.min(k, first - 1), metric)
    if metric == "l2" then s = -s end
    index, score = T.cat({ found, index }, 2), T.cat({ s, score }, 2)
  end
  local best, at = T.topk(score, math.min(k, core.size(score, 2)), 2)
  return core.gather(index, 2, at), best
end

-- The same, each row asked when those before it have been seen; the first has seen none.
local function in_turn(z, id, o, g)
  local n, clusters = core.len(z), core.amax(id):item()
  local order = T.randperm(n, { generator = g })
  z, id = core.take(z, 1, order), core.take(id, 1, order)
  local right = 0
  for first = 1, n, BLOCK do
    local last = math.min(first + BLOCK - 1, n)
    local index, score = earlier(z, first, last, o.k, o.metric)
    local votes = T.zeros({ last - first + 1, clusters }, "float64")
    local found = core.take(id, 1, index:view(core.numel(index))):view(core.shape(index))
    votes:scatter_add_(2, found, core.gt(score, -math.huge):double())
    local most = core.eq(votes, core.amax(votes, 2, true))
    -- of equal votes the nearest neighbour's cluster
    local first_of = core.argmax(core.gather(most, 2, found), 2)
    local winner = core.gather(found, 2, first_of:unsqueeze(2)):squeeze(2)
    local hit = core.eq(winner, id:narrow(1, first, last)):double()
    right = right + core.sum(hit):item() - (first == 1 and hit:at(1) or 0)
  end
  return right / (n - 1)
end

-- cl and id of one representation.
local function measure(argn, z, o)
  local kept, skipped = rows.finite(argn, z, o.nan, 2)
  if not kept then return { cl = NAN, id = NAN, undefined = skipped } end
  local n = core.len(kept)
  local out = { id = twonn(kept), n = n, d = core.size(kept, 2) }
  if skipped > 0 then out.n_skipped = skipped end
  out.clusters = o.clusters or math.max(1, math.floor(math.sqrt(n)))
  if out.clusters > n then
    check.fail(2, "clusters must be at most N = %d, got %d", n, out.clusters)
  end
  if n < 2 then
    out.cl, out.undefined = NAN, "one row has nothing to learn from"
    return out
  end
  local space = o.metric == "cosine" and neighbours.unit(kept) or rows.in_range(kept)
  local id = kmeans.fit(space, out.clusters, o).id
  local g = T.generator(o.seed):split(1)
  out.cl = (o.prequential and in_turn or held_out)(space, id, o, g)
  return out
end

-- The scores of a pool as distances from their mean, in standard deviations.
local function standard(list, name)
  local sum, square = 0, 0
  for _, v in ipairs(list) do sum = sum + v[name] end
  local mean = sum / #list
  for _, v in ipairs(list) do square = square + (v[name] - mean) ^ 2 end
  local std = math.sqrt(square / #list)
  return function(v)
    if square > 0 and std > 1e-14 * math.abs(mean) then return (v[name] - mean) / std end
    return square ~= square and NAN or 0.0
  end
end

--- CLID of representations: CL, cluster learnability, is the accuracy of a nearest neighbour classifier
-- that is to learn a k-means clustering of the rows; ID is their intrinsic dimension (twonn). Over a pool
-- of models each is standardised, and CLID is the sum; of one model alone there is none.
-- @param z list of float tensors [N,D], one a model; or one tensor
-- @param options {clusters= (square root of N), k=1 (neighbours that vote), split=0.5 (share of the rows to
-- learn from), prequential=false (each row is asked in turn, and those before it are learnt),
-- metric="l2" or "cosine" (clusters of unit rows then), restarts=10, iterations=100, tolerance=1e-6 (of
-- k-means), seed=0, nan="error", "skip" or "propagate"}
-- @return list of tables {cl=, id=, clid=, clusters=, n=, d=, ...}, or for one tensor the numbers cl, id
-- @raise on NaN or Inf, naming the row
-- @source Lu, Laroche, Bahri et al. 2023, "Using representation expressiveness and learnability to evaluate self-supervised learning methods", TMLR
-- @example ssl.metrics.clid(ssl.tensor{{0}, {1}, {3}, {90}, {92}, {93}}, {clusters=2}) --> 1.0
local function clid(z, options)
  local o = check.options(2, options, {
    k = 1, split = 0.5, prequential = false, metric = "l2", restarts = 10, iterations = 100,
    tolerance = 1e-6, seed = 0, nan = "error",
  }, { clusters = true })
  check.one_of(2, "metric", o.metric, neighbours.METRICS)
  for _, name in ipairs { "k", "restarts", "iterations" } do check.integer(2, name, o[name], 1) end
  if o.clusters ~= nil then check.integer(2, "clusters", o.clusters, 1) end
  check.number(2, "split", o.split, 0, 1)
  check.number(2, "tolerance", o.tolerance, 0)
  check.integer(2, "seed", o.seed)
  if core.is_tensor(z) then
    local one = measure(1, z, o)
    return one.cl, one.id
  end
  if type(z) ~= "table" or #z == 0 then
    check.fail(1, "tensor or list of tensors expected, got %s",
      type(z) == "table" and "an empty list" or check.kind(z))
  end
  local list = {}
  for i = 1, #z do list[i] = result.page("clid", measure(1, z[i], o)) end
  local cl, id = standard(list, "cl"), standard(list, "id")
  for _, v in ipairs(list) do
    v.clid = cl(v) + id(v)
    if #list == 1 then v.clid, v.undefined = NAN, "one model has no pool" end
  end
  return list
end

return clid
