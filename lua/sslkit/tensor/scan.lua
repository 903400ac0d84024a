-- Along a dimension, each element with those before it: cumsum, cumprod, diff.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local ops = require "sslkit.tensor.ops"

local T = core.methods

-- A 0-dim tensor is a vector of one.
local function scanned(name, t, dim, options)
  check.tensor(1, t)
  local x = core.dim(t) == 0 and T.reshape(t, 1) or t
  dim = dim == nil and -1 or check.dim(2, dim, core.dim(x))
  if options ~= nil then
    local out = ops.out(3, options, t)
    if x ~= t and core.is_tensor(out) and core.dim(out) == 0 then out = core.reshape(out, 1) end
    core[name](x, dim, out)
    return options.out or core[name](x, dim)
  end
  local out = core[name](x, dim)
  if hook.record then hook.record(name, out, x, dim) end
  return x == t and out or T.reshape(out, {})
end

--- Running sums along a dimension. Floats accumulate in float64; sums of uint8 are int64, int64
-- wraps.
-- @param t tensor
-- @param dim dimension (the last)
-- @param options {out=tensor}
-- @return tensor of t's shape
-- @example ssl.tensor{1, 2, 3}:cumsum()[3] --> 6.0
function T.cumsum(t, dim, options) return (scanned("cumsum", t, dim, options)) end

--- Running products along a dimension. Floats accumulate in float64; int64 wraps.
-- @param t float or int64 tensor
-- @param dim dimension (the last)
-- @param options {out=tensor}
-- @return tensor of t's shape
-- @example ssl.tensor{1, 2, 3, 4}:cumprod()[4] --> 24.0
function T.cumprod(t, dim, options) return (scanned("cumprod", t, dim, options)) end

-- Running sums from the end, the gradient of those from the start.
function T._cumsum_back(t, dim)
  local out = core.cumsum(t, dim, nil, true)
  if hook.record then hook.record("_cumsum_back", out, t, dim) end
  return out
end

--- Differences of neighbours along a dimension, t[i + 1] - t[i], n times over.
-- @param t float or int64 tensor
-- @param n how many times (1)
-- @param dim dimension (the last)
-- @return tensor with n slices less, down to none
-- @example ssl.tensor{1, 4, 9, 16}:diff()[3] --> 7.0
-- @example ssl.tensor{1, 4, 9, 16}:diff(2)[1] --> 2.0
function T.diff(t, n, dim)
  check.tensor(1, t)
  n = n == nil and 1 or check.integer(2, "n", n, 0)
  dim = dim == nil and -1 or dim
  check.dim(3, dim, core.dim(t))
  if core.dtype(t) == "uint8" then
    check.fail(1, "float or int64 tensor expected, got %s", core.describe(t))
  end
  for _ = 1, math.min(n, core.size(t, dim)) do
    local size = core.size(t, dim)
    t = T.sub(T.narrow(t, dim, 2, size), T.narrow(t, dim, 1, size - 1))
  end
  return t
end

return T
