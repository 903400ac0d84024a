local figure = require "sslkit.plot.figure"
local golden = require "spec.plot.golden"
local lfs = require "lfs"
local plot = require "sslkit.plot"
local shell = require "spec.shell"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local NAN, INF = 0 / 0, 1 / 0

-- What a script prints in a process of its own; %q in it stands for the strings that follow. The
-- sanitizers come along, but ask no program that it starts for its leaks.
local function child(variables, script, ...)
  local interpreter = select(2, shell "command -v lua5.4"):gsub("%s+$", "")
  local code, output = shell("env LD_PRELOAD=%s ASAN_OPTIONS=detect_leaks=0 LUA_PATH=%s "
    .. "LUA_CPATH=%s " .. variables .. " %s -e %s", os.getenv "LD_PRELOAD" or "", package.path,
    package.cpath, interpreter, script:format(...))
  assert.equal(0, code, output)
  return (output:gsub("\n$", ""))
end

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
    assert.truthy(message:find("x.bmp: unknown extension; known: .svg, .png, .csv", 1, true))
    assert.same({ "x.svg" }, temp.names())
    assert.raises("#1 to 'save' (path expected, got nil)", function() fig:save() end)
  end)

  it("writes its data as CSV, alone or beside a picture", function()
    local odd = plot.line(nil, { { x = { 1, 2 }, y = { 0.1, NAN }, label = 'a "b", c' } })
    assert.is_true(odd:save(temp.path "x.CSV"))
    assert.equal('series,x,y\n"a ""b"", c",1,0.1\n"a ""b"", c",2,nan\n', temp.read "x.CSV")
    assert.is_true(fig:save(temp.path "y.svg", { data = true }))
    assert.equal("series,x,y\n1,1,3\n1,2,1\n1,3,2\n", temp.read "y.csv")
    assert.is_true(plot.column({ fig, odd }):save(temp.path "z.csv"))
    assert.equal("figure,series,x,y\na <title>,1,1,3", temp.read("z.csv"):match "^.-3")
    local exact = plot.line(nil, { 1 / 3, -INF, 1e300, 2 ^ 53 })
    assert.is_true(exact:save(temp.path "e.csv"))
    assert.equal("series,x,y\n1,1,0.3333333333333333\n1,2,-inf\n1,3,1e+300\n"
      .. "1,4,9007199254740992.0\n", temp.read "e.csv")
    assert.raises("unknown option 'date'; known: data, scale", function()
      fig:save(temp.path "x.svg", { date = true })
    end)
  end)

  local function size_of(name)
    local width, height = temp.read(name):match("^\x89PNG........IHDR(....)(....)")
    return (string.unpack(">I4", width)), (string.unpack(">I4", height))
  end

  it("saves itself as PNG, sharp, under any name", function()
    if shell "command -v rsvg-convert" ~= 0 then return pending "needs rsvg-convert" end
    local odd = "a b'c\"$(id)-é.PNG"
    -- in a process whose children are not asked for their leaks by the sanitizers
    local output = child("", [[
      local plot, folder = require("sslkit").plot, %q
      local fig = plot.line({ 1, 2, 3 }, { 3, 1, 2 })
      print(fig:save(folder .. "x.png"))
      print(fig:save(folder .. %q, { scale = 0.5 }))
      print(plot.column({ fig, fig }):save(folder .. "--c.png", { scale = 1 }))
      print(fig:save(folder .. "folder.png"))
    ]], temp.path "", odd, lfs.mkdir(temp.path "folder.png"))
    local message = "nil\t" .. temp.path "folder.png: Is a directory"
    assert.equal("true\ntrue\ntrue\n" .. message, output)
    assert.same({ 1280, 800 }, { size_of "x.png" })
    assert.same({ 320, 200 }, { size_of(odd) })
    assert.same({ 640, 800 }, { size_of "--c.png" })
    assert.equal(4, #temp.names()) -- no temporary file stays
    local ok, why = fig:save "/nowhere/x.png"
    assert.is_nil(ok)
    assert.equal("/nowhere/x.png: No such file or directory", why)
    assert.raises("scale must be in 0.1..20, got 0", function()
      fig:save(temp.path "x.png", { scale = 0 })
    end)
  end)

  it("says which program is missing", function()
    lfs.mkdir(temp.path "bin")
    local output = child("PATH=" .. temp.path "bin",
      [[print(require("sslkit").plot.line(nil, { 1, 2 }):save(%q))]], temp.path "x.png")
    local missing = temp.path "x.png: rsvg-convert is missing (Debian: librsvg2-bin)"
    assert.equal("nil\t" .. missing, output)
    assert.same({ "bin" }, temp.names())
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

  it("leaves neutral colours to a page", function()
    local black = plot.line(nil, { { y = { 1, 2 }, color = "#000000", label = "#222" } })
    local text = black:svg { page = true }
    for _, name in ipairs { "ink, #222", "grid, #e4e4e4", "frame, #888", "muted, #555" } do
      assert.truthy(text:find("var(--" .. name .. ")", 1, true), name)
    end
    assert.is_nil(text:find('"#%x+"'))
    assert.is_nil(text:find("<rect", 1, true)) -- no ground
    assert.truthy(text:find(">#222</text>", 1, true))
    assert.is_nil(black:svg():find("var(", 1, true))
    local column = plot.column({ black, fig }):svg { page = true }
    assert.is_nil(column:find("<rect", 1, true))
    assert.raises("#1 to 'svg' (unknown option 'pages'; known: page)", function()
      fig:svg { pages = true }
    end)
  end)

  it("says what it is to those who cannot see it", function()
    assert.truthy(fig:svg():find('<svg aria-label="a &lt;title&gt;"', 1, true))
    assert.truthy(fig:svg():find('role="img"', 1, true))
    assert.equal(1, select(2, plot.column({ fig, fig }):svg():gsub('role="img"', "")))
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
    assert.truthy(rows[10]:find "0%.0 +0%.5 +1%.0")
    assert.equal("time", rows[11]:match "%S+")
    for _, row in ipairs(rows) do assert.is_true(ssl.text.width(row) <= 30, row) end
  end)

  it("keeps to any width", function()
    local two = plot.line(nil, { { 1, 2e9 }, { 3, 4 } },
      { labels = { "a long name of a series", "b" }, title = ("title "):rep(30),
        xlabel = ("x "):rep(60), ylabel = ("y "):rep(60) })
    for _, width in ipairs { 1, 30, 31, 47, 80, 200 } do
      for _, unicode in ipairs { true, false } do
        local drawn = two:terminal { width = width, height = 1, unicode = unicode, color = false }
        for row in drawn:gmatch "[^\n]+" do
          assert.is_true(ssl.text.width(row) <= math.max(width, 48), row)
        end
      end
    end
    assert.raises("#1 to 'terminal' (width must be in 1..1000, got 0)", function()
      two:terminal { width = 0 }
    end)
    assert.raises("height must be a whole number, got number 2.5", function()
      two:terminal { height = 2.5 }
    end)
  end)

  it("draws itself exactly so", function()
    local curves = plot.line({ 1, 2, 3, 4, 5 }, { { 1, 4, 2, 6, 8 }, { 9, 5, 4, 2, 1 } },
      { labels = { "up", "down" }, title = "Curves", xlabel = "step", ylabel = "loss" })
    local size = { width = 50, height = 12, unicode = true, color = false }
    golden("line_unicode", curves:terminal(size))
    size.unicode = false
    golden("line_ascii", curves:terminal(size))
  end)

  -- Depths of colour and the wish for it come from the environment: a process of its own.
  local function drawn_in(variables)
    return child(variables, [[
      local curves = { { 1, 3, 2 }, { 3, 2, 1 } }
      local words = { title = "Curves", labels = { "up", "down" } }
      print(require("sslkit").plot.line({ 1, 2, 3 }, curves, words))
    ]])
  end

  it("is coloured where that is wished for", function()
    local plain = drawn_in "LC_ALL=C.UTF-8 COLUMNS=50"
    assert.is_nil(plain:find "\x1b")
    golden("line_color", drawn_in "LC_ALL=C.UTF-8 COLUMNS=50 FORCE_COLOR=1 COLORTERM=")
    golden("line_truecolor", drawn_in "LC_ALL=C.UTF-8 COLUMNS=50 FORCE_COLOR=1 COLORTERM=truecolor")
    assert.is_nil(drawn_in("LC_ALL=C COLUMNS=50"):find "[\x80-\xff]")
  end)

  it("is as wide as the terminal, where that makes sense", function()
    local function width(columns)
      local most = 0
      for row in drawn_in("LC_ALL=C COLUMNS=" .. columns):gmatch "[^\n]+" do
        most = math.max(most, #row)
      end
      return most
    end
    assert.is_true(width "40" <= 40)
    assert.is_true(width "40" > 30)
    assert.is_true(width "5000" <= 100)
    for _, nonsense in ipairs { "abc", "-5", "0", "1e99", "nan", "''" } do
      assert.is_true(width(nonsense) <= 80 and width(nonsense) > 40, nonsense)
    end
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
    assert.raises("unknown option 'wide'; known: color, height, unicode, width", function()
      fig:terminal { wide = 3 }
    end)
  end)

  it("may be a painter's, without axes", function()
    local painter = {
      svg = function(_, out, free, area)
        assert.same({ 16, 40, free.width - 16, free.height - 16 },
          { area.left, area.top, area.right, area.bottom })
        out[#out + 1] = '<circle r="3" fill="' .. area.paint "ink" .. '"/>'
      end,
      terminal = function(_, columns, rows, unicode, colored)
        return ("%d %d %s %s"):format(columns, rows, unicode, colored)
      end,
      data = function() return { "a" }, { { 1 } } end,
    }
    local free = figure.free(painter, { title = "free", seen = 1 }, 2, { seen = true })
    assert.truthy(free:svg():find('<circle r="3" fill="#222"/>', 1, true))
    assert.truthy(free:svg():find(">free</text>", 1, true))
    assert.equal("free\n40 8 true false",
      free:terminal { width = 40, height = 10, unicode = true, color = false })
    assert.is_true(free:save(temp.path "free.csv"))
    assert.equal("a\n1\n", temp.read "free.csv")
    assert.is_string(plot.column({ free, fig }):svg())
    assert.raises("unknown option 'log'; known: height, title, width", function()
      figure.free(painter, { log = "x" }, 2)
    end)
  end)

  it("joins the data of its layers", function()
    local function layer(names, row)
      return {
        extent = function(_, visit) visit(0, 0) end, svg = function() end,
        terminal = function() end, data = function() return names, { row } end,
      }
    end
    local layers = { layer({ "x", "y" }, { 1, 2 }), layer({ "z", "x" }, { 3, 4 }) }
    local both = figure.new(layers, nil, 1)
    local names, rows = both:data()
    assert.same({ "x", "y", "z" }, names)
    assert.same({ { 1, 2 }, { 4, nil, 3 } }, rows)
    assert.is_true(both:save(temp.path "x.csv"))
    assert.equal("x,y,z\n1,2,\n4,,3\n", temp.read "x.csv")
  end)
end)
