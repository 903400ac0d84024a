-- What losses of several views share: their checks, and embeddings of length 1.

local core = require "sslkit.core"
local check = require "sslkit.check"
local T = require "sslkit.tensor"

local views = {}

local TINY = 1e-12

--- z / max(|z|, 1e-12), row by row. A row as short as that has no direction, and no gradient.
function views.unit(z)
  local length = core.sqrt(core.sum(core.square(core.detach(z)), 2, true))
  local short = core.lt(length, TINY)
  if core.item(core.any(short)) == 1 then
    z = T.where(short, T.detach(z), z)
    return z / T.where(short, TINY, T.sqrt(T.sum(T.square(z), 2, true)))
  end
  return z / T.sqrt(T.sum(T.square(z), 2, true))
end

--- Embeddings [N,D], of the shape and dtype of `like` where that is given.
function views.check(argn, z, like)
  check.tensor(argn, z, { dtype = like and core.dtype(like) or "float", dim = 2 },
    "embeddings [N,D]")
  if like and not core.same_shape(z, like) then
    check.fail(argn, "embeddings %s expected, as in the first view, got %s", core.describe(like),
      core.describe(z))
  end
  return z
end

--- Two views of at least two samples.
function views.pair(z1, z2)
  views.check(1, z1)
  views.check(2, z2, z1)
  if core.size(z1, 1) < 2 then
    check.fail(1, "two samples at least expected, got %s", core.describe(z1))
  end
  return core.shape(z1)
end

--- The loss, unless it is no number to train by: then the row to blame is named.
function views.finite(loss, ...)
  local value = core.item(loss)
  if value - value == 0 then return loss end
  for argn = 1, select("#", ...) do
    local bad = core.logical_not(core.isfinite(core.detach((select(argn, ...)))))
    if core.item(core.any(bad)) == 1 then
      check.fail(argn, "row %d is not finite", core.item(core.argmax(core.any(bad, 2))))
    end
  end
  check.raise("the loss is %s", value ~= value and "nan" or ("%g"):format(value))
end

return views
