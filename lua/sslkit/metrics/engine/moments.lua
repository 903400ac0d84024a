-- The first and second moments of data that comes in blocks, in float64 and centred from the first
-- block on (Chan's update), so that a large common offset costs no digits. Parts may be made apart
-- and merged. Users know them as ssl.metrics.accumulator.

local core = require "sslkit.core"
local check = require "sslkit.check"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local moments = {}

--- What spectral metrics need to know of rows that come in blocks.
-- @kind Accumulator
-- @field n integer: rows so far
-- @field d integer: width
-- @field mean float64 tensor [d]
-- @field center boolean or nil: what metrics centre that are not told
local Moments = { __name = "sslkit.Moments" }
Moments.__index = Moments

function Moments:__tostring()
  return ("accumulator of %d rows of width %d"):format(self.n, self.d)
end

function Moments:__len() return self.n end

--- Empty moments of width d. Fields: n rows so far, mean [d], scatter [d,d] (the upper triangle of the
-- sums about the mean), lo and hi [d], the extremes of each column, dtype of the rows, and center:
-- what is read where a metric is not told, true or false, or nil for the metric's own default.
function moments.new(d, center)
  d = check.integer(1, "width", d, 1)
  return setmetatable({
    n = 0, d = d, mean = T.zeros({ d }, "float64"), scatter = T.zeros({ d, d }, "float64"),
    lo = T.zeros({ d }, "float64"), hi = T.zeros({ d }, "float64"), center = center,
  }, Moments)
end

--- Is it one?
function moments.is(v) return getmetatable(v) == Moments end

--- Does a metric of v centre it unless told? As v has been made to, or by the metric's default.
function moments.center(v, default)
  if moments.is(v) and v.center ~= nil then return v.center end
  return default
end

--- Adds rows.
-- @param z float tensor [N,D]
-- @return the accumulator
-- @raise another width, no rows, and NaN or infinity, naming the row; nothing is added then
-- @example ssl.metrics.accumulator(2):add(ssl.ones(3, 2)):add(ssl.zeros(4, 2)).n --> 7
function Moments:add(z)
  return self:add_finite(rows.of_width(2, z, self.d))
end

--- Adds rows without looking for NaN and infinity in them.
-- @param z float tensor [N,D]
-- @return the accumulator
-- @example ssl.metrics.accumulator(2):add_finite(ssl.ones(3, 2)).n --> 3
function Moments:add_finite(z)
  self.n = core.moments_add(self.n, self.mean, self.scatter, self.lo, self.hi, z)
  if self.dtype ~= "float32" then self.dtype = core.dtype(z) end
  return self
end

--- Adds what another one has seen, of other rows: of a shard, or another process.
-- @param other accumulator of the same width; it stays as it is
-- @return the accumulator
-- @raise something else, another width
-- @example ssl.metrics.accumulator(2):merge(ssl.metrics.accumulator(2):add(ssl.ones(3, 2))).n --> 3
function Moments:merge(other)
  if not moments.is(other) or other.d ~= self.d then
    local got = moments.is(other) and tostring(other) or check.kind(other)
    check.fail(2, "accumulator of width %d expected, got %s", self.d, got)
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
-- @param center boolean
-- @return float64 tensor
-- @raise data whose squares leave the range of float64
-- @example ssl.metrics.accumulator(2):add(ssl.tensor{{3, 0}, {0, 1}}):eigenvalues(false) --> [1., 9.] (2) float64
function Moments:eigenvalues(center)
  return core.moments_spectrum(self.n, self.mean, self.scatter, self.lo, self.hi, center)
end

return moments
