-- "mean", "sum" or "none" of one loss a row.

local check = require "sslkit.check"
local T = require "sslkit.tensor"

return function(argn, loss, reduction)
  check.one_of(argn, "reduction", reduction, { "mean", "sum", "none" })
  if reduction == "mean" then return T.mean(loss) end
  return reduction == "sum" and T.sum(loss) or loss
end
