-- Orthogonal gradients: what of a gradient would only make its weights larger or smaller is taken
-- away before the step of another optimiser.

local core = require "sslkit.core"
local optimizer = require "sslkit.optim.optimizer"
local T = require "sslkit.tensor"

local M = {}

local O = {}
local EPSILON = { float32 = 2 ^ -23, float64 = 2 ^ -52 }

function O.init(self)
  optimizer.check_boolean(self, "rescale")
  optimizer.check_boolean(self, "all")
end

-- Space for a gradient like g, used for one parameter after the other.
local function space(self, g)
  local n, dtype = core.numel(g), core.dtype(g)
  self.rooms = self.rooms or {}
  local room = self.rooms[dtype]
  if not room or core.numel(room) < n then room = T.empty(n, dtype) end
  self.rooms[dtype] = room
  return T.reshape(T.narrow(room, 1, 1, n), { core.shape(g) })
end

-- g without its part along w, as long as g was. What remains of a gradient that lies along w is the
-- rounding of the projection: no direction to step in.
local function orthogonal(self, w, g)
  local ww, gg, wg = core.products(w, g, 0)
  if ww == 0 then return g end
  local across, along, dtype = space(self, g), -wg / ww, core.dtype(g)
  -- sums in float64 resolve what is left of float32; of float64 that difference would be rounding
  local left = gg + along * wg
  if dtype == "float64" then left = select(2, core.products(w, g, along)) end
  local share = math.sqrt(left / gg)
  if not (share > 4 * EPSILON[dtype]) then return core.fill_(across, 0) end
  local scale = self.rescale and 1 / share or 1
  core.combine(g, scale, w, scale * along, across)
  return across
end

function O.update(self, p, g, slot, how)
  if self.all or core.dim(p) >= 2 then g = orthogonal(self, p, g) end
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
