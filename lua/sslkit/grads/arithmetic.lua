-- Gradient rules of functions of two tensors.

local core = require "sslkit.core"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule, needs, sum_to, constant = tools.rule, tools.needs, tools.sum_to, tools.constant

rule("add", {}, function(g, _, a, b) return sum_to(g, a), sum_to(g, b) end)
rule("sub", {}, function(g, _, a, b) return sum_to(g, a), needs(b) and sum_to(-g, b) end)
rule("mul", { 1, 2 }, function(g, _, a, b)
  return needs(a) and sum_to(g * b, a), needs(b) and sum_to(g * a, b)
end)
rule("div", { 0, 2 }, function(g, out, a, b)
  return needs(a) and sum_to(g / b, a), needs(b) and sum_to(-g * out / b, b)
end)
rule("mod", { 1, 2 }, function(g, _, a, b)
  return sum_to(g, a), needs(b) and sum_to(-g * T.floordiv(constant(a), constant(b)), b)
end)
-- x^0 has slope 0 everywhere, also where x^-1 is infinite; 0^y has slope 0 in y.
rule("pow", { 0, 1, 2 }, function(g, out, a, b)
  local da, db
  if needs(a) and core.is_tensor(b) then
    da = g * T.where(T.eq(b, 0), 0, b * a ^ T.where(T.eq(b, 0), 1, b - 1))
  elseif needs(a) then
    da = b == 0 and g * 0 or g * b * a ^ (b - 1)
  end
  if needs(b) and core.is_tensor(a) then
    db = g * out * T.log(T.where(T.eq(a, 0), 1, a))
  elseif needs(b) then
    db = g * out * (a == 0 and 0 or a < 0 and 0 / 0 or math.log(a))
  end
  return sum_to(da, a), sum_to(db, b)
end)

-- Where both are equal the gradient is shared, as in PyTorch.
local function extremum(wins)
  return function(g, _, a, b)
    local x, y, dtype = constant(a), constant(b), core.dtype(g)
    local share = wins(x, y):to(dtype) + T.eq(x, y):to(dtype) * 0.5
    return needs(a) and sum_to(g * share, a), needs(b) and sum_to(g * (1 - share), b)
  end
end
rule("maximum", { 1, 2 }, extremum(T.gt))
rule("minimum", { 1, 2 }, extremum(T.lt))
rule("atan2", { 1, 2 }, function(g, _, a, b)
  local r = g / (a * a + b * b)
  return needs(a) and sum_to(r * b, a), needs(b) and sum_to(-r * a, b)
end)
rule("relu_grad", { 2 }, function(g, _, _, y) return T._relu_grad(g, y) end)
rule("where", { 1 }, function(g, _, mask, a, b)
  return nil, needs(a) and sum_to(T.where(mask, g, 0), a),
    needs(b) and sum_to(T.where(mask, 0, g), b)
end)
