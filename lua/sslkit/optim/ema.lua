-- An exponential moving average of a model: the teacher of many methods.

local core = require "sslkit.core"
local check = require "sslkit.check"

local M = {}

local Ema = { __name = "sslkit.optim.ema" }
Ema.__index = Ema

--- Moves the average on, after an optimiser step: p = momentum p + (1 - momentum) q.
-- @param self ema
-- @param momentum number in 0..1 for this update (the one given at the start)
-- @example local e = ssl.optim.ema(ssl.nn.Linear(2, 2)); e:update(); return e.updates --> 1
function Ema:update(momentum)
  local m = check.number(2, "momentum", momentum or self.momentum, 0, 1)
  local before = core.recording(false)
  local from, to = self.source:named_parameters(), self.model:named_parameters()
  for i, entry in ipairs(to) do core.add_(core.mul_(entry[2], m), core.mul(from[i][2], 1 - m)) end
  local source = self.source:named_buffers()
  for i, entry in ipairs(self.model:named_buffers()) do
    local float = core.dtype(entry[2]) == "float32" or core.dtype(entry[2]) == "float64"
    if self.buffers == "copy" or self.buffers == "ema" and not float then core.copy_(entry[2], source[i][2])
    elseif self.buffers == "ema" then core.add_(core.mul_(entry[2], m), core.mul(source[i][2], 1 - m)) end
  end
  core.recording(before)
  self.updates = self.updates + 1
end

--- The average and its count, copied: plain data.
-- @param self ema
-- @return table {updates=, model=state}
-- @example ssl.optim.ema(ssl.nn.Linear(2, 2)):state().updates --> 0
function Ema:state() return { updates = self.updates, model = self.model:state() } end

--- Takes up a state.
-- @param self ema
-- @param state as state() gave it
-- @return self
-- @example local e = ssl.optim.ema(ssl.nn.Linear(2, 2)); return e:load_state(e:state()).updates --> 0
function Ema:load_state(state)
  if type(state) ~= "table" then check.fail(2, "state table expected, got %s", check.kind(state)) end
  local updates = check.integer(2, "updates", state.updates, 0)
  self.model:load_state(state.model)
  self.updates = updates
  return self
end

--- A moving average of a model; `e.model` is the averaged copy, in evaluation mode and without
-- gradients.
-- @param model module
-- @param options {momentum=0.996, buffers="copy" | "ema" | "own"}: what becomes of running
-- statistics
-- @return ema with update, model, state, load_state
-- @source Tarvainen and Valpola 2017, eq. 1
-- @example ssl.optim.ema(ssl.nn.Linear(2, 2)).model.weight:needs_grad() --> false
function M.ema(model, options)
  if type(model) ~= "table" or not model.named_buffers then
    check.fail(1, "module expected, got %s", check.kind(model))
  end
  options = check.options(2, options, { momentum = 0.996, buffers = "copy" })
  check.one_of(2, "buffers", options.buffers, { "copy", "ema", "own" })
  local copy = model:clone():eval()
  for _, p in ipairs(copy:parameters()) do p:requires_grad(false) end
  return setmetatable({
    source = model, model = copy, updates = 0, buffers = options.buffers,
    momentum = check.number(2, "momentum", options.momentum, 0, 1),
  }, Ema)
end

return M
