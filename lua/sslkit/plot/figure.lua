-- A figure: axes with ticks, a grid, titles and a legend around one layer of marks. A layer knows
-- its points, how to draw itself through a `place` function, and its legend entries; see
-- plot/line.lua.

local check = require "sslkit.check"
local core = require "sslkit.core"
local scale = require "sslkit.plot.scale"
local svg = require "sslkit.plot.svg"
local terminal = require "sslkit.plot.terminal"

local figure = {}

local Figure = {}
Figure.__index = Figure

-- M. Okabe and K. Ito's colours, which people with any colour vision tell apart; yellow, weak on
-- white, comes last. Further series repeat them with dashes.
local COLORS = {
  "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442",
}
local DASHES = { [0] = nil, "6 4", "2 3" }

-- Pixels.
local SIZE, TICK_SIZE, TITLE_SIZE = 13, 12, 15
local GAP = 8
local SWATCH = 20
local LINE_HEIGHT = 17
local LONGEST_LABEL = 180

--- The colour of a series.
-- @param i its number from 1
-- @return string
function figure.color(i) return COLORS[(i - 1) % #COLORS + 1] end

--- The dashes of a series: none for the first ones, then those that tell repeated colours apart.
-- @param i its number from 1
-- @return string of SVG's stroke-dasharray, or nil
function figure.dash(i) return DASHES[(i - 1) // #COLORS % 3] end

-- The smallest and the largest value that an axis can show, of x and of y; points beside the axes
-- count for neither.
local function extent(self)
  local low, high = {}, {}
  self.layer:points(function(x, y)
    if scale.can_show(self.log_x, x) and scale.can_show(self.log_y, y) then
      low.x, high.x = math.min(low.x or x, x), math.max(high.x or x, x)
      low.y, high.y = math.min(low.y or y, y), math.max(high.y or y, y)
    end
  end)
  return low, high
end

--- A figure around a layer.
-- @param layer table with the methods points, svg, legend, terminal
-- @param options the caller's table: title, xlabel, ylabel, labels, log, width, height
-- @param argn the options' place among the caller's arguments
-- @return figure
function figure.new(layer, options, argn)
  local self = check.options(argn, options, { width = 640, height = 400 },
    { title = true, xlabel = true, ylabel = true, labels = true, log = true })
  check.number(argn, "width", self.width, 160, 10000)
  check.number(argn, "height", self.height, 120, 10000)
  if self.log ~= nil then check.one_of(argn, "log", self.log, { "x", "y", "xy" }) end
  self.layer = layer
  self.log_x = self.log == "x" or self.log == "xy"
  self.log_y = self.log == "y" or self.log == "xy"
  local low, high = extent(self)
  self.empty = low.x == nil
  self.x, self.y = scale.new(self.log_x, low.x, high.x), scale.new(self.log_y, low.y, high.y)
  return setmetatable(self, Figure)
end

local function widest(ticks)
  local width = 0
  for _, tick in ipairs(ticks) do width = math.max(width, svg.width(tick.label, TICK_SIZE)) end
  return width
end

-- As many ticks as fit side by side.
local function fitting_ticks(axis, length)
  for most = math.max(2, length // 60), 2, -1 do
    local ticks = axis:ticks(most)
    if #ticks * (widest(ticks) + 2 * GAP) <= length then return ticks end
  end
  return axis:ticks(2)
end

-- Where the data stand, in pixels, when the labels have their room.
local function layout(self)
  local area = { top = self.title and 40 or 16, bottom = self.height - (self.xlabel and 52 or 32) }
  area.y_ticks = self.y:ticks(math.max(2, (area.bottom - area.top) // 38))
  area.left = math.ceil(widest(area.y_ticks)) + 2 * GAP + (self.ylabel and 22 or 0)
  local legend = 0
  for _, entry in ipairs(self.layer:legend(function() end)) do
    local label = math.min(svg.width(entry.label, SIZE), LONGEST_LABEL)
    legend = math.max(legend, SWATCH + 2 * GAP + label)
  end
  area.right = math.max(self.width - math.max(legend, 2 * GAP), area.left + 40)
  return area
end

local function placer(self, left, right, top, bottom)
  return function(x, y)
    local across, up = self.x:at(x), self.y:at(y)
    if not across or not up then return nil end
    return left + across * (right - left), bottom - up * (bottom - top)
  end
end

local function axes(self, area, out)
  local grid = { stroke = "#e4e4e4", stroke_width = 1 }
  local function label(x, y, tick, anchor)
    return svg.text(x, y, tick.label,
      { font_size = TICK_SIZE, fill = "#555", text_anchor = anchor })
  end
  for _, tick in ipairs(fitting_ticks(self.x, area.right - area.left)) do
    local x = area.left + tick.at * (area.right - area.left)
    out[#out + 1] = svg.line(x, area.top, x, area.bottom, grid)
    out[#out + 1] = label(x, area.bottom + 18, tick, "middle")
  end
  for _, tick in ipairs(area.y_ticks) do
    local y = area.bottom - tick.at * (area.bottom - area.top)
    out[#out + 1] = svg.line(area.left, y, area.right, y, grid)
    out[#out + 1] = label(area.left - GAP, y + 4, tick, "end")
  end
  local frame = { stroke = "#888", stroke_width = 1 }
  out[#out + 1] = svg.line(area.left, area.bottom, area.right, area.bottom, frame)
  out[#out + 1] = svg.line(area.left, area.top, area.left, area.bottom, frame)
end

local function titles(self, area, out)
  if self.title then
    local title = svg.fit(tostring(self.title), self.width - area.left - GAP, TITLE_SIZE)
    out[#out + 1] = svg.text(area.left, 25, title, { font_size = TITLE_SIZE, font_weight = "600" })
  end
  if self.xlabel then
    local label = svg.fit(tostring(self.xlabel), area.right - area.left, SIZE)
    out[#out + 1] = svg.text((area.left + area.right) / 2, self.height - 12, label,
      { text_anchor = "middle" })
  end
  if self.ylabel then
    local middle = (area.top + area.bottom) / 2
    local label = svg.fit(tostring(self.ylabel), area.bottom - area.top, SIZE)
    out[#out + 1] = svg.text(18, middle, label, {
      text_anchor = "middle", transform = ("rotate(-90 18 %s)"):format(svg.number(middle)),
    })
  end
  if self.empty then
    out[#out + 1] = svg.text((area.left + area.right) / 2, (area.top + area.bottom) / 2, "no data",
      { text_anchor = "middle", fill = "#888" })
  end
end

--- Rows for labels that would like to stand at given heights: in the same order, at least `gap`
-- apart where there is room, between top and bottom.
-- @param entries list of {y=}; sorted by it, in place, those without a y last
-- @param top, bottom, gap numbers
function figure.spread(entries, top, bottom, gap)
  for _, entry in ipairs(entries) do entry.y = math.min(entry.y or bottom, bottom) end
  table.sort(entries, function(a, b)
    if a.y ~= b.y then return a.y < b.y end
    return a.series < b.series
  end)
  gap = math.min(gap, (bottom - top) / math.max(#entries - 1, 1))
  for i, entry in ipairs(entries) do
    entry.y = math.max(entry.y, i > 1 and entries[i - 1].y + gap or top)
  end
  local limit = bottom
  for i = #entries, 1, -1 do
    entries[i].y = math.min(entries[i].y, limit)
    limit = entries[i].y - gap
  end
end

local function legend(self, area, place, out)
  local entries = self.layer:legend(place)
  figure.spread(entries, area.top + 4, area.bottom - 4, LINE_HEIGHT)
  for _, entry in ipairs(entries) do
    local x = area.right + GAP
    out[#out + 1] = svg.line(x, entry.y, x + SWATCH - 4, entry.y,
      { stroke = entry.color, stroke_width = 2.5, stroke_dasharray = entry.dash })
    out[#out + 1] = svg.text(x + SWATCH, entry.y + 4, svg.fit(entry.label, LONGEST_LABEL, SIZE))
  end
end

-- The figure's elements, for a document of its width and height.
local function elements(self, area)
  local place = placer(self, area.left, area.right, area.top, area.bottom)
  local out = { svg.element("rect", { width = self.width, height = self.height, fill = "#fff" }) }
  axes(self, area, out)
  self.layer:svg(place, out)
  legend(self, area, place, out)
  titles(self, area, out)
  return out
end

--- The figure as an SVG document.
-- @return string
-- @example ssl.plot.line(nil, {1, 2}):svg():sub(1, 4) --> <svg
function Figure:svg()
  return svg.document(self.width, self.height, elements(self, layout(self))) .. "\n"
end

--- Writes a figure, whole or not at all.
-- @param path string that ends in .svg
-- @return true, or nil and a message
-- @example select(2, ssl.plot.line(nil, {1, 2}):save("/nowhere/x.svg")) --> /nowhere/x.svg: No...
function Figure:save(path)
  if type(path) ~= "string" then check.fail(2, "path expected, got %s", check.kind(path)) end
  if not path:lower():find "%.svg$" then return nil, path .. ": unknown extension; known: .svg" end
  return core.write_atomic(path, { self:svg() })
end

--- Draws the figure with characters.
-- @param options table: width and height in characters (the terminal's width, at most 100; 20),
-- unicode = with Braille dots, or else ASCII (what the locale can show)
-- @return string
-- @example ssl.plot.line(nil, {1, 2}, {title = "up"}):terminal{width = 40, height = 10} --> up...
function Figure:terminal(options)
  options = check.options(2, options, {}, { width = true, height = true, unicode = true })
  return terminal.draw(self, options)
end

Figure.__tostring = function(self) return terminal.draw(self, {}) end

local Column = { save = Figure.save }
Column.__index = Column

--- Figures above each other in one picture.
-- @param figures list of figures
-- @return figure, as wide as the widest
-- @raise something that is no figure
-- @example local p = ssl.plot; return p.column{p.line({}, {}), p.line({}, {})}.height --> 800
function figure.column(figures)
  if type(figures) ~= "table" then
    check.fail(1, "list of figures expected, got %s", check.kind(figures))
  end
  local self = { figures = {}, width = 0, height = 0 }
  for i, fig in ipairs(figures) do
    if getmetatable(fig) ~= Figure then
      check.fail(1, "list of figures expected, got %s at %d", check.kind(fig), i)
    end
    self.figures[i] = fig
    self.width, self.height = math.max(self.width, fig.width), self.height + fig.height
  end
  return setmetatable(self, Column)
end

-- The axes of figures of one width stand exactly above each other.
function Column:svg()
  local areas, left, margin = {}, 0, 0
  for i, fig in ipairs(self.figures) do
    areas[i] = layout(fig)
    left, margin = math.max(left, areas[i].left), math.max(margin, fig.width - areas[i].right)
  end
  local parts, y = {}, 0
  for i, fig in ipairs(self.figures) do
    areas[i].left, areas[i].right = left, math.max(fig.width - margin, left + 40)
    parts[i] = svg.document(fig.width, fig.height, elements(fig, areas[i]), y)
    y = y + fig.height
  end
  return svg.document(self.width, self.height, parts) .. "\n"
end

function Column:__tostring()
  local parts = {}
  for i, fig in ipairs(self.figures) do parts[i] = tostring(fig) end
  return table.concat(parts, "\n\n")
end

return figure
