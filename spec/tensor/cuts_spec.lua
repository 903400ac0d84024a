-- How work is cut into blocks, tiles and pieces: shapes on either side of every cut, beside brute
-- force, and the same bits on any number of threads.

local ssl = require "sslkit"

local nan, inf = 0 / 0, math.huge

local function on_threads(f)
  local before = ssl.get_threads()
  local results = {}
  for _, n in ipairs { 1, 2, 5 } do
    ssl.set_threads(n)
    results[#results + 1] = f()
  end
  ssl.set_threads(before)
  return results[1], results[2], results[3]
end

local function same_on_threads(what, f)
  local one, two, five = on_threads(f)
  assert(ssl.equal(one, two) and ssl.equal(one, five), what .. " depends on the threads")
end

-- {outer, n, inner}: one block; rows cut along n; short rows as columns; narrow rows side by side,
-- with some left over; more columns than a strip has; columns cut along n.
local SHAPES = {
  { 1, 1, 1 }, { 5, 1, 7 }, { 3, 31, 1 }, { 3, 32, 1 }, { 3, 33, 1 }, { 2, 600, 1 },
  { 1, 140000, 1 }, { 3, 3000, 1 }, { 500, 3, 1 }, { 2100, 40, 1 }, { 1025, 41, 1 },
  { 1, 3500, 40 }, { 1, 66003, 2 }, { 2, 1500, 3 }, { 1, 1100, 130 }, { 1, 150, 1025 },
  { 2, 80, 2000 }, { 9, 40, 64 },
}

-- By plain Lua, of one column or row: what the integers in `list` from `at` on, `step` apart, give.
local function brute(list, at, step, n)
  local sum, low, high, low_at, high_at, nonzero = 0, inf, -inf, 0, 0, 0
  for i = 1, n do
    local x = list[at]
    at = at + step
    sum = sum + x
    if x < low then low, low_at = x, i end
    if x > high then high, high_at = x, i end
    if x ~= 0 then nonzero = nonzero + 1 end
  end
  return {
    sum = sum, amin = low, amax = high, argmin = low_at, argmax = high_at,
    any = nonzero > 0 and 1 or 0, all = nonzero == n and 1 or 0,
  }
end

local function flat(t) return t:reshape(t:numel()):totable() end

describe("reductions, however they are cut,", function()
  for s, shape in ipairs(SHAPES) do
    local outer, n, inner = table.unpack(shape)
    local name = table.concat(shape, "x")
    local function whole() -- whole numbers, so that every sum is exact, and equals abound
      return ssl.randint(0, 9, shape, { generator = ssl.generator(s) })
    end

    it("agree with brute force: " .. name, function()
      local t = whole()
      local list, want = flat(t), {}
      for o = 0, outer - 1 do
        for c = 1, inner do
          for key, v in pairs(brute(list, o * n * inner + c, inner, n)) do
            want[key] = want[key] or {}
            table.insert(want[key], v)
          end
        end
      end
      for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
        local u = t:to(dtype)
        for key, list_of in pairs(want) do
          local got = u[key](u, 2)
          assert.equal(outer * inner, got:numel())
          assert.tensor_near(list_of, got:reshape(outer * inner), 0)
        end
      end
    end)

    it("let NaN win, the first one where positions count: " .. name, function()
      local t = whole():float()
      local at = (s * 7919) % n + 1
      t:select(2, at):fill_(nan)
      t:select(2, n):fill_(nan)
      for _, key in ipairs { "sum", "mean", "amin", "amax", "prod", "logsumexp", "norm" } do
        local got = key == "norm" and t:norm(2, 2) or t[key](t, 2)
        assert(got:isnan():all():item() == 1, key)
      end
      assert(t:argmin(2):eq(at):all():item() == 1)
      assert(t:argmax(2):eq(at):all():item() == 1)
    end)

    -- float64 sums of float32 round once more at the end; exp is good to 4 units, log to 1
    it("follow their formulas: " .. name, function()
      local t = ssl.randn(shape, { generator = ssl.generator(s) })
      local d = t:double()
      local mean = d:sum(2, true) / n
      local function near(want, got, tol)
        got = got:double()
        assert((got - want):abs():le(want:abs() * tol + tol):all():item() == 1)
      end
      near(mean:select(2, 1), t:mean(2), 1e-7)
      near((d - mean):square():sum(2) / n, t:var(2, false, { ddof = 0 }), 1e-7)
      near(d:abs():sum(2), t:norm(1, 2), 1e-7)
      near(d:square():sum(2):sqrt(), t:norm(2, 2), 1e-7)
      near(d:exp():sum(2):log(), t:logsumexp(2), 4e-7)
      near(d:logsumexp(2), d:exp():sum(2):log(), 1e-12)
      local few = t[{ {}, { 1, math.min(n, 40) } }] -- longer products leave float32
      near(few:double():prod(2), few:prod(2), 1e-6)
    end)

    it("give the same bits on any number of threads: " .. name, function()
      local t = ssl.randn(shape, { generator = ssl.generator(s) })
      same_on_threads("var", function() return t:var(2, false, { ddof = 0 }) end)
      for _, key in ipairs { "sum", "logsumexp", "argmax", "prod" } do
        same_on_threads(key, function() return t[key](t, 2) end)
      end
      same_on_threads("sum of all", function() return t:sum() end)
    end)
  end

  -- {outer, far, mid, n, inner}, of which far and n go: a strip of several mids; one mid a strip;
  -- few results, so that far is cut; short rows as columns, in one strip and two, cut along far or
  -- not; an inner of more than a strip; nothing along n.
  for s, shape in ipairs {
    { 1, 5, 40, 50, 1 }, { 2, 3, 9, 3, 7 }, { 1, 3, 9, 5000, 1 }, { 1, 70, 3, 900, 1 },
    { 1, 7, 3, 40, 90 }, { 3, 4, 5, 2, 1 }, { 1, 130, 1030, 4, 1 }, { 1, 3, 1030, 40, 1 },
    { 2, 3, 2, 4, 1100 }, { 2, 3, 2, 0, 4 },
  } do
    it("need no copy over two runs of dimensions: " .. table.concat(shape, "x"), function()
      local g = ssl.generator(s)
      local size = shape[2] * shape[4]
      local t = ssl.randint(0, 9, shape, { generator = g }):float()
      local one = t:permute(1, 3, 5, 2, 4):contiguous()
        :reshape(shape[1], shape[3], shape[5], size)
      for _, key in ipairs { "sum", "any", "all", "amin", "amax", "argmin", "argmax" } do
        if size > 0 or not key:find "^a.*[ix]" then -- whole numbers: every sum is exact
          assert(ssl.equal(one[key](one, 4), t[key](t, { 2, 4 })), key)
        end
      end
      local x = ssl.randn(shape, { generator = g, dtype = "float64" })
      local y = x:permute(1, 3, 5, 2, 4):contiguous():reshape(shape[1], shape[3], shape[5], size)
      for _, key in ipairs { "mean", "var", "logsumexp" } do -- another order of float64 sums
        local got = x[key](x, { 2, 4 }):nan_to_num(7, 8, 9)
        local want = y[key](y, 4):nan_to_num(7, 8, 9)
        assert(ssl.allclose(want, got, { rtol = 1e-11, atol = 1e-13 }), key)
        same_on_threads(key, function() return x[key](x, { 2, 4 }):nan_to_num() end)
      end
    end)
  end

  it("keep the infinities of logsumexp apart", function()
    local t = ssl.zeros(3, 200):fill_(-inf)
    t[{ 2, 150 }] = 1
    t[{ 3, 7 }] = inf
    assert.tensor_near({ -inf, 1, inf }, t:logsumexp(2), 1e-6)
    assert.tensor_near({ -inf, 1, inf }, t:transpose(1, 2):contiguous():logsumexp(1), 1e-6)
  end)
end)

describe("copies", function()
  -- The element with indices i counts as sum over d of i[d] * weight[d], from 0.
  local function counted(shape, weight, dtype)
    local sum = ssl.zeros(shape, dtype)
    for d, n in ipairs(shape) do
      local along = {}
      for k = 1, #shape do along[k] = k == d and n or 1 end
      sum = sum + (ssl.arange(0, n - 1, dtype) * weight[d]):reshape(along)
    end
    return sum
  end

  for _, case in ipairs {
    { { 64, 64 }, { 2, 1 } }, { { 100, 37 }, { 2, 1 } }, { { 15, 300 }, { 2, 1 } },
    { { 2050, 19 }, { 2, 1 } }, { { 3, 70, 50 }, { 1, 3, 2 } }, { { 40, 3, 65 }, { 3, 2, 1 } },
    { { 33, 2, 20, 3 }, { 3, 2, 4, 1 } }, { { 1024, 64 }, { 2, 1 } },
    { { 16, 16, 16 }, { 3, 1, 2 } },
  } do
    local shape, order = case[1], case[2]
    it("turn " .. table.concat(shape, "x") .. " to " .. table.concat(order, " "), function()
      local weight, size = {}, 1
      for d = #shape, 1, -1 do weight[d], size = size, size * shape[d] end
      local turned, turned_weight = {}, {}
      for k, d in ipairs(order) do turned[k], turned_weight[k] = shape[d], weight[d] end
      for _, dtype in ipairs { "float32", "float64", "int64" } do
        local t = ssl.arange(0, size - 1, dtype):reshape(shape):permute(order)
        local want = counted(turned, turned_weight, dtype)
        same_on_threads("the copy", function() return t:contiguous() end)
        assert(ssl.equal(want, t:contiguous()), dtype)
        local back = ssl.zeros(shape, dtype)
        back:permute(order):copy_(want) -- written where the strides are odd
        assert(ssl.equal(ssl.arange(0, size - 1, dtype):reshape(shape), back), dtype)
      end
      local bytes = (ssl.arange(0, size - 1, "int64") % 251):byte():reshape(shape):permute(order)
      assert(ssl.equal((counted(turned, turned_weight, "int64") % 251):byte(), bytes:contiguous()))
    end)
  end
end)

describe("one index for each element", function()
  local function case(rows, cols, picks_shape, dim, dtype)
    local g = ssl.generator(rows + dim)
    local a = ssl.randint(-1000, 1000, { rows, cols }, { generator = g })
    if dtype == "uint8" then a = a:abs() % 251 end
    a = a:to(dtype)
    local pick = ssl.randint(1, dim == 1 and rows or cols, picks_shape, { generator = g })
    return a, pick
  end

  for _, size in ipairs { { 90, 70 }, { 400, 300 }, { 1, 3000 }, { 3000, 1 }, { 5000, 17 } } do
    for dim = 1, 2 do
      it(("gathers and scatters %dx%d along %d"):format(size[1], size[2], dim), function()
        for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
          local a, pick = case(size[1], size[2], size, dim, dtype)
          local rows = ssl.arange(1, size[1], "int64"):unsqueeze(2):expand(size)
          local cols = ssl.arange(1, size[2], "int64"):unsqueeze(1):expand(size)
          local place = dim == 1 and (pick - 1) * size[2] + cols or (rows - 1) * size[2] + pick
          local flat_place = place:reshape(place:numel())
          same_on_threads("gather", function() return a:gather(dim, pick) end)
          local want = a:reshape(a:numel()):index(1, flat_place):reshape(size)
          assert(ssl.equal(want, a:gather(dim, pick)))
          local turned = a:transpose(1, 2):contiguous():transpose(1, 2)
          assert(ssl.equal(want, turned:gather(dim, pick:transpose(1, 2):contiguous()
            :transpose(1, 2))))

          local list, from = {}, flat(a)
          local function nothing() return ssl.zeros(size, dtype) end
          for i = 1, a:numel() do list[i] = 0 end
          for i, at in ipairs(flat_place:totable()) do list[at] = from[i] end
          same_on_threads("scatter_", function() return nothing():scatter_(dim, pick, a) end)
          assert.tensor_near(list, nothing():scatter_(dim, pick, a):reshape(a:numel()), 0)
          if dtype ~= "uint8" then
            for i = 1, a:numel() do list[i] = 0 end
            for i, at in ipairs(flat_place:totable()) do list[at] = list[at] + from[i] end
            local function add() return nothing():scatter_add_(dim, pick, a) end
            same_on_threads("scatter_add_", add)
            assert.tensor_near(list, add():reshape(a:numel()), 0)
          end
        end
      end)
    end
  end

  it("takes slices along any dimension", function()
    for dim = 1, 3 do
      local shape = { 40, 50, 60 }
      local t = ssl.arange(1, 120000, "float64"):reshape(shape)
      local pick = ssl.randint(1, shape[dim], 300, { generator = ssl.generator(dim) })
      for _, dtype in ipairs { "float32", "float64", "int64" } do
        local a = t:to(dtype)
        same_on_threads("index", function() return a:index(dim, pick) end)
        local got = a:index(dim, pick)
        for k = 1, 300, 37 do
          assert(ssl.equal(a:select(dim, pick[k]), got:select(dim, k)))
        end
        assert(ssl.equal(got:transpose(1, 3), a:transpose(1, 3):index(4 - dim, pick)))
      end
    end
  end)

  it("names the first index outside, wherever it stands", function()
    local a, pick = ssl.zeros(300, 400), ssl.ones({ 300, 400 }, "int64")
    pick[{ 250, 3 }], pick[{ 299, 1 }] = 301, 0
    assert.raises("#3 to 'gather' (index 301 is outside 1..300 of dimension 1)",
      function() ssl.gather(a, 1, pick) end)
    assert.raises("#3 to 'scatter_' (index 301 is outside 1..300 of dimension 1)",
      function() ssl.scatter_(a, 1, pick, 1) end)
    assert.equal(0, a:sum():item()) -- and nothing was written before
    assert.raises("index 0 is outside 1..400 of dimension 2",
      function() ssl.gather(a, 2, pick) end)
  end)
end)
