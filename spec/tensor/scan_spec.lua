-- cumsum, cumprod and diff, beside loops in plain Lua.

local ssl = require "sslkit"

local nan, inf = 0 / 0, math.huge

local function running(list, f)
  local out = {}
  for i, x in ipairs(list) do out[i] = i == 1 and x or f(out[i - 1], x) end
  return out
end

local function add(a, b) return a + b end
local function multiply(a, b) return a * b end

-- Calls f with every vector of t along dim, and with that of u.
local function each_vector(t, u, dim, f)
  t, u = t:transpose(dim, -1), u:transpose(dim, -1)
  local n = t:size(-1)
  t, u = t:reshape(-1, n), u:reshape(-1, n)
  for i = 1, t:size(1) do f(t[i]:totable(), u[i]) end
end

local SHAPES = { { 7 }, { 9, 5 }, { 2, 3, 4 }, { 3, 300 }, { 5, 1 }, { 3, 2, 300 } }

describe("cumsum and cumprod", function()
  it("are running sums and products along any dimension of any view", function()
    for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
      for _, shape in ipairs(SHAPES) do
        local x = dtype:find "float" and ssl.rand(shape, dtype) + 0.5
          or ssl.randint(0, 3, shape, dtype)
        for _, view in ipairs { x, x:transpose(1, -1), x[{ { -1, 1, -1 } }] } do
          for dim = 1, #shape do
            local sums = view:cumsum(dim)
            assert.equal(dtype == "uint8" and "int64" or dtype, sums:dtype())
            -- sums to 450, each rounded to float32: 2e-5; float64 is added in the same order
            each_vector(view, sums, dim, function(list, got)
              assert.tensor_near(running(list, add), got, dtype == "float32" and 2e-5 or 0)
            end)
            if dtype ~= "uint8" then
              each_vector(view, view:cumprod(dim - #shape - 1), dim, function(list, got)
                list = running(list, multiply)
                got = got:totable()
                for i, v in ipairs(list) do -- one rounding to float32
                  assert(math.abs(got[i] - v) <= math.abs(v) * (dtype == "float32" and 6e-8 or 0))
                end
              end)
            end
          end
        end
      end
    end
  end)

  it("are the same by any number of threads", function()
    local threads = ssl.get_threads()
    finally(function() ssl.set_threads(threads) end)
    local x = ssl.randn(333, 1001)
    local first
    for n = 1, 3 do
      ssl.set_threads(n)
      local bytes = x:cumsum(1):tobytes() .. x:cumsum(2):tobytes() .. x:cumprod(2):tobytes()
      first = first or bytes
      assert.is_true(first == bytes)
    end
  end)

  it("add in float64", function()
    local x = ssl.full({ 100000 }, 0.1)
    -- the sum of 1e5 times the float32 next to 0.1, rounded once; float32 sums are off by 1.1
    assert.tensor_near(x[1] * 100000, x:cumsum()[100000], 1e-3)
  end)

  it("wrap in int64, and carry NaN and infinities on", function()
    local whole = ssl.tensor({ math.maxinteger, 1, 1 }, "int64")
    assert.tensor_near({ math.maxinteger, math.mininteger, math.mininteger + 1 }, whole:cumsum(), 0)
    assert.tensor_near({ 1 << 62, math.mininteger, 0 },
      ssl.tensor({ 1 << 62, 2, 2 }, "int64"):cumprod(), 0)
    assert.tensor_near({ 1, inf, nan, nan }, ssl.tensor { 1, inf, -inf, 1 }:cumsum())
    assert.tensor_near({ 2, 0, nan }, ssl.tensor { 2, 0, inf }:cumprod())
  end)

  it("take a tensor without dimensions, or without elements", function()
    assert.same({ 0, 3.0 }, { ssl.tensor(3):cumsum():dim(), ssl.tensor(3):cumsum():item() })
    assert.equal(3.0, ssl.tensor(3):cumprod(1):item())
    assert.same({ 0, 1 << 40 }, { ssl.zeros(0, 1 << 40):cumsum():shape() })
    assert.same({ 3, 0 }, { ssl.zeros(3, 0):cumprod(1):shape() })
  end)

  it("write to out, also over their operand, and say what is wrong", function()
    local x = ssl.tensor { { 1, 2 }, { 3, 4 } }
    local out = ssl.zeros(2, 2):t()
    assert.equal(out, x:cumsum(2, { out = out }))
    assert.tensor_near({ { 1, 3 }, { 3, 7 } }, out, 0)
    x:cumprod(1, { out = x })
    assert.tensor_near({ { 1, 2 }, { 3, 8 } }, x, 0)
    local y = ssl.arange(1, 4)
    y:narrow(1, 1, 3):cumsum(1, { out = y:narrow(1, 2, 4) })
    assert.tensor_near({ 1, 1, 3, 6 }, y, 0)
    local scalar = ssl.tensor(0)
    assert.equal(scalar, ssl.tensor(3):cumsum(1, { out = scalar }))
    assert.equal(3.0, scalar:item())
    assert.raises("out must be (2,2) float32, got (2) float32", x.cumsum, x, 1,
      { out = ssl.ones(2) })
    assert.raises("bad argument #2 to 'cumsum' (dimension 3 of a tensor with 2)", x.cumsum, x, 3)
    assert.raises("unknown option 'dim'; known: out", x.cumprod, x, 1, { dim = 1 })
    assert.raises("'cumprod' (float or int64 tensor expected, got (2) uint8)", ssl.cumprod,
      ssl.ones(2, "uint8"))
    assert.raises("out= has no gradient", x.cumsum, x:clone():requires_grad(), 1, { out = x })
  end)
end)

describe("diff", function()
  it("is the difference of neighbours, n times", function()
    local x = ssl.randn({ 4, 6 }, "float64")
    assert.tensor_near(x:narrow(2, 2, 6) - x:narrow(2, 1, 5), x:diff(), 0)
    assert.tensor_near(x:narrow(1, 2, 4) - x:narrow(1, 1, 3), x:diff(1, 1), 0)
    assert.tensor_near(x:diff(1, -1):diff(1, -1):diff(1, -1), x:diff(3, 2), 0)
    assert.tensor_near(x, x:diff(0), 0)
    assert.same({ 4, 0 }, { x:diff(6):shape() })
    assert.same({ 4, 0 }, { x:diff(math.maxinteger):shape() })
    assert.same({ 0, 6 }, { ssl.zeros(0, 6):diff(2, 1):shape() })
    local whole = ssl.tensor({ 5, 2, 9 }, "int64")
    assert.tensor_near({ -3, 7 }, whole:diff(), 0)
    assert.tensor_near(x:narrow(1, 2, 4), x:cumsum(1):diff(1, 1), 1e-14) -- roundings of the sums
  end)

  it("says what is wrong", function()
    local x = ssl.zeros(2, 3)
    assert.raises("bad argument #2 to 'diff' (n must be in 0..inf, got -1)", x.diff, x, -1)
    assert.raises("bad argument #3 to 'diff' (dimension 3 of a tensor with 2)", x.diff, x, 1, 3)
    assert.raises("bad argument #3 to 'diff'", ssl.diff, ssl.tensor(1))
    assert.raises("'diff' (float or int64 tensor expected, got (2) uint8)", ssl.diff,
      ssl.ones(2, "uint8"))
  end)
end)
