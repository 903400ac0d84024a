-- Order statistics: median and quantile, by sorting.

local core = require "sslkit.core"
local check = require "sslkit.check"
local ops = require "sslkit.tensor.ops"

local T = core.methods

-- The dimensions that go, flattened, as the last one of a float tensor; the shape of what is left,
-- with keepdim as asked for.
local function rows_of(argn, t, dim, keepdim)
  local n = core.dim(t)
  local gone, order, sizes, left, count = {}, {}, {}, {}, 1
  for _, d in ipairs(type(dim) == "table" and dim or { dim }) do
    d = check.dim(argn, d, n)
    if d < 0 then d = d + n + 1 end
    if gone[d] then check.fail(argn, "dimension %d is named twice", d) end
    gone[d] = true
  end
  for d = 1, n do
    if dim == nil or gone[d] then
      count = count * core.size(t, d)
      if keepdim then left[#left + 1] = 1 end
    else
      order[#order + 1] = d
      sizes[#sizes + 1] = core.size(t, d)
      left[#left + 1] = core.size(t, d)
    end
  end
  for d = 1, n do
    if dim == nil or gone[d] then order[#order + 1] = d end
  end
  if not core.dtype(t):find "float" then t = T.to(t, "float64") end
  if n > 1 then t = T.permute(t, order) end
  sizes[#sizes + 1] = count
  return T.reshape(t, sizes), left
end

local function check_keepdim(argn, keepdim)
  if keepdim ~= nil and type(keepdim) ~= "boolean" then
    check.fail(argn, "keepdim must be true or false, got %s (several dimensions stand in a table)",
      check.kind(keepdim))
  end
end

-- The first k of each row in order. Positions cost time, and only a gradient asks for them.
local function sorted(rows, k)
  if ops.taped(rows) then return (T.sort(rows)) end
  return (core.sorted(rows, -1, false, k))
end

-- Which rows hold a NaN.
local function missing(rows) return core.isnan(core.amax(rows, -1)) end

--- The median: of an even number of elements the mean of the two in the middle, as in NumPy
-- (PyTorch takes the lower one). NaN wins; of no elements it is NaN. Along a dimension there is one
-- result, without positions.
-- @param t tensor; whole numbers are taken as float64
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{4, 1, 3, 2}:median():item() --> 2.5
function T.median(t, dim, keepdim, options)
  check.tensor(1, t)
  check_keepdim(3, keepdim)
  local rows, left = rows_of(2, t, dim, keepdim)
  local out = options ~= nil and ops.out(4, options, t) or nil
  local n, dtype = core.size(rows, -1), core.dtype(rows)
  local middle
  if n == 0 then
    middle = T.full(left, 0 / 0, dtype)
  else
    local values = sorted(rows, n // 2 + 1)
    middle = T.select(values, -1, n // 2 + 1)
    middle = n % 2 == 1 and T.clone(middle) or 0.5 * T.select(values, -1, n // 2) + 0.5 * middle
    local nan = missing(rows)
    if core.item(core.any(nan)) == 1 then middle = T.where(nan, 0 / 0, middle) end
    middle = T.reshape(middle, left)
  end
  if not out then return middle end
  check.tensor(4, out, nil, "out tensor")
  if core.dtype(out) ~= dtype or not core.same_shape(out, middle) then
    check.fail(4, "out must be %s, got %s", core.describe(middle), core.describe(out))
  end
  return (core.copy_(out, middle))
end

-- {number...}; nil for how many where q is one number.
local function probabilities(q)
  local list, count = { q }, nil
  if core.is_tensor(q) then
    check.tensor(2, q, { dtype = "float" }, "q")
    if core.dim(q) > 1 then
      check.fail(2, "q with at most 1 dimension expected, got %s", core.describe(q))
    end
    if ops.taped(q) then
      check.fail(2, "%s is on the tape, and its gradient would be lost here: use its :detach()",
        core.describe(q))
    end
    if core.dim(q) == 1 then
      list = core.totable(q)
      count = #list
    else
      list = { core.item(q) }
    end
  elseif type(q) == "table" then
    list, count = q, rawlen(q)
  end
  for i = 1, count or 1 do check.number(2, "q", rawget(list, i), 0, 1) end
  return list, count
end

--- Quantiles, linearly interpolated between the elements at 1 + q (n - 1), as NumPy does. NaN wins;
-- of no elements they are NaN.
-- @param t tensor; whole numbers are taken as float64
-- @param q number in 0..1; a list or 1-dim tensor of them adds a leading dimension to the result
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @return tensor
-- @example ssl.tensor{1, 2, 3, 4}:quantile(0.25):item() --> 1.75
-- @example ssl.tensor{1, 2, 3, 4}:quantile({0, 0.5, 1})[2] --> 2.5
function T.quantile(t, q, dim, keepdim)
  check.tensor(1, t)
  local list, count = probabilities(q)
  check_keepdim(4, keepdim)
  local rows, left = rows_of(3, t, dim, keepdim)
  local n, dtype = core.size(rows, -1), core.dtype(rows)
  local shape = count and { count, table.unpack(left) } or left
  if n == 0 or count == 0 then return (T.full(shape, 0 / 0, dtype)) end
  local low, high, part = {}, {}, {}
  for i = 1, count or 1 do
    local at = list[i] * (n - 1)
    low[i] = at // 1 | 0
    high[i] = math.min(low[i] + 2, n)
    part[i] = at - low[i]
    low[i] = low[i] + 1
  end
  local m = #low
  part = T.reshape(T.tensor(part, dtype), m)
  local values = sorted(rows, n)
  local a = T.index(values, -1, T.reshape(T.tensor(low, "int64"), m))
  local b = T.index(values, -1, T.reshape(T.tensor(high, "int64"), m))
  local out = a + (b - a) * part
  if core.item(core.all(core.isfinite(out))) == 0 then -- no difference of infinities, no 0 inf
    out = T.where(T.eq(part, 0), a, a * (1 - part) + b * part)
    out = T.where(T.unsqueeze(missing(rows), -1), 0 / 0, out)
  end
  return (T.reshape(T.transpose(T.reshape(out, { -1, m }), 1, 2), shape))
end

return T
