-- The gradient rules: one table, one entry an operation. backward(g, out, arguments...) returns the
-- gradients of the arguments in their order (nil or false where there is none). `saves` says which
-- values the rule reads, 0 being the result: those must not have been changed in place in between.
-- All rules are written with tensor operations that have rules themselves.

local core = require "sslkit.core"
local hook = require "sslkit.tensor.hook"
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

-- An operand as a constant: a tensor, or a number.
local function constant(x) return core.is_tensor(x) and T.detach(x) or x end

-- The set of dimensions that a reduction takes away.
local function reduced(x, dim)
  local gone, n = {}, core.dim(x)
  for _, d in ipairs(type(dim) == "table" and dim or { dim }) do
    gone[d < 0 and d + n + 1 or d] = true
  end
  for d = 1, dim == nil and n or 0 do gone[d] = true end
  return gone
end

-- A reduced gradient brought back to x's shape.
local function spread(g, x, dim, keepdim)
  if dim ~= nil and not keepdim then
    local gone, shape = reduced(x, dim), {}
    for d = 1, core.dim(x) do shape[d] = gone[d] and 1 or core.size(x, d) end
    g = T.reshape(g, shape)
  end
  return T.expand(g, { core.shape(x) })
end

local function count(x, dim)
  local n = 1
  for d in pairs(reduced(x, dim)) do n = n * core.size(x, d) end
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

-- ==}

-- {== Reductions ============================================================

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
-- again. Both take the same positions, which must not have changed.
local function part(name, saves, write, read)
  local back = "_place_" .. name
  rule(name, saves, function(g, _, x, ...)
    local out = T.zeros({ core.shape(x) }, core.dtype(g))
    write(out, T.detach(g), ...)
    if needs(g) then hook.record(back, out, g, ...) end
    return out
  end)
  rule(back, saves, function(h, _, _, ...) return read(h, ...) end)
end

part("getindex", {}, function(out, g, key) core.setindex(out, key, g) end,
  function(h, key) return h[key] end)
part("select", {}, function(out, g, d, i) core.copy_(core.select(out, d, i), g) end, T.select)
part("narrow", {}, function(out, g, d, first, last)
  core.copy_(core.narrow(out, d, first, last), g)
end, T.narrow)
part("diagonal", {}, function(out, g) core.copy_(core.diagonal(out), g) end, T.diagonal)
part("index", { 3 }, function(out, g, d, idx) core.index_add_(out, d, idx, g) end, T.index)
part("gather", { 3 }, function(out, g, d, idx) core.scatter_add_(out, d, idx, g) end, T.gather)
part("masked_select", { 2 }, function(out, g, mask) core.setindex(out, mask, g) end,
  T.masked_select)

-- ==}

-- {== Fused =================================================================

-- Rows of p sum to 1 (losses.cross_entropy sees to it), so the gradient in z is softmax(z) - p.
rule("cross_entropy", { 1, 2 }, function(g, _, z, p)
  return needs(z) and T._cross_entropy_grad(z, p, g),
    needs(p) and T.unsqueeze(g, 2) * -T.log_softmax(z)
end)
rule("cross_entropy_grad", { 1, 2, 3 }, function(h, _, z, p, g)
  local s = T.softmax(z)
  local hg = h * T.unsqueeze(g, 2)
  return needs(z) and s * (hg - T.sum(hg * s, 2, true)), needs(p) and -hg,
    needs(g) and T.sum(h * (s - p), 2)
end)

-- ==}

return rules
