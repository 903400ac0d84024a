local colormap = require "sslkit.plot.colormap"
local golden = require "spec.plot.golden"
local in_256 = require "spec.plot.in_256"
local plot = require "sslkit.plot"
local ssl = require "sslkit"

local NAN, INF = 0 / 0, 1 / 0

-- n x n values of f on [-2, 2] x [-1, 3], and the axes.
local function sampled(f, n)
  local x, y, z = {}, {}, {}
  for i = 1, n do x[i], y[i] = 4 * (i - 1) / (n - 1) - 2, 4 * (i - 1) / (n - 1) - 1 end
  for i = 1, n do
    z[i] = {}
    for j = 1, n do z[i][j] = f(x[j], y[i]) end
  end
  return x, y, z
end

local function bowl(x, y) return x * x + (y - 1) ^ 2 end

-- The bands: {d=, fill=}, and the lines, in order.
local function paths(fig)
  local bands, lines = {}, {}
  for attributes in fig:svg():gmatch "<path ([^>]*)/>" do
    local one = {
      d = attributes:match 'd="([^"]*)"', fill = attributes:match 'fill="([^"]*)"',
      stroke = attributes:match 'stroke="([^"]*)"',
    }
    local list = one.fill == "none" and lines or bands
    list[#list + 1] = one
  end
  return bands, lines
end

local function labels(fig)
  local list = {}
  for word in fig:svg():gmatch '<text[^>]*rotate[^>]*>([^<]*)</text>' do list[#list + 1] = word end
  return list
end

describe("plot.contour", function()
  local x, y, z = sampled(bowl, 41)

  it("draws circles as circles, at the place of their axes", function()
    local fig = plot.contour(x, y, z, { levels = { 1 }, labels = false, square = true })
    local _, lines = paths(fig)
    assert.equal(1, #lines)
    local left, right = INF, -INF
    local top, bottom = INF, -INF
    for px, py in lines[1].d:gmatch "[ML](%S+) ([^LZ]+)" do
      left, right = math.min(left, tonumber(px)), math.max(right, tonumber(px))
      top, bottom = math.min(top, tonumber(py)), math.max(bottom, tonumber(py))
    end
    assert.near(right - left, bottom - top, 1)
    assert.equal("Z", lines[1].d:sub(-1))
    -- the circle of radius 1 in a field of 4 x 4
    local area = fig:svg():match '<rect fill="#e4e4e4" height="(%S+)"'
    assert.near(tonumber(area) / 2, bottom - top, 1.5)
  end)

  it("takes tensors and tables alike, and counts where there are no axes", function()
    local expected = plot.contour(x, y, z):svg()
    local tensor = ssl.tensor(z, "float64")
    assert.equal(expected, plot.contour(ssl.tensor(x, "float64"), y, tensor):svg())
    local counted = { { 0, 1, 2 }, { 1, 2, 3 } }
    assert.equal(plot.contour({ 1, 2, 3 }, { 1, 2 }, counted):svg(),
      plot.contour(nil, nil, counted):svg())
    -- z[i][j] stands at y[i], x[j]: a slope along x has upright lines
    local slope = plot.contour({ 0, 10 }, { 0, 1 }, { { 0, 10 }, { 0, 10 } },
      { levels = { 5 }, labels = false })
    local _, lines = paths(slope)
    local x1, x2 = lines[1].d:match "^M(%S+) %S+L(%S+) %S+$"
    assert.equal(x1, x2)
  end)

  it("turns falling axes around", function()
    local backwards, mirrored = {}, {}
    for i = 1, 41 do
      backwards[i] = x[42 - i]
      mirrored[i] = {}
      for j = 1, 41 do mirrored[i][j] = (x[42 - j] + 0.3 * y[i]) end
    end
    local _, _, tilted = sampled(function(u, v) return u + 0.3 * v end, 41)
    local a = plot.contour(x, y, tilted, { labels = false, levels = { 0.5 } })
    local b = plot.contour(backwards, y, mirrored, { labels = false, levels = { 0.5 } })
    local _, first = paths(a)
    local _, second = paths(b)
    local function span(d)
      local low, high = INF, -INF
      for px in d:gmatch "[ML](%S+) " do
        low, high = math.min(low, tonumber(px)), math.max(high, tonumber(px))
      end
      return { low, high }
    end
    assert.same(span(first[1].d), span(second[1].d))
  end)

  it("puts levels at round numbers", function()
    local fig = plot.contour(x, y, z, { width = 1000, height = 800 })
    local seen = {}
    for _, word in ipairs(labels(fig)) do seen[word] = true end
    for word in pairs(seen) do assert.is_true(tonumber(word) % 1 == 0, word) end
    assert.is_true(seen["2"] and seen["4"])
    local bands, lines = paths(fig)
    assert.equal(#lines + 1, #bands)
    for i = 2, #bands do assert.is_true(bands[i].fill ~= bands[i - 1].fill) end
    local logs = plot.contour(nil, nil, { { 1, 10 }, { 100, 1e5 } },
      { log = true, width = 1000, height = 800 })
    assert.is_true(#labels(logs) >= 2)
    for _, word in ipairs(labels(logs)) do
      assert.truthy(word:find "^10", word) -- powers of ten
    end
  end)

  it("takes the caller's levels", function()
    local _, lines = paths(plot.contour(x, y, z, { levels = { 4, NAN, 1, 99, -1, 2.5 } }))
    assert.equal(3, #lines) -- those within the values
    _, lines = paths(plot.contour(x, y, z, { levels = 3 }))
    assert.is_true(#lines >= 1 and #lines <= 3)
    assert.equal(0, #select(2, paths(plot.contour(x, y, z, { levels = {} }))))
  end)

  it("colours bands by their middle, and lines legibly", function()
    local fig = plot.contour(nil, nil, { { 0, 1 }, { 0, 1 } }, { levels = { 0.5 } })
    local bands = paths(fig)
    local map = colormap.of "sequential"
    assert.same({ map(0.25), map(0.75) }, { bands[1].fill, bands[2].fill })
    assert.equal(map(0.25), fig.colorbar.color(0.1))
    local none, lines = paths(plot.contour(nil, nil, { { -1, 1 }, { -1, 1 } },
      { levels = { 0 }, filled = false }))
    assert.equal(0, #none)
    assert.equal(colormap.legible(colormap.of "diverging"(0.5)), lines[1].stroke)
  end)

  it("cuts lines for their labels, which keep apart", function()
    local fig = plot.contour(x, y, z, { levels = { 2 }, width = 800, height = 600 })
    assert.same({ "2" }, labels(fig))
    local _, lines = paths(fig)
    assert.is_nil(lines[1].d:find "Z") -- closed, but for the label
    assert.equal(1, select(2, lines[1].d:gsub("M", "")))
    local straight = plot.contour(nil, nil, { { 0, 1 }, { 0, 1 } }, { levels = { 0.5 } })
    assert.equal(2, select(2, select(2, paths(straight))[1].d:gsub("M", ""))) -- in two parts
    assert.same({}, labels(plot.contour(x, y, z, { labels = false })))
    local places = {}
    local text = plot.contour(x, y, z, { levels = 30 }):svg()
    for px, py in text:gmatch 'rotate%(%S+ (%S+) (%S+)%)" x="' do
      places[#places + 1] = { tonumber(px), tonumber(py) }
    end
    assert.is_true(#places > 5)
    for i, p in ipairs(places) do
      for k = 1, i - 1 do
        assert.is_true((p[1] - places[k][1]) ^ 2 + (p[2] - places[k][2]) ^ 2 > 44 ^ 2)
      end
    end
  end)

  it("leaves out what is missing, and counts 0 as lowest where logarithmic", function()
    local holed = { { 0, 1, 2 }, { 1, NAN, 3 }, { 2, 3, 4 } }
    local bands, lines = paths(plot.contour(nil, nil, holed, { levels = { 1.5 } }))
    assert.equal(2, #bands)
    assert.equal(0, #lines) -- every cell has the missing corner
    bands, lines = paths(plot.contour(nil, nil, { { NAN, INF }, { -INF, NAN } }))
    assert.equal(0, #bands + #lines)
    local zero = plot.contour(nil, nil, { { 0, 1 }, { 10, 100 } }, { log = true, levels = { 20 } })
    bands, lines = paths(zero)
    assert.same({ 2, 1 }, { #bands, #lines })
    assert.equal(1, zero.colorbar.low)
  end)

  it("copes with equal, huge and tiny values, and large grids", function()
    local hard = {
      { { 1, 1 }, { 1, 1 } }, { { 0, 0 }, { 0, 0 } }, { { -1e307, 1e307 }, { 0, 1 } },
      { { 1e308, 1 }, { 1, 1 } }, { { 1e-300, 2e-300 }, { 1e-300, 3e-300 } },
      { { -5, -4 }, { -3, -2 } },
    }
    for _, values in ipairs(hard) do
      for _, log in ipairs { false, true } do
        local fig = plot.contour(nil, nil, values, { log = log })
        local text = fig:svg():lower()
        assert.is_nil(text:find '="%-?nan' or text:find '="%-?inf' or text:find "[ml ]%-?nan")
        assert.is_string(fig:terminal { unicode = true })
      end
    end
    local large = ssl.rand(700, 500) * 0.02 + ssl.linspace(0, 1, 500)
    local text = plot.contour(nil, nil, large):svg()
    assert.truthy(text:find("means of 6×4", 1, true))
    assert.is_true(#text < 5e5)
    local odd = plot.contour(ssl.arange(1, 500), ssl.arange(1, 700), large, { log_axes = "xy" })
    assert.truthy(odd:svg():find("<path", 1, true))
  end)

  it("tells its data", function()
    local fig = plot.contour({ 1, 2 }, { 5, 6, 7 }, { { 1, 2 }, { 3, 4 }, { 5, 6 } })
    local columns, rows = fig:data()
    assert.same({ "x", "y", "z" }, columns)
    assert.equal(6, #rows)
    assert.same({ 2, 6, 4 }, rows[4])
  end)

  it("draws itself with characters", function()
    local fig = plot.contour(x, y, z, { title = "bowl", label = "z", xlabel = "x" })
    local size = { width = 60, height = 14, unicode = true, color = false }
    golden("contour_unicode", fig:terminal(size))
    size.unicode = false
    golden("contour_ascii", fig:terminal(size))
    local lines = plot.contour(x, y, z, { filled = false })
    golden("contour_lines_ascii", lines:terminal(size))
    size.unicode = true
    golden("contour_lines", lines:terminal(size))
    size.color = true
    size.height, size.width = 8, 40
    golden("contour_color", in_256(function() return fig:terminal(size) end))
  end)

  it("says what is wrong", function()
    assert.raises({ "contour_spec.lua:", "#3 to 'contour' (z expected, got nil)" },
      function() plot.contour(x, y) end)
    assert.raises("#3 to 'contour' (z with at least 2 rows and 2 columns expected, got (1,3))",
      function() plot.contour(nil, nil, { { 1, 2, 3 } }) end)
    assert.raises("#1 to 'contour' (x has 3 values, but z has 2 columns)", function()
      plot.contour({ 1, 2, 3 }, nil, { { 1, 2 }, { 3, 4 } })
    end)
    assert.raises("#2 to 'contour' (y has 1 values, but z has 2 rows)", function()
      plot.contour(nil, { 1 }, { { 1, 2 }, { 3, 4 } })
    end)
    local three = { { 1, 2, 3 }, { 4, 5, 6 } }
    assert.raises("x must rise or fall all the way, got 1 after 2 at 3", function()
      plot.contour({ 1, 2, 1 }, nil, three)
    end)
    assert.raises("x must rise or fall all the way, got 1 after 1 at 2", function()
      plot.contour({ 1, 1, 2 }, nil, three)
    end)
    assert.raises("x must be finite, got number nan at 2", function()
      plot.contour({ 1, NAN, 2 }, nil, three)
    end)
    for options, message in pairs {
      [{ levels = 0 }] = "levels must be in 1..100, got 0",
      [{ levels = "a" }] = "levels expected, got string 'a'",
      [{ levels = { "a" } }] = "levels must hold numbers, got string 'a' at 1",
      [{ filled = 1 }] = "filled must be true or false, got number 1",
      [{ log_axes = "z" }] = "log must be one of x, y, xy, got string 'z'",
      [{ low = 2, high = 1 }] = "low must be below high",
      [{ level = 3 }] = "unknown option 'level'",
    } do
      assert.raises({ "#4 to 'contour'", message }, function()
        plot.contour(nil, nil, three, options)
      end)
    end
  end)
end)
