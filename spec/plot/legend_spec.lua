local axes = require "sslkit.plot.axes"
local legend = require "sslkit.plot.legend"
local plot = require "sslkit.plot"
local scale = require "sslkit.plot.scale"

local function rows(wanted, gap)
  local entries = {}
  for i, y in ipairs(wanted) do entries[i] = { y = y or nil, order = i, label = "s" } end
  entries = legend.sorted(entries, 100)
  legend.spread(entries, 0, 100, gap)
  local list = {}
  for _, entry in ipairs(entries) do list[entry.order] = entry.y end
  return list
end

describe("plot.legend", function()
  it("stands where the data end, never one name on another", function()
    assert.same({ 50 }, rows({ 50 }, 17))
    assert.same({ 10, 90 }, rows({ 10, 90 }, 17))
    assert.same({ 50, 67 }, rows({ 50, 50 }, 17))
    assert.same({ 83, 100 }, rows({ 100, 100 }, 17))
    assert.same({ 17, 0 }, rows({ 5, -50 }, 17))
    assert.same({ 20, 100 }, rows({ 20, false }, 17)) -- one without data is last
    assert.same({ 0, 50, 100 }, rows({ 1, 2, 3 }, 99)) -- closer where there is no room
    assert.same({}, rows({}, 17))
  end)

  it("counts those that have no room", function()
    local entries = {}
    for i = 1, 9 do entries[i] = { y = -i, order = i, label = "s" .. i } end
    local shown = legend.sorted(entries, 4)
    assert.equal(4, #shown)
    assert.same({ "s9", "s8", "s7", "and 6 more" },
      { shown[1].label, shown[2].label, shown[3].label, shown[4].label })
    assert.equal("and 9 more", legend.sorted(entries, 0)[1].label)
  end)

  it("gives no more than half of a small figure to names", function()
    local series = { { y = { 1, 2 }, label = ("name "):rep(50) } }
    for _, width in ipairs { 160, 300, 640, 1200 } do
      local fig = plot.line(nil, series, { width = width, height = 120, title = "t" })
      local area = axes.layout(fig)
      assert.is_true(area.right - area.left >= 40 and area.right < width)
      assert.is_true(width <= 200 or area.right > 0.4 * width)
    end
  end)
end)

describe("plot.axes", function()
  it("leaves names out where they would stand too close", function()
    local names = {}
    for i = 1, 100 do names[i] = "n" .. i end
    local s = scale.new(false, 0.5, 100.5, { tight = true })
    local ticks = axes.name_ticks(s, names, 500, 17)
    assert.same({ "n1", "n5", "n9" }, { ticks[1].label, ticks[2].label, ticks[3].label })
    assert.equal(100, #axes.name_ticks(s, names, 500, 0))
    assert.same({}, axes.name_ticks(s, {}, 500, 17))
  end)

  it("slants names that do not fit side by side", function()
    local long = { "a quite long name", "another long name", "one more long name" }
    local fig = plot.bar(long, { 1, 2, 3 }, { width = 300 })
    assert.equal(3, select(2, fig:svg():gsub("rotate%(%-40", "")))
    local wide = plot.bar(long, { 1, 2, 3 }, { width = 1200 })
    assert.is_nil(wide:svg():find("rotate(-40", 1, true))
    assert.is_true(axes.layout(fig).bottom < axes.layout(wide).bottom)
  end)
end)
