-- Products of matrices.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local ops = require "sslkit.tensor.ops"

local T = core.methods

--- The matrix product. A vector is a row on the left and a column on the right; leading dimensions
-- are batches, which broadcast. Transposed views are read as they lie.
-- @param a float tensor [k], [m,k] or [...,m,k]
-- @param b tensor of a's dtype [k], [k,n] or [...,k,n]
-- @param options {out=contiguous tensor that shares nothing with a and b}
-- @return tensor
-- @raise where inner sizes or dtypes differ
-- @example ssl.ones(2, 3):matmul(ssl.ones(3, 4)):sum():item() --> 24.0
function T.matmul(a, b, options)
  if options ~= nil then return (core.matmul(a, b, ops.out(3, options, a, b))) end
  local out = core.matmul(a, b)
  if hook.record then hook.record("matmul", out, a, b) end
  return out
end

--- x weight^T + bias, in one kernel.
-- @param x float tensor [...,k]
-- @param weight tensor [n,k]
-- @param bias tensor [n] or nil
-- @return tensor [...,n]
-- @example ssl.ones(2, 3):linear(ssl.ones(4, 3), ssl.ones(4))[{1, 1}] --> 4.0
function T.linear(x, weight, bias)
  local out = core.linear(x, weight, bias)
  if hook.record then hook.record("linear", out, x, weight, bias) end
  return out
end

--- The inner product of two vectors.
-- @param a float tensor [n]
-- @param b tensor [n] of a's dtype
-- @return 0-dim tensor
-- @example ssl.tensor{1, 2}:dot(ssl.tensor{3, 4}):item() --> 11.0
function T.dot(a, b)
  check.tensor(1, a, { dtype = "float", dim = 1 })
  check.tensor(2, b, { dtype = "float", dim = 1 })
  return (T.matmul(a, b))
end

--- The products of every element of one vector with every element of another.
-- @param a float or int64 tensor [m]
-- @param b tensor [n] of a's dtype
-- @return tensor [m,n]
-- @example ssl.outer(ssl.tensor{1, 2}, ssl.tensor{3, 4}):sum():item() --> 21.0
function T.outer(a, b)
  check.tensor(1, a, { dim = 1 })
  check.tensor(2, b, { dim = 1 })
  return (T.mul(T.unsqueeze(a, 2), b))
end

return T
