-- Gradient rules of running sums and products, and of weighted counts.

local core = require "sslkit.core"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule = tools.rule

rule("cumsum", {}, function(g, _, _, dim) return T._cumsum_back(g, dim) end)
rule("_cumsum_back", {}, function(g, _, _, dim) return T.cumsum(g, dim) end)

-- A factor's slope at a product is that product without it: out / x, but where a 0 forbids that
-- every such product is made, n of n of them a row.
rule("cumprod", { 0, 1 }, function(g, out, x, dim)
  if core.item(core.all(x)) == 1 then return T._cumsum_back(g * out, dim) / x end
  local n = core.size(x, dim)
  local function rows(t) return T.reshape(T.transpose(t, dim, -1), { -1, 1, n }) end
  local others = T.cumprod(T.where(T.eye(n, "uint8"), 1, rows(x)), 3) -- [., factor, product]
  local position = T.arange(1, n)
  local holds = T.le(T.reshape(position, { n, 1 }), position) -- the product has the factor
  local slopes = T.sum(T.where(holds, others * rows(g), 0), 3)
  return T.transpose(T.reshape(slopes, { core.shape(core.transpose(x, dim, -1)) }), dim, -1)
end)

rule("bincount", { 2 }, function(g, _, _, ids) return T.index(g, 1, T.to(ids, "int64")) end)
