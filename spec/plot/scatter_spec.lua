local golden = require "spec.plot.golden"
local plot = require "sslkit.plot"
local ssl = require "sslkit"

local NAN, INF = 0 / 0, 1 / 0

local function count(fig, pattern) return select(2, fig:svg():gsub(pattern, "")) end

describe("plot.scatter", function()
  it("takes two lists, two tensors, or one of points", function()
    local expected = plot.scatter({ 1, 2, 4 }, { 3, 1, 2 }, { title = "t" }):svg()
    local x, y = ssl.tensor { 1, 2, 4 }, ssl.tensor({ 3, 1, 2 }, "int64")
    assert.equal(expected, plot.scatter(x, y, { title = "t" }):svg())
    local both = ssl.tensor { { 1, 3 }, { 2, 1 }, { 4, 2 } }
    assert.equal(expected, plot.scatter(both, { title = "t" }):svg())
    assert.is_string(plot.scatter(both):svg())
    assert.is_string(plot.scatter(both:requires_grad()):svg())
  end)

  it("colours classes, and names them in order", function()
    local fig = plot.scatter({ 1, 2, 3, 4 }, { 1, 2, 3, 4 },
      { labels = ssl.tensor({ 7, 3, 7, -1 }, "int64"), names = { [7] = "<seven>" } })
    assert.equal(3, count(fig, 'fill="#D55E00"') + count(fig, 'fill="#0072B2"') - 1)
    local names = {}
    for name in fig:svg():gmatch '<text x="%S+" y="%S+">([^<]*)</text>' do
      names[#names + 1] = name
    end
    assert.same({ "-1", "3", "&lt;seven&gt;" }, names)
    local words = plot.scatter({ 1, 2, 3 }, { 1, 2, 3 }, { labels = { "b", "a", 3 } })
    names = {}
    for _, entry in ipairs(words.layers[1]:legend()) do names[#names + 1] = entry.label end
    assert.same({ "3", "a", "b" }, names)
  end)

  it("has other shapes for colours that come again", function()
    local list = {}
    for i = 1, 40 do list[i] = i end
    local fig = plot.scatter(list, list, { labels = list })
    local looks = {}
    for _, group in ipairs(fig.layers[1].groups) do looks[group.color .. group.shape] = true end
    local different = 0
    for _ in pairs(looks) do different = different + 1 end
    assert.equal(40, different)
    assert.truthy(fig:svg():find("and %d+ more"))
    assert.truthy(tostring(fig):find("and %d+ more"))
  end)

  it("colours values, with a bar", function()
    local x = { 1, 2, 3 }
    local fig = plot.scatter(x, x, { values = { 10, 20, NAN }, value_label = "v" })
    assert.equal(1, fig.dropped)
    assert.equal(10, fig.colorbar.low)
    assert.equal(20, fig.colorbar.high)
    assert.is_true(count(fig, "<rect") > 30)
    assert.truthy(fig:svg():find(">v</text>", 1, true))
    local equal = plot.scatter({ 1, 2 }, { 1, 2 }, { values = ssl.tensor { 5, 5 } })
    assert.is_string(equal:svg())
    assert.is_string(plot.scatter({}, {}, { values = {} }):svg())
    assert.is_string(plot.scatter({ 1, 2 }, { 1, 2 }, { values = { -1e307, 1e307 } }):svg())
  end)

  it("leaves out what has no place, and counts it", function()
    local fig = plot.scatter({ 1, NAN, 3, INF, 5 }, { 1, 2, -INF, 4, 5 })
    assert.equal(3, fig.dropped)
    local _, rows = fig:data()
    assert.same({ { 1, 1 }, { 5, 5 } }, rows)
    assert.equal(2, plot.scatter({ 1, 0, -1 }, { 1, 2, 3 }, { log = "x" }).dropped)
    assert.equal(0, plot.scatter({ 1, 0, -1 }, { 1, 2, 3 }).dropped)
    for _, x in ipairs { {}, { NAN }, { INF } } do
      local none = plot.scatter(x, x)
      assert.truthy(none:svg():find("no data", 1, true))
      assert.is_string(tostring(none))
    end
  end)

  it("keeps 100000 points below 3 MB", function()
    local n = 100000
    local z, y = ssl.rand(n, 2), ssl.randint(1, 20, n)
    for _, options in ipairs { {}, { labels = y }, { values = z:select(2, 1) } } do
      local size = #plot.scatter(z, options):svg()
      assert.is_true(size < 3e6 and size > 1e5, size)
    end
  end)

  it("makes one mark of a pile, more opaque than one point", function()
    local x = {}
    for i = 1, 3000 do x[i] = i <= 2999 and 1 or 2 end
    local fig = plot.scatter(x, x, { alpha = 0.1 })
    local text = fig:svg()
    assert.is_true(#text < 4000, #text)
    assert.equal(2, select(2, text:gsub("M%d+ %d+h0", "")))
    local opacities = {}
    for v in text:gmatch 'stroke%-opacity="(%S-)"' do opacities[#opacities + 1] = tonumber(v) end
    table.sort(opacities)
    assert.near(0.1, opacities[1], 1e-9)
    assert.is_true(opacities[2] > 0.9)
  end)

  it("mixes the order in which points are drawn", function()
    local x, labels = {}, {}
    for i = 1, 1000 do x[i], labels[i] = i, i <= 500 and 1 or 2 end
    local text = plot.scatter(x, x, { labels = labels }):svg()
    local first = {}
    for color in text:gmatch '<path d="M[^"]*" fill="(#%x+)" fill%-opacity' do
      first[#first + 1] = color
      if #first == 500 then break end
    end
    local blue = 0
    for _, color in ipairs(first) do blue = blue + (color == "#0072B2" and 1 or 0) end
    assert.is_true(blue > 200 and blue < 300, blue)
  end)

  it("may have one scale on both axes", function()
    local fig = plot.scatter({ 0, 10 }, { 0, 1 }, { equal = true })
    local x1, x2, y1, y2
    local frame = '"#888" stroke%-width="1" x1="(%S+)" x2="(%S+)" y1="(%S+)" y2="(%S+)"'
    for a, b, c, d in fig:svg():gmatch(frame) do
      if a == b then y1, y2 = c, d else x1, x2 = a, b end
    end
    local per_x = (x2 - x1) / (fig.x.high - fig.x.low)
    local per_y = (y2 - y1) / (fig.y.high - fig.y.low)
    assert.near(per_x, math.abs(per_y), 0.05)
    assert.is_string(tostring(fig))
  end)

  it("tells its data, with classes or values", function()
    local names, rows = plot.scatter({ 1, 2 }, { 3, 4 }, { labels = { "u", "v" } }):data()
    assert.same({ "x", "y", "label" }, names)
    assert.same({ { 1, 3, "u" }, { 2, 4, "v" } }, rows)
    names = plot.scatter({ 1, 2 }, { 3, 4 }, { values = { 5, 6 } }):data()
    assert.same({ "x", "y", "value" }, names)
  end)

  it("draws itself with characters", function()
    local x, y, labels = {}, {}, {}
    for i = 1, 90 do
      x[i], y[i] = math.cos(i) + i % 3 * 1.5, math.sin(i * 1.3)
      labels[i] = i % 3 + 1
    end
    local fig = plot.scatter(x, y, { title = "Points" })
    local size = { width = 50, height = 12, unicode = true, color = false }
    golden("scatter_unicode", fig:terminal(size))
    local classes = plot.scatter(x, y, { labels = labels, names = { "cat", "dog", "emu" } })
    golden("scatter_classes", classes:terminal(size))
    size.unicode = false
    golden("scatter_ascii", classes:terminal(size))
  end)

  it("says what is wrong", function()
    assert.raises({ "scatter_spec.lua:", "#2 to 'scatter' (y has 1 points, but x has 2)" },
      function() plot.scatter({ 1, 2 }, { 1 }) end)
    assert.raises("points [N,2] expected, got tensor (4,3) float32", function()
      plot.scatter(ssl.ones(4, 3))
    end)
    assert.raises("#2 to 'scatter' (labels for 4 points expected, got 3)", function()
      plot.scatter(ssl.ones(4, 2), { labels = { 1, 2, 3 } })
    end)
    assert.raises("#3 to 'scatter' (values for 2 points expected, got 3)", function()
      plot.scatter({ 1, 2 }, { 1, 2 }, { values = ssl.ones(3) })
    end)
    assert.raises("either labels or values, not both", function()
      plot.scatter({ 1 }, { 1 }, { values = { 1 }, labels = { 1 } })
    end)
    assert.raises("labels must be numbers or strings, got number nan at 1", function()
      plot.scatter({ 1 }, { 1 }, { labels = { NAN } })
    end)
    assert.raises("values must hold numbers, got string 'a' at 1", function()
      plot.scatter({ 1 }, { 1 }, { values = { "a" } })
    end)
    assert.raises("names must be a table of class = name, got string 'a'", function()
      plot.scatter({ 1 }, { 1 }, { labels = { 1 }, names = "a" })
    end)
    assert.raises("size must be in 0.1..100, got 0", function()
      plot.scatter({ 1 }, { 1 }, { size = 0 })
    end)
    assert.raises("unknown option 'colour'", function()
      plot.scatter({ 1 }, { 1 }, { colour = "red" })
    end)
    assert.raises("#1 to 'scatter' (x expected, got nil)", function() plot.scatter() end)
  end)
end)
