-- Elementwise functions of two tensors, beside Lua's own operators.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local f32, ulps = reference.f32, reference.ulps
local nan, inf = 0 / 0, math.huge

local floats = {
  0.0, -0.0, nan, inf, -inf, 1.0, -1.0, 0.5, -2.5, 3.0, -7.0, 1e-40, -1e-40, 1e30, -3e38,
  16777217.0,
}
local integers = {
  0, 1, -1, 2, -2, 3, -3, 7, -7, 10, math.maxinteger, math.mininteger, math.maxinteger - 1, 1 << 40,
}
local bytes = { 0, 1, 2, 3, 127, 255 }

-- All pairs of a list with itself, as two tensors and two lists.
local function pairs_of(list, dtype)
  local x, y = {}, {}
  for _, a in ipairs(list) do
    for _, b in ipairs(list) do x[#x + 1], y[#y + 1] = a, b end
  end
  return ssl.tensor(x, dtype), ssl.tensor(y, dtype), x, y
end

local function same_number(a, b) return a == b or a ~= a and b ~= b end

describe("binary functions", function()
  for _, name in ipairs(reference.names(reference.binary)) do
    local f = reference.binary[name]

    it("give Lua's " .. name .. " of special floats", function()
      local a, b, x, y = pairs_of(floats, "float64")
      local out = a[name](a, b)
      for i = 1, #x do
        local want, got = f(x[i], y[i]), out[i]
        assert(same_number(want, got) or math.abs(want - got) <= 1e-15 * math.abs(want),
          ("%s(%g, %g): %.17g expected, got %.17g"):format(name, x[i], y[i], want, got))
      end
      a, b = a:float(), b:float()
      out = a[name](a, b)
      assert.equal("float32", out:dtype())
      for i = 1, #x do
        -- one rounding for the quotient that floordiv takes the floor of, and one at the end
        local u, v = f32(x[i]), f32(y[i])
        local want = f32(name == "floordiv" and f32(u / v) // 1 or f(u, v))
        assert(ulps(want, out[i]) <= 1,
          ("%s(%g, %g): %.9g expected, got %.9g"):format(name, u, v, want, out[i]))
      end
    end)
  end

  -- float32 beside float64; in units in the last place of the exact value, measured worst 0.52 and
  -- 1.82. A power is that of its operands alone, whatever stands beside them.
  it("give pow and atan2 of float32 within 2 units in the last place", function()
    local g = ssl.generator(1)
    local a, b = ssl.randn(300000, { generator = g }) * 3, ssl.randn(300000, { generator = g }) * 4
    b[{ { 1, -1, 3 } }] = b[{ { 1, -1, 3 } }]:round()
    for _, name in ipairs { "pow", "atan2" } do
      local want = a:double()
      want = want[name](want, b:double())
      local got, real = a[name](a, b):double(), want:abs():gt(1e-37) & want:abs():lt(3e38)
      local power = want:masked_select(real):abs():log2():floor() - 23
      local off = (got - want):masked_select(real):abs() * ssl.pow(2, -power)
      assert(off:max():item() <= 2, name)
      assert.equal(want:isnan():sum():item(), got:isnan():sum():item())
    end
    local alone = a[7] ^ b[7]
    a[8], a[9], b[10] = 0, nan, 1e30
    assert.equal(f32(alone), f32((a ^ b)[7]))
    assert(ssl.equal(a[{ { 20, 60 } }] ^ 2, a[{ { 20, 60 } }]:square()))
  end)

  local kinds = { float32 = floats, float64 = floats, int64 = integers, uint8 = bytes }
  for _, name in ipairs(reference.names(reference.compare)) do
    it("make the mask " .. name .. " of any dtype", function()
      for dtype, list in pairs(kinds) do
        local a, b = pairs_of(list, dtype)
        local out = a[name](a, b)
        assert.equal("uint8", out:dtype())
        for i = 1, a:numel() do
          assert(out[i] == reference.compare[name](a[i], b[i]),
            ("%s: %s(%s, %s) is %d"):format(dtype, name, a[i], b[i], out[i]))
        end
      end
    end)
  end

  it("wrap and floor int64 as Lua does", function()
    local a, b, x, y = pairs_of(integers, "int64")
    local sum, difference, product = a + b, a - b, a * b
    local top, bottom = a:maximum(b), a:minimum(b)
    for i = 1, #x do
      assert.equal(x[i] + y[i], sum[i])
      assert.equal(x[i] - y[i], difference[i])
      assert.equal(x[i] * y[i], product[i])
      assert.equal(math.max(x[i], y[i]), top[i])
      assert.equal(math.min(x[i], y[i]), bottom[i])
    end
    local keep = b:ne(0)
    a, b = a[keep], b[keep]
    local quotient, rest = a // b, a % b
    for i = 1, a:numel() do
      assert(a[i] // b[i] == quotient[i], a[i] .. " // " .. b[i])
      assert(a[i] % b[i] == rest[i], a[i] .. " % " .. b[i])
    end
  end)

  it("refuse to divide int64 by zero, also under broadcasting", function()
    local t = ssl.tensor({ 1, 2 }, "int64")
    assert.raises("#2 to 'floordiv' (division of int64 by zero)", function() ssl.floordiv(t, 0) end)
    local zero = ssl.tensor({ { 1 }, { 0 } }, "int64")
    assert.raises("division of int64 by zero", function() return t % zero end)
    assert.raises("division of int64 by zero", function() return 1 // (t - 1) end)
    assert.tensor_near({ inf, inf }, t:double() // 0)
  end)

  it("keep to the dtypes that have a meaning", function()
    local i, u = ssl.tensor({ 1 }, "int64"), ssl.tensor({ 1 }, "uint8")
    assert.raises("#1 to 'div' (float tensor expected, got (1) int64", function() ssl.div(i, i) end)
    assert.raises("float or int64 tensor expected, got (1) uint8", function() return u + u end)
    assert.raises("uint8 masks expected, got (1) int64", function() return i & i end)
    assert.raises("#2 to 'add' (dtypes differ: (1) int64 and (1) float32 (convert one with :to))",
      function() ssl.add(i, ssl.ones(1)) end)
    assert.raises("dtypes differ: (1) float32 and (1) float64",
      function() return ssl.ones(1) + ssl.ones(1, "float64") end)
  end)

  it("give a Lua number the tensor's dtype", function()
    assert.equal("float32", (ssl.ones(1) + 1):dtype())
    assert.equal("float64", (2 ^ ssl.ones(1, "float64")):dtype())
    assert.equal("int64", (3 - ssl.ones(1, "int64")):dtype())
    assert.equal(2, (3.0 - ssl.ones(1, "int64")):item())
    assert.equal(f32(0.1), (ssl.zeros(1) + 0.1):item())
    assert.raises("#2 to 'add' (int64 has no room for number 0.5)",
      function() ssl.add(ssl.ones(1, "int64"), 0.5) end)
    assert.raises("#1 to 'sub' (int64 has no room for number 0.5)",
      function() return 0.5 - ssl.ones(1, "int64") end)
    assert.raises("uint8 has no room for number 256",
      function() ssl.eq(ssl.ones(1, "uint8"), 256) end)
    assert.raises("#2 to 'add' (number expected, got string 'a')",
      function() ssl.add(ssl.ones(1), "a") end)
    assert.raises("#1 to 'add' (tensor expected, got number 1)", function() ssl.add(1, 2) end)
    assert.raises("number expected, got nil", function() return ssl.ones(1) + nil end)
  end)

  it("are the operators", function()
    local a, b = ssl.tensor { 5, -7 }, ssl.tensor { 2, 2 }
    local operators = {
      add = a + b, sub = a - b, mul = a * b, div = a / b, floordiv = a // b, mod = a % b,
      pow = a ^ b,
    }
    for name, out in pairs(operators) do assert(reference.same(a[name](a, b), out), name) end
    assert.tensor_near({ -5, 7 }, -a)
    local m, n = a:gt(0), b:gt(0)
    assert.same({ 1, 0 }, (m & n):totable())
    assert.same({ 1, 1 }, (m | n):totable())
    assert.same({ 0, 1 }, (~m):totable())
    assert.raises("mask of dtype uint8 expected, got (2) float32", function() return ~a end)
    assert.is_false(a == a:clone()) -- identity
  end)
end)

describe("broadcasting", function()
  it("follows NumPy's rule, over random shapes", function()
    math.randomseed(3)
    for _ = 1, 200 do
      local full = reference.shape(0, 4)
      local function part()
        local shape = {}
        for d = math.random(#full + 1), #full do
          shape[#shape + 1] = math.random(3) == 1 and 1 or full[d]
        end
        return shape
      end
      local sa, sb = part(), part()
      local n, shape = math.max(#sa, #sb), {}
      for d = 1, n do
        local x, y = sa[d - n + #sa] or 1, sb[d - n + #sb] or 1
        shape[d] = x == 1 and y or x
      end
      local a, b = reference.fill(sa), reference.fill(sb)
      local out = a - b
      assert.same(shape, { out:shape() })
      local ea, eb = a:expand(shape), b:expand(shape)
      reference.each(shape, function(...)
        assert.equal(f32(ea:at(...) - eb:at(...)), out:at(...))
      end)
    end
  end)

  it("names shapes that do not fit", function()
    assert.raises("#2 to 'add' (shapes do not broadcast: (2,3) and (2))",
      function() ssl.add(ssl.ones(2, 3), ssl.ones(2)) end)
    assert.raises("shapes do not broadcast: (0) and (2)",
      function() return ssl.ones(0) + ssl.ones(2) end)
    assert.same({ 0, 3 }, { (ssl.ones(0, 1) + ssl.ones(3)):shape() })
  end)

  it("in place must keep the shape", function()
    local t = ssl.zeros(2, 3)
    assert.equal(t, t:add_(ssl.tensor { 1, 2, 3 }))
    assert.tensor_near({ { 1, 2, 3 }, { 1, 2, 3 } }, t)
    assert.raises("shapes do not broadcast: (3) and (2,3)", function() ssl.ones(3):add_(t) end)
    assert.raises("shapes do not broadcast", function() ssl.ones(1, 3):add_(t) end)
    assert.raises("shapes do not broadcast", function() ssl.ones(1, 0):add_(ssl.ones(5, 1)) end)
    local tall, wide = ssl.ones(1, 1):expand(1 << 38, 1), ssl.ones(1, 1):expand(1, 1 << 38)
    assert.raises("shapes do not broadcast", function() tall:add_(wide) end)
    assert.raises("#1 to 'add_' (tensor expected, got number 3)", function() ssl.add_(3, t) end)
  end)
end)

describe("where", function()
  it("takes tensors and numbers, and broadcasts all three", function()
    local mask = ssl.tensor({ { 1 }, { 0 } }, "uint8")
    assert.tensor_near({ { 1, 2 }, { 9, 9 } }, ssl.where(mask, ssl.tensor { 1, 2 }, 9))
    assert.tensor_near({ { 9, 9 }, { 1, 2 } }, ssl.where(mask, 9, ssl.tensor { 1, 2 }))
    assert.tensor_near({ { 1 }, { 0 } }, ssl.where(mask, 1, 0))
    assert.same({ { 5 }, { 7 } }, ssl.where(mask, ssl.tensor({ 5 }, "int64"), 7):totable())
    assert.tensor_near({ 1, 2 }, ssl.where(ssl.tensor({ 3, 0 }, "uint8"), ssl.tensor { 1, nan },
      ssl.tensor { nan, 2 }))
  end)

  it("names what does not fit", function()
    local mask = ssl.ones(2, "uint8")
    assert.raises("#1 to 'where' (uint8 tensor expected, got (2) float32)",
      function() ssl.where(ssl.ones(2), 1, 2) end)
    assert.raises("#3 to 'where' (dtypes differ: (2) float32 and (2) int64",
      function() ssl.where(mask, ssl.ones(2), ssl.ones(2, "int64")) end)
    assert.raises("shapes do not broadcast: (2), (3) and (2)",
      function() ssl.where(mask, ssl.ones(3), ssl.ones(2)) end)
    assert.raises("#3 to 'where' (number expected, got nil)", function() ssl.where(mask, 1) end)
  end)

  it("fills under a mask", function()
    local t = ssl.tensor({ 1, 2, 3 }, "int64")
    assert.same({ 1, 0, 0 }, t:masked_fill(t:gt(1), 0):totable())
    assert.raises("#3 to 'masked_fill' (int64 has no room for 0.5)",
      function() ssl.masked_fill(t, t:gt(1), 0.5) end)
    assert.raises("#2 to 'masked_fill' (mask of dtype uint8 expected, got (3) int64)",
      function() ssl.masked_fill(t, t, 0) end)
    assert.raises("#1 to 'masked_fill' (tensor expected, got number 3)",
      function() ssl.masked_fill(3, t, 0) end)
  end)
end)

describe("closeness", function()
  it("is |a - b| <= atol + rtol |b|; equal infinities are close, NaN never", function()
    local a = ssl.tensor({ 1, 1, inf, inf, nan, 0, 1 }, "float64")
    local b = ssl.tensor({ 1 + 0.9e-5, 1 + 1.1e-5, inf, -inf, nan, 1e-8, inf }, "float64")
    assert.same({ 1, 0, 1, 0, 0, 1, 0 }, a:isclose(b):totable())
    assert.same({ 1, 1, 1, 0, 0, 1, 0 }, a:isclose(b, { rtol = 1e-3 }):totable())
    assert.is_true(ssl.allclose(ssl.ones(3), 1 + ssl.zeros(1)))
    assert.is_true(ssl.allclose(ssl.zeros(0), ssl.zeros(0)))
    assert.is_false(ssl.allclose(ssl.tensor { nan }, ssl.tensor { nan }))
    local i, j = ssl.tensor({ 1, 2 }, "int64"), ssl.tensor({ 1, 3 }, "int64")
    assert.same({ 1, 0 }, i:isclose(j):totable())
    assert.raises("#3 to 'allclose' (unknown option 'tol'; known: atol, rtol)",
      function() ssl.allclose(a, b, { tol = 1 }) end)
    assert.raises("#3 to 'isclose' (rtol must be a finite number, got string 'x')",
      function() ssl.isclose(a, b, { rtol = "x" }) end)
    assert.raises("#2 to 'allclose' (dtypes differ", function() ssl.allclose(a, b:float()) end)
  end)

  it("equal asks for shape, dtype and every element", function()
    local a = ssl.tensor { 1, 2 }
    assert.is_true(ssl.equal(a, a:clone()))
    assert.is_false(ssl.equal(a, a:double()))
    assert.is_false(ssl.equal(a, a:unsqueeze(1)))
    assert.is_false(ssl.equal(a, ssl.tensor { 1, 3 }))
    assert.is_false(ssl.equal(ssl.tensor { nan }, ssl.tensor { nan }))
    assert.raises("#2 to 'equal' (tensor expected, got nil)", function() ssl.equal(a) end)
  end)
end)
