-- Metrics as losses: with {tensor=true} the differentiable ones give a 0-dim float64 tensor, made of
-- recorded operations on the rows. What they do with their input first is here; it mirrors
-- engine/rows.lua, and stays on the tape.

local core = require "sslkit.core"
local check = require "sslkit.check"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local tape = {}

--- Is a tensor asked for? The options stand at argn.
function tape.wanted(argn, options)
  local tensor = type(options) == "table" and options.tensor
  if not tensor then return false end
  if tensor ~= true then
    check.fail(argn, "tensor must be true or false, got %s", check.kind(tensor))
  end
  if options.full then
    check.fail(argn, "tensor=true gives a 0-dim tensor, full=true a table: one of them expected")
  end
  return true
end

--- A 0-dim tensor of that value, which depends on z, with gradients of 0.
function tape.constant(z, value)
  return T.sum(T.to(z, "float64") * 0) + value
end

--- Rows whose squares might leave the range in units of the largest number, for metrics that do not
-- depend on the scale.
function tape.in_range(z)
  local flat = core.detach(z)
  local top = math.max(core.item(core.amax(flat)), -core.item(core.amin(flat)))
  return top > 0 and z / 2.0 ^ math.floor(math.log(top, 2)) or z
end

--- The rows of z in float64, after the policy on NaN and infinity; nil where one is to be passed on.
function tape.rows(argn, z, policy, options_argn)
  local kept, skipped = rows.finite(argn, z, policy, options_argn)
  if not kept then return nil end
  if skipped > 0 then z = T.masked_select(z, rows.which_finite(core.detach(z))) end
  return (tape.in_range(T.to(z, "float64")))
end

--- The rows of x and y, arguments 1 and 2 (the options are the third), in float64, after the policy,
-- which drops a row from both; nil where a NaN is to be passed on.
function tape.pair(x, y, policy)
  local kept, _, skipped = rows.pair(x, y, policy)
  if not kept then return nil end
  if skipped > 0 then
    local keep = core.logical_and(rows.which_finite(core.detach(x)),
      rows.which_finite(core.detach(y)))
    x, y = T.masked_select(x, keep), T.masked_select(y, keep)
  end
  return T.to(x, "float64"), T.to(y, "float64")
end

--- The rows about their mean; columns that are constant become 0 exactly, without rounding.
function tape.centred(z)
  local flat = core.detach(z)
  local constant = core.eq(core.amin(flat, 1, true), core.amax(flat, 1, true))
  return T.where(constant, 0, z - T.mean(z, 1, true))
end

--- The rows at length 1; a row of zeros stays one, and has no gradient.
function tape.units(z)
  local size = core.abs(core.detach(z))
  local top = core.amax(size, 2, true)
  local zero = core.eq(top, 0)
  z = z / core.where(zero, 1, top)
  return T.where(zero, 0, z / T.sqrt(T.where(zero, 1, T.sum(T.square(z), 2, true))))
end

return tape
