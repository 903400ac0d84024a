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
-- @param keepdim true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{{1, 2}, {3, 4}}:sum(1)[2] --> 6.0
T.sum = reducer "sum"

--- The mean; float64 for integer tensors, NaN of no elements.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{1, 2}:mean():item() --> 1.5
T.mean = reducer "mean"

--- The product.
-- @param t float or int64 tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{2, 3}:prod():item() --> 6.0
T.prod = reducer "prod"

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
-- @param keepdim true keeps the dimension with size 1
-- @param options {ddof=1, out=tensor}; ddof=0 gives NumPy's default
-- @return tensor, float64 for integers
-- @example ssl.tensor{1, 3}:var({ddof = 0}):item() --> 1.0
function T.var(t, dim, keepdim, options) return (variance(t, dim, keepdim, options)) end

--- The standard deviation, with n - ddof below.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim true keeps the dimension with size 1
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
-- @param keepdim true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @raise of no elements
-- @example ssl.tensor{3, 1}:amin():item() --> 1.0
T.amin = reducer "amin"

--- The largest elements along dimensions; NaN wins.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @raise of no elements
-- @example ssl.tensor{3, 1}:amax():item() --> 3.0
T.amax = reducer "amax"

--- The position of the smallest element, 1-based; the first of equals. Over all: in C order.
-- @param t tensor
-- @param dim one dimension, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return int64 tensor
-- @example ssl.tensor{3, 1}:argmin():item() --> 2
T.argmin = plain "argmin"

--- The position of the largest element, 1-based; the first of equals. Over all: in C order.
-- @param t tensor
-- @param dim one dimension, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return int64 tensor
-- @example ssl.tensor{3, 1}:argmax():item() --> 1
T.argmax = plain "argmax"

local function extreme(amount, position)
  return function(t, dim, keepdim)
    if dim == nil then return (T[amount](t, nil, keepdim)) end
    return T[amount](t, dim, keepdim), core[position](t, dim, keepdim)
  end
end

--- The smallest element; with a dim also its positions, as in PyTorch.
-- @param t tensor
-- @param dim one dimension, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @return tensor; with a dim: values, int64 positions
-- @example ssl.tensor{3, 1}:min():item() --> 1.0
T.min = extreme("amin", "argmin")

--- The largest element; with a dim also its positions, as in PyTorch.
-- @param t tensor
-- @param dim one dimension, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @return tensor; with a dim: values, int64 positions
-- @example select(2, ssl.tensor{{3, 1}}:max(2))[1] --> 1
T.max = extreme("amax", "argmax")

--- Is any element not 0?
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return uint8 tensor
-- @example ssl.tensor{0, 1}:any():item() --> 1
T.any = plain "any"

--- Are all elements not 0? Of no elements: yes.
-- @param t tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return uint8 tensor
-- @example ssl.tensor{0, 1}:all():item() --> 0
T.all = plain "all"

--- log(sum(exp(x))), shifted by the maximum so that it does not overflow.
-- @param t float tensor
-- @param dim number, table of numbers, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{1000, 1000}:logsumexp():item() --> 1000.69
T.logsumexp = reducer "logsumexp"

local norm1, norm2 = reducer "norm1", reducer "norm2"

--- The vector norm of order p: (sum |x|^p)^(1/p); inf and -inf are the largest and smallest |x|, 0
-- counts what is not 0.
-- @param t float tensor
-- @param p order (2)
-- @param dim number, table of numbers, or nil for all
-- @param keepdim true keeps the dimension with size 1
-- @return tensor
-- @example ssl.tensor{3, 4}:norm():item() --> 5.0
function T.norm(t, p, dim, keepdim)
  check.tensor(1, t, { dtype = "float" })
  p = p == nil and 2 or p
  if type(p) ~= "number" or p ~= p then
    check.fail(2, "p must be a number, got %s", check.kind(p))
  end
  for _, d in ipairs(type(dim) == "table" and dim or { dim }) do check.dim(3, d, core.dim(t)) end
  if p == 2 then return (norm2(t, dim, keepdim)) end
  if p == 1 then return (norm1(t, dim, keepdim)) end
  if p == math.huge then return (T.amax(T.abs(t), dim, keepdim)) end
  if p == -math.huge then return (T.amin(T.abs(t), dim, keepdim)) end
  if p == 0 then return (core.to(core.sum(core.ne(t, 0), dim, keepdim), core.dtype(t))) end
  return (T.pow(T.sum(T.pow(T.abs(t), p), dim, keepdim), 1 / p))
end

-- The kernels work on rows; another dimension is moved to the end and back.
local function along_rows(name)
  local f = core[name]
  local function rows(t)
    local out = f(t)
    if hook.record then hook.record(name, out, t) end
    return out
  end
  return function(t, dim)
    local n = core.dim(t)
    if dim ~= nil then dim = check.dim(2, dim, n) end
    if dim == nil or dim == n or dim == -1 then return (rows(t)) end
    return (T.transpose(rows(T.contiguous(T.transpose(t, dim, -1))), dim, -1))
  end
end

--- e^x / sum(e^x) along a dimension, shifted so that it does not overflow.
-- @param t float tensor
-- @param dim dimension (the last)
-- @return tensor of t's shape
-- @example ssl.zeros(4):softmax()[1] --> 0.25
T.softmax = along_rows "softmax"

--- The logarithm of the softmax along a dimension.
-- @param t float tensor
-- @param dim dimension (the last)
-- @return tensor of t's shape
-- @example ssl.zeros(4):log_softmax()[1] --> -1.38629
T.log_softmax = along_rows "log_softmax"

--- Rows scaled to length 1: x / max(|x|, 1e-12) along a dimension. A row shorter than that gets
-- gradient 0.
-- @param t float tensor
-- @param dim dimension (the last)
-- @return tensor of t's shape
-- @example ssl.tensor{3, 4}:normalize()[2] --> 0.8
function T.normalize(t, dim)
  local tiny = 1e-12
  local length = norm2(t, dim == nil and -1 or dim, true)
  if core.numel(length) == 0 or core.item(core.amin(length)) >= tiny then return t / length end
  local short = T.lt(length, tiny)
  return (T.where(short, core.detach(t) / tiny, t / T.where(short, 1, length)))
end

return T
