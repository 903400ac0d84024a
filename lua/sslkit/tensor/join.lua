-- Tensors put together, cut apart, and repeated.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"

local T = core.methods

--- Tensors joined along a dimension that they have.
-- @param list table of tensors of one dtype, alike in all other sizes
-- @param dim dimension (1)
-- @return tensor
-- @raise where shapes or dtypes differ, on an empty list
-- @example ssl.cat({ssl.ones(2), ssl.zeros(3)}):numel() --> 5
function T.cat(list, dim)
  local out = core.cat(list, dim)
  if hook.record then hook.record("cat", out, table.unpack(list)) end
  if hook.record and core.node(out) then core.node(out).dim = dim or 1 end
  return out
end

--- Tensors of one shape joined along a new dimension.
-- @param list table of tensors
-- @param dim dimension that the new one becomes (1)
-- @return tensor
-- @example ssl.stack({ssl.ones(2), ssl.zeros(2)}):size(1) --> 2
function T.stack(list, dim)
  if type(list) ~= "table" then
    check.fail(1, "table of tensors expected, got %s", check.kind(list))
  end
  local rows = {}
  for i = 1, #list do
    local t = check.tensor(1, list[i], nil, "tensor in the list at " .. i)
    rows[i] = T.unsqueeze(t, dim == nil and 1 or dim)
  end
  return (T.cat(rows, dim))
end

--- A tensor cut along a dimension into parts of one size (the last may be shorter), or of given
-- sizes.
-- @param t tensor
-- @param size size of a part, or a table of sizes that make up the dimension
-- @param dim dimension (1)
-- @return table of views
-- @example #ssl.arange(1, 5):split(2) --> 3
function T.split(t, size, dim)
  local parts, first = core.split(t, size, dim), 1
  if hook.record and core.node(t) then
    dim = dim or 1
    for _, part in ipairs(parts) do
      local last = first + core.size(part, dim) - 1
      hook.record("narrow", part, t, dim, first, last)
      first = last + 1
    end
  end
  return parts
end

--- A tensor cut along a dimension into at most n parts, all of one size but the last, which may be
-- shorter.
-- @param t tensor
-- @param n how many
-- @param dim dimension (1)
-- @return table of views
-- @example ssl.arange(1, 7):chunk(3)[3]:numel() --> 1
function T.chunk(t, n, dim)
  check.tensor(1, t)
  n = check.integer(2, "n", n, 1)
  dim = check.dim(3, dim == nil and 1 or dim, core.dim(t))
  local size = core.size(t, dim)
  return (T.split(t, math.max(1, size // n + (size % n > 0 and 1 or 0)), dim))
end

--- A tensor repeated along its dimensions, copied: PyTorch's `repeat`, NumPy's `tile`. Where fewer
-- numbers than dimensions are given they belong to the last ones; where more, new dimensions come
-- in front.
-- @param t tensor
-- @param ... counts, one a dimension, as numbers or one table
-- @return tensor
-- @example ssl.tensor{1, 2}:repeat_tensor(2, 3):numel() --> 12
function T.repeat_tensor(t, ...)
  local n = core.dim(check.tensor(1, t))
  local first, second = ...
  local listed = type(first) == "table"
  local times = listed and first or { ... }
  if listed and second ~= nil then
    check.fail(3, "numbers or one table expected, got a table and %s", check.kind(second))
  end
  local count = rawlen(times)
  local dims = math.max(n, count)
  if dims > 8 then check.fail(2, "%d dimensions; at most 8", dims) end
  local sizes, repeats = {}, {}
  for d = 1, dims do
    sizes[d] = d > dims - n and core.size(t, d - (dims - n)) or 1
    local k = d - (dims - count)
    repeats[d] = k < 1 and 1 or check.integer(listed and 2 or k + 1, "times", times[k], 0)
  end
  local out = dims > n and T.reshape(t, sizes) or t
  for d = dims, 1, -1 do -- from the end, where the blocks that are copied are short
    if repeats[d] ~= 1 then
      local before, block = 1, 1
      for k = 1, d - 1 do before = before * sizes[k] end
      for k = d, dims do block = block * sizes[k] end
      sizes[d] = sizes[d] * repeats[d]
      out = T.expand(T.reshape(out, { before, 1, block }), { before, repeats[d], block })
      out = T.reshape(T.clone(out), sizes)
    end
  end
  return out == t and T.clone(t) or out
end

--- Elements shifted along dimensions; what leaves at one end comes in at the other. Copied. Without
-- a dim all elements are shifted in C order.
-- @param t tensor
-- @param shifts whole number, towards the end where above 0, or a table of them
-- @param dims dimension, or a table of as many (all elements in C order)
-- @return tensor
-- @example ssl.arange(1, 4):roll(1)[1] --> 4.0
function T.roll(t, shifts, dims)
  check.tensor(1, t)
  if dims == nil then
    shifts = check.integer(2, "shift", shifts)
    return (T.reshape(T.roll(T.reshape(t, -1), shifts, 1), { core.shape(t) }))
  end
  if type(shifts) ~= "table" then shifts = { shifts } end
  if type(dims) ~= "table" then dims = { dims } end
  if rawlen(shifts) ~= rawlen(dims) then
    check.fail(3, "as many dimensions as shifts expected, got %d and %d", rawlen(dims),
      rawlen(shifts))
  end
  local out = t
  for i = 1, rawlen(dims) do
    local shift = check.integer(2, "shift", shifts[i])
    local dim = check.dim(3, dims[i], core.dim(t))
    local n = core.size(t, dim)
    local by = n > 0 and shift % n or 0
    if by > 0 then
      out = T.cat({ T.narrow(out, dim, n - by + 1, n), T.narrow(out, dim, 1, n - by) }, dim)
    end
  end
  return out == t and T.clone(t) or out
end

return T
