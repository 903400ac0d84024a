-- Functions of two tensors, elementwise with broadcasting; a Lua number takes the tensor's dtype.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local ops = require "sslkit.tensor.ops"

local T = core.methods
local binary, in_place, mask2 = ops.binary, ops.in_place, ops.mask2

--- a + b, elementwise with broadcasting.
-- @param a float or int64 tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=tensor}
-- @return tensor of the broadcast shape
-- @raise where dtypes differ or shapes do not broadcast
-- @example ssl.add(ssl.tensor{1, 2}, 10):sum():item() --> 23.0
T.add = binary "add"
--- `add` in place: a keeps its shape.
-- @param a tensor
-- @param b tensor that broadcasts to a, or a number
-- @return a
-- @example ssl.tensor{1, 2}:add_(10):sum():item() --> 23.0
T.add_ = in_place "add"

--- a - b, elementwise with broadcasting.
-- @param a float or int64 tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=tensor}
-- @return tensor of the broadcast shape
-- @raise where dtypes differ or shapes do not broadcast
-- @example ssl.tensor{3}:sub(1):item() --> 2.0
T.sub = binary "sub"
--- `sub` in place: a keeps its shape.
-- @param a tensor
-- @param b tensor that broadcasts to a, or a number
-- @return a
-- @example ssl.tensor{3}:sub_(1):item() --> 2.0
T.sub_ = in_place "sub"

--- a b, elementwise with broadcasting.
-- @param a float or int64 tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=tensor}
-- @return tensor of the broadcast shape
-- @raise where dtypes differ or shapes do not broadcast
-- @example ssl.tensor{3}:mul(2):item() --> 6.0
T.mul = binary "mul"
--- `mul` in place: a keeps its shape.
-- @param a tensor
-- @param b tensor that broadcasts to a, or a number
-- @return a
-- @example ssl.tensor{3}:mul_(2):item() --> 6.0
T.mul_ = in_place "mul"

--- a / b, elementwise with broadcasting.
-- @param a float tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=tensor}
-- @return tensor of the broadcast shape
-- @raise where dtypes differ or shapes do not broadcast
-- @example ssl.tensor{3}:div(2):item() --> 1.5
T.div = binary "div"
--- `div` in place: a keeps its shape.
-- @param a tensor
-- @param b tensor that broadcasts to a, or a number
-- @return a
-- @example ssl.tensor{3}:div_(2):item() --> 1.5
T.div_ = in_place "div"

--- floor(a / b), as Lua's `//` (int64 by 0 raises), elementwise with broadcasting.
-- @param a float or int64 tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=tensor}
-- @return tensor of the broadcast shape
-- @raise where dtypes differ or shapes do not broadcast
-- @example ssl.tensor({-7}, "int64"):floordiv(2):item() --> -4
T.floordiv = binary "floordiv"
--- `floordiv` in place: a keeps its shape.
-- @param a tensor
-- @param b tensor that broadcasts to a, or a number
-- @return a
-- @example ssl.tensor({-7}, "int64"):floordiv_(2):item() --> -4
T.floordiv_ = in_place "floordiv"

--- a - floor(a / b) b, as Lua's `%` (int64 by 0 raises), elementwise with broadcasting.
-- @param a float or int64 tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=tensor}
-- @return tensor of the broadcast shape
-- @raise where dtypes differ or shapes do not broadcast
-- @example ssl.tensor({-7}, "int64"):mod(3):item() --> 2
T.mod = binary "mod"
--- `mod` in place: a keeps its shape.
-- @param a tensor
-- @param b tensor that broadcasts to a, or a number
-- @return a
-- @example ssl.tensor({-7}, "int64"):mod_(3):item() --> 2
T.mod_ = in_place "mod"

--- a^b, elementwise with broadcasting.
-- @param a float tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=tensor}
-- @return tensor of the broadcast shape
-- @raise where dtypes differ or shapes do not broadcast
-- @example ssl.tensor{3}:pow(2):item() --> 9.0
T.pow = binary "pow"
--- `pow` in place: a keeps its shape.
-- @param a tensor
-- @param b tensor that broadcasts to a, or a number
-- @return a
-- @example ssl.tensor{3}:pow_(2):item() --> 9.0
T.pow_ = in_place "pow"

--- The larger; NaN wins, elementwise with broadcasting.
-- @param a float or int64 tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=tensor}
-- @return tensor of the broadcast shape
-- @raise where dtypes differ or shapes do not broadcast
-- @example ssl.tensor{3}:maximum(5):item() --> 5.0
T.maximum = binary "maximum"
--- `maximum` in place: a keeps its shape.
-- @param a tensor
-- @param b tensor that broadcasts to a, or a number
-- @return a
-- @example ssl.tensor{3}:maximum_(5):item() --> 5.0
T.maximum_ = in_place "maximum"

--- The smaller; NaN wins, elementwise with broadcasting.
-- @param a float or int64 tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=tensor}
-- @return tensor of the broadcast shape
-- @raise where dtypes differ or shapes do not broadcast
-- @example ssl.tensor{3}:minimum(5):item() --> 3.0
T.minimum = binary "minimum"
--- `minimum` in place: a keeps its shape.
-- @param a tensor
-- @param b tensor that broadcasts to a, or a number
-- @return a
-- @example ssl.tensor{3}:minimum_(5):item() --> 3.0
T.minimum_ = in_place "minimum"

--- The angle of (b, a) in radians, elementwise with broadcasting.
-- @param a float tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=tensor}
-- @return tensor of the broadcast shape
-- @raise where dtypes differ or shapes do not broadcast
-- @example ssl.tensor{0}:atan2(1):item() --> 0.0
T.atan2 = binary "atan2"
--- `atan2` in place: a keeps its shape.
-- @param a tensor
-- @param b tensor that broadcasts to a, or a number
-- @return a
-- @example ssl.tensor{0}:atan2_(1):item() --> 0.0
T.atan2_ = in_place "atan2"

--- The mask a < b, elementwise with broadcasting.
-- @param a tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=uint8 tensor}
-- @return uint8 tensor of 0 and 1
-- @example ssl.tensor{3}:lt(2):item() --> 0
T.lt = mask2 "lt"

--- The mask a <= b, elementwise with broadcasting.
-- @param a tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=uint8 tensor}
-- @return uint8 tensor of 0 and 1
-- @example ssl.tensor{3}:le(2):item() --> 0
T.le = mask2 "le"

--- The mask a > b, elementwise with broadcasting.
-- @param a tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=uint8 tensor}
-- @return uint8 tensor of 0 and 1
-- @example ssl.tensor{3}:gt(2):item() --> 1
T.gt = mask2 "gt"

--- The mask a >= b, elementwise with broadcasting.
-- @param a tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=uint8 tensor}
-- @return uint8 tensor of 0 and 1
-- @example ssl.tensor{3}:ge(2):item() --> 1
T.ge = mask2 "ge"

--- The mask a == b, elementwise with broadcasting.
-- @param a tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=uint8 tensor}
-- @return uint8 tensor of 0 and 1
-- @example ssl.tensor{3}:eq(2):item() --> 0
T.eq = mask2 "eq"

--- The mask a ~= b, elementwise with broadcasting.
-- @param a tensor or number
-- @param b tensor of a's dtype, or a number
-- @param options {out=uint8 tensor}
-- @return uint8 tensor of 0 and 1
-- @example ssl.tensor{3}:ne(2):item() --> 1
T.ne = mask2 "ne"

--- Where both are not 0, with broadcasting.
-- @param a tensor or number
-- @param b tensor of a's dtype, or a number
-- @return uint8 mask
-- @example ssl.tensor{1, 0}:logical_and(1):sum():item() --> 1
T.logical_and = mask2 "logical_and"

--- Where either is not 0, with broadcasting.
-- @param a tensor or number
-- @param b tensor of a's dtype, or a number
-- @return uint8 mask
-- @example ssl.tensor{1, 0}:logical_or(0):sum():item() --> 1
T.logical_or = mask2 "logical_or"

-- What relu's gradient rule needs: the first where the second is above 0.
T._relu_grad = binary "relu_grad"

local function masks(name)
  local f = core[name]
  return function(a, b) return (f(a, b)) end
end

--- Both masks: `a & b`.
-- @param a uint8 mask
-- @param b uint8 mask
-- @return uint8 mask
-- @example (ssl.tensor({1, 1}, "uint8") & ssl.tensor({0, 1}, "uint8")):sum():item() --> 1
T.bit_and = masks "bit_and"

--- Either mask: `a | b`.
-- @param a uint8 mask
-- @param b uint8 mask
-- @return uint8 mask
-- @example (ssl.tensor({1, 0}, "uint8") | ssl.tensor({0, 0}, "uint8")):sum():item() --> 1
T.bit_or = masks "bit_or"

--- The mask turned round: `~a`.
-- @param a uint8 mask
-- @return uint8 mask of 0 and 1
-- @example (~ssl.tensor({1, 0}, "uint8")):sum():item() --> 1
function T.bit_not(a)
  check.tensor(1, a, { dtype = "uint8" }, "mask")
  return (core.logical_not(a))
end

--- a where the mask is not 0, otherwise b.
-- @param mask uint8 tensor
-- @param a tensor or number
-- @param b tensor of a's dtype, or number
-- @return tensor of the broadcast shape
-- @example ssl.where(ssl.tensor({1, 0}, "uint8"), 5, ssl.ones(2)):sum():item() --> 6.0
function T.where(mask, a, b)
  local out = core.where(mask, a, b)
  if hook.record then hook.record("where", out, mask, a, b) end
  return out
end

--- Where two tensors are close: |a - b| <= atol + rtol |b|; equal infinities are, NaN never is.
-- @param a float tensor
-- @param b float tensor of a's dtype
-- @param options {rtol=1e-5, atol=1e-8}
-- @return uint8 mask
-- @example ssl.ones(2):isclose(ssl.tensor{1, 2}):sum():item() --> 1
function T.isclose(a, b, options)
  options = check.options(3, options, { rtol = 1e-5, atol = 1e-8 })
  local rtol = check.number(3, "rtol", options.rtol, 0)
  local atol = check.number(3, "atol", options.atol, 0)
  check.tensor(1, a)
  check.tensor(2, b)
  local same = core.eq(a, b)
  if core.dtype(a) == "int64" or core.dtype(a) == "uint8" then return same end
  local bound = core.add(core.mul(core.abs(b), rtol), atol)
  local close = core.le(core.abs(core.sub(a, b)), bound)
  return core.bit_or(same, core.bit_and(close, core.isfinite(b)))
end

--- Are two tensors close everywhere? Shapes must broadcast and dtypes agree.
-- @param a tensor
-- @param b tensor
-- @param options {rtol=1e-5, atol=1e-8}
-- @return boolean
-- @example ssl.allclose(ssl.ones(2), ssl.ones(2) + 1e-7) --> true
function T.allclose(a, b, options)
  local mask = T.isclose(a, b, options)
  return core.item(core.all(mask)) == 1
end

--- Are two tensors the same in shape, dtype and every element? NaN differs from itself.
-- @param a tensor
-- @param b tensor
-- @return boolean
-- @example ssl.equal(ssl.ones(2), ssl.ones(3)) --> false
function T.equal(a, b)
  check.tensor(1, a)
  check.tensor(2, b)
  return core.dtype(a) == core.dtype(b) and core.same_shape(a, b)
    and core.item(core.all(core.eq(a, b))) == 1
end

return T
