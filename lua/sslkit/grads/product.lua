-- Gradient rules of matrix products.

local core = require "sslkit.core"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule, needs, shrink, sum_to = tools.rule, tools.needs, tools.shrink, tools.sum_to

rule("matmul", { 1, 2 }, function(g, _, a, b)
  local va, vb = core.dim(a) == 1, core.dim(b) == 1
  if va or vb then -- as matrices: a row on the left, a column on the right
    local ma, mb = va and T.unsqueeze(a, 1) or a, vb and T.unsqueeze(b, 2) or b
    if va then g = T.unsqueeze(g, vb and 1 or -2) end
    if vb then g = T.unsqueeze(g, -1) end
    local da = needs(a) and shrink(T.matmul(g, T.transpose(mb, -1, -2)), ma)
    local db = needs(b) and shrink(T.matmul(T.transpose(ma, -1, -2), g), mb)
    return da and T.reshape(da, { core.shape(a) }), db and T.reshape(db, { core.shape(b) })
  end
  return needs(a) and sum_to(T.matmul(g, T.transpose(b, -1, -2)), a),
    needs(b) and sum_to(T.matmul(T.transpose(a, -1, -2), g), b)
end)
rule("linear", { 1, 2 }, function(g, _, x, w, b)
  local flat_g = core.dim(g) == 2 and g or T.reshape(g, { -1, core.size(w, 1) })
  local dw
  if needs(w) then
    local flat_x = core.dim(x) == 2 and x or T.reshape(x, { -1, core.size(w, 2) })
    dw = T.matmul(T.t(flat_g), flat_x)
  end
  return needs(x) and T.matmul(g, w), dw, needs(b) and T.sum(flat_g, 1)
end)
