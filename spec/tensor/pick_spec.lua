-- t[key] and t[key] = value with index tensors and masks beside numbers and ranges.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local function shape_of(t) return { t:shape() } end

local function longs(list) return ssl.tensor(list, "int64") end

local function bytes(list) return ssl.tensor(list, "uint8") end

-- NumPy's rules, written out: the parts of a key by dimension, {list = positions} of a range or
-- {index = tensor}, where a number is a 0-dim index.
local function brute(t, parts, sizes)
  local shape, first, apart, kept = {}, nil, false, {}
  for d, part in ipairs(parts) do
    if part.list then
      kept[#kept + 1] = d
    else
      first = first or #kept
      apart = apart or first ~= #kept
    end
  end
  local at = apart and 0 or first
  for k = 1, at do shape[k] = #parts[kept[k]].list end
  for _, n in ipairs(sizes) do shape[#shape + 1] = n end
  for k = at + 1, #kept do shape[#shape + 1] = #parts[kept[k]].list end
  -- f(coordinates of the result, coordinates in t), in C order
  return shape, function(f)
    reference.each(shape, function(...)
      local here, from = { ... }, {}
      for k, d in ipairs(kept) do from[d] = parts[d].list[here[k <= at and k or k + #sizes]] end
      for d, part in ipairs(parts) do
        if part.index then
          local n, where = part.index:dim(), {}
          for k = 1, n do
            where[k] = part.index:size(k) == 1 and 1 or here[at + #sizes - n + k]
          end
          local i = part.index:at(table.unpack(where))
          from[d] = i < 0 and i + t:size(d) + 1 or i
        end
      end
      f(here, from)
    end)
  end
end

-- A random key of a shape: what stands in the table, its parts, and the shape that is picked.
local function random_key(shape)
  local sizes, key, parts = {}, {}, {}
  for k = 1, math.random(0, 2) do sizes[k] = math.random(1, 3) end
  local given = math.random(#shape)
  local with_index = math.random(given)
  for d, n in ipairs(shape) do
    local way = d > given and 0 or d == with_index and 3 or math.random(3)
    if way == 0 then
      parts[d] = { list = {} }
      for i = 1, n do parts[d].list[i] = i end
    elseif way == 1 then
      local i = math.random(n)
      key[d], parts[d] = i - (math.random(2) == 1 and n + 1 or 0), { index = longs(i) }
    elseif way == 2 then
      local a, b, step = math.random(n), math.random(n), math.random(2)
      if b < a then step = -step end
      key[d], parts[d] = { a, b, step }, { list = {} }
      for i = a, b, step do table.insert(parts[d].list, i) end
    else
      local own = {}
      for k = d == with_index and 1 or math.random(#sizes + 1), #sizes do
        own[#own + 1] = d ~= with_index and math.random(3) == 1 and 1 or sizes[k]
      end
      local index = ssl.randint(1, n, own)
      if math.random(2) == 1 then index = index - (n + 1) end
      key[d], parts[d] = index, { index = index }
    end
  end
  return key, parts, sizes
end

describe("index tensors beside numbers and ranges", function()
  it("pick as NumPy does, over random keys", function()
    math.randomseed(3)
    for _ = 1, 400 do
      local shape = {}
      for d = 1, math.random(4) do shape[d] = math.random(4) end
      local t = reference.strided(shape, "float64")
      local key, parts, sizes = random_key(shape)
      local want, each = brute(t, parts, sizes)
      local got = t[key]
      assert.same(want, shape_of(got))
      each(function(here, from)
        assert.equal(t:at(table.unpack(from)), got:at(table.unpack(here)))
      end)

      -- written, the last of equal places stays; the gradient of reading adds them up
      local value, put, sum = reference.fill(want, "float64"), t:clone(), ssl.zeros_like(t)
      each(function(here, from)
        local v = value:at(table.unpack(here))
        put:set(v, table.unpack(from))
        sum:set(sum:at(table.unpack(from)) + v, table.unpack(from))
      end)
      local slope = ssl.grad(function(x) return (x[key] * value):sum() end, t)
      assert.tensor_near(sum, slope, 1e-12) -- sums of up to some 50 numbers in the same order
      t[key] = value
      assert(reference.same(put, t))
    end
  end)

  it("stand where NumPy puts them", function()
    local t = ssl.zeros(2, 3, 4, 5)
    local i, j = longs { 1, 2, 1 }, longs { { 1 }, { 2 } }
    local cases = { -- NumPy's shapes
      { { i }, { 3, 3, 4, 5 } }, { { {}, i }, { 2, 3, 4, 5 } }, { { {}, i, j }, { 2, 2, 3, 5 } },
      { { i, {}, j }, { 2, 3, 3, 5 } }, { { 1, {}, i }, { 3, 3, 5 } }, { { 1, i }, { 3, 4, 5 } },
      { { {}, 1, {}, i }, { 3, 2, 4 } }, { { {}, i, 2 }, { 2, 3, 5 } },
      { { {}, { 1, 2 }, i, { 1, 5, 2 } }, { 2, 2, 3, 3 } }, { { i, i, i, i }, { 3 } },
      { { longs(1), {}, longs(2) }, { 3, 5 } }, { { {}, {}, longs(2) }, { 2, 3, 5 } },
    }
    for k, case in ipairs(cases) do
      local shape = shape_of(t[case[1]])
      assert.same(case[2], shape, "case " .. k)
    end
  end)

  it("may be masks, which pick where they are not 0", function()
    local t = ssl.arange(1, 12):view(3, 4)
    local odd = bytes { 1, 0, 1, 0 }
    assert.same({ { 1, 3 }, { 5, 7 }, { 9, 11 } }, t[{ {}, odd }]:totable())
    assert.same({ 9, 11 }, t[{ 3, odd }]:totable())
    assert.same({ { 9, 10 } }, t[{ bytes { 0, 0, 1 }, { 1, 2 } }]:totable())
    assert.same({ 1, 11 }, t[{ bytes { 1, 0, 1 }, odd }]:totable()) -- pairwise
    assert.same({ 4, 12 }, t[{ bytes { 1, 0, 1 }, longs { -1 } }]:totable())
    local cube = ssl.arange(1, 12):view(2, 3, 2)
    local two = bytes { { 0, 1, 0 }, { 1, 0, 0 } }
    assert.same({ 3, 7 }, cube[{ two, 1 }]:totable())
    assert.same({ 4, 7 }, cube[{ two, longs { 2, 1 } }]:totable())
    t[{ {}, odd }] = 0
    t[{ bytes { 0, 1, 0 }, { 2, 4, 2 } }] = ssl.tensor { -1, -2 }
    assert.same({ { 0, 2, 0, 4 }, { 0, -1, 0, -2 }, { 0, 10, 0, 12 } }, t:totable())
    assert.raises("mask (2) uint8 does not fit (3,4) float32 from dimension 2 on",
      function() return t[{ {}, bytes { 1, 0 } }] end)
    assert.raises("index tensors do not broadcast: (2) and (3)",
      function() return t[{ longs { 1, 2 }, bytes { 1, 0, 1, 1 } }] end)
    assert.raises("more indices than dimensions for (2,3,2) float32",
      function() return cube[{ cube:gt(0), 1 }] end)
  end)

  it("may be huge views, and then raise", function()
    local wide = longs { 1 }:expand(1 << 40)
    local t = ssl.zeros(3)
    assert.raises("MiB", function() return t[wide] end)
    assert.raises("MiB", function() t[wide] = 0 end)
    assert.raises("MiB", function() return t[{ wide }] end)
    local mask = bytes { 1 }:expand(1 << 40)
    assert.raises("MiB", function() return ssl.ones(1):expand(1 << 40)[mask] end)
    assert.raises("MiB", function() return mask:nonzero() end)
    local empty = { ssl.zeros(0, 1 << 40, 1, "int64"), ssl.zeros(0, 1, 1 << 40, "int64") }
    assert.raises("too many elements", function() return ssl.zeros(3, 3)[empty] end)
    assert.raises("a result of 9 dimensions; at most 8",
      function() return ssl.zeros(1, 1)[ssl.ones(1, 1, 1, 1, 1, 1, 1, 1, "int64")] end)
  end)

  it("are the same for any number of threads", function()
    local threads = ssl.get_threads()
    finally(function() ssl.set_threads(threads) end)
    local t = ssl.randn(300, 400)
    local i, j = ssl.randint(1, 300, 500), ssl.randint(1, 400, 500)
    local value = ssl.randn(500, 400)
    local got = {}
    for n = 1, 3 do
      ssl.set_threads(n)
      local u = t:clone()
      u[i] = value
      local slope = ssl.grad(function(x) return (x[i] * value):sum() + x[{ i, j }]:sum() end, t)
      got[n] = { t[i], t[{ {}, j }], t[{ i, j }], u, slope }
    end
    for k = 1, #got[1] do
      assert(reference.same(got[1][k], got[2][k]) and reference.same(got[1][k], got[3][k]))
    end
  end)

  it("of a table that was changed, or holds itself, do no harm on the tape", function()
    local w = ssl.ones(3, 3, "float64"):requires_grad()
    local index = longs { 1, 2 }
    local key = { index, 3 }
    local loss = w[key]:sum()
    key[2] = 1
    loss:backward { retain_graph = true }
    assert.same({ { 0, 0, 1 }, { 0, 0, 1 }, { 0, 0, 0 } }, w:grad():totable())
    index[1] = 3
    assert.raises("a value that getindex needs was changed in place",
      function() loss:backward() end)
    local round = { 1, 2 }
    round.self = round
    assert.raises("tables nested too deep", function() return w[{ round }] end)
  end)
end)
