-- What is known of the classes of some rows: how many, their means, and how far the rows lie from
-- them, in float64. Deviations are from the mean from the start (Chan's update), so that classes much
-- tighter than they are apart cost no digits. Parts may be made apart and merged.

local core = require "sslkit.core"
local check = require "sslkit.check"
local labels = require "sslkit.metrics.engine.labels"
local moments = require "sslkit.metrics.engine.moments"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local classes = {}

local Classes = { __name = "sslkit.Classes" }
Classes.__index = Classes

local BLOCK = 4096 -- rows whose deviations are held at a time

function Classes:__tostring()
  return ("%d classes of %d rows of width %d"):format(self.k, self.n, self.d)
end

--- None yet, of rows of width d. Fields: n rows and k classes so far; classes [k], their labels,
-- ascending; count [k] rows of each; mean [k,d]; square [k], the sums of the squared distances from it;
-- and on request scatter [d,d], the sums of squares and products about the class means (the upper
-- triangle).
function classes.new(d, scatter)
  return setmetatable({
    n = 0, d = check.integer(1, "width", d, 1), k = 0,
    classes = T.zeros({ 0 }, "int64"), count = T.zeros({ 0 }, "int64"),
    mean = T.zeros({ 0, d }, "float64"), square = T.zeros({ 0 }, "float64"),
    scatter = scatter and T.zeros({ d, d }, "float64") or nil,
  }, Classes)
end

--- Is it one?
function classes.is(v) return getmetatable(v) == Classes end

--- Calls f(deviations [b,d], first, last) for blocks of rows z: what they are beyond the mean of their
-- class.
function classes.deviations(z, id, mean, f)
  local n = core.len(z)
  for first = 1, n, BLOCK do
    local last = math.min(first + BLOCK - 1, n)
    local own = core.take(mean, 1, core.narrow(id, 1, first, last))
    f(core.narrow(z, 1, first, last):double():sub(own), first, last)
  end
end

--- Of rows and labels that engine.labels has checked.
function classes.of(given, scatter)
  local self = classes.new(given.d, scatter)
  self.n, self.k, self.classes, self.count = given.n, given.k, given.classes, given.count
  self.mean = core.class_means(given.z, given.id, given.k)
  self.square = core.bincount(given.id, given.k, core.class_squares(given.z, given.id, self.mean))
  if scatter then
    local within = moments.new(given.d)
    classes.deviations(given.z, given.id, self.mean, function(block) within:add_finite(block) end)
    self.scatter = within.scatter
  end
  return self
end

--- Adds rows z [N,d] with labels y [N].
function Classes:add(z, y)
  z = rows.of_width(2, z, self.d)
  y = labels.vector(3, y, core.len(z))
  local given = { z = z, n = core.len(z), d = self.d }
  given.classes, given.id, given.count = labels.numbered(y)
  given.k = core.len(given.classes)
  return (self:merge(classes.of(given, self.scatter ~= nil)))
end

-- Its counts, means and squares as those of `all` classes, zeros where it has none.
local function spread(self, all)
  local at = core.searchsorted(all, self.classes, false)
  local k = core.len(all)
  return T.zeros({ k }, "float64"):index_copy_(1, at, self.count:double()),
    T.zeros({ k, self.d }, "float64"):index_copy_(1, at, self.mean),
    T.zeros({ k }, "float64"):index_copy_(1, at, self.square)
end

--- Adds what another one has seen; it stays as it is.
function Classes:merge(other)
  if not classes.is(other) or other.d ~= self.d or not other.scatter ~= not self.scatter then
    check.fail(2, "classes of width %d expected, got %s", self.d,
      classes.is(other) and tostring(other) or check.kind(other))
  end
  if other.k == 0 then return self end
  local all = core.unique(T.cat { self.classes, other.classes })
  local n1, m1, q1 = spread(self, all)
  local n2, m2, q2 = spread(other, all)
  local n, apart = n1 + n2, m2 - m1
  local weight = n1 * n2 / n -- 0 where one of the two has no row
  self.mean = m1 + apart * (n2 / n):unsqueeze(2)
  self.square = q1 + q2 + weight * apart:square():sum(2)
  if self.scatter then
    local both = apart * weight:sqrt():unsqueeze(2)
    self.scatter = self.scatter + other.scatter + core.triu(both:t():matmul(both), 0)
  end
  self.n, self.k, self.classes, self.count = self.n + other.n, core.len(all), all, n:long()
  return self
end

--- The mean of the class means: of all rows (weighted), or each class alike.
function Classes:center(weighted)
  local first = core.narrow(self.mean, 1, 1, 1)
  local weight = weighted and self.count:double() / self.n
    or T.full({ self.k }, 1 / self.k, "float64")
  return core.squeeze(first, 1) + ((self.mean - first) * weight:unsqueeze(2)):sum(1)
end

--- The class means about the mean of all rows, each times the root of its count: their squares add up
-- to the scatter between classes.
function Classes:between()
  return (self.mean - self:center(true)) * self.count:double():sqrt():unsqueeze(2)
end

return classes
