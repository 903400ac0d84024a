-- Parts of a tensor by position: views where positions are regular, copies where an index tensor or
-- mask picks. `t[i]`, `t[{i, j}]`, `t[{ {2, 5}, {} }]`, `t[mask]`, `t[index]` and assignment to them are
-- core.getindex and core.setindex.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local ops = require "sslkit.tensor.ops"

local T = core.methods

local recorded = ops.recorded

-- What __index calls for a tensor on the tape. One element is a 0-dim tensor there: a Lua number
-- would lose its gradient. Tensors in a table are handed over once more by themselves, so that the
-- tape sees when they are changed before backward.
function T._taped_index(t, key)
  local out = core.getindex(t, key)
  if not core.recording() then return out end
  local list = type(key) == "table" and key or { key }
  if not core.is_tensor(out) then
    out = t
    for i = 1, #list do out = T.select(out, 1, list[i]) end
    return out
  end
  local tensors = {}
  for i = 1, #list do
    if core.is_tensor(list[i]) then tensors[#tensors + 1] = list[i] end
  end
  hook.record("getindex", out, t, key, table.unpack(tensors))
  return out
end

--- One element as a Lua number.
-- @param t tensor
-- @param ... indices, one a dimension
-- @return number
-- @example ssl.eye(3):at(2, 2) --> 1.0
T.at = core.at

--- Sets one element in place.
-- @param t tensor
-- @param v number
-- @param ... indices, one a dimension
-- @return t
-- @example ssl.zeros(2, 2):set(7, 1, 2):sum():item() --> 7.0
T.set = core.set

--- One slice of a dimension, which disappears; a view.
-- @param t tensor
-- @param dim dimension
-- @param i index
-- @return view
-- @example ssl.eye(3):select(2, 1):sum():item() --> 1.0
T.select = recorded("select", 2)

--- The slices first..last of a dimension; a view.
-- @param t tensor
-- @param dim dimension
-- @param first index
-- @param last index, included
-- @return view
-- @example ssl.arange(1, 5):narrow(1, 2, 3):sum():item() --> 5.0
T.narrow = recorded("narrow", 3)

--- Slices picked along a dimension by an index tensor, copied.
-- @param t tensor
-- @param dim dimension
-- @param idx int64 [n], 1-based, negative from the end
-- @return tensor with n slices
-- @raise when an index is out of range
-- @example ssl.arange(1, 5):index(1, ssl.tensor({5, 1}, "int64")):sum():item() --> 6.0
function T.index(t, dim, idx)
  local out = core.take(t, dim, idx)
  if hook.record then hook.record("index", out, t, dim, idx) end
  return out
end

--- out[i][j] = t[idx[i][j]][j] for dim = 1, and alike for the others.
-- @param t tensor
-- @param dim dimension
-- @param idx int64 of the result's shape, 1-based
-- @return tensor of idx's shape
-- @example ssl.tensor{{1, 2}, {3, 4}}:gather(2, ssl.tensor({{2}, {1}}, "int64")):sum():item() --> 5.0
T.gather = recorded("gather", 2)

--- t[idx[i][j]][j] = src[i][j] in place, for dim = 1 and alike for the others.
-- @param t tensor
-- @param dim dimension
-- @param idx int64, 1-based
-- @param src tensor that covers idx, or a number
-- @return t
-- @example ssl.zeros(3):scatter_(1, ssl.tensor({2}, "int64"), 5):sum():item() --> 5.0
T.scatter_ = core.scatter_

--- As `scatter_`, adding; repeated indices add up.
-- @param t float or int64 tensor
-- @param dim dimension
-- @param idx int64, 1-based
-- @param src tensor that covers idx, or a number
-- @return t
-- @example ssl.zeros(3):scatter_add_(1, ssl.tensor({2, 2}, "int64"), 5):sum():item() --> 10.0
T.scatter_add_ = core.scatter_add_

--- Sets slices in place: t[.., idx[i], ..] = src[.., i, ..]; the last of repeated indices stays.
-- @param t tensor
-- @param dim dimension
-- @param idx int64 [n], 1-based
-- @param src tensor of t's dtype with n slices
-- @return t
-- @example ssl.zeros(3):index_copy_(1, ssl.tensor({3}, "int64"), ssl.ones(1))[3] --> 1.0
T.index_copy_ = core.index_copy_

--- Adds slices in place: t[.., idx[i], ..] += src[.., i, ..]; repeated indices add up.
-- @param t float or int64 tensor
-- @param dim dimension
-- @param idx int64 [n], 1-based
-- @param src tensor with n slices
-- @return t
-- @example ssl.zeros(3):index_add_(1, ssl.tensor({1, 1}, "int64"), ssl.ones(2))[1] --> 2.0
T.index_add_ = core.index_add_

--- The elements where a mask is not 0, copied.
-- @param t tensor
-- @param mask uint8 of t's shape or of its leading dimensions
-- @return tensor [count, rest...]
-- @example local t = ssl.arange(1, 4); return t:masked_select(t:gt(2)):sum():item() --> 7.0
T.masked_select = recorded("masked_select", 1)

--- Where a tensor is not 0 (NaN is not).
-- @param t tensor, a mask for example
-- @return int64 [count, dims], 1-based
-- @example ssl.eye(2):nonzero():totable()[2][1] --> 2
function T.nonzero(t)
  check.tensor(1, t)
  return (core.nonzero(core.dtype(t) == "uint8" and t or core.ne(t, 0)))
end

--- The diagonal of the last index minus the first one's = offset; of more than a matrix, those of all
-- matrices in two of its dimensions, which go: the diagonal is the last dimension. A view.
-- @param t tensor with at least 2 dimensions
-- @param offset diagonal (0, the main one); above it positive, below it negative
-- @param d1 dimension of the rows (1)
-- @param d2 dimension of the columns (2)
-- @return view
-- @example ssl.tensor{{1, 2}, {3, 4}}:diagonal():sum():item() --> 5.0
T.diagonal = recorded("diagonal", 3)

--- Iterates over the first dimension: `for row in t:rows() do`.
-- @param t tensor with at least one dimension
-- @return iterator over views (numbers for a vector)
-- @example local n = 0; for row in ssl.eye(3):rows() do n = n + row[1] end return n --> 1.0
function T.rows(t)
  check.tensor(1, t)
  local i, n = 0, core.len(t)
  return function()
    i = i + 1
    if i <= n then return t[i] end
  end
end

return T
