local plot = require "sslkit.plot"
local ssl = require "sslkit"
local svg = require "sslkit.plot.svg"

local NAN, INF = 0 / 0, 1 / 0

describe("plot.line", function()
  local function count(fig, pattern) return select(2, fig:svg():gsub(pattern, "")) end

  -- The path data of the lines, in order.
  local function paths(fig)
    local list = {}
    for d in fig:svg():gmatch '<path d="([^"]*)" fill="none"' do list[#list + 1] = d end
    return list
  end

  it("puts points where they belong", function()
    local fig = plot.line({ 0, 10 }, { 0, 1 }, { width = 400, height = 300 })
    local x1, y1, x2, y2 = paths(fig)[1]:match "^M(%S+) (%S+)L(%S+) (%S+)$"
    local left, right = fig:svg():match '<line stroke="#888"[^>]*x1="(%S+)" x2="(%S+)"'
    local width = right - left
    assert.near(left + width * 0.04 / 1.08, tonumber(x1), 0.01)
    assert.near(left + width * 1.04 / 1.08, tonumber(x2), 0.01)
    assert.is_true(tonumber(y1) > tonumber(y2)) -- upwards
  end)

  it("takes tensors and tables alike", function()
    local x, y = ssl.tensor { 1, 2, 4 }, ssl.tensor({ 3, 1, 2 }, "int64")
    local expected = plot.line({ 1, 2, 4 }, { 3, 1, 2 }):svg()
    assert.equal(expected, plot.line(x, y):svg())
    assert.equal(expected, plot.line(x, { y }):svg())
    assert.equal(expected, plot.line(nil, { { x = x, y = y } }):svg())
    assert.equal(expected, plot.line(nil, { x = x, y = y }):svg())
    local rows = ssl.tensor { { 1, 2, 3 }, { 3, 2, 1 } }
    assert.equal(plot.line(nil, { { 1, 2, 3 }, { 3, 2, 1 } }):svg(), plot.line(nil, rows):svg())
    assert.equal(plot.line({ 1, 2, 3 }, { 5, 6, 7 }):svg(), plot.line(nil, { 5, 6, 7 }):svg())
    local column = ssl.tensor { { 1, 2 }, { 3, 4 } }:select(2, 1)
    assert.equal(plot.line(nil, { 1, 3 }):svg(), plot.line(nil, column):svg())
  end)

  it("breaks at what has no place", function()
    assert.equal(2, #paths(plot.line(nil, { 1, 2, NAN, 4, 5 })))
    assert.equal(2, #paths(plot.line(nil, { 1, 2, INF, -INF, 4, 5 })))
    assert.equal(2, #paths(plot.line(nil, { 1, 2, 0, -3, 4, 5 }, { log = "y" })))
    assert.equal(1, #paths(plot.line({ -1, 0, 1, 2 }, { 1, 2, 3, 4 }, { log = "x" })))
    local lone = plot.line(nil, { 1, NAN, 3, NAN, 4, 5 }, { markers = false }) -- lone points stay visible
    assert.equal(2, count(lone, '<path d="M[^"]*z" fill="#0072B2"/>'))
    assert.equal(1, #paths(lone))
  end)

  it("draws nothing, one point and equal points", function()
    for _, log in ipairs { false, "x", "y", "xy" } do
      local options = { log = log or nil, title = "t" }
      for _, y in ipairs { {}, { NAN }, { INF, -INF }, ssl.empty { 0 } } do
        local fig = plot.line(nil, y, options)
        assert.truthy(fig:svg():find("no data", 1, true))
        assert.equal(0, #paths(fig))
        assert.truthy(tostring(fig):find "^t\n")
      end
      local one = plot.line({ 3 }, { 7 }, options)
      assert.equal(1, count(one, '<path d="M[^"]*z"'))
      assert.is_nil(one:svg():find("no data", 1, true))
      assert.equal(1, #paths(plot.line(nil, { 5, 5, 5 }, options)))
    end
    assert.equal(1, #paths(plot.line({ 2, 2 }, { 1, 3 }))) -- upright
    assert.equal(1, #paths(plot.line(nil, { -1e307, 1e307 })))
    assert.equal(0, #paths(plot.line(nil, { {}, {} })))
  end)

  it("writes only finite numbers", function()
    local hard = {
      { 1e307, -1e307, 1e308, 3 }, { 5e-324, 0, 1e-310 }, { 1e16, 1e16 + 2 }, { NAN, 1 },
    }
    for _, y in ipairs(hard) do
      for _, log in ipairs { false, "xy" } do
        local text = plot.line(nil, y, { log = log or nil }):svg()
        assert.is_nil(text:lower():find "[\" ]%-?nan" or text:lower():find "[\" ]%-?inf")
      end
    end
  end)

  it("shows bands where both bounds are finite", function()
    local function bands(low, high)
      return count(plot.line(nil, { { mean = { 1, 2, 3, 4 }, low = low, high = high } }), "Z\"")
    end
    assert.equal(1, bands({ 0, 1, 2, 3 }, { 2, 3, 4, 5 }))
    assert.equal(1, bands({ 0, 1, NAN, 3 }, { 2, 3, 4, 5 }))
    assert.equal(0, bands({ 0, NAN, 2, NAN }, { 2, 3, 4, 5 }))
    -- the axes make room for them
    local fig = plot.line(nil, { { y = { 1, 1 }, low = { -50, 1 }, high = { 1, 90 } } })
    assert.is_true(fig.y.low < -50 and fig.y.high > 90)
  end)

  it("thins out long lines without changing their outline", function()
    local n, y = 200000, {}
    for i = 1, n do y[i] = math.sin(i / 1000) + (i == 77777 and 9 or 0) end
    local fig = plot.line(nil, y)
    local text = fig:svg()
    assert.is_true(#text < 100000, #text)
    local top = INF
    for _, py in text:match('<path d="M([^"]*)"'):gmatch "(%S+) ([^L]+)" do
      top = math.min(top, tonumber(py))
    end
    local area = fig.height - 32 - 16
    assert.near(16 + area * (0.04 / 1.08), top, 0.1) -- the peak is there
    local few = {}
    for i = 1, 2000 do few[i] = i % 7 end
    assert.equal(1999, select(2, paths(plot.line(nil, few))[1]:gsub("L", "")))
  end)

  it("names the series, each near the end of its line", function()
    local series = { { 1, 2 }, { 1, 9 }, { 1, 5 } }
    local fig = plot.line(nil, series, { labels = { "low", "high", "<mid>" } })
    local places = {}
    for y, label in fig:svg():gmatch '<text x="%S+" y="(%S+)">([^<]*)</text>' do
      places[label] = tonumber(y)
    end
    assert.is_true(places.high < places["&lt;mid&gt;"] and places["&lt;mid&gt;"] < places.low)
    -- many at one place do not overlap
    local many, names = {}, {}
    for i = 1, 15 do many[i], names[i] = { 1, 1 + i * 1e-6 }, "s" .. i end
    many[16], names[16] = { 1, 100 }, "top"
    local ys = {}
    for y in plot.line(nil, many, { labels = names }):svg():gmatch '<text x="%S+" y="(%S+)">' do
      ys[#ys + 1] = tonumber(y)
    end
    assert.equal(16, #ys)
    table.sort(ys)
    for i = 2, 16 do assert.is_true(ys[i] - ys[i - 1] > 16.9, ys[i] - ys[i - 1]) end
    assert.is_true(ys[1] > 0 and ys[16] < 400)
  end)

  it("repeats its colours with dashes", function()
    local many = {}
    for i = 1, 25 do many[i] = { i, i } end
    local fig = plot.line(nil, many)
    assert.equal(8, count(fig, "dasharray=\"6 4\""))
    assert.equal(8, count(fig, "dasharray=\"2 3\""))
    assert.equal(4, count(fig, 'stroke="#0072B2"'))
  end)

  it("keeps long titles and labels inside", function()
    local long = ("a long name "):rep(30)
    local fig = plot.line(nil, { { 1, 2 } },
      { title = long, xlabel = long, ylabel = long, labels = { long }, width = 300, height = 200 })
    for label in fig:svg():gmatch "<text[^>]*>([^<]*)<" do
      assert.is_true(svg.width(label, 15) < 320, label)
    end
  end)

  it("says what is wrong", function()
    assert.raises({ "line_spec.lua:", "#2 to 'line' (series 1 has 3 points, but x has 2)" },
      function() plot.line({ 1, 2 }, { 1, 2, 3 }) end)
    assert.raises("#2 to 'line' (y expected, got nil)", function() plot.line() end)
    assert.raises("#1 to 'line' (x expected, got string 'x')", function() plot.line("x", { 1 }) end)
    assert.raises("x must hold numbers, got string 'b' at 2", function()
      plot.line({ 1, "b" }, { 1, 2 })
    end)
    assert.raises("series 1 must hold numbers, got nil at 2", function()
      plot.line(nil, { 1, nil, 3 })
    end)
    local function one(_, k) return math.type(k) and 1 or nil end
    local endless = setmetatable({}, { __index = one })
    assert.truthy(plot.line(nil, endless).empty)
    assert.raises("series 2 must hold numbers, got table at 1", function()
      plot.line(nil, { { 1 }, { {} } })
    end)
    assert.raises("y with 1 or 2 dimensions expected, got tensor (2,2,2) float32", function()
      plot.line(nil, ssl.ones(2, 2, 2))
    end)
    assert.raises("x with 1 dimensions expected, got (2,2) float32", function()
      plot.line(ssl.ones(2, 2), { 1, 2 })
    end)
    assert.raises("#3 to 'line' (labels must be a list of 1 names, got 2)", function()
      plot.line(nil, { 1, 2 }, { labels = { "a", "b" } })
    end)
    assert.raises("a band needs both low and high", function()
      plot.line(nil, { y = { 1 }, low = { 1 } })
    end)
    assert.raises("low has 2 points, but x has 1", function()
      plot.line(nil, { y = { 1 }, low = { 1, 2 }, high = { 1 } })
    end)
    assert.raises("unknown option 'lable'; known: color, high, label, low, mean, x, y", function()
      plot.line(nil, { y = { 1 }, lable = "a" })
    end)
    assert.raises("#3 to 'line' (unknown option 'xlable'", function()
      plot.line(nil, { 1 }, { xlable = "a" })
    end)
    assert.raises("log must be one of x, y, xy, got string 'z'", function()
      plot.line(nil, { 1 }, { log = "z" })
    end)
    assert.raises("width must be in 160..10000, got 5", function()
      plot.line(nil, { 1 }, { width = 5 })
    end)
  end)
end)
