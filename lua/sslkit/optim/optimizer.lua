-- What all optimisers share: parameter groups, the step counter, schedules, state. A kind of
-- optimiser gives its defaults, the names of its moments (tensors beside a parameter, 0 at first),
-- and update(self, p, g, slot, lr, decay), which changes the parameter p in place by one fused
-- kernel. A slot is { t = steps that p took, moments by name }.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local T = require "sslkit.tensor"

--- What moves parameters along their gradients.
-- @kind Optimizer, optimiser
-- @field lr number: the learning rate, which may be set
-- @field t integer: steps taken
-- @field skipped integer: steps left out because of gradients that are not finite
local Optimizer = {}
local M = {}

-- {== Parameters and settings ===============================================

local SETTINGS = { "lr", "weight_decay", "momentum", "dampening", "eps" }

local function check_settings(argn, settings)
  for _, key in ipairs(SETTINGS) do
    local v = settings[key]
    if v ~= nil then check.number(argn, key, v, 0) end
  end
  local spare = settings.no_decay
  if type(spare) ~= "boolean" and spare ~= "1d" then
    check.fail(argn, "no_decay must be false, true or '1d', got %s", check.kind(spare))
  end
end

local function check_parameter(p, seen)
  check.tensor(1, p, { dtype = "float" }, "parameter")
  if not (core.node(p) and core.node(p).leaf) then
    check.fail(1, "parameter %s is no leaf that requires_grad", core.describe(p))
  end
  if not core.is_contiguous(p) then
    check.fail(1, "parameter %s is not contiguous", core.describe(p))
  end
  if seen[p] then check.fail(1, "parameter %s is listed twice", core.describe(p)) end
  seen[p] = true
end

-- A list of tensors is one group; a list of tables {params=, lr=, weight_decay=, no_decay=} is
-- several.
local function read_groups(params, options)
  if core.is_tensor(params) or type(params) ~= "table" or #params == 0 then
    check.fail(1, "list of parameters or of groups expected, got %s",
      type(params) == "table" and next(params) == nil and "an empty table" or check.kind(params))
  end
  local groups, seen = {}, {}
  for i, given in ipairs(core.is_tensor(params[1]) and { { params = params } } or params) do
    if type(given) ~= "table" then
      check.fail(1, "group %d must be a table {params = ...}, got %s", i, check.kind(given))
    end
    local group = check.options(1, given, { no_decay = options.no_decay },
      { params = true, lr = true, weight_decay = true })
    check_settings(1, group)
    if core.is_tensor(group.params) then group.params = { group.params } end
    if type(group.params) ~= "table" then
      check.fail(1, "group %d needs params, a list of parameters, got %s", i,
        check.kind(group.params))
    end
    for _, p in ipairs(group.params) do check_parameter(p, seen) end
    groups[i] = group
  end
  return groups
end

-- A kind of optimiser: its constructor (params, options).
function M.kind(name, defaults, methods)
  local meta = { __name = "sslkit.optim." .. name }
  meta.__index = function(_, key) return methods[key] or Optimizer[key] end
  meta.__tostring = function(self) return ("%s(lr %g, %d steps)"):format(name, self.lr, self.t) end
  return function(params, options)
    options = check.options(2, options, defaults)
    check_settings(2, options)
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

local function check_self(self)
  if type(self) ~= "table" or type(self.groups) ~= "table" then
    check.fail(1, "optimiser expected, got %s; call its methods with a colon", check.kind(self))
  end
  return self
end

local function each(self, visit)
  local i = 0
  for _, group in ipairs(check_self(self).groups) do
    for _, p in ipairs(group.params) do
      i = i + 1
      visit(i, p, group)
    end
  end
end

-- ==}

-- {== Steps =================================================================

local function new_slot(self, p)
  local slot = { t = 0 }
  for _, name in ipairs(self.moments) do slot[name] = T.zeros({ core.shape(p) }, core.dtype(p)) end
  return slot
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
  local lr = self.lr
  if self.schedule then lr = self.schedule(self.t + 1) end
  self.lr = check.number(1, "lr", lr, 0)
  self.t = self.t + 1
  autograd.no_grad(each, self, function(i, p, group)
    local g = T.grad(p)
    if not g then return end
    local slot = self.slots[i] or new_slot(self, p)
    slot.t = slot.t + 1
    self:update(p, g, slot, group.lr or lr, decay_of(self, group, p))
    self.slots[i] = slot
  end)
  return true
end

--- Forgets the gradients of all parameters.
-- @param self optimiser
-- @example local w = ssl.tensor{1}:requires_grad(); w:sum():backward(); ssl.optim.sgd({w}, {lr = 1}):zero_grad(); return w:grad() --> nil
function Optimizer:zero_grad()
  each(self, function(_, p)
    local node = core.node(p)
    if node then node.grad = nil end -- a parameter that was frozen since has none
  end)
end

--- Follows a schedule from the next step on: step t uses schedule(t). A group with an lr of its own
-- keeps that.
-- @param self optimiser
-- @param schedule function of the step (1, 2, ...), or nil
-- @return self
-- @example local w = ssl.tensor{1}:requires_grad(); return ssl.optim.sgd({w}, {lr = 1}):set_schedule(ssl.optim.schedule.constant{lr = 2}).t --> 0
function Optimizer:set_schedule(schedule)
  if schedule ~= nil and type(schedule) ~= "function" then
    check.fail(2, "function expected, got %s", check.kind(schedule))
  end
  check_self(self).schedule = schedule
  return self
end

-- ==}

-- {== State =================================================================

--- Step count and moments, copied: plain data.
-- @param self optimiser
-- @return table {t=, lr=, skipped=, slots={ {t=, name -> tensor}, ... }}
-- @example local w = ssl.tensor{1}:requires_grad(); return ssl.optim.sgd({w}, {lr = 1}):state().t --> 0
function Optimizer:state()
  local slots = {}
  for i, slot in pairs(check_self(self).slots) do
    slots[i] = { t = slot.t }
    for _, name in ipairs(self.moments) do slots[i][name] = core.clone(slot[name]) end
  end
  return { t = self.t, lr = self.lr, skipped = self.skipped, slots = slots }
end

-- The slot of parameter number i from a state.
local function read_slot(self, i, p, given)
  if type(given) ~= "table" then
    check.fail(2, "a table for parameter %d expected, got %s", i, check.kind(given))
  end
  local slot, known = { t = check.integer(2, "t of parameter " .. i, given.t, 1) }, { t = true }
  for _, name in ipairs(self.moments) do
    local moment = check.tensor(2, given[name], nil, ("%s of parameter %d"):format(name, i))
    if core.describe(moment) ~= core.describe(p) then
      check.fail(2, "%s of parameter %d is %s, and the parameter %s", name, i,
        core.describe(moment), core.describe(p))
    end
    slot[name], known[name] = core.clone(moment), true
  end
  for name in pairs(given) do
    if not known[name] then check.fail(2, "parameter %d has no '%s' here", i, tostring(name)) end
  end
  return slot
end

--- Takes up a state: the next step is the one that would have followed. Nothing changes unless all
-- of it fits.
-- @param self optimiser
-- @param state table as state() gave it
-- @return self
-- @raise where a moment does not fit its parameter, or belongs to another kind of optimiser
-- @example local w = ssl.tensor{1}:requires_grad(); local o = ssl.optim.sgd({w}, {lr = 1}); return o:load_state(o:state()).t --> 0
function Optimizer:load_state(state)
  if type(state) ~= "table" or type(state.slots) ~= "table" then
    check.fail(2, "state table with slots expected, got %s", check.kind(state))
  end
  local t, lr = check.integer(2, "t", state.t, 0), check.number(2, "lr", state.lr, 0)
  local skipped = check.integer(2, "skipped", state.skipped, 0)
  local slots, known = {}, {}
  each(self, function(i, p)
    known[i] = true
    if state.slots[i] then slots[i] = read_slot(self, i, p, state.slots[i]) end
  end)
  for i in pairs(state.slots) do
    if not known[i] then
      check.fail(2, "the state has a parameter %s, which is not here", tostring(i))
    end
  end
  self.t, self.lr, self.skipped, self.slots = t, lr, skipped, slots
  return self
end

-- ==}

return M
