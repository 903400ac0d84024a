-- Samples that come as several views each: the mean of each sample's views, and the scatter of the
-- views about them.

local core = require "sslkit.core"
local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"
local rows = require "sslkit.metrics.engine.rows"
local stream = require "sslkit.metrics.engine.stream"
local T = require "sslkit.tensor"

local views = {}

local BLOCK = 1 << 20 -- elements at a time

local function describe(shape) return "(" .. table.concat(shape, ",") .. ")" end

-- The sizes n, q and D from the shape of the rows and the option q.
local function sizes(argn, shape, q)
  local n, views_each, d = table.unpack(shape)
  if #shape == 2 then
    if q == nil then
      check.fail(argn, "tensor (samples,views,D) expected, or (samples*views,D) and the option q, "
        .. "got %s", describe(shape))
    end
    if n % q ~= 0 then check.fail(argn, "%d rows are no multiple of q = %d", n, q) end
    n, views_each, d = n // q, q, shape[2]
  elseif #shape ~= 3 or q ~= nil and q ~= views_each then
    check.fail(argn, "tensor (samples,%s,D) expected, got %s", q or "views", describe(shape))
  end
  if n == 0 or d == 0 or views_each < 2 then
    check.fail(argn, "at least one sample of two views expected, got %s%s", describe(shape),
      q and " with q = " .. q or "")
  end
  return n, views_each, d
end

-- Samples [b,q,D] without those that hold a NaN or an infinity, and whether there was one.
local function finite(block)
  local q, d = core.size(block, 2), core.size(block, 3)
  local flat = core.view(block, -1, q * d)
  local bad = core.nonfinite_row(flat)
  if not bad then return block end
  return core.view(core.masked_select(flat, rows.which_finite(flat)), -1, q, d), bad
end

-- What is left after the policy on samples that are not finite; nil where one is to be passed on.
local function kept(self, argn, block, policy, before)
  local whole, bad = finite(block)
  if not bad then return block end
  local q = core.size(block, 2)
  if policy ~= "skip" then
    local first = core.nonfinite_row(core.view(block, core.len(block) * q, -1))
    local reason = ("row %d holds a NaN or an infinity"):format(before * q + first)
    if policy == "propagate" then
      self.reason = reason
      return nil
    end
    check.fail(argn, "%s; see the option nan", reason)
  end
  self.skipped = self.skipped + core.len(block) - core.len(whole)
  return whole
end

-- Adds samples; deviations are those of the differences to the first view, 0 where all are alike.
local function add(self, block)
  local b, q, d = core.shape(block)
  if b == 0 then return end
  block = block:double()
  local first = block:narrow(2, 1, 1)
  local apart = block - first
  local mean = apart:mean(2, true)
  self.means[#self.means + 1] = (first + mean):squeeze(2)
  self.within:add_finite((apart - mean):view(b * q, d))
end

local function each_block(argn, z, n, q, d, f)
  local count = math.max(1, BLOCK // (q * d))
  if stream.is(z) then
    local wide = select("#", z:shape()) == 2
    stream.blocks(argn, z, wide and count * q or count, function(block, first)
      return f(core.view(block, -1, q, d), wide and (first - 1) // q or first - 1)
    end)
    return
  end
  for first = 1, n, count do
    local last = math.min(first + count - 1, n)
    if f(core.narrow(z, 1, first, last), first - 1) then return end
  end
end

--- The samples of a tensor [n,q,D] or [n*q,D], or an opened file of one of these shapes: {means= [n,D]
-- float64, within= the upper triangle of the views' scatter, n= samples, q=, d=, unit=, skipped=}; or nil
-- and the reason, where a NaN is to be passed on.
function views.of(argn, z, q, policy)
  local shape
  if stream.is(z) then
    shape = stream.check(argn, z, select("#", z:shape()) == 2 and 2 or 3)
  else
    check.tensor(argn, z, { dtype = "float" })
    shape = { core.shape(z) }
  end
  check.one_of(argn + 1, "nan", policy or "error", rows.POLICIES)
  if q ~= nil then q = check.integer(argn + 1, "q", q, 2) end
  local n, d
  n, q, d = sizes(argn, shape, q)
  local self = { n = 0, q = q, d = d, unit = 1, skipped = 0, means = {}, within = moments.new(d) }
  if core.is_tensor(z) then
    z = core.view(core.contiguous(core.detach(z)), n, q, d)
    if not core.nonfinite_row(core.view(z, n * q, d)) then z, self.unit = rows.in_range(z) end
  end
  each_block(argn, z, n, q, d, function(block, before)
    block = kept(self, argn, block, policy, before)
    if not block then return true end
    self.n = self.n + core.len(block)
    add(self, block)
  end)
  if self.reason then return nil, self.reason end
  if self.n == 0 then check.fail(argn, "every sample holds a NaN or an infinity") end
  self.means, self.within = T.cat(self.means), self.within.scatter
  return self
end

return views
