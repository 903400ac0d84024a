-- Every gradient rule against central differences in float64, once and twice: gradcheck weights the
-- result by random numbers, so a gradient that is moved to a wrong place shows; and what is checked
-- is y + y^2, so that the gradient that comes to a rule is on the tape itself. The table is keyed by
-- rule; a rule that has no entry, or one that its entry does not reach, fails.

local lfs = require "lfs"
local rules = require "sslkit.grads"
local ssl = require "sslkit"

local F64 = "float64"

-- {== Inputs ===============================================================================

local g = ssl.generator(7)

local function normal(...) return ssl.randn({ ... }, { dtype = F64, generator = g }) end
local function positive(...) return normal(...):abs() + 0.5 end
local function between(low, high, ...)
  return ssl.rand({ ... }, { dtype = F64, generator = g }) * (high - low) + low
end
-- Away from 0, where kinks are.
local function apart(...)
  local x = normal(...)
  return x + x:sign() * 0.3
end
-- No two elements nearer than 0.1.
local function distinct(...)
  local n = ssl.zeros({ ... }):numel()
  return (ssl.randperm(n, { generator = g }):double() * 0.2 - n * 0.1):reshape { ... }
end
local function int(list) return ssl.tensor(list, "int64") end
local function mask(list) return ssl.tensor(list, "uint8") end
local function like(x, value) return ssl.tensor(value, x:dtype()) end

-- ==}

-- {== The table ============================================================================

-- rule = { { f, inputs..., options }, ... }
local cases = {}

local function case(rule, f, ...)
  cases[rule] = cases[rule] or {}
  table.insert(cases[rule], { f, { ... } })
end

local SHAPES = { -- of two operands
  { { 2, 3 }, { 2, 3 } }, { { 2, 3 }, { 3 } }, { { 3 }, { 2, 3 } }, { { 2, 1 }, { 1, 3 } },
  { {}, { 2, 2 } }, { { 2, 2 }, {} }, { { 2, 1, 2 }, { 3, 1 } }, { { 1 }, { 2, 2 } },
}

local function binary(rule, make_a, make_b)
  local f = ssl[rule]
  for _, shapes in ipairs(SHAPES) do
    case(rule, function(a, b) return f(a, b) end,
      make_a(table.unpack(shapes[1])), make_b(table.unpack(shapes[2])))
  end
  case(rule, function(a) return f(a, 1.7) end, make_a(3))
  case(rule, function(b) return f(1.7, b) end, make_b(3))
  case(rule, function(a, b) return f(a:t(), b) end, make_a(3, 2), make_b(2, 3)) -- strided
end

for _, rule in ipairs { "add", "sub", "mul", "atan2" } do binary(rule, normal, normal) end
binary("div", normal, apart)
binary("pow", positive, normal)
binary("maximum", function(...) return distinct(...) + 0.05 end, distinct)
binary("minimum", function(...) return distinct(...) + 0.05 end, distinct)
-- quotients between whole numbers: 1.7 / [1.15, 1.6], [1.2, 1.6] / [1.15, 1.18], ...
binary("mod", function(...) return between(5.1, 5.9, ...) end,
  function(...) return between(1.3, 1.6, ...) end)
binary("floordiv", function(...) return between(5.1, 5.9, ...) end,
  function(...) return between(1.3, 1.6, ...) end)

case("mul", function(x) return x * x * x end, normal(2, 2)) -- a value used many times
case("add", function(x) return x + x + x:t() end, normal(2, 2))
case("div", function(x) return x / x:sum() end, positive(3))
for _, p in ipairs { 0, 1, 2, 3, 0.5, -1.5 } do
  case("pow", function(x) return x ^ p end, positive(3))
end
for _, p in ipairs { 0, 1, 2, 3 } do -- at 0, with a number and with a tensor above
  case("pow", function(x) return x ^ p end, ssl.zeros(2, F64))
  case("pow", function(x) return x ^ ssl.full({ 2 }, p, x:dtype()) end, ssl.zeros(2, F64))
end
case("pow", function(y) return ssl.zeros_like(y) ^ y end, positive(3))
case("pow", function(y) return 0 ^ y end, positive(3))
case("pow", function(x) return x ^ x end, positive(3))

local UNARY = {
  neg = normal, exp = normal, log = positive, log2 = positive, log10 = positive, log1p = positive,
  expm1 = normal, sqrt = positive, rsqrt = positive, square = normal, reciprocal = apart,
  abs = apart, sin = normal, cos = normal, tanh = normal, sigmoid = normal, silu = normal,
  softplus = normal, gelu = normal, erf = normal, clone = normal, relu = apart,
  tan = function(...) return between(-1, 1, ...) end,
}
for rule, make in pairs(UNARY) do
  case(rule, ssl[rule], make(2, 3))
  case(rule, function(x) return ssl[rule](x:t()) end, make(2, 3))
  case(rule, ssl[rule], make())
end
for _, rule in ipairs { "floor", "ceil", "round", "trunc", "sign" } do
  -- flat between its steps; times x, so that there is something to see
  case(rule, function(x) return ssl[rule](x) * x end, like(normal(), { -1.7, -0.3, 0.3, 2.7 }))
end
local function gelu_tanh(x) return x:gelu { approximate = "tanh" } end
case("gelu_tanh", gelu_tanh, normal(2, 3))
case("gelu_slope", ssl.gelu, normal(5) * 2)
case("gelu_tanh_slope", gelu_tanh, normal(5) * 2)
case("relu_grad", function(x) return x:relu():square() end, apart(4))
-- Rounding to float32 and back asks for large steps, and of a square central differences are exact.
case("to", function(x) return x:float():double():to(x:dtype()) end, normal(3),
  { eps = 0.1, tol = 1e-5 })

case("where", function(a, b) return ssl.where(mask { 1, 0, 1 }, a, b) end, normal(2, 3), normal(3))
case("where", function(a, b) return ssl.where(mask { { 1 }, { 0 } }, a, b) end, normal(), normal(3))
case("where", function(a) return ssl.where(mask { 1, 0, 1 }, a, 2) end, normal(3))
case("where", function(b) return ssl.where(mask { 1, 0, 1 }, -1, b) * b end, normal(3))
case("where", function(x) return x:masked_fill(mask { 0, 1, 0 }, 9) ^ 2 end, normal(2, 3))

for _, shapes in ipairs {
  { { 3 }, { 3 } }, { { 3 }, { 3, 2 } }, { { 2, 3 }, { 3 } }, { { 2, 3 }, { 3, 4 } },
  { { 2, 2, 3 }, { 2, 3, 2 } }, { { 2, 2, 3 }, { 3, 2 } }, { { 2, 3 }, { 2, 3, 2 } },
  { { 3 }, { 2, 3, 2 } }, { { 2, 2, 3 }, { 3 } }, { { 2, 1, 2, 3 }, { 1, 2, 3, 2 } },
  { { 1, 3 }, { 3, 1 } },
} do
  case("matmul", function(a, b) return a:matmul(b) end,
    normal(table.unpack(shapes[1])), normal(table.unpack(shapes[2])))
end
case("matmul", function(a, b) return a:t():matmul(b:t()) end, normal(3, 2), normal(2, 3))
case("matmul", function(a) return a:matmul(a:t()) end, normal(3, 2))
case("matmul", function(a) return a:matmul(a):matmul(a) end, normal(2, 2))
case("matmul", function(a, b) return a:dot(b) * a end, normal(3), normal(3))
for _, shape in ipairs { { 3 }, { 2, 3 }, { 2, 2, 3 } } do
  case("linear", ssl.linear, normal(table.unpack(shape)), normal(4, 3), normal(4))
  case("linear", function(x, w) return ssl.linear(x, w) end,
    normal(table.unpack(shape)), normal(4, 3))
end
case("linear", function(x, w) return ssl.linear(x:t(), w:t()):tanh() end,
  normal(3, 2), normal(3, 2))

-- Rows of the targets sum to 1, for the rule takes it that they do.
local function soft_entropy(z, u)
  return ssl.losses.cross_entropy(z, u:softmax(), { reduction = "none" })
end
for _, rule in ipairs { "cross_entropy", "cross_entropy_grad" } do
  case(rule, soft_entropy, normal(3, 4), normal(3, 4))
  case(rule, function(z) return soft_entropy(z, z) end, normal(3, 4))
  case(rule, function(z) return ssl.losses.cross_entropy(z, int { 2, 1, 4 }) end, normal(3, 4))
end

-- The other topics have files of their own: spec/grads/<topic>.lua is a function of case and of what
-- makes inputs.
local kit = {
  normal = normal, positive = positive, between = between, apart = apart, distinct = distinct,
  int = int, mask = mask,
}
local folder = debug.getinfo(1, "S").source:match "^@(.*)grads_spec%.lua$" .. "grads"
for entry in lfs.dir(folder) do
  local topic = entry:match "^(%w+)%.lua$"
  if topic then require("spec.grads." .. topic)(case, kit) end
end

-- ==}

local function options_of(inputs)
  if type(inputs[#inputs]) == "table" then return inputs[#inputs], #inputs - 1 end
  return {}, #inputs
end

local names = {}
for name in pairs(cases) do names[#names + 1] = name end
table.sort(names)

describe("the gradient of", function()
  for _, name in ipairs(names) do
    it(name .. " is that of central differences, and so is its gradient", function()
      local rule = assert(rules[name], "there is no such rule")
      local backward, calls = rule.backward, 0
      finally(function() rule.backward = backward end)
      rule.backward = function(...)
        calls = calls + 1
        return backward(...)
      end
      for k, entry in ipairs(cases[name]) do
        local options, n = options_of(entry[2])
        calls = 0
        -- 1e-6: differences with steps of 1e-6 are good to some 1e-9
        local ok, worst = ssl.gradcheck(function(...)
          local y = entry[1](...)
          return y + y * y
        end, { table.unpack(entry[2], 1, n) },
          { second = true, eps = options.eps, tol = options.tol })
        assert(ok, ("case %d of %s is off by %g"):format(k, name, worst))
        assert(calls > 0, ("case %d does not use the rule %s"):format(k, name))
      end
    end)
  end

  it("every operation that has one is tested here", function()
    local missing = {}
    for name in pairs(rules) do
      if not cases[name] then missing[#missing + 1] = name end
    end
    assert.same({}, missing)
  end)

  it("every operation is the same in float32, to its precision", function()
    for _, name in ipairs(names) do
      for k, entry in ipairs(cases[name]) do
        local _, n = options_of(entry[2])
        local got = {}
        for _, dtype in ipairs { F64, "float32" } do
          local inputs = {}
          for i = 1, n do inputs[i] = entry[2][i]:to(dtype) end
          got[dtype] = ssl.grad(function(...) return entry[1](...):sum() end, inputs)
        end
        for i = 1, n do
          local exact, rough = got[F64][i], got.float32[i]
          if exact then
            assert.equal("float32", rough:dtype())
            -- 1e-5 of the largest: some roundings of 6e-8 each, and cancellation
            local tol = 1e-5 * math.max(1, exact:numel() > 0 and exact:abs():max():item() or 0)
            assert(ssl.allclose(rough:double(), exact, { rtol = 0, atol = tol }),
              ("case %d of %s: %s and %s"):format(k, name, tostring(rough), tostring(exact)))
          end
        end
      end
    end
  end)
end)

-- Where central differences say nothing: kinks, ties, ends of the domain.
describe("by convention the gradient", function()
  local function gradient(f, values)
    return ssl.grad(function(x) return f(x):sum() end, ssl.tensor(values, F64))
  end

  it("of ties is shared among them", function()
    local one = ssl.ones(1, F64)
    assert.tensor_near({ 0.5, 1 }, gradient(function(x) return x:maximum(one) end, { 1, 2 }))
    assert.tensor_near({ 0.5, 0 }, gradient(function(x) return x:minimum(1) end, { 1, 2 }))
    local third = 1 / 3
    assert.tensor_near({ { 0, 0.5, 0.5 }, { third, third, third } },
      gradient(function(x) return x:amax(2) end, { { 1, 2, 2 }, { 5, 5, 5 } }))
    assert.tensor_near({ { 1, 0, 0 }, { third, third, third } },
      gradient(function(x) return (x:min(2)) end, { { 1, 2, 2 }, { 5, 5, 5 } }))
    assert.tensor_near({ 0, 0.25, 0.25, 0.25, 0.25 }, gradient(ssl.max, { 1, 2, 2, 2, 2 }))
  end)

  it("is 0 at the kinks of relu and abs, and of the norm of a zero row, twice too", function()
    assert.tensor_near({ 0, 0, 1 }, gradient(ssl.relu, { -1, 0, 1 }))
    assert.tensor_near({ -1, 0, 1 }, gradient(ssl.abs, { -1, 0, 1 }))
    local rows = { { 0, 0 }, { 3, 4 } }
    for _, p in ipairs { 1, 2, 3 } do
      local cube = 91 ^ (-2 / 3)
      local slope = p == 1 and { 1, 1 } or p == 2 and { 0.6, 0.8 } or { 9 * cube, 16 * cube }
      assert.tensor_near({ { 0, 0 }, slope }, gradient(function(x) return x:norm(p, 2) end, rows))
    end
    local h = ssl.hvp(function(x) return x:norm(2, 2):sum() end, ssl.tensor(rows, F64),
      ssl.ones(2, 2, F64))
    assert.tensor_near({ { 0, 0 }, { 4 / 125, -3 / 125 } }, h) -- (I - u u') / 5 times (1, 1)
  end)

  it("of normalize is 0 for rows that are too short", function()
    local rows = { { 0, 0 }, { 1e-13, 0 }, { 3, 4 } }
    local slope = gradient(function(x) return x:normalize() * ssl.tensor({ 1, 2 }, F64) end, rows)
    -- (I - u u') / 5 times (1, 2)
    assert.tensor_near({ { 0, 0 }, { 0, 0 }, { -8 / 125, 6 / 125 } }, slope)
    assert.tensor_near({ { 0, 0 }, { 0.1, 0 }, { 0.6, 0.8 } }, ssl.tensor(rows, F64):normalize(),
      1e-12)
  end)

  it("of powers is 0 where the power does not depend on the base or exponent", function()
    assert.tensor_near({ 0, 0 }, gradient(function(x) return x ^ 0 end, { 0, 2 }))
    local zero = ssl.zeros(2, F64)
    assert.tensor_near({ 0, 0 }, gradient(function(y) return zero ^ y end, { 0, 2 }))
    assert.tensor_near({ 0, 0 }, gradient(function(y) return 0 ^ y end, { 0, 2 }))
    -- of a negative base there is no slope in the exponent
    assert.tensor_near({ 0 / 0 }, gradient(function(y) return (-2) ^ y end, { 2 }))
    assert.tensor_near({ 0 / 0, 0 / 0 }, gradient(function(y) return (zero - 2) ^ y end, { 2, 3 }))
  end)

  it("of one element by number is not lost", function()
    assert.tensor_near({ 6, 2, 2 }, gradient(function(x) return x * x[1] end, { 2, 1, 1 }))
    assert.tensor_near({ { 0, 4 } },
      gradient(function(x) return x[{ 1, -1 }] ^ 2 end, { { 1, 2 } }))
    local w = ssl.tensor { 5, 6 }:requires_grad()
    assert.equal("number", type(ssl.no_grad(function() return w[2] end)))
  end)

  it("of std is 0 where nothing varies, and NaN stays NaN", function()
    local slope = gradient(function(x) return x:std(1) end, { { 3, 1 }, { 3, 2 } })
    assert.tensor_near({ { 0, -math.sqrt(0.5) }, { 0, math.sqrt(0.5) } }, slope, 1e-12)
    local x = ssl.tensor { 0 / 0, 1 }:requires_grad()
    assert.is_true(x:std():item() ~= x:std():item())
  end)

  it("of clamp is 1 within the bounds and on them", function()
    assert.tensor_near({ 0, 1, 1, 1, 0 },
      gradient(function(x) return x:clamp(-1, 2) end, { -3, -1, 0, 2, 3 }))
  end)

  it("is infinite at the ends of sqrt and log", function()
    assert.tensor_near({ math.huge, 0.5 }, gradient(ssl.sqrt, { 0, 1 }))
    assert.tensor_near({ math.huge, 1 }, gradient(ssl.log, { 0, 1 }))
  end)

  it("of softmax and its kin is 0 at masked elements", function()
    local row = { { 0, -math.huge, 0 } }
    local weights = ssl.tensor({ 1, 1, 3 }, F64)
    assert.tensor_near({ { -0.5, 0, 0.5 } },
      gradient(function(x) return x:softmax() * weights end, row))
    assert.tensor_near({ { 0.5, 0, 0.5 } }, gradient(function(x) return x:logsumexp(2) end, row))
  end)

  it("of no elements is no elements", function()
    for _, f in ipairs { ssl.sum, ssl.exp, ssl.prod, ssl.softmax, ssl.relu,
      function(x) return x:matmul(ssl.ones(3, 2, F64)) end, function(x) return x:norm(2, 2) end } do
      local slope = ssl.grad(function(x) return f(x):sum() end, ssl.zeros(0, 3, F64))
      assert.same({ 0, 3 }, { slope:shape() })
    end
  end)
end)
