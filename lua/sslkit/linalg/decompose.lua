-- Matrices taken apart: eigenvalues, singular values, QR and Cholesky factors. All take batches:
-- the last two dimensions are the matrix. A function of several results leaves a node on each,
-- which names the others (grads/linalg.lua).
--
-- A single matrix of 800 rows and columns or more is shared out by LAPACK itself: here, and nowhere
-- else, the last bits may depend on the number of threads.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local ops = require "sslkit.tensor.ops"

local M = {}

local taped = ops.taped

local function eigen(a)
  local w, v = core.eigh(a, true)
  if taped(a) then
    hook.record("eigh_values", w, a, v)
    hook.record("eigh_vectors", v, a, w)
  end
  return w, v
end

local function singular(a, full)
  local u, s, vh = core.svd(a, full)
  if taped(a) then
    if full and core.size(a, -1) ~= core.size(a, -2) then
      check.raise("no gradient with full_matrices; use :detach() to pass it by")
    end
    hook.record("svd_u", u, a, s, vh)
    hook.record("svd_s", s, a, u, vh)
    hook.record("svd_vh", vh, a, u, s)
  end
  return u, s, vh
end

--- Eigenvalues, ascending, and eigenvectors of symmetric matrices (the lower triangle is read).
-- Gradients are those of PyTorch: infinite or NaN in the vectors of equal eigenvalues.
-- @param a float tensor [...,n,n]
-- @return values [...,n], vectors [...,n,n] in columns
-- @raise on NaN or Inf, and where LAPACK does not converge
-- @example ssl.linalg.eigh(ssl.tensor{{2, 0}, {0, 1}})[2] --> 2.0
function M.eigh(a)
  local w, v = eigen(a) -- no tail call: errors name the function whose frame stands
  return w, v
end

--- Eigenvalues of symmetric matrices, ascending (the lower triangle is read).
-- @param a float tensor [...,n,n]
-- @return tensor [...,n]
-- @raise on NaN or Inf, and where LAPACK does not converge
-- @example ssl.linalg.eigvalsh(ssl.tensor{{2, 0}, {0, 1}})[1] --> 1.0
function M.eigvalsh(a)
  if taped(a) then return (eigen(a)) end
  return (core.eigvalsh(a, true))
end

--- The singular value decomposition a = U diag(S) Vh. Gradients of U and Vh need singular values
-- that differ (they are infinite or NaN otherwise), and a loss that does not depend on the signs of
-- the vectors.
-- @param a float tensor [...,m,n]
-- @param options {full_matrices=false}; true gives U [...,m,m] and Vh [...,n,n], without gradients
-- @return U [...,m,r], S [...,r] descending, Vh [...,r,n], with r = min(m,n)
-- @raise on NaN or Inf, and where LAPACK does not converge
-- @example local u, s, vh = ssl.linalg.svd(ssl.tensor{{3, 0}, {0, 4}}); return s --> [4., 3.] (2) float32
function M.svd(a, options)
  local full = check.options(2, options, { full_matrices = false }).full_matrices
  if type(full) ~= "boolean" then
    check.fail(2, "full_matrices must be true or false, got %s", check.kind(full))
  end
  local u, s, vh = singular(a, full)
  return u, s, vh
end

--- Singular values, descending.
-- @param a float tensor [...,m,n]
-- @return tensor [...,min(m,n)]
-- @raise on NaN or Inf, and where LAPACK does not converge
-- @example ssl.linalg.svdvals(ssl.tensor{{3, 0}, {0, 4}})[1] --> 4.0
function M.svdvals(a)
  if not taped(a) then return (core.svdvals(a)) end
  local _, s = singular(a, false)
  return s
end

local MODES = { "reduced", "complete", "r" }

--- The QR decomposition a = Q R, R upper triangular, by Householder reflections (R's diagonal may
-- be negative). Gradients where m >= n and the columns are independent; in mode "complete" for m = n.
-- @param a float tensor [...,m,n]
-- @param options {mode="reduced" | "complete" | "r" (R alone)}
-- @return Q [...,m,r], R [...,r,n] with r = min(m,n), or m in mode "complete"
-- @raise on NaN or Inf
-- @example local q, r = ssl.linalg.qr(ssl.tensor{{3, 1}, {4, 2}}); return r:abs():at(1, 1) --> 5.0
function M.qr(a, options)
  local mode = check.options(2, options, { mode = "reduced" }).mode
  check.one_of(2, "mode", mode, MODES)
  if mode == "r" and not taped(a) then return (core.qr(a, false, true)) end
  local q, r = core.qr(a, mode == "complete")
  if taped(a) then
    local m, n = core.size(a, -2), core.size(a, -1)
    if m < n or mode == "complete" and m > n then
      check.raise("no gradient for %s in mode '%s'; use :detach() to pass it by",
        core.describe(a), mode)
    end
    hook.record("qr_q", q, a, r)
    hook.record("qr_r", r, a, q)
  end
  if mode == "r" then return r end
  return q, r
end

--- The Cholesky factor of symmetric positive definite matrices: L lower triangular, a = L L^T (the
-- lower triangle of a is read).
-- @param a float tensor [...,n,n]
-- @return L [...,n,n]
-- @raise where a matrix is not positive definite, and on NaN or Inf
-- @example ssl.linalg.cholesky(ssl.tensor{{4, 2}, {2, 5}}):totable()[2][1] --> 1.0
M.cholesky = ops.recorded("cholesky", 0)

return M
