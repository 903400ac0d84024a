-- Parts of matrices, their rank and pseudo-inverse. All take batches: the last two dimensions are
-- the matrix.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local decompose = require "sslkit.linalg.decompose"
local precision = require "sslkit.linalg.precision"

local T = core.methods

local M = {}

-- {== Triangles and the diagonal ===========================================

local function triangle(name)
  local f = core[name]
  return function(t, k)
    local out = f(t, k)
    if hook.record then hook.record(name, out, t, k) end
    return out
  end
end

--- The upper triangle: zeros below the k-th diagonal.
-- @param t tensor [...,m,n]
-- @param k diagonal (0, the main one); above it positive, below it negative
-- @return tensor [...,m,n]
-- @example ssl.ones(3, 3):triu(1):sum():item() --> 3.0
T.triu = triangle "triu"

--- The lower triangle: zeros above the k-th diagonal.
-- @param t tensor [...,m,n]
-- @param k diagonal (0, the main one); above it positive, below it negative
-- @return tensor [...,m,n]
-- @example ssl.ones(3, 3):tril():sum():item() --> 6.0
T.tril = triangle "tril"

--- The sum of the main diagonal. Of uint8 it is int64.
-- @param t tensor [...,m,n]
-- @return tensor [...]
-- @example ssl.tensor{{1, 2}, {3, 4}}:trace():item() --> 5.0
function T.trace(t)
  check.tensor(1, t)
  if core.dim(t) < 2 then check.fail(1, "matrix expected, got %s", core.describe(t)) end
  return (T.sum(T.diagonal(t, 0, -2, -1), -1))
end

M.triu, M.tril, M.trace = T.triu, T.tril, T.trace

-- ==}

-- {== Rank and pseudo-inverse ===============================================

local function check_matrix(a)
  check.tensor(1, a, { dtype = "float" })
  if core.dim(a) < 2 then check.fail(1, "matrix expected, got %s", core.describe(a)) end
end

-- The largest of the last dimension, which is kept; 0 of none.
local function largest(s)
  if core.size(s, -1) > 0 then return core.amax(s, -1, true) end
  return core.sum(s, -1, true)
end

--- How many singular values are above a tolerance, max(atol, rtol largest).
-- @param a float tensor [...,m,n]
-- @param options {rtol=max(m, n) eps, or 0 where atol is given, atol=0, hermitian=false: symmetric
-- matrices, by their eigenvalues, of which the lower triangle is read}
-- @return int64 tensor [...]
-- @raise on NaN or Inf
-- @example ssl.linalg.matrix_rank(ssl.ones(3, 3)):item() --> 1
function M.matrix_rank(a, options)
  check_matrix(a)
  options = check.options(2, options, { atol = 0, hermitian = false }, { rtol = true })
  local atol = check.number(2, "atol", options.atol, 0)
  local rtol = options.rtol
  if rtol == nil then rtol = atol > 0 and 0 or precision(a) end
  check.number(2, "rtol", rtol, 0)
  if type(options.hermitian) ~= "boolean" then
    check.fail(2, "hermitian must be true or false, got %s", check.kind(options.hermitian))
  end
  local s = core.detach(a)
  s = options.hermitian and core.abs(decompose.eigvalsh(s)) or decompose.svdvals(s)
  local tolerance = core.maximum(core.mul(largest(s), rtol), atol)
  return (core.sum(core.gt(s, tolerance), -1))
end

--- The Moore-Penrose pseudo-inverse. Its gradient holds where the rank does not change.
-- @param a float tensor [...,m,n]
-- @param options {rcond=max(m, n) eps}: singular values up to that share of the largest count as 0
-- @return tensor [...,n,m]
-- @raise on NaN or Inf, and where LAPACK does not converge
-- @source Golub and Pereyra 1973, for the gradient
-- @example ssl.linalg.pinv(ssl.tensor{{2, 0}, {0, 0}}):at(1, 1) --> 0.5
function M.pinv(a, options)
  check_matrix(a)
  local rcond = check.options(2, options, {}, { rcond = true }).rcond
  rcond = check.number(2, "rcond", rcond == nil and precision(a) or rcond, 0)
  local u, s, vh = decompose.svd(core.detach(a))
  local kept = core.gt(s, core.mul(largest(s), rcond))
  local inverse = core.where(kept, core.reciprocal(s), 0)
  local v = core.mul(core.transpose(vh, -1, -2), core.unsqueeze(inverse, -2))
  local out = core.matmul(v, core.transpose(u, -1, -2))
  if hook.record then hook.record("pinv", out, a) end
  return out
end

-- ==}

return M
