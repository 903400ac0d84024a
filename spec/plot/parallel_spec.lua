local colormap = require "sslkit.plot.colormap"
local golden = require "spec.plot.golden"
local in_256 = require "spec.plot.in_256"
local plot = require "sslkit.plot"
local ssl = require "sslkit"

local NAN, INF = 0 / 0, 1 / 0

local runs = {
  { lr = 0.1, norm = "batch", ema = true, acc = 0.9 },
  { lr = 0.01, norm = "none", ema = false, acc = 0.8 },
  { lr = 0.001, norm = "batch", ema = true, acc = 0.4 },
}

-- The lines of the rows: {d=, stroke=, width=}, in order.
local function lines(fig)
  local list = {}
  for attributes in fig:svg():gmatch "<path ([^>]*)/>" do
    list[#list + 1] = {
      d = attributes:match 'd="([^"]*)"', stroke = attributes:match 'stroke="([^"]*)"',
      width = attributes:match 'stroke%-width="([^"]*)"',
    }
  end
  return list
end

local function vertices(d)
  local list = {}
  for x, y in d:gmatch "[ML](%S+) ([^ML]+)" do list[#list + 1] = { tonumber(x), tonumber(y) } end
  return list
end

local function count(fig, pattern) return select(2, fig:svg():gsub(pattern, "")) end

describe("plot.parallel", function()
  it("draws a line through the values of each row", function()
    local fig = plot.parallel(ssl.tensor { { 0, 10, -1 }, { 1, 20, -2 }, { 0.5, 15, -3 } })
    local list = lines(fig)
    assert.equal(3, #list)
    local a, b, c = vertices(list[1].d), vertices(list[2].d), vertices(list[3].d)
    assert.near(a[2][1] - a[1][1], a[3][1] - a[2][1], 0.02)
    assert.near(a[1][2], a[2][2], 0.02) -- lowest in both columns
    assert.is_true(a[1][2] > b[1][2]) -- upwards
    assert.near((a[1][2] + b[1][2]) / 2, c[1][2], 0.02)
    assert.near(b[1][2], a[3][2], 0.02)
  end)

  it("takes records, columns and tensors alike", function()
    local records = {}
    for i = 1, 4 do records[i] = { u = i, v = i * i } end
    local expected = plot.parallel(records):svg()
    assert.equal(expected, plot.parallel({ u = { 1, 2, 3, 4 }, v = { 1, 4, 9, 16 } }):svg())
    assert.equal(expected,
      plot.parallel({ u = ssl.tensor { 1, 2, 3, 4 }, v = { 1, 4, 9, ssl.tensor(16) } }):svg())
    local t = ssl.tensor { { 1, 1 }, { 2, 4 }, { 3, 9 }, { 4, 16 } }
    assert.equal(expected, plot.parallel(t, { columns = { "u", "v" } }):svg())
    local lists = { { 1, 1 }, { 2, 4 }, { 3, 9 }, { 4, 16 } }
    assert.equal(expected, plot.parallel(lists, { columns = { "u", "v" } }):svg())
    assert.same({ "1", "2" }, (plot.parallel(lists):data()))
  end)

  it("shows the columns that are asked for, in their order", function()
    local function heads(fig)
      local list = {}
      for name in fig:svg():gmatch 'weight="600"[^>]*>([^<]*)<' do list[#list + 1] = name end
      return table.concat(list, " ")
    end
    assert.equal("acc ema lr norm", heads(plot.parallel(runs)))
    assert.equal("norm acc", heads(plot.parallel(runs, { columns = { "norm", "acc" } })))
  end)

  it("names words and truths on their axes", function()
    local text = plot.parallel(runs):svg()
    for _, word in ipairs { "batch", "none", "true", "false" } do
      assert.truthy(text:find(">" .. word .. "<", 1, true), word)
    end
    local mixed = plot.parallel { { a = 1 }, { a = "x<y" }, { a = false } }
    assert.truthy(mixed:svg():find(">x&lt;y<", 1, true))
    assert.truthy(mixed:svg():find(">1<", 1, true))
  end)

  it("breaks lines where something is missing", function()
    local fig = plot.parallel({ { a = 1, b = 2, c = 3, d = 4 }, { a = 2, b = 3, d = 5 },
      { a = NAN, b = INF, c = 1, d = 1 }, { c = 2 } })
    local list = lines(fig)
    assert.equal(3, #list)
    assert.equal(4, #vertices(list[1].d))
    assert.equal(2, #vertices(list[2].d))
    assert.equal(2, #vertices(list[3].d))
    assert.equal(2, count(fig, "<circle")) -- d of the second, c of the fourth
    local log = plot.parallel({ a = { 1, 10, 0, -5 }, b = { 1, 2, 3, 4 } }, { log = "a" })
    assert.equal(2, #lines(log))
    assert.equal(2, count(log, "<circle"))
  end)

  it("has logarithmic axes", function()
    local list = lines(plot.parallel({ a = { 1, 10, 100 }, b = { 1, 2, 3 } }, { log = { "a" } }))
    for _, line in ipairs(list) do
      local v = vertices(line.d)
      assert.near(v[1][2], v[2][2], 0.02)
    end
  end)

  it("colours by numbers and by words", function()
    local map = colormap.of "sequential"
    local fig = plot.parallel(runs, { color = "acc" })
    local list = lines(fig)
    assert.equal(colormap.legible(map(1)), list[1].stroke)
    assert.equal(colormap.legible(map(0)), list[3].stroke)
    assert.equal(colormap.legible(map(0.8)), list[2].stroke)
    assert.truthy(fig:svg():find 'rotate%(%-90[^>]*>acc<')
    local words = plot.parallel(runs, { color = "norm" })
    list = lines(words)
    assert.equal(list[1].stroke, list[3].stroke)
    assert.is_true(list[1].stroke ~= list[2].stroke)
    assert.equal(2, count(words, ">none<")) -- on the axis and in the legend
    local gap = plot.parallel({ { a = 1, b = 1 }, { a = 2, b = 2 }, { a = 3 , b = NAN } },
      { color = "b", columns = { "a", "b" } })
    assert.equal("#7f7f7f", gap:svg():match '<circle [^>]*fill="([^"]*)"')
    local log = plot.parallel(runs, { color = "lr", log = "lr" })
    assert.equal(colormap.legible(map(0.5)), lines(log)[2].stroke)
  end)

  it("draws some rows above the others", function()
    local list = lines(plot.parallel(runs, { highlight = 1 }))
    assert.equal(4, #list) -- with a rim
    assert.same({ "5", "3" }, { list[3].width, list[4].width })
    assert.equal(5, #lines(plot.parallel(runs, { highlight = { 1, 3 } })))
    assert.equal(5, #lines(plot.parallel(runs, { highlight = ssl.tensor({ 1, 3 }, "int64") })))
  end)

  it("draws nothing, one, equal and hard values", function()
    for _, rows in ipairs { {}, { {} }, ssl.empty { 0, 3 }, { a = {} } } do
      local fig = plot.parallel(rows)
      assert.truthy(fig:svg():find("no data", 1, true))
      assert.truthy(tostring(fig):find "no data")
    end
    local hard = {
      { { a = 1 } }, { { a = 1, b = NAN } }, { { a = 1e307, b = 5e-324 }, { a = -1e307, b = 0 } },
      { { a = "x" } }, { { a = 5, b = 5 }, { a = 5, b = 5 } }, { { [""] = 1, ["<&>\n"] = 2 } },
    }
    for _, rows in ipairs(hard) do
      local fig = plot.parallel(rows, { color = rows[1].a and "a" or nil })
      local text = fig:svg():lower()
      assert.is_nil(text:find '="%-?nan' or text:find '="%-?inf' or text:find "[ml ]%-?nan")
      for _, width in ipairs { 1, 30, 80 } do
        assert.is_string(fig:terminal { width = width, unicode = true })
      end
    end
  end)

  it("stays small with many rows and columns", function()
    local fig = plot.parallel(ssl.rand(9000, 6), { highlight = 2 })
    local list = lines(fig)
    assert.is_true(#list > 1500 and #list <= 2002, #list)
    assert.truthy(fig:svg():find(">one of 5 rows<", 1, true))
    assert.is_true(#fig:svg() < 1e6)
    local words = {}
    for i = 1, 300 do words[i] = ("a long word %d"):format(i) end
    local wide = plot.parallel({ a = words, b = words, c = words }, { color = "a", width = 300 })
    assert.is_true(count(wide, "<text") < 150)
    local columns = {}
    for i = 1, 60 do columns[("c%02d"):format(i)] = { 1, 2 } end
    assert.is_string(plot.parallel(columns, { width = 200 }):svg())
    assert.is_string(plot.parallel(columns):terminal { width = 40 })
  end)

  it("tells its data", function()
    local columns, rows = plot.parallel({ { a = 1, b = "x" }, { a = NAN }, { b = true } }):data()
    assert.same({ "a", "b" }, columns)
    assert.same({ 1, "x" }, rows[1])
    assert.is_true(rows[2][1] ~= rows[2][1] and rows[2][2] == nil)
    assert.same({ nil, true }, rows[3])
  end)

  it("draws itself with characters", function()
    local fig = plot.parallel(runs, { columns = { "norm", "lr", "ema", "acc" }, log = "lr",
      color = "acc", title = "runs" })
    local size = { width = 60, height = 14, unicode = true, color = false }
    golden("parallel_unicode", fig:terminal(size))
    size.unicode = false
    golden("parallel_ascii", fig:terminal(size))
    size.unicode, size.color, size.height = true, true, 8
    local colored = plot.parallel(runs, { color = "norm" })
    golden("parallel_color", in_256(function() return colored:terminal(size) end))
  end)

  it("says what is wrong", function()
    assert.raises({ "parallel_spec.lua:", "#1 to 'parallel' (rows as list of records, table of "
      .. "columns or tensor expected, got nil)" }, function() plot.parallel() end)
    assert.raises("rows with 2 dimensions expected, got (3) float32", function()
      plot.parallel(ssl.ones(3))
    end)
    assert.raises("row 2 must be a table of column = value, got number 3", function()
      plot.parallel { { a = 1 }, 3 }
    end)
    assert.raises("numbers, strings and booleans expected, got table in row 1 of column 'a'",
      function() plot.parallel { { a = {} } } end)
    assert.raises("column 'a' must be a list or tensor, got number 3", function()
      plot.parallel { a = 3 }
    end)
    for options, message in pairs {
      [{ columns = { "lr", "acd" } }] = "no column is called string 'acd'; did you mean 'acc'?",
      [{ columns = "lr" }] = "columns must be a list of names, got string 'lr'",
      [{ columns = { "lr", "lr" } }] = "column 'lr' stands twice",
      [{ color = "nrom" }] = "must be a column's name, got string 'nrom'; did you mean 'norm'?",
      [{ highlight = 4 }] = "a row to highlight must be in 1..3, got 4",
      [{ highlight = "best" }] = "a row to highlight must be a whole number, got string 'best'",
      [{ log = { "lrr" } }] = "log names the column 'lrr', which is not there; did you mean 'lr'?",
      [{ log = true }] = "log must be a list of columns' names, got boolean true",
      [{ colour = "acc" }] = "unknown option 'colour'",
      [{ height = 1 }] = "height must be in 120..10000, got 1",
    } do
      assert.raises({ "#2 to 'parallel'", message }, function() plot.parallel(runs, options) end)
    end
    assert.raises("columns must be a list of 2 names, got 1", function()
      plot.parallel(ssl.ones(3, 2), { columns = { "a" } })
    end)
  end)
end)
