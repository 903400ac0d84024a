-- Gradients kept within bounds before a step.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local T = require "sslkit.tensor"

local M = {}

-- Calls f(parameter, gradient) for the parameters that have one.
local function each(params, f)
  local list = core.is_tensor(params) and { params } or params
  if type(list) ~= "table" or getmetatable(list) then
    check.fail(1, "list of parameters expected, got %s", check.kind(list))
  end
  for _, p in ipairs(list) do check.tensor(1, p, { dtype = "float" }, "parameter") end
  for _, p in ipairs(list) do
    local g = T.grad(p)
    if g then f(p, g) end
  end
end

-- Changes a gradient in place; one that is on the tape itself, or a view, is replaced.
local function change(p, g, f)
  if core.node(g) or not core.is_contiguous(g) then
    g = core.clone(g)
    T.grad(p, g)
  end
  f(g)
end

--- Scales all gradients together so that their norm, that of all elements as one vector, is at most
-- `max`. Where a gradient holds NaN or Inf nothing changes, and the optimiser will skip its step.
-- @param params list of parameters (or one), such as net:parameters()
-- @param max number above 0
-- @return number: the norm before
-- @source Pascanu, Mikolov, Bengio 2013, algorithm 1
-- @example local w = ssl.tensor{3, 4}:requires_grad(); (w * w):sum():backward(); return ssl.optim.clip_grad_norm({w}, 1) --> 10.0
function M.clip_grad_norm(params, max)
  check.number(2, "max", max, 0)
  local squares = 0
  each(params, function(_, g) squares = squares + core.squares(g) end)
  local norm = math.sqrt(squares)
  if norm > max and norm < math.huge then
    autograd.no_grad(each, params, function(p, g)
      change(p, g, function(t) core.mul_(t, max / norm) end)
    end)
  end
  return norm
end

--- Brings every element of all gradients into -max .. max.
-- @param params list of parameters (or one), such as net:parameters()
-- @param max number above 0
-- @example local w = ssl.tensor{3, 4}:requires_grad(); (w * w):sum():backward(); ssl.optim.clip_grad_value({w}, 7); return w:grad()[2] --> 7.0
function M.clip_grad_value(params, max)
  check.number(2, "max", max, 0)
  autograd.no_grad(each, params, function(p, g)
    change(p, g, function(t) T.clamp_(t, -max, max) end)
  end)
end

return M
