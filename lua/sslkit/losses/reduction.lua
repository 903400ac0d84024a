-- "mean", "sum" or "none" of one loss a row. A mean or sum that is not finite raises, naming the
-- first row to blame: training would go on with it to no good.

local core = require "sslkit.core"
local check = require "sslkit.check"
local T = require "sslkit.tensor"

local function text(v) return v ~= v and "nan" or ("%g"):format(v) end

local function blame(rows, value)
  if core.numel(rows) == 0 then check.raise("the loss of no rows is not defined") end
  local bad = core.logical_not(core.isfinite(rows))
  if core.item(core.any(bad)) == 0 then check.raise("the loss is %s", text(value)) end
  local row = core.item(core.argmax(bad))
  check.raise("%s %d has a loss of %s", core.dim(rows) > 1 and "element" or "row", row,
    text(core.detach(rows):view(-1)[row]))
end

-- `weight`: what the mean divides by instead of the number of rows.
return function(argn, rows, reduction, weight)
  check.one_of(argn, "reduction", reduction, { "mean", "sum", "none" })
  if reduction == "none" then return rows end
  local out
  if reduction == "sum" then
    out = T.sum(rows)
  else
    out = weight and T.sum(rows) / weight or T.mean(rows)
  end
  local value = core.item(out)
  if value ~= value or value == math.huge or value == -math.huge then blame(rows, value) end
  return out
end
