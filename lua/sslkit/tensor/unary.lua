-- Functions of one tensor, elementwise.

local core = require "sslkit.core"
local check = require "sslkit.check"
local ops = require "sslkit.tensor.ops"

local T = core.methods
local unary, in_place, mask1 = ops.unary, ops.in_place, ops.mask1

--- e^x, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:exp():item() --> 1.0
T.exp = unary "exp"
--- `exp` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:exp_():item() --> 1.0
T.exp_ = in_place "exp"

--- The natural logarithm, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{1}:log():item() --> 0.0
T.log = unary "log"
--- `log` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{1}:log_():item() --> 0.0
T.log_ = in_place "log"

--- The logarithm to base 2, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{8}:log2():item() --> 3.0
T.log2 = unary "log2"
--- `log2` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{8}:log2_():item() --> 3.0
T.log2_ = in_place "log2"

--- The logarithm to base 10, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{100}:log10():item() --> 2.0
T.log10 = unary "log10"
--- `log10` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{100}:log10_():item() --> 2.0
T.log10_ = in_place "log10"

--- log(1 + x), exact near 0, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:log1p():item() --> 0.0
T.log1p = unary "log1p"
--- `log1p` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:log1p_():item() --> 0.0
T.log1p_ = in_place "log1p"

--- e^x - 1, exact near 0, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:expm1():item() --> 0.0
T.expm1 = unary "expm1"
--- `expm1` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:expm1_():item() --> 0.0
T.expm1_ = in_place "expm1"

--- The square root; NaN below 0, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{9}:sqrt():item() --> 3.0
T.sqrt = unary "sqrt"
--- `sqrt` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{9}:sqrt_():item() --> 3.0
T.sqrt_ = in_place "sqrt"

--- 1 / sqrt(x), elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{4}:rsqrt():item() --> 0.5
T.rsqrt = unary "rsqrt"
--- `rsqrt` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{4}:rsqrt_():item() --> 0.5
T.rsqrt_ = in_place "rsqrt"

--- The largest whole number not above x, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{-1.5}:floor():item() --> -2.0
T.floor = unary "floor"
--- `floor` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{-1.5}:floor_():item() --> -2.0
T.floor_ = in_place "floor"

--- The smallest whole number not below x, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{1.5}:ceil():item() --> 2.0
T.ceil = unary "ceil"
--- `ceil` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{1.5}:ceil_():item() --> 2.0
T.ceil_ = in_place "ceil"

--- The nearest whole number, halves to even, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{2.5}:round():item() --> 2.0
T.round = unary "round"
--- `round` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{2.5}:round_():item() --> 2.0
T.round_ = in_place "round"

--- The whole part, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{-1.5}:trunc():item() --> -1.0
T.trunc = unary "trunc"
--- `trunc` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{-1.5}:trunc_():item() --> -1.0
T.trunc_ = in_place "trunc"

--- The sine (radians), elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:sin():item() --> 0.0
T.sin = unary "sin"
--- `sin` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:sin_():item() --> 0.0
T.sin_ = in_place "sin"

--- The cosine (radians), elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:cos():item() --> 1.0
T.cos = unary "cos"
--- `cos` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:cos_():item() --> 1.0
T.cos_ = in_place "cos"

--- The tangent (radians), elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:tan():item() --> 0.0
T.tan = unary "tan"
--- `tan` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:tan_():item() --> 0.0
T.tan_ = in_place "tan"

--- The hyperbolic tangent, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:tanh():item() --> 0.0
T.tanh = unary "tanh"
--- `tanh` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:tanh_():item() --> 0.0
T.tanh_ = in_place "tanh"

--- 1 / (1 + e^-x), elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:sigmoid():item() --> 0.5
T.sigmoid = unary "sigmoid"
--- `sigmoid` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:sigmoid_():item() --> 0.5
T.sigmoid_ = in_place "sigmoid"

--- max(x, 0), elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{-1, 2}:relu():sum():item() --> 2.0
T.relu = unary "relu"
--- `relu` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{-1, 2}:relu_():sum():item() --> 2.0
T.relu_ = in_place "relu"

--- x sigmoid(x) (Elfwing, Uchibe, Doya 2018), elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:silu():item() --> 0.0
T.silu = unary "silu"
--- `silu` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:silu_():item() --> 0.0
T.silu_ = in_place "silu"

--- log(1 + e^x), elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:softplus():item() --> 0.693147
T.softplus = unary "softplus"
--- `softplus` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:softplus_():item() --> 0.693147
T.softplus_ = in_place "softplus"

--- The error function, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{0}:erf():item() --> 0.0
T.erf = unary "erf"
--- `erf` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{0}:erf_():item() --> 0.0
T.erf_ = in_place "erf"

--- 1 / x, elementwise.
-- @param t float tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{4}:reciprocal():item() --> 0.25
T.reciprocal = unary "reciprocal"
--- `reciprocal` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{4}:reciprocal_():item() --> 0.25
T.reciprocal_ = in_place "reciprocal"

--- The absolute value (int64 too), elementwise.
-- @param t float or int64 tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{-3}:abs():item() --> 3.0
T.abs = unary "abs"
--- `abs` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{-3}:abs_():item() --> 3.0
T.abs_ = in_place "abs"

--- -1, 0 or 1 (int64 too), NaN where x is, elementwise.
-- @param t float or int64 tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{-3}:sign():item() --> -1.0
T.sign = unary "sign"
--- `sign` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{-3}:sign_():item() --> -1.0
T.sign_ = in_place "sign"

--- -x (int64 too), which unary minus means, elementwise.
-- @param t float or int64 tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{3}:neg():item() --> -3.0
T.neg = unary "neg"
--- `neg` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{3}:neg_():item() --> -3.0
T.neg_ = in_place "neg"

--- x^2 (int64 too), elementwise.
-- @param t float or int64 tensor
-- @param options {out=tensor of t's shape and dtype}
-- @return tensor
-- @example ssl.tensor{3}:square():item() --> 9.0
T.square = unary "square"
--- `square` in place.
-- @param t tensor
-- @return t
-- @example ssl.tensor{3}:square_():item() --> 9.0
T.square_ = in_place "square"

--- Where x is NaN.
-- @param t float tensor
-- @return uint8 mask
-- @example ssl.tensor{0/0, 1}:isnan():sum():item() --> 1
T.isnan = mask1 "isnan"

--- Where x is infinite.
-- @param t float tensor
-- @return uint8 mask
-- @example ssl.tensor{1/0, 1}:isinf():sum():item() --> 1
T.isinf = mask1 "isinf"

--- Where x is neither NaN nor infinite.
-- @param t float tensor
-- @return uint8 mask
-- @example ssl.tensor{1/0, 1}:isfinite():sum():item() --> 1
T.isfinite = mask1 "isfinite"

--- Where x is 0.
-- @param t tensor
-- @return uint8 mask
-- @example ssl.tensor{0, 1}:logical_not():sum():item() --> 1
T.logical_not = mask1 "logical_not"

local gelu, gelu_tanh = unary "gelu", unary "gelu_tanh"

--- The Gaussian error linear unit, x Phi(x).
-- @param t float tensor
-- @param options {approximate="none", out=tensor}; "tanh" is the older approximation
-- @return tensor
-- @source Hendrycks and Gimpel 2016, "Gaussian error linear units", eq. 1 and 2
-- @example ssl.tensor{1}:gelu():item() --> 0.841345
function T.gelu(t, options)
  if options == nil then return (gelu(t)) end
  options = check.options(2, options, { approximate = "none" }, { out = true })
  check.one_of(2, "approximate", options.approximate, { "none", "tanh" })
  local out = options.out and { out = options.out }
  return options.approximate == "tanh" and gelu_tanh(t, out) or gelu(t, out)
end

--- `gelu` in place.
-- @param t tensor
-- @param options {approximate="none"}
-- @return t
-- @example ssl.tensor{1}:gelu_():item() --> 0.841345
function T.gelu_(t, options)
  options = check.options(2, options, { approximate = "none" })
  check.one_of(2, "approximate", options.approximate, { "none", "tanh" })
  return (core[options.approximate == "tanh" and "gelu_tanh_" or "gelu_"](t))
end

-- The slope of gelu: what its gradient rule multiplies with, itself differentiable.
T._gelu_slope, T._gelu_tanh_slope = unary "gelu_slope", unary "gelu_tanh_slope"

return T
