-- Gradients against central differences.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local T = require "sslkit.tensor"

local M = {}

local function value(f, inputs)
  return autograd.no_grad(function() return core.item(T.sum(f(table.unpack(inputs)))) end)
end

-- The largest |analytic - numeric| / max(1, |analytic|, |numeric|) over all elements of all inputs.
local function compare(f, inputs, eps)
  local got = autograd.grad(function(...) return T.sum(f(...)) end, inputs)
  local worst = 0
  for i, x in ipairs(inputs) do
    local probe = T.clone(x)
    local flat = probe:view(-1)
    local list = table.pack(table.unpack(inputs))
    list[i] = probe
    local analytic = got[i] and T.contiguous(got[i]):view(-1)
    for k = 1, core.numel(x) do
      local at = flat[k]
      flat[k] = at + eps
      local up = value(f, list)
      flat[k] = at - eps
      local down = value(f, list)
      flat[k] = at
      local numeric, own = (up - down) / (2 * eps), analytic and analytic[k] or 0.0
      local off = math.abs(numeric - own) / math.max(1, math.abs(numeric), math.abs(own))
      if not (off <= worst) then worst = off end -- so that NaN counts as worst
    end
  end
  return worst
end

--- Compares the gradients of f, and with `second` those of its gradient, with central differences.
-- @param f function of the inputs that returns a tensor (it is summed)
-- @param inputs list of float64 tensors
-- @param options {eps=1e-6, tol=1e-6, second=false}
-- @return boolean, largest relative error
-- @raise on float32 inputs, where differences say nothing
-- @example ssl.gradcheck(function(x) return x:exp() end, {ssl.randn(3, "float64")}) --> true
function M.gradcheck(f, inputs, options)
  options = check.options(3, options, { eps = 1e-6, tol = 1e-6, second = false })
  if core.is_tensor(inputs) then inputs = { inputs } end
  for _, x in ipairs(inputs) do check.tensor(2, x, { dtype = "float64" }) end
  local worst = compare(f, inputs, options.eps)
  if options.second then
    local weights = {}
    for i, x in ipairs(inputs) do
      weights[i] = T.randn({ core.shape(x) }, { dtype = "float64", generator = T.generator(i) })
    end
    local function slope(...)
      local total
      for i, g in ipairs(autograd.grad(function(...) return T.sum(f(...)) end, { ... }, { create_graph = true })) do
        local term = g and T.sum(g * weights[i])
        total = total and term and total + term or total or term
      end
      return total or T.zeros({}, "float64")
    end
    worst = math.max(worst, compare(slope, inputs, options.eps))
  end
  return worst <= options.tol, worst
end

return M
