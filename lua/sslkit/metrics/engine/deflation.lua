-- Small singular values beside large ones. A Gram matrix knows its eigenvalues to a few units in the
-- last place of the largest, so that what is small drowns. Here the directions V of the large ones are
-- taken off the rows, and the rest, x - x V V^T, has a Gram matrix of its own, whose largest eigenvalue
-- is small. Two passes over the rows with products of matrices only: half the time of a triangular
-- factor. The large values come from the triangular factor of the few columns x V.

local core = require "sslkit.core"
local moments = require "sslkit.metrics.engine.moments"
local tsqr = require "sslkit.metrics.engine.tsqr"
local T = require "sslkit.tensor"

local deflation = {}

local EPS = 2.0 ^ -52
local LARGE = 1e-7 -- an eigenvalue is that is taken off, relative to the largest
local MOST = 0.25  -- share of the directions that may be

-- The directions [d,k] of large eigenvalues, and the least of these; or nil where they are too many.
local function directions(m, center)
  local values, vectors = moments.axes(m, center) -- ascending
  local w, d = values:totable(), m.d
  local k, least = 0, math.max(LARGE * w[d], 0)
  while k < d and w[d - k] > least do k = k + 1 end
  if k == 0 or k > MOST * d then return nil end
  return core.narrow(vectors, 2, d - k + 1, d):contiguous(), w[d - k + 1]
end

-- Rows without what they have along v, and that: two buffers, used again for each block.
local function splitter(v, shift)
  local vt, buffers = v:t():contiguous(), {}
  local function buffer(i, n, d)
    local b = buffers[i]
    if not b or core.len(b) < n then
      b = T.zeros({ n, d }, "float64")
      buffers[i] = b
    end
    return core.narrow(b, 1, 1, n)
  end
  return function(block)
    local n, d = core.shape(block)
    local x, along = buffer(1, n, d), buffer(2, n, d)
    core.copy_(x, block)
    core.sub_(x, shift)
    local y = core.matmul(x, v)
    core.matmul(y, vt, along)
    core.sub_(x, along)
    return x, y
  end
end

--- Singular values of the rows that each(f) gives in blocks, whose moments are m: descending, how far
-- the square of each may be off, and how far each may be by rounding. Or nil where these rows are not of
-- that kind.
function deflation.values(each, m, center)
  local v, least = directions(m, center)
  if not v then return nil end
  local k, d = core.size(v, 2), m.d
  local split = splitter(v, center and m.mean or T.zeros({ d }, "float64"))
  local large, rest = tsqr.new(k, T.zeros({ k }, "float64")), moments.new(d)
  local mixed = T.zeros({ k, d }, "float64") -- x V against the rest: 0 but for rounding
  each(function(block)
    local x, y = split(block)
    large:add_finite(y)
    rest:add_finite(x)
    core.add_(mixed, core.matmul(y:t(), x))
  end)
  local values, small = large:values(false):totable(), rest:eigenvalues(false):totable()
  local top = math.max(small[#small] or 0, 0)
  local total = center and m.n * core.sum(core.square(m.mean)):item() or 0 -- what is rounded
  if top >= least then return nil end
  for j = #small, k + 1, -1 do
    values[#values + 1] = math.sqrt(math.max(small[j], 0))
  end
  for _, s in ipairs(values) do total = total + s * s end
  local coupling = core.sum(core.square(mixed)):item()
  return values, math.max(8, math.sqrt(d) / 3) * EPS * top + coupling / (least - top),
    8 * EPS * math.sqrt(total)
end

return deflation
