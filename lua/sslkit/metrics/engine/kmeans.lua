-- k-means: Lloyd's algorithm from several starts.

local core = require "sslkit.core"
local T = require "sslkit.tensor"

local kmeans = {}

-- k rows, the first by chance and each further one with a chance proportional to its squared distance
-- from those chosen (k-means++).
local function seed(z, k, g)
  local n = core.len(z)
  local draws = T.rand({ k }, { generator = g, dtype = "float64" }):totable()
  local chosen, square = { 1 + math.floor(draws[1] * n) }, nil
  for i = 2, k do
    local last = z:narrow(1, chosen[i - 1], chosen[i - 1])
    local far = core.square(core.cdist(z, last, 2):squeeze(2):double())
    square = square and core.minimum(square, far) or far
    local sum = core.cumsum(square, 1)
    local total = sum:at(n)
    if total > 0 then -- the first sum above the draw
      local at = core.searchsorted(sum, T.full({ 1 }, draws[i] * total, "float64"), true):item()
      chosen[i] = math.min(at, n)
    else
      chosen[i] = 1 + math.floor(draws[i] * n)
    end
  end
  return core.take(z, 1, T.tensor(chosen, "int64"))
end

-- The means of the clusters; one that has no rows left takes the row that is farthest from its own, the
-- next the next farthest.
local function update(z, id, distance, k)
  local means = core.class_means(z, id, k):to(core.dtype(z))
  local empty = core.nonzero(core.eq(core.bincount(id, k), 0))
  if core.len(empty) > 0 then
    local _, far = core.sort(distance, 1, true)
    for i = 1, core.len(empty) do
      means:select(1, empty:at(i, 1)):copy_(z:select(1, far:at(math.min(i, core.len(far)))))
    end
  end
  return means
end

local function lloyd(z, centers, k, o)
  local before, steps = math.huge, 0
  while true do
    steps = steps + 1
    local index, distance = core.neighbours(z, centers, 1, "l2")
    local id = index:view(core.len(z))
    distance = distance:view(core.len(z))
    local inertia = core.sum(core.square(distance)):item()
    if before - inertia <= o.tolerance * inertia or steps == o.iterations then
      return { id = id, centers = centers, inertia = inertia, steps = steps }
    end
    before, centers = inertia, update(z, id, distance, k)
  end
end

--- k clusters of the finite rows z: the best of some starts, {id= int64 [N] in 1..k, centers= [k,D],
-- inertia= (sum of squared distances), steps=}. o: restarts, iterations (at most), tolerance (relative,
-- of the inertia), seed. Squares of the rows must be numbers.
function kmeans.fit(z, k, o)
  local g, best = T.generator(o.seed), nil
  for _ = 1, o.restarts do
    local run = lloyd(z, seed(z, k, g), k, o)
    if not best or run.inertia < best.inertia then best = run end
  end
  return best
end

return kmeans
