-- Gradients against central differences.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local T = require "sslkit.tensor"

local M = {}

-- The largest |analytic - numeric| / max(1, |analytic|, |numeric|) over all elements of all inputs
-- of a function that returns a 0-dim tensor; NaN counts as infinitely wrong.
local function compare(f, inputs, eps)
  local got = autograd.grad(f, inputs)
  local worst = 0
  for i, x in ipairs(inputs) do
    local probe = T.clone(x)
    local flat = probe:view(-1)
    local list = table.pack(table.unpack(inputs))
    list[i] = probe
    local function value() return core.item(f(table.unpack(list))) end
    local analytic = got[i] and T.contiguous(got[i]):view(-1)
    for k = 1, core.numel(x) do
      local at = flat[k]
      flat[k] = at + eps
      local up = autograd.no_grad(value)
      flat[k] = at - eps
      local down = autograd.no_grad(value)
      flat[k] = at
      local numeric, own = (up - down) / (2 * eps), analytic and analytic[k] or 0.0
      local off = math.abs(numeric - own) / math.max(1, math.abs(numeric), math.abs(own))
      worst = math.max(worst, off == off and off or math.huge)
    end
  end
  return worst
end

-- The gradient of f along a random direction: as a function, it has gradients of its own.
local function slope_of(f, inputs)
  local weights = {}
  for i, x in ipairs(inputs) do
    weights[i] = T.randn({ core.shape(x) }, { dtype = "float64", generator = T.generator(i) })
  end
  return function(...)
    local total = T.zeros({}, "float64")
    for i, g in ipairs(autograd.grad(f, { ... }, { create_graph = true })) do
      if g then total = total + T.sum(g * weights[i]) end
    end
    return total
  end
end

-- f with its result weighted by random numbers and summed: the plain sum is blind to much, of a
-- softmax to everything.
local function weighted(f)
  return function(...)
    local y = check.tensor(1, (f(...)), { dtype = "float64" }, "a result")
    local options = { dtype = "float64", generator = T.generator(0) }
    return T.sum(y * T.randn({ core.shape(y) }, options))
  end
end

--- Compares the gradients of f, and with `second` those of its gradient, with central differences.
-- @param f function of the inputs that returns a float64 tensor; its elements are weighted by
-- random numbers and summed
-- @param inputs list of float64 tensors (or one)
-- @param options {eps=1e-6, tol=1e-6, second=false}
-- @return boolean, number: the largest relative error
-- @raise on float32 inputs, where differences say nothing
-- @example ssl.gradcheck(function(x) return x:exp() end, {ssl.randn(3, "float64")}) --> true
function M.gradcheck(f, inputs, options)
  autograd.check_callable(1, f)
  options = check.options(3, options, { eps = 1e-6, tol = 1e-6, second = false })
  for _, name in ipairs { "eps", "tol" } do check.number(3, name, options[name], 0) end
  local given, list = core.is_tensor(inputs) and { inputs } or inputs, {}
  if type(given) ~= "table" or #given == 0 then
    check.fail(2, "list of float64 tensors expected, got %s", check.kind(inputs))
  end
  for i, x in ipairs(given) do
    list[i] = core.detach(check.tensor(2, x, { dtype = "float64" }, "tensor"))
  end
  local number = weighted(f)
  local worst = compare(number, list, options.eps)
  if options.second then
    worst = math.max(worst, compare(slope_of(number, list), list, options.eps))
  end
  return worst <= options.tol, worst
end

return M
