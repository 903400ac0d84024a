-- core.neighbours: exact search, against plain Lua.

local core = require "sslkit.core"
local ssl = require "sslkit"

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

-- Scores of some queries by their definition, larger is nearer: rows of a table, by query.
local function scores(queries, refs, metric, step)
  local a, b, out, norms = queries:double():totable(), refs:double():totable(), {}, {}
  local function norm(x)
    local sum = 0
    for _, v in ipairs(x) do sum = sum + v * v end
    return math.sqrt(sum)
  end
  for j, y in ipairs(b) do norms[j] = norm(y) end
  for i = 1, #a, step or 1 do
    local x = a[i]
    local own = norm(x)
    out[i] = {}
    for j, y in ipairs(b) do
      local sum = 0
      for k = 1, #x do
        sum = sum + (metric == "l2" and (x[k] - y[k]) ^ 2 or x[k] * y[k])
      end
      if metric == "l2" then out[i][j] = -math.sqrt(sum)
      else out[i][j] = (own > 0 and norms[j] > 0) and sum / own / norms[j] or 0 end
    end
  end
  return out
end

-- Ties in Lua's sums are ties of rows that are the same; `slack` lets others differ by rounding.
local function check(queries, refs, k, metric, slack)
  local index, score = core.neighbours(queries, refs, k, metric)
  local m = #(queries or refs)
  assert.same({ m, k, m, k }, { index:size(1), index:size(2), score:size(1), score:size(2) })
  index, score = index:totable(), score:totable()
  for i, row in pairs(scores(queries or refs, refs, metric, math.max(1, m // 60))) do
    local order = {}
    for j = 1, #row do
      if queries or j ~= i then order[#order + 1] = j end
    end
    table.sort(order, function(p, q)
      if row[p] ~= row[q] then return row[p] > row[q] end
      return p < q
    end)
    for c = 1, k do
      local want, got = order[c], index[i][c]
      local value = metric == "l2" and -row[want] or row[want]
      local right = want == got or slack and math.abs(row[want] - row[got]) <= slack
      if not right or math.abs(value - score[i][c]) > (slack or 1e-12) then
        error(("query %d, place %d: row %d at %.17g expected, got %d at %.17g"):format(
          i, c, want, value, got, score[i][c]))
      end
    end
  end
end

describe("exact neighbours", function()
  for _, metric in ipairs { "cosine", "l2" } do
    it("are those of a plain search: " .. metric, function()
      for seed = 1, 4 do
        local n, d = 20 + 30 * seed, 2 + 5 * seed
        for _, dtype in ipairs { "float32", "float64" } do
          local refs, queries = randn(n, d, seed, dtype), randn(17, d, seed + 50, dtype)
          check(queries, refs, 5, metric)
          check(queries, refs, n, metric) -- all of them
          check(nil, refs, 1, metric)
          check(nil, refs, n - 1, metric)
        end
      end
    end)

    it("cross the tiles of refs and queries: " .. metric, function()
      check(randn(3, 4, 1), randn(1025, 4, 2), 9, metric)
      check(randn(530, 3, 1), randn(40, 3, 2), 3, metric)
      check(nil, randn(600, 3, 3), 4, metric)
    end)

    it("are found among thousands: " .. metric, function()
      local refs = randn(9000, 24, 4, "float32")
      local queries = refs:narrow(1, 4000, 4009) + 0.05
      local index, score = core.neighbours(queries, refs, 30, metric)
      local twin = scores(queries, refs, metric)
      for i = 1, 10 do
        local list = {}
        for j = 1, 9000 do list[j] = j end
        table.sort(list, function(a, b) return twin[i][a] > twin[i][b] end)
        assert.equal(3999 + i, index[{ i, 1 }])
        for c = 1, 30 do assert.equal(list[c], index[{ i, c }]) end
      end
      assert.equal(metric == "l2", score[{ 1, 30 }] > score[{ 1, 1 }])
    end)

    it("look at each pair of many rows once: " .. metric, function()
      for i, n in ipairs { 2060, 2560, 3000 } do -- an odd number of tiles, one of them short; even
        for _, z in ipairs { randn(n, 6, 30 + i, "float32"),
          ssl.randint(-2, 2, { n, 3 }, { generator = ssl.generator(40 + i) }):double() } do
          local index, score = core.neighbours(nil, z, 6, metric)
          local among, value = core.neighbours(z, z, 7, metric) -- with the row itself
          local own = ssl.arange(1, n):long():unsqueeze(2)
          for c = 1, 6 do -- what comes behind it moves up
            local behind = among:narrow(2, 1, c):eq(own):long():sum(2):unsqueeze(2)
            local at = ssl.full({ n, 1 }, c, "int64") + behind
            local there = among:gather(2, at):eq(index:narrow(2, c, c))
            -- where equal rows go before the row itself, it may not be among the seven
            local same = value:gather(2, at):eq(score:narrow(2, c, c))
            assert.equal(n, same:long():sum():item())
            if z:dtype() == "float32" then assert.equal(n, there:long():sum():item()) end
          end
          if n == 2060 and z:dtype() == "float64" then check(nil, z, 6, metric) end
        end
      end
    end)

    it("break ties by the lowest row: " .. metric, function()
      local block = randn(7, 3, 5)
      local refs = ssl.cat { block, block, block, block, block, block } -- six of each
      check(nil, refs, 5, metric)
      check(nil, refs, 11, metric)
      check(block, refs, 6, metric)
      local same = ssl.ones(50, 4)
      local index = core.neighbours(nil, same, 3, metric)
      assert.same({ 2, 3, 4 }, index[1]:totable())
      assert.same({ 1, 3, 4 }, index[2]:totable())
      assert.same({ 1, 2, 3 }, index[50]:totable())
    end)

    it("tell apart what float32 cannot: " .. metric, function()
      -- rows around three points, many more than there are spare candidates, at distances from
      -- the last digits of float32 down to those of float64
      local g = ssl.generator(6)
      for _, spread in ipairs { 1e-3, 1e-4, 1e-5, 1e-9 } do
        local refs = randn(3, 5, 7):index(1, ssl.randint(1, 3, { 300 }, { generator = g }))
          + randn(300, 5, 8) * spread
        check(nil, refs, 10, metric, spread > 1e-5 and 1e-15 or 1e-14)
      end
    end)

    it("take every size of numbers: " .. metric, function()
      local z = randn(60, 6, 9)
      local index = core.neighbours(nil, z, 7, metric)
      for _, power in ipairs { 2.0 ^ 900, 2.0 ^ 300, 2.0 ^ -300, 2.0 ^ -900 } do
        local again, score = core.neighbours(nil, z * power, 7, metric)
        assert.is_true(ssl.equal(index, again))
        if metric == "l2" then
          local _, base = core.neighbours(nil, z, 7, metric)
          assert.tensor_near(base, score / power, 1e-12)
        end
      end
    end)

    it("do not depend on the number of threads: " .. metric, function()
      local z, before = randn(2000, 10, 10, "float32"), ssl.get_threads()
      ssl.set_threads(1)
      local index, score = core.neighbours(nil, z, 12, metric)
      ssl.set_threads(4)
      local again, more = core.neighbours(nil, z, 12, metric)
      ssl.set_threads(before)
      assert.is_true(ssl.equal(index, again))
      assert.is_true(ssl.equal(score, more))
    end)
  end

  it("see through a large common offset", function()
    local z = randn(200, 8, 11)
    local index = core.neighbours(nil, z, 6, "l2")
    local far = core.neighbours(nil, z + 2.0 ^ 20, 6, "l2") -- which rounds the rows, a little
    local same = index:eq(far):double():mean():item()
    assert.is_true(same > 0.999, tostring(same))
  end)

  it("give zero rows the cosine 0", function()
    local z = randn(12, 3, 12)
    z[4], z[9] = 0, 0
    check(nil, z, 6, "cosine")
    local _, score = core.neighbours(z:narrow(1, 4, 4), z, 12, "cosine")
    assert.equal(0, score:abs():amax():item())
    check(nil, ssl.zeros(5, 2), 2, "cosine")
    check(nil, ssl.zeros(5, 2), 2, "l2")
  end)

  it("read strided views", function()
    local z = randn(9, 40, 13)
    local index = core.neighbours(nil, z:t(), 3, "cosine")
    assert.is_true(ssl.equal(core.neighbours(nil, z:t():clone(), 3, "cosine"), index))
  end)

  it("check what they are given", function()
    local z = ssl.ones(4, 2)
    assert.raises("k must be at least 1 and < N = 4, got 4", core.neighbours, nil, z, 4, "cosine")
    assert.raises("k must be at least 1 and <= N = 4, got 5", core.neighbours, z, z, 5, "cosine")
    assert.raises("got 0", core.neighbours, z, z, 0, "l2")
    assert.raises("'dot' is none of: cosine, l2", core.neighbours, z, z, 1, "dot")
    assert.raises("float32 tensor expected, got (4,2) float64", core.neighbours, z:double(), z, 1,
      "l2")
    assert.raises("tensor (M,2) expected, got (4,3) float32", core.neighbours, ssl.ones(4, 3), z, 1,
      "l2")
    assert.raises("float tensor expected", core.neighbours, nil, ssl.ones({ 2, 2 }, "uint8"), 1,
      "l2")
    assert.same({ 0, 2 }, { core.neighbours(ssl.zeros(0, 2), z, 2, "l2"):shape() })
  end)
end)
