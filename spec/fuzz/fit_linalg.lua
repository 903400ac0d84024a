-- Arguments for spec/fuzz_spec.lua: decompositions and systems of equations.

local ssl = require "sslkit"

return function(fitting, kit)
  local pick, with = kit.pick, kit.with

  local function float() return pick { "float32", "float64" } end

  local function matrix(m, n, dtype)
    local t = ssl.randn(pick { { m, n }, { 2, m, n }, { 1, 3, m, n } }, dtype)
    return pick { t, t:transpose(-1, -2):contiguous():transpose(-1, -2) }
  end

  local function any()
    return matrix(math.random(0, 4), math.random(0, 4), float())
  end

  local function square()
    local n = math.random(0, 4)
    return matrix(n, n, float())
  end

  for _, name in ipairs { "eigh", "eigvalsh", "inv", "det", "slogdet" } do
    fitting[name] = with(square)
  end
  fitting.svdvals = with(any)
  fitting.svd = with(any, function() return pick { nil, { full_matrices = true } } end)
  fitting.qr = with(any, function()
    return pick { nil, { mode = "r" }, { mode = "complete" }, { mode = "reduced" } }
  end)
  fitting.cholesky = function()
    local a = square()
    return a:matmul(a:transpose(-1, -2)) + ssl.eye(a:size(-1), a:dtype())
  end
  local function sides(a)
    local n, dtype = a:size(-2), a:dtype()
    return pick { ssl.randn({ n }, dtype), matrix(n, math.random(0, 3), dtype) }
  end
  fitting.solve = function()
    local n, dtype = math.random(0, 4), float()
    local a = pick { ssl.randn({ n, n }, dtype), ssl.randn({ 1, 1, n, n }, dtype) }
    return a, sides(a)
  end
  fitting.solve_triangular = function()
    local a, b = fitting.solve()
    return a, b, pick { nil, { upper = true }, { upper = false } }
  end
  fitting.lstsq = function()
    local a = ssl.randn({ math.random(0, 5), math.random(0, 4) }, float())
    return a, sides(a), pick { nil, { rcond = 1e-3 } }
  end
end
