-- Stochastic gradient descent as one fused kernel a parameter.

local core = require "sslkit.core"
local check = require "sslkit.check"
local optimizer = require "sslkit.optim.optimizer"

local M = {}

local S = {}

function S.init(self)
  if self.nesterov and (self.momentum == 0 or self.dampening ~= 0) then
    check.fail(2, "nesterov needs a momentum and no dampening")
  end
  self.moments = self.momentum ~= 0 and { "momentum" } or {}
end

function S.update(self, p, g, slot, lr, decay)
  core.sgd(p, g, slot.momentum, {
    lr = lr, momentum = self.momentum, dampening = self.dampening, weight_decay = decay,
    nesterov = self.nesterov, first = slot.t == 1,
  })
end

--- Gradient descent with momentum: b = momentum b + (1 - dampening) (g + weight_decay x), in the
-- first step b = g + weight_decay x; then x = x - lr b.
-- @param params list of parameters, or of groups {params=, lr=, weight_decay=, no_decay=}
-- @param options {lr=1e-2, momentum=0, dampening=0, nesterov=false, weight_decay=0, no_decay=false
-- | true | "1d" (no decay of tensors with at most one dimension)}
-- @return optimiser with step, zero_grad, set_schedule, state, load_state; `lr` may be set
-- @source Sutskever, Martens, Dahl, Hinton 2013, in PyTorch's form: the rate stands outside the
-- buffer
-- @example local w = ssl.tensor{1}:requires_grad(); w:sum():backward(); ssl.optim.sgd({w}, {lr = 0.5}):step(); return w:item() --> 0.5
M.sgd = optimizer.kind("sgd", {
  lr = 1e-2, momentum = 0, dampening = 0, nesterov = false, weight_decay = 0, no_decay = false,
}, S)

return M
