-- What every metric does with its input first: N samples of width D, float, finite.

local core = require "sslkit.core"
local check = require "sslkit.check"
local T = require "sslkit.tensor"

local rows = {}

local POLICIES = { "error", "skip", "propagate" }
rows.POLICIES = POLICIES

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

local function as_double(z) return core.dtype(z) == "float64" and z or core.to(z, "float64") end

--- Two matrices of which row i of one belongs to row i of the other, arguments 1 and 2 (the options
-- are the third), after the policy on NaN and infinity: "skip" drops a row from both. Gives both, of
-- one dtype, and how many rows were skipped; nil and the reason where a NaN is to be passed on.
function rows.pair(x, y, policy)
  x, y = rows.matrix(1, x), rows.matrix(2, y)
  if core.len(x) ~= core.len(y) then
    check.fail(2, "%d rows expected, as many as the first has, got %s", core.len(x),
      core.describe(y))
  end
  local skipped = 0
  if policy == "skip" and (core.nonfinite_row(x) or core.nonfinite_row(y)) then
    local keep = core.logical_and(rows.which_finite(x), rows.which_finite(y))
    skipped = core.len(x)
    x, y = core.masked_select(x, keep), core.masked_select(y, keep)
    skipped = skipped - core.len(x)
    if core.len(x) == 0 then check.fail(1, "no row is finite in both") end
  else
    local reason
    x, reason = rows.finite(1, x, policy, 3)
    if x then y, reason = rows.finite(2, y, policy, 3) end
    if not (x and y) then return nil, reason end
  end
  if core.dtype(x) ~= core.dtype(y) then x, y = as_double(x), as_double(y) end
  return x, y, skipped
end

--- Two sets of rows of one width, arguments 1 and 2, after the policy on NaN and infinity; like
-- rows.pair, but each loses its own rows.
function rows.two(x, y, policy)
  x, y = rows.matrix(1, x), rows.matrix(2, y)
  if core.size(x, 2) ~= core.size(y, 2) then
    check.fail(2, "rows of width %d expected, as the first has, got %s", core.size(x, 2),
      core.describe(y))
  end
  local gone, also
  x, gone = rows.finite(1, x, policy, 3)
  if not x then return nil, gone end
  y, also = rows.finite(2, y, policy, 3)
  if not y then return nil, also end
  if core.dtype(x) ~= core.dtype(y) then x, y = as_double(x), as_double(y) end
  return x, y, gone + also
end

--- Some rows of a matrix, drawn by the seed, where it has more than that many; of several matrices
-- the same rows, and in their order. Gives a list.
function rows.sample(list, most, seed)
  local n = core.len(list[1])
  if n <= most then return list end
  local order = T.randperm(n, { generator = T.generator(seed) })
  local chosen = T.zeros({ n }, "uint8")
  chosen[order:narrow(1, 1, most)] = 1
  local out = {}
  for i, z in ipairs(list) do out[i] = T.masked_select(z, chosen) end
  return out
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

--- Two matrices by one and the same power of two.
function rows.in_common_range(x, y)
  local _, p = rows.in_range(x)
  local _, q = rows.in_range(y)
  local power = math.max(p, q)
  if p == 1 and q == 1 then return x, y, 1.0 end
  return core.div(x, power), core.div(y, power), power
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
