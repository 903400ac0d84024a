-- Plain Lua beside which the tensor functions are laid, and what compares them.

local ssl = require "sslkit"

local reference = {}

-- {== Float32 ==============================================================================

--- x as a float32 holds it.
function reference.f32(x) return (string.unpack("<f", string.pack("<f", x))) end

-- The place of a float32 in the order of all float32; both zeros are 0.
local function place(x)
  local bits = string.unpack("<i4", string.pack("<f", x))
  return bits < 0 and -(bits & 0x7fffffff) or bits
end

--- How many float32 lie from a to b; NaN and NaN are 0 apart, NaN and a number infinitely many.
function reference.ulps(a, b)
  if a ~= a or b ~= b then return a ~= a and b ~= b and 0 or math.huge end
  return math.abs(place(a) - place(b))
end

-- ==}

-- {== Elementary functions that Lua has not =================================================

local function expm1(x)
  local u = math.exp(x)
  if u == 1 then return x end
  return (u - 1 == -1 or u == math.huge) and u - 1 or (u - 1) * x / math.log(u)
end

local function log1p(x)
  local u = 1 + x
  return (u == 1 or x == math.huge) and x or math.log(u) * (x / (u - 1))
end

-- A series without cancellation (Abramowitz and Stegun 7.1.6); beyond 6, erf is 1 in float64.
local function erf(x)
  if x ~= x or x == 0 then return x end
  if math.abs(x) > 6 then return x > 0 and 1.0 or -1.0 end
  local term, sum, n = x, x, 0
  repeat
    n = n + 1
    term = term * 2 * x * x / (2 * n + 1)
    sum = sum + term
  until math.abs(term) <= 1e-18 * math.abs(sum)
  return 2 / math.sqrt(math.pi) * math.exp(-x * x) * sum
end

local function floor(x)
  if x ~= x or math.abs(x) >= 2 ^ 53 or x == 0 then return x end
  return math.floor(x) + 0.0
end

local function trunc(x) return x < 0 and -floor(-x) or floor(x) end

local function round(x)
  local down = floor(x)
  local rest = x - down
  if rest ~= rest or x == down then return x end
  if rest > 0.5 or rest == 0.5 and down % 2 == 1 then down = down + 1 end
  return down == 0 and x < 0 and -0.0 or down
end

local function tanh(x)
  if math.abs(x) > 20 then return x > 0 and 1.0 or -1.0 end
  local e = expm1(2 * x)
  return x == 0 and x or e / (e + 2)
end

local function sigmoid(x) return 1 / (1 + math.exp(-x)) end

--- By name: what each elementwise function of one number gives, in float64.
reference.unary = {
  abs = math.abs,
  ceil = function(x) return -floor(-x) end,
  cos = math.cos,
  erf = erf,
  exp = math.exp,
  expm1 = expm1,
  floor = floor,
  gelu = function(x) return 0.5 * x * (1 + erf(x * math.sqrt(0.5))) end,
  log = math.log,
  log10 = function(x) return math.log(x, 10) end,
  log1p = log1p,
  log2 = function(x) return math.log(x, 2) end,
  neg = function(x) return -x end,
  reciprocal = function(x) return 1 / x end,
  relu = function(x) return x < 0 and 0.0 or x end,
  round = round,
  rsqrt = function(x) return 1 / math.sqrt(x) end,
  sigmoid = sigmoid,
  sign = function(x) return x ~= x and x or x > 0 and 1.0 or x < 0 and -1.0 or 0.0 end,
  silu = function(x) return x / (1 + math.exp(-x)) end,
  sin = math.sin,
  softplus = function(x) return math.max(x, 0.0) + log1p(math.exp(-math.abs(x))) end,
  sqrt = function(x) return x < 0 and 0 / 0 or math.sqrt(x) end,
  square = function(x) return x * x end,
  tan = math.tan,
  tanh = tanh,
  trunc = trunc,
}

local function flag(f) return function(...) return f(...) and 1 or 0 end end

--- By name: the masks of one number.
reference.tests = {
  isnan = flag(function(x) return x ~= x end),
  isinf = flag(function(x) return x == math.huge or x == -math.huge end),
  isfinite = flag(function(x) return x - x == 0 end),
  logical_not = flag(function(x) return x == 0 end),
}

--- By name: the functions of two floats.
reference.binary = {
  add = function(x, y) return x + y end,
  sub = function(x, y) return x - y end,
  mul = function(x, y) return x * y end,
  div = function(x, y) return x / y end,
  floordiv = function(x, y) return x // y end,
  mod = function(x, y) return x % y end,
  pow = function(x, y) return x ^ y end,
  atan2 = function(x, y) return math.atan(x, y) end,
  maximum = function(x, y) return (x ~= x or y ~= y) and 0 / 0 or math.max(x, y) end,
  minimum = function(x, y) return (x ~= x or y ~= y) and 0 / 0 or math.min(x, y) end,
}

--- By name: the comparisons, of any two numbers.
reference.compare = {
  lt = flag(function(x, y) return x < y end),
  le = flag(function(x, y) return x <= y end),
  gt = flag(function(x, y) return x > y end),
  ge = flag(function(x, y) return x >= y end),
  eq = flag(function(x, y) return x == y end),
  ne = flag(function(x, y) return x ~= y end),
  logical_and = flag(function(x, y) return x ~= 0 and y ~= 0 end),
  logical_or = flag(function(x, y) return x ~= 0 or y ~= 0 end),
}

--- The names of a table, sorted.
function reference.names(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- ==}

-- {== Tensors ==============================================================================

--- Are two tensors the same to the bit, in dtype, shape and elements, every NaN counting as one?
function reference.same(a, b)
  local shape = table.concat({ a:shape() }, ",")
  if a:dtype() ~= b:dtype() or shape ~= table.concat({ b:shape() }, ",") then return false end
  if a:dtype():find "float" then
    if a:isnan():tobytes() ~= b:isnan():tobytes() then return false end
    a, b = ssl.where(a:isnan(), 0, a), ssl.where(b:isnan(), 0, b)
  end
  return a:tobytes() == b:tobytes()
end

--- A random shape of `least` to `most` dimensions.
function reference.shape(least, most)
  local shape = {}
  for d = 1, math.random(least, most) do shape[d] = math.random(0, 12) % 6 end
  return shape
end

--- Random elements: floats around 0, int64 in -9..9, uint8 in 0..3.
function reference.fill(shape, dtype)
  if dtype == "int64" then return ssl.randint(-9, 9, shape) end
  if dtype == "uint8" then return ssl.randint(0, 3, shape, "uint8") end
  return ssl.randn(shape, dtype) * 2
end

--- A view of random strides that has this shape: transposed, stepped over (backwards too), and
-- repeated where `repeated` allows it.
function reference.strided(shape, dtype, repeated)
  local n = #shape
  local order, back = ssl.randperm(n):totable(), {}
  local base, key, sizes = {}, {}, {}
  for d = 1, n do back[order[d]] = d end
  for d = 1, n do
    local size, step = shape[order[d]], math.random(3)
    local once = repeated and size > 1 and math.random(6) == 1
    local first = math.random(0, 2)
    base[d] = once and 1 or first + math.max(size - 1, 0) * step + 1 + math.random(0, 2)
    local last = first + (size - 1) * step
    if once then key[d] = {}
    elseif size == 0 then key[d] = { 1, 0 }
    elseif math.random(2) == 1 then key[d] = { last + 1, first + 1, -step }
    else key[d] = { first + 1, last + 1, step } end
    sizes[d] = size
  end
  local t = reference.fill(base, dtype)
  if n == 0 then return t end
  return t[key]:expand(sizes):permute(back)
end

--- Calls f with the indices of every element of a shape, in C order.
function reference.each(shape, f)
  local at = {}
  local function walk(d)
    if d > #shape then return f(table.unpack(at)) end
    for i = 1, shape[d] do
      at[d] = i
      walk(d + 1)
    end
  end
  walk(1)
end

-- ==}

return reference
