-- Shapes: asking for them, and views that change them. A view shares its tensor's elements.

local core = require "sslkit.core"
local check = require "sslkit.check"
local ops = require "sslkit.tensor.ops"

local T = core.methods

local recorded, recorded_list = ops.recorded, ops.recorded_list

--- The sizes, as several results.
-- @param t tensor
-- @return n1, n2, ...
-- @example select(2, ssl.zeros(2, 3):shape()) --> 3
T.shape = core.shape

--- The size of one dimension.
-- @param t tensor
-- @param d dimension, 1-based, negative from the end
-- @return integer
-- @example ssl.zeros(2, 3):size(-1) --> 3
T.size = core.size

--- The number of dimensions.
-- @param t tensor
-- @return integer
-- @example ssl.zeros(2, 3):dim() --> 2
T.dim = core.dim

--- The number of elements.
-- @param t tensor
-- @return integer
-- @example ssl.zeros(2, 3):numel() --> 6
T.numel = core.numel

--- The element type: "float32", "float64", "int64" or "uint8".
-- @param t tensor
-- @return string
-- @example ssl.zeros(1):dtype() --> float32
T.dtype = core.dtype

--- Do the elements lie in C order without gaps?
-- @param t tensor
-- @return boolean
-- @example ssl.zeros(2, 3):t():is_contiguous() --> false
T.is_contiguous = core.is_contiguous

--- The same elements in another shape, never copied; one size may be -1.
-- @param t tensor
-- @param ... sizes, as numbers or one table
-- @return view
-- @raise where the counts differ, or the strides would need a copy
-- @example ssl.zeros(2, 3):view(-1):dim() --> 1
T.view = recorded_list "view"

--- The same elements in another shape: a view where the strides allow it, otherwise a copy.
-- @param t tensor
-- @param ... sizes, as numbers or one table; one may be -1
-- @return tensor
-- @example ssl.zeros(2, 3):t():reshape(6):numel() --> 6
T.reshape = recorded_list "reshape"

--- Merges dimensions first..last into one.
-- @param t tensor
-- @param first dimension (1)
-- @param last dimension (-1)
-- @return tensor
-- @example ssl.zeros(2, 3, 4):flatten(2):size(2) --> 12
function T.flatten(t, first, last)
  local n = core.dim(t)
  first = check.integer(2, "first", first == nil and 1 or first)
  last = check.integer(3, "last", last == nil and -1 or last)
  if n == 0 then return (T.reshape(t, 1)) end
  local from = first < 0 and first + n + 1 or first
  local to = last < 0 and last + n + 1 or last
  if from < 1 or to > n or from > to then
    check.fail(2, "dimensions %d..%d of a tensor with %d", first, last, n)
  end
  local shape = { core.shape(t) }
  for _ = from, to - 1 do shape[from] = shape[from] * table.remove(shape, from + 1) end
  return (T.reshape(t, shape))
end

--- The transpose of a matrix, a view; a vector is returned as it is.
-- @param t tensor with at most 2 dimensions
-- @return view
-- @raise for more than 2 dimensions
-- @example ssl.zeros(2, 3):t():size(1) --> 3
function T.t(t)
  local n = core.dim(t)
  if n > 2 then
    check.fail(1, "at most 2 dimensions expected, got %s; use transpose", core.describe(t))
  end
  return n < 2 and t or T.transpose(t, 1, 2)
end

--- Two dimensions exchanged, a view.
-- @param t tensor
-- @param d1 dimension
-- @param d2 dimension
-- @return view
-- @example ssl.zeros(2, 3, 4):transpose(1, 3):size(1) --> 4
T.transpose = recorded("transpose", 2)

--- All dimensions in another order, a view.
-- @param t tensor
-- @param ... dimensions, each of them once, as numbers or one table
-- @return view
-- @example ssl.zeros(2, 3, 4):permute(3, 1, 2):size(1) --> 4
T.permute = recorded_list "permute"

--- One dimension moved to another place, the others in their order; a view.
-- @param t tensor
-- @param from dimension
-- @param to dimension that it becomes
-- @return view
-- @example ssl.zeros(2, 3, 4):movedim(1, -1):size(3) --> 2
function T.movedim(t, from, to)
  local n = core.dim(check.tensor(1, t))
  from, to = check.dim(2, from, n), check.dim(3, to, n)
  local order = {}
  for d = 1, n do order[d] = d end
  from = table.remove(order, from < 0 and from + n + 1 or from)
  table.insert(order, to < 0 and to + n + 1 or to, from)
  return (T.permute(t, order))
end

--- Dimensions turned round, the last element first; a view.
-- @param t tensor
-- @param ... dimensions, as numbers or one table (all)
-- @return view
-- @example ssl.arange(1, 3):flip()[1] --> 3.0
T.flip = recorded_list "flip"

--- Without the dimensions of size 1, or without those of them that are named; a view.
-- @param t tensor
-- @param ... dimensions, as numbers or one table (all); one whose size is not 1 stays
-- @return view
-- @example ssl.zeros(1, 3, 1):squeeze():dim() --> 1
T.squeeze = recorded_list "squeeze"

--- With a new dimension of size 1, a view.
-- @param t tensor
-- @param dim dimension that the new one becomes
-- @return view
-- @example ssl.zeros(3):unsqueeze(1):size(1) --> 1
T.unsqueeze = recorded("unsqueeze", 1)

--- Dimensions of size 1 repeated without copying, a view; -1 keeps a size.
-- @param t tensor
-- @param ... sizes, as numbers or one table
-- @return view
-- @example ssl.ones(3, 1):expand(3, 4):sum():item() --> 12.0
T.expand = recorded_list "expand"

--- A view without the tape: the elements are shared, gradients do not flow through it.
-- @param t tensor
-- @return view
-- @example ssl.ones(2):requires_grad():detach():needs_grad() --> false
T.detach = core.detach

return T
