-- An exponential moving average of a model: the teacher of many methods.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"

local M = {}

--- A moving average of a model.
-- @kind Ema
-- @field model module: the averaged copy
-- @field updates integer
local Ema = { __name = "sslkit.optim.ema" }
Ema.__index = Ema

function Ema:__tostring()
  return ("ema(momentum %g, %d updates)"):format(self.momentum, self.updates)
end

local function check_self(self)
  if getmetatable(self) ~= Ema then
    check.fail(1, "ema expected, got %s; call its methods with a colon", check.kind(self))
  end
  return self
end

-- Momentum in update t = 0, 1, ..., from m to `final` in update `steps`, where it stays.
local SCHEDULES = {
  constant = function(m) return m end,
  cosine = function(m, t, steps, final)
    return final - (final - m) * (math.cos(math.pi * math.min(t / steps, 1)) + 1) / 2
  end,
  linear = function(m, t, steps, final) return m + (final - m) * math.min(t / steps, 1) end,
  mean_teacher = function(m, t) return math.min(1 - 1 / (t + 1), m) end,
}

-- Calls f(tensor of the average, tensor of the source) for all of two lists of {name, tensor}.
local function each_pair(to, from, f)
  for i, entry in ipairs(to) do
    local name, t, s = entry[1], entry[2], from[i] and from[i][2]
    if not s or core.describe(s) ~= core.describe(t) then
      check.raise("the model has changed: '%s' is %s in the average, and %s in the model", name,
        core.describe(t), s and core.describe(s) or "not there")
    end
    f(t, s)
  end
end

--- Moves the average on, after an optimiser step: p = momentum p + (1 - momentum) q.
-- @param self ema
-- @param momentum number in 0..1 for this update (what the schedule says)
-- @return number: the momentum of this update
-- @example local e = ssl.optim.ema(ssl.nn.Linear(2, 2)); e:update(); return e.updates --> 1
function Ema:update(momentum)
  check_self(self)
  if momentum == nil then
    momentum = SCHEDULES[self.schedule](self.momentum, self.updates, self.steps, self.final)
  end
  local m = check.number(2, "momentum", momentum, 0, 1)
  local function average(t, s) core.average(t, s, m) end
  local function buffer(t, s)
    local float = core.dtype(t) == "float32" or core.dtype(t) == "float64"
    if self.buffers == "copy" or not float then core.copy_(t, s) else average(t, s) end
  end
  autograd.no_grad(function()
    local model, source = self.model, self.source
    local names, buffers = model:named_parameters(), model:named_buffers()
    each_pair(names, source:named_parameters(), function() end) -- all fits, before any is moved
    each_pair(buffers, source:named_buffers(), function() end)
    each_pair(names, source:named_parameters(), average)
    if self.buffers ~= "own" then each_pair(buffers, source:named_buffers(), buffer) end
  end)
  self.updates = self.updates + 1
  return m
end

--- The average and its count, copied: plain data.
-- @param self ema
-- @return table {updates=, model=state}
-- @example ssl.optim.ema(ssl.nn.Linear(2, 2)):state().updates --> 0
function Ema:state()
  return { updates = check_self(self).updates, model = self.model:state() }
end

--- Takes up a state.
-- @param self ema
-- @param state table as state() gave it
-- @return self
-- @example local e = ssl.optim.ema(ssl.nn.Linear(2, 2)); return e:load_state(e:state()).updates --> 0
function Ema:load_state(state)
  if type(state) ~= "table" then
    check.fail(2, "state table expected, got %s", check.kind(state))
  end
  local updates = check.integer(2, "updates", state.updates, 0)
  check_self(self).model:load_state(state.model)
  self.updates = updates
  return self
end

--- A moving average of a model; `e.model` is the averaged copy, in evaluation mode and without
-- gradients. The momentum may follow a schedule by update: with t = 0 in the first one, "cosine" is 1 -
-- (1 - momentum) (cos(pi t / steps) + 1) / 2, "linear" a straight line to 1 (or `final`), and
-- "mean_teacher" min(1 - 1 / (t + 1), momentum), at first the mean of all weights so far.
-- @param model module
-- @param options {momentum=0.996, schedule="constant" | "cosine" | "linear" | "mean_teacher",
-- steps=number of updates (of cosine and linear), final=1, buffers="copy" | "ema" | "own"}: buffers,
-- such as the running statistics of batch norms, are the model's ("copy"), averaged like parameters,
-- but for whole numbers, which are copied ("ema"), or the average's own, which then counts them
-- itself where it is called in training mode ("own")
-- @return ema with update, model, state, load_state
-- @source Tarvainen and Valpola 2017, eq. 1; the cosine: Grill et al. 2020, section 3.2
-- @example ssl.optim.ema(ssl.nn.Linear(2, 2)).model.weight:needs_grad() --> false
function M.ema(model, options)
  if type(model) ~= "table" or not model.named_buffers then
    check.fail(1, "module expected, got %s", check.kind(model))
  end
  local o = check.options(2, options,
    { momentum = 0.996, schedule = "constant", final = 1, buffers = "copy" }, { steps = true })
  check.one_of(2, "buffers", o.buffers, { "copy", "ema", "own" })
  check.one_of(2, "schedule", o.schedule, { "constant", "cosine", "linear", "mean_teacher" })
  check.number(2, "momentum", o.momentum, 0, 1)
  check.number(2, "final", o.final, 0, 1)
  if o.schedule == "cosine" or o.schedule == "linear" or o.steps ~= nil then
    check.integer(2, "steps", o.steps, 1)
  end
  return setmetatable({
    source = model, model = model:clone():eval():requires_grad(false), updates = 0,
    buffers = o.buffers, momentum = o.momentum, schedule = o.schedule, steps = o.steps,
    final = o.final,
  }, Ema)
end

return M
