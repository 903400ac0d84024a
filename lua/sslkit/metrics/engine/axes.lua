-- Principal axes: the right singular vectors of rows, with their singular values. From a Gram matrix
-- where it resolves the least of them that counts, else from the triangular factor of the rows.

local core = require "sslkit.core"
local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"
local stream = require "sslkit.metrics.engine.stream"
local tsqr = require "sslkit.metrics.engine.tsqr"
local T = require "sslkit.tensor"

local axes = {}

local SMALL = 5e7  -- N D min(N,D) up to which rows are decomposed as they are
local TAIL = 1e-9  -- the smallest eigenvalue, relative to the largest, that a Gram matrix resolves
local NOISE = 4e-8 -- what it leaves of a singular value that is 0
local EPS = 2.0 ^ -52
local STORED = { float32 = 2.0 ^ -23, float64 = EPS }

--- What rounding to their dtype leaves of a singular value that is 0, relative to the largest.
function axes.rounding(dtype, d)
  return math.max(4 * STORED[dtype], 32 * EPS * math.sqrt(d))
end

local function from_moments(m, center)
  local w, v = moments.axes(m, center)
  return w:clamp(0, math.huge):sqrt():flip(1), v:flip(2)
end

-- Singular values and right singular vectors of a matrix.
local function decomposed(a)
  local _, s, vh = core.svd(a)
  return s, vh:t()
end

-- Of rows in memory that are few: as they are.
local function direct(self, z, center)
  z = z:double()
  self.n, self.mean = core.len(z), T.zeros({ self.d }, "float64")
  if center then
    local first = z:narrow(1, 1, 1)
    z = z - first -- exactly 0 where a column is constant
    local mean = z:mean(1)
    self.mean = first:squeeze(1) + mean
    z = z - mean
  end
  return decomposed(z)
end

-- Of rows that come in blocks.
local function streamed(self, source, center)
  local m = moments.new(self.d)
  local ok, reason = source:each(function(block) m:add_finite(block) end)
  if not ok then return nil, reason end
  self.n, self.mean = m.n, center and m.mean or T.zeros({ self.d }, "float64")
  if moments.in_range(m) then
    local s, v = from_moments(m, center)
    if s[-1] ^ 2 >= TAIL * s[1] ^ 2 then return s, v end
  end
  local r = tsqr.new(self.d, m.mean)
  source:each(function(block) r:add_finite(block) end)
  return decomposed(r:factor(center))
end

--- The axes of a source (see stream.source) or of moments: {n=, d=, mean= [d] (zeros unless centred),
-- values= [r] singular values, descending, axis= [d,r]}, in the source's unit; those at or below `share`
-- of the largest are left out, and r may be 0 (no values and axis then). Or nil and the reason.
function axes.of(source, center, share)
  local self = { d = source.d, r = 0 }
  local s, v
  if moments.is(source) then
    self.n, self.mean = source.n, center and source.mean or T.zeros({ self.d }, "float64")
    s, v = from_moments(source, center)
    share = math.max(share, NOISE)
  elseif source.z and core.numel(source.z) * math.min(core.shape(source.z)) <= SMALL
    or source.z and core.len(source.z) < source.d then
    s, v = direct(self, source.z, center)
  else
    s, v = streamed(self, source, center)
    if not s then return nil, v end
  end
  local least = share * s[1]
  while self.r < core.len(s) and s[self.r + 1] > least do self.r = self.r + 1 end
  if self.r > 0 then
    self.values, self.axis = s:narrow(1, 1, self.r):contiguous(),
      v:narrow(2, 1, self.r):contiguous()
  end
  return self
end

--- The axes of a tensor, an opened file or an accumulator, in the unit of the rows; or nil and the
-- reason.
function axes.read(argn, x, center, share, policy)
  if moments.is(x) then
    if x.n == 0 then check.fail(argn, "%s: no rows yet", tostring(x)) end
    local self = axes.of(x, center, share)
    self.skipped, self.dtype = 0, x.dtype
    return self
  end
  local source, reason = stream.source(argn, x, policy)
  if not source then return nil, reason end
  local self
  self, reason = axes.of(source, center, share)
  if not self then return nil, reason end
  self.skipped, self.mean = source.skipped, self.mean * source.unit
  if self.values then self.values = self.values * source.unit end
  return self
end

return axes
