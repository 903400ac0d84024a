-- Canonical correlations: the cosines of the angles between what the columns of two matrices span. Both
-- are taken apart into singular values and vectors, and where there are many rows that is done on the
-- triangular factor of both side by side: nothing is squared, and nothing is as long as the data.

local core = require "sslkit.core"
local check = require "sslkit.check"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"
local tsqr = require "sslkit.metrics.engine.tsqr"
local two_sets = require "sslkit.metrics.engine.two_sets"

local canonical = {}

local BLOCK = 4096 -- rows that are put side by side at a time
local BY_MOMENTS = 1e-7 -- of the largest singular value: what is below drowns in a scatter
local ONE = "one row has no variance"
local EPS = { float32 = 2.0 ^ -21, float64 = 2.0 ^ -52 }

-- Two matrices with the inner products that the centred x and y have, side by side.
local function factors(x, y)
  if x.n <= x.d + y.d + 1 then return two_sets.centered(x), two_sets.centered(y) end
  local total = tsqr.new(x.d + y.d)
  for first = 1, x.n, BLOCK do
    local last = math.min(x.n, first + BLOCK - 1)
    local block = {}
    for k, side in ipairs { x, y } do
      local z = core.to(core.narrow(side.z, 1, first, last), "float64") - side.mean
      block[k] = z:mul_(side.scale)
    end
    total:add_finite(T.cat(block, 2))
  end
  local r = total:factor(true)
  return r:narrow(2, 1, x.d):clone(), r:narrow(2, x.d + 1, -1):clone()
end

-- One side, of singular values s and right vectors vh, as far as it counts: values above rtol of the
-- largest, and of these the leading `keep(values)`.
local function reduced(s, vh, rtol, keep)
  local values, rank = s:totable(), 0
  for _, v in ipairs(values) do
    if v > rtol * values[1] then rank = rank + 1 end
  end
  if keep and rank > 0 then rank = math.min(rank, keep(values)) end
  local self = { rank = rank, total = 0, kept = 0 }
  for i, v in ipairs(values) do
    self.total = self.total + v * v
    if i <= rank then self.kept = self.kept + v * v end
  end
  if rank > 0 then self.s, self.vh = s:narrow(1, 1, rank), vh:narrow(1, 1, rank) end
  return self
end

-- Both sides of rows, and the cosines between their left singular vectors.
local function of_rows(x, y, rtol, keep)
  local a, b = factors(x, y)
  local u, s, vh = core.svd(a)
  local first = reduced(s, vh, rtol, keep)
  local v, t, wh = core.svd(b)
  local second = reduced(t, wh, rtol, keep)
  return first, second, function()
    return core.matmul(u:narrow(2, 1, first.rank):t(), v:narrow(2, 1, second.rank))
  end
end

-- The same of moments: each side by its eigenvectors, which see half the digits.
local function of_moments(sets, rtol, keep)
  local function side(scatter)
    local w, v = core.eigh(scatter)
    local s = T.flip(w, 1):clamp(0, math.huge):sqrt_()
    return reduced(s, T.flip(v:t(), 1), rtol, keep)
  end
  local first, second = side(sets.xx), side(sets.yy)
  return first, second, function()
    local cross = first.vh:matmul(sets.xy):matmul(second.vh:t())
    return cross / first.s:unsqueeze(2) / second.s:unsqueeze(1)
  end
end

-- What a ridge on the covariances leaves of a direction: the less, the less it varies.
local function damping(side, n, ridge, unit)
  local variance = side.s:square() / (n - 1) / unit / unit
  return (variance / (variance + ridge)):sqrt()
end

--- The canonical correlations of x and y (arguments 1 and 2; the options are argument 3, and `options`
-- holds nan and perhaps rtol and ridge), or of an accumulator of pairs: {rho= list, descending, n=,
-- dx=, dy=, x=, y=: the reduced sides, w= and z=: their variates [rank,r] on the singular vectors};
-- nil and the reason where they are not defined, and what is known nevertheless. `keep`: see reduced.
function canonical.of(x, y, options, keep)
  local rtol = options.rtol and check.number(3, "rtol", options.rtol, 0, 1)
  local ridge = options.ridge and check.number(3, "ridge", options.ridge, 0) or 0
  local sets = two_sets.of_accumulator(x, y)
  local self, cosines
  local unit_x, unit_y = 1, 1
  if sets then
    self = { n = sets.n, dx = sets.dx, dy = sets.dy, skipped = 0, rtol = rtol or BY_MOMENTS }
    if sets.n < 2 then return nil, ONE, self end
    self.x, self.y, cosines = of_moments(sets, self.rtol, keep)
  else
    local a, b, skipped = rows.pair(x, y, options.nan)
    if not a then return nil, b end
    local eps = math.max(EPS[core.dtype(x)], EPS[core.dtype(y)]) -- as they are stored
    a, b = two_sets.side(a), two_sets.side(b)
    self = { n = a.n, dx = a.d, dy = b.d, skipped = skipped }
    self.rtol = rtol or math.max(eps, math.max(a.n, a.d, b.d) * EPS.float64)
    if a.n < 2 then return nil, ONE, self end
    self.x, self.y, cosines = of_rows(a, b, self.rtol, keep)
    unit_x, unit_y = a.unit, b.unit
  end
  if self.x.rank == 0 or self.y.rank == 0 then return nil, "a side has no variance", self end
  local cross = cosines()
  if ridge > 0 then
    cross = cross * damping(self.x, self.n, ridge, unit_x):unsqueeze(2)
      * damping(self.y, self.n, ridge, unit_y)
  end
  local w, s, zh = core.svd(cross)
  self.rho, self.w, self.z = s:totable(), w, zh:t()
  for i, r in ipairs(self.rho) do self.rho[i] = math.min(1.0, r) end
  return self
end

--- The mean of correlations, and that of their squares.
function canonical.means(rho)
  local sum, squares = 0, 0
  for _, r in ipairs(rho) do sum, squares = sum + r, squares + r * r end
  return sum / #rho, squares / #rho
end

--- The fields that all of the family tell.
function canonical.info(self, options)
  local info = { n = self.n, dx = self.dx, dy = self.dy, rtol = self.rtol, rho = self.rho }
  if self.x then info.rank_x, info.rank_y = self.x.rank, self.y.rank end
  if self.skipped > 0 then info.n_skipped = self.skipped end
  if options.ridge and options.ridge > 0 then info.ridge = options.ridge end
  local wide = (info.rank_x or 0) + (info.rank_y or 0)
  if wide > 0 and self.n <= wide then
    local text = "N = %d is not above the ranks' sum, %d: some correlations are 1 whatever the data"
    info.warn = text:format(self.n, wide)
  end
  return info
end

return canonical
