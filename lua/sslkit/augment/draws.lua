-- The random numbers of an operation in Lua.

local check = require "sslkit.check"
local core = require "sslkit.core"
local rows = require "sslkit.augment.rows"
local T = require "sslkit.tensor"

local draws = {}

-- Columns used+1 .. used+k of a slot's numbers.
local function columns(key, slot, index, used, k)
  local all = core.augment_draws(key, slot, index, used + k)
  return used == 0 and all or all:narrow(2, used + 1, used + k)
end

--- The numbers of an operation named `name`: the first one of a slot decides whether it is done at
-- all, an operation's own come behind it.
-- @param job what is to be done: seed, epoch, batch
-- @param view number
-- @param name of the slot
-- @param index int64 [n], the samples' numbers
-- @return draws(k) -> float64 [n,k], draws.batch(k) -> float64 [k], draws.first() -> float64 [n],
-- draws.batch_first() -> number; each call of draws and draws.batch goes on where the last one ended
function draws.new(job, view, name, index)
  local key, slot, used = { job.seed, job.epoch, view }, rows.slot(name), 1
  local batch_slot, batch_used = rows.slot(name .. "@batch"), 1
  local number = T.tensor({ job.batch }, "int64")
  local self = {}
  function self.first() return core.augment_draws(key, slot, index, 1):view(-1) end
  function self.batch_first() return core.augment_draws(key, batch_slot, number, 1):item() end
  function self.batch(k)
    k = check.integer(1, "count", k, 0)
    local u = columns(key, batch_slot, number, batch_used, k)
    batch_used = batch_used + k
    return u:contiguous():view(k)
  end
  return setmetatable(self, {
    __call = function(_, k)
      k = check.integer(1, "count", k, 0)
      local u = columns(key, slot, index, used, k)
      used = used + k
      return u
    end,
  })
end

return draws
