-- Constructors, conversions, and reading a tensor out again.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"

local T = core.methods

local DTYPE = { dtype = true }

local function filled(value)
  return function(...)
    local shape, options = check.sizes(1, DTYPE, ...)
    return (core.fill_(core.new(shape, options.dtype), value))
  end
end

--- A tensor from a nested table, a number, or another tensor (copied).
-- @param data nested table of numbers or booleans (ragged tables raise), a number, or a tensor
-- @param dtype "float32", "float64", "int64" or "uint8" ("float32")
-- @return tensor of the table's shape
-- @raise on ragged tables, on values that the dtype has no room for
-- @example ssl.tensor{{1, 2}, {3, 4}}:sum():item() --> 10.0
function T.tensor(data, dtype)
  dtype = check.dtype(2, dtype)
  if not core.is_tensor(data) then return (core.from(data, dtype)) end
  local out = core.to(data, dtype)
  return out == data and core.clone(data) or out
end

--- A tensor of zeros: `zeros(2, 3)`, `zeros{2, 3}`, `zeros(2, 3, "int64")`,
-- `zeros({2, 3}, {dtype="float64"})`.
-- @param ... sizes, as numbers or one table; then a dtype or {dtype="float32"}
-- @return tensor
-- @raise on negative sizes, unknown dtypes, and where the memory limit is passed
-- @example ssl.zeros(2, 3):numel() --> 6
T.zeros = filled(0)

--- A tensor of ones. Arguments as `zeros`.
-- @param ... sizes, as numbers or one table; then a dtype or {dtype=}
-- @return tensor
-- @example ssl.ones(2, 2):sum():item() --> 4.0
T.ones = filled(1)

--- A tensor whose contents are whatever lay in memory: to be overwritten. Arguments as `zeros`.
-- @param ... sizes, as numbers or one table; then a dtype or {dtype=}
-- @return tensor
-- @example ssl.empty(4, "uint8"):numel() --> 4
function T.empty(...)
  local shape, options = check.sizes(1, DTYPE, ...)
  return (core.new(shape, options.dtype))
end

--- A tensor filled with one value.
-- @param shape table of sizes, or one number
-- @param value number
-- @param dtype dtype, or table of options ("float32")
-- @return tensor
-- @example ssl.full({2, 2}, 7):mean():item() --> 7.0
function T.full(shape, value, dtype)
  if shape == nil then check.fail(1, "shape expected, got nil") end
  shape = check.shape(1, type(shape) == "table" and shape or { shape })
  dtype = check.dtype(3, dtype)
  return (core.fill_(core.new(shape, dtype), value))
end

--- The identity matrix [n,n].
-- @param n size
-- @param dtype dtype, or table of options ("float32")
-- @return tensor [n,n]
-- @example ssl.eye(3):sum():item() --> 3.0
function T.eye(n, dtype)
  n = check.integer(1, "n", n, 0)
  local out = core.fill_(core.new({ n, n }, check.dtype(2, dtype)), 0)
  core.fill_(core.diagonal(out), 1)
  return out
end

--- A matrix with a vector on its diagonal; or of a matrix its diagonal, copied.
-- @param t tensor [n] or [n,m]
-- @param offset diagonal (0, the main one); above it positive, below it negative
-- @return tensor [n+|offset|,n+|offset|], or a vector
-- @example ssl.tensor{1, 2}:diag():at(2, 2) --> 2.0
function T.diag(t, offset)
  local dims = core.dim(check.tensor(1, t))
  offset = check.integer(2, "offset", offset == nil and 0 or offset, -(1 << 40), 1 << 40)
  if dims == 2 then return (T.clone(T.diagonal(t, offset))) end
  if dims ~= 1 then check.fail(1, "1 or 2 dimensions expected, got %s", core.describe(t)) end
  local n = core.len(t) + math.abs(offset)
  local out = core.fill_(core.new({ n, n }, core.dtype(t)), 0)
  core.copy_(core.diagonal(out, offset), core.detach(t))
  if hook.record then hook.record("diag", out, t, offset) end
  return out
end

--- Rows of 0 with a 1 at the place that an id names.
-- @param ids int64 tensor of 1..K
-- @param K how many places (the largest id)
-- @param options dtype, or {dtype="float32"}
-- @return tensor of ids' shape and one dimension more, of K
-- @raise on an id outside 1..K
-- @example ssl.tensor({2, 1}, "int64"):one_hot(3)[1] --> [0., 1., 0.] (3) float32
function T.one_hot(ids, K, options)
  check.tensor(1, ids, { dtype = "int64" }, "tensor of ids")
  if type(K) == "string" or type(K) == "table" then K, options = nil, K end
  local dtype = check.dtype(3, options)
  local count, shape = core.numel(ids), { core.shape(ids) }
  if K ~= nil then K = check.integer(2, "K", K, 0) end
  if #shape == 8 then check.fail(1, "8 dimensions leave no room for one more") end
  local flat = T.reshape(ids, count, 1)
  K = K or (count > 0 and math.max(core.item(core.amax(flat)), 0) or 0)
  local wrong = core.bit_or(core.lt(flat, 1), core.gt(flat, K))
  if core.item(core.any(wrong)) == 1 then
    local row = core.at(core.nonzero(wrong), 1, 1)
    check.fail(1, "id %d at row %d is outside 1..%d", core.at(flat, row, 1), row, K)
  end
  shape[#shape + 1] = K
  local out = core.fill_(core.new({ count, K }, dtype), 0)
  return (core.reshape(core.scatter_(out, 2, flat, 1), shape))
end

--- first, first + step, ... up to last, which is included where it is met, as in Lua's `for`.
-- @param first number
-- @param last number
-- @param step number, not 0 (1)
-- @param dtype dtype, or table of options ("float32")
-- @return tensor [n]
-- @raise when step is 0
-- @example ssl.arange(1, 4):sum():item() --> 10.0
function T.arange(first, last, step, dtype)
  if type(step) == "string" or type(step) == "table" then step, dtype = nil, step end
  dtype = check.dtype(4, dtype)
  first, last = check.number(1, "first", first), check.number(2, "last", last)
  step = check.number(3, "step", step == nil and 1 or step)
  if step == 0 then check.fail(3, "step must not be 0") end
  local whole = dtype == "int64" or dtype == "uint8"
  if whole then first, step = check.integer(1, "first", first), check.integer(3, "step", step) end
  local span = last - first
  if (span < 0) ~= (last < first) then span = last + 0.0 - first end -- int64 has wrapped
  -- a hundred-thousandth of a step of slack: 0, 0.1 .. 1 has 11 elements although 0.1 is not exact
  local n = math.max(0, math.floor(span / step + 1e-5) + 1)
  n = check.integer(2, "the number of elements", n, 0, 1 << 52)
  if whole and n > 0 then
    local at = first + (n - 1) * step
    if n > 1 and (at == first or (at < first) ~= (step < 0)) then n = n - 1 end -- it has wrapped
    if dtype == "uint8" then
      check.integer(1, "first", first, 0, 255)
      check.integer(2, "the last element", at, 0, 255)
    end
  end
  return (core.ramp(n, first, step, dtype))
end

--- n evenly spaced values from a to b, both included.
-- @param a number
-- @param b number
-- @param n how many
-- @param dtype "float32" or "float64" ("float32")
-- @return tensor [n]
-- @example ssl.linspace(0, 1, 5)[4] --> 0.75
function T.linspace(a, b, n, dtype)
  dtype = check.dtype(4, dtype, true)
  a, b = check.number(1, "a", a), check.number(2, "b", b)
  n = check.integer(3, "n", n, 0, 1 << 52)
  local out = core.ramp(n, a, n > 1 and b / (n - 1) - a / (n - 1) or 0.0, dtype)
  if n > 1 then core.set(out, b, n) end
  return out
end

local function like(value)
  return function(t, dtype)
    check.tensor(1, t)
    dtype = check.dtype(2, dtype) or core.dtype(t)
    return (core.fill_(core.new({ core.shape(t) }, dtype), value))
  end
end

--- Zeros of another tensor's shape and dtype.
-- @param t tensor
-- @param dtype dtype, or table of options (t's)
-- @return tensor
-- @example ssl.zeros_like(ssl.ones(2, 3)):sum():item() --> 0.0
T.zeros_like = like(0)

--- Ones of another tensor's shape and dtype.
-- @param t tensor
-- @param dtype dtype, or table of options (t's)
-- @return tensor
-- @example ssl.ones_like(ssl.zeros(2, 3)):sum():item() --> 6.0
T.ones_like = like(1)

--- One value in another tensor's shape and dtype.
-- @param t tensor
-- @param value number
-- @param dtype dtype, or table of options (t's)
-- @return tensor
-- @example ssl.full_like(ssl.zeros(2), 3):sum():item() --> 6.0
function T.full_like(t, value, dtype)
  check.tensor(1, t)
  dtype = check.dtype(3, dtype) or core.dtype(t)
  return (core.fill_(core.new({ core.shape(t) }, dtype), value))
end

--- A tensor of another's shape and dtype whose contents are whatever lay in memory.
-- @param t tensor
-- @param dtype dtype, or table of options (t's)
-- @return tensor
-- @example ssl.empty_like(ssl.zeros(2, 3)):numel() --> 6
function T.empty_like(t, dtype)
  check.tensor(1, t)
  return (core.new({ core.shape(t) }, check.dtype(2, dtype) or core.dtype(t)))
end

--- A tensor from raw little-endian bytes.
-- @param bytes string
-- @param dtype dtype ("float32")
-- @param shape table of sizes (the number of elements that the bytes make)
-- @return tensor
-- @raise when the bytes do not make the shape
-- @example ssl.frombytes("\1\2\3", "uint8"):sum():item() --> 6
function T.frombytes(bytes, dtype, shape)
  if type(shape) == "table" then shape = check.shape(3, shape) end
  return (core.frombytes(bytes, check.dtype(2, dtype), shape))
end

--- The elements as raw little-endian bytes, in C order.
-- @param t tensor
-- @return string
-- @example #ssl.zeros(2, 3):tobytes() --> 24
T.tobytes = core.tobytes

--- The one element of a tensor as a Lua number: a float, or an integer for int64 and uint8.
-- @param t tensor with one element
-- @return number
-- @raise when it has not exactly one element
-- @example ssl.tensor{5}:item() --> 5.0
T.item = core.item

--- The elements as nested Lua tables; a 0-dim tensor gives a number.
-- @param t tensor
-- @return table
-- @example #ssl.eye(3):totable() --> 3
T.totable = core.totable

--- Fills a tensor in place.
-- @param t tensor
-- @param value number
-- @return t
-- @example ssl.zeros(3):fill_(2):sum():item() --> 6.0
T.fill_ = core.fill_

--- Sets every element to 0 in place.
-- @param t tensor
-- @return t
-- @example ssl.ones(3):zero_():sum():item() --> 0.0
function T.zero_(t) return (core.fill_(t, 0)) end

--- Copies another tensor's elements in, broadcasting and converting.
-- @param t tensor
-- @param src tensor that broadcasts to t's shape
-- @return t
-- @example ssl.zeros(2, 2):copy_(ssl.tensor{1, 2}):sum():item() --> 6.0
T.copy_ = core.copy_

local function convert(t, dtype)
  local out = core.to(t, dtype)
  if out ~= t and hook.record then hook.record("to", out, t) end
  return out
end

local function converter(dtype)
  return function(t) return (convert(t, dtype)) end
end

--- The tensor in another dtype; itself where it has it already. A float outside int64 saturates,
-- NaN becomes 0.
-- @param t tensor
-- @param dtype "float32", "float64", "int64" or "uint8"
-- @return tensor
-- @example ssl.tensor{1.7, -1.7}:to("int64"):totable()[2] --> -1
function T.to(t, dtype)
  check.tensor(1, t)
  return (convert(t, check.one_of(2, "dtype", dtype, { "float32", "float64", "int64", "uint8" })))
end

--- `t:to "float64"`.
-- @param t tensor
-- @return tensor
-- @example ssl.ones(1):double():dtype() --> float64
T.double = converter "float64"

--- `t:to "float32"`.
-- @param t tensor
-- @return tensor
-- @example ssl.tensor({1}, "int64"):float():dtype() --> float32
T.float = converter "float32"

--- `t:to "int64"`.
-- @param t tensor
-- @return tensor
-- @example ssl.ones(1):long():dtype() --> int64
T.long = converter "int64"

--- `t:to "uint8"`.
-- @param t tensor
-- @return tensor
-- @example ssl.ones(1):byte():dtype() --> uint8
T.byte = converter "uint8"

--- A copy that shares nothing.
-- @param t tensor
-- @return tensor, contiguous
-- @example local a = ssl.ones(2); a:clone():fill_(5); return a:sum():item() --> 2.0
function T.clone(t)
  local out = core.clone(t)
  if hook.record then hook.record("clone", out, t) end
  return out
end

--- The tensor itself where it is contiguous, otherwise a contiguous copy.
-- @param t tensor
-- @return tensor
-- @example ssl.ones(2, 3):t():contiguous():is_contiguous() --> true
function T.contiguous(t)
  return core.is_contiguous(t) and t or T.clone(t)
end

--- Is this a tensor?
-- @param v anything
-- @return boolean
-- @example ssl.is_tensor{1, 2} --> false
function T.is_tensor(v) return core.is_tensor(v) end

return T
