-- Figures above each other in one picture.

local check = require "sslkit.check"
local data_table = require "sslkit.plot.data_table"
local figure = require "sslkit.plot.figure"
local picture = require "sslkit.plot.picture"
local save = require "sslkit.plot.save"
local style = require "sslkit.plot.style"
local svg = require "sslkit.plot.svg"

--- Figures above each other.
-- @kind Column
-- @field width, height pixels
local Column = { __name = "sslkit.Column" }
Column.__index = Column

--- Figures above each other in one picture.
-- @param figures list of figures
-- @return figure, as wide as the widest
-- @raise something that is no figure
-- @example local p = ssl.plot; return p.column{p.line({}, {}), p.line({}, {})}.height --> 800
local function column(figures)
  if type(figures) ~= "table" then
    check.fail(1, "list of figures expected, got %s", check.kind(figures))
  end
  local self = { figures = {}, width = 0, height = 0 }
  for i, fig in ipairs(figures) do
    if not figure.is(fig) then
      check.fail(1, "list of figures expected, got %s at %d", check.kind(fig), i)
    end
    self.figures[i] = fig
    self.width, self.height = math.max(self.width, fig.width), self.height + fig.height
  end
  return setmetatable(self, Column)
end

--- The picture as an SVG document; axes of figures of one width stand exactly above each other.
-- @param options table: page = for a place in an HTML page (false)
-- @return string
-- @example ssl.plot.column{ssl.plot.line(nil, {1, 2})}:svg():sub(1, 4) --> <svg
function Column:svg(options)
  options = check.options(2, options, { page = false })
  local left, margin = 0, 0
  for _, fig in ipairs(self.figures) do
    local area = picture.layout(fig)
    left, margin = math.max(left, area.left), math.max(margin, area.margin)
  end
  local parts, y = {}, 0
  for i, fig in ipairs(self.figures) do
    local area = picture.layout(fig, left, margin)
    parts[i] = picture.document(fig, options.page, area, y)
    y = y + fig.height
  end
  local ink = style.painter(options.page) "ink"
  return svg.document(self.width, self.height, parts, { role = "img", fill = ink }) .. "\n"
end

--- What the figures show, as one table with a column that tells them apart.
-- @return list of the columns' names, list of rows
-- @example table.concat((ssl.plot.column{ssl.plot.line(nil, {1, 2})}:data()), " ") --> figure series x y
function Column:data()
  local parts = {}
  for i, fig in ipairs(self.figures) do
    local names, rows = fig:data()
    local own = {}
    for k, row in ipairs(rows) do
      own[k] = table.move(row, 1, #names, 2, { fig.title or i })
    end
    parts[i] = { table.move(names, 1, #names, 2, { "figure" }), own }
  end
  return data_table.join(parts)
end

--- Writes the picture, whole or not at all.
-- @param path string that ends in .svg, .png (by rsvg-convert) or .csv (the data)
-- @param options table: data = write the .csv beside a picture as well (false); scale = a PNG's pixels
-- per pixel of the figures (2)
-- @return true, or nil and a message
-- @example select(2, ssl.plot.column{}:save "x.bmp") --> x.bmp: unknown extension; known: .svg, .png, .csv
function Column:save(path, options)
  local ok, message = save(self, path, options)
  if not ok then return nil, message end
  return true -- no tail call: errors name this function
end

--- Draws the figures with characters, below each other.
-- @param options table: width = characters (the terminal's, at most 100); height = lines of each
-- figure (20); unicode = with Braille dots (what the locale shows); color = with colours (where
-- standard output may have them)
-- @return string
-- @example ssl.plot.column{ssl.plot.line(nil, {1, 2}, {title = "up"})}:terminal{color = false} --> up...
function Column:terminal(options)
  local parts = {}
  for i, fig in ipairs(self.figures) do parts[i] = fig:terminal(options) end
  return table.concat(parts, "\n\n")
end

Column.__tostring = function(self) return self:terminal() end

return column
