-- Tables with values of other rows: which cells, and from where.

local range = require "sslkit.augment.range"
local T = require "sslkit.tensor"

local corrupting = {}

-- Kinds: how many cells of a row at the given rate. `exact`: that share of them, rounded down.
corrupting.KINDS = { scarf = { exact = true, rate = 0.6 }, swap = { rate = 0.15 } }

function corrupting.check_rate(rate, fail)
  if type(rate) ~= "number" or not (rate >= 0 and rate <= 1) then
    fail("rate must be a number from 0 to 1, got %s", range.show(rate))
  end
end

-- 1 in the share `rate` of the columns of each row.
local function some_columns(u, rate)
  local n, d = u:shape()
  local count = math.floor(rate * d + 1e-9)
  local mask = T.zeros({ n, d }, "uint8")
  if count == 0 or n == 0 then return mask end
  local chosen = T.argsort(u, 2):narrow(2, 1, count)
  return mask:scatter_(2, chosen, T.ones({ n, count }, "uint8"))
end

--- Cells of x replaced by the values that random rows of the reference have in their column.
-- @param x float [N,D]; reference [R,D], R > 0
-- @param exact is that share of each row replaced, or each cell with that probability?
-- @param draws as operations have them
-- @return [N,D] and the mask uint8 [N,D] of what was replaced
function corrupting.apply(x, reference, exact, rate, draws)
  local d = x:size(2)
  local u = draws(2 * d)
  local which, from = u:narrow(2, 1, d), u:narrow(2, d + 1, 2 * d)
  local mask = exact and some_columns(which, rate) or which:lt(rate)
  local rows = (T.floor(from * #reference) + 1):to "int64"
  return T.where(mask, T.gather(reference, 1, rows), x), mask
end

return corrupting
