-- Taking the mean off, and bringing columns to one scale.

local core = require "sslkit.core"
local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"
local stream = require "sslkit.metrics.engine.stream"
local transform = require "sslkit.postprocess.transform"

local center = {}

-- Number, mean and mean squared deviation of columns, about the first row: what is constant has a
-- deviation of exactly 0.
local function columns(argn, z, policy)
  if moments.is(z) then
    if z.n == 0 then check.fail(argn, "%s: no rows yet", tostring(z)) end
    return { n = z.n, d = z.d, mean = z.mean, square = z.scatter:diagonal() / z.n,
      unit = 1 }
  end
  local source = stream.source(argn, z, policy)
  local self, first, sum = { n = 0, d = source.d }, nil, 0
  source:each(function(block)
    first = first or core.narrow(block, 1, 1, 1):double()
    self.n = self.n + core.len(block)
    sum = (block:double() - first):sum(1) + sum
  end)
  sum = sum / self.n
  self.mean = (first:squeeze(1) + sum) * source.unit
  local square = 0
  source:each(function(block)
    square = ((block:double() - first) - sum):square():sum(1) + square
  end)
  self.square, self.unit = square / self.n, source.unit
  return self
end

--- Takes the mean of the fitted rows off.
-- @param options {} (there is nothing to choose)
-- @return transform: fit(Z) returns itself, apply(Z)
-- @example ssl.postprocess.center():fit(ssl.tensor{{1, 2}, {3, 2}}):apply(ssl.tensor{{1, 2}}):totable()[1][1] --> -1.0
function center.center(options)
  options = check.options(1, options, {})
  return (transform.new("center", options, function(argn, z, _, policy)
    local c = columns(argn, z, policy)
    return { n = c.n, d = c.d, mean = c.mean }
  end))
end

--- Takes the mean of the fitted rows off and divides columns by their standard deviation; a constant
-- column becomes 0.
-- @param options {ddof=0 (1: of N - 1 degrees of freedom)}
-- @return transform: fit(Z) returns itself, apply(Z)
-- @raise unknown options
-- @example ssl.postprocess.standardize():fit(ssl.tensor{{1, 2}, {5, 2}}):apply(ssl.tensor{{5, 2}}):totable()[1][1] --> 1.0
function center.standardize(options)
  options = check.options(1, options, { ddof = 0 })
  check.integer(1, "ddof", options.ddof, 0, 1)
  return (transform.new("standardize", options, function(argn, z, o, policy)
    local c = columns(argn, z, policy)
    if c.n <= o.ddof then check.fail(argn, "at least two rows expected, got one") end
    local std = (c.square * (c.n / (c.n - o.ddof))):sqrt() * c.unit
    local scale = core.where(std:gt(0), 1 / std, 1)
    return { n = c.n, d = c.d, mean = c.mean, scale = scale }
  end))
end

return center
