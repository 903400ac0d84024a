-- What a compiled policy is asked to do: the batch, which samples it holds, and what their random
-- numbers depend on.

local check = require "sslkit.check"
local core = require "sslkit.core"
local plan = require "sslkit.augment.plan"
local T = require "sslkit.tensor"

local job = {}

local DEFAULTS = { seed = 0, epoch = 1, levels = 255 }
local MORE = { index = true, view = true, batch = true, rows = true, strength = true }

-- int64 [n] of rows 1..#x.
local function check_rows(argn, given, x)
  check.tensor(argn, given, { dtype = "int64", dim = 1 }, "rows")
  if #given == 0 then return end
  local low, high = given:amin():item(), given:amax():item()
  if low < 1 or high > #x then
    check.fail(argn, "rows must be in 1..%d, got %d..%d", #x, low, high)
  end
end

local function check_index(argn, given, n)
  check.tensor(argn, given, { dtype = "int64", dim = 1 }, "index")
  if #given ~= n then check.fail(argn, "index of %d samples expected, got %d", n, #given) end
end

local function check_strength(argn, given, n)
  check.tensor(argn, given, { dtype = "float", dim = 1 }, "strength")
  if #given ~= n then check.fail(argn, "strength of %d samples expected, got %d", n, #given) end
  if n == 0 then return end
  local low, high = given:amin():item(), given:amax():item()
  if not (low >= 0 and high <= 1) then
    check.fail(argn, "strength must be in 0..1, got %g..%g", low, high)
  end
end

--- The checked arguments of a call.
-- @param self compiled policy
-- @param argn number of the batch's argument; the options are the one behind it
-- @return table: x, rows, index, seed, epoch, batch, view, levels, strength; whole = are the rows
-- all of x, as they stand; input = its height and width; fail = function(message, ...) for what is
-- wrong with the batch
function job.read(self, argn, x, options)
  check.tensor(argn, x, nil, "batch")
  if x:dim() < 2 or x:dim() > 4 or core.dtype(x) == "int64" then
    check.fail(argn, "batch of uint8 or floats, [N,C,H,W], [N,C,T] or [N,D], expected, got %s",
      core.describe(x))
  end
  local at = argn + 1
  local o = check.options(at, options, DEFAULTS, MORE)
  for _, name in ipairs { "seed", "epoch" } do o[name] = check.integer(at, name, o[name]) end
  check.number(at, "levels", o.levels)
  if o.levels <= 0 then check.fail(at, "levels must be above 0, got %g", o.levels) end
  o.x, o.whole = x, o.rows == nil
  if o.whole then o.rows = T.arange(1, #x, 1, "int64") else check_rows(at, o.rows, x) end
  local n = #o.rows
  if o.index ~= nil then check_index(at, o.index, n) else o.index = o.rows end
  if o.strength ~= nil then
    check_strength(at, o.strength, n)
    o.strength = o.strength:to "float64"
  end
  if o.batch ~= nil then
    o.batch = check.integer(at, "batch", o.batch)
  else
    o.batch = n > 0 and o.index[1] or 0
  end
  if o.view ~= nil then
    o.view = check.integer(at, "view", o.view, 1, #self.recipes > 1 and self.views or nil)
  end
  local _, h, w = plan.size(x)
  o.input = { h = h, w = w }
  function o.fail(text, ...) check.fail(argn, text, ...) end
  return o
end

return job
