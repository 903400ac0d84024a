-- Arguments that fit products, distances and parts of matrices (spec/fuzz/arguments.lua).

local ssl = require "sslkit"

return function(fitting, kit)
  local pick, with, same = kit.pick, kit.with, kit.same

  local function some_dtype() return pick { "float32", "float64" } end
  local function matrices(dtype)
    local shape = { math.random(0, 4), math.random(0, 4) }
    if math.random(2) == 1 then table.insert(shape, 1, math.random(0, 2)) end
    return ssl.randn(shape, dtype or some_dtype())
  end
  local function offset() return pick { nil, 0, 1, -2, math.random(-5, 5) } end
  local function vector() return ssl.randn(math.random(0, 4)) end

  fitting.triu, fitting.tril = with(matrices, offset), with(matrices, offset)
  fitting.trace, fitting.matrix_rank = with(matrices), with(matrices)
  fitting.pinv = with(matrices)
  fitting.expm = with(function() return pick { kit.square(), ssl.randn(2, 3, 3) } end)
  fitting.norm = with(matrices, function() return pick { 1, 2, "fro", "nuc", nil } end)
  fitting.cdist = function()
    local dtype, d = some_dtype(), math.random(0, 5)
    local x, y = ssl.randn({ math.random(0, 20), d }, dtype), ssl.randn({ 14, d }, dtype)
    return x, pick { y, same(x) }, pick { nil, { p = pick { 0, 1, 2, 3, 0.5, math.huge } } }
  end
  fitting.outer = function() return vector(), vector() end
  fitting.meshgrid = function()
    return vector(), vector(), pick { nil, { indexing = pick { "ij", "xy" } } }
  end
  fitting.einsum = function()
    local dtype, k = some_dtype(), math.random(0, 3)
    local a, b = ssl.randn({ 2, k }, dtype), ssl.randn({ k, 3 }, dtype)
    return pick { "ij,jk->ik", "ij,jk", "ij,jk->", "aj,...->a...", "...j,jk->...k" }, a, b
  end
end
