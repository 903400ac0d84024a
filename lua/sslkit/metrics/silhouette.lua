-- The silhouette: are rows closer to their own class than to the next?

local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local separation = require "sslkit.metrics.engine.separation"
local T = require "sslkit.tensor"

local NAN = 0 / 0
local METRICS = { "euclidean", "sql2", "cosine" }
local HIGH, WIDE = 1008, 4096 -- rows and columns of distances at a time
local BLOCK = 4096            -- rows compared with class means at a time

-- Sums of distances of each row from the rows of each class [k,n]. A tile of distances to later rows
-- serves both ways; one of a block of rows to itself comes first. The rows come in runs of their
-- classes.
local function distance_sums(z, id, k)
  local n = core.len(z)
  local sums = T.zeros({ k, n }, "float64")
  for top = 1, n, HIGH do
    local own = z:narrow(1, top, math.min(top + HIGH - 1, n)):double()
    core.class_tile_add(sums, id, core.cdist(own, own, 2), top, top)
    for left = top + HIGH, n, WIDE do
      local others = z:narrow(1, left, math.min(left + WIDE - 1, n)):double()
      core.class_tile_add(sums, id, core.cdist(own, others, 2), top, left)
    end
  end
  return sums
end

-- The mean distance from the own class and the least from another, given `apart` [b,k], mean distances
-- from each class, and `own` [b].
local function widths(apart, own, id)
  local other = core.amin(apart:scatter_(2, id:unsqueeze(2), math.huge), 2)
  local larger = core.maximum(own, other)
  return T.where(core.gt(larger, 0), (other - own) / larger, 0)
end

local function euclidean(given)
  local id, order = core.sort(given.id, 1, false)
  local z = core.take(given.z, 1, order)
  local sums, count = distance_sums(z, id, given.k), given.count:double()
  local own = core.gather(sums, 1, id:unsqueeze(1)):squeeze(1) / (core.take(count, 1, id) - 1)
  local sorted = widths(sums:div_(count:unsqueeze(2)):t():contiguous(), own, id)
  return T.zeros({ given.n }, "float64"):index_copy_(1, order, sorted)
end

-- The mean squared distance from the rows of a class is that from their mean, and their variance: no
-- pair needs to be looked at. Half of it, on unit rows, is 1 - cosine, and a zero row, whose cosine
-- with every other is 0, then lacks 1/2 of each.
local function by_means(given, kind)
  local count = given.count:double()
  local scale = kind == "cosine" and core.row_units(given.z) or nil
  local mean = core.class_means(given.z, given.id, given.k, scale)
  local square = core.class_squares(given.z, given.id, mean, scale)
  local variance = core.bincount(given.id, given.k, square) / count
  local zero = scale and core.eq(scale, 0):double()
  local zeros = zero and core.bincount(given.id, given.k, zero)
  local out = T.zeros({ given.n }, "float64")
  for first = 1, given.n, BLOCK do
    local last = math.min(first + BLOCK - 1, given.n)
    local z, id = given.z:narrow(1, first, last):double(), given.id:narrow(1, first, last)
    if scale then z = z * scale:narrow(1, first, last):unsqueeze(2) end
    local apart, size = core.cdist(z, mean, 2), core.take(count, 1, id)
    if kind ~= "simplified" then apart = apart:square() + variance end
    local own = core.gather(apart, 2, id:unsqueeze(2)):squeeze(2)
    if kind ~= "simplified" then own = own * size / (size - 1) end
    if zero then
      local mine = zero:narrow(1, first, last)
      own = own / 2 + (mine + (core.take(zeros, 1, id) - mine) / (size - 1)) / 2
      apart = apart / 2 + (mine:unsqueeze(2) + zeros / count) / 2
    end
    out:narrow(1, first, last):copy_(widths(apart, own, id))
  end
  return out
end

-- At most max_rows rows, chosen by the seed, with the classes that are left.
local function sample(given, max_rows, seed)
  if given.n <= max_rows then return given end
  local order = T.randperm(given.n, { generator = T.generator(seed) })
  local chosen = core.sorted(order:narrow(1, 1, max_rows), 1, false)
  local part = { z = core.take(given.z, 1, chosen), n = max_rows, d = given.d }
  local left
  left, part.id, part.count = core.unique(core.take(given.id, 1, chosen), true, true)
  part.classes, part.k = core.take(given.classes, 1, left), core.len(left)
  return part
end

--- The silhouette: for each row the mean distance a from the others of its class and the least mean
-- distance b from another class give (b - a) / max(a, b), from -1 (in the wrong class) to 1; mean over
-- the rows. A row that is alone in its class counts as 0.
-- @param z float tensor [N,D]
-- @param y int64 [N], the labels
-- @param options {metric="euclidean", "sql2" (its square) or "cosine" (1 - cosine), simplified=false
-- (distances from class means), max_rows=20000 (of more, that many are sampled; "sql2", "cosine" and
-- simplified look at no pairs, and take all), seed=0, nan="error", "skip" or "propagate", full=false}
-- @return number; NaN for one class; with full a table {value=, samples= (of each row used, float64),
-- per_class= (their means), classes=, distance=, n=, n_used=, d=, n_classes=, ...}
-- @raise on NaN or Inf, naming the row, and on labels that are not int64 or not one a row
-- @source Rousseeuw 1987, "Silhouettes: a graphical aid", Journal of Computational and Applied Mathematics
-- @example ssl.metrics.silhouette(ssl.tensor{{0}, {1}, {4}, {6}}, ssl.tensor({1, 1, 2, 2}, "int64")) --> 0.653733766234
-- @example ssl.metrics.silhouette(ssl.tensor{{0}, {1}, {4}, {6}}, ssl.tensor({1, 1, 2, 2}, "int64"), {simplified=true}) --> 0.826866883117
local function silhouette(z, y, options)
  options = check.options(3, options, {
    metric = "euclidean", simplified = false, max_rows = 20000, seed = 0, nan = "error",
    full = false,
  })
  local metric = check.one_of(3, "metric", options.metric, METRICS)
  if options.simplified and metric ~= "euclidean" then
    check.fail(3, "simplified goes with metric='euclidean', got '%s'", metric)
  end
  local max_rows = check.integer(3, "max_rows", options.max_rows, 2)
  local seed = check.integer(3, "seed", options.seed)
  local given, reason = separation.rows(z, y, options.nan)
  local info = { distance = metric, simplified = options.simplified }
  if not given then
    info.undefined = reason
    return result.of("silhouette", options.full, NAN, info)
  end
  local exact = metric == "euclidean" and not options.simplified
  local used = exact and sample(given, max_rows, seed) or given
  info.n, info.d, info.n_used, info.n_classes = given.n, given.d, used.n, used.k
  if given.skipped > 0 then info.n_skipped = given.skipped end
  if used.n < given.n then info.seed = seed end
  if used.k == 1 then
    info.undefined = "one class has no other"
    return result.of("silhouette", options.full, NAN, info)
  end
  local samples = exact and euclidean(used)
    or by_means(used, options.simplified and "simplified" or metric)
  local alone = core.eq(core.take(used.count, 1, used.id), 1)
  samples = T.where(alone, 0, samples)
  info.samples, info.classes = samples, used.classes
  info.per_class = core.bincount(used.id, used.k, samples) / used.count:double()
  return result.of("silhouette", options.full, core.item(core.mean(samples)), info)
end

return silhouette
