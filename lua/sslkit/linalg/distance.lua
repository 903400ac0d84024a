-- Distances of all pairs of rows.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"

local T = core.methods

-- The batches of two tensors broadcast with each other, to the sizes of both.
local function batches(x, y)
  local nx, ny, sizes = core.dim(x), core.dim(y), {}
  for d = 3, math.max(nx, ny) do
    local a = d <= nx and core.size(x, -d) or 1
    local b = d <= ny and core.size(y, -d) or 1
    if a ~= b and a ~= 1 and b ~= 1 then
      check.fail(2, "batch sizes do not broadcast: %s and %s", core.describe(x), core.describe(y))
    end
    table.insert(sizes, 1, a == 1 and b or a)
  end
  return sizes
end

local function expanded(x, sizes)
  local same = core.dim(x) == #sizes + 2
  for d = 1, #sizes do same = same and core.size(x, d) == sizes[d] end
  if same then return x end
  local shape = table.move(sizes, 1, #sizes, 1, {})
  shape[#shape + 1], shape[#shape + 2] = core.size(x, -2), core.size(x, -1)
  return T.expand(x, shape)
end

local function check_rows(argn, x)
  check.tensor(argn, x, { dtype = "float" })
  if core.dim(x) < 2 then
    check.fail(argn, "rows [...,n,d] expected, got %s", core.describe(x))
  end
end

--- The distances of all rows of x from all rows of y, from the differences of their elements: also
-- of points that lie close together far from the origin they are right to the last digits.
-- @param x float tensor [...,n,d]
-- @param y tensor of x's dtype [...,m,d]; leading dimensions broadcast
-- @param options {p=2}: the norm of the differences, from 0 (how many differ) to math.huge
-- @return tensor [...,n,m]
-- @example ssl.cdist(ssl.tensor{{0, 0}}, ssl.tensor{{3, 4}}):item() --> 5.0
function T.cdist(x, y, options)
  check_rows(1, x)
  check_rows(2, y)
  local p = check.options(3, options, { p = 2 }).p
  if type(p) ~= "number" or not (p >= 0) then
    check.fail(3, "p must be a number from 0 to inf, got %s", check.kind(p))
  end
  if core.dtype(x) ~= core.dtype(y) or core.size(x, -1) ~= core.size(y, -1) then
    check.fail(2, "rows of %s and %s have no distances", core.describe(x), core.describe(y))
  end
  local sizes = batches(x, y)
  x, y = expanded(x, sizes), expanded(y, sizes)
  local out = core.cdist(x, y, p)
  if hook.record then hook.record("cdist", out, x, y, p) end
  return out
end

return { cdist = T.cdist }
