-- What every metric does with its input first: N samples of width D, float, finite.

local core = require "sslkit.core"
local check = require "sslkit.check"

local rows = {}

local POLICIES = { "error", "skip", "propagate" }

--- The tensor as the engines want it: two-dimensional, with rows and columns, off the tape.
function rows.matrix(argn, z, what)
  check.tensor(argn, z, { dtype = "float", dim = 2 }, what)
  if core.size(z, 1) == 0 or core.size(z, 2) == 0 then
    check.fail(argn, "at least one row and one column expected, got %s", core.describe(z))
  end
  return core.contiguous(core.detach(z))
end

--- A mask of the rows without NaN and infinity.
function rows.which_finite(z)
  local bad = core.logical_not(core.isfinite(z))
  return core.logical_not(core.any(bad, 2))
end

--- The matrix after the policy on NaN and infinity ("error", the default, "skip" or "propagate"), and
-- how many rows were skipped. With "propagate" and something to propagate: nil and the reason. The
-- options are the argument behind z, unless told otherwise.
function rows.finite(argn, z, policy, options_argn)
  z = rows.matrix(argn, z)
  check.one_of(options_argn or argn + 1, "nan", policy or "error", POLICIES)
  local bad = core.nonfinite_row(z)
  if not bad then return z, 0 end
  if policy == "propagate" then return nil, ("row %d holds a NaN or an infinity"):format(bad) end
  if policy ~= "skip" then
    check.fail(argn, "row %d of %s holds a NaN or an infinity; see the option nan", bad,
      core.describe(z))
  end
  local kept = core.masked_select(z, rows.which_finite(z))
  if core.len(kept) == 0 then
    check.fail(argn, "every row of %s holds a NaN or an infinity", core.describe(z))
  end
  return kept, core.len(z) - core.len(kept)
end

--- Squares leave float64's range for elements beyond 1e154 either way; such a matrix is brought to
-- about 1 by a power of two. Gives the matrix and that power.
function rows.in_range(z)
  if core.dtype(z) == "float32" then return z, 1.0 end
  local a = math.max(core.item(core.amax(z)), -core.item(core.amin(z)))
  if a == 0 or a > 1e-120 and a < 1e120 then return z, 1.0 end
  local power = 2.0 ^ math.floor(math.log(a, 2))
  return core.div(z, power), power
end

--- Finite rows of one width, for what gathers them block by block.
function rows.of_width(argn, z, width)
  z = rows.finite(argn, z)
  if core.size(z, 2) ~= width then
    check.fail(argn, "tensor (N,%d) expected, got %s", width, core.describe(z))
  end
  return z
end

return rows
