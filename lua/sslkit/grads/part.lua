-- Gradient rules of views, and of reading parts of a tensor.

local core = require "sslkit.core"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule, needs, sum_to, part = tools.rule, tools.needs, tools.sum_to, tools.part

local function reshaped(g, _, x) return T.reshape(g, { core.shape(x) }) end
for _, name in ipairs { "view", "reshape", "squeeze", "unsqueeze" } do rule(name, {}, reshaped) end
rule("flip", {}, function(g, _, _, ...) return T.flip(g, ...) end)
rule("diag", {}, function(g, _, _, offset) return T.diagonal(g, offset) end)
rule("expand", {}, function(g, _, x) return sum_to(g, x) end)
rule("transpose", {}, function(g, _, _, d1, d2) return T.transpose(g, d1, d2) end)
rule("permute", {}, function(g, _, x, ...)
  local order, back = type(...) == "table" and ... or { ... }, {}
  for to, from in ipairs(order) do back[from < 0 and from + core.dim(x) + 1 or from] = to end
  return T.permute(g, back)
end)
rule("cat", {}, function(g, out, ...)
  local dim, first, parts = core.node(out).dim, 1, {}
  for i = 1, select("#", ...) do
    local x = select(i, ...)
    local n = core.size(x, dim)
    parts[i] = needs(x) and T.narrow(g, dim, first, first + n - 1) or false
    first = first + n
  end
  return table.unpack(parts)
end)

part("getindex", { 2, 3, 4, 5, 6, 7, 8, 9, 10 }, -- the key, or the tensors in it
  function(out, g, key) core.addindex(out, key, g) end, function(h, key) return h[key] end)
part("select", {}, function(out, g, d, i) core.copy_(core.select(out, d, i), g) end, T.select)
part("narrow", {}, function(out, g, d, first, last)
  core.copy_(core.narrow(out, d, first, last), g)
end, T.narrow)
part("diagonal", {}, function(out, g, offset, d1, d2)
  core.copy_(core.diagonal(out, offset, d1, d2), g)
end, T.diagonal)
part("index", { 3 }, function(out, g, d, idx) core.index_add_(out, d, idx, g) end, T.index)
part("gather", { 3 }, function(out, g, d, idx) core.scatter_add_(out, d, idx, g) end, T.gather)
part("masked_select", { 2 }, function(out, g, mask) core.setindex(out, mask, g) end,
  T.masked_select)
