local plot = require "sslkit.plot"
local scale = require "sslkit.plot.scale"
local shell = require "spec.shell"
local ssl = require "sslkit"
local svg = require "sslkit.plot.svg"
local temporary = require "spec.io.temporary"

local NAN, INF = 0 / 0, 1 / 0

local function values(ticks)
  local list = {}
  for i, tick in ipairs(ticks) do list[i] = tick.value end
  return list
end

local function labels(ticks)
  local list = {}
  for i, tick in ipairs(ticks) do list[i] = tick.label end
  return list
end

describe("plot.scale", function()
  it("places values with some room at the ends", function()
    local s = scale.new(false, 0, 100)
    assert.near(0.5, s:at(50), 1e-12)
    assert.near(0.04 / 1.08, s:at(0), 1e-12)
    assert.near(1.04 / 1.08, s:at(100), 1e-12)
    local l = scale.new(true, 1, 100)
    assert.near(0.5, l:at(10), 1e-12)
    for _, v in ipairs { NAN, INF, -INF, 1e308 } do
      assert.is_nil(s:at(v))
      assert.is_nil(l:at(v))
    end
    assert.is_nil(l:at(0))
    assert.is_nil(l:at(-1))
    assert.is_nil(l:at(5e-324))
  end)

  it("ticks at round numbers, with the digits that they need", function()
    assert.same({ "0", "25", "50", "75", "100" }, labels(scale.new(false, 0, 100):ticks(5)))
    assert.same({ "0", "50", "100" }, labels(scale.new(false, 0, 100):ticks(4)))
    local tenths = { "0.0", "0.2", "0.4", "0.6", "0.8", "1.0" }
    assert.same(tenths, labels(scale.new(false, 0, 1):ticks(6)))
    assert.same({ "-1", "0", "1" }, labels(scale.new(false, -1, 1):ticks(4)))
    assert.same({ "0", "10⁹", "2×10⁹" }, labels(scale.new(false, 0, 2e9):ticks(4)))
    assert.same({ "1.00×10⁻⁶", "1.02×10⁻⁶", "1.04×10⁻⁶" },
      labels(scale.new(false, 1e-6, 1.04e-6):ticks(4)))
    assert.same({ "100000", "150000", "200000" }, labels(scale.new(false, 1e5, 2e5):ticks(4)))
  end)

  it("never has more ticks than asked for, nor fewer than two", function()
    for _ = 1, 500 do
      local low = (ssl.randn(1)[1]) * 10 ^ ssl.randint(-8, 8, { 1 })[1]
      local high = low + ssl.rand(1)[1] * 10 ^ ssl.randint(-4, 8, { 1 })[1]
      local most = ssl.randint(3, 12, { 1 })[1]
      local s = scale.new(false, low, high)
      local ticks = s:ticks(most)
      local text = ("%g..%g by %d: %s"):format(low, high, most, table.concat(labels(ticks), " "))
      assert.is_true(#ticks <= most and #ticks >= 1, text)
      for i, tick in ipairs(ticks) do
        assert.is_true(tick.at > -1e-6 and tick.at < 1 + 1e-6, text)
        assert.is_true(i == 1 or ticks[i - 1].label ~= tick.label, text)
      end
    end
  end)

  it("ticks at powers of ten on a logarithmic axis", function()
    assert.same({ 1, 10, 100 }, values(scale.new(true, 1, 100):ticks(6)))
    assert.same({ "1", "10", "100" }, labels(scale.new(true, 1, 100):ticks(6)))
    assert.same({ "1", "2", "5", "10" }, labels(scale.new(true, 1, 10):ticks(6)))
    assert.same({ "10⁻⁶", "10⁻³", "10⁰" }, labels(scale.new(true, 1e-8, 1):ticks(3)))
    assert.same({ "3.00", "3.01", "3.02" }, labels(scale.new(true, 3, 3.02):ticks(4)))
    assert.is_true(#scale.new(true, 1e-300, 1e300):ticks(5) <= 5)
  end)

  it("copes with nothing, one value, and the ends of the numbers", function()
    assert.same({ "0.0", "0.5", "1.0" }, labels(scale.new(false):ticks(4)))
    assert.same({ "1", "2", "5", "10" }, labels(scale.new(true):ticks(6)))
    local ranges = {
      { 5, 5 }, { 1e-300, 1e-300 }, { 1e307, 1e307 }, { 1e-300, 1e307 }, { 7, 7 + 1e-13 },
      { 1e16, 1e16 + 2 }, { 1e-300, 1.1e-300 }, { 2 ^ 62, 2 ^ 62 + 1024 },
    }
    for _, log in ipairs { false, true } do
      for _, range in ipairs(ranges) do
        local s = scale.new(log, range[1], range[2])
        for i = 1, 2 do
          local at = s:at(range[i])
          assert.is_true(at >= 0 and at <= 1, at)
        end
        local ticks = s:ticks(5)
        assert.is_true(#ticks <= 5)
        for _, tick in ipairs(ticks) do assert.is_true(tick.at > -1e-6 and tick.at < 1 + 1e-6) end
      end
    end
    for _, v in ipairs { 0, 5e-324, -1e-305 } do
      assert.near(0.5, scale.new(false, v, v):at(v), 1e-12)
      assert.same({ "-1", "0", "1" }, labels(scale.new(false, v, v):ticks(4)))
    end
    local wide = scale.new(false, -1e307, 1e307)
    assert.near(0.5, wide:at(0), 1e-12)
    assert.is_true(#wide:ticks(5) >= 2)
  end)
end)

describe("plot.svg", function()
  it("escapes what would break the document", function()
    assert.equal("&lt;a&gt; &amp; &quot;b&quot;", svg.escape '<a> & "b"')
    assert.equal("a?b\tc", svg.escape "a\0b\tc")
    assert.equal("??", svg.escape "\xff\xfe")
    assert.equal("é", svg.escape "é")
    local element = svg.element("g", { x = "<", fill_opacity = 0.5 })
    assert.equal('<g fill-opacity="0.5" x="&lt;"/>', element)
    assert.equal("<g>\na\nb\n</g>", svg.element("g", {}, { "a", "b" }))
  end)

  it("writes short numbers", function()
    assert.same({ "1", "1.5", "0", "-2.25", "1000", "0.33" }, {
      svg.number(1.0), svg.number(1.5), svg.number(-0.001), svg.number(-2.25), svg.number(1000),
      svg.number(1 / 3),
    })
  end)

  it("fits text into a room", function()
    assert.equal("short", svg.fit("short", 100, 13))
    local cut = svg.fit(("long "):rep(20), 100, 13)
    assert.truthy(cut:find "…$")
    assert.is_true(svg.width(cut, 13) <= 100)
    assert.equal("…", svg.fit("anything", 1, 13))
  end)
end)

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
    local lone = plot.line(nil, { 1, NAN, 3, NAN, 4, 5 }) -- lone points stay visible
    assert.equal(2, count(lone, "<circle"))
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
      assert.equal(1, count(one, "<circle"))
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
    assert.raises({ "plot_spec.lua:", "#2 to 'line' (series 1 has 3 points, but x has 2)" },
      function() plot.line({ 1, 2 }, { 1, 2, 3 }) end)
    assert.raises("#2 to 'line' (y expected, got nil)", function() plot.line() end)
    assert.raises("#1 to 'line' (x expected, got string 'x')", function() plot.line("x", { 1 }) end)
    assert.raises("x must hold numbers, got string 'b' at 2", function()
      plot.line({ 1, "b" }, { 1, 2 })
    end)
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

describe("a figure", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local words = { title = "a <title>", xlabel = "x", ylabel = "y" }
  local fig = plot.line({ 1, 2, 3 }, { 3, 1, 2 }, words)

  it("saves itself, whole or not at all", function()
    assert.is_true(fig:save(temp.path "x.svg"))
    assert.equal(fig:svg(), temp.read "x.svg")
    local ok, message = fig:save "/nowhere/x.svg"
    assert.is_nil(ok)
    assert.equal("/nowhere/x.svg: No such file or directory", message)
    ok, message = fig:save(temp.path "x.bmp")
    assert.is_nil(ok)
    assert.truthy(message:find("x.bmp: unknown extension; known: .svg", 1, true))
    assert.same({ "x.svg" }, temp.names())
    assert.raises("#1 to 'save' (path expected, got nil)", function() fig:save() end)
  end)

  it("is XML that a renderer draws", function()
    if shell "command -v rsvg-convert" ~= 0 then return pending "needs rsvg-convert" end
    local broken = plot.line(nil, { 1, NAN, 3 }, { log = "y" })
    local column = plot.column { fig, plot.line(nil, {}), broken }
    assert(column:save(temp.path "x.svg"))
    assert.equal(0, (shell("rsvg-convert %s -o %s", temp.path "x.svg", temp.path "x.png")))
    local width, height = temp.read("x.png"):match("^\x89PNG........IHDR(....)(....)")
    assert.same({ 640, 1200 }, { (string.unpack(">I4", width)), (string.unpack(">I4", height)) })
  end)

  it("stands above others with its axis in line", function()
    local wide = plot.line(nil, { 1e5, 2e5 }, { height = 200 })
    local column = plot.column { fig, wide }
    assert.equal(600, column.height)
    local lefts = {}
    for x in column:svg():gmatch '<line stroke="#888"[^>]*x1="(%S+)"' do lefts[x] = true end
    local different = 0
    for _ in pairs(lefts) do different = different + 1 end
    assert.equal(1, different)
    assert.truthy(column:svg():find('y="400"', 1, true))
    assert.equal(tostring(fig) .. "\n\n" .. tostring(wide), tostring(column))
    assert.is_string(plot.column({}):svg())
    assert.raises("#1 to 'column' (list of figures expected, got number 3 at 1)", function()
      plot.column { 3 }
    end)
  end)

  it("draws itself with Braille dots", function()
    local text = plot.line({ 0, 1 }, { 0, 1 }, { title = "up", xlabel = "time", ylabel = "value" })
      :terminal { width = 30, height = 8, unicode = true }
    local rows = {}
    for row in text:gmatch "[^\n]+" do rows[#rows + 1] = row end
    assert.equal("up", rows[1])
    assert.equal("value", rows[2])
    assert.equal(2 + 6 + 3, #rows)
    local last = utf8.codepoint(rows[3], utf8.offset(rows[3], -1)) -- the line ends at the top right
    assert.is_true(last > 0x2800 and last < 0x2900)
    assert.truthy(rows[9]:find "└─")
    assert.truthy(rows[10]:find "0 +1")
    assert.equal("time", rows[11]:match "%S+")
    for _, row in ipairs(rows) do assert.is_true(ssl.text.width(row) <= 30, row) end
  end)

  it("draws itself in ASCII, with a sign for each series", function()
    local two = plot.line(nil, { { 1, 2, 3 }, { 3, 2, 1 } }, { labels = { "up", "down" } })
    local text = two:terminal { width = 50, height = 10, unicode = false }
    assert.is_nil(text:find "[\x80-\xff]")
    assert.truthy(text:find "%* up")
    assert.truthy(text:find "%+ down")
    assert.is_true(text:find("* up", 1, true) < text:find("+ down", 1, true))
  end)

  it("draws broken and empty lines too", function()
    for _, unicode in ipairs { true, false } do
      for _, y in ipairs { {}, { NAN }, { 5 }, { 5, 5 }, { 1, NAN, INF, 3 }, { 1e307, -1e307 } } do
        for _, log in ipairs { false, "xy" } do
          local drawn = plot.line(nil, y, { log = log or nil })
            :terminal { width = 30, height = 8, unicode = unicode }
          assert.equal(7, select(2, drawn:gsub("\n", "")))
        end
      end
    end
    assert.raises("unknown option 'wide'; known: height, unicode, width", function()
      fig:terminal { wide = 3 }
    end)
  end)

end)
