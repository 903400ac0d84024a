-- Grids of coordinates.

local core = require "sslkit.core"
local check = require "sslkit.check"

local T = core.methods

--- Grids of the coordinates of vectors: result i repeats vector i along all other dimensions, as a
-- view.
-- @param ... vectors, up to 8; then, perhaps, {indexing="ij"}: result dimension i belongs to vector
-- i, as in torch; "xy" exchanges the first two, as NumPy does by default
-- @return as many tensors
-- @example local x, y = ssl.meshgrid(ssl.arange(1, 2), ssl.arange(1, 3)); return y:size(2) --> 3
function T.meshgrid(...)
  local given = table.pack(...)
  local n, options = given.n, nil
  if n > 0 and type(given[n]) == "table" then n, options = n - 1, given[n] end
  local indexing = check.options(n + 1, options, { indexing = "ij" }).indexing
  check.one_of(n + 1, "indexing", indexing, { "ij", "xy" })
  if n == 0 then check.fail(1, "vector expected, got %s", check.kind(given[1])) end
  if n > 8 then check.fail(9, "%d dimensions; at most 8", n) end
  local place, shape, grids = {}, {}, {}
  for i = 1, n do
    local t = check.tensor(i, given[i])
    if core.dim(t) > 1 then check.fail(i, "vector expected, got %s", core.describe(t)) end
    place[i] = indexing == "xy" and n > 1 and i < 3 and 3 - i or i
    shape[place[i]] = core.numel(t)
  end
  for i = 1, n do
    local own = {}
    for d = 1, n do own[d] = d == place[i] and shape[d] or 1 end
    grids[i] = T.expand(T.reshape(given[i], own), shape)
  end
  return table.unpack(grids)
end

return T
