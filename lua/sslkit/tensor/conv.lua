-- Convolution, and its gradients in the image and in the weight. Each of the three is linear in two
-- of the tensors image, weight and output, and has the other two for its gradients.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"

local T = core.methods

local conv = {}

-- What oneDNN does for us, by what it depends on (src/conv.h): a plan, or false where our own kernel
-- is to do it. Shapes are few in a training; should they not be, the plans are forgotten now and
-- then.
local MANY = 500

--- A table of plans of sslkit.dnnl, which core looks into.
function conv.plans_of(dnnl)
  local known = 0
  return setmetatable({}, { __index = function(plans, key)
    if known == MANY then
      for old in pairs(plans) do plans[old] = nil end
      known = 0
    end
    known = known + 1
    plans[key] = dnnl.plan(key) or false
    return plans[key]
  end })
end

-- A table, or false where there is no oneDNN; nil until the first convolution.
conv.plans = nil

local function plans()
  if conv.plans == nil then
    local found, dnnl = pcall(require, "sslkit.dnnl")
    conv.plans = found and conv.plans_of(dnnl)
  end
  return conv.plans or nil
end

--- A size for height and width: a number, or {height, width}.
function conv.pair(argn, what, v, least)
  if type(v) ~= "table" then
    v = check.integer(argn, what, v, least, 0x7fffffff)
    return v, v
  elseif #v ~= 2 then
    check.fail(argn, "%s must be a number or {height, width}, got a list of %d", what, #v)
  end
  return check.integer(argn, what, v[1], least, 0x7fffffff),
    check.integer(argn, what, v[2], least, 0x7fffffff)
end

conv.defaults = { stride = 1, padding = 0, dilation = 1, groups = 1 }

--- The geometry that core wants, from options that have all of `conv.defaults`.
function conv.geometry(argn, options)
  local sh, sw = conv.pair(argn, "stride", options.stride, 1)
  local ph, pw = conv.pair(argn, "padding", options.padding, 0)
  local dh, dw = conv.pair(argn, "dilation", options.dilation, 1)
  local groups = check.integer(argn, "groups", options.groups, 1, 0x7fffffff)
  return { sh, sw, ph, pw, dh, dw, groups }
end

-- x's gradient from g, that of the output.
function T._conv2d_input(g, weight, geometry, h, w)
  local out = core.conv2d_input(g, weight, geometry, h, w, plans())
  if hook.record then hook.record("conv2d_input", out, g, weight, geometry) end
  return out
end

function T._conv2d_weight(g, x, geometry, kh, kw)
  local out = core.conv2d_weight(g, x, geometry, kh, kw, plans())
  if hook.record then hook.record("conv2d_weight", out, g, x, geometry) end
  return out
end

-- With a geometry at hand.
function T._conv2d(x, weight, bias, geometry)
  local out = core.conv2d(x, weight, bias, geometry, plans())
  if hook.record then hook.record("conv2d", out, x, weight, bias, geometry) end
  return out
end

--- The sums of every image under a kernel that moves over it (what is called a convolution in
-- learning: the kernel is not turned round), with zeros around the image.
-- @param x float tensor [N, C, H, W]
-- @param weight tensor [O, C / groups, kh, kw] of x's dtype
-- @param bias tensor [O] or nil
-- @param options {stride=1, padding=0, dilation=1, groups=1}; the first three may be {height, width};
-- with groups the channels are cut into as many parts, each of which sees its own inputs only
-- @return tensor [N, O, (H + 2 padding - dilation (kh - 1) - 1) // stride + 1, likewise for W]
-- @raise where shapes or dtypes do not fit, and where the image has no room for the kernel
-- @example ssl.conv2d(ssl.ones(1, 1, 3, 3), ssl.ones(1, 1, 2, 2)):sum():item() --> 16.0
function T.conv2d(x, weight, bias, options)
  local geometry = conv.geometry(4, check.options(4, options, conv.defaults))
  return (T._conv2d(x, weight, bias, geometry))
end

return conv
