-- unique, bincount and histc, beside counting in plain Lua.

local ssl = require "sslkit"

local nan, inf = 0 / 0, math.huge

-- Distinct numbers of a list, ascending, NaN last; how often each; where each element stands.
local function distinct(list)
  local counts, values, missing = {}, {}, 0
  for _, x in ipairs(list) do
    if x ~= x then
      missing = missing + 1
    else
      if not counts[x] then values[#values + 1] = x end
      counts[x] = (counts[x] or 0) + 1
    end
  end
  table.sort(values)
  local often, at, inverse = {}, {}, {}
  for i, x in ipairs(values) do often[i], at[x] = counts[x], i end
  if missing > 0 then
    values[#values + 1] = nan
    often[#values] = missing
  end
  for i, x in ipairs(list) do inverse[i] = x ~= x and #values or at[x] end
  return values, inverse, often
end

local function check_unique(x)
  local values, inverse, often = distinct(x:reshape(-1):totable())
  local v, at, counts = x:unique { inverse = true, counts = true }
  assert.equal(x:dtype(), v:dtype())
  assert.same({ "int64", "int64" }, { at:dtype(), counts:dtype() })
  assert.same({ x:shape() }, { at:shape() })
  assert.tensor_near(values, v, 0)
  assert.tensor_near(inverse, at:reshape(-1), 0)
  assert.tensor_near(often, counts, 0)
  assert.tensor_near(values, x:unique(), 0)
end

describe("unique", function()
  it("gives each element once, where it stands and how often", function()
    for _, n in ipairs { 0, 1, 2, 30, 1000 } do
      for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
        check_unique(ssl.randint(0, 9, n):to(dtype))
        check_unique(ssl.full({ n }, 3, dtype))
      end
      check_unique(ssl.randn(n))
      check_unique(ssl.randint(-5, 5, n) * (1 << 58)) -- far apart: sorted; near: by a table
      check_unique(ssl.randint(-40000, 30000, n))
      check_unique(ssl.tensor({ math.mininteger, math.maxinteger, 0 }, "int64"))
    end
    check_unique(ssl.tensor { nan, 1, -nan, inf, -inf, 1, nan })
    check_unique(ssl.randint(0, 3, { 4, 6 }):double():t())
    check_unique(ssl.tensor(5))
    check_unique(ssl.randint(1, 3, { 2, 3, 4 })[{ {}, { -1, 1, -1 } }])
  end)

  it("has one zero", function()
    local v, counts = ssl.tensor { 0.0, -0.0, 1 }:unique { counts = true }
    assert.tensor_near({ 0, 1 }, v, 0)
    assert.tensor_near({ 2, 1 }, counts, 0)
  end)

  it("gives what is asked for", function()
    local x = ssl.tensor { 3, 1, 3 }
    local _, second, third = x:unique()
    assert.is_nil(second or third)
    _, second, third = x:unique { inverse = true }
    assert.tensor_near({ 2, 1, 2 }, second, 0)
    assert.is_nil(third)
    _, second, third = x:unique { counts = true }
    assert.tensor_near({ 1, 2 }, second, 0)
    assert.is_nil(third)
  end)

  it("gives each slice once", function()
    local rows = ssl.tensor { { 2, 1 }, { 2, 0 }, { 1, 5 }, { 2, 1 } } -- NumPy's answer and 1
    local v, at, counts = rows:unique { dim = 1, inverse = true, counts = true }
    assert.tensor_near({ { 1, 5 }, { 2, 0 }, { 2, 1 } }, v, 0)
    assert.tensor_near({ 3, 2, 1, 3 }, at, 0)
    assert.tensor_near({ 1, 1, 2 }, counts, 0)
    v, at = rows:t():unique { dim = -1, inverse = true }
    assert.tensor_near({ { 1, 2, 2 }, { 5, 0, 1 } }, v, 0)
    assert.tensor_near({ 3, 2, 1, 3 }, at, 0)
    for _, dtype in ipairs { "float32", "int64", "uint8" } do
      local x = ssl.randint(0, 1, { 40, 2, 2 }):to(dtype)
      v, at, counts = x:unique { dim = 1, inverse = true, counts = true }
      assert.is_true(ssl.equal(x, v:index(1, at)))
      assert.equal(40, counts:sum():item())
      assert.tensor_near(ssl.bincount(at), counts, 0)
      assert.equal(v:size(1), #v:unique { dim = 1 })
    end
    v = ssl.zeros(0, 1 << 40):unique { dim = 1 } -- at once
    assert.same({ 0, 1 << 40 }, { v:shape() })
    assert.raises("needs", ssl.unique, ssl.ones(3, 1):expand(3, 1 << 50), { dim = 1 })
    v = ssl.tensor { { 1, nan }, { nan, 1 }, { 1, nan } }:unique { dim = 1 }
    assert.tensor_near({ { 1, nan }, { nan, 1 } }, v)
    for _, shape in ipairs { { 0, 3 }, { 3, 0 }, { 0, 0 } } do
      v, at, counts = ssl.zeros(shape):unique { dim = 1, inverse = true, counts = true }
      assert.same({ math.min(shape[1], 1), shape[2] }, { v:shape() })
      assert.same({ shape[1], v:size(1) }, { #at, #counts })
    end
  end)

  it("says what is wrong", function()
    local x = ssl.zeros(2)
    assert.raises("unknown option 'count'; known: counts, dim, inverse", x.unique, x,
      { count = true })
    assert.raises("inverse must be true or false, got number 1", x.unique, x, { inverse = 1 })
    assert.raises("bad argument #2 to 'unique' (dimension 2 of a tensor with 1)", x.unique, x,
      { dim = 2 })
    assert.raises("unique has no gradient; use :detach() to pass it by", x.unique,
      x:clone():requires_grad())
    assert.raises({ "'unique'", "at most 4294967295 elements" }, x.unique,
      ssl.ones(1):expand(1 << 40))
  end)
end)

describe("bincount", function()
  it("counts ids from 1 on", function()
    for _, n in ipairs { 0, 1, 50, 200000 } do -- from 65536 on by several threads
      local ids = ssl.randint(1, 9, n)
      local want = {}
      for c = 1, n == 0 and 0 or ids:max():item() do want[c] = ids:eq(c):sum():item() end
      local counts = ssl.bincount(ids)
      assert.equal("int64", counts:dtype())
      assert.tensor_near(want, counts, 0)
    end
    assert.tensor_near({ 0, 1, 0, 2, 0 },
      ssl.bincount(ssl.tensor({ 4, 2, 4 }, "uint8"), { minlength = 5 }), 0)
    assert.same({ 3 }, { ssl.bincount(ssl.zeros(0, "int64"), { minlength = 3 }):shape() })
    local wide = ssl.tensor({ 100000, 1, 100000 }, "int64"):expand(30000, 3):reshape(-1)
    assert.equal(60000, ssl.bincount(wide)[100000]) -- too many counters for each thread its own
    local every_second = ssl.tensor({ 1, 9, 2, 9, 1 }, "int64")[{ { 1, 5, 2 } }]
    assert.tensor_near({ 2, 1 }, ssl.bincount(every_second), 0)
  end)

  it("adds weights", function()
    for _, dtype in ipairs { "float32", "float64" } do
      local ids, w = ssl.randint(1, 5, 1000), ssl.randn(1000, dtype)
      local sums = ssl.bincount(ids, { weights = w, minlength = 7 })
      assert.equal(dtype, sums:dtype())
      for c = 1, 7 do
        -- 1e-6: one rounding to float32; in float64 the order of the sum
        assert.tensor_near((w:double() * ids:eq(c):double()):sum(), sums[c],
          dtype == "float32" and 1e-5 or 1e-12)
      end
    end
    local w = ssl.full({ 3 }, 0.1):requires_grad()
    ssl.bincount(ssl.tensor({ 2, 1, 2 }, "int64"), { weights = w })[2]:backward()
    assert.tensor_near({ 1, 0, 1 }, w:grad(), 0)
  end)

  it("says what is wrong", function()
    local f, ids = ssl.bincount, ssl.tensor({ 3, 1, 0, -1 }, "int64")
    assert.raises("bad argument #1 to 'bincount' (ids are counted from 1, row 3 holds 0)", f, ids)
    assert.raises("row 2 holds -5", f, ssl.tensor({ 1, -5 }, "int64"))
    assert.raises("ids with 1 dimension expected, got (2) float32", f, ssl.ones(2))
    assert.raises("ids with 1 dimension expected, got (1,2) int64", f, ssl.ones(1, 2, "int64"))
    assert.raises("minlength must be in 0..inf, got -1", f, ids, { minlength = -1 })
    assert.raises("weights of dtype float expected, got (4) int64", f, ids, { weights = ids })
    assert.raises("weights (3) float32 do not fit the ids (4) int64", f, ids,
      { weights = ssl.ones(3) })
    for _, huge in ipairs { 1 << 50, math.maxinteger } do
      assert.raises("bincount", f, ssl.tensor({ huge }, "int64"))
      assert.raises("bincount", f, ssl.tensor({ 1 }, "int64"), { minlength = huge })
    end
  end)
end)

describe("histc", function()
  it("counts into bins of one width, the last one closed", function()
    local x = ssl.tensor { 0, 0.5, 1, 1.5, 2, 7, -1 } -- PyTorch's answers
    assert.tensor_near({ 1, 1, 1, 2 }, x:histc(4, 0, 2), 0)
    assert.tensor_near({ 1, 2, 0, 1 }, ssl.tensor { 1, 2, 2, 5 }:histc(4), 0)
    assert.same({ "int64", 100 }, { x:histc():dtype(), #x:histc() })
    for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
      local y = ssl.randint(0, 31, { 3, 50 }):to(dtype):t()
      local want = {}
      for b = 1, 8 do
        want[b] = y:ge(4 * b - 4):sum():item() - y:ge(b == 8 and 33 or 4 * b):sum():item()
      end
      assert.tensor_near(want, y:histc(8, 0, 32), 0)
    end
    local long = ssl.rand(200000)
    local counts = long:histc(10, 0, 1)
    assert.equal(200000, counts:sum():item())
    for b = 1, 10 do -- in float64: edges are not rounded to float32
      local inside = ssl.logical_and(long:double():ge((b - 1) / 10), long:double():lt(b / 10))
      assert.equal(inside:sum():item(), counts[b])
    end
  end)

  it("leaves out NaN and what lies outside, and takes the range of the data", function()
    local x = ssl.tensor { nan, 1, inf, 3, -inf, nan }
    assert.tensor_near({ 1, 1 }, x:histc(2, 0, 4), 0)
    assert.tensor_near({ 1, 0, 1 }, ssl.tensor { nan, 2, 4 }:histc(3), 0)
    assert.tensor_near({ 0, 3 }, ssl.full({ 3 }, 5):histc(2), 0) -- 4 .. 6
    assert.tensor_near({ 0, 0 }, ssl.full({ 3 }, nan):histc(2), 0)
    assert.tensor_near({ 0, 0 }, ssl.zeros(0):histc(2), 0)
    assert.tensor_near({ 1 }, ssl.tensor(5):histc(1), 0)
    assert.tensor_near({ 0, 1 }, ssl.tensor({ 5e-324, 1 }, "float64"):histc(2, 0, 5e-324), 0)
  end)

  it("says what is wrong", function()
    local x = ssl.tensor { 1, inf }
    assert.raises("bad argument #2 to 'histc' (bins must be in 1..", x.histc, x, 0)
    assert.raises("bad argument #4 to 'histc' (hi is below lo, 1 < 2)", x.histc, x, 2, 2, 1)
    assert.raises("the range of the data, 1 to inf, is not finite: give lo and hi", x.histc, x, 2)
    assert.raises("'histc'", x.histc, x, 2, -1e308, 1e308)
    assert.raises("histc", x.histc, x, 1 << 50)
    assert.raises("lo must be a finite number, got number nan", x.histc, x, 2, nan)
  end)
end)
