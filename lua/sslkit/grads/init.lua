-- The gradient rules: one table, one entry an operation. backward(g, out, arguments...) returns the
-- gradients of the arguments in their order (nil or false where there is none). `saves` says which
-- values the rule reads, 0 being the result: those must not have been changed in place in between.
-- A rule may say how to make its result again, from the arguments alone; who saves that result then
-- does not keep it. All rules are written with tensor operations that have rules themselves.

for _, topic in ipairs {
  "arithmetic", "unary", "reduce", "product", "part", "fused", "sort", "scan", "linalg", "matrix",
  "distance", "conv", "custom",
} do
  require("sslkit.grads." .. topic)
end

return require("sslkit.grads.tools").rules
