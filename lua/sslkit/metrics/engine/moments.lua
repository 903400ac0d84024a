-- The first and second moments of data that comes in blocks, in float64 and centred from the first
-- block on (Chan's update), so that a large common offset costs no digits. Parts may be made apart
-- and merged.

local core = require "sslkit.core"
local check = require "sslkit.check"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local moments = {}

local Moments = { __name = "sslkit.Moments" }
Moments.__index = Moments

function Moments:__tostring()
  return ("moments of %d rows of width %d"):format(self.n, self.d)
end

--- Empty moments of width d. Fields: n rows so far, mean [d], scatter [d,d] (the upper triangle of the
-- sums about the mean), lo and hi [d], the extremes of each column, dtype of the rows.
function moments.new(d)
  d = check.integer(1, "width", d, 1)
  return setmetatable({
    n = 0, d = d, mean = T.zeros({ d }, "float64"), scatter = T.zeros({ d, d }, "float64"),
    lo = T.zeros({ d }, "float64"), hi = T.zeros({ d }, "float64"),
  }, Moments)
end

--- Is it one?
function moments.is(v) return getmetatable(v) == Moments end

--- Adds the rows of z [N,d].
function Moments:add(z)
  return self:add_finite(rows.of_width(2, z, self.d))
end

--- Adds rows that are known to be right.
function Moments:add_finite(z)
  self.n = core.moments_add(self.n, self.mean, self.scatter, self.lo, self.hi, z)
  if self.dtype ~= "float32" then self.dtype = core.dtype(z) end
  return self
end

--- Adds what another one has seen.
function Moments:merge(other)
  if not moments.is(other) or other.d ~= self.d then
    check.fail(2, "moments of width %d expected, got %s", self.d, tostring(other))
  end
  if other.n == 0 then return self end
  if self.n == 0 then
    for _, name in ipairs { "mean", "scatter", "lo", "hi" } do self[name]:copy_(other[name]) end
  else
    local n = self.n + other.n
    local step = other.mean - self.mean
    local outer = step:unsqueeze(2) * step:unsqueeze(1)
    local above = T.arange(1, self.d):unsqueeze(2):le(T.arange(1, self.d):unsqueeze(1))
    self.scatter:add_(other.scatter)
      :add_(T.where(above, outer, 0):mul_(self.n * (other.n / n)))
    self.mean:add_(step:mul_(other.n / n))
    self.lo, self.hi = self.lo:minimum(other.lo), self.hi:maximum(other.hi)
  end
  self.n = self.n + other.n
  if self.dtype ~= "float32" then self.dtype = other.dtype end
  return self
end

--- The eigenvalues, ascending, of the scatter (center) or of the sums about zero; those of constant
-- (or zero) columns, exactly 0, are left out.
function Moments:eigenvalues(center)
  return core.moments_spectrum(self.n, self.mean, self.scatter, self.lo, self.hi, center)
end

return moments
