-- How often each cluster meets each class: all that measures of agreement need to know. Only pairs
-- that occur are kept. Parts may be counted apart and merged.

local core = require "sslkit.core"
local check = require "sslkit.check"
local labels = require "sslkit.metrics.engine.labels"
local T = require "sslkit.tensor"

local contingency = {}

--- How often each cluster meets each class.
-- @kind Contingency
-- @field n integer: how many were counted
-- @field clusters int64 tensor [K1], their values, ascending
-- @field classes int64 tensor [K2], theirs
-- @field cluster_sizes int64 tensor [K1]
-- @field class_sizes int64 tensor [K2]
local Contingency = { __name = "sslkit.Contingency" }
Contingency.__index = Contingency

local MOST = 2 ^ 32 - 1 | 0 -- pairs of so many still fit into 64 bits

function Contingency:__tostring()
  local text = "contingency of %d: %d clusters, %d classes"
  return text:format(self.n, core.len(self.clusters), core.len(self.classes))
end

function Contingency:__len() return self.n end

-- Sums up cells at (i, j), which may repeat; fields as `contingency.new` says.
local function fill(self, clusters, classes, i, j, count)
  local k1, k2 = core.len(clusters), core.len(classes)
  local cells, place = core.unique((i - 1) * k2 + (j - 1), true)
  self.clusters, self.classes = clusters, classes
  self.i, self.j = cells:floordiv(k2) + 1, cells % k2 + 1
  self.count = T.zeros({ core.len(cells) }, "int64"):index_add_(1, place, count)
  self.cluster_sizes = T.zeros({ k1 }, "int64"):index_add_(1, i, count)
  self.class_sizes = T.zeros({ k2 }, "int64"):index_add_(1, j, count)
  self.n = math.tointeger(core.item(core.sum(count)))
  return self
end

--- None yet. Beyond what users know: of each cell that is not empty its place i among the clusters, j
-- among the classes, and its count.
function contingency.new()
  local none = T.zeros({ 0 }, "int64")
  return setmetatable({
    n = 0, clusters = none, classes = none, cluster_sizes = none, class_sizes = none,
    i = none, j = none, count = none,
  }, Contingency)
end

--- Is it one?
function contingency.is(v) return getmetatable(v) == Contingency end

-- The contingency of two vectors of labels, arguments argn and the next.
local function counted(argn, clusters, y)
  local rows = labels.vector(argn, clusters)
  local cols = labels.vector(argn + 1, y, core.len(rows))
  local values1, i = labels.numbered(rows)
  local values2, j = labels.numbered(cols)
  return fill(contingency.new(), values1, values2, i, j, T.ones({ core.len(rows) }, "int64"))
end

--- Counts more.
-- @param clusters int64 [N]
-- @param y int64 [N], the labels
-- @return the contingency
-- @raise labels that are not int64, or not as many
-- @example local y = ssl.tensor({7, 8}, "int64"); return #ssl.metrics.contingency(y, y):add(y, y) --> 4
function Contingency:add(clusters, y)
  return (self:merge(counted(2, clusters, y)))
end

-- The values of two lists, and where those of each stand among them.
local function union(a, b)
  local values, place = core.unique(T.cat { a, b }, true)
  local n = core.len(a)
  return values, place:narrow(1, 1, n), place:narrow(1, n + 1, -1)
end

--- Adds what another one has counted; it stays as it is.
-- @param other contingency
-- @return the contingency
-- @raise something else
-- @example local y = ssl.tensor({7, 8}, "int64"); local c = ssl.metrics.contingency(y, y); return #ssl.metrics.contingency():merge(c) --> 2
function Contingency:merge(other)
  if not contingency.is(other) then
    check.fail(2, "contingency expected, got %s", check.kind(other))
  end
  if self.n + other.n > MOST then
    check.fail(2, "%d and %d are too many together", self.n, other.n)
  end
  if other.n == 0 then return self end
  if self.n == 0 then
    for name, v in pairs(other) do self[name] = v end -- whose tensors nobody changes
    return self
  end
  local clusters, i1, i2 = union(self.clusters, other.clusters)
  local classes, j1, j2 = union(self.classes, other.classes)
  return fill(self, clusters, classes,
    T.cat { core.take(i1, 1, self.i), core.take(i2, 1, other.i) },
    T.cat { core.take(j1, 1, self.j), core.take(j2, 1, other.j) },
    T.cat { self.count, other.count })
end

--- Are clusters and classes the same division?
function contingency.same(c)
  local cells = core.len(c.count)
  return cells == core.len(c.clusters) and cells == core.len(c.classes)
end

--- The whole table.
-- @return int64 tensor [K1,K2]
-- @example local y = ssl.tensor({7, 8}, "int64"); return ssl.metrics.contingency(y, y):dense():sum():item() --> 2
function Contingency:dense()
  local k1, k2 = core.len(self.clusters), core.len(self.classes)
  local place = (self.i - 1) * k2 + self.j
  return T.zeros({ k1 * k2 }, "int64"):index_copy_(1, place, self.count):view(k1, k2)
end

--- What a measure of agreement is called with: two vectors of labels, or a contingency alone.
function contingency.of(clusters, y)
  if not contingency.is(clusters) then return counted(1, clusters, y) end
  if y ~= nil then
    check.fail(2, "no labels expected behind a contingency, got %s", check.kind(y))
  end
  if clusters.n == 0 then check.fail(1, "nothing has been counted yet") end
  return clusters
end

return contingency
