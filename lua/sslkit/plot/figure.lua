-- A figure: axes with ticks, a grid, titles and a legend around layers of marks, or one painter that
-- draws it all. A layer knows the points that must be seen, how to draw itself through a `place`
-- function, its legend and its data; see plot/lines.lua.

local check = require "sslkit.check"
local data_table = require "sslkit.plot.data_table"
local picture = require "sslkit.plot.picture"
local save = require "sslkit.plot.save"
local scale = require "sslkit.plot.scale"
local terminal = require "sslkit.plot.terminal"

local figure = {}

--- A picture of data: axes around lines, points, bars... It prints itself as a drawing of characters.
-- @kind Figure, figure
-- @field width, height pixels
-- @field dropped how many points were left out, of those that count them
local Figure = { __name = "sslkit.Figure" }
Figure.__index = Figure

local SIZE = { width = 640, height = 400 }
local WORDS = { title = true, xlabel = true, ylabel = true, labels = true, log = true }

local function one_line(v) return v ~= nil and (tostring(v):gsub("%s", " ")) or nil end

--- The options that all figures with axes know, checked, and those of one kind of them.
-- @param argn the options' place among the caller's arguments
-- @param given the caller's table, or nil
-- @param more {name = true} of the kind's own
-- @return new table
function figure.options(argn, given, more)
  local known = {}
  for name in pairs(WORDS) do known[name] = true end
  for name in pairs(more or {}) do known[name] = true end
  local o = check.options(argn, given, SIZE, known)
  check.number(argn, "width", o.width, 160, 10000)
  check.number(argn, "height", o.height, 120, 10000)
  if o.log ~= nil then check.one_of(argn, "log", o.log, { "x", "y", "xy" }) end
  return o
end

-- What the first layer that speaks of it says.
local function flag(layers, name)
  for _, layer in ipairs(layers) do
    if layer[name] ~= nil then return layer[name] end
  end
end

-- The smallest and the largest value that an axis can show, of x and of y; points beside the axes
-- count for neither.
local function extent(self)
  local low, high = {}, {}
  local function visit(x, y)
    if scale.can_show(self.log_x, x) and scale.can_show(self.log_y, y) then
      low.x, high.x = math.min(low.x or x, x), math.max(high.x or x, x)
      low.y, high.y = math.min(low.y or y, y), math.max(high.y or y, y)
    end
  end
  for _, layer in ipairs(self.layers) do layer:extent(visit) end
  return low, high
end

-- Does a flag that may be true, "x" or "y" hold for an axis?
local function holds(value, axis) return value == true or value == axis end

--- A figure around layers.
-- @param layers one layer or a list of them, the first drawn first. A layer has the methods
-- extent(visit), svg(place, out, area), terminal(place, canvas), data(), and perhaps
-- legend(place) and the fields colorbar, tight, zero (true, "x" or "y"), x_names, y_names, y_down,
-- square
-- @param options the caller's table: title, xlabel, ylabel, labels, log, width, height
-- @param argn the options' place among the caller's arguments
-- @param more {name = true} of further options
-- @return figure
function figure.new(layers, options, argn, more)
  if layers.extent then layers = { layers } end
  local o = figure.options(argn, options, more)
  local zero, tight = flag(layers, "zero"), flag(layers, "tight")
  local self = {
    layers = layers, width = o.width, height = o.height,
    title = one_line(o.title), xlabel = one_line(o.xlabel), ylabel = one_line(o.ylabel),
    log_x = o.log == "x" or o.log == "xy", log_y = o.log == "y" or o.log == "xy",
    x_names = flag(layers, "x_names"), y_names = flag(layers, "y_names"),
    colorbar = flag(layers, "colorbar"), is_square = flag(layers, "square"),
  }
  local low, high = extent(self)
  self.empty = low.x == nil
  self.x = scale.new(self.log_x, low.x, high.x,
    { tight = holds(tight, "x"), zero = zero == "x" })
  self.y = scale.new(self.log_y, low.y, high.y,
    { tight = holds(tight, "y"), zero = holds(zero, "y"), down = flag(layers, "y_down") })
  return setmetatable(self, Figure)
end

--- A figure without axes.
-- @param painter table with svg(out, fig, area), terminal(columns, rows, unicode, colored) and
-- data(); area = {left=, top=, right=, bottom=, paint=} leaves room for the title
-- @param options the caller's table: title, width, height
-- @param argn the options' place among the caller's arguments
-- @param more {name = true} of further options
-- @return figure
function figure.free(painter, options, argn, more)
  local known = { title = true }
  for name in pairs(more or {}) do known[name] = true end
  local o = check.options(argn, options, SIZE, known)
  check.number(argn, "width", o.width, 160, 10000)
  check.number(argn, "height", o.height, 120, 10000)
  return setmetatable({
    painter = painter, width = o.width, height = o.height, title = one_line(o.title),
  }, Figure)
end

--- Is it one?
function figure.is(v) return getmetatable(v) == Figure end

--- The figure as an SVG document.
-- @param options table: page = for a place in an HTML page: without a ground, in the page's colours
-- --ink, --grid, --frame, --muted (false)
-- @return string
-- @example ssl.plot.line(nil, {1, 2}):svg():sub(1, 4) --> <svg
-- @example ssl.plot.line(nil, {1, 2}):svg{page = true}:find("var(--ink, #222)", 1, true) ~= nil --> true
function Figure:svg(options)
  options = check.options(2, options, { page = false })
  return picture.document(self, options.page) .. "\n"
end

--- What the figure shows, as a table.
-- @return list of the columns' names, list of rows
-- @example table.concat((ssl.plot.line(nil, {1, 2}):data()), " ") --> series x y
function Figure:data()
  if self.painter then return self.painter:data() end
  local parts = {}
  for _, layer in ipairs(self.layers) do
    if layer.data then parts[#parts + 1] = { layer:data() } end
  end
  return data_table.join(parts)
end

--- Writes the figure, whole or not at all.
-- @param path string that ends in .svg, .png (by rsvg-convert) or .csv (the data)
-- @param options table: data = write the .csv beside a picture as well (false); scale = a PNG's pixels
-- per pixel of the figure (2)
-- @return true, or nil and a message
-- @example select(2, ssl.plot.line(nil, {1, 2}):save("/nowhere/x.svg")) --> /nowhere/x.svg: No...
function Figure:save(path, options)
  local ok, message = save(self, path, options)
  if not ok then return nil, message end
  return true -- no tail call: errors name this function
end

--- Draws the figure with characters.
-- @param options table: width = characters (the terminal's, at most 100); height = lines without the
-- title (20); unicode = with Braille dots, or else ASCII (what the locale shows); color = with
-- colours (where standard output may have them)
-- @return string
-- @example ssl.plot.line(nil, {1, 2}, {title = "up"}):terminal{width = 40, height = 10, color = false} --> up...
function Figure:terminal(options)
  options = check.options(2, options, {},
    { width = true, height = true, unicode = true, color = true })
  for _, name in ipairs { "width", "height" } do
    if options[name] ~= nil then
      options[name] = check.integer(2, name, options[name], 1, 1000)
    end
  end
  return terminal.draw(self, options)
end

Figure.__tostring = function(self) return terminal.draw(self, {}) end

return figure
