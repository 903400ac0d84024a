-- Reductions, beside sums in plain Lua.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local nan, inf = 0 / 0, math.huge

local function shape_of(t) return { t:shape() } end

local function fold(f, start)
  return function(list)
    local acc = start
    for _, x in ipairs(list) do acc = f(acc, x) end
    return acc
  end
end

local sum = fold(function(a, x) return a + x end, 0)

local function variance(list, ddof)
  local mean, squares = sum(list) / #list, 0.0
  for _, x in ipairs(list) do squares = squares + (x - mean) ^ 2 end
  return #list > ddof and squares / (#list - ddof) or nan
end

local function first(better)
  return function(list)
    local at = 1
    for i, x in ipairs(list) do if better(x, list[at]) then at = i end end
    return at
  end
end

local function less(a, b) return a < b end
local function more(a, b) return a > b end

local function real(f) return function(list) return #list == 0 and nan or f(list) end end

-- By name: the reduction of a list.
local brute = {
  sum = sum,
  mean = real(function(list) return sum(list) / #list end),
  prod = fold(function(a, x) return a * x end, 1),
  var = real(function(list) return variance(list, 1) end),
  std = real(function(list) return math.sqrt(variance(list, 1)) end),
  amin = function(list) return list[first(less)(list)] end,
  amax = function(list) return list[first(more)(list)] end,
  argmin = first(less),
  argmax = first(more),
  any = function(list)
    for _, x in ipairs(list) do if x ~= 0 then return 1 end end
    return 0
  end,
  all = function(list)
    for _, x in ipairs(list) do if x == 0 then return 0 end end
    return 1
  end,
  logsumexp = function(list)
    local s = 0
    for _, x in ipairs(list) do s = s + math.exp(x) end
    return math.log(s)
  end,
}

-- What a reduction gives, and for which dtypes there is one.
local FLOATS, ALL = { "float32", "float64" }, { "float32", "float64", "int64", "uint8" }
local has = { logsumexp = FLOATS }

local function gives(name, dtype)
  local whole = dtype == "int64" or dtype == "uint8"
  if name == "argmin" or name == "argmax" then return "int64" end
  if name == "any" or name == "all" then return "uint8" end
  if (name == "sum" or name == "prod") and whole then return "int64" end
  return whole and (name == "mean" or name == "var" or name == "std") and "float64" or dtype
end

-- The elements of t that fall on each position of the result, as lists; keepdim.
local function groups(t, dims)
  local gone, lists = {}, {}
  for _, d in ipairs(dims) do gone[d < 0 and d + t:dim() + 1 or d] = true end
  local shape = shape_of(t)
  local kept = {}
  for d, n in ipairs(shape) do kept[d] = gone[d] and 1 or n end
  local function key(...)
    local at = { ... }
    for d in pairs(gone) do at[d] = 1 end
    return table.concat(at, ",")
  end
  reference.each(kept, function(...) lists[key(...)] = {} end)
  reference.each(shape, function(...) table.insert(lists[key(...)], t:at(...)) end)
  return kept, function(...) return lists[key(...)] end
end

local function random_dims(n)
  local dims = {}
  for d = 1, n do
    if math.random(2) == 1 then dims[#dims + 1] = math.random(2) == 1 and d or d - n - 1 end
  end
  return dims
end

describe("reductions", function()
  for _, name in ipairs(reference.names(brute)) do
    it("give the " .. name .. " of every dtype over every set of dimensions", function()
      math.randomseed(4)
      for round = 1, 60 do
        local dtypes = has[name] or ALL
        local dtype = dtypes[round % #dtypes + 1]
        local shape = reference.shape(0, 4)
        local t = reference.strided(shape, dtype)
        local dims = random_dims(#shape)
        local kept, list_at = groups(t, dims)
        local empty = 1
        for _, d in ipairs(dims) do empty = empty * shape[d < 0 and d + #shape + 1 or d] end
        local result = 1
        for _, n in ipairs(kept) do result = result * n end
        if empty == 0 and result > 0 and name:find "m[ai][nx]$" then
          assert.raises(" of no elements: ", function() t[name](t, dims) end)
        else
          local out = t[name](t, dims, true)
          assert.same(kept, shape_of(out))
          assert.equal(gives(name, dtype), out:dtype())
          -- float32 results are rounded once from float64
          local share = dtype == "float32" and 1e-6 or 1e-13
          reference.each(kept, function(...)
            local want, got = brute[name](list_at(...)), out:at(...)
            assert(want == got or want ~= want and got ~= got
              or math.abs(want - got) <= share * math.max(1, math.abs(want)),
              ("%s %s: %s expected, got %s"):format(name, dtype, want, got))
          end)
          local flat = t[name](t, dims)
          assert.equal(out:numel(), flat:numel())
          assert.equal(#shape - #dims, flat:dim())
          if #dims == 1 then assert(reference.same(flat, t[name](t, dims[1])), name) end
          if #dims == #shape then
            local all = t[name](t)
            assert.equal(0, all:dim())
            assert(reference.same(flat, all), name)
            assert(reference.same(out, t[name](t, nil, true)), name)
          end
        end
      end
    end)
  end

  it("of nothing are the neutral element, NaN, or an error", function()
    local t = ssl.zeros(0)
    local neutral = { sum = 0, prod = 1, any = 0, all = 1, norm = 0 }
    for name, want in pairs(neutral) do assert.equal(want, t[name](t):item(), name) end
    assert.tensor_near({ nan, nan, nan, -inf },
      ssl.stack { t:mean(), t:var(), t:std(), t:logsumexp() })
    assert.raises("#1 to 'amax' (amax of no elements: (0) float32)", function() ssl.amax(t) end)
    assert.raises("#1 to 'max' (amax of no elements", function() ssl.max(t) end)
    assert.raises("argmin of no elements", function() t:argmin() end)
    assert.same({ 0 }, shape_of(ssl.zeros(0, 3):amax(2)))
    assert.same({ 3, 0 }, shape_of(ssl.zeros(3, 0, 0):amin(3)))
    assert.same({ 0, 0, 0 }, ssl.zeros(0, 3):sum(1):totable())
    assert.same({ 1 << 40, 0 }, shape_of(ssl.zeros(1 << 40, 0, 5):sum(3)))
  end)

  it("pass NaN and infinities on", function()
    local t = ssl.tensor { 1, nan, 3, -inf, inf }
    for _, name in ipairs { "sum", "mean", "prod", "amin", "amax", "var", "norm", "logsumexp" } do
      assert(t[name](t):isnan():item() == 1, name)
    end
    assert.equal(2, t:argmin():item())
    assert.equal(2, t:argmax():item())
    assert.equal(1, ssl.tensor { nan }:any():item())
    local u = ssl.tensor { 1, inf, 2 }
    local out = ssl.stack { u:sum(), u:amax(), u:amin(), u:logsumexp() }
    assert.tensor_near({ inf, inf, 1, inf }, out)
  end)

  it("let the first of equals win, and tell zeros apart by nothing", function()
    local t = ssl.tensor { { 2, 5, 5 }, { 1, 1, 5 } }
    assert.same({ 2, 3 }, t:argmax(2):totable())
    assert.same({ 1, 1 }, t:argmin(2):totable())
    assert.equal(2, t:argmax():item())
    assert.equal(4, t:argmin():item())
    assert.equal(1, ssl.tensor { 0.0, -0.0 }:argmin():item())
  end)

  it("accumulate in float64, and int64 wraps", function()
    local ones = ssl.cat { ssl.tensor { 2.0 ^ 25 }, ssl.ones(1000) }
    assert.equal(2.0 ^ 25 + 1000, ones:sum():item())
    assert.tensor_near({ 0.1 }, ssl.full(1000000, 0.1):mean(nil, true), 2e-9)
    assert.tensor_near({ 1 }, ssl.tensor { 1e30, 1e30, 1e-30, 1e-30 }:prod(nil, true), 1e-6)
    assert.equal(1000 * 255, ssl.full({ 10, 100 }, 255, "uint8"):sum():item())
    local top = ssl.tensor({ math.maxinteger, 1 }, "int64")
    assert.equal(math.mininteger, top:sum():item())
    assert.equal(2.0 ^ 62, top:mean():item())
    assert.equal(math.maxinteger * 3, ssl.tensor({ math.maxinteger, 3 }, "int64"):prod():item())
    -- a large mean does not drown a small variance
    assert.tensor_near(2.5, (ssl.arange(1, 5, 1, "float64") + 1e9):var(), 1e-12)
  end)

  it("treat long rows and many columns as short and few", function()
    local t = ssl.randn(1100, 700, "float64")
    local want = ssl.zeros(700, "float64")
    for row in t:rows() do want:add_(row) end
    assert.tensor_near(want, t:sum(1), 1e-11)
    assert.tensor_near(want, t:t():clone():sum(2), 1e-11)
    assert.tensor_near(want / 1100, t:mean(1), 1e-13)
  end)

  it("write into out", function()
    local t = ssl.tensor { { 1, 2 }, { 3, 4 } }
    for _, name in ipairs(reference.names(brute)) do
      local want = t[name](t, 1)
      local out = ssl.empty_like(want)
      assert.equal(out, t[name](t, 1, false, { out = out }))
      assert(reference.same(want, out), name)
      local wide = ssl.zeros({ 2, 2 }, want:dtype())
      t[name](t, 1, false, { out = wide[{ {}, 2 }] })
      assert(reference.same(want, wide[{ {}, 2 }]), name)
      assert.equal(0, wide[{ {}, 1 }]:sum():item())
    end
    t:sum(1, true, { out = t[{ { 1, 1 } }] }) -- over what it reads
    assert.same({ { 4, 6 }, { 3, 4 } }, t:totable())
    t:var { out = t:select(1, 1):select(1, 1), ddof = 0 }
    assert.tensor_near(1.1875, t:at(1, 1), 1e-6)
    assert.raises("#4 to 'sum' (out must be (2) float32, got (3) float32)",
      function() ssl.sum(t, 1, false, { out = ssl.ones(3) }) end)
    assert.raises("#4 to 'sum' (unknown option 'keepdim'; known: out)",
      function() ssl.sum(t, 1, false, { keepdim = true }) end)
  end)

  it("check dimensions and keepdim", function()
    local t = ssl.zeros(2, 3)
    assert.raises("#2 to 'sum' (dimension 3 of a tensor with 2)", function() ssl.sum(t, 3) end)
    assert.raises("#2 to 'mean' (dimension 0 of a tensor with 2)", function() ssl.mean(t, 0) end)
    assert.raises("#2 to 'sum' (dimension 2 is named twice)", function() ssl.sum(t, { 2, -1 }) end)
    assert.raises("#2 to 'sum' (dimension must be a whole number, got string '1')",
      function() ssl.sum(t, "1") end)
    assert.raises("dimension must be a whole number, got number 1.5", function() t:sum { 1.5 } end)
    assert.raises("#3 to 'sum' (keepdim must be true or false, got number 2 (several dimensions",
      function() ssl.sum(t, 1, 2) end)
    assert.raises("#1 to 'logsumexp' (float tensor expected, got (2) int64)",
      function() ssl.logsumexp(ssl.ones(2, "int64")) end)
    assert.raises("#1 to 'prod' (tensor expected, got number 3)", function() ssl.prod(3) end)
    assert.raises("#1 to 'sum' (tensor expected, got number 3)", function() ssl.sum(3) end)
  end)
end)

describe("var and std", function()
  it("take ddof, in all three places", function()
    local t = ssl.tensor { { 1, 3 }, { 2, 8 } }
    assert.tensor_near(7.25, t:var { ddof = 0 }, 1e-6)
    assert.tensor_near({ 1, 9 }, t:var(2, { ddof = 0 }), 1e-6)
    assert.tensor_near({ { 1 }, { 3 } }, t:std(2, true, { ddof = 0 }), 1e-6)
    assert.tensor_near({ 2, 18 }, t:var(2), 1e-6)
    assert.tensor_near({ nan, nan }, t[{ {}, { 1, 1 } }]:var(2))
    assert.tensor_near(nan, t:var { ddof = 5 })
    assert.tensor_near(29 / 3.5, t:var { ddof = 0.5 }, 1e-5)
    assert.raises("#2 to 'var' (unknown option 'dof'; known: ddof, out)",
      function() ssl.var(t, { dof = 0 }) end)
    assert.raises("#3 to 'std' (ddof must be a finite number, got string '0')",
      function() ssl.std(t, 1, { ddof = "0" }) end)
  end)
end)

describe("min and max", function()
  it("give positions too when there is a dimension", function()
    local t = ssl.tensor { { 3, 1 }, { 5, 9 } }
    local low, at = t:min(2)
    assert.same({ 1, 5 }, low:totable())
    assert.same({ 2, 1 }, at:totable())
    local high, where = t:max(1, true)
    assert.same({ { 5, 9 } }, high:totable())
    assert.same({ { 2, 2 } }, where:totable())
    assert.equal(1, select("#", t:max()))
    assert.same({ 1, 1 }, shape_of(t:max(nil, true)))
    local out = ssl.zeros(2)
    local values, places = t:max(2, false, { out = out })
    assert.equal(out, values)
    assert.same({ 3, 9 }, out:totable())
    assert.same({ 1, 2 }, places:totable())
    assert.equal(1, t:min(nil, nil, { out = ssl.zeros {} }):item())
  end)
end)
