-- Whitening: rows whose covariance is the identity.

local core = require "sslkit.core"
local check = require "sslkit.check"
local principal = require "sslkit.postprocess.axes"
local T = require "sslkit.tensor"
local transform = require "sslkit.postprocess.transform"

local KINDS = { "pca", "zca", "cholesky" }

-- L^-T with L L^T the covariance (plus eps). L is the triangle of a QR decomposition of a root of it,
-- which is twice as exact as one of the covariance itself.
local function cholesky(argn, a, eps)
  if a.r < a.d and eps == 0 then
    check.fail(argn, "the covariance is singular, rank %d of %d: whiten with eps, or by pca or zca",
      a.r, a.d)
  end
  local root = (a.axis * a.deviations):t()
  if eps > 0 then root = T.cat { root, T.eye(a.d, "float64") * math.sqrt(eps) } end
  local _, upper = core.qr(root:contiguous())
  upper = upper * core.sign(upper:diagonal()):unsqueeze(2)
  return core.solve_triangular(upper, T.eye(a.d, "float64"), true)
end

local function fit(argn, z, o, policy)
  local a = principal(argn, z, o.floor, policy)
  local matrix
  if o.kind == "cholesky" then
    matrix = cholesky(argn, a, o.eps)
  else
    matrix = a.axis / (o.eps > 0 and (a.values + o.eps):sqrt() or a.deviations)
    if o.kind == "zca" then matrix = matrix:matmul(a.axis:t()) end
  end
  return { n = a.n, d = a.d, mean = a.mean, matrix = matrix, values = a.values }
end

--- Whitens: the fitted rows get the identity as their (unbiased) covariance. "pca" turns them to their
-- principal axes, the largest first; "zca" turns back, which changes the rows least; "cholesky" multiplies
-- by the inverse of the covariance's triangular factor, as W-MSE does. Directions without variance are
-- left out of "pca" and become 0 by "zca"; by "cholesky" they are an error.
-- @param options {kind="pca", "zca" or "cholesky", eps=0 (added to the eigenvalues), floor=1e-12 (share of
-- the largest eigenvalue below which a direction has no variance)}
-- @return transform: fit(Z) returns itself, apply(Z)
-- @raise unknown options; fit: fewer than two rows, no variance
-- @source Kessy, Lewin, Strimmer 2018, "Optimal whitening and decorrelation", The American Statistician
-- @example ssl.postprocess.whiten():fit(ssl.tensor{{3, 1}, {3, -1}, {-3, 1}, {-3, -1}}).values --> [12.0000, 1.3333] (2) float64
local function whiten(options)
  local o = check.options(1, options, { kind = "pca", eps = 0, floor = 1e-12 })
  check.one_of(1, "kind", o.kind, KINDS)
  check.number(1, "eps", o.eps, 0)
  check.number(1, "floor", o.floor, 0, 1)
  return (transform.new("whiten", o, fit))
end

return whiten
