-- Systems of equations, inverses and determinants. All take batches: the last two dimensions are
-- the matrix, and those before them broadcast.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local ops = require "sslkit.tensor.ops"
local precision = require "sslkit.linalg.precision"
local decompose = require "sslkit.linalg.decompose"

local T = core.methods

local M = {}

-- f(a, b) for right-hand sides b that may be one vector.
local function with_sides(f, a, b)
  check.tensor(1, a, { dtype = "float" })
  check.tensor(2, b, { dtype = "float" })
  if core.dim(b) ~= 1 then return f(a, b) end
  if core.dim(a) > 1 and core.size(a, -2) ~= core.size(b, 1) then
    check.fail(2, "numbers of rows differ: %s and %s", core.describe(a), core.describe(b))
  end
  return T.squeeze(f(a, T.unsqueeze(b, 2)), -1)
end

local function solved(a, b)
  local out = core.solve(a, b)
  if hook.record then hook.record("solve", out, a, b) end
  return out
end

--- Solves a x = b.
-- @param a float tensor [...,n,n]
-- @param b tensor [...,n,k], or one vector [n]; batches broadcast
-- @return x, [...,n,k] or [...,n]
-- @raise where a matrix is singular, and on NaN or Inf
-- @example ssl.linalg.solve(ssl.tensor{{2, 0}, {0, 4}}, ssl.tensor{2, 2})[2] --> 0.5
function M.solve(a, b) return (with_sides(solved, a, b)) end

--- Solves a x = b where a is triangular; the other triangle is not read.
-- @param a float tensor [...,n,n]
-- @param b tensor [...,n,k], or one vector [n]; batches broadcast
-- @param options {upper=false}
-- @return x, [...,n,k] or [...,n]
-- @raise where the diagonal holds a 0, and on NaN or Inf
-- @example ssl.linalg.solve_triangular(ssl.tensor{{2, 0}, {1, 4}}, ssl.tensor{2, 5})[2] --> 1.0
function M.solve_triangular(a, b, options)
  local upper = check.options(3, options, { upper = false }).upper
  if type(upper) ~= "boolean" then
    check.fail(3, "upper must be true or false, got %s", check.kind(upper))
  end
  return (with_sides(function(matrix, sides)
    local out = core.solve_triangular(matrix, sides, upper)
    if hook.record then hook.record("solve_triangular", out, matrix, sides, upper) end
    return out
  end, a, b))
end

-- On the tape: what depends on a and b besides the solution is made of operations with gradients.
local function taped_lstsq(a, b, x, rank, full)
  if not full then
    check.raise("no gradient where the columns of the matrix are not independent; use :detach()")
  end
  hook.record("lstsq", x, a, b)
  return x, T.sum(T.square(b - T.matmul(a, x)), -2), rank, decompose.svdvals(a)
end

--- Least squares: the x of least norm among those that make |a x - b| smallest, by the singular
-- value decomposition. Gradients where the columns of a are independent.
-- @param a float tensor [...,m,n]
-- @param b tensor [...,m,k], or one vector [m]; batches broadcast
-- @param options {rcond=eps max(m,n)}: singular values up to that share of the largest count as 0
-- @return x [...,n,k] or [...,n]; the sums of squares left, [...,k] (none, [0], unless m > n and
-- every rank is n); ranks [...], int64; singular values [...,min(m,n)]
-- @raise on NaN or Inf, and where LAPACK does not converge
-- @example ssl.linalg.lstsq(ssl.tensor{{1, 0}, {0, 2}, {0, 0}}, ssl.tensor{1, 2, 3}) --> [1., 1.] (2) float32
function M.lstsq(a, b, options)
  check.tensor(1, a, { dtype = "float" })
  check.tensor(2, b, { dtype = "float" })
  local rcond = check.options(3, options, {}, { rcond = true }).rcond
  if rcond ~= nil then check.number(3, "rcond", rcond, 0) end
  local vector = core.dim(b) == 1
  if vector then b = T.unsqueeze(b, 2) end
  if core.dim(a) < 2 then
    check.fail(1, "tensor with 2 dimensions or more expected, got %s", core.describe(a))
  end
  local m, n = core.size(a, -2), core.size(a, -1)
  local x, left, s, rank = core.lstsq(a, b, rcond or precision(a))
  local full = core.numel(rank) == 0 or core.item(core.amin(rank)) == n
  if ops.taped(a, b) then x, left, rank, s = taped_lstsq(a, b, x, rank, full and m >= n) end
  if not full or m <= n then left = T.zeros({ 0 }, core.dtype(a)) end
  if vector then x = T.squeeze(x, -1) end
  return x, left, rank, s
end

--- Inverses.
-- @param a float tensor [...,n,n]
-- @return tensor [...,n,n]
-- @raise where a matrix is singular, and on NaN or Inf
-- @example ssl.linalg.inv(ssl.tensor{{2, 0}, {0, 4}}):at(2, 2) --> 0.25
M.inv = ops.recorded("inv", 0)

--- Determinants.
-- @param a float tensor [...,n,n]
-- @return tensor [...]
-- @raise on NaN or Inf
-- @example ssl.linalg.det(ssl.tensor{{1, 2}, {3, 4}}):item() --> -2.0
M.det = ops.recorded("det", 0)

--- Signs and logarithms of the absolute values of determinants; 0 and -inf of singular matrices,
-- whose logarithm has no gradient.
-- @param a float tensor [...,n,n]
-- @return signs [...], logarithms [...]
-- @raise on NaN or Inf
-- @example local sign, log = ssl.linalg.slogdet(ssl.tensor{{0, 1}, {1, 0}}); return sign:item() --> -1.0
function M.slogdet(a)
  local sign, log = core.slogdet(a)
  if hook.record then
    hook.record("slogdet_sign", sign, a)
    hook.record("slogdet", log, a)
  end
  return sign, log
end

return M
