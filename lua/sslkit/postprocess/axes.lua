-- The principal axes of representations, as the transforms that turn to them need them.

local core = require "sslkit.core"
local check = require "sslkit.check"
local engine = require "sslkit.metrics.engine.axes"

-- Each axis points to the side of its largest element, so that the same rows give the same axes.
local function oriented(axis)
  local at = core.argmax(core.abs(axis), 1, true)
  return axis * core.sign(core.gather(axis, 1, at))
end

--- Axes of the rows: {n=, d=, r=, mean= [d], values= [r] eigenvalues of the covariance, descending, axis=
-- [d,r]}; those at or below `floor` of the largest eigenvalue are left out.
return function(argn, z, floor, policy)
  local a = engine.read(argn, z, true, math.sqrt(floor), policy)
  if a.n == 1 then check.fail(argn, "at least two rows expected, got one") end
  if a.r == 0 then check.fail(argn, "rows that differ expected: these have no variance") end
  a.deviations = a.values / math.sqrt(a.n - 1)
  a.values = a.deviations:square()
  a.axis = oriented(a.axis)
  return a
end
