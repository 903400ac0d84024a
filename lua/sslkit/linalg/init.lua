-- Linear algebra: decompositions, solvers, norms and distances. Products and parts of matrices are
-- methods of the tensor, too; the rest is LAPACK and what is made of it.

require "sslkit.linalg.product"

local linalg = {}

for _, functions in ipairs {
  (require "sslkit.linalg.decompose"),
  (require "sslkit.linalg.solve"),
  (require "sslkit.linalg.matrix"),
  (require "sslkit.linalg.norm"),
  (require "sslkit.linalg.expm"),
  (require "sslkit.linalg.distance"),
} do
  for name, f in pairs(functions) do linalg[name] = f end
end

return linalg
