-- Stochastic gradient descent as one fused kernel a parameter.

local core = require "sslkit.core"
local check = require "sslkit.check"
local optimizer = require "sslkit.optim.optimizer"

local M = {}

local S = { moments = { "momentum" }, group = { "momentum" } }

function S.init(self)
  if self.nesterov and (self.momentum == 0 or self.dampening ~= 0) then
    check.fail(2, "nesterov needs a momentum and no dampening")
  end
end

function S.uses(_, how) return how.momentum ~= 0 end

function S.update(self, p, g, slot, how)
  core.sgd(p, g, how.momentum ~= 0 and slot.momentum or nil, {
    lr = how.lr, momentum = how.momentum, dampening = self.dampening, scale = 1,
    weight_decay = how.weight_decay, nesterov = self.nesterov, first = slot.t == 1,
  })
end

--- Gradient descent with momentum: b = momentum b + (1 - dampening) (g + weight_decay x), in the
-- first step b = g + weight_decay x; then x = x - lr b.
-- @param params list of parameters, or of groups {params=, lr=, weight_decay=, momentum=, no_decay=}
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
