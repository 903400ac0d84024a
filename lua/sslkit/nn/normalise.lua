-- Normalisation as operations of the tape: y = weight u + bias, where u is x less its mean, divided by
-- its standard deviation. The kernels do all of it at once; for the gradient of a gradient the formula
-- is written out in operations that have gradients themselves.

local core = require "sslkit.core"
local hook = require "sslkit.tensor.hook"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local normalise = {}

local rule, needs = tools.rule, tools.needs

-- The gradients of x, weight and bias. The moments are those of x over the dimensions `dims`, or
-- fixed = {mean, variance}; with `relu`, y was kept where it is above 0.
local function written_out(g, x, w, b, dims, eps, fixed, relu)
  local centred = x - (fixed and fixed[1] or T.mean(x, dims, true))
  local scale = T.rsqrt((fixed and fixed[2] or T.mean(centred * centred, dims, true)) + eps)
  local u = centred * scale
  if relu then g = T._relu_grad(g, T.detach(w and u * w + b or u)) end
  local du = w and g * w or g
  local dx = du
  if not fixed then dx = du - T.mean(du, dims, true) - u * T.mean(du * u, dims, true) end
  return dx * scale, w and tools.shrink(g * u, w), w and tools.shrink(g, w)
end

-- {== Batches ===============================================================

-- [N,C,...] as [N,C,inner]
local function flat(x) return core.dim(x) == 2 and T.unsqueeze(x, 3) or T.flatten(x, 3) end

local function batch_gradient(relu)
  return function(g, _, x, w, b, stats, eps, training)
    if not core.recording() then
      return core.batch_norm_grad(g, x, w, b, stats, eps, training, relu, needs(x) ~= nil)
    end
    local function channels(t) return t and T.reshape(t, { 1, -1, 1 }) end
    local fixed
    if not training then
      local moments = core.to(stats, core.dtype(x))
      fixed = { channels(core.select(moments, 1, 1)), channels(core.select(moments, 1, 2)) }
    end
    local dx, dw, db =
      written_out(flat(g), flat(x), channels(w), channels(b), { 1, 3 }, eps, fixed, relu)
    return T.reshape(dx, { core.shape(x) }), w and T.reshape(dw, { -1 }),
      w and T.reshape(db, { -1 })
  end
end

-- The kernel is quick, and its result as large as what it was made of.
local function again(relu)
  return function(x, w, b, stats, eps) return core.batch_norm_again(x, w, b, stats, eps, relu) end
end
rule("batch_norm", { 1, 2 }, batch_gradient(false), again(false))
rule("batch_norm_relu", { 1, 2, 3 }, batch_gradient(true), again(true))

--- x [N,C,...] by the moments of each channel: of the batch, towards which the running ones are moved
-- by the share `momentum`; without that, the running ones. Weight and bias [C] may be nil.
function normalise.batch(x, w, b, running_mean, running_var, eps, momentum, relu)
  local y, stats = core.batch_norm(x, w, b, running_mean, running_var, eps, momentum, relu)
  local name = relu and "batch_norm_relu" or "batch_norm"
  hook.record(name, y, x, w, b, stats, eps, momentum ~= nil)
  return y
end

-- ==}

-- {== Rows ==================================================================

rule("layer_norm", { 1, 2 }, function(g, _, x, w, b, n, eps, stats)
  local dx, dw, db
  if core.recording() then
    local rows = { core.numel(x) // n, n }
    dx, dw, db = written_out(T.reshape(g, rows), T.reshape(x, rows), w and T.reshape(w, { 1, n }),
      nil, { 2 }, eps)
  else
    dx, dw, db = core.layer_norm_grad(g, x, w, b, n, eps, stats)
  end
  return T.reshape(dx, { core.shape(x) }), w and T.reshape(dw, { core.shape(w) }),
    w and T.reshape(db, { core.shape(w) })
end)

--- x, the last dimensions of which make rows of n elements, by the moments of each row. Weight and bias
-- have n elements, or are nil.
function normalise.layer(x, w, b, n, eps)
  local y, stats = core.layer_norm(x, w, b, n, eps)
  hook.record("layer_norm", y, x, w, b, n, eps, stats)
  return y
end

-- ==}

return normalise
