-- What a caller gives as a matrix of numbers.

local T = require "sslkit.tensor"
local check = require "sslkit.check"
local scale = require "sslkit.plot.scale"
local series = require "sslkit.plot.series"

local matrix = {}

--- A 2-D tensor, or a list of rows, as float64 [rows, columns].
-- @param argn the argument's place
-- @param what its name in messages
-- @param v the caller's value
-- @return tensor
function matrix.read(argn, what, v)
  if type(v) ~= "table" then
    check.tensor(argn, v, { dim = 2 }, what)
    return v:detach():to "float64"
  end
  local flat, rows, columns = {}, #v, 0
  for i, row in ipairs(v) do
    local list = series.numbers(argn, ("row %d of %s"):format(i, what), row)
    if i == 1 then columns = #list end
    if #list ~= columns then
      check.fail(argn, "row %d of %s has %d values, but row 1 has %d", i, what, #list, columns)
    end
    table.move(list, 1, columns, #flat + 1, flat)
  end
  if #flat == 0 then return T.zeros(rows, columns, "float64") end
  return T.tensor(flat, "float64"):reshape(rows, columns)
end

--- The smallest and the largest value that has a place.
-- @param t float64 tensor
-- @param log on a logarithmic scale
-- @return low, high; nothing where there is none
function matrix.range(t, log)
  local list = t:masked_select(t:isfinite())
  if log then list = list:masked_select(list:gt(0)) end
  if list:numel() == 0 then return nil end
  local low, high = list:min():item(), list:max():item()
  if scale.can_show(log, low) and scale.can_show(log, high) then return low, high end
  -- rare: ends beyond what can be shown
  local least, most
  for _, v in ipairs(list:totable()) do
    if scale.can_show(log, v) then
      least, most = math.min(least or v, v), math.max(most or v, v)
    end
  end
  return least, most
end

return matrix
