local colormap = require "sslkit.plot.colormap"
local golden = require "spec.plot.golden"
local in_256 = require "spec.plot.in_256"
local matrix = require "sslkit.plot.matrix"
local plot = require "sslkit.plot"
local raster = require "sslkit.plot.raster"
local shade = require "sslkit.plot.shade"
local ssl = require "sslkit"

local NAN, INF = 0 / 0, 1 / 0
local sequential, diverging = colormap.of "sequential", colormap.of "diverging"

-- The rectangles of the cells: {x, y, w, h, fill}, in order.
local function cells(fig)
  local list = {}
  local group = fig:svg():match '<g shape%-rendering="crispEdges">(.-)</g>'
  for fill, h, w, x, y in (group or ""):gmatch
    '<rect fill="(#%x+)" height="(%S+)" width="(%S+)" x="(%S+)" y="(%S+)"/>' do
    list[#list + 1] = {
      x = tonumber(x), y = tonumber(y), w = tonumber(w), h = tonumber(h), fill = fill,
    }
  end
  return list
end

local function without_png(f)
  local core = package.loaded["sslkit.image.core"]
  package.loaded["sslkit.image.core"] = nil
  package.preload["sslkit.image.core"] = function() error("no libpng here", 0) end
  local ok, message = pcall(f)
  package.preload["sslkit.image.core"] = nil
  package.loaded["sslkit.image.core"] = core
  assert(ok, message)
end

describe("plot.shade", function()
  it("shares out the values between its ends", function()
    local s = shade.new(2, 2, 10, {})
    assert.same({ 0, 0.5, 1, 0, 1 },
      { s:share(2), s:share(6), s:share(10), s:share(-5), s:share(99) })
    for _, v in ipairs { NAN, INF, -INF } do
      assert.is_nil(s:share(v))
      assert.is_nil(s:color(v))
    end
    assert.equal(sequential(0.5), s:color(6))
    assert.near(6, s:value(0.5), 1e-12)
    local log = shade.new(2, 1, 100, { log = true })
    assert.near(0.5, log:share(10), 1e-12)
    assert.near(10, log:value(0.5), 1e-9)
    assert.is_nil(log:share(0))
  end)

  it("shows signs where there are both, equally strong", function()
    local s = shade.new(2, -1, 3, {})
    assert.equal(diverging(0.5), s:color(0))
    assert.equal(diverging(1), s:color(3))
    assert.equal(diverging(0.5 - 1 / 6), s:color(-1))
    assert.equal(s:color(-1), s.colorbar.color(0))
    assert.equal(diverging(0.5), s.colorbar.color(0.25))
    assert.equal(sequential(0), shade.new(2, 0, 3, {}):color(0))
    assert.equal(sequential(1), shade.new(2, -3, -1, {}):color(-1))
    assert.equal(sequential(0), shade.new(2, -1e-9, 1, {}):color(-1e-9)) -- rounding
    assert.equal(diverging(1), shade.new(2, 0, 3, { colormap = "diverging" }):color(3))
    assert.equal(sequential(0), shade.new(2, -1, 3, { colormap = "sequential" }):color(-1))
  end)

  it("copes with nothing, one value and huge ones", function()
    assert.equal(0.5, shade.new(2, 7, 7, {}):share(7))
    assert.equal(0.5, shade.new(2, nil, nil, {}):share(3))
    assert.equal(0.5, shade.new(2, nil, nil, { log = true }):share(3))
    local s = shade.new(2, -1e307, 1e307, {})
    assert.near(0.5, s:share(0), 1e-12)
    assert.equal(diverging(1), s:color(1e307))
    assert.near(0, s:value(0.5), 1e292)
    assert.equal(diverging(0.5), shade.new(2, 0, 0, { colormap = "diverging" }):color(0))
  end)

  it("takes the caller's ends", function()
    local s = shade.new(2, 0, 1, { low = -1, high = 3 })
    assert.same({ -1, 3 }, { s.low, s.high })
    s = shade.new(2, 0, 1, { low = 5 }) -- above all values
    assert.same({ 5, 5 }, { s.low, s.high })
    s = shade.new(2, 0, 1, { high = 4 })
    assert.same({ 0, 4 }, { s.low, s.high })
  end)
end)

describe("plot.raster", function()
  it("means blocks, without what is NaN or infinite", function()
    local t = ssl.arange(1, 24, 1, "float64"):reshape(4, 6)
    local grid = raster.reduce(t, 2, 3)
    assert.same({ 2, 3, 2, 2 }, { grid.rows, grid.columns, grid.down, grid.across })
    assert.tensor_near({ 4.5, 6.5, 8.5, 16.5, 18.5, 20.5 }, ssl.tensor(grid), 1e-12)
    t[{ 1, 1 }], t[{ 1, 2 }], t[{ 2, 1 }] = NAN, INF, -INF
    assert.near(8, raster.reduce(t, 2, 3)[1], 1e-12)
    t[{ 2, 2 }] = NAN
    assert.is_true(raster.reduce(t, 2, 3)[1] ~= raster.reduce(t, 2, 3)[1])
  end)

  it("means the shorter blocks at the ends, too", function()
    local t = ssl.arange(1, 7, 1, "float64"):reshape(1, 7)
    assert.tensor_near({ 2, 5, 7 }, ssl.tensor(raster.reduce(t, 1, 3)), 1e-12)
    assert.same({ 1, 7 }, { raster.reduce(t, 9, 9).rows, raster.reduce(t, 9, 9).columns })
    local huge = ssl.full({ 1, 4 }, 1.5e308, "float64")
    assert.tensor_near({ 1 }, ssl.tensor(raster.reduce(huge, 1, 1), "float64") / 1.5e308, 1e-12)
  end)

  it("merges runs of a colour", function()
    local grid = raster.reduce(ssl.zeros(2, 5, "float64"), 2, 5)
    local seen = {}
    raster.runs(grid, { "a", "a", false, "b", "b", "c", "c", "c", "c", "c" }, function(...)
      seen[#seen + 1] = table.concat({ ... }, " ")
    end)
    assert.same({ "1 1 2 1 a", "4 1 5 1 b", "1 2 5 2 c" }, seen)
  end)
end)

describe("plot.matrix", function()
  it("reads tensors and lists", function()
    assert.tensor_near({ { 1, 2 }, { 3, 4 } }, matrix.read(1, "m", { { 1, 2 }, { 3, 4 } }))
    assert.tensor_near({ { 1, 2 } }, matrix.read(1, "m", { ssl.tensor({ 1, 2 }, "int64") }))
    assert.same({ 0, 0 }, { matrix.read(1, "m", {}):shape() })
    assert.same({ 2, 0 }, { matrix.read(1, "m", { {}, {} }):shape() })
  end)

  it("knows the range of what can be shown", function()
    local t = ssl.tensor({ NAN, -2, 5, INF, -INF }, "float64")
    assert.same({ -2, 5 }, { matrix.range(t, false) })
    assert.same({ 5, 5 }, { matrix.range(t, true) })
    assert.is_nil(matrix.range(ssl.tensor({ NAN }, "float64"), false))
    local beyond = ssl.tensor({ 1, 2, 1.7e308, 5e-324 }, "float64")
    assert.same({ 1, 2 }, { matrix.range(beyond, true) })
  end)
end)

describe("plot.heatmap", function()
  local names = { "a", "b", "c" }

  it("puts row 1 on top and column 1 at the left", function()
    local list = cells(plot.heatmap({ { 1, 2 }, { 3, 4 } }))
    assert.equal(4, #list)
    for i, share in ipairs { 0, 1 / 3, 2 / 3, 1 } do
      assert.equal(sequential(share), list[i].fill)
      assert.near(list[1].w, list[i].h, 0.02) -- squares
    end
    assert.is_true(list[2].x > list[1].x and list[3].y > list[1].y)
    assert.near(list[1].x + list[1].w, list[2].x, 0.02)
    local wide = cells(plot.heatmap({ { 1, 2 }, { 3, 4 } }, { square = false }))
    assert.is_true(wide[1].w > 1.2 * wide[1].h)
  end)

  it("takes tensors and tables alike", function()
    local expected = plot.heatmap({ { 1, 2 }, { 3, 4 } }):svg()
    assert.equal(expected, plot.heatmap(ssl.tensor { { 1, 2 }, { 3, 4 } }):svg())
    assert.equal(expected, plot.heatmap(ssl.tensor({ { 1, 2 }, { 3, 4 } }, "uint8")):svg())
    assert.equal(expected, plot.heatmap({ ssl.tensor { 1, 2 }, { 3, 4 } }):svg())
    assert.equal(expected, plot.heatmap(ssl.tensor { { 1, 3 }, { 2, 4 } }:t()):svg())
    assert.equal(expected, plot.heatmap(ssl.tensor { { 1, 2 }, { 3, 4 } }:requires_grad()):svg())
  end)

  it("writes numbers that fit, in an ink that shows", function()
    local function words(fig)
      local list = {}
      for fill, word in fig:svg():gmatch 'fill="(#%x+)" [^>]*middle"[^>]*>([^<]*)</text>' do
        if fill == "#000000" or fill == "#ffffff" then list[#list + 1] = word .. fill:sub(2, 2) end
      end
      return table.concat(list, " ")
    end
    assert.equal("1f 2f 30 40", words(plot.heatmap { { 1, 2 }, { 3, 4 } }))
    assert.equal("0.00f 0.33f 0.50f 1.000", words(plot.heatmap { { -1e-7, 1 / 3 }, { 0.5, 1 } }))
    assert.equal("1e-05f 20", words(plot.heatmap({ { 1e-5, 2 } }, { format = "%.4g" })))
    assert.equal("2e-05f 0.0030", words(plot.heatmap { { 2e-5, 0.003 } }))
    assert.equal("", words(plot.heatmap({ { 1, 2 }, { 3, 4 } }, { values = false })))
    assert.equal("", words(plot.heatmap(ssl.rand(40, 40))))
    local forced = plot.heatmap(ssl.rand(40, 40), { values = true })
    assert.equal(1600, select(2, words(forced):gsub("%S+", "")))
  end)

  it("strikes through what has no colour", function()
    local t = { { 1, NAN }, { INF, -4 } }
    local fig = plot.heatmap(t)
    assert.equal(2, #cells(fig))
    local _, strokes = fig:svg():match '<path d="([^"]*)" stroke="#888"':gsub("M", "")
    assert.equal(2, strokes)
    assert.equal(2, #cells(plot.heatmap({ { 0, 1 }, { -5, 10 } }, { log = true })))
    assert.is_nil(plot.heatmap { { 1, 2 } }:svg():find('stroke="#888" stroke-width="1"/>\n<text', 1,
      true))
  end)

  it("has a colour bar, and logarithmic colours", function()
    local fig = plot.heatmap({ { 1, 10, 100 } }, { log = true, label = "count" })
    assert.truthy(fig:svg():find(">count<", 1, true))
    assert.equal(sequential(0.5), cells(fig)[2].fill)
    assert.same({ 1, 100, true }, { fig.colorbar.low, fig.colorbar.high, fig.colorbar.log })
    assert.is_nil(plot.heatmap({ { 1, 2 } }, { colorbar = false }).colorbar)
    local ends = plot.heatmap({ { 0, 1 } }, { low = -2, high = 4 })
    assert.same({ -2, 4 }, { ends.colorbar.low, ends.colorbar.high })
  end)

  it("reduces a large matrix to pixels, and says so", function()
    local t = ssl.rand(2000, 1500)
    local large = plot.heatmap(t)
    local text = large:svg()
    assert.is_true(#text < 1e6, #text)
    assert.truthy(text:find(">means of %d×%d<"))
    assert.truthy(text:find("data:image/png;base64,iVBOR", 1, true))
    assert.is_nil(plot.heatmap(ssl.rand(20, 20)):svg():find("means of", 1, true))
    -- blocks of one value keep their colour and their place
    local quarters = ssl.zeros(600, 600)
    quarters:narrow(1, 301, 600):narrow(2, 301, 600):fill_(1)
    local bytes = plot.heatmap(quarters):svg():match 'base64,([%w+/=]*)"'
    assert.is_true(#bytes < 4000)
    without_png(function()
      local coarse = large:svg()
      assert.is_nil(coarse:find("data:image", 1, true))
      assert.is_true(#coarse < 6e5, #coarse)
      local list = cells(large)
      assert.is_true(#list > 2000 and #list <= 4096)
    end)
  end)

  it("draws nothing, one and hard values", function()
    for _, t in ipairs { {}, { {} }, ssl.empty { 0, 3 }, ssl.empty { 3, 0 } } do
      local fig = plot.heatmap(t)
      assert.truthy(fig:svg():find("no data", 1, true))
      assert.is_string(tostring(fig))
    end
    local hard = {
      { { 7 } }, { { NAN } }, { { 1e307, -1e307 } }, { { 1e308, 5e-324 } }, { { INF, -INF } },
      { { 0, 0 }, { 0, 0 } },
    }
    for _, t in ipairs(hard) do
      for _, log in ipairs { false, true } do
        local fig = plot.heatmap(t, { log = log })
        local text = fig:svg():lower()
        assert.is_nil(text:find '="%-?nan' or text:find '="%-?inf')
        assert.is_string(tostring(fig))
      end
    end
  end)

  it("fits into small figures, and into pages", function()
    local long = {}
    for i = 1, 30 do long[i] = ("layer<%d> & a long name"):format(i) end
    for _, width in ipairs { 160, 400, 1500 } do
      local fig = plot.heatmap(ssl.rand(30, 30), { x_names = long, y_names = long, width = width })
      assert.is_nil(fig:svg():find("layer<", 1, true))
      assert.truthy(fig:svg { page = true }:find("var(--grid, #e4e4e4)", 1, true))
    end
  end)

  it("tells its data", function()
    local columns, rows = plot.heatmap({ { 1, 2 }, { 3, NAN } },
      { x_names = { "u", "u" }, y_names = ssl.tensor({ 7, 8 }, "int64") }):data()
    assert.same({ "row", "u", "u (2)" }, columns)
    assert.same({ "7", 1, 2 }, rows[1])
    assert.equal(3, rows[2][2])
    columns, rows = plot.heatmap(ssl.ones(30, 2)):data()
    assert.same({ "row", "1", "2" }, columns)
    assert.same({ 30, 1, 1 }, rows[30])
  end)

  it("draws itself with characters", function()
    local fig = plot.heatmap({ { 1, 0.5, 0.25 }, { 0.5, 1, NAN }, { 0.25, 0.7, 1 } },
      { x_names = names, y_names = { "stem", "block 1", "head" }, title = "CKA", label = "CKA" })
    local size = { width = 50, height = 11, unicode = true, color = false }
    golden("heatmap_unicode", fig:terminal(size))
    size.unicode = false
    golden("heatmap_ascii", fig:terminal(size))
    size.unicode, size.color = true, true
    golden("heatmap_color", in_256(function() return fig:terminal(size) end))
    local wave, t = {}, 3
    for i = 1, 60 do
      wave[i] = {}
      for j = 1, 90 do wave[i][j] = math.sin(i / 9) * math.cos(j / 11) * t end
    end
    local fine = plot.heatmap(wave, { xlabel = "time" })
    golden("heatmap_fine", fine:terminal { width = 60, height = 16, unicode = true, color = false })
    for _, width in ipairs { 1, 30, 200 } do
      assert.is_string(fine:terminal { width = width, height = 1 })
    end
  end)

  it("says what is wrong", function()
    assert.raises({ "heatmap_spec.lua:", "#1 to 'heatmap' (matrix expected, got nil)" },
      function() plot.heatmap() end)
    assert.raises("matrix with 2 dimensions expected, got (3) float32", function()
      plot.heatmap(ssl.ones(3))
    end)
    assert.raises("row 2 of matrix has 1 values, but row 1 has 2", function()
      plot.heatmap { { 1, 2 }, { 3 } }
    end)
    assert.raises("row 1 of matrix must hold numbers, got string 'x' at 2", function()
      plot.heatmap { { 1, "x" } }
    end)
    assert.raises("row 1 of matrix expected, got number 1", function() plot.heatmap { 1, 2 } end)
    local one = { { 1 } }
    for options, message in pairs {
      [{ x_names = { "a", "b" } }] = "x_names must be a list of 1 names, got 2",
      [{ y_names = "a" }] = "y_names must be a list of 1 names, got string 'a'",
      [{ low = 3, high = 2 }] = "low must be below high, got 3 and 2",
      [{ low = 0, log = true }] = "low must be above 0 on a logarithmic scale, got 0",
      [{ high = NAN }] = "high must be a finite number, got number nan",
      [{ colormap = "jet" }] = "colormap must be one of sequential, diverging, got string 'jet'",
      [{ log = "x" }] = "log must be true or false, got string 'x'",
      [{ values = 1 }] = "values must be true or false, got number 1",
      [{ format = "%d%d" }] = "format must be one for a number, as '%.2f', got string '%d%d'",
      [{ format = "plain" }] = "format must be one for a number",
      [{ format = 3 }] = "format must be one for a number, as '%.2f', got number 3",
      [{ colour = 1 }] = "unknown option 'colour'",
      [{ width = 5 }] = "width must be in 160..10000, got 5",
    } do
      assert.raises({ "#2 to 'heatmap'", message }, function() plot.heatmap(one, options) end)
    end
  end)
end)
