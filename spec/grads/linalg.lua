-- Cases of spec/grads_spec.lua: decompositions, equations, determinants. The signs of singular and
-- eigenvectors are LAPACK's choice, so that what is checked does not depend on them.

local ssl = require "sslkit"

local F64 = "float64"

return function(case, kit)
  local normal = kit.normal
  local L = ssl.linalg

  local function turned(x) return x:transpose(-1, -2) end
  local function symmetric(x) return x + turned(x) end
  local function eye_like(x) return ssl.eye(x:size(-1), x:dtype()) end

  -- Matrices with singular values 1, 2, ...: neither close together nor near 0.
  local function spread(...)
    local u, s, vh = L.svd(normal(...))
    return (u * ssl.arange(1, s:size(-1), 1, F64)):matmul(vh)
  end

  for _, shape in ipairs { { 3, 3 }, { 4, 2 }, { 2, 4 }, { 2, 3, 2 }, { 1, 1 } } do
    local function x() return spread(table.unpack(shape)) end
    case("svd_s", L.svdvals, x())
    case("svd_s", function(a) return select(2, L.svd(turned(a))) end, x())
    case("svd_u", function(a) return (L.svd(a)):abs() end, x())
    case("svd_u", function(a)
      local u, s, vh = L.svd(a)
      return (u:square() * s:unsqueeze(-2)):matmul(vh:square())
    end, x())
    case("svd_vh", function(a) return select(3, L.svd(a)):abs() end, x())
  end

  for _, shape in ipairs { { 3, 3 }, { 2, 3, 3 }, { 1, 1 } } do
    local function x() return spread(table.unpack(shape)) end
    local n = shape[#shape]
    case("eigh_values", function(a) return L.eigvalsh(symmetric(a)) end, x())
    case("eigh_vectors", function(a)
      local w, v = L.eigh(symmetric(a))
      return v:abs() * w:unsqueeze(-2)
    end, x())
    case("cholesky", function(a) return L.cholesky(a:matmul(turned(a)) + eye_like(a)) end, x())
    case("inv", L.inv, x())
    case("inv", function(a) return L.inv(turned(a)) end, x())
    case("det", L.det, x())
    case("slogdet_sign", function(a) return (L.slogdet(a)) * a:sum() end, x())
    case("slogdet", function(a) return select(2, L.slogdet(a)) end, x())
    case("solve", L.solve, x(), normal(n, 2))
    case("solve", L.solve, x(), normal(n))
    case("solve", L.solve, x(), normal(2, n, 1))
    for _, upper in ipairs { true, false } do
      case("solve_triangular", function(a, b)
        return L.solve_triangular(a + eye_like(a) * 4, b, { upper = upper })
      end, x(), normal(n, 2))
    end
  end
  case("det", L.det, ssl.tensor({ { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 10 } }, F64))

  for _, shape in ipairs { { 3, 3 }, { 4, 2 }, { 2, 4, 3 } } do
    local function x() return spread(table.unpack(shape)) end
    local m = shape[#shape - 1]
    case("qr_q", function(a) return (L.qr(a)) end, x())
    case("qr_r", function(a) return (L.qr(a, { mode = "r" })) end, x())
    case("qr_r", function(a)
      local q, r = L.qr(a)
      return q:matmul(r:square())
    end, x())
    case("lstsq", function(a, b) return (L.lstsq(a, b)) end, x(), normal(m, 2))
    case("lstsq", function(a, b) return (L.lstsq(a, b)) end, x(), normal(m))
  end
  case("lstsq", function(a, b)
    local solution, left = L.lstsq(a, b)
    return solution * left:sum()
  end, spread(4, 2), normal(4, 2))
  case("qr_q", function(a) return (L.qr(a, { mode = "complete" })) end, spread(3, 3))
end
