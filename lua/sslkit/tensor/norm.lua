-- Vector norms, and what is scaled by sums along a dimension: softmax, log_softmax, normalize.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local ops = require "sslkit.tensor.ops"

local T = core.methods

-- Elements over the largest of each vector, and that largest: no power of the former overflows, and
-- not all underflow.
local function scaled(t, dim)
  local size = core.abs(t)
  local top = core.amax(size, dim, true)
  local usable = core.bit_and(core.gt(top, 0), core.isfinite(top))
  top = core.where(usable, top, 1)
  return core.div(size, top), top
end

-- top has kept dimensions; r has r's own.
local function rescaled(r, top, out)
  return core.mul(r, core.reshape(top, { core.shape(r) }), out)
end

-- Squares of float64 leave its range where lengths pass 1e154 or fall below 1e-154, and lose digits
-- before; those of float32 are summed in float64 and do not.
local function length(t, dim, keepdim, out)
  local r = core.norm2(t, dim, keepdim, out)
  if core.dtype(t) == "float32" or core.numel(r) == 0 or core.numel(t) == 0 then return r end
  local low, high = core.item(core.amin(r)), core.item(core.amax(r))
  if low > 1e-140 and high < 1e150 then return r end
  local x, top = scaled(t, dim)
  return rescaled(core.norm2(x, dim, keepdim), top, out)
end

local function power(x, p)
  if p == 3 then return core.mul(core.square(x), x) end -- several times faster than pow
  if p == 4 then return core.square(core.square(x)) end
  return core.pow(x, p)
end

local function general(t, p, dim, keepdim, out)
  local x, top = scaled(t, dim)
  return rescaled(core.pow(core.sum(power(x, p), dim, keepdim), 1 / p), top, out)
end

local function count(t, dim, keepdim, out)
  local n = core.to(core.sum(core.ne(t, 0), dim, keepdim), core.dtype(t))
  return out and core.clone(n, out) or n
end

--- The vector norm of order p: (sum |x|^p)^(1/p); inf and -inf are the largest and smallest |x|, 0
-- counts what is not 0.
-- @param t float tensor
-- @param p order (2)
-- @param dim number, table of numbers, or nil for all
-- @param keepdim boolean (false): true keeps the dimension with size 1
-- @param options {out=tensor}
-- @return tensor
-- @example ssl.tensor{3, 4}:norm():item() --> 5.0
function T.norm(t, p, dim, keepdim, options)
  check.tensor(1, t, { dtype = "float" })
  p = p == nil and 2 or p
  if type(p) ~= "number" or p ~= p then
    check.fail(2, "p must be a number, got %s", check.kind(p))
  end
  for _, d in ipairs(type(dim) == "table" and dim or { dim }) do check.dim(3, d, core.dim(t)) end
  local out = options ~= nil and ops.out(5, options, t) or nil
  if p == math.huge or p == -math.huge then
    local extreme = p > 0 and T.amax or T.amin
    return (extreme(out and core.abs(t) or T.abs(t), dim, keepdim, out and { out = out }))
  end
  if p == 0 then return (count(t, dim, keepdim, out)) end
  local name, result
  if p == 2 then
    name, result = "norm2", length(t, dim, keepdim, out)
  elseif p == 1 then
    name, result = "norm1", core.norm1(t, dim, keepdim, out)
  else
    name, result = "norm", general(t, p, dim, keepdim, out)
  end
  if not out and hook.record then hook.record(name, result, t, dim, keepdim, p) end
  return result
end

-- The kernels work on rows; another dimension is moved to the end and back.
local function along_rows(name)
  local f = core[name]
  local function rows(t)
    local out = f(t)
    if hook.record then hook.record(name, out, t) end
    return out
  end
  return function(t, dim, options)
    local n = core.dim(t)
    if dim ~= nil then dim = check.dim(2, dim, n) end
    local last = dim == nil or dim == n or dim == -1
    if options ~= nil then
      local out = ops.out_like(3, options, t)
      if last then return (f(t, out)) end
      return (core.clone(core.transpose(f(core.transpose(t, dim, -1)), dim, -1), out))
    end
    if last then return (rows(t)) end
    return (T.transpose(rows(T.contiguous(T.transpose(t, dim, -1))), dim, -1))
  end
end

--- e^x / sum(e^x) along a dimension, shifted so that it does not overflow.
-- @param t float tensor
-- @param dim dimension (the last)
-- @param options {out=tensor}
-- @return tensor of t's shape
-- @example ssl.zeros(4):softmax()[1] --> 0.25
T.softmax = along_rows "softmax"

--- The logarithm of the softmax along a dimension.
-- @param t float tensor
-- @param dim dimension (the last)
-- @param options {out=tensor}
-- @return tensor of t's shape
-- @example ssl.zeros(4):log_softmax()[1] --> -1.38629
T.log_softmax = along_rows "log_softmax"

--- Rows scaled to length 1: x / max(|x|, eps) along a dimension. A row shorter than that gets
-- gradient 0.
-- @param t float tensor
-- @param dim dimension (the last)
-- @param options {eps=1e-12}
-- @return tensor of t's shape
-- @example ssl.tensor{3, 4}:normalize()[2] --> 0.8
function T.normalize(t, dim, options)
  check.tensor(1, t, { dtype = "float" })
  local tiny = check.number(3, "eps", check.options(3, options, { eps = 1e-12 }).eps, 0)
  local size = T.norm(t, 2, dim == nil and -1 or dim, true)
  if core.numel(size) == 0 or core.item(core.amin(size)) >= tiny then return t / size end
  local short = T.lt(size, tiny)
  return (T.where(short, core.detach(t) / tiny, t / T.where(short, 1, size)))
end

return T
