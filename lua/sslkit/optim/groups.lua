-- Parameters in groups, and the settings that they are trained with.

local core = require "sslkit.core"
local check = require "sslkit.check"

local M = {}

local SETTINGS = { "lr", "weight_decay", "momentum", "dampening", "eps" }
local SETTABLE = { "lr", "weight_decay", "momentum" } -- while training: part of the state

--- Numbers that settings hold, if they do, and what is spared decay.
function M.check(argn, settings)
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

--- A list of tensors is one group; a list of tables {params=, lr=, ...} is several. `more` lists the
-- names of further settings that a group may have.
function M.read(params, options, more)
  if core.is_tensor(params) or type(params) ~= "table" or #params == 0 then
    check.fail(1, "list of parameters or of groups expected, got %s",
      type(params) == "table" and next(params) == nil and "an empty table" or check.kind(params))
  end
  local known = { params = true, lr = true, weight_decay = true }
  for _, name in ipairs(more or {}) do known[name] = true end
  local groups, seen = {}, {}
  for i, given in ipairs(core.is_tensor(params[1]) and { { params = params } } or params) do
    if type(given) ~= "table" then
      check.fail(1, "group %d must be a table {params = ...}, got %s", i, check.kind(given))
    end
    local group = check.options(1, given, { no_decay = options.no_decay }, known)
    M.check(1, group)
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

--- Decay spares what is tagged; with no_decay = "1d" also biases and norms.
function M.is_spared(group, p)
  return group.no_decay == true or group.no_decay == "1d" and core.dim(p) <= 1
end

--- The settings of a group of an optimiser at the rate lr. A group's own rate belongs to the one that
-- the optimiser was made with, and moves in proportion to it.
function M.settings(self, group, lr)
  M.check(1, group)
  local own = group.lr
  if own and self.base_lr > 0 then own = own * (lr / self.base_lr) end
  local settings = {
    lr = own or lr, weight_decay = group.weight_decay or self.weight_decay,
    momentum = group.momentum or self.momentum, no_decay = group.no_decay,
  }
  M.check(1, settings)
  return settings
end

--- Copies what may be set while training.
function M.copy(from, to)
  for _, key in ipairs(SETTABLE) do to[key] = from[key] end
  return to
end

--- What may be set while training, from a state: of an optimiser, what it has.
function M.read_settings(self, state)
  local settings = {}
  for _, key in ipairs(SETTABLE) do
    if self[key] ~= nil then settings[key] = check.number(2, key, state[key], 0) end
  end
  return settings
end

--- The same of its groups, what they have in the state.
function M.read_state(self, given)
  if type(given) ~= "table" or #given ~= #self.groups then
    check.fail(2, "a list of groups as long as here, %d, expected, got %s", #self.groups,
      type(given) == "table" and #given or check.kind(given))
  end
  local list = {}
  for i, group in ipairs(given) do
    if type(group) ~= "table" then
      check.fail(2, "a table for group %d expected, got %s", i, check.kind(group))
    end
    list[i] = M.copy(group, {})
    for key, v in pairs(list[i]) do check.number(2, ("%s of group %d"):format(key, i), v, 0) end
  end
  return list
end

return M
