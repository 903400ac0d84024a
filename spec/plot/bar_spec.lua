local golden = require "spec.plot.golden"
local plot = require "sslkit.plot"
local ssl = require "sslkit"

local NAN = 0 / 0

-- The rectangles of the bars: {x, y, width, height, fill}, in order.
local function bars(fig)
  local list = {}
  for fill, h, w, x, y in fig:svg():gmatch
    '<rect fill="(#%x+)" height="(%S+)" width="(%S+)" x="(%S+)" y="(%S+)"/>' do
    list[#list + 1] = {
      x = tonumber(x), y = tonumber(y), w = tonumber(w), h = tonumber(h), fill = fill,
    }
  end
  return list
end

describe("plot.bar", function()
  local names, two = { "a", "b", "c" }, { { 1, 2, 3 }, { 3, -1, NAN } }

  it("stands on zero", function()
    local fig = plot.bar(names, { 1, 2, 4 })
    assert.equal(0, fig.y.low)
    local list = bars(fig)
    assert.equal(3, #list)
    assert.near(4, list[3].h / list[1].h, 0.01)
    assert.near(list[1].y + list[1].h, list[3].y + list[3].h, 0.02)
    assert.near(list[2].x - list[1].x, list[3].x - list[2].x, 0.02)
    local down = plot.bar(names, { -1, -2, -4 })
    assert.equal(0, down.y.high)
    local both = bars(plot.bar(names, { 2, -2, 0 }))
    assert.near(both[1].y + both[1].h, both[2].y, 0.02)
    assert.near(both[1].h, both[2].h, 0.02)
    assert.near(0, both[3].h, 0.02)
  end)

  it("takes tensors, lists and rows alike", function()
    local expected = plot.bar({ "1", "2" }, { { 1, 2 }, { 3, 4 } }):svg()
    assert.equal(expected, plot.bar(nil, ssl.tensor { { 1, 2 }, { 3, 4 } }):svg())
    assert.equal(expected, plot.bar({ 1, 2 }, { ssl.tensor { 1, 2 }, { 3, 4 } }):svg())
    local ids = ssl.tensor({ 1, 2 }, "int64")
    assert.equal(expected, plot.bar(ids, { { 1, 2 }, { 3, 4 } }):svg())
  end)

  it("groups and stacks", function()
    local grouped = bars(plot.bar(names, two))
    assert.equal(5, #grouped) -- NaN has none
    assert.near(grouped[1].x + grouped[1].w, grouped[2].x, 0.02)
    local fig = plot.bar({ "a" }, { { 1 }, { 2 }, { -4 }, { -1 } }, { stacked = true })
    local stack = bars(fig)
    assert.near(stack[1].y, stack[2].y + stack[2].h, 0.02)
    assert.near(stack[3].y + stack[3].h, stack[4].y, 0.02)
    assert.near(stack[1].x, stack[4].x, 0.01)
    assert.is_true(fig.y.high >= 3 and fig.y.low <= -5)
  end)

  it("lies down", function()
    local list = bars(plot.bar(names, { 1, 2, 4 }, { horizontal = true }))
    assert.near(4, list[3].w / list[1].w, 0.01)
    assert.near(list[1].x, list[3].x, 0.01)
    assert.is_true(list[1].y < list[3].y) -- the first on top
  end)

  it("has whiskers", function()
    local fig = plot.bar(names, { 1, 2, 4 }, { error = ssl.tensor { 0.5, NAN, 1 } })
    assert.is_true(fig.y.high > 5)
    assert.equal(6, select(2, fig:svg():gsub('<line stroke="#222" stroke%-width="1.3"', "")))
    local log = plot.bar(names, { 1, 2, 4 }, { error = { 1, 1, 1 }, log = "y" })
    -- one reaches zero: its head is not there
    assert.equal(8, select(2, log:svg():gsub('<line stroke="#222" stroke%-width="1.3"', "")))
  end)

  it("stands on a power of ten on a logarithmic axis", function()
    local fig = plot.bar(names, { 1e-3, 10, 1000 }, { log = "y" })
    assert.near(1e-4, fig.y.low, 1e-12)
    local list = bars(fig)
    assert.near(list[1].y + list[1].h, list[3].y + list[3].h, 0.02)
    assert.is_true(list[1].h > 10)
    assert.equal(1, #bars(plot.bar({ "a", "b" }, { 0, 1 }, { log = "y" })))
    assert.equal(2, #bars(plot.bar(nil, { 1, 2 }, { log = "x", horizontal = true })))
  end)

  it("draws nothing, one, NaN and huge values", function()
    for _, values in ipairs { {}, { NAN }, { 1 / 0 }, ssl.empty { 0 } } do
      local fig = plot.bar(nil, values)
      assert.truthy(fig:svg():find("no data", 1, true))
      assert.is_string(tostring(fig))
    end
    for _, v in ipairs { 0, 7, -7, 1e307, 1e-300, -1e-310 } do
      for _, horizontal in ipairs { false, true } do
        local text = plot.bar({ "x" }, { v }, { horizontal = horizontal }):svg()
        assert.is_nil(text:lower():find '="%-?nan' or text:lower():find '="%-?inf')
      end
    end
  end)

  it("fits names in any room", function()
    local many, values = {}, {}
    for i = 1, 200 do many[i], values[i] = ("layer<%d>.weight & bias"):format(i), i end
    for _, width in ipairs { 160, 300, 1200 } do
      for _, horizontal in ipairs { false, true } do
        local fig = plot.bar(many, values, { width = width, horizontal = horizontal })
        local count = select(2, fig:svg():gsub("<text", ""))
        assert.is_true(count > 5 and count < 150, count)
        assert.is_nil(fig:svg():find("layer<", 1, true))
      end
    end
  end)

  it("tells its data", function()
    local options = { labels = { "u", "v" }, error = { { 0, 1, 2 }, { 3, 4, 5 } } }
    local columns, rows = plot.bar(names, two, options):data()
    assert.same({ "name", "u", "u error", "v", "v error" }, columns)
    assert.same({ "b", 2, 1, -1, 4 }, rows[2])
    columns, rows = plot.bar(names, { 1, 2, 3 }):data()
    assert.same({ "name", "value" }, columns)
    assert.same({ "c", 3 }, rows[3])
  end)

  it("draws itself with characters", function()
    local fig = plot.bar({ "kNN", "ridge", "a long name" }, two,
      { labels = { "u", "v" }, title = "Bars", ylabel = "value" })
    local size = { width = 50, height = 12, unicode = true, color = false }
    golden("bar_unicode", fig:terminal(size))
    size.unicode = false
    golden("bar_ascii", fig:terminal(size))
    local across = plot.bar({ "kNN", "ridge", "a long name" }, { 1, 2, 3.5 },
      { horizontal = true, xlabel = "value" })
    golden("bar_across", across:terminal { width = 50, height = 9, unicode = true, color = false })
    local whiskers = plot.bar(names, { 1, 2, 4 }, { error = { 0.5, 0.5, 1 } })
    golden("bar_whiskers",
      whiskers:terminal { width = 50, height = 12, unicode = true, color = false })
  end)

  it("says what is wrong", function()
    assert.raises({ "bar_spec.lua:", "#2 to 'bar' (values has 2 points, but there are 3 names)" },
      function() plot.bar(names, { 1, 2 }) end)
    assert.raises("series 2 of values has 1 points, but series 1 has 2", function()
      plot.bar(nil, { { 1, 2 }, { 3 } })
    end)
    assert.raises("values expected, got nil", function() plot.bar(names) end)
    assert.raises("list of names expected, got string 'a'", function() plot.bar("a", { 1 }) end)
    assert.raises("#3 to 'bar' (error must not be negative, got -1 at 2)", function()
      plot.bar(nil, { 1, 2 }, { error = { 1, -1 } })
    end)
    assert.raises("error must have the form of the values: 1 series of 2, got 1 of 3", function()
      plot.bar(nil, { 1, 2 }, { error = { 1, 1, 1 } })
    end)
    assert.raises("error bars need bars side by side, not stacked", function()
      plot.bar(nil, { 1, 2 }, { error = { 1, 1 }, stacked = true })
    end)
    assert.raises("unknown option 'stack'", function() plot.bar(nil, { 1 }, { stack = true }) end)
    assert.raises("labels must be a list of 1 names, got 2", function()
      plot.bar(nil, { 1 }, { labels = { "a", "b" } })
    end)
  end)
end)
