-- Gradient rules of decompositions, equations and determinants. Each of a decomposition's results
-- has a rule that is given the others as arguments: they are on the tape themselves, so that second
-- derivatives see all of them as functions of the matrix.

local core = require "sslkit.core"
local decompose = require "sslkit.linalg.decompose"
local solve = require "sslkit.linalg.solve"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule, needs, sum_to = tools.rule, tools.needs, tools.sum_to
local matmul, inv = T.matmul, solve.inv

local function turned(x) return T.transpose(x, -1, -2) end
local function rows(x) return T.unsqueeze(x, -1) end -- one number a row
local function columns(x) return T.unsqueeze(x, -2) end
local function upper_solved(a, b) return (solve.solve_triangular(a, b, { upper = true })) end

-- x_j - x_i, and 1 on the diagonal.
local function gaps(x)
  return columns(x) - rows(x) + T.eye(core.size(x, -1), core.dtype(x))
end

-- Ones below the diagonal, `on` on it, zeros above.
local function lower(x, on)
  local n = core.size(x, -1)
  local at = T.arange(1, n)
  return T.gt(T.unsqueeze(at, 2), at):to(core.dtype(x)) + T.eye(n, core.dtype(x)) * on
end

-- {== Eigenvalues and singular values =======================================

rule("eigh_values", { 2 }, function(g, _, _, v) return matmul(v * columns(g), turned(v)) end)

rule("eigh_vectors", { 0, 2 }, function(g, v, _, w)
  local off = 1 - T.eye(core.size(w, -1), core.dtype(w))
  return matmul(v, matmul(matmul(turned(v), g) / gaps(w) * off, turned(v)))
end)

rule("svd_s", { 2, 3 }, function(g, _, _, u, vh) return matmul(u * columns(g), vh) end)

-- What turns the vectors within their space, for p = U^T g: (p - p^T) over the gaps of the squares.
local function turn(p, s) return (p - turned(p)) / gaps(T.square(s)) end

rule("svd_u", { 0, 2, 3 }, function(g, u, _, s, vh)
  local p = matmul(turned(u), g)
  local inner = matmul(u, turn(p, s) * columns(s))
  if core.size(u, -2) > core.size(u, -1) then inner = inner + (g - matmul(u, p)) / columns(s) end
  return matmul(inner, vh)
end)

rule("svd_vh", { 0, 2, 3 }, function(g, vh, _, u, s)
  local p = matmul(vh, turned(g))
  local inner = rows(s) * matmul(turn(p, s), vh)
  if core.size(vh, -1) > core.size(vh, -2) then
    inner = inner + (g - matmul(turned(p), vh)) / rows(s)
  end
  return matmul(u, inner)
end)

-- ==}

-- {== Factors ================================================================

-- The symmetric matrix with x's upper triangle.
local function from_upper(x)
  local half = turned(lower(x, 0.5)) * x
  return half + turned(half)
end

-- x R^-T
local function over(x, r) return turned(upper_solved(r, turned(x))) end

rule("qr_q", { 0, 2 }, function(g, q, _, r)
  return over(g - matmul(q, from_upper(matmul(turned(q), g))), r)
end)

rule("qr_r", { 0, 2 }, function(g, r, _, q)
  return over(matmul(q, from_upper(matmul(g, turned(r)))), r)
end)

-- L^-T of the symmetric part of (L^T g)'s lower triangle, with half its diagonal, L^-1.
rule("cholesky", { 0 }, function(g, l)
  local p = matmul(turned(l), g) * lower(l, 0.5)
  local half = upper_solved(turned(l), (p + turned(p)) * 0.5)
  return upper_solved(turned(l), turned(half))
end)

-- ==}

-- {== Equations ==============================================================

rule("solve", { 0, 1 }, function(g, x, a, b)
  local y = solve.solve(turned(a), g)
  return needs(a) and sum_to(-matmul(y, turned(x)), a), needs(b) and sum_to(y, b)
end)

rule("solve_triangular", { 0, 1 }, function(g, x, a, b, upper)
  local y = solve.solve_triangular(turned(a), g, { upper = not upper })
  local triangle = upper and turned(lower(a, 1)) or lower(a, 1)
  return needs(a) and sum_to(-matmul(y, turned(x)) * triangle, a), needs(b) and sum_to(y, b)
end)

-- With z = (A^T A)^-1 g and y = A z: da = (b - A x) z^T - y x^T, db = y.
rule("lstsq", { 0, 1, 2 }, function(g, x, a, b)
  local q, r = decompose.qr(a)
  local half = solve.solve_triangular(turned(r), g)
  local z, y = upper_solved(r, half), matmul(q, half)
  return needs(a) and sum_to(matmul(b - matmul(a, x), turned(z)) - matmul(y, turned(x)), a),
    needs(b) and sum_to(y, b)
end)

rule("inv", { 0 }, function(g, out)
  return -matmul(turned(out), matmul(g, turned(out)))
end)

-- ==}

-- {== Determinants ===========================================================

local function scalar(x) return T.unsqueeze(T.unsqueeze(x, -1), -1) end

-- The cofactors, of singular matrices too: each singular value's share is the product of the
-- others.
local function cofactors(a)
  local u, s, vh = decompose.svd(a)
  local n = core.size(s, -1)
  local others = T.prod(T.where(T.eye(n, "uint8"), 1, columns(s)), -1)
  local sign = T.sign(core.det(u) * core.det(vh)) -- a constant
  return scalar(sign) * matmul(u * columns(others), vh)
end

rule("det", { 0, 1 }, function(g, out, a)
  if core.item(core.all(out)) == 1 then return scalar(g * out) * turned(inv(a)) end
  return scalar(g) * cofactors(a)
end)

rule("slogdet_sign", {}, function() end) -- flat
rule("slogdet", { 1 }, function(g, _, a) return scalar(g) * turned(inv(a)) end)

-- ==}
