-- Gradient rules of reductions.

local core = require "sslkit.core"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule, reduced, spread, count = tools.rule, tools.reduced, tools.spread, tools.count

rule("sum", {}, function(g, _, x, dim, keepdim) return spread(g, x, dim, keepdim) end)
rule("mean", {}, function(g, _, x, dim, keepdim)
  return spread(g / count(x, dim), x, dim, keepdim)
end)
rule("var", { 1 }, function(g, _, x, dim, keepdim, ddof)
  return spread(g * (2 / (count(x, dim) - ddof)), x, dim, keepdim) * (x - T.mean(x, dim, true))
end)
-- A factor's slope is the product of the others: out / x, but where a 0 forbids that each such
-- product is made, n of n - 1 factors.
rule("prod", { 0, 1 }, function(g, out, x, dim, keepdim)
  g = spread(g, x, dim, keepdim)
  if core.item(core.all(x)) == 1 then return g * spread(out, x, dim, keepdim) / x end
  local gone, order, sizes, back = reduced(x, dim), {}, {}, {}
  for _, last in ipairs { false, true } do
    for d = 1, core.dim(x) do
      if (gone[d] or false) == last then order[#order + 1] = d end
    end
  end
  for at, d in ipairs(order) do sizes[at], back[d] = core.size(x, d), at end
  local n = count(x, dim)
  local rows = T.reshape(T.permute(x, order), { -1, 1, n })
  local others = T.prod(T.where(T.eye(n, "uint8"), 1, rows), 3)
  return g * T.permute(T.reshape(others, sizes), back)
end)
-- Equal extremes share the gradient, as in PyTorch's amax.
local function amount(g, out, x, dim, keepdim)
  local mask = T.eq(T.detach(x), spread(T.detach(out), x, dim, keepdim)):to(core.dtype(g))
  return spread(g, x, dim, keepdim) * mask / spread(T.sum(mask, dim, keepdim), x, dim, keepdim)
end
rule("amax", { 0, 1 }, amount)
rule("amin", { 0, 1 }, amount)
-- At 0 the norm has no slope; its subgradient 0 is taken, so that a dead row does not turn into
-- NaN.
rule("norm2", { 0, 1 }, function(g, out, x, dim, keepdim)
  return spread(g / T.where(T.eq(out, 0), math.huge, out), x, dim, keepdim) * x
end)
rule("norm1", { 1 }, function(g, _, x, dim, keepdim)
  return spread(g, x, dim, keepdim) * T.sign(T.detach(x))
end)
-- sign(x) (|x| / norm)^(p - 1), and 0 where x or the norm is.
rule("norm", { 0, 1 }, function(g, out, x, dim, keepdim, p)
  local size, whole = T.abs(x), spread(out, x, dim, keepdim)
  local zero = T.eq(T.detach(size), 0)
  local share = T.where(zero, 1, size) / T.where(zero, 1, whole)
  local slope = T.where(zero, 0, share ^ (p - 1)) * T.sign(T.detach(x))
  return spread(g, x, dim, keepdim) * slope
end)
rule("logsumexp", { 0, 1 }, function(g, out, x, dim, keepdim)
  return spread(g, x, dim, keepdim) * T.exp(x - spread(out, x, dim, keepdim))
end)
rule("softmax", { 0 }, function(g, out) return out * (g - T.sum(g * out, -1, true)) end)
rule("log_softmax", { 0 }, function(g, out) return g - T.exp(out) * T.sum(g, -1, true) end)
