-- Gradient rules of elementwise functions of one tensor.

local core = require "sslkit.core"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule, needs, sum_to = tools.rule, tools.needs, tools.sum_to

rule("neg", {}, function(g) return -g end)
rule("exp", { 0 }, function(g, out) return g * out end)
rule("log", { 1 }, function(g, _, x) return g / x end)
rule("log2", { 1 }, function(g, _, x) return g / (x * math.log(2)) end)
rule("log10", { 1 }, function(g, _, x) return g / (x * math.log(10)) end)
rule("log1p", { 1 }, function(g, _, x) return g / (x + 1) end)
rule("expm1", { 0 }, function(g, out) return g * (out + 1) end)
rule("sqrt", { 0 }, function(g, out) return g / (out * 2) end)
rule("rsqrt", { 0 }, function(g, out) return g * (out * out * out) * -0.5 end)
rule("square", { 1 }, function(g, _, x) return g * x * 2 end)
rule("reciprocal", { 0 }, function(g, out) return -g * out * out end)
rule("abs", { 1 }, function(g, _, x) return g * T.sign(T.detach(x)) end)
rule("sin", { 1 }, function(g, _, x) return g * T.cos(x) end)
rule("cos", { 1 }, function(g, _, x) return -g * T.sin(x) end)
rule("tan", { 0 }, function(g, out) return g * (out * out + 1) end)
rule("tanh", { 0 }, function(g, out) return g * (1 - out * out) end)
rule("sigmoid", { 0 }, function(g, out) return g * out * (1 - out) end)
rule("silu", { 1 }, function(g, _, x)
  local s = T.sigmoid(x)
  return g * (s + x * s * (1 - s))
end)
rule("softplus", { 1 }, function(g, _, x) return g * T.sigmoid(x) end)
rule("relu", { 0 }, function(g, out) return T._relu_grad(g, T.detach(out)) end)
rule("gelu", { 1 }, function(g, _, x) return g * T._gelu_slope(x) end)
rule("gelu_tanh", { 1 }, function(g, _, x) return g * T._gelu_tanh_slope(x) end)
local NORMAL = 1 / math.sqrt(2 * math.pi)
rule("gelu_slope", { 1 }, function(g, _, x)
  return g * (2 - x * x) * T.exp(x * x * -0.5) * NORMAL
end)
rule("gelu_tanh_slope", { 1 }, function(g, _, x)
  -- with u = c (x + k x^3): slope = (1 + tanh u)/2 + x u' (1 - tanh^2 u)/2
  local c, k = math.sqrt(2 / math.pi), 0.044715
  local t = T.tanh((x + x * x * x * k) * c)
  local du, ddu, s = (x * x * (3 * k) + 1) * c, x * (6 * k * c), 1 - t * t
  return g * s * (du + x * ddu * 0.5 - x * t * du * du)
end)
rule("erf", { 1 }, function(g, _, x) return g * T.exp(-(x * x)) * (2 / math.sqrt(math.pi)) end)
local function flat(g, _, x) return needs(x) and T.zeros_like(g) end
for _, name in ipairs { "floor", "ceil", "round", "trunc", "sign" } do rule(name, {}, flat) end
rule("floordiv", {}, function(g, _, a, b) return sum_to(g * 0, a), sum_to(g * 0, b) end)
rule("to", {}, function(g, _, x) return T.to(g, core.dtype(x)) end)
rule("clone", {}, function(g) return g end)
