-- Orthogonal gradients: what of a gradient would only make its weights larger or smaller is taken
-- away before the step of another optimiser.

local core = require "sslkit.core"
local optimizer = require "sslkit.optim.optimizer"

local M = {}

local O = {}
local EPSILON = { float32 = 2 ^ -23, float64 = 2 ^ -52 }

function O.init(self)
  optimizer.check_boolean(self, "rescale")
  optimizer.check_boolean(self, "all")
end

-- g without its part along w, as long as g was. What remains of a gradient that lies along w is the
-- rounding of the projection: no direction to step in.
local function orthogonal(w, g, rescale)
  local ww, gg, wg = core.products(w, g, 0)
  if ww == 0 then return g end
  local across = core.add_(core.mul(w, -wg / ww), g)
  local left = math.sqrt(core.squares(across))
  local length = math.sqrt(gg)
  if left <= 4 * EPSILON[core.dtype(g)] * length then return core.mul_(across, 0) end
  return rescale and core.mul_(across, length / left) or across
end

function O.update(self, p, g, slot, how)
  if self.all or core.dim(p) >= 2 then g = orthogonal(p, g, self.rescale) end
  self.inner.update(self, p, g, slot, how)
end

--- Another optimiser, with the gradient g of each weight w replaced by its part orthogonal to w, g - (w
-- . g / w . w) w, in g's length. Weight decay still acts on w.
-- @param params list of parameters, or of groups {params=, lr=, weight_decay=, no_decay=}
-- @param options {base="sgd" | "adam" | "adamw" | "lars" | "lion" | "frugal", rescale=true, all=false}
-- and the options of base; without rescale the part keeps its length, and all does so with biases and
-- norms too, tensors with fewer than two dimensions
-- @return optimiser with step, zero_grad, set_schedule, state, load_state; `lr` may be set
-- @source Prieto, Barsbey, Mediano, Birdal 2025, section 5, rescaled as in their code
-- @example local w = ssl.tensor{{3, 4}}:requires_grad(); w:narrow(2, 1, 1):sum():backward(); ssl.optim.orthograd({w}, {lr = 1}):step(); return w[1][1] --> 2.2
M.orthograd = optimizer.derived("orthograd", { base = "sgd", rescale = true, all = false }, O)

return M
