local ssl = require "sslkit"

local METRICS = {
  "rankme", "effective_rank", "participation_ratio", "stable_rank", "nesum", "matrix_entropy",
  "numerical_rank", "condition", "srank",
}

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

-- Columns of different size, correlated, and away from zero.
local function data(n, d, seed, dtype)
  local mixing = randn(d, d, seed + 1):mul(0.3):add(ssl.eye(d, "float64"))
  local z = randn(n, d, seed):matmul(mixing) * ssl.linspace(1, 3, d):double() + 0.5
  return z:to(dtype)
end

-- z in blocks of random sizes, 1 .. most.
local function blocks(z, most, seed)
  local g, list, at = ssl.generator(seed), {}, 1
  while at <= #z do
    local last = math.min(#z, at + ssl.randint(0, most - 1, { 1 }, { generator = g })[1])
    list[#list + 1] = z:narrow(1, at, last)
    at = last + 1
  end
  return list
end

describe("metrics.accumulator", function()
  it("gives what all rows in memory give, for every spectral metric", function()
    for seed, case in ipairs { { 500, 24, "float64" }, { 501, 7, "float32" }, { 60, 90, "float64" },
      { 1300, 40, "float32" } } do
      local n, d, dtype = table.unpack(case)
      local z = data(n, d, seed, dtype)
      for shards = 1, 7 do
        local parts = {}
        for i = 1, shards do parts[i] = ssl.metrics.accumulator(d) end
        for i, block in ipairs(blocks(z, 200, shards)) do parts[i % shards + 1]:add(block) end
        local whole = ssl.metrics.accumulator(d)
        for _, part in ipairs(parts) do assert.is_true(rawequal(whole, whole:merge(part))) end
        assert.equal(n, whole.n)
        assert.equal(n, #whole)
        for _, name in ipairs(METRICS) do
          local metric = ssl.metrics[name]
          for _, center in ipairs { false, true } do
            if n > d or not center then -- else the least of n values is rounding alone
              local want = metric(z, { center = center })
              local got = metric(whole, { center = center })
              assert.is_true(math.abs(got - want) <= 1e-12 * math.abs(want),
                ("%s of %d shards: %.17g, in memory %.17g"):format(name, shards, got, want))
            end
          end
          local default = metric(z) == metric(z, { center = true })
          assert.equal(metric(whole), metric(whole, { center = default }))
        end
      end
    end
  end)

  it("gives singular values, worked out once", function()
    local z = data(300, 12, 3, "float64")
    local a = ssl.metrics.accumulator(12)
    for _, block in ipairs(blocks(z, 64, 1)) do a:add(block) end
    local s, want = ssl.metrics.spectrum(a), ssl.metrics.spectrum(z)
    for i = 1, 12 do assert.is_true(math.abs(s[i] / want[i] - 1) < 1e-12) end
    assert.equal("gram", s.route)
    assert.equal(ssl.metrics.rankme(a), ssl.metrics.rankme(s))
    assert.equal(ssl.metrics.nesum(z, { corr = true }), ssl.metrics.nesum(a, { corr = true }))
  end)

  it("centres what is not told as it has been made to", function()
    local z = data(200, 6, 4, "float64") + 3
    local plain = ssl.metrics.accumulator(6):add(z)
    local centred = ssl.metrics.accumulator(6, { center = true }):add(z)
    local raw = ssl.metrics.accumulator(6, { center = false }):add(z)
    for _, name in ipairs(METRICS) do
      local metric = ssl.metrics[name]
      local with, without = metric(plain, { center = true }), metric(plain, { center = false })
      assert.equal(with, metric(centred))
      assert.equal(without, metric(raw))
      assert.equal(with, metric(raw, { center = true })) -- told, after all
      assert.equal(without, metric(centred, { center = false }))
    end
    assert.is_true(ssl.metrics.spectrum(centred).center)
    assert.is_false(ssl.metrics.spectrum(plain).center)
    assert.is_true(ssl.metrics.rankme(plain) < ssl.metrics.rankme(centred) - 0.1)
  end)

  it("takes blocks of an opened file, of both floats, and itself", function()
    local a = ssl.metrics.accumulator(3)
    a:add(data(10, 3, 1, "float32")):add(data(5, 3, 2, "float64")):add(ssl.ones(3, 4):t():t():t())
    assert.equal(19, a.n)
    local before = ssl.metrics.rankme(a)
    assert.equal(38, a:merge(a).n)
    assert.tensor_near(before, ssl.metrics.rankme(a), 1e-12)
    local view = data(20, 6, 5, "float64")[{ { 20, 1, -2 }, { 1, 6, 2 } }]
    assert.tensor_near(ssl.metrics.rankme(view:contiguous()),
      ssl.metrics.rankme(ssl.metrics.accumulator(3):add(view)), 1e-12)
    local x = ssl.ones(2, 3):requires_grad()
    assert.equal(2, ssl.metrics.accumulator(3):add(x * 2).n)
  end)

  it("says so where rounding hides the least values", function()
    local z = randn(400, 3, 6):matmul(randn(3, 30, 7))
    local a = ssl.metrics.accumulator(30):add(z)
    assert.is_false(ssl.metrics.condition(a, { full = true }).certified)
    local rankme = ssl.metrics.rankme(a, { full = true })
    assert.is_true(math.abs(math.log(rankme.value / ssl.metrics.rankme(z))) <= rankme.bound)
    assert.is_true(ssl.metrics.participation_ratio(a, { full = true }).certified)
  end)

  it("is NaN of one centred row, with a reason, and refuses none", function()
    local a = ssl.metrics.accumulator(4)
    assert.equal("accumulator of 0 rows of width 4", tostring(a))
    assert.raises({ "accumulator_spec.lua:",
      "bad argument #1 to 'rankme' (accumulator of 0 rows of width 4: no rows yet)" },
      function() print(ssl.metrics.rankme(a)) end)
    a:add(ssl.ones(1, 4))
    local full = ssl.metrics.effective_rank(a, { full = true })
    assert.not_equal(full.value, full.value)
    assert.equal("one row has no variance", full.undefined)
    assert.equal(1, ssl.metrics.rankme(a))
    a:add(ssl.ones(5, 4)) -- a collapsed batch
    assert.equal(0, ssl.metrics.effective_rank(a))
    assert.equal(0, ssl.metrics.rankme(ssl.metrics.accumulator(2):add(ssl.zeros(3, 2))))
  end)

  it("raises at the caller's line, and is as it was", function()
    local a = ssl.metrics.accumulator(3):add(ssl.eye(3))
    local before = ssl.metrics.rankme(a)
    local function refuses(message, f)
      assert.raises({ "accumulator_spec.lua:", message }, f)
    end
    refuses("bad argument #1 to 'accumulator' (width must be a whole number, got nil)",
      function() ssl.metrics.accumulator() end)
    refuses("width must be in 1..inf, got 0", function() ssl.metrics.accumulator(0) end)
    refuses("width must be a whole number, got number nan",
      function() ssl.metrics.accumulator(0 / 0) end)
    refuses("needs", function() ssl.metrics.accumulator(1 << 24) end) -- more memory than there is
    refuses("unknown option 'centre'; known: center",
      function() ssl.metrics.accumulator(3, { centre = true }) end)
    refuses("center must be true or false, got number 1",
      function() ssl.metrics.accumulator(3, { center = 1 }) end)
    refuses("bad argument #1 to 'add' (tensor (N,3) expected, got (2,4) float32)",
      function() a:add(ssl.ones(2, 4)) end)
    refuses("bad argument #1 to 'add' (tensor with 2 dimensions expected",
      function() a:add(ssl.ones(3)) end)
    refuses("at least one row", function() a:add(ssl.ones(0, 3)) end)
    refuses("of dtype float expected", function() a:add(ssl.ones({ 2, 3 }, "int64")) end)
    refuses("bad argument #1 to 'add' (row 2 of",
      function() a:add(ssl.tensor { { 1, 2, 3 }, { 1, 0 / 0, 3 } }) end)
    refuses("bad argument #1 to 'add' (tensor expected, got nil)", function() a:add() end)
    refuses("bad argument #1 to 'merge' (accumulator of width 3 expected, got number 7)",
      function() a:merge(7) end)
    refuses("got accumulator of 0 rows of width 2",
      function() a:merge(ssl.metrics.accumulator(2)) end)
    assert.equal(3, a.n)
    assert.equal(before, ssl.metrics.rankme(a))
  end)
end)
