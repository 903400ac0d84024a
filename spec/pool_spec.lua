-- The thread pool: whatever the number of threads, the same bits.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local NUMBERS = { 1, 2, 3 }

describe("the number of threads", function()
  local threads
  before_each(function() threads = ssl.get_threads() end)
  after_each(function() ssl.set_threads(threads) end)

  -- f() gives the same tensors, to the bit, for each number of threads.
  local function steady(what, f)
    local want
    for _, n in ipairs(NUMBERS) do
      ssl.set_threads(n)
      local got = table.pack(f())
      if want then
        for i = 1, got.n do
          assert(reference.same(want[i], got[i]), ("%s with %d threads"):format(what, n))
        end
      end
      want = want or got
    end
  end

  -- Odd sizes well above the pieces that a job is cut into.
  local long = 140007
  local x, y, doubles, wide

  setup(function()
    x, y = ssl.randn(long), ssl.randn(long)
    doubles, wide = ssl.randn(long, "float64"), ssl.randn(1501, 103)
  end)

  teardown(function() x, y, doubles, wide = nil, nil, nil, nil end)

  it("changes no elementwise result", function()
    for _, name in ipairs(reference.names(reference.unary)) do
      steady(name, function() return x[name](x), doubles[name](doubles) end)
    end
    for _, name in ipairs(reference.names(reference.binary)) do
      steady(name, function() return x[name](x, y), x[name](x, 0.5), x[name](2, y) end)
    end
    for _, name in ipairs(reference.names(reference.compare)) do
      steady(name, function() return x[name](x, y) end)
    end
    steady("views", function()
      return wide:t() + wide[{ {}, 1 }], wide[{ { -1, 1, -2 } }]:exp(), wide:t():clone()
    end)
    steady("where", function() return ssl.where(x:gt(0), x, y), x:long(), x:double() end)
    steady("in place", function() return x:clone():add_(y):mul_(3):exp_() end)
  end)

  it("changes no reduction", function()
    local names = { "sum", "mean", "var", "prod", "amin", "amax", "argmin", "argmax", "norm",
      "logsumexp", "any", "all" }
    for _, name in ipairs(names) do
      steady(name, function()
        local reduce = wide[name]
        if name == "norm" then reduce = function(t, dim) return t:norm(2, dim) end end
        return reduce(wide), reduce(wide, 1), reduce(wide, 2), reduce(x), reduce(doubles)
      end)
    end
    steady("softmax", function()
      return wide:softmax(), wide:log_softmax(1), wide:double():softmax()
    end)
  end)

  it("changes no matrix product", function()
    for _, dtype in ipairs { "float32", "float64" } do
      local sizes = { { 301, 203, 402 }, { 1501, 203, 40 }, { 40, 203, 1501 }, { 65, 2000, 65 } }
      for _, size in ipairs(sizes) do
        local a = ssl.randn({ size[1], size[2] }, dtype)
        local b = ssl.randn({ size[2], size[3] }, dtype)
        local w, bias = ssl.randn({ size[3], size[2] }, dtype), ssl.randn(size[3], dtype)
        steady("matmul", function()
          return a:matmul(b), b:t():matmul(a:t()), a:linear(w, bias), a:matmul(b[{ {}, 1 }])
        end)
      end
    end
    steady("batches", function()
      local g = { generator = ssl.generator(4) }
      return ssl.randn(5, 60, 70, g):matmul(ssl.randn(70, 80, g))
    end)
  end)

  it("changes nothing that is drawn", function()
    steady("random", function()
      local g = { generator = ssl.generator(4) }
      return ssl.rand(long, g), ssl.randn(long, g), ssl.randint(1, 1000, long, g),
        ssl.randperm(1000, g), ssl.randn({ long }, { dtype = "float64", generator = g.generator })
    end)
  end)

  it("may be asked and set, from 1 to 64", function()
    ssl.set_threads(64)
    assert.equal(64, ssl.get_threads())
    assert.is_true(ssl.equal(x + y, (x:clone()):add_(y)))
    ssl.set_threads(1)
    assert.equal(1, ssl.get_threads())
    assert.raises("#1 to 'set_threads' (threads must be in 1..64, got 0)",
      function() ssl.set_threads(0) end)
    assert.raises("threads must be in 1..64, got 65", function() ssl.set_threads(65) end)
    assert.raises("threads must be a whole number, got number 1.5",
      function() ssl.set_threads(1.5) end)
    assert.raises("threads must be a whole number, got nil", function() ssl.set_threads() end)
    assert.equal(1, ssl.get_threads())
  end)

  it("may change from call to call", function()
    local want = x:exp()
    for i = 1, 60 do
      ssl.set_threads(i % 5 + 1)
      assert.is_true(ssl.equal(want, x:exp()))
    end
  end)
end)
