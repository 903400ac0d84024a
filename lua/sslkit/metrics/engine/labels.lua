-- Labels as they come in: any int64 values, compared by equality. Inside, the classes are 1..K in the
-- order of their values; answers are in the caller's values.

local core = require "sslkit.core"
local check = require "sslkit.check"
local rows = require "sslkit.metrics.engine.rows"

local labels = {}

--- Labels [N], at least one, and of a given number where one is given.
function labels.vector(argn, y, n)
  check.tensor(argn, y, { dtype = "int64", dim = 1 }, "labels")
  if core.len(y) == 0 then check.fail(argn, "at least one label expected, got none") end
  if n and core.len(y) ~= n then
    check.fail(argn, "%d labels expected, one a row, got %s", n, core.describe(y))
  end
  return core.contiguous(core.detach(y))
end

--- The classes [K], ascending, the number of each label's class [N], and how many each has [K].
function labels.numbered(y)
  local classes, id, count = core.unique(y, true, true)
  return classes, id, count
end

--- Rows z and their labels y, arguments 1 and 2 (the options are the third), after the policy on NaN
-- and infinity: {z=, id=, classes=, count=, n=, d=, k=, skipped=}; nil and the reason where a NaN is
-- to be passed on.
function labels.rows(z, y, policy)
  local whole = rows.matrix(1, z)
  y = labels.vector(2, y, core.len(whole))
  local kept, skipped = rows.finite(1, whole, policy, 3)
  if not kept then return nil, skipped end
  if skipped > 0 then y = core.masked_select(y, rows.which_finite(whole)) end
  local self = { z = kept, skipped = skipped, n = core.len(kept), d = core.size(kept, 2) }
  self.classes, self.id, self.count = labels.numbered(y)
  self.k = core.len(self.classes)
  return self
end

return labels
