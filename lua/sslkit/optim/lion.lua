-- Lion: the sign of an interpolated moment, as one fused kernel a parameter.

local core = require "sslkit.core"
local optimizer = require "sslkit.optim.optimizer"

local M = {}

local L = { moments = { "m" }, init = optimizer.check_betas }

function L.update(self, p, g, slot, how)
  core.lion(p, g, slot.m, {
    lr = how.lr, beta1 = self.betas[1], beta2 = self.betas[2], shrink = how.lr * how.weight_decay,
  })
end

--- Lion: x = x (1 - lr weight_decay) - lr sign(b1 m + (1 - b1) g), where sign(0) is 0; then m = b2 m +
-- (1 - b2) g. All steps have one size, so that lr is a third to a tenth of AdamW's, and weight_decay
-- three to ten times as large.
-- @param params list of parameters, or of groups {params=, lr=, weight_decay=, no_decay=}
-- @param options {lr=1e-4, betas={0.9, 0.99}, weight_decay=0, no_decay=false | true | "1d" (no decay
-- of tensors with at most one dimension)}
-- @return optimiser with step, zero_grad, set_schedule, state, load_state; `lr` may be set
-- @source Chen, Liang, Huang et al. 2023, algorithm 2
-- @example local w = ssl.tensor{1}:requires_grad(); (w * 7):sum():backward(); ssl.optim.lion({w}, {lr = 0.1}):step(); return w:item() --> 0.9
M.lion = optimizer.kind("lion", {
  lr = 1e-4, betas = { 0.9, 0.99 }, weight_decay = 0, no_decay = false,
}, L)

return M
