-- LARS: gradient descent whose rate follows, tensor by tensor, the size of the weights.

local core = require "sslkit.core"
local check = require "sslkit.check"
local optimizer = require "sslkit.optim.optimizer"

local M = {}

local L = { moments = { "momentum" }, group = { "momentum" } }
local VARIANTS = { "moco", "simclr", "bolts", "larc" }

function L.init(self)
  check.one_of(2, "variant", self.variant, VARIANTS)
  check.number(2, "eta", self.eta, 0)
  optimizer.check_boolean(self, "nesterov")
  if self.nesterov and self.momentum == 0 then check.fail(2, "nesterov needs a momentum") end
end

function L.uses(_, how) return how.momentum ~= 0 end

-- The trust ratio q; 1 where a norm is 0, so that what begins at 0 can move.
local function trust(self, p, g, how)
  local sum = self.variant == "bolts" or self.variant == "larc"
  local ww, dd = core.products(p, g, sum and 0 or how.weight_decay)
  if ww == 0 or dd == 0 then return 1 end
  local w, d = math.sqrt(ww), math.sqrt(dd)
  if not sum then return self.eta * w / d end
  local q = self.eta * w / (d + how.weight_decay * w + 1e-8)
  if self.variant == "larc" and how.lr > 0 then q = math.min(q / how.lr, 1) end
  return q
end

function L.update(self, p, g, slot, how)
  local q = how.spared and 1 or trust(self, p, g, how)
  local inside = self.variant == "simclr" -- is the rate inside the buffer?
  core.sgd(p, g, how.momentum ~= 0 and slot.momentum or nil, {
    lr = inside and 1 or how.lr, scale = inside and how.lr * q or q, momentum = how.momentum,
    dampening = 0, weight_decay = how.weight_decay, nesterov = self.nesterov, first = slot.t == 1,
  })
end

--- LARS: d = g + weight_decay w; d = q d with the trust ratio q = eta |w| / |d| (1 where a norm is 0);
-- b = momentum b + d; w = w - lr b. What is spared decay, biases and norms by default, is not scaled
-- either. Variants are those of other libraries: "moco" that of MoCo v3, Barlow Twins, VICReg and
-- DINO; "simclr" has lr inside the buffer, b = momentum b + lr q d; "bolts" (lightly and solo-learn
-- too) q = eta |w| / (|g| + weight_decay |w| + 1e-8); "larc" (clip_lr there) min(q / lr, 1) of that.
-- @param params list of parameters, or of groups {params=, lr=, weight_decay=, momentum=, no_decay=}
-- @param options {lr=0.1, momentum=0.9, nesterov=false, weight_decay=0, eta=1e-3, variant="moco" |
-- "simclr" | "bolts" | "larc", no_decay="1d" (tensors with at most one dimension) | true | false}
-- @return optimiser with step, zero_grad, set_schedule, state, load_state; `lr` may be set
-- @source You, Gitman, Ginsburg 2017, algorithm 1
-- @example local w = ssl.tensor{{3, 4}}:requires_grad(); (w * ssl.tensor{0.6, 0.8}):sum():backward(); ssl.optim.lars({w}, {lr = 100}):step(); return w[1][1] --> 2.7
M.lars = optimizer.kind("lars", {
  lr = 0.1, momentum = 0.9, nesterov = false, weight_decay = 0, eta = 1e-3, variant = "moco",
  no_decay = "1d",
}, L)

return M
