-- What all optimisers share: parameter groups, the step counter, schedules, state. A kind of
-- optimiser gives
-- defaults, and update(self, group, p, g, slot), which changes the parameter p in place by one
-- fused kernel.

local core = require "sslkit.core"
local check = require "sslkit.check"
local T = require "sslkit.tensor"

local Optimizer = {}
local M = {}

-- A list of tensors is one group; a list of tables {params=, lr=, weight_decay=, no_decay=} is
-- several.
local function read_groups(params, options)
  if type(params) ~= "table" or #params == 0 then
    check.fail(1, "list of parameters or of groups expected, got %s", check.kind(params))
  end
  local groups = core.is_tensor(params[1]) and { { params = params } } or params
  local list, seen = {}, {}
  for i, given in ipairs(groups) do
    local group = check.options(1, given, { no_decay = options.no_decay }, { params = true, lr = true, weight_decay = true })
    for _, p in ipairs(group.params or {}) do
      check.tensor(1, p, { dtype = "float" }, "parameter")
      if not (core.node(p) and core.node(p).leaf) then
        check.fail(1, "parameter %s is no leaf that requires_grad", core.describe(p))
      end
      if not core.is_contiguous(p) then check.fail(1, "parameter %s is not contiguous", core.describe(p)) end
      if seen[p] then check.fail(1, "parameter %s is listed twice", core.describe(p)) end
      seen[p] = true
    end
    list[i] = group
  end
  return list
end

-- A kind of optimiser: its constructor (params, options).
function M.kind(name, defaults, methods)
  local meta = { __name = "sslkit.optim." .. name }
  meta.__index = function(_, key) return methods[key] or Optimizer[key] end
  meta.__tostring = function(self) return ("%s(lr %g, %d steps)"):format(name, self.lr, self.t) end
  return function(params, options)
    options = check.options(2, options, defaults, { generator = true })
    for _, key in ipairs { "lr", "weight_decay", "momentum", "eps" } do
      if options[key] ~= nil then check.number(2, key, options[key], 0) end
    end
    local self = setmetatable({ t = 0, skipped = 0, slots = {} }, meta)
    for key, value in pairs(options) do self[key] = value end
    self.groups = read_groups(params, options)
    if methods.init then methods.init(self) end
    return self
  end
end

-- Decay spares what is tagged; with no_decay = "1d" also biases and norms.
local function decay_of(self, group, p)
  if group.no_decay == true or group.no_decay == "1d" and core.dim(p) <= 1 then return 0 end
  return group.weight_decay or self.weight_decay
end

local function each(self, visit)
  local i = 0
  for _, group in ipairs(self.groups) do
    for _, p in ipairs(group.params) do
      i = i + 1
      visit(i, p, group)
    end
  end
end

--- One step from the gradients that backward left. A step whose gradients hold NaN or Inf is
-- skipped and counted.
-- @param self optimiser
-- @return boolean: was the step taken?
-- @example local w = ssl.tensor{1}:requires_grad(); w:sum():backward(); return ssl.optim.sgd({w}, {lr = 1}):step() --> true
function Optimizer:step()
  local finite = true
  each(self, function(_, p)
    local g = T.grad(p)
    if g and finite then finite = core.all_finite(g) end
  end)
  if not finite then
    self.skipped = self.skipped + 1
    return false
  end
  self.t = self.t + 1
  if self.schedule then self.lr = self.schedule(self.t) end
  local before = core.recording(false)
  each(self, function(i, p, group)
    local g = T.grad(p)
    if g then
      self.slots[i] = self.slots[i] or {}
      self:update(p, g, self.slots[i], group.lr or self.lr, decay_of(self, group, p))
    end
  end)
  core.recording(before)
  return true
end

--- Forgets the gradients of all parameters.
-- @param self optimiser
-- @example local w = ssl.tensor{1}:requires_grad(); w:sum():backward(); ssl.optim.sgd({w}, {lr = 1}):zero_grad(); return w:grad() --> nil
function Optimizer:zero_grad()
  each(self, function(_, p) core.node(p).grad = nil end)
end

--- Follows a schedule from the next step on: step t uses schedule(t).
-- @param self optimiser
-- @param schedule function of the step (1, 2, ...), or nil
-- @return self
-- @example local w = ssl.tensor{1}:requires_grad(); return ssl.optim.sgd({w}, {lr = 1}):set_schedule(ssl.optim.schedule.constant{lr = 2}).t --> 0
function Optimizer:set_schedule(schedule)
  if schedule ~= nil and type(schedule) ~= "function" then check.fail(2, "function expected, got %s", check.kind(schedule)) end
  self.schedule = schedule
  return self
end

--- Step count and moments, copied: plain data.
-- @param self optimiser
-- @return table {t=, lr=, skipped=, slots={ {name -> tensor}, ... }}
-- @example local w = ssl.tensor{1}:requires_grad(); return ssl.optim.sgd({w}, {lr = 1}):state().t --> 0
function Optimizer:state()
  local slots = {}
  for i, slot in pairs(self.slots) do
    slots[i] = {}
    for name, t in pairs(slot) do slots[i][name] = core.clone(t) end
  end
  return { t = self.t, lr = self.lr, skipped = self.skipped, slots = slots }
end

--- Takes up a state: the next step is the one that would have followed.
-- @param self optimiser
-- @param state as state() gave it
-- @return self
-- @raise where a moment does not fit its parameter
-- @example local w = ssl.tensor{1}:requires_grad(); local o = ssl.optim.sgd({w}, {lr = 1}); return o:load_state(o:state()).t --> 0
function Optimizer:load_state(state)
  if type(state) ~= "table" or type(state.slots) ~= "table" then
    check.fail(2, "state table expected, got %s", check.kind(state))
  end
  local t, lr = check.integer(2, "t", state.t, 0), check.number(2, "lr", state.lr, 0)
  local slots, known = {}, {}
  each(self, function(i, p)
    known[i] = true
    if not state.slots[i] then return end
    slots[i] = {}
    for name, moment in pairs(state.slots[i]) do
      if core.describe(check.tensor(2, moment)) ~= core.describe(p) then
        check.fail(2, "%s of parameter %d is %s, and the parameter %s", name, i, core.describe(moment), core.describe(p))
      end
      slots[i][name] = core.clone(moment)
    end
  end)
  for i in pairs(state.slots) do
    if not known[i] then check.fail(2, "the state has a parameter %s, which is not here", tostring(i)) end
  end
  self.t, self.lr, self.skipped, self.slots = t, lr, state.skipped or 0, slots
  return self
end

M.methods = Optimizer

return M
