-- Sharpness-aware minimisation: the step of another optimiser, by the gradient at the worst place
-- nearby.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local optimizer = require "sslkit.optim.optimizer"
local T = require "sslkit.tensor"

--- An optimiser of two steps; what it has besides is that of Optimizer.
-- @kind Sam
local Sam = { init = function(self) check.number(2, "rho", self.rho, 0) end }
local M = {}

-- `phase` is "up" between the two steps, "skipped" where the first one had no finite gradients. `saved`
-- holds by parameter where it was; it stays for the next step, since large tensors are slow to make.
local function return_down(self)
  autograd.no_grad(function()
    for p in pairs(self.moved) do core.copy_(p, self.saved[p]) end
  end)
  self.phase, self.moved = nil, nil
end

local function check_phase(self, wanted, message)
  if (optimizer.check_self(self).phase ~= nil) ~= wanted then check.raise(message) end
end

--- Moves all weights to the worst place nearby, x + rho g / |g|, with the norm over all parameters;
-- second_step goes on from the gradients there.
-- @param self sam
-- @return boolean: false where a gradient is not finite, and this step will be skipped
-- @example local w = ssl.tensor{1}:requires_grad(); local o = ssl.optim.sam({w}, {rho = 0.5}); w:sum():backward(); o:first_step(); return w:item() --> 1.5
function Sam:first_step()
  check_phase(self, false, "the first step was taken; second_step is due")
  if not optimizer.finite(self) then
    self.phase = "skipped"
    return false
  end
  local squares, moved, saved = 0, {}, self.saved or {}
  optimizer.each(self, function(_, p)
    local g = T.grad(p)
    if not g then return end
    squares = squares + core.squares(g)
    saved[p], moved[p] = saved[p] or core.clone(p), g
  end)
  local uphill = { -- by the kernel of sgd, with a negative rate
    lr = -self.rho / (math.sqrt(squares) + 1e-12), momentum = 0, dampening = 0, weight_decay = 0,
    scale = 1,
  }
  self.phase, self.saved, self.moved = "up", saved, moved
  autograd.no_grad(function()
    for p, g in pairs(moved) do
      core.copy_(saved[p], p)
      core.sgd(p, g, nil, uphill)
    end
  end)
  return true
end

--- Goes back to the weights before first_step, and takes the step of the base optimiser by the
-- gradients that stand there now.
-- @param self sam
-- @return boolean: was the step taken?
-- @example local w = ssl.tensor{1}:requires_grad(); local o = ssl.optim.sam({w}, {lr = 0.5}); w:sum():backward(); o:first_step(); o:second_step(); return w:item() --> 0.5
function Sam:second_step()
  check_phase(self, true, "first_step comes before second_step")
  if self.phase == "skipped" then
    self.phase = nil
    return false
  end
  return_down(self)
  if not optimizer.finite(self) then return false end
  optimizer.advance(self)
  return true
end

--- Both steps. Before, backward has left the gradients of the weights; the closure does so once more,
-- after the gradients are forgotten.
-- @param self sam
-- @param closure function that calls backward on the loss
-- @return boolean: was the step taken?
-- @example local w = ssl.tensor{1}:requires_grad(); local o = ssl.optim.sam({w}, {lr = 0.5}); local function loss() w:sum():backward() end; loss(); o:step(loss); return w:item() --> 0.5
function Sam:step(closure)
  autograd.check_callable(2, closure)
  if not Sam.first_step(self) then
    self.phase = nil
    return false
  end
  local _ <close> = setmetatable({}, {
    __close = function() if self.phase then return_down(self) end end,
  })
  self:zero_grad()
  closure()
  return (Sam.second_step(self))
end

--- As of every optimiser; between first_step and second_step there is none.
-- @param self sam
-- @return table
-- @example local w = ssl.tensor{1}:requires_grad(); return ssl.optim.sam({w}):state().t --> 0
function Sam:state()
  check_phase(self, false, "no state between first_step and second_step")
  return (optimizer.methods.state(self))
end

--- As of every optimiser, and not between first_step and second_step.
-- @param self sam
-- @param state table as state() gave it
-- @return self
-- @example local w = ssl.tensor{1}:requires_grad(); local o = ssl.optim.sam({w}); return o:load_state(o:state()).t --> 0
function Sam:load_state(state)
  check_phase(self, false, "no state between first_step and second_step")
  return (optimizer.methods.load_state(self, state))
end

--- Sharpness-aware minimisation: `loss():backward(); opt:first_step(); opt:zero_grad();
-- loss():backward(); opt:second_step()`, or, after the first backward, `opt:step(function()
-- loss():backward() end)`.
-- @param params list of parameters, or of groups {params=, lr=, weight_decay=, no_decay=}
-- @param options {base="sgd" | "adam" | "adamw" | "lars" | "lion" | "frugal", rho=0.05} and the options
-- of base
-- @return sam: an optimiser with first_step and second_step, and a step that takes a closure
-- @source Foret, Kleiner, Mobahi, Neyshabur 2021, algorithm 1
-- @example local w = ssl.tensor{1}:requires_grad(); return tostring(ssl.optim.sam({w}, {base = "adamw", rho = 0.1})) --> sam(adamw, lr 0.001, 0 steps)
M.sam = optimizer.derived("sam", { base = "sgd", rho = 0.05 }, Sam)

return M
