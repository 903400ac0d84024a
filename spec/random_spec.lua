-- Generators and what they draw.

local ssl = require "sslkit"
local core = require "sslkit.core"

local function shape_of(t) return { t:shape() } end

describe("philox4x32-10", function()
  -- The known answers that Random123 publishes (tests/kat_vectors): counter, key, result.
  local published = {
    { { 0, 0, 0, 0, 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
      { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
  }

  it("gives the published answers", function()
    for _, case in ipairs(published) do
      assert.same(case[2], { core.philox(table.unpack(case[1])) })
    end
  end)

  it("makes element i from (seed, stream, position) alone", function()
    local seed, stream, offset = 0x123456789, 0x9abcdef01, 5
    local g = ssl.generator(seed)
    g:load_state { seed = seed, stream = stream, offset = offset }
    local u = ssl.rand(8, { generator = g, dtype = "float32" })
    g:load_state { seed = seed, stream = stream, offset = offset }
    local v = ssl.rand(4, { generator = g, dtype = "float64" })
    for i = 0, 7 do
      local words = { core.philox(offset + i // 4, 0, stream & 0xffffffff, stream >> 32,
        seed & 0xffffffff, seed >> 32) }
      assert.equal((words[i % 4 + 1] >> 8) * 2.0 ^ -24, u[i + 1])
    end
    for i = 0, 3 do
      local words = { core.philox(offset + i // 2, 0, stream & 0xffffffff, stream >> 32,
        seed & 0xffffffff, seed >> 32) }
      local low, high = words[i % 2 * 2 + 1], words[i % 2 * 2 + 2]
      assert.equal(((high << 32 | low) >> 11) * 2.0 ^ -53, v[i + 1])
    end
  end)
end)

describe("a generator", function()
  it("draws the same from the same seed, something else from another", function()
    local function draw(seed) return ssl.randn(50, { generator = ssl.generator(seed) }) end
    assert.is_true(ssl.equal(draw(3), draw(3)))
    assert.is_false(ssl.equal(draw(3), draw(4)))
    assert.is_false(ssl.equal(draw(0), draw(1 << 32)))
    assert.is_false(ssl.equal(draw(3), draw(-3)))
  end)

  it("goes on, and back by its state", function()
    local g = ssl.generator(9)
    local first = ssl.rand(7, { generator = g })
    local state = g:state()
    local second = ssl.rand(7, { generator = g })
    assert.is_false(ssl.equal(first, second))
    g:load_state(state)
    assert.is_true(ssl.equal(second, ssl.rand(7, { generator = g })))
    assert.same({ seed = 9, stream = 0, offset = 2 }, state)
    local other = ssl.generator(1):load_state(state)
    assert.is_true(ssl.equal(second, ssl.rand(7, { generator = other })))
    assert.equal("generator(seed 9, stream 0, position 4)", tostring(other))
  end)

  it("draws element i whatever the number drawn at once", function()
    for _, draw in ipairs {
      function(n, g) return ssl.rand(n, { generator = g }) end,
      function(n, g) return ssl.randn(n, { generator = g }) end,
      function(n, g) return ssl.randn(n, { generator = g, dtype = "float64" }) end,
      function(n, g) return ssl.randint(-5, 1 << 40, n, { generator = g }) end,
    } do
      local long = draw(1000, ssl.generator(2))
      for _, n in ipairs { 1, 2, 3, 5, 64, 999 } do
        assert.is_true(ssl.equal(long[{ { 1, n } }], draw(n, ssl.generator(2))))
      end
      local g = ssl.generator(2) -- blocks of 4 words: whole blocks follow one another
      local parts = ssl.cat { draw(4, g), draw(8, g), draw(16, g) }
      assert.is_true(ssl.equal(long[{ { 1, 28 } }], parts))
    end
  end)

  it("splits by name, whatever it has drawn", function()
    local g = ssl.generator(5)
    local function draw(h) return ssl.rand(1000, { generator = h, dtype = "float64" }) end
    local before = draw(g:split(1))
    draw(g)
    assert.is_true(ssl.equal(before, draw(g:split(1))))
    local seen = {}
    local streams = { draw(ssl.generator(5)), before, draw(g:split(2)), draw(g:split(-1)),
      draw(g:split(1):split(1)), draw(g:split(1):split(2)), draw(ssl.generator(6):split(1)) }
    for i, s in ipairs(streams) do
      assert.is_nil(seen[s[1]])
      seen[s[1]] = true
      for j = 1, i - 1 do -- uncorrelated: within 5 standard errors of 0
        local r = ((s - 0.5) * (streams[j] - 0.5)):mean():item() * 12
        assert(math.abs(r) < 5 / math.sqrt(1000), ("streams %d and %d: %g"):format(i, j, r))
      end
    end
    assert.equal(5, g:split(1):state().seed)
    assert.equal(0, g:split(1):state().offset)
  end)

  it("is checked", function()
    local g = ssl.generator(1)
    assert.raises("#1 to 'generator' (seed must be a whole number, got number 1.5)",
      function() ssl.generator(1.5) end)
    assert.raises("#1 to 'load_state' (state table expected, got nil)",
      function() g:load_state() end)
    assert.raises("#1 to 'load_state' (stream must be a whole number, got nil)",
      function() g:load_state { seed = 1 } end)
    assert.raises("#1 to 'split' (stream must be a whole number, got string 'a')",
      function() g:split "a" end)
    assert.raises("#1 to 'state' (generator expected, got nil)", function() g.state() end)
    assert.raises("#2 to 'rand' (generator expected, got number 3)",
      function() ssl.rand(1, { generator = 3 }) end)
    assert.raises("#1 to 'seed' (seed must be a whole number, got nil)", function() ssl.seed() end)
  end)
end)

describe("the default generator", function()
  it("is what generator gives without a seed, and keeps its state", function()
    local g = ssl.generator()
    assert.is_true(rawequal(g, ssl.generator()))
    local state = g:state()
    local first = ssl.rand(3)
    g:load_state(state)
    assert.is_true(ssl.equal(first, ssl.rand(3)))
  end)

  it("starts again by seed", function()
    ssl.seed(11)
    local a, b = ssl.randn(3), ssl.randperm(9)
    ssl.seed(11)
    assert.is_true(ssl.equal(a, ssl.randn(3)))
    assert.is_true(ssl.equal(b, ssl.randperm(9)))
    ssl.seed(12)
    assert.is_false(ssl.equal(a, ssl.randn(3)))
  end)
end)

-- Moments within 5 standard errors (a correct generator leaves that once in 1.7 million tries, and
-- the seed is fixed).
describe("what is drawn", function()
  local n = 400000
  before_each(function() ssl.seed(2024) end)

  local function near(want, got, error) assert(math.abs(got - want) < 5 * error, got) end

  for _, dtype in ipairs { "float32", "float64" } do
    it("by rand is uniform in [0, 1), " .. dtype, function()
      local u = ssl.rand(n, dtype):double()
      assert.is_true(u:amin():item() >= 0 and u:amax():item() < 1)
      near(1 / 2, u:mean():item(), math.sqrt(1 / 12 / n))
      near(1 / 12, u:var():item(), math.sqrt(1 / 180 / n))
      local neighbours = (u[{ { 1, -2 } }] - 0.5) * (u[{ { 2, -1 } }] - 0.5)
      near(0, neighbours:mean():item(), 1 / 12 / math.sqrt(n))
      for i = 0, 9 do
        local share = (u:ge(i / 10) & u:lt((i + 1) / 10)):sum():item() / n
        near(0.1, share, math.sqrt(0.09 / n))
      end
    end)

    it("by randn is standard normal, " .. dtype, function()
      local z = ssl.randn(n, dtype):double()
      near(0, z:mean():item(), 1 / math.sqrt(n))
      near(1, z:var():item(), math.sqrt(2 / n))
      near(0, (z * z * z):mean():item(), math.sqrt(15 / n))
      near(3, z:square():square():mean():item(), math.sqrt(96 / n))
      local pairs_of = z:view(-1, 2) -- Box and Muller make them together
      near(0, (pairs_of:select(2, 1) * pairs_of:select(2, 2)):mean():item(), math.sqrt(2 / n))
      for _, cut in ipairs { 0.5, 1, 2, 3 } do
        local share = 0.5 * (1 - ssl.tensor({ cut / math.sqrt(2) }, "float64"):erf():item())
        near(share, z:gt(cut):sum():item() / n, math.sqrt(share * (1 - share) / n))
      end
      assert.equal(n, z:isfinite():sum():item())
    end)
  end

  it("by randint is uniform over lo..hi, both included", function()
    local t = ssl.randint(-2, 4, n)
    assert.equal("int64", t:dtype())
    assert.same({ -2, 4 }, { t:amin():item(), t:amax():item() })
    for k = -2, 4 do near(1 / 7, t:eq(k):sum():item() / n, math.sqrt(6 / 49 / n)) end
    assert.same({ 5, 5 }, ssl.randint(5, 5, 2):totable())
    local wide = ssl.randint(math.mininteger, math.maxinteger, 1000)
    near(0.5, wide:gt(0):sum():item() / 1000, math.sqrt(0.25 / 1000))
    assert.same({ 2, 3 }, shape_of(ssl.randint(0, 1, { 2, 3 })))
    assert.same({}, shape_of(ssl.randint(0, 1)))
    assert.equal("uint8", ssl.randint(0, 255, 9, "uint8"):dtype())
    assert.equal("float32", ssl.randint(0, 9, 2, { dtype = "float32" }):dtype())
    assert.raises("#1 to 'randint' (empty range 3..2)", function() ssl.randint(3, 2, 1) end)
    assert.raises("#4 to 'randint' (uint8 has no room for 0..256)",
      function() ssl.randint(0, 256, 3, "uint8") end)
    assert.raises("#1 to 'randint' (lo must be a whole number, got number 0.5)",
      function() ssl.randint(0.5, 2, 1) end)
  end)

  it("by randperm is a permutation, each as likely", function()
    for _, size in ipairs { 0, 1, 2, 100 } do
      local once = ssl.ones(size, "int64")
      local seen = ssl.zeros_like(once):index_add_(1, ssl.randperm(size), once)
      assert.is_true(ssl.equal(once, seen))
    end
    local counts, tries = {}, 6000
    for _ = 1, tries do
      local key = table.concat(ssl.randperm(3):totable())
      counts[key] = (counts[key] or 0) + 1
    end
    for _, key in ipairs { "123", "132", "213", "231", "312", "321" } do
      near(1 / 6, (counts[key] or 0) / tries, math.sqrt(5 / 36 / tries))
    end
    assert.equal("int64", ssl.randperm(3):dtype())
    assert.equal("uint8", ssl.randperm(3, { dtype = "uint8" }):dtype())
    assert.raises("#1 to 'randperm' (n must be in 0..inf, got -1)", function() ssl.randperm(-1) end)
    assert.raises("#2 to 'randperm' (table of options expected, got number 5)",
      function() ssl.randperm(3, 5) end)
  end)

  it("takes shapes and dtypes as the other makers do", function()
    assert.same({ 2, 3 }, shape_of(ssl.rand(2, 3)))
    assert.same({ 2, 3 }, shape_of(ssl.randn({ 2, 3 }, "float64")))
    assert.same({}, shape_of(ssl.rand()))
    assert.same({ 0, 4 }, shape_of(ssl.randn(0, 4)))
    assert.equal("float64", ssl.rand(2, { dtype = "float64" }):dtype())
    local t = ssl.zeros({ 3, 2 }, "float64")
    assert.same({ 3, 2 }, shape_of(ssl.randn_like(t)))
    assert.equal("float64", ssl.rand_like(t):dtype())
    assert.equal("float32", ssl.randn_like(t, "float32"):dtype())
    local a = ssl.randn_like(t, { generator = ssl.generator(1) })
    local b = ssl.randn(3, 2, { generator = ssl.generator(1), dtype = "float64" })
    assert.is_true(ssl.equal(a, b))
    assert.raises("#2 to 'rand' (dtype must be one of float32, float64, got string 'int64')",
      function() ssl.rand(2, "int64") end)
    assert.raises("#2 to 'randn_like' (dtype must be one of float32, float64, got string 'int64')",
      function() ssl.randn_like(ssl.ones(2, "int64")) end)
    assert.raises("#2 to 'rand_like' (unknown option 'seed'; known: dtype, generator)",
      function() ssl.rand_like(t, { seed = 1 }) end)
    assert.raises("#1 to 'randn_like' (tensor expected, got number 1)",
      function() ssl.randn_like(1) end)
  end)

  it("by randint_like has another tensor's shape and dtype", function()
    local t = ssl.randint_like(ssl.zeros(40, 50), -1, 3)
    assert.equal("float32", t:dtype())
    assert.same({ 40, 50 }, shape_of(t))
    assert.same({ -1, 3 }, { t:amin():item(), t:amax():item() })
    assert.equal("int64", ssl.randint_like(t, 1, 2, "int64"):dtype())
    local function draw() return ssl.randint_like(t, 1, 9, { generator = ssl.generator(1) }) end
    assert.is_true(ssl.equal(draw(), draw()))
    assert.raises("#2 to 'randint_like' (empty range 3..2)",
      function() ssl.randint_like(t, 3, 2) end)
    assert.raises("#4 to 'randint_like' (uint8 has no room for 0..256)",
      function() ssl.randint_like(t, 0, 256, "uint8") end)
  end)

  it("by bernoulli is 1 with the probability", function()
    for _, dtype in ipairs { "float32", "float64" } do
      local p = ssl.tensor({ 0, 0.25, 0.5, 1 }, dtype)
      local t = ssl.bernoulli(p:expand(n // 4, 4))
      assert.equal(dtype, t:dtype())
      assert.equal(t:numel(), (t:eq(0) | t:eq(1)):sum():item())
      local share = t:double():mean(1)
      for k = 1, 4 do near(p[k], share[k], math.sqrt(p[k] * (1 - p[k]) * 4 / n) + 1e-12) end
      assert.same({ 0, 1 }, { share[1], share[4] }) -- never, and always
    end
    local t = ssl.bernoulli(0.3, n)
    near(0.3, t:mean():item(), math.sqrt(0.21 / n))
    assert.equal("float32", t:dtype())
    assert.equal("uint8", ssl.bernoulli(0.3, { 2, 3 }, "uint8"):dtype())
    assert.equal("uint8", ssl.bernoulli(ssl.ones(2), { dtype = "uint8" }):dtype())
    assert.same({ 2, 3 }, shape_of(ssl.bernoulli(0.3, 2, 3)))
    assert.equal(0, ssl.bernoulli(0, 1000):sum():item())
    assert.equal(1000, ssl.bernoulli(1, 1000):sum():item())
    local function draw(p, ...) return ssl.bernoulli(p, ..., { generator = ssl.generator(4) }) end
    assert.is_true(ssl.equal(draw(0.5, 99), draw(0.5, 99)))
  end)

  it("by bernoulli is checked", function()
    assert.raises("#1 to 'bernoulli' (1.5 at (2,1) is no probability)",
      function() ssl.bernoulli(ssl.tensor { { 0, 1 }, { 1.5, -1 } }) end)
    assert.raises("-0.5 at (1) is no probability",
      function() ssl.bernoulli(ssl.tensor { -0.5 }) end)
    assert.raises("at () is no probability", function() ssl.bernoulli(ssl.tensor(0 / 0)) end)
    assert.raises("#1 to 'bernoulli' (p must be in 0..1, got 2)",
      function() ssl.bernoulli(2, 3) end)
    assert.raises("#1 to 'bernoulli' (p must be a finite number, got number nan)",
      function() ssl.bernoulli(0 / 0, 3) end)
    assert.raises("#1 to 'bernoulli' (tensor of probabilities, or number, expected, got nil)",
      function() ssl.bernoulli() end)
    assert.raises("bernoulli has no gradient; use :detach() to pass it by",
      function() ssl.bernoulli(ssl.ones(2):requires_grad()) end)
  end)

  it("by multinomial has the shares of the weights", function()
    local p = ssl.tensor { 0, 3, 1, 0, 4 }
    local t = ssl.multinomial(p, n, { replacement = true })
    assert.same({ n }, shape_of(t))
    assert.equal("int64", t:dtype())
    for k = 1, 5 do
      local share = p[k] / 8
      near(share, t:eq(k):sum():item() / n, math.sqrt(share * (1 - share) / n) + 1e-12)
      if share == 0 then assert.equal(0, t:eq(k):sum():item()) end
    end
    -- one draw of each of many rows, of other weights and without replacement
    local rows = ssl.tensor({ { 1, 0, 1 }, { 0, 2, 6 } }, "float64"):repeat_tensor(50000, 1)
    local first = ssl.multinomial(rows, 1):view(50000, 2)
    near(0.5, first:select(2, 1):eq(1):sum():item() / 50000, math.sqrt(0.25 / 50000))
    assert.equal(0, first:select(2, 1):eq(2):sum():item())
    near(0.25, first:select(2, 2):eq(2):sum():item() / 50000, math.sqrt(3 / 16 / 50000))
  end)

  it("by multinomial without replacement comes as if drawn one by one", function()
    local weights, tries = { 1, 2, 5 }, 60000
    local t = ssl.multinomial(ssl.tensor(weights):expand(tries, 3), 2)
    for i = 1, 3 do
      for j = 1, 3 do
        local seen = (t:select(2, 1):eq(i) & t:select(2, 2):eq(j)):sum():item() / tries
        local share = i == j and 0 or weights[i] / 8 * weights[j] / (8 - weights[i])
        near(share, seen, math.sqrt(share * (1 - share) / tries) + 1e-12)
      end
    end
    local all = ssl.multinomial(ssl.rand(1000) + 0.1, 1000)
    local once = ssl.ones(1000, "int64")
    local seen = ssl.zeros_like(once):index_add_(1, all, once)
    assert.is_true(ssl.equal(once, seen))
    local wide = ssl.tensor({ 1e308, 1e308, 1e-300, 0 }, "float64")
    local three = ssl.multinomial(wide, 3)
    assert.equal(3, three[3]) -- the least, last; what is 0 never
    assert.equal(2, ssl.multinomial(wide, 1000, { replacement = true }):amax():item())
  end)

  it("by multinomial depends on the generator alone", function()
    local threads = ssl.get_threads()
    finally(function() ssl.set_threads(threads) end)
    local p = ssl.rand(500, 37)
    for _, replacement in ipairs { true, false } do
      local want
      for count = 1, 3 do
        ssl.set_threads(count)
        local g = ssl.generator(3)
        local t = ssl.multinomial(p, 5, { replacement = replacement, generator = g })
        local next = ssl.multinomial(p, 5, { replacement = replacement, generator = g })
        want = want or t
        assert.is_true(ssl.equal(want, t))
        assert.is_false(ssl.equal(t, next))
      end
    end
    assert.same({ 0 }, shape_of(ssl.multinomial(ssl.ones(3), 0)))
    assert.same({ 0, 2 }, shape_of(ssl.multinomial(ssl.ones(0, 3), 2)))
    assert.same({ 0, 2 }, shape_of(ssl.multinomial(ssl.ones(0, 0), 2)))
    assert.same({ 2, 2 }, shape_of(ssl.multinomial(ssl.ones(3, 2):t(), 2)))
  end)

  it("by multinomial is checked", function()
    local function fails(message, weights, draws, options)
      assert.raises("#1 to 'multinomial' (" .. message .. ")",
        function() ssl.multinomial(ssl.tensor(weights), draws, options) end)
    end
    fails("row 2 has a weight that is negative or not finite", { { 1, 1 }, { -1, 2 } }, 1)
    fails("row 1 has a weight that is negative or not finite", { 0 / 0, 2 }, 1)
    fails("row 1 has a weight that is negative or not finite", { 1 / 0, 2 }, 1)
    fails("row 1 has no weight above 0", { 0, 0 }, 1, { replacement = true })
    fails("row 1 has no weight above 0", {}, 0)
    fails("row 2 has fewer weights above 0 than draws", { { 1, 1 }, { 0, 2 } }, 2)
    fails("weights [K] or [N,K] expected, got () float32", 1, 1)
    assert.raises("#1 to 'multinomial' (tensor of dtype float expected, got (2) int64)",
      function() ssl.multinomial(ssl.ones(2, "int64"), 1) end)
    assert.raises("#2 to 'multinomial' (n must be in 0..inf, got -1)",
      function() ssl.multinomial(ssl.ones(2), -1) end)
    assert.raises("#3 to 'multinomial' (replacement must be true or false, got number 1)",
      function() ssl.multinomial(ssl.ones(2), 1, { replacement = 1 }) end)
    local many = { replacement = true }
    assert.raises("MiB", function() ssl.multinomial(ssl.ones(2), 1 << 50, many) end)
  end)
end)
