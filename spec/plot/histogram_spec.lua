local bins = require "sslkit.plot.bins"
local golden = require "spec.plot.golden"
local plot = require "sslkit.plot"
local ssl = require "sslkit"

local NAN, INF = 0 / 0, 1 / 0

describe("plot.histogram", function()
  it("counts as NumPy does", function()
    -- numpy.histogram([1, 2, 2, 3, 3, 3, 10], bins=3)
    local fig = plot.histogram({ 1, 2, 2, 3, 3, 3, 10 }, { bins = 3 })
    assert.same({ { 6, 0, 1 } }, fig.counts)
    assert.same({ 1, 4, 7, 10 }, fig.edges)
    -- numpy.histogram([0, 1, 1, 2, 3, 5, 9], bins=[0, 1, 3, 5])
    fig = plot.histogram({ 0, 1, 1, 2, 3, 5, 9 }, { bins = { 0, 1, 3, 5 } })
    assert.same({ { 1, 3, 2 } }, fig.counts)
    fig = plot.histogram({ 0, 1, 1, 2, 3, 5, 9 }, { bins = ssl.tensor { 0, 1, 3, 5 } })
    assert.same({ { 1, 3, 2 } }, fig.counts)
  end)

  it("chooses the bins of NumPy's auto", function()
    -- len(numpy.histogram_bin_edges(x, "auto")) - 1, for numbers that both have
    local function count(list) return #plot.histogram(list).edges - 1 end
    local squares, roots, few = {}, {}, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }
    for i = 1, 1000 do squares[i], roots[i] = i * i, math.sqrt(i) end
    assert.equal(11, count(squares))
    assert.equal(14, count(roots))
    assert.equal(5, count(few)) -- quartiles are equal: Sturges's rule
    assert.equal(1, count { 5, 5, 5 })
    assert.same({ 4.5, 5.5 }, plot.histogram({ 5, 5, 5 }).edges)
    -- whole numbers have no bins narrower than 1
    assert.equal(3, count(ssl.tensor({ 1, 2, 3, 4 }, "int64"):repeat_tensor(500)))
    -- a value far out does not make millions of bins
    local far = ssl.randn(10000)
    far[1] = 1e9
    assert.equal(1000, count(far))
  end)

  it("agrees with a count by hand over random edges", function()
    for _ = 1, 20 do
      local x = ssl.randn(200):to "float64"
      local edges = ssl.randn(6):to("float64"):sort():totable()
      local expected = {}
      for k = 1, 5 do
        expected[k] = 0
        for _, v in ipairs(x:totable()) do
          if v >= edges[k] and (v < edges[k + 1] or k == 5 and v == edges[6]) then
            expected[k] = expected[k] + 1
          end
        end
      end
      assert.same(expected, bins.counts(edges, x))
    end
  end)

  it("has an area of 1 as a density", function()
    local fig = plot.histogram({ ssl.randn(500), ssl.randn(70) }, { density = true, bins = 13 })
    local _, rows = fig:data()
    local areas = { 0, 0 }
    for _, row in ipairs(rows) do
      for i = 1, 2 do areas[i] = areas[i] + row[2 + i] * (row[2] - row[1]) end
    end
    assert.near(1, areas[1], 1e-9)
    assert.near(1, areas[2], 1e-9)
  end)

  it("leaves out what has no place", function()
    local fig = plot.histogram { 1, NAN, INF, -INF, 2, 1e308 }
    assert.equal(4, fig.dropped)
    local total = 0
    for _, count in ipairs(fig.counts[1]) do total = total + count end
    assert.equal(2, total)
    assert.equal(0, plot.histogram({ 1 }).dropped)
  end)

  it("draws nothing, one value, and the ends of the numbers", function()
    for _, x in ipairs { {}, { NAN }, ssl.empty { 0 }, { {}, {} } } do
      local fig = plot.histogram(x)
      assert.truthy(fig:svg():find("no data", 1, true))
      assert.is_string(tostring(fig))
    end
    for _, x in ipairs { { 3 }, { 1e307, -1e307 }, { 1e-310, 2e-310 }, { 1e16, 1e16 + 2 },
      { 1e300 }, { 0, 1e-320 } } do
      for _, log in ipairs { false, "y", "xy" } do
        local fig = plot.histogram(x, { log = log or nil })
        local text = fig:svg():lower()
        assert.is_nil(text:find '[" ]%-?nan' or text:find '[" ]%-?inf')
        assert.is_string(tostring(fig))
        assert.is_string(plot.histogram({ x, x }, { log = log or nil }):svg())
      end
    end
  end)

  it("takes tensors of any shape and dtype", function()
    local x = ssl.tensor { { 1, 2 }, { 2, 4 } }
    assert.same({ { 1, 2, 1 } }, plot.histogram(x, { bins = 3 }).counts)
    assert.same({ { 1, 2, 1 } }, plot.histogram(x:to "uint8", { bins = 3 }).counts)
    local leaf = ssl.tensor({ 1, 2, 2, 4 }):requires_grad()
    assert.same({ { 1, 2, 1 } }, plot.histogram(leaf, { bins = 3 }).counts)
  end)

  it("draws itself with characters", function()
    local x = {}
    for i = 1, 500 do x[i] = math.sin(i) + i / 250 end
    local fig = plot.histogram(x, { title = "Sines", xlabel = "x" })
    local size = { width = 50, height = 12, unicode = true, color = false }
    golden("histogram_unicode", fig:terminal(size))
    local y = {}
    for i = 1, 300 do y[i] = 2 * math.cos(i) end
    golden("histogram_two",
      plot.histogram({ x, y }, { labels = { "x", "y" }, bins = 12 }):terminal(size))
    size.unicode = false
    golden("histogram_ascii", fig:terminal(size))
  end)

  it("says what is wrong", function()
    local message = "#2 to 'histogram' (bins must be 'auto', a count or edges, got string 'many')"
    assert.raises({ "histogram_spec.lua:", message }, function()
      plot.histogram({ 1 }, { bins = "many" })
    end)
    assert.raises("bins must be in 1..100000, got 0", function()
      plot.histogram({ 1 }, { bins = 0 })
    end)
    assert.raises("bins must be a whole number, got number 2.5", function()
      plot.histogram({ 1 }, { bins = 2.5 })
    end)
    assert.raises("edges of bins must ascend, got 1 after 1", function()
      plot.histogram({ 1 }, { bins = { 1, 1 } })
    end)
    assert.raises("bins needs 2 edges at least, got 1", function()
      plot.histogram({ 1 }, { bins = { 1 } })
    end)
    assert.raises("edge 2 of bins must be a finite number, got number nan", function()
      plot.histogram({ 1 }, { bins = { 1, NAN } })
    end)
    assert.raises("#1 to 'histogram' (x expected, got nil)", function() plot.histogram() end)
    assert.raises("series 1 must hold numbers, got string 'b' at 2", function()
      plot.histogram { 1, "b" }
    end)
    assert.raises("unknown option 'bin'", function() plot.histogram({ 1 }, { bin = 3 }) end)
  end)
end)
