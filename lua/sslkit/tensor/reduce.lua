-- Reductions: `(dim?, keepdim?, {out=}?)` with dim a number, a table of numbers, or nil for all.
-- Sums of floats accumulate in float64. Without a dim the result is a 0-dim tensor.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local ops = require "sslkit.tensor.ops"

local T = core.methods

local function reducer(name)
  local f = core[name]
  return function(t, dim, keepdim, options)
    if options ~= nil then return (f(t, dim, keepdim, ops.out(4, options, t))) end
    local out = f(t, dim, keepdim)
    if hook.record then hook.record(name, out, t, dim, keepdim) end
    return out
  end
end

local function plain(name)
  local f = core[name]
  return function(t, dim, keepdim, options)
    return (f(t, dim, keepdim, options ~= nil and ops.out(4, options) or nil))
  end
end

--- The sum. Sums of uint8 are int64; int64 wraps.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{{1, 2}, {3, 4}}:sum(1)[2] --> 6.0
T.sum = reducer "sum"

--- The mean; float64 for integer tensors, NaN of no elements.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{1, 2}:mean():item() --> 1.5
T.mean = reducer "mean"

local prod = reducer "prod"

--- The product. Those of uint8 are int64; int64 wraps.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{2, 3}:prod():item() --> 6.0
function T.prod(t, dim, keepdim, options)
  if core.is_tensor(t) and core.dtype(t) == "uint8" then t = core.to(t, "int64") end
  return (prod(t, dim, keepdim, options))
end

-- Both forms var(dim, keepdim, {ddof=}) and var({ddof=}): a table without numbers in it is options.
local function variance(t, dim, keepdim, options)
  local argn, out = 4
  if type(dim) == "table" and rawlen(dim) == 0 and next(dim) ~= nil then
    dim, options, argn = nil, dim, 2
  elseif type(keepdim) == "table" then
    keepdim, options, argn = nil, keepdim, 3
  end
  if options ~= nil then
    options = check.options(argn, options, { ddof = 1 }, { out = true })
    out = options.out and ops.out(argn, { out = options.out }, t)
  end
  local ddof = check.number(argn, "ddof", options and options.ddof or 1)
  if out then return core.var(t, dim, keepdim, out, ddof), true end
  out = core.var(t, dim, keepdim, nil, ddof)
  if hook.record then hook.record("var", out, t, dim, keepdim, ddof) end
  return out, false
end

--- The variance, with n - ddof below; NaN where that is not above 0.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {ddof=1, out=tensor}; ddof=0 gives NumPy's default
-- @return tensor, float64 for integers
-- @example ssl.tensor{1, 3}:var({ddof = 0}):item() --> 1.0
function T.var(t, dim, keepdim, options) return (variance(t, dim, keepdim, options)) end

--- The standard deviation, with n - ddof below.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {ddof=1, out=tensor}
-- @return tensor, float64 for integers
-- @example ssl.tensor{1, 3}:std({ddof = 0}):item() --> 1.0
function T.std(t, dim, keepdim, options)
  local out, given = variance(t, dim, keepdim, options)
  if given then return core.sqrt_(out) end
  if not core.node(out) then return T.sqrt(out) end
  local zero = T.eq(core.detach(out), 0) -- the root has no slope there: 0 is taken, not infinity
  return T.where(zero, 0, T.sqrt(T.where(zero, 1, out)))
end

--- The smallest elements along dimensions; NaN wins.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @raise of no elements
-- @example ssl.tensor{3, 1}:amin():item() --> 1.0
T.amin = reducer "amin"

--- The largest elements along dimensions; NaN wins.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @raise of no elements
-- @example ssl.tensor{3, 1}:amax():item() --> 3.0
T.amax = reducer "amax"

--- The position of the smallest element, 1-based; the first of equals. Over all: in C order.
-- @param t tensor
-- @param dim one dimension, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return int64 tensor
-- @example ssl.tensor{3, 1}:argmin():item() --> 2
T.argmin = plain "argmin"

--- The position of the largest element, 1-based; the first of equals. Over all: in C order.
-- @param t tensor
-- @param dim one dimension, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return int64 tensor
-- @example ssl.tensor{3, 1}:argmax():item() --> 1
T.argmax = plain "argmax"

local function extreme(amount, position)
  return function(t, dim, keepdim, options)
    if dim == nil then return (T[amount](t, nil, keepdim, options)) end
    return T[amount](t, dim, keepdim, options), core[position](t, dim, keepdim)
  end
end

--- The smallest element; with a dim also its positions, as in PyTorch.
-- @param t tensor
-- @param dim one dimension, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor for the values}
-- @return tensor; with a dim: values, int64 positions
-- @example ssl.tensor{3, 1}:min():item() --> 1.0
T.min = extreme("amin", "argmin")

--- The largest element; with a dim also its positions, as in PyTorch.
-- @param t tensor
-- @param dim one dimension, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor for the values}
-- @return tensor; with a dim: values, int64 positions
-- @example select(2, ssl.tensor{{3, 1}}:max(2))[1] --> 1
T.max = extreme("amax", "argmax")

--- Is any element not 0?
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return uint8 tensor
-- @example ssl.tensor{0, 1}:any():item() --> 1
T.any = plain "any"

--- Are all elements not 0? Of no elements: yes.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return uint8 tensor
-- @example ssl.tensor{0, 1}:all():item() --> 0
T.all = plain "all"

--- log(sum(exp(x))), shifted by the maximum so that it does not overflow.
-- @param t float tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{1000, 1000}:logsumexp():item() --> 1000.69
T.logsumexp = reducer "logsumexp"

return T
