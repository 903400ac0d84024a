-- A view gives what its contiguous copy gives, to the bit, under every operation: over random
-- shapes, with transposed, stepped, backward and repeated dimensions.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local same, strided = reference.same, reference.strided
local rounds = 30 -- for each function

local FLOATS = { "float32", "float64" }
local ALL = { "float32", "float64", "int64", "uint8" }
local NUMBERS = { "float32", "float64", "int64" }

-- Calls f(view, copy, shape) for random views of random shapes.
local function each_view(dtypes, least, f)
  for round = 1, rounds do
    local shape = reference.shape(least, 4)
    local v = strided(shape, dtypes[round % #dtypes + 1], true)
    f(v, v:clone(), shape)
  end
end

describe("a view and its copy", function()
  before_each(function() math.randomseed(11) end)

  it("hold the same elements", function()
    each_view(ALL, 0, function(v, c, shape)
      assert.same(shape, { v:shape() })
      assert.is_true(c:is_contiguous())
      assert.is_true(same(v, c))
      assert.same(c:totable(), v:totable())
      reference.each(shape, function(...) assert.equal(c:at(...), v:at(...)) end)
    end)
  end)

  it("agree in every unary function", function()
    local names = reference.names(reference.unary)
    for _, name in ipairs(reference.names(reference.tests)) do names[#names + 1] = name end
    for _, name in ipairs(names) do
      each_view(FLOATS, 0, function(v, c) assert(same(v[name](v), c[name](c)), name) end)
    end
    for _, name in ipairs { "neg", "abs", "sign", "square", "logical_not" } do
      each_view({ "int64" }, 0, function(v, c) assert(same(v[name](v), c[name](c)), name) end)
    end
  end)

  it("agree in every binary function, with broadcast operands", function()
    local function compare(names, dtypes)
      for _, name in ipairs(names) do
        each_view(dtypes, 0, function(v, c, shape)
          local w = strided(shape, v:dtype(), true)
          if v:dtype() == "int64" then w = ssl.where(w:eq(0), 1, w) end
          assert(same(v[name](v, w), c[name](c, w:clone())), name)
          if v:numel() > 0 and #shape > 0 then -- a row against all rows
            local row = w:select(1, 1)
            local wide = row:expand(shape):clone()
            assert(same(v[name](v, row), c[name](c, wide)), name)
            if v:dtype() ~= "int64" then -- there may be zeros in v
              assert(same(v[name](row, v), c[name](wide, c)), name)
            end
          end
        end)
      end
    end
    compare({ "add", "sub", "mul", "floordiv", "mod", "maximum", "minimum" }, NUMBERS)
    compare({ "div", "pow", "atan2" }, FLOATS)
    compare(reference.names(reference.compare), ALL)
    compare({ "bit_and", "bit_or" }, { "uint8" })
  end)

  it("agree in every conversion and copy", function()
    for _, dtype in ipairs(ALL) do
      each_view(ALL, 0, function(v, c, shape)
        assert(same(v:to(dtype), c:to(dtype)))
        local into, plain = strided(shape, dtype), ssl.empty(shape, dtype)
        into:copy_(v)
        plain:copy_(c)
        assert(same(into, plain))
      end)
    end
  end)

  it("agree in every reduction", function()
    local names = { "sum", "mean", "var", "std", "amin", "amax", "argmin", "argmax", "any", "all" }
    local function compare(name, dtypes)
      each_view(dtypes, 1, function(v, c, shape)
        local dims = {}
        for d = 1, #shape do if math.random(2) == 1 then dims[#dims + 1] = d end end
        for _, dim in ipairs { false, math.random(#shape), dims } do
          local ok, want = pcall(c[name], c, dim or nil)
          local ok2, got = pcall(v[name], v, dim or nil)
          assert(ok == ok2 and (not ok or same(want, got)), name)
        end
      end)
    end
    for _, name in ipairs(names) do compare(name, ALL) end
    for _, name in ipairs { "logsumexp", "norm" } do compare(name, FLOATS) end
    compare("prod", NUMBERS)
    for _, name in ipairs { "softmax", "log_softmax", "normalize" } do
      each_view(FLOATS, 1, function(v, c, shape)
        local d = math.random(#shape)
        assert(same(v[name](v, d), c[name](c, d)), name)
      end)
    end
  end)

  it("agree in matrix products", function()
    for round = 1, rounds do
      local dtype, batch = FLOATS[round % 2 + 1], reference.shape(0, 2)
      local m, k, n = math.random(0, 9), math.random(0, 9), math.random(0, 9)
      local sa, sb = { table.unpack(batch) }, { table.unpack(batch) }
      sa[#sa + 1], sa[#sa + 2] = m, k
      sb[#sb + 1], sb[#sb + 2] = k, n
      local a, b = strided(sa, dtype, true), strided(sb, dtype, true)
      -- plain and transposed operands take other paths of the BLAS: equal up to rounding
      local want, got = a:clone():matmul(b:clone()), a:matmul(b)
      assert(ssl.allclose(want, got, { rtol = 1e-4, atol = 1e-4 }))
      local w = strided({ n, k }, dtype, true)
      assert(ssl.allclose(a:clone():linear(w:clone()), a:linear(w), { rtol = 1e-4, atol = 1e-4 }))
    end
  end)

  it("agree in indexing, joining and moving", function()
    each_view(ALL, 1, function(v, c, shape)
      local d = math.random(#shape)
      local n = shape[d]
      if n > 0 then
        local at = strided({ math.random(0, 6) }, "int64")
        at = at % n + 1
        assert(same(v:index(d, at), c:index(d, at:clone())))
        local wide = { table.unpack(shape) }
        wide[d] = math.random(0, 5)
        local pick = strided(wide, "int64") % n + 1
        assert(same(v:gather(d, pick), c:gather(d, pick:clone())))
      end
      local mask = strided(shape, "uint8"):gt(1)
      assert(same(v[mask], c[mask:clone()]))
      local other = strided(shape, v:dtype(), true)
      assert(same(ssl.where(mask, v, other), ssl.where(mask:clone(), c, other:clone())))
      assert(same(ssl.cat({ v, v }, d), ssl.cat({ c, c }, d)))
      assert(same(ssl.stack({ v, c }, d), ssl.stack({ c, c }, d)))
      if v:numel() > 0 then assert(same(v:reshape(-1, 1), c:reshape(-1, 1))) end
      assert.equal(tostring(c), tostring(v))
    end)
  end)

  it("are changed alike in place", function()
    each_view(NUMBERS, 1, function(_, _, shape)
      local v = strided(shape, NUMBERS[math.random(3)])
      local c = v:clone()
      local other = strided(shape, v:dtype(), true)
      v:mul_(3):add_(other)
      c:mul_(3):add_(other)
      assert(same(c, v))
      local mask = strided(shape, "uint8"):gt(1)
      v[mask], c[mask] = 7, 7
      assert(same(c, v))
      v[{ {} }], c[{ {} }] = other, other
      assert(same(c, v))
      local d = math.random(#shape)
      if shape[d] > 0 then
        local at = ssl.randint(1, shape[d], 5)
        local sizes = { table.unpack(shape) }
        sizes[d] = 5
        local src = strided(sizes, v:dtype(), true)
        v:index_add_(d, at, src)
        c:index_add_(d, at, src)
        assert(same(c, v))
        local index = ssl.randint(1, shape[d], sizes)
        v:scatter_add_(d, index, src)
        c:scatter_add_(d, index, src)
        assert(same(c, v))
      end
    end)
  end)
end)
