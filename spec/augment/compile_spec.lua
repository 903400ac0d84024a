-- Compiled policies: what they make of batches, and what their random numbers depend on.

local ssl = require "sslkit"

local augment = ssl.augment

-- Operations in Lua that show what they draw.
augment.register("drawn", function(x, _, draws)
  local n = x:size(1)
  return x:zero_() + draws(1):float():view(n, 1, 1, 1)
end)
augment.register("twice_drawn", function(x, _, draws)
  local n, u = x:size(1), draws(2)
  return x:zero_() + (u:narrow(2, 1, 1) + draws(1)):float():view(n, 1, 1, 1)
end)
augment.register("shared", {
  scope = "batch",
  apply = function(x, _, draws) return x:zero_() + draws.batch(2):float()[2] end,
})
augment.register("add", {
  options = { { "by", 1 } },
  apply = function(x, o) return x:add_(o.by) end,
})

local N = 60
local x = ssl.randint(0, 255, { N, 3, 6, 5 }, { generator = ssl.generator(1) }):to "uint8"
local shown = x:to "float32" / 255
local all = ssl.arange(1, N, 1, "int64")

local MIXED = { n = 2, "hflip", { "add", by = 0.5, p = 0.5 }, "vflip", { "drawn", p = 0.2 } }

local function same(a, b) return ssl.equal(a, b) end

describe("a compiled policy", function()
  it("gives what its operations give", function()
    local p = augment.compile { { "hflip", p = 1 }, { "add", by = 2 }, { "vflip", p = 1 } }
    assert.tensor_near(shown:flip(3, 4) + 2, p(x))
    assert.tensor_near(shown:flip(4):flip(3) + 2, p(shown))
    assert.tensor_near(shown, augment.compile "none"(x))
    assert.equal("float32", p(shown:double()):dtype())
  end)

  it("takes uint8 and floats, however they lie in memory, and leaves them as they are", function()
    local p = augment.compile(MIXED)
    local want, kept = p(x), x:clone()
    assert.tensor_near(want, (p(shown)), 1e-6)
    assert.tensor_near(want, (p(shown:double())), 1e-6)
    local strided = shown:permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3)
    assert.is_false(strided:is_contiguous())
    assert.tensor_near(want, (p(strided)), 1e-6)
    local first = augment.compile { { "add", by = 1 } }
    for _, batch in ipairs { x, shown, shown:double(), strided } do
      local before = batch:clone()
      assert.tensor_near(shown + 1, first(batch))
      assert.is_true(same(before, batch))
    end
    assert.is_true(same(kept, x))
    assert.tensor_near(x:to "float32" / 16, augment.compile "none"(x, { levels = 16 }))
    assert.tensor_near(x:to "float32" / 16 + 1, first(x, { levels = 16 }))
  end)

  it("gives all its views, or the one that is asked for", function()
    local p = augment.compile { views = { { n = 2, "hflip" }, { "vflip", { "drawn", p = 0.5 } } } }
    assert.equal(3, p.views)
    local a, b, c, more = p(x)
    assert.is_nil(more)
    for view, want in ipairs { a, b, c } do
      assert.is_true(same(want, p(x, { view = view })))
      assert.equal(1, select("#", p(x, { view = view })))
    end
    assert.is_false(same(a, b))
    assert.raises("view must be in 1..3, got 4", p, x, { view = 4 })
    local one = augment.compile { "hflip" }
    assert.is_false(same(one(x), one(x, { view = 2 }))) -- one recipe gives as many as one likes
  end)

  it("gives a sample the same view in any batch, order and number of threads", function()
    local p = augment.compile(MIXED)
    local whole = p(x)
    local order = ssl.randperm(N, { generator = ssl.generator(5) })
    assert.is_true(same(whole:index(1, order), (p(x:index(1, order), { index = order }))))
    assert.is_true(same(whole:index(1, order), (p(x, { rows = order }))))
    assert.is_true(same(whole:index(1, order), (p(x, { rows = order, index = order }))))
    for first = 1, N, 7 do
      local last = math.min(first + 6, N)
      local some = all:narrow(1, first, last)
      assert.is_true(same(whole:narrow(1, first, last), (p(x:narrow(1, first, last),
        { index = some }))))
    end
    local before = ssl.get_threads()
    for threads = 1, 2 do
      ssl.set_threads(threads)
      assert.is_true(same(whole, (p(x))))
    end
    ssl.set_threads(before)
    assert.is_true(same(whole, (augment.compile(p:totable())(x)))) -- another process, a resumed run
  end)

  it("gives other views for another seed, epoch, view or sample", function()
    for _, policy in ipairs { { "hflip" }, { "drawn" }, MIXED } do
      local p = augment.compile(policy)
      local first = p(x, { view = 1 })
      for _, other in ipairs { { seed = 1 }, { epoch = 2 }, { view = 2 }, { index = all + N } } do
        other.view = other.view or 1
        assert.is_false(same(first, p(x, other)))
        assert.is_true(same(p(x, other), p(x, other)))
      end
    end
  end)

  it("draws for each operation what it drew without the others", function()
    local alone = augment.compile { "hflip" } (x)
    local behind = augment.compile { { "vflip", p = 0 }, { "drawn", p = 0 }, "hflip", "identity" }
    assert.is_true(same(alone, behind(x)))
    local u = augment.compile { "drawn" } (x)
    assert.is_true(same(u, augment.compile { "hflip", "vflip", "drawn" } (x)))
    assert.is_false(same(u, augment.compile { "drawn", "drawn" } (x))) -- the second has its own
  end)

  it("draws uniform numbers that do not hang together", function()
    local n = 4000
    local many = ssl.zeros({ n, 1, 1, 1 })
    local names, columns = {}, {}
    for i = 1, 6 do
      names[i] = "u" .. i
      augment.register(names[i], function(y, _, draws)
        return y + draws(1):float():view(n, 1, 1, 1)
      end)
      columns[i] = augment.compile { names[i] } (many):view(n)
    end
    columns[7] = augment.compile { "u1" } (many, { view = 2 }):view(n)
    columns[8] = augment.compile { "u1" } (many, { epoch = 2 }):view(n)
    columns[9] = augment.compile { { "u1", p = 0 }, "u1" } (many):view(n) -- the second of its name
    local z = (ssl.stack(columns, 2) - 0.5) * math.sqrt(12)
    -- correlations of 4000 pairs have a standard deviation of 0.016: five of them
    assert.is_true((z:t():matmul(z) / n - ssl.eye(9)):abs():max():item() < 0.08)
  end)

  it("does two operations independently of each other", function()
    local n = 8000
    local corner = ssl.tensor { { { { 1, 2 }, { 3, 4 } } } }:expand(n, 1, 2, 2)
    local p = augment.compile { { "hflip", p = 0.5 }, { "vflip", p = 0.5 } }
    local first = p(corner):select(4, 1):select(3, 1):view(n)
    -- the share of each of the four has a standard deviation of 0.0048
    for v = 1, 4 do assert.near(0.25, first:eq(v):float():mean():item(), 0.024) end
  end)

  it("does an operation in Lua as often as p says, to those samples alone", function()
    local n = 5000
    local zeros = ssl.zeros({ n, 1, 1, 1 })
    local y = augment.compile { { "add", p = 0.3 } } (zeros)
    assert.near(0.3, y:mean():item(), 0.033) -- five standard deviations
    assert.is_true(y:eq(0):logical_or(y:eq(1)):all():item() == 1)
    assert.equal(0, augment.compile { { "add", p = 0 } } (zeros):sum():item())
    local always, often = augment.compile { "drawn" }, augment.compile { { "drawn", p = 0.7 } }
    local u, some = always(zeros), often(zeros)
    local done = some:ne(0)
    assert.is_true(same(u[done], some[done])) -- what it draws does not depend on p
  end)

  it("draws on where an operation's last draw ended", function()
    local zeros = ssl.zeros({ 50, 1, 1, 1 })
    local u = augment.compile { "twice_drawn" } (zeros)
    assert.is_true(u:max():item() > 1) -- a sum of two numbers
    assert.is_false(same(u, augment.compile { "drawn" } (zeros)))
  end)

  it("lets samples share draws within a batch where an operation asks for it", function()
    local p = augment.compile { "shared" }
    local function value(options) return p(shown, options):view(-1) end
    local one = value { batch = 1 }
    assert.equal(one:min():item(), one:max():item())
    assert.is_false(same(one, value { batch = 2 }))
    assert.is_false(same(one, value { batch = 1, epoch = 2 }))
    assert.is_true(same(one, value { batch = 1, index = all + 7 }))
    assert.is_true(same(one, value {})) -- the number of the first sample
    assert.is_true(same(value { batch = 8 }, value { index = all + 7 }))
    local half, done = augment.compile { { "shared", p = 0.5 } }, 0
    for batch = 1, 200 do
      local y = half(shown, { batch = batch })
      if not same(y, shown) then
        done = done + 1
        assert.equal(y:min():item(), y:max():item())
      end
    end
    assert.near(100, done, 36) -- five standard deviations
  end)

  it("begins behind the caller's back", function()
    local p = augment.compile { views = { MIXED, { "drawn", "hflip" }, { "hflip" } } }
    local want = { p(x, { seed = 3 }) }
    local got = { p:start(x, { seed = 3 }):finish() }
    assert.equal(4, #got)
    for i = 1, 4 do assert.is_true(same(want[i], got[i])) end
    assert.is_true(same(want[4], (p:start(x, { seed = 3, view = 4 }):finish())))
    local pending = {}
    for seed = 1, 20 do pending[seed] = p:start(x, { seed = seed, view = 4 }) end
    for seed = 20, 1, -1 do
      assert.is_true(same(p(x, { seed = seed, view = 4 }), pending[seed]:finish()))
    end
  end)

  it("takes batches of several sizes", function()
    local p = augment.compile { { "hflip", p = 1 }, { "add", by = 1 }, { "vflip", p = 1 } }
    for _, size in ipairs { { 1, 1, 1 }, { 3, 6, 5 }, { 2, 1, 9 }, { 3, 6, 5 } } do
      local y = ssl.rand { 4, size[1], size[2], size[3] }
      assert.tensor_near(y:flip(3, 4) + 1, p(y))
    end
    local none = ssl.empty({ 0 }, "int64")
    assert.same({ 0, 3, 6, 5 }, { p(x:index(1, none)):shape() })
    assert.same({ 0, 3, 6, 5 }, { p(x, { rows = none }):shape() })
  end)

  it("takes series and vectors by operations that do", function()
    augment.register("series_only", { series = true, apply = function(y) return y:neg() end })
    augment.register("vector_only", { vector = true, apply = function(y) return y:neg() end })
    augment.register("mirror_time", { series = true, vector = true,
      rows = function() return { { "hflip" } } end })
    local series, vectors = ssl.rand { 5, 2, 7 }, ssl.rand { 5, 4 }
    assert.tensor_near(-series, augment.compile { "series_only" } (series))
    assert.tensor_near(-vectors, augment.compile { "vector_only" } (vectors))
    assert.tensor_near(series:flip(3) + 1, augment.compile { "mirror_time", "add" } (series))
    assert.tensor_near(vectors:flip(2), augment.compile { "mirror_time" } (vectors))
    assert.tensor_near(vectors:flip(2), (augment.compile { "mirror_time" }:start(vectors):finish()))
    assert.raises("operation 1 (series_only): series [N,C,T] expected, got (60,3,6,5) float32",
      augment.compile { "series_only" }, x)
    assert.raises("operation 2 (hflip): images [N,C,H,W] expected, got (5,2,7) float32",
      augment.compile { "add", "hflip" }, series)
    assert.raises("operation 1 (hflip): images [N,C,H,W] expected, got (5,4) float32",
      augment.compile { "hflip" }, vectors)
  end)

  it("counts a size that is a share of the input in pixels", function()
    augment.register("cut", {
      options = { { "size" } }, image = true,
      shape = function(o, c, h, w)
        if o.size[1] > h or o.size[2] > w then
          return nil, ("a %dx%d image is too small"):format(h, w)
        end
        return c, o.size[1], o.size[2]
      end,
      apply = function(y, o) return y:narrow(3, 1, o.size[1]):narrow(4, 1, o.size[2]) end,
    })
    local function size(o) return select(3, augment.compile { o } (x):shape()) end
    assert.equal(6, size "cut")
    assert.equal(3, size { "cut", size = "0.5" })
    assert.equal(1, size { "cut", size = "0.01" })
    assert.equal(4, size { "cut", size = { 4, 5 } })
    assert.raises("p must be 1 where the size changes",
      augment.compile { { "cut", size = 3, p = 0.5 } }, x)
  end)
end)

describe("a compiled policy refuses", function()
  local p = augment.compile { "hflip" }
  local function fails(message, ...) assert.raises(message, p, ...) end

  it("batches that are none", function()
    fails("#1 to 'augmenter' (batch expected, got nil)")
    fails("batch of uint8 or floats, [N,C,H,W], [N,C,T] or [N,D], expected, got (3) float32",
      ssl.zeros(3))
    fails("expected, got (1,1,1,1,1) float32", ssl.zeros(1, 1, 1, 1, 1))
    fails("expected, got (1,1,1,1) int64", ssl.zeros({ 1, 1, 1, 1 }, "int64"))
    fails("has no pixels", ssl.zeros(1, 1, 0, 3))
    assert.raises("bad argument #1 to 'start' (batch expected, got nil)",
      function() return (p:start()) end)
  end)

  it("options that make no sense", function()
    fails("#2 to 'augmenter' (unknown option 'sead'", x, { sead = 1 })
    fails("seed must be a whole number, got number 0.5", x, { seed = 0.5 })
    fails("epoch must be a whole number", x, { epoch = "1" })
    fails("batch must be a whole number", x, { batch = 0.5 })
    fails("view must be in 1..inf, got 0", x, { view = 0 })
    fails("levels must be above 0, got 0", x, { levels = 0 })
    fails("index of dtype int64 expected, got (60) float32", x, { index = all:float() })
    fails("index of 60 samples expected, got 2", x, { index = all:narrow(1, 1, 2) })
    fails("index of 2 samples expected, got 60", x, { rows = all:narrow(1, 1, 2), index = all })
    fails("rows must be in 1..60, got 2..61", x, { rows = all + 1 })
    fails("strength of 60 samples expected, got 1", x, { strength = ssl.ones(1) })
    fails("strength must be in 0..1, got 2..2", x, { strength = ssl.ones(N) * 2 })
    fails("strength must be in 0..1", x, { strength = ssl.ones(N) * (0 / 0) })
  end)

  it("what an operation in Lua must not give", function()
    augment.register("wrong", { options = { { "what", 0 } }, apply = function(y, o)
      return ({ y:double(), y[1], 3, y:narrow(1, 1, 2) })[o.what]
    end })
    for what, got in ipairs { "tensor (60,3,6,5) float64", "tensor (3,6,5) float32",
      "number 3", "tensor (2,3,6,5) float32" } do
      assert.raises("operation 2 (wrong): float32 tensor of 60 samples expected of it, got " .. got,
        augment.compile { "hflip", { "wrong", what = what } }, x)
    end
    assert.raises("of 60 samples expected of it, got nil", augment.compile { "wrong" }, x)
  end)
end)

describe("strength", function()
  it("decides how often and how strongly what follows it is done", function()
    augment.register("driven", { image = true, rows = function()
      return { { "choose", { { "hflip" } }, follow = true } }
    end })
    local n = 4000
    local pair = ssl.tensor { { { { 0, 1 } } } }:expand(n, 1, 1, 2)
    local p = augment.compile { "driven" }
    local function share(strength)
      return p(pair, { strength = ssl.full({ n }, strength) }):select(4, 1):mean():item()
    end
    assert.equal(0, share(0))
    assert.equal(1, share(1))
    assert.near(0.3, share(0.3), 0.037) -- five standard deviations
    assert.tensor_near(pair:flip(4), p(pair)) -- without strengths all have 1
  end)

  it("is each sample's own, whatever the batch", function()
    augment.register("brighter", { image = true, options = { { "levels", -1 } }, rows = function(o)
      return { { "brightness", 1, 3, o.levels, 0, 0 } }
    end })
    local n = 9
    local gray = ssl.full({ n, 1, 2, 2 }, 0.25)
    local s = ssl.linspace(0, 1, n)
    local y = augment.compile { "brighter" } (gray, { strength = s })
    assert.tensor_near((s * 2 + 1) * 0.25, y:select(4, 1):select(3, 1):view(n), 1e-6)
    local some = ssl.tensor({ 9, 2, 5 }, "int64")
    local part = augment.compile { "brighter" } (gray, { rows = some, strength = s:index(1, some) })
    assert.is_true(same(y:index(1, some), part))
    local random = augment.compile { { "brighter", levels = -2 } } (gray, { strength = s })
    local left = (s * 2 + 1) * 0.25 - random:select(4, 1):select(3, 1):view(n)
    assert.is_true(left:min():item() >= 0)
    assert.is_false(same(random, y))
  end)
end)
