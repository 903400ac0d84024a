-- The first and second moments of data that comes in blocks, in float64 and centred from the first
-- block on (Chan's update), so that a large common offset costs no digits. Parts may be made apart
-- and merged. Users know them as ssl.metrics.accumulator.

local core = require "sslkit.core"
local check = require "sslkit.check"
local labels = require "sslkit.metrics.engine.labels"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local moments = {}

--- What spectral metrics need to know of rows that come in blocks.
-- @kind Accumulator
-- @field n integer: rows so far
-- @field d integer: width
-- @field mean float64 tensor [d]
-- @field center boolean or nil: what metrics centre that are not told
-- @field by_class table or nil: counts, means and scatter of the classes, where it has them
-- @field pair table or nil: the moments of pairs of rows, where it has them
local Moments = { __name = "sslkit.Moments" }
Moments.__index = Moments

function Moments:__tostring()
  local more = self.by_class and (" in %d classes"):format(self.by_class.k)
    or self.pair and (", in pairs with rows of width %d"):format(self.pair.dy) or ""
  return ("accumulator of %d rows of width %d%s"):format(self.n, self.d, more)
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

local LEAST, MOST = 1e-120, 1e120 -- elements whose squares and their sums float64 has room for

--- Are squares of the rows numbers, none lost? And the largest element.
function moments.in_range(m)
  local a = math.max(core.item(core.amax(m.hi)), -core.item(core.amin(m.lo)))
  return a == 0 or a > LEAST and a < MOST, a
end

--- Is it one?
function moments.is(v) return getmetatable(v) == Moments end

--- Does a metric of v centre it unless told? As v has been made to, or by the metric's default.
function moments.center(v, default)
  if moments.is(v) and v.center ~= nil then return v.center end
  return default
end

-- What comes with rows z: labels, the other rows of pairs, or nothing.
local function partner(self, z, second)
  if self.by_class then return labels.vector(3, second, core.len(z)) end
  if not self.pair then
    if second == nil then return nil end
    check.fail(3, "nothing behind the rows expected, got %s; see the options classes and pair",
      check.kind(second))
  end
  local y = rows.of_width(3, second, self.pair.dy)
  if core.len(y) ~= core.len(z) then
    check.fail(3, "as many rows as the others, %d, expected, got %s", core.len(z), core.describe(y))
  end
  return y
end

--- Adds rows, with the label of each where it has been made for classes, or with the other row of each
-- pair where it has been made for pairs.
-- @param z float tensor [N,D]
-- @param second int64 [N], the labels, or float tensor [N,D2], the other rows (none)
-- @return the accumulator
-- @raise another width, no rows, and NaN or infinity, naming the row; nothing is added then
-- @example ssl.metrics.accumulator(2):add(ssl.ones(3, 2)):add(ssl.zeros(4, 2)).n --> 7
function Moments:add(z, second)
  z = rows.of_width(2, z, self.d)
  return (self:add_finite(z, partner(self, z, second)))
end

--- Adds rows without looking for NaN and infinity in them.
-- @param z float tensor [N,D]
-- @param second int64 [N] or float tensor [N,D2], as for add (none)
-- @return the accumulator
-- @example ssl.metrics.accumulator(2):add_finite(ssl.ones(3, 2)).n --> 3
function Moments:add_finite(z, second)
  if self.by_class then self.by_class:add(z, second) end
  if self.pair then self.pair:add_finite(z, second) end
  self.n = core.moments_add(self.n, self.mean, self.scatter, self.lo, self.hi, z)
  if self.dtype ~= "float32" then self.dtype = core.dtype(z) end
  return self
end

--- Adds what another one has seen, of other rows: of a shard, or another process.
-- @param other accumulator of the same width, with classes or pairs where this one has them; it stays
-- as it is
-- @return the accumulator
-- @raise something else, another width
-- @example ssl.metrics.accumulator(2):merge(ssl.metrics.accumulator(2):add(ssl.ones(3, 2))).n --> 3
function Moments:merge(other)
  if not moments.is(other) or other.d ~= self.d then
    local got = moments.is(other) and tostring(other) or check.kind(other)
    check.fail(2, "accumulator of width %d expected, got %s", self.d, got)
  end
  local dy, other_dy = self.pair and self.pair.dy, other.pair and other.pair.dy
  if not self.by_class ~= not other.by_class or dy ~= other_dy then
    check.fail(2, "%s: one that was made with the same options expected, got %s", tostring(self),
      tostring(other))
  end
  if other.n == 0 then return self end
  if self.by_class then self.by_class:merge(other.by_class) end
  if self.pair then self.pair:merge(other.pair) end
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

--- Writes all that it knows to a file, whole or not at all; `load_accumulator` reads it.
-- @param path string
-- @return true; or nil and a message, and then an old file is unchanged
-- @raise a path that is no string
-- @example local p = os.tmpname(); ssl.metrics.accumulator(2):add(ssl.ones(3, 2)):save(p); local a = ssl.metrics.load_accumulator(p); os.remove(p); return a --> accumulator of 3 rows of width 2
function Moments:save(path)
  if type(path) ~= "string" then check.fail(2, "path expected, got %s", check.kind(path)) end
  if path:find("\0", 1, true) then check.fail(2, "a path cannot hold a zero byte") end
  -- loaded here, since it makes accumulators itself
  return core.write_atomic(path, require("sslkit.metrics.engine.state").encode(self))
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

--- Eigenvalues, ascending, and eigenvectors of that matrix, in its columns; a column that does not
-- vary, or is zero, has exactly none of them.
function moments.axes(m, center)
  local gram = m.scatter:t() -- eigh reads what is below the diagonal
  if center then
    local alive = m.lo:ne(m.hi):double()
    gram = gram * alive:unsqueeze(2) * alive:unsqueeze(1)
  else
    gram = gram + m.mean:unsqueeze(2) * m.mean:unsqueeze(1) * m.n
  end
  return core.eigh(gram)
end

return moments
