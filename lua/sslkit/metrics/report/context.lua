-- What the lines of a report are worked out from: the rows, both spectra, once each, and where pairs
-- of rows are compared, a sample of them.

local core = require "sslkit.core"
local check = require "sslkit.check"
local classes = require "sslkit.metrics.engine.classes"
local moments = require "sslkit.metrics.engine.moments"
local rows = require "sslkit.metrics.engine.rows"
local separation = require "sslkit.metrics.engine.separation"
local spectrum = require "sslkit.metrics.engine.spectrum"
local T = require "sslkit.tensor"

local context = {}

local NEAR = 2000 -- rows that measures of nearest neighbours and of clusters look at

-- The other views as a list of tensors like z.
local function views_of(given, z)
  if given == nil then return {} end
  if core.is_tensor(given) then
    local one = given
    if core.dim(one) ~= 3 then
      given = { one }
    else
      given = {}
      for i = 1, core.size(one, 2) do given[i] = core.contiguous(core.select(one, 2, i)) end
    end
  elseif type(given) ~= "table" then
    check.fail(2, "views must be a tensor or a list of tensors, got %s", check.kind(given))
  end
  local views = {}
  for i, view in ipairs(given) do
    local what = "view " .. i
    check.tensor(2, view, nil, what)
    if core.describe(view) ~= core.describe(z) then
      check.fail(2, "%s like the rows, %s, expected, got %s", what, core.describe(z),
        core.describe(view))
    end
    views[i] = rows.matrix(2, view, what)
  end
  return views
end

local function labels_of(given, z)
  if given == nil then return nil end
  check.tensor(2, given, { dtype = "int64", dim = 1 }, "labels")
  if core.len(given) ~= core.len(z) then
    check.fail(2, "one label a row expected, got %s for %s", core.describe(given), core.describe(z))
  end
  return core.contiguous(core.detach(given))
end

-- Drops every row that is not finite in all views; or raises, naming the first.
local function finite(self, policy)
  local keep
  if policy == "error" then
    rows.finite(1, self.z, policy)
    for _, view in ipairs(self.views) do rows.finite(2, view, policy, 2) end
    return 0
  end
  for _, m in ipairs { self.z, table.unpack(self.views) } do
    local good = rows.which_finite(m)
    keep = keep and core.logical_and(keep, good) or good
  end
  local n = core.len(self.z)
  local kept = math.tointeger(core.item(core.sum(keep)))
  if kept == n then return 0 end
  if kept == 0 then
    check.fail(1, "every row of %s holds a NaN or an infinity", core.describe(self.z))
  end
  self.z = core.masked_select(self.z, keep)
  if self.labels then self.labels = core.masked_select(self.labels, keep) end
  for i, view in ipairs(self.views) do self.views[i] = core.masked_select(view, keep) end
  return n - kept
end

-- The rows, and their labels, that pairs are made of.
local function sample(self, max_rows, seed)
  if self.n <= max_rows then return { z = self.z, labels = self.labels, n = self.n } end
  local order = T.randperm(self.n, { generator = T.generator(seed) })
  local chosen = T.sort(core.narrow(order, 1, 1, max_rows))
  return { z = T.index(self.z, 1, chosen), n = max_rows,
    labels = self.labels and T.index(self.labels, 1, chosen) }
end

--- The context of a report on z.
-- @param z float tensor [N,D]
-- @param o the options, checked but for labels and views
-- @return {z=, n=, d=, limit= (min(N,D)), dtype=, labels=, views=, skipped=, raw=, centred= (spectra),
-- classes= (moments, with labels), sample={z=, labels=, n=}, near= (likewise of at most 2000 rows, in a
-- range where squares are numbers), settings=}
function context.new(z, o)
  local self = { z = rows.matrix(1, z), settings = o }
  self.views, self.labels = views_of(o.views, self.z), labels_of(o.labels, self.z)
  self.skipped = finite(self, o.nan)
  self.n, self.d = core.shape(self.z)
  self.limit, self.dtype = math.min(self.n, self.d), core.dtype(self.z)
  local m
  local function once() -- for both, where they ask
    m = m or moments.new(self.d):add_finite(self.z)
    return m
  end
  self.raw = spectrum.of(1, self.z, { center = false, moments = once })
  self.centred = spectrum.of(1, self.z, { center = true, moments = once })
  if self.labels then
    self.classes = classes.of(separation.rows(self.z, self.labels, "error"))
  end
  self.sample = sample(self, o.max_rows, o.seed)
  self.near = sample(self, math.min(o.max_rows, NEAR), o.seed)
  self.near.z = rows.in_range(self.near.z)
  return self
end

return context
