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
-- would lose its gradient.
function T._taped_index(t, key)
  local out = core.getindex(t, key)
  if core.is_tensor(key) and core.dtype(key) == "uint8" then
    hook.record("masked_select", out, t, key)
  elseif core.is_tensor(key) then
    hook.record("index", out, t, 1, key)
  elseif core.is_tensor(out) then
    hook.record("getindex", out, t, key)
  elseif core.recording() then
    out = t
    for _, i in ipairs(type(key) == "table" and key or { key }) do out = T.select(out, 1, i) end
  end
  return out
end

--- One element as a Lua number.
-- @param t tensor
-- @param ... one index a dimension
-- @return number
-- @example ssl.eye(3):at(2, 2) --> 1.0
T.at = core.at

--- Sets one element in place.
-- @param t tensor
-- @param v number
-- @param ... one index a dimension
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

--- Where a mask is not 0.
-- @param mask uint8 tensor
-- @return int64 [count, dims], 1-based
-- @example ssl.eye(2):gt(0):nonzero():totable()[2][1] --> 2
T.nonzero = core.nonzero

--- The main diagonal of a matrix, a view.
-- @param t tensor [n,m]
-- @return view [min(n,m)]
-- @example ssl.eye(3):diagonal():sum():item() --> 3.0
T.diagonal = recorded("diagonal", 0)

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
