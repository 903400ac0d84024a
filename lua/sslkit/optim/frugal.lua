-- FRUGAL: moments for a part of each weight only, drawn anew every so often; the rest takes steps by
-- the sign of its gradient, which need no memory.

local core = require "sslkit.core"
local check = require "sslkit.check"
local optimizer = require "sslkit.optim.optimizer"
local random = require "sslkit.random"
local T = require "sslkit.tensor"

local M = {}

local F = { group = { "full" } }

-- {== Which part ============================================================

local SELECT = { "columns", "rows", "coordinates", "blocks" }

-- Is all of the parameter a part, always? Biases, norms, and what is tagged.
local function is_full(p, how)
  return core.dim(p) <= 1 or core.numel(p) == 0 or how.group.full == true
end

-- Number of the draw that step t of a parameter belongs to, and of the step in it.
local function draw_of(self, t) return (t - 1) // self.every, (t - 1) % self.every + 1 end

-- Drawn by seed, parameter and draw alone: nothing of it has to be in the state.
local function generator(self, number, draw)
  return random.generator(self.seed):split(number):split(draw)
end

local function share(self, n) return math.max(1, math.floor(self.density * n + 0.5)) end

-- The parameters, by number, that have moments in a draw by blocks: as many as make up the share.
local function blocks(self, draw)
  if self.drawn and self.drawn.draw == draw then return self.drawn end
  local numbers, sizes, left = {}, {}, 0
  optimizer.each(self, function(number, p, group)
    if not is_full(p, { group = group }) then
      numbers[#numbers + 1], sizes[#sizes + 1] = number, core.numel(p)
      left = left + core.numel(p)
    end
  end)
  left = self.density * left
  self.drawn = { draw = draw }
  local order = random.randperm(#numbers, { generator = generator(self, 0, draw) })
  for _, k in ipairs(order:totable()) do
    if left <= 0 then break end
    self.drawn[numbers[k]], left = true, left - sizes[k]
  end
  return self.drawn
end

-- Sizes of the parameter as a matrix or a vector, and which of them is drawn from.
local function seen(self, p)
  local rows, all = core.size(p, 1), core.numel(p)
  if self.select == "coordinates" then return { all }, 1 end
  return { rows, all // rows }, self.select == "rows" and 1 or 2
end

-- The indices drawn, kept as long as they hold.
local function indices(self, number, draw, n)
  self.picks = self.picks or {}
  local pick = self.picks[number]
  if not pick or pick.draw ~= draw then
    local all = random.randperm(n, { generator = generator(self, number, draw) })
    pick = { draw = draw, index = T.sort(core.clone(T.narrow(all, 1, 1, share(self, n)))) }
    self.picks[number] = pick
  end
  return pick.index
end

-- ==}

-- {== Steps =================================================================

local STATEFUL = { -- moments, and the step of x from g; t counts since the moments were 0
  adamw = {
    moments = { "m", "v" },
    step = function(self, x, g, slot, how, t)
      core.adam(x, g, slot.m, slot.v, {
        lr = how.lr, beta1 = self.betas[1], beta2 = self.betas[2], eps = self.eps,
        weight_decay = how.weight_decay, t = t, decoupled = true,
      })
    end,
  },
  lion = {
    moments = { "m" },
    step = function(self, x, g, slot, how)
      core.lion(x, g, slot.m, {
        lr = how.lr, beta1 = self.betas[1], beta2 = self.betas[2],
        shrink = how.lr * how.weight_decay,
      })
    end,
  },
}

function F.init(self)
  optimizer.check_betas(self)
  check.one_of(2, "select", self.select, SELECT)
  check.one_of(2, "stateful", self.stateful, { "adamw", "lion" })
  check.number(2, "density", self.density, 0, 1)
  check.number(2, "sign_scale", self.sign_scale, 0)
  check.integer(2, "every", self.every, 1)
  check.integer(2, "seed", self.seed)
  self.moments = STATEFUL[self.stateful].moments
end

function F.renews(self, p, how, t)
  local _, step = draw_of(self, t)
  return step == 1 and not is_full(p, how)
end

function F.shape(self, p, how, t)
  local shape = { core.shape(p) }
  if is_full(p, how) then return shape end
  if self.select == "blocks" then
    return blocks(self, (draw_of(self, t)))[how.number] and shape or { 0 }
  end
  local sizes, dim = seen(self, p)
  sizes[dim] = share(self, sizes[dim])
  return sizes
end

function F.update(self, p, g, slot, how)
  local step = STATEFUL[self.stateful].step
  if is_full(p, how) then return step(self, p, g, slot, how, slot.t) end
  local draw, t = draw_of(self, slot.t)
  if self.select == "blocks" then
    if blocks(self, draw)[how.number] then return step(self, p, g, slot, how, t) end
    core.lion(p, g, nil, { -- without moments: by the sign of the gradient, and the same decay
      lr = how.lr * self.sign_scale, beta1 = 0, beta2 = 0, shrink = how.lr * how.weight_decay,
    })
    return
  end
  local sizes, dim = seen(self, p)
  local index = indices(self, how.number, draw, sizes[dim])
  core.frugal(p, g, dim == 2 and sizes[1] or 1, sizes[dim], index, slot.m, slot.v, {
    lr = how.lr, beta1 = self.betas[1], beta2 = self.betas[2], eps = self.eps,
    weight_decay = how.weight_decay, t = t, sign_scale = self.sign_scale,
  })
end

--- FRUGAL: AdamW, or Lion, on a random share of each weight, whose moments are all that is kept, and
-- steps by the sign of the gradient on the rest. After `every` steps another share is drawn, and its
-- moments begin at 0. Weights are seen as matrices, the first dimension by all others. Biases, norms
-- and groups with full=true (embeddings) have moments always.
-- @param params list of parameters, or of groups {params=, lr=, weight_decay=, no_decay=, full=}
-- @param options {lr=1e-3, betas={0.9, 0.999}, eps=1e-8, weight_decay=0, density=0.25 (the share),
-- every=200, select="columns" | "rows" | "coordinates" | "blocks" (whole parameters),
-- stateful="adamw" | "lion", sign_scale=1 (of the rate of the rest; 0.1 where a model is fine-tuned),
-- seed=0, no_decay=false | true | "1d" (no decay of tensors with at most one dimension)}
-- @return optimiser with step, zero_grad, set_schedule, state, load_state; `lr` may be set
-- @source Zmushko, Beznosikov, Takac, Horvath 2024, algorithm 1
-- @example local w = ssl.ones(4, 4):requires_grad(); w:sum():backward(); local o = ssl.optim.frugal({w}); o:step(); return o:state().slots[1].m:size(2) --> 1
M.frugal = optimizer.kind("frugal", {
  lr = 1e-3, betas = { 0.9, 0.999 }, eps = 1e-8, weight_decay = 0, density = 0.25, every = 200,
  select = "columns", stateful = "adamw", sign_scale = 1, seed = 0, no_decay = false,
}, F)

return M
