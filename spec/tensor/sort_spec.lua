-- sort, argsort, topk, searchsorted, median and quantile, beside sorting in plain Lua.

local ssl = require "sslkit"

local nan, inf = 0 / 0, math.huge
local DTYPES = { "float32", "float64", "int64", "uint8" }

-- The order that is promised: NaN last, equal elements as they stood.
local function brute(list, descending)
  local order = {}
  for i = 1, #list do order[i] = i end
  table.sort(order, function(i, j)
    local a, b = list[i], list[j]
    if a ~= a or b ~= b then
      if a ~= a and b ~= b then return i < j end
      return b ~= b
    end
    if a == b then return i < j end
    if descending then return a > b end
    return a < b
  end)
  return order
end

local function same(a, b) -- as tostring tells -0.0 from 0.0
  return a ~= a and b ~= b or a == b and (a ~= 0 or tostring(a) == tostring(b))
end

-- The first k of a vector must be those that plain Lua puts first.
local function check_vector(x, descending, k, values, indices)
  local list = x:totable()
  local order = brute(list, descending)
  values, indices = values:totable(), indices:totable()
  assert.equal(k, #values)
  assert.equal(k, #indices)
  for i = 1, k do
    if indices[i] ~= order[i] or not same(values[i], list[order[i]]) then
      error(("%s, descending %s, k %d: at %d stands %s (of %d), not %s (of %d)"):format(
        x:dtype() .. " " .. #list, descending, k, i, values[i], indices[i],
        list[order[i]], order[i]))
    end
  end
end

local ODD = { nan, -nan, inf, -inf, 0.0, -0.0, 1e30, 1e-40, -1e-40, 3 }

-- Vectors whose keys try the ways of sorting: far apart, many equal ones, equal in the upper bits,
-- one far away, in order already.
local function vectors(dtype, n)
  local list = {}
  local float = dtype:find "float"
  local function add(x) list[#list + 1] = x:to(dtype) end
  if float then
    add(ssl.randn(n, dtype))
    add((ssl.randn(n, dtype) * 2):round())
    add(ssl.rand(n, dtype) * 1e-4 + 1)
    local odd = ssl.randn(n, dtype)
    for _ = 1, n // 4 + 1 do odd[math.random(n)] = ODD[math.random(#ODD)] end
    add(odd)
    add(ssl.full({ n }, nan, dtype))
  elseif dtype == "int64" then
    add(ssl.randint(-(1 << 62), 1 << 62, n))
    add(ssl.randint(-3, 3, n))
    local far = ssl.randint(1, 1000, n)
    far[1], far[n] = math.maxinteger, math.mininteger
    add(far)
  else
    add(ssl.randint(0, 255, n, "uint8"))
    add(ssl.randint(0, 1, n, "uint8"))
  end
  add(ssl.arange(1, n) % 251)
  add(ssl.full({ n }, 7, dtype))
  return list
end

describe("sort", function()
  it("is the order of plain Lua, for every dtype and length, both ways", function()
    for _, dtype in ipairs(DTYPES) do
      -- 28, 29: insertion ends; 599, 600: the width of a digit
      for _, n in ipairs { 1, 2, 28, 29, 130, 599, 600, 2000 } do
        for _, x in ipairs(vectors(dtype, n)) do
          for _, descending in ipairs { false, true } do
            local values, indices = x:sort(1, descending)
            assert.equal(dtype, values:dtype())
            assert.equal("int64", indices:dtype())
            check_vector(x, descending, n, values, indices)
          end
        end
      end
    end
  end)

  it("of a long row is the same by one thread and by many", function()
    local threads = ssl.get_threads()
    finally(function() ssl.set_threads(threads) end)
    for _, dtype in ipairs(DTYPES) do
      for _, x in ipairs(vectors(dtype, 70000)) do -- above 65536 the threads share a row
        local one = {}
        for n = 1, 3 do
          ssl.set_threads(n)
          local values, indices = x:sort(1, n % 2 == 0)
          values, indices = values:tobytes(), indices:tobytes()
          one[n % 2] = one[n % 2] or { values, indices }
          assert.is_true(values == one[n % 2][1] and indices == one[n % 2][2])
        end
      end
    end
    local x = vectors("float32", 70000)[4]
    check_vector(x, true, 70000, x:sort(1, true))
  end)

  it("goes along any dimension of any view", function()
    local base = ssl.randn(5, 40, 6)
    for _, x in ipairs { base, base:transpose(1, 3), base:permute(2, 3, 1),
      base[{ {}, { -1, 1, -2 }, { 2, 5 } }], base:select(2, 3):unsqueeze(2):expand(5, 3, 6) } do
      for dim = 1, 3 do
        local values, indices = x:sort(dim - 4)
        assert.same({ x:shape() }, { values:shape() })
        local rows, v, at = x:transpose(dim, 3), values:transpose(dim, 3), indices:transpose(dim, 3)
        for i = 1, rows:size(1) do
          for j = 1, rows:size(2) do
            check_vector(rows[{ i, j }], false, rows:size(3), v[{ i, j }], at[{ i, j }])
          end
        end
        assert.tensor_near(values, x:gather(dim, indices), 0)
        assert.tensor_near(indices, x:argsort(dim), 0)
      end
    end
    local tall = ssl.randn(70000, 2) -- long rows that are columns
    local values, indices = tall:sort(1)
    local column, at = tall:select(2, 2):sort()
    assert.is_true(ssl.equal(column, values:select(2, 2)) and ssl.equal(at, indices:select(2, 2)))
  end)

  it("takes a tensor without dimensions, or without elements", function()
    local values, indices = ssl.tensor(3):sort()
    assert.same({ 0, 0 }, { values:dim(), indices:dim() })
    assert.same({ 3.0, 1 }, { values:item(), indices:item() })
    assert.equal(1, ssl.tensor(3):argsort(-1, true):item())
    assert.same({ 3, 0 }, { ssl.zeros(3, 0):sort():shape() })
    assert.same({ 0, 1 << 40 }, { ssl.zeros(0, 1 << 40):argsort(2):shape() })
  end)

  it("says what is wrong", function()
    local x = ssl.zeros(2, 3)
    assert.raises("bad argument #2 to 'sort' (dimension 3 of a tensor with 2)", x.sort, x, 3)
    assert.raises("'sort' (descending must be true or false, got number 1)", x.sort, x, 1, 1)
    assert.raises({ "argument #1 to 'argsort'", "tensor expected, got nil" }, ssl.argsort)
    assert.raises("bad argument #2 to 'sort'", ssl.sort, ssl.tensor(1), 2)
    assert.raises({ "'sort'", "at most 4294967295 elements" }, ssl.sort,
      ssl.zeros(1, "uint8"):expand(1 << 33))
    local w = ssl.ones(2):requires_grad()
    assert.is_false((select(2, w:sort())):needs_grad())
  end)
end)

describe("topk", function()
  it("is the start of the order, however few", function()
    for _, dtype in ipairs(DTYPES) do
      -- from 256 on few are chosen by a limit, found by sorting where more than 128 are asked for
      for _, n in ipairs { 1, 9, 300, 3000, 70000 } do
        for _, x in ipairs(vectors(dtype, n)) do
          for _, largest in ipairs { true, false } do
            local sorted, at = x:sort(1, largest)
            for _, k in ipairs { 0, 1, 2, 20, 64, 150, n // 2, n } do
              if k <= n then
                local values, indices = x:topk(k, 1, largest)
                assert.is_true(values:tobytes() == sorted:narrow(1, 1, k):tobytes())
                assert.is_true(indices:tobytes() == at:narrow(1, 1, k):tobytes())
              end
            end
          end
        end
      end
    end
  end)

  it("never takes NaN before a number", function()
    for _, n in ipairs { 6, 5000 } do
      local x = ssl.full({ n }, nan)
      x[2], x[4], x[n] = 1, inf, -inf
      for _, largest in ipairs { true, false } do
        check_vector(x, largest, 3, x:topk(3, 1, largest))
        check_vector(x, largest, 5, x:topk(5, 1, largest))
      end
    end
  end)

  it("takes the first of equal ones, also among infinities and many ties", function()
    local x = ssl.full({ 4000 }, -inf)
    assert.tensor_near({ 1, 2, 3 }, select(2, x:topk(3)), 0)
    assert.tensor_near({ 1, 2, 3 }, select(2, x:topk(3, 1, false)), 0)
    x[{ { 17, 4000, 3 } }] = 5
    assert.tensor_near({ 17, 20, 23 }, select(2, x:topk(3)), 0)
    assert.tensor_near({ 1, 2, 3 }, select(2, x:topk(3, 1, false)), 0)
  end)

  it("goes along any dimension, and takes a tensor without any", function()
    local x = ssl.randn(3, 400, 4)
    local values, indices = x:topk(7, 2)
    assert.same({ 3, 7, 4 }, { values:shape() })
    local sorted, at = x:sort(2, true)
    assert.tensor_near(sorted:narrow(2, 1, 7), values, 0)
    assert.tensor_near(at:narrow(2, 1, 7), indices, 0)
    values, indices = ssl.tensor(5):topk(1)
    assert.same({ 5.0, 1 }, { values:item(), indices:item() })
    assert.same({ 0 }, { ssl.tensor(5):topk(0):shape() })
    assert.same({ 3, 0, 4 }, { x:topk(0, 2):shape() })
  end)

  it("says what is wrong", function()
    local x = ssl.zeros(2, 3)
    assert.raises("bad argument #2 to 'topk' (k must be in 0..3, got 4)", x.topk, x, 4)
    assert.raises("bad argument #2 to 'topk' (k must be in 0..3, got -1)", x.topk, x, -1)
    assert.raises("bad argument #3 to 'topk'", x.topk, x, 1, 0)
    assert.raises("bad argument #4 to 'topk' (largest must be true or false", x.topk, x, 1, 1, "no")
  end)
end)

describe("searchsorted", function()
  it("counts what is smaller, or not larger", function()
    for _, dtype in ipairs(DTYPES) do
      for _, n in ipairs { 0, 1, 2, 3, 8, 100 } do
        local s = ssl.sort(ssl.randint(0, 30, n):to(dtype))
        local v = ssl.randint(0, 32, { 7, 5 }):to(dtype)
        for _, right in ipairs { false, true } do
          local got = ssl.searchsorted(s, v, { right = right })
          assert.equal("int64", got:dtype())
          local wide = v:double():unsqueeze(-1):expand(7, 5, n)
          local below = right and s:double():le(wide) or s:double():lt(wide)
          assert.tensor_near(below:sum(-1) + 1, got, 0)
        end
      end
    end
  end)

  it("has NaN behind every number", function()
    local s = ssl.tensor { 1, 2, nan, nan }
    local v = ssl.tensor { nan, 5, 2, inf, -inf } -- NumPy's answers and 1
    assert.tensor_near({ 3, 3, 2, 3, 1 }, ssl.searchsorted(s, v), 0)
    assert.tensor_near({ 5, 3, 3, 3, 1 }, ssl.searchsorted(s, v, { right = true }), 0)
  end)

  it("takes rows of its own for each row of values, views, numbers", function()
    local s = ssl.randn(3, 2, 50):sort()
    local v = ssl.randn(3, 9, 2):transpose(2, 3)
    local got = ssl.searchsorted(s, v)
    for i = 1, 3 do
      for j = 1, 2 do
        assert.tensor_near(ssl.searchsorted(s[{ i, j }], v[{ i, j }]), got[{ i, j }], 0)
      end
    end
    assert.equal(3, ssl.searchsorted(ssl.tensor({ 1, 5 }, "int64"), 7):item())
    assert.same({ 2, 0 }, { ssl.searchsorted(ssl.ones(4), ssl.zeros(2, 0)):shape() })
  end)

  it("says what is wrong", function()
    local f = ssl.searchsorted
    assert.raises("'searchsorted' (float32 tensor expected, got (2) float64)", f, ssl.ones(2),
      ssl.ones(2, "float64"))
    assert.raises("bad argument #2 to 'searchsorted' (values (3,2) float32 do not fit", f,
      ssl.ones(2, 2), ssl.ones(3, 2))
    assert.raises("bad argument #1 to 'searchsorted' (sorted rows expected", f, ssl.tensor(1), 1)
    assert.raises("unknown option 'left'; known: right", f, ssl.ones(2), 1, { left = true })
    assert.raises("right must be true or false, got number 1", f, ssl.ones(2), 1, { right = 1 })
    assert.raises("int64 has no room for 0.5", f, ssl.tensor({ 1 }, "int64"), 0.5)
  end)
end)

local function mean_of_middle(list)
  table.sort(list)
  local n = #list
  return n == 0 and nan or (list[n // 2 + 1] + list[(n + 1) // 2]) / 2
end

describe("median", function()
  it("is the element in the middle, or the mean of two", function()
    for _, dtype in ipairs(DTYPES) do
      for _, n in ipairs { 0, 1, 2, 5, 40, 301 } do
        local x = (ssl.randn(n) * 20 + 100):to(dtype)
        local m = x:median()
        assert.equal(dtype:find "float" and dtype or "float64", m:dtype())
        -- 1e-6 of 100: one rounding of the mean to float32
        assert.tensor_near(mean_of_middle(x:totable()), m, 1e-5)
      end
    end
  end)

  it("goes along one dimension, several, or none that is named", function()
    local x = ssl.randn({ 3, 4, 5 }, "float64")
    for _, view in ipairs { x, x:transpose(1, 2):contiguous():transpose(1, 2) } do
      assert.tensor_near(mean_of_middle(view:reshape(-1):totable()), view:median(), 0)
      assert.same({ 3, 5 }, { view:median(2):shape() })
      assert.same({ 3, 1, 5 }, { view:median(-2, true):shape() })
      local row = view[{ 2, {}, 3 }]:totable()
      assert.tensor_near(mean_of_middle(row), view:median(2):at(2, 3), 1e-15)
      local two = view:median({ 3, 1 }, true)
      assert.same({ 1, 4, 1 }, { two:shape() })
      local slab = view[{ {}, 2 }]:reshape(-1):totable()
      assert.tensor_near(mean_of_middle(slab), two:at(1, 2, 1), 1e-15)
    end
    assert.equal(3.0, ssl.tensor(3):median():item())
    assert.same({ 2, 0 }, { ssl.zeros(2, 3, 0):median(2):shape() })
    assert.tensor_near({ nan, nan }, ssl.zeros(2, 0):median(2))
  end)

  it("is NaN where one is, and keeps to the range of its elements", function()
    assert.tensor_near({ nan, 2 }, ssl.tensor { { 1, nan, 2 }, { 1, 2, 3 } }:median(2), 0)
    assert.tensor_near(nan, ssl.tensor { nan, 1, 2, 3 }:median())
    assert.tensor_near(inf, ssl.tensor { inf, inf, 1, inf }:median())
    assert.tensor_near(3e38, ssl.full({ 2 }, 3e38):median(), 1e32) -- a rounding; no overflow
    assert.tensor_near(-0.5, ssl.tensor({ 0, -1 }, "int64"):median(), 0)
  end)

  it("writes to out, and says what is wrong", function()
    local x, out = ssl.tensor { { 1, 5, 3 }, { 4, 2, 6 } }, ssl.zeros(2)
    assert.equal(out, x:median(2, false, { out = out }))
    assert.tensor_near({ 3, 4 }, out, 0)
    assert.raises("out must be (2) float32, got (3) float32", x.median, x, 2, false,
      { out = ssl.zeros(3) })
    assert.raises("'median' (keepdim must be true or false, got number 2", x.median, x, 1, 2)
    assert.raises("bad argument #2 to 'median' (dimension 3 of a tensor with 2)", x.median, x, 3)
    assert.raises("'median' (dimension 1 is named twice)", x.median, x, { 1, -2 })
    assert.raises("'median' (out= has no gradient", x.median, x:clone():requires_grad(), 1, false,
      { out = out })
  end)
end)

describe("quantile", function()
  it("interpolates as NumPy does", function()
    local x = ssl.tensor({ 3, 1, 2, 9 }, "float64")
    assert.tensor_near({ 1.3, 2.05, 5.4 }, x:quantile { 0.1, 0.35, 0.8 }, 1e-14) -- some roundings
    assert.tensor_near(2.5, x:quantile(0.5), 0)
    assert.tensor_near({ 1, 9 }, x:quantile(ssl.tensor { 0, 1 }), 0)
    assert.tensor_near(1.3, x:float():quantile(0.1), 1e-6) -- float32
    assert.tensor_near(4, ssl.tensor({ 4 }, "uint8"):quantile(0.3), 0)
    assert.equal("float64", ssl.tensor({ 4 }, "uint8"):quantile(0.3):dtype())
  end)

  it("puts a list of q ahead of the dimensions that stay", function()
    local x = ssl.randn({ 3, 4, 5 }, "float64")
    for _, d in ipairs { { 2, false, { 3, 5 } }, { -2, true, { 3, 1, 5 } },
      { { 1, 3 }, true, { 1, 4, 1 } }, { nil, false, {} }, { nil, true, { 1, 1, 1 } } } do
      local dim, keepdim, shape = d[1], d[2], d[3]
      local both = x:quantile({ 0.25, 0.5, 0.9 }, dim, keepdim)
      assert.same({ 3, table.unpack(shape) }, { both:shape() })
      for i, q in ipairs { 0.25, 0.5, 0.9 } do
        local one = x:quantile(q, dim, keepdim)
        assert.same(shape, { one:shape() })
        assert.tensor_near(one, both:select(1, i), 0)
      end
      assert.tensor_near(x:median(dim, keepdim), both:select(1, 2), 1e-15)
    end
    assert.same({ 0, 3, 5 }, { x:quantile({}, 2):shape() })
    assert.same({ 1, 3, 5 }, { x:quantile({ 0.5 }, 2):shape() })
  end)

  it("has no difference of infinities, and lets NaN win", function()
    local x = ssl.tensor { -inf, 1, inf, inf }
    assert.tensor_near({ -inf, -inf, 1, inf, inf }, x:quantile { 0, 0.1, 1 / 3, 0.8, 1 }, 1e-6)
    assert.tensor_near({ nan, 1 }, ssl.tensor { { 1, nan }, { 1, 1 } }:quantile(0.2, 2), 0)
    assert.tensor_near({ nan, nan }, ssl.zeros(0):quantile { 0, 1 })
  end)

  it("says what is wrong", function()
    local x = ssl.zeros(2, 3)
    assert.raises("bad argument #2 to 'quantile' (q must be in 0..1, got 1.5)", x.quantile, x, 1.5)
    assert.raises("bad argument #2 to 'quantile' (q must be a finite number, got string 'x')",
      x.quantile, x, { 0.5, "x" })
    assert.raises("q must be a finite number, got nil", x.quantile, x)
    assert.raises("bad argument #3 to 'quantile' (dimension 3 of a tensor with 2)", x.quantile, x,
      0.5, 3)
    assert.raises("q with at most 1 dimension expected, got (2,3) float32", x.quantile, x, x)
    assert.raises("its gradient would be lost", x.quantile, x, ssl.tensor(0.5):requires_grad())
  end)
end)
