-- The gradient rules: one table, one entry an operation. backward(g, out, arguments...) returns the
-- gradients of the
-- arguments in their order (nil or false where there is none). `saves` says which values the rule
-- reads, 0 being the
-- result: those must not have been changed in place in between. All rules are written with tensor
-- operations that have
-- rules themselves.

local core = require "sslkit.core"
local T = require "sslkit.tensor"

local rules = {}

local function rule(name, saves, backward) rules[name] = { saves = saves, backward = backward } end

local needs = core.node -- a gradient costs nothing where nobody asks for it

-- Broadcasting undone: g summed down to the shape of x.
local function shrink(g, x)
  if core.same_shape(g, x) then return g end
  local extra = core.dim(g) - core.dim(x)
  local dims = {}
  for d = 1, extra do dims[d] = d end
  for d = 1, core.dim(x) do
    if core.size(x, d) == 1 and core.size(g, d + extra) ~= 1 then dims[#dims + 1] = d + extra end
  end
  return T.reshape(T.sum(g, dims, true), { core.shape(x) })
end

local function sum_to(g, x) return needs(x) and shrink(g, x) end

-- A reduced gradient brought back to x's shape.
local function spread(g, x, dim, keepdim)
  if dim ~= nil and not keepdim then
    local gone, shape = {}, {}
    for _, d in ipairs(type(dim) == "table" and dim or { dim }) do gone[d < 0 and d + core.dim(x) + 1 or d] = true end
    for d = 1, core.dim(x) do shape[d] = gone[d] and 1 or core.size(x, d) end
    g = T.reshape(g, shape)
  end
  return T.expand(g, { core.shape(x) })
end

local function count(x, dim)
  if dim == nil then return core.numel(x) end
  local n = 1
  for _, d in ipairs(type(dim) == "table" and dim or { dim }) do n = n * core.size(x, d) end
  return n
end

-- {== Arithmetic ============================================================

rule("add", {}, function(g, _, a, b) return sum_to(g, a), sum_to(g, b) end)
rule("sub", {}, function(g, _, a, b) return sum_to(g, a), needs(b) and sum_to(-g, b) end)
rule("mul", { 1, 2 }, function(g, _, a, b)
  return needs(a) and sum_to(g * b, a), needs(b) and sum_to(g * a, b)
end)
rule("div", { 0, 2 }, function(g, out, a, b)
  return needs(a) and sum_to(g / b, a), needs(b) and sum_to(-g * out / b, b)
end)
rule("mod", { 1, 2 }, function(g, _, a, b)
  return sum_to(g, a), needs(b) and sum_to(-g * T.floordiv(T.detach(a), b), b)
end)
rule("pow", { 0, 1, 2 }, function(g, out, a, b)
  -- x^0 has slope 0 everywhere, also where x^-1 is infinite; 0^y has slope 0 in y
  local da = needs(a) and sum_to(b == 0 and g * 0 or g * b * a ^ (b - 1), a)
  local db
  if needs(b) then
    local base = core.is_tensor(a) and T.where(T.gt(a, 0), a, 1) or a
    db = sum_to(g * out * (core.is_tensor(base) and T.log(base) or math.log(base)), b)
  end
  return da, db
end)

-- Where both are equal the gradient is shared, as in PyTorch.
local function extremum(wins)
  return function(g, _, a, b)
    local x = core.is_tensor(a) and T.detach(a) or a
    local y = core.is_tensor(b) and T.detach(b) or b
    local share = wins(x, y):to(core.dtype(g)) + T.eq(x, y):to(core.dtype(g)) * 0.5
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
  return nil, needs(a) and sum_to(T.where(mask, g, 0), a), needs(b) and sum_to(T.where(mask, 0, g), b)
end)

-- ==}

-- {== One argument ==========================================================

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
rule("gelu_slope", { 1 }, function(g, _, x) return g * (2 - x * x) * T.exp(x * x * -0.5) * NORMAL end)
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

-- ==}

-- {== Reductions ============================================================

rule("sum", {}, function(g, _, x, dim, keepdim) return spread(g, x, dim, keepdim) end)
rule("mean", {}, function(g, _, x, dim, keepdim) return spread(g / count(x, dim), x, dim, keepdim) end)
rule("var", { 1 }, function(g, _, x, dim, keepdim, ddof)
  return spread(g * (2 / (count(x, dim) - ddof)), x, dim, keepdim) * (x - T.mean(x, dim, true))
end)
rule("prod", { 0, 1 }, function(g, out, x, dim, keepdim)
  return spread(g * out, x, dim, keepdim) / x -- no value where an element is 0, as in the formula
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
  local safe = T.where(T.eq(out, 0), 1, out)
  return spread(g / safe, x, dim, keepdim) * x
end)
rule("norm1", { 1 }, function(g, _, x, dim, keepdim)
  return spread(g, x, dim, keepdim) * T.sign(T.detach(x))
end)
rule("logsumexp", { 0, 1 }, function(g, out, x, dim, keepdim)
  return spread(g, x, dim, keepdim) * T.exp(x - spread(out, x, dim, keepdim))
end)
rule("softmax", { 0 }, function(g, out) return out * (g - T.sum(g * out, -1, true)) end)
rule("log_softmax", { 0 }, function(g, out) return g - T.exp(out) * T.sum(g, -1, true) end)

-- ==}

-- {== Products ==============================================================

rule("matmul", { 1, 2 }, function(g, _, a, b)
  local va, vb = core.dim(a) == 1, core.dim(b) == 1
  if va or vb then -- as matrices: a row on the left, a column on the right
    local ma, mb = va and T.unsqueeze(a, 1) or a, vb and T.unsqueeze(b, 2) or b
    if va then g = T.unsqueeze(g, vb and 1 or -2) end
    if vb then g = T.unsqueeze(g, -1) end
    return needs(a) and T.reshape(shrink(T.matmul(g, T.transpose(mb, -1, -2)), ma), { core.shape(a) }),
      needs(b) and T.reshape(shrink(T.matmul(T.transpose(ma, -1, -2), g), mb), { core.shape(b) })
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

-- ==}

-- {== Views and picks =======================================================

local function reshaped(g, _, x) return T.reshape(g, { core.shape(x) }) end
for _, name in ipairs { "view", "reshape", "squeeze", "unsqueeze" } do rule(name, {}, reshaped) end
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

-- The reverse of reading a part is writing it into zeros, and the reverse of that is reading it
-- again.
local function placed(name, write, read)
  rules["_place_" .. name] = { saves = {}, backward = function(g, _, _, like, ...) return read(g, ...), nil, like and nil end }
  return function(g, like, ...)
    local out = T.zeros({ core.shape(like) }, core.dtype(g))
    write(out, T.detach(g), ...)
    if core.node(g) then rules.record("_place_" .. name, out, g, T.detach(like), ...) end
    return out
  end
end

local function part(name, write, read)
  local place = placed(name, write, read)
  rule(name, {}, function(g, _, x, ...) return place(g, x, ...) end)
end

part("getindex", function(out, g, key) core.setindex(out, key, g) end, function(g, key) return g[key] end)
part("select", function(out, g, d, i) core.copy_(core.select(out, d, i), g) end, T.select)
part("narrow", function(out, g, d, a, b) core.copy_(core.narrow(out, d, a, b), g) end, T.narrow)
part("diagonal", function(out, g) core.copy_(core.diagonal(out), g) end, T.diagonal)
part("index", function(out, g, d, idx) core.index_add_(out, d, idx, g) end, T.index)
part("gather", function(out, g, d, idx) core.scatter_add_(out, d, idx, g) end, T.gather)
part("masked_select", function(out, g, mask) core.setindex(out, mask, g) end, T.masked_select)

-- ==}

-- {== Fused =================================================================

-- Rows of p sum to 1 (losses.cross_entropy sees to it), so the gradient in z is softmax(z) - p.
rule("cross_entropy", { 1, 2 }, function(g, _, z, p)
  return needs(z) and T._cross_entropy_grad(z, p, g), needs(p) and T.unsqueeze(g, 2) * -T.log_softmax(z)
end)
rule("cross_entropy_grad", { 1, 2, 3 }, function(h, _, z, p, g)
  local s = T.softmax(z)
  local hg = h * T.unsqueeze(g, 2)
  return needs(z) and s * (hg - T.sum(hg * s, 2, true)), needs(p) and -hg, needs(g) and T.sum(h * (s - p), 2)
end)

-- ==}

return rules
