-- Linear algebra: products are methods of the tensor too, the rest is LAPACK.

local core = require "sslkit.core"
local hook = require "sslkit.tensor.hook"

require "sslkit.linalg.product"

local linalg = {}

-- A function without a gradient rule: on the tape, recording it raises.
local function decomposition(name)
  local f = core[name]
  return function(a)
    local first, second = f(a)
    if hook.record then hook.record(name, first, a) end
    return first, second
  end
end

--- Eigenvalues, ascending, and eigenvectors of a symmetric matrix (its lower triangle is read).
-- @param a float tensor [n,n]
-- @return values [n], vectors [n,n] in columns
-- @raise on NaN or Inf, and where LAPACK does not converge
-- @example ssl.linalg.eigh(ssl.tensor{{2, 0}, {0, 1}})[2] --> 2.0
linalg.eigh = decomposition "eigh"

--- Eigenvalues of a symmetric matrix, ascending (its lower triangle is read).
-- @param a float tensor [n,n]
-- @return tensor [n]
-- @raise on NaN or Inf, and where LAPACK does not converge
-- @example ssl.linalg.eigvalsh(ssl.tensor{{2, 0}, {0, 1}})[1] --> 1.0
linalg.eigvalsh = decomposition "eigvalsh"

--- Singular values, descending.
-- @param a float tensor [m,n]
-- @return tensor [min(m,n)]
-- @raise on NaN or Inf, and where LAPACK does not converge
-- @example ssl.linalg.svdvals(ssl.tensor{{3, 0}, {0, 4}})[1] --> 4.0
linalg.svdvals = decomposition "svdvals"

return linalg
