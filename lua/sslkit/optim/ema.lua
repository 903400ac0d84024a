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
-- @param momentum number in 0..1 for this update (the one given at the start)
-- @example local e = ssl.optim.ema(ssl.nn.Linear(2, 2)); e:update(); return e.updates --> 1
function Ema:update(momentum)
  check_self(self)
  local m = check.number(2, "momentum", momentum or self.momentum, 0, 1)
  local function average(t, s) core.add_(core.mul_(t, m), core.mul(s, 1 - m)) end
  local function buffer(t, s)
    local float = core.dtype(t) == "float32" or core.dtype(t) == "float64"
    if self.buffers == "copy" or not float then core.copy_(t, s) else average(t, s) end
  end
  autograd.no_grad(function()
    each_pair(self.model:named_parameters(), self.source:named_parameters(), average)
    if self.buffers == "own" then return end
    each_pair(self.model:named_buffers(), self.source:named_buffers(), buffer)
  end)
  self.updates = self.updates + 1
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
-- gradients.
-- @param model module
-- @param options {momentum=0.996, buffers="copy" | "ema" | "own"}: what becomes of running
-- statistics ("own" leaves them to the average itself)
-- @return ema with update, model, state, load_state
-- @source Tarvainen and Valpola 2017, eq. 1
-- @example ssl.optim.ema(ssl.nn.Linear(2, 2)).model.weight:needs_grad() --> false
function M.ema(model, options)
  if type(model) ~= "table" or not model.named_buffers then
    check.fail(1, "module expected, got %s", check.kind(model))
  end
  options = check.options(2, options, { momentum = 0.996, buffers = "copy" })
  check.one_of(2, "buffers", options.buffers, { "copy", "ema", "own" })
  return setmetatable({
    source = model, model = model:clone():eval():requires_grad(false), updates = 0,
    buffers = options.buffers,
    momentum = check.number(2, "momentum", options.momentum, 0, 1),
  }, Ema)
end

return M
