-- Operations of policies called by themselves, on one batch.

local check = require "sslkit.check"
local draws = require "sslkit.augment.draws"
local registry = require "sslkit.augment.registry"
local T = require "sslkit.tensor"

local single = {}

local KEY = { seed = true, epoch = true, view = true, index = true, batch = true }

--- The options of a call: those of the operation, filled in and checked, and what its random numbers
-- depend on.
-- @param argn of the options
-- @param given options, seed (0), epoch (1), view (1), index (1..n), batch (the first sample's number)
-- @param n samples
-- @param more names of further options, {name = true}
-- @return options, draws as operations have them
function single.read(argn, name, given, n, more)
  local op = registry.find(name)
  local defaults, others = {}, {}
  for _, option in ipairs(op.options) do
    -- p belongs to policies
    if option[1] ~= "p" then defaults[option[1]] = option[2] end
  end
  for _, names in ipairs { KEY, more or {} } do
    for each in pairs(names) do others[each] = true end
  end
  local o = check.options(argn, given, defaults, others)
  if op.check then op.check(o, function(text, ...) check.fail(argn, text, ...) end) end
  return o, single.draws(argn, o, n, name)
end

--- What random numbers depend on, from the options: seed, epoch, view, index, batch.
function single.key(argn, o, n)
  local key = {}
  key.seed = o.seed == nil and 0 or check.integer(argn, "seed", o.seed)
  key.epoch = o.epoch == nil and 1 or check.integer(argn, "epoch", o.epoch)
  key.view = o.view == nil and 1 or check.integer(argn, "view", o.view, 1)
  key.index = o.index
  if key.index == nil then
    key.index = T.arange(1, n, 1, "int64")
  else
    check.tensor(argn, key.index, { dtype = "int64", dim = 1 }, "index")
    if #key.index ~= n then
      check.fail(argn, "index of %d samples expected, got %d", n, #key.index)
    end
  end
  if o.batch ~= nil then
    key.batch = check.integer(argn, "batch", o.batch)
  else
    key.batch = n > 0 and key.index[1] or 0
  end
  return key
end

--- The random numbers of the slot that the operation has where it stands first in a policy.
function single.draws(argn, o, n, name)
  local key = single.key(argn, o, n)
  return draws.new(key, key.view, name .. "#1", key.index)
end

return single
