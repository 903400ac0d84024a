-- Gradient rules of convolutions: each of the three products has the other two for its gradients.

local core = require "sslkit.core"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule, needs = tools.rule, tools.needs

local function input(g, weight, geometry, x)
  return T._conv2d_input(g, weight, geometry, core.size(x, 3), core.size(x, 4))
end

local function weights(g, x, geometry, weight)
  return T._conv2d_weight(g, x, geometry, core.size(weight, 3), core.size(weight, 4))
end

-- Places first, then images: the former lie side by side.
local function bias(g)
  local n, out, h, w = core.shape(g)
  return T.sum(T.sum(T.reshape(g, { n, out, h * w }), 3), 1)
end

rule("conv2d", { 1, 2 }, function(g, _, x, w, b, geometry)
  return needs(x) and input(g, w, geometry, x), needs(w) and weights(g, x, geometry, w),
    needs(b) and bias(g)
end)
rule("conv2d_input", { 1, 2 }, function(h, _, g, w, geometry)
  return needs(g) and T._conv2d(h, w, nil, geometry), needs(w) and weights(g, h, geometry, w)
end)
rule("conv2d_weight", { 1, 2 }, function(h, _, g, x, geometry)
  return needs(g) and T._conv2d(x, h, nil, geometry), needs(x) and input(g, h, geometry, x)
end)
