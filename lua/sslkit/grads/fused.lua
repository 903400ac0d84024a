-- Gradient rules of fused kernels.

local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule, needs = tools.rule, tools.needs

-- Rows of p sum to 1 (losses.cross_entropy sees to it), so the gradient in z is softmax(z) - p.
rule("cross_entropy", { 1, 2 }, function(g, _, z, p)
  return needs(z) and T._cross_entropy_grad(z, p, g),
    needs(p) and T.unsqueeze(g, 2) * -T.log_softmax(z)
end)
rule("cross_entropy_grad", { 1, 2, 3 }, function(h, _, z, p, g)
  local s = T.softmax(z)
  local hg = h * T.unsqueeze(g, 2)
  return needs(z) and s * (hg - T.sum(hg * s, 2, true)), needs(p) and -hg,
    needs(g) and T.sum(h * (s - p), 2)
end)
