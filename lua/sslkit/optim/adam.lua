-- Adam and AdamW as one fused kernel a parameter.

local core = require "sslkit.core"
local optimizer = require "sslkit.optim.optimizer"

local M = {}

local function methods(decoupled)
  local A = { moments = { "m", "v" }, init = optimizer.check_betas }

  function A.update(self, p, g, slot, how)
    core.adam(p, g, slot.m, slot.v, {
      lr = how.lr, beta1 = self.betas[1], beta2 = self.betas[2], eps = self.eps,
      weight_decay = how.weight_decay, t = slot.t, decoupled = decoupled,
    })
  end

  return A
end

local function defaults(decay)
  return { lr = 1e-3, betas = { 0.9, 0.999 }, eps = 1e-8, weight_decay = decay, no_decay = false }
end

--- Adam; weight decay is added to the gradient.
-- @param params list of parameters, or of groups {params=, lr=, weight_decay=, no_decay=}
-- @param options {lr=1e-3, betas={0.9, 0.999}, eps=1e-8, weight_decay=0, no_decay=false | true |
-- "1d" (no decay of tensors with at most one dimension)}
-- @return optimiser with step, zero_grad, set_schedule, state, load_state; `lr` may be set
-- @source Kingma and Ba 2015, algorithm 1
-- @example local w = ssl.tensor{1}:requires_grad(); w:sum():backward(); ssl.optim.adam({w}, {lr = 0.1}):step(); return w:item() --> 0.9
M.adam = optimizer.kind("adam", defaults(0), methods(false))

--- AdamW: Adam with the weights shrunk by lr weight_decay beside the step.
-- @param params list of parameters, or of groups {params=, lr=, weight_decay=, no_decay=}
-- @param options {lr=1e-3, betas={0.9, 0.999}, eps=1e-8, weight_decay=0.01, no_decay=false | true |
-- "1d" (no decay of tensors with at most one dimension)}
-- @return optimiser with step, zero_grad, set_schedule, state, load_state; `lr` may be set
-- @source Loshchilov and Hutter 2019, algorithm 2
-- @example local w = ssl.tensor{1}:requires_grad(); w:sum():backward(); ssl.optim.adamw({w}, {lr = 0.1, weight_decay = 1}):step(); return w:item() --> 0.8
M.adamw = optimizer.kind("adamw", defaults(0.01), methods(true))

return M
