-- Some elements replaced by others: those under a mask, beyond bounds, or not finite.

local core = require "sslkit.core"
local check = require "sslkit.check"
local ops = require "sslkit.tensor.ops"

local T = core.methods

--- A copy with the elements under a mask replaced by one value.
-- @param t tensor
-- @param mask uint8 that broadcasts with t
-- @param v number
-- @return tensor
-- @example local t = ssl.arange(1, 4); return t:masked_fill(t:gt(2), 0):sum():item() --> 3.0
function T.masked_fill(t, mask, v)
  check.tensor(1, t)
  check.tensor(2, mask, { dtype = "uint8" }, "mask")
  check.element(3, v, core.dtype(t))
  return (T.where(mask, v, t))
end

--- `masked_fill` in place.
-- @param t tensor
-- @param mask uint8 that broadcasts to t
-- @param v number
-- @return t
-- @example local t = ssl.arange(1, 4); return t:masked_fill_(t:gt(2), 0):sum():item() --> 3.0
T.masked_fill_ = core.masked_fill_

local function check_bounds(t, low, high)
  check.tensor(1, t)
  if low == nil and high == nil then check.fail(2, "low or high expected, got neither") end
  if low ~= nil then check.element(2, low, core.dtype(t)) end
  if high ~= nil then check.element(3, high, core.dtype(t)) end
end

--- Elements limited to low..high; either may be nil.
-- @param t float or int64 tensor
-- @param low number or nil
-- @param high number or nil
-- @param options {out=tensor}
-- @return tensor; NaN stays NaN
-- @example ssl.tensor{-5, 5}:clamp(-1, 2):sum():item() --> 1.0
function T.clamp(t, low, high, options)
  check_bounds(t, low, high)
  local given = options ~= nil and ops.out_like(4, options, t) or nil
  local out = core.detach(t)
  if low ~= nil then out = core.maximum(out, low, given) end
  if high ~= nil then out = core.minimum(out, high, given) end
  if given or not core.node(t) then return out end
  return T.where(core.eq(out, core.detach(t)), t, out) -- within the bounds and on them t has its say
end

--- `clamp` in place.
-- @param t float or int64 tensor
-- @param low number or nil
-- @param high number or nil
-- @return t
-- @example ssl.tensor{-5, 5}:clamp_(-1, 2):sum():item() --> 1.0
function T.clamp_(t, low, high)
  check_bounds(t, low, high)
  if low ~= nil then core.maximum_(t, low) end
  if high ~= nil then core.minimum_(t, high) end
  return t
end

-- The values in place of NaN, inf and -inf.
local function substitutes(t, nan, posinf, neginf)
  check.tensor(1, t, { dtype = "float" })
  local top = core.dtype(t) == "float32" and 0x1.fffffep127 or 0x1.fffffffffffffp1023
  return check.element(2, nan == nil and 0.0 or nan),
    check.element(3, posinf == nil and top or posinf),
    check.element(4, neginf == nil and -top or neginf)
end

--- NaN and infinities replaced by numbers.
-- @param t float tensor
-- @param nan number for NaN (0)
-- @param posinf number for inf (the largest finite value)
-- @param neginf number for -inf (the smallest finite value)
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{0/0, 2}:nan_to_num():sum():item() --> 2.0
function T.nan_to_num(t, nan, posinf, neginf, options)
  nan, posinf, neginf = substitutes(t, nan, posinf, neginf)
  local given = options ~= nil and ops.out_like(5, options, t) or nil
  local unknown, above, below = core.isnan(t), core.eq(t, math.huge), core.eq(t, -math.huge)
  local out = T.where(unknown, nan, T.where(above, posinf, T.where(below, neginf, t)))
  return given and core.clone(out, given) or out
end

--- `nan_to_num` in place.
-- @param t float tensor
-- @param nan number for NaN (0)
-- @param posinf number for inf (the largest finite value)
-- @param neginf number for -inf (the smallest finite value)
-- @return t
-- @example ssl.tensor{0/0, 2}:nan_to_num_():sum():item() --> 2.0
function T.nan_to_num_(t, nan, posinf, neginf)
  nan, posinf, neginf = substitutes(t, nan, posinf, neginf)
  local above, below = core.eq(t, math.huge), core.eq(t, -math.huge)
  core.masked_fill_(t, core.isnan(t), nan)
  core.masked_fill_(t, above, posinf)
  return (core.masked_fill_(t, below, neginf))
end

return T
