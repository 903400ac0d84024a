-- How far the contrastive loss is from the supervised loss that it stands in for.

local core = require "sslkit.core"
local check = require "sslkit.check"
local labels = require "sslkit.metrics.engine.labels"
local result = require "sslkit.metrics.engine.result"
local tape = require "sslkit.metrics.engine.tape"
local T = require "sslkit.tensor"

local CELLS = 4194304 -- similarities that are held at a time

-- The cross-entropy of the classifier whose weights are the class means.
local function supervised(u, g, scale)
  local mean = T.zeros({ g.k, g.d }, "float64")
  core.index_add_(mean, 1, g.id, u)
  mean = mean / core.unsqueeze(g.count:double(), 2)
  local log = core.log_softmax(core.matmul(u, mean:t()) * scale)
  return -core.item(core.mean(core.gather(log, 2, core.unsqueeze(g.id, 2))))
end

-- For each row another row of its class, at random; itself where there is none.
local function partners(g, generator)
  local order = core.argsort(g.id, 1, false)
  local place = core.argsort(order, 1, false) -- of each row among those in order
  local start = core.sub(core.cumsum(g.count, 1), g.count)
  local size = core.take(g.count, 1, g.id)
  local at = core.sub(place, core.take(start, 1, g.id)) -- 1 .. size
  local draw = core.floor(core.mul(T.rand({ g.n }, { generator = generator, dtype = "float64" }),
    core.maximum(core.sub(size, 1), 1):double())):long()
  local other = core.mod(core.add(at, draw), size) -- the next ones, round the class
  return core.take(order, 1, core.add(core.add(core.take(start, 1, g.id), other), 1)), size
end

-- The mean over rows that have a partner of -ln of its share among itself and the negatives, which are
-- drawn from all rows.
local function contrastive(u, g, scale, negatives, generator)
  local partner, size = partners(g, generator)
  local sum, step = 0, math.max(1, CELLS // math.max(g.n, negatives))
  for first = 1, g.n, step do
    local last = math.min(first + step - 1, g.n)
    local drawn = T.randint(1, g.n, { last - first + 1, negatives }, { generator = generator })
    local index = T.cat({ core.unsqueeze(core.narrow(partner, 1, first, last), 2), drawn }, 2)
    local logits = core.matmul(core.narrow(u, 1, first, last), u:t()) * scale
    local log = core.log_softmax(core.gather(logits, 2, index))
    local own = core.squeeze(core.narrow(log, 2, 1, 1), 2)
    sum = sum - core.item(core.sum(T.where(core.gt(core.narrow(size, 1, first, last), 1), own, 0)))
  end
  local alone = core.item(core.sum(core.eq(size, 1)))
  return sum / (g.n - alone), alone
end

--- The surrogate gap: the supervised cross-entropy of the classifier made of the class means, minus the
-- contrastive loss, whose positives are of the same class and whose negatives are random. The more
-- negatives, the closer the two move together, up to ln(classes / (negatives + 1)), the gap of embeddings
-- that all coincide.
-- @param z float tensor [N,D], scaled to unit rows
-- @param y int64 [N], labels
-- @param options {negatives=256, temperature=1, seed=0, nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, supervised=, contrastive=, collapsed= (the gap of embeddings
-- that coincide), n_alone= (rows without another of their class, which anchor no pair), n=, k=, undefined=,
-- ...}; NaN where no class has two rows
-- @raise labels that are not int64 or not one a row, NaN or Inf, naming the row
-- @source Bao, Nagano, Nozawa 2022, "On the surrogate gap between contrastive and supervised losses", ICML
-- @example ssl.metrics.surrogate_gap(ssl.ones(4, 2), ssl.tensor({1, 1, 2, 2}, "int64"), {negatives=1}) --> 0.0
local function surrogate_gap(z, y, options)
  options = check.options(3, options, {
    negatives = 256, temperature = 1, seed = 0, nan = "error", full = false,
  })
  local negatives = check.integer(3, "negatives", options.negatives, 1)
  local scale = 1 / check.number(3, "temperature", options.temperature, 1e-6)
  local seed = check.integer(3, "seed", options.seed)
  local info = { negatives = negatives, temperature = options.temperature, seed = seed }
  local g, reason = labels.rows(z, y, options.nan)
  if g then
    info.n, info.k, info.n_skipped = g.n, g.k, g.skipped > 0 and g.skipped or nil
    info.collapsed = math.log(g.k / (negatives + 1))
    if core.item(core.amax(g.count)) == 1 then reason = "no class has two rows" end
  end
  if reason then
    info.undefined = reason
    return result.of("surrogate_gap", options.full, 0 / 0, info)
  end
  local u = tape.units(g.z:double())
  info.supervised = supervised(u, g, scale)
  info.contrastive, info.n_alone = contrastive(u, g, scale, negatives, T.generator(seed))
  return result.of("surrogate_gap", options.full, info.supervised - info.contrastive, info)
end

return surrogate_gap
