-- Counting: unique, bincount, histc.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"

local T = core.methods

-- Which rows of a sorted m[n,d], n > 0, differ from the one before, the first among them; NaN equal
-- NaN.
local function row_starts(m)
  local n = core.size(m, 1)
  local a, b = core.narrow(m, 1, 1, n - 1), core.narrow(m, 1, 2, n)
  local differ = core.ne(a, b)
  if core.dtype(m):find "float" then
    differ = core.bit_and(differ, T.bit_not(core.bit_and(core.isnan(a), core.isnan(b))))
  end
  return T.cat { T.ones(1, "uint8"), core.any(differ, 2) }
end

local function unique_slices(t, dim)
  local moved = core.transpose(t, 1, dim)
  local shape = { core.shape(moved) }
  local n, d = shape[1], 1
  for i = 2, #shape do d = d * shape[i] end
  local m = core.reshape(moved, { n, d })
  local order = core.row_order(m)
  local values, inverse, counts = m, T.zeros(n, "int64"), T.zeros(0, "int64")
  if n > 0 then
    local rows = core.take(m, 1, order)
    local starts = row_starts(rows)
    local group = core.cumsum(starts, 1)
    core.scatter_(inverse, 1, order, group)
    counts = core.bincount(group, 0)
    values = core.getindex(rows, starts)
  end
  shape[1] = core.size(values, 1)
  return core.contiguous(core.transpose(core.reshape(values, shape), 1, dim)), inverse, counts
end

--- The distinct elements, ascending; with dim the distinct slices along it, in the order of their
-- first elements, then the second, and so on. All NaN are one, and so are 0.0 and -0.0.
-- @param t tensor
-- @param options {inverse=false, counts=false, dim=}
-- @return values [n]; with inverse: where each element of t stands among them, of t's shape (with
-- dim: [size of dim]); with counts: how often each occurs, int64 [n]
-- @example ssl.tensor{3, 1, 3}:unique()[2] --> 3.0
-- @example select(2, ssl.tensor{3, 1, 3}:unique{counts = true})[2] --> 2
-- @example select(2, ssl.tensor{{2, 1}, {2, 0}, {2, 1}}:unique{dim = 1, inverse = true})[1] --> 2
function T.unique(t, options)
  check.tensor(1, t)
  local o = check.options(2, options, { inverse = false, counts = false }, { dim = true })
  for _, name in ipairs { "inverse", "counts" } do
    if type(o[name]) ~= "boolean" then
      check.fail(2, "%s must be true or false, got %s", name, check.kind(o[name]))
    end
  end
  local values, inverse, counts
  if o.dim == nil then
    values, inverse, counts = core.unique(t, o.inverse, o.counts)
  else
    values, inverse, counts = unique_slices(t, check.dim(2, o.dim, core.dim(t)))
  end
  if hook.record then hook.record("unique", values, t) end
  if o.inverse and o.counts then return values, inverse, counts end
  if o.inverse then return values, inverse end
  if o.counts then return values, counts end
  return values
end

--- How often each id 1, 2, ... occurs, up to the largest one; with weights the sum of those.
-- @param ids int64 [n], from 1 on
-- @param options {minlength=0, weights=float tensor [n]}
-- @return int64 [largest id, or minlength if that is more]; of the weights' dtype with weights
-- @raise naming the row of an id below 1
-- @example ssl.bincount(ssl.tensor({1, 3, 3}, "int64"))[3] --> 2
-- @example ssl.bincount(ssl.tensor({1, 2}, "int64"), {weights = ssl.tensor{0.5, 2}})[2] --> 2.0
function T.bincount(ids, options)
  check.tensor(1, ids)
  local o = check.options(2, options, { minlength = 0 }, { weights = true })
  local minlength = check.integer(2, "minlength", o.minlength, 0)
  local weights = o.weights
  if weights == nil then return (core.bincount(ids, minlength)) end
  check.tensor(2, weights, { dtype = "float" }, "weights")
  if not core.same_shape(weights, ids) then
    check.fail(2, "weights %s do not fit the ids %s", core.describe(weights), core.describe(ids))
  end
  local out = core.bincount(ids, minlength, weights)
  if hook.record then hook.record("bincount", out, weights, ids) end
  return out
end

--- How many elements lie in each of `bins` bins of one width from lo to hi, the last one closed.
-- NaN and what lies outside are not counted. lo = hi stands for the smallest and largest element (of
-- equal ones: 1 below and above).
-- @param t tensor
-- @param bins how many (100)
-- @param lo number (0)
-- @param hi number (0)
-- @return int64 [bins]
-- @raise when lo and hi are left to data that hold infinities
-- @example ssl.tensor{0, 1, 1.5, 2, 7}:histc(2, 0, 2)[2] --> 3
function T.histc(t, bins, lo, hi)
  check.tensor(1, t)
  bins = check.integer(2, "bins", bins == nil and 100 or bins, 1, 1 << 53)
  lo = check.number(3, "lo", lo == nil and 0 or lo)
  hi = check.number(4, "hi", hi == nil and 0 or hi)
  if hi < lo then check.fail(4, "hi is below lo, %g < %g", hi, lo) end
  return (core.histc(t, bins, lo, hi))
end

return T
