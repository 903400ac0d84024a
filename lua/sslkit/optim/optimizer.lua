-- What all optimisers share: parameter groups, the step counter, schedules, state. A kind of
-- optimiser gives its defaults and its methods:
--   moments         names of the tensors kept beside a parameter, 0 at first
--   update(self, p, g, slot, how)   changes the parameter p in place, from its gradient g
-- and, where it needs them,
--   init(self)      checks its own options
--   group           names of settings that a group may have besides the common ones
--   uses(self, how)             does a step keep moments? (yes)
--   shape(self, p, how, t)      shape of the moments in step t of p (p's)
--   renews(self, p, how, t)     do the moments start afresh in step t of p? (no)
-- A slot is { t = steps that p took, moments by name }; `how` is { lr, weight_decay, momentum, spared
-- = neither decayed nor adapted, number = of the parameter, group }.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local groups = require "sslkit.optim.groups"
local T = require "sslkit.tensor"

--- What moves parameters along their gradients.
-- @kind Optimizer, optimiser
-- @field lr number: the learning rate, which may be set
-- @field base_lr number: the one that it was made with
-- @field groups list of {params=, lr=, weight_decay=, momentum=, no_decay=}, whose numbers may be set
-- @field t integer: steps taken
-- @field skipped integer: steps left out because of gradients that are not finite
local Optimizer = {}
local M = { kinds = {}, methods = Optimizer }

-- {== Parameters and settings ===============================================

--- What `init` of kinds with betas begins with.
function M.check_betas(self)
  local b = self.betas
  if type(b) ~= "table" or #b ~= 2 then
    check.fail(2, "betas = {b1, b2} expected, got %s", check.kind(b))
  end
  for i = 1, 2 do
    if not (type(b[i]) == "number" and b[i] >= 0 and b[i] < 1) then
      check.fail(2, "betas must lie in [0, 1), got %s", tostring(b[i]))
    end
  end
  self.betas = { b[1], b[2] } -- what is set there later must not reach the caller's table
end

--- An option that is true or false.
function M.check_boolean(self, name)
  if type(self[name]) ~= "boolean" then
    check.fail(2, "%s must be true or false, got %s", name, check.kind(self[name]))
  end
end

local function new(name, defaults, methods, params, options)
  local meta = { __name = "sslkit.optim." .. name }
  meta.__index = function(_, key) return methods[key] or Optimizer[key] end
  meta.__tostring = function(self)
    return ("%s(%slr %g, %d steps)"):format(name, self.base and self.base .. ", " or "", self.lr,
      self.t)
  end
  options = check.options(2, options, defaults)
  groups.check(2, options)
  local self = setmetatable({ t = 0, skipped = 0, slots = {}, base_lr = options.lr }, meta)
  for key, value in pairs(options) do self[key] = value end
  self.groups = groups.read(params, options, methods.group)
  if methods.init then methods.init(self) end
  return self
end

--- A kind of optimiser: its constructor (params, options).
function M.kind(name, defaults, methods)
  M.kinds[name] = { defaults = defaults, methods = methods }
  return function(params, options) return (new(name, defaults, methods, params, options)) end
end

--- One that is made of another kind, the option `base`: its methods come before that one's, which
-- they find in self.inner.
function M.derived(name, defaults, methods)
  return function(params, options)
    local names, base = {}, type(options) == "table" and options.base or defaults.base
    for known in pairs(M.kinds) do names[#names + 1] = known end
    table.sort(names)
    local inner = M.kinds[check.one_of(2, "base", base, names)]
    local all, both = { inner = inner.methods }, {}
    for _, table_of in ipairs { inner.methods, methods } do
      for key, f in pairs(table_of) do all[key] = f end
    end
    for _, table_of in ipairs { inner.defaults, defaults } do
      for key, value in pairs(table_of) do both[key] = value end
    end
    function all.init(self)
      if inner.methods.init then inner.methods.init(self) end
      methods.init(self)
    end
    return (new(name, both, all, params, options))
  end
end

--- What methods begin with.
function M.check_self(self)
  if type(self) ~= "table" or type(self.groups) ~= "table" then
    check.fail(1, "optimiser expected, got %s; call its methods with a colon", check.kind(self))
  end
  return self
end

local check_self = M.check_self

--- Calls visit(number, parameter, group) for all parameters.
function M.each(self, visit)
  local i = 0
  for _, group in ipairs(check_self(self).groups) do
    for _, p in ipairs(group.params) do
      i = i + 1
      visit(i, p, group)
    end
  end
end

local each = M.each

-- ==}

-- {== Steps =================================================================

-- The moments that step t of a parameter begins with 0.
local function new_moments(self, p, slot, how, t)
  local moments = {}
  for _, name in ipairs((not self.uses or self:uses(how)) and self.moments or {}) do
    if not slot[name] or self.renews and self:renews(p, how, t) then
      local shape = self.shape and self:shape(p, how, t) or { core.shape(p) }
      moments[name] = T.zeros(shape, core.dtype(p))
    end
  end
  return moments
end

-- All that a step needs, checked and allocated before anything changes: one entry for each parameter
-- that has a gradient.
local function plan(self, lr)
  local settings, work = {}, {}
  for _, group in ipairs(self.groups) do settings[group] = groups.settings(self, group, lr) end
  each(self, function(number, p, group)
    local g = T.grad(p)
    if not g then return end
    local s, spared = settings[group], groups.is_spared(group, p)
    local slot = self.slots[number] or { t = 0 }
    local how = {
      lr = s.lr, weight_decay = spared and 0 or s.weight_decay, momentum = s.momentum,
      spared = spared, number = number, group = group,
    }
    work[#work + 1] = {
      p = p, g = g, slot = slot, how = how, moments = new_moments(self, p, slot, how, slot.t + 1),
    }
  end)
  return work
end

--- Are all gradients finite? Where they are not, a step is counted as skipped.
function M.finite(self)
  local finite = true
  each(self, function(_, p)
    local g = T.grad(p)
    if g and finite then finite = core.all_finite(g) end
  end)
  if not finite then self.skipped = self.skipped + 1 end
  return finite
end

--- The step itself, from gradients that are finite.
function M.advance(self)
  local lr = self.lr
  if self.schedule then lr = self.schedule(self.t + 1) end
  check.number(1, "lr", lr, 0)
  local work = plan(self, lr)
  self.lr, self.t = lr, self.t + 1
  local _ <close> = autograd.no_grad()
  for _, w in ipairs(work) do
    for name, moment in pairs(w.moments) do w.slot[name] = moment end
    w.slot.t = w.slot.t + 1
    self.slots[w.how.number] = w.slot
    self:update(w.p, w.g, w.slot, w.how)
  end
end

--- One step from the gradients that backward left. A step whose gradients hold NaN or Inf is
-- skipped and counted.
-- @param self optimiser
-- @return boolean: was the step taken?
-- @example local w = ssl.tensor{1}:requires_grad(); w:sum():backward(); return ssl.optim.sgd({w}, {lr = 1}):step() --> true
function Optimizer:step()
  if not M.finite(self) then return false end
  M.advance(self)
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

--- Follows a schedule from the next step on: step t uses schedule(t). The lr of a group goes with it,
-- in the proportion that it has to base_lr, the lr that the optimiser was made with.
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

--- Step count, settings that may be set while training, and moments, copied: plain data.
-- @param self optimiser
-- @return table {t=, skipped=, lr=, base_lr=, weight_decay=, groups={ {lr=, ...}, ... }, slots={ {t=,
-- name -> tensor}, ... }}
-- @example local w = ssl.tensor{1}:requires_grad(); return ssl.optim.sgd({w}, {lr = 1}):state().t --> 0
function Optimizer:state()
  local state = groups.copy(check_self(self), {
    t = self.t, skipped = self.skipped, base_lr = self.base_lr, groups = {}, slots = {},
  })
  for i, group in ipairs(self.groups) do state.groups[i] = groups.copy(group, {}) end
  for i, slot in pairs(self.slots) do
    state.slots[i] = {}
    for name, v in pairs(slot) do
      state.slots[i][name] = core.is_tensor(v) and core.clone(v) or v
    end
  end
  return state
end

-- The slot of a parameter from a state.
local function read_slot(self, number, p, group, given)
  if type(given) ~= "table" then
    check.fail(2, "a table for parameter %d expected, got %s", number, check.kind(given))
  end
  local t = check.integer(2, "t of parameter " .. number, given.t, 1)
  local slot, known = { t = t }, { t = true }
  local like = p
  if self.shape then
    local how = { number = number, group = group, spared = groups.is_spared(group, p) }
    like = T.zeros(self:shape(p, how, t), core.dtype(p))
  end
  for _, name in ipairs(self.moments) do
    local moment = given[name]
    known[name] = true
    if moment ~= nil or not self.uses then -- where a kind may do without, so may its state
      check.tensor(2, moment, nil, ("%s of parameter %d"):format(name, number))
      if core.describe(moment) ~= core.describe(like) then
        check.fail(2, "%s of parameter %d is %s, and %s is needed", name, number,
          core.describe(moment), core.describe(like))
      end
      slot[name] = core.clone(moment)
    end
  end
  for name in pairs(given) do
    if not known[name] then
      check.fail(2, "parameter %d has no '%s' here", number, tostring(name))
    end
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
  check_self(self)
  if type(state) ~= "table" or type(state.slots) ~= "table" then
    check.fail(2, "state table with slots expected, got %s", check.kind(state))
  end
  local settings = groups.read_settings(self, state)
  settings.t = check.integer(2, "t", state.t, 0)
  settings.skipped = check.integer(2, "skipped", state.skipped, 0)
  settings.base_lr = check.number(2, "base_lr", state.base_lr, 0)
  local of_groups, slots, known = groups.read_state(self, state.groups), {}, {}
  each(self, function(i, p, group)
    known[i] = true
    if state.slots[i] then slots[i] = read_slot(self, i, p, group, state.slots[i]) end
  end)
  for i in pairs(state.slots) do
    if not known[i] then
      check.fail(2, "the state has a parameter %s, which is not here", tostring(i))
    end
  end
  for key, value in pairs(settings) do self[key] = value end
  for i, group in ipairs(self.groups) do groups.copy(of_groups[i], group) end
  self.slots = slots
  return self
end

-- ==}

return M
