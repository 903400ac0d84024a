-- Matrices in colours.

local check = require "sslkit.check"
local colormap = require "sslkit.plot.colormap"
local core = require "sslkit.core"
local figure = require "sslkit.plot.figure"
local matrix = require "sslkit.plot.matrix"
local raster = require "sslkit.plot.raster"
local shade = require "sslkit.plot.shade"
local svg = require "sslkit.plot.svg"
local text = require "sslkit.text"

local Heat = {}
Heat.__index = Heat

local LARGEST, SMALLEST = 13, 8 -- fonts of numbers in cells, in pixels
local WRITTEN = 2500    -- cells of which the numbers may be written
local COUNTED = 20      -- rows up to which each has its number
local NARROW = 3        -- up to so many times longer than broad, cells are squares
local MORE = {
  x_names = true, y_names = true, log = true, low = true, high = true, colormap = true,
  values = true, format = true, label = true, square = true,
  title = true, xlabel = true, ylabel = true, width = true, height = true,
}

-- {== Arguments ============================================================================

local function check_flag(name, v)
  if v ~= nil and type(v) ~= "boolean" then
    check.fail(2, "%s must be true or false, got %s", name, check.kind(v))
  end
end

-- The names of n rows or columns: the caller's, or numbers where few; nil where an axis counts.
local function names_of(what, names, n, filled)
  if names == nil then
    if n > COUNTED or not filled then return nil end
    names = {}
    for i = 1, n do names[i] = i end
  end
  local list = core.is_tensor(names) and names:totable() or names
  if type(list) ~= "table" or #list ~= n then
    check.fail(2, "%s must be a list of %d names, got %s", what, n,
      type(list) == "table" and #list or check.kind(names))
  end
  return list
end

-- The function that writes a value, which gives a string.
local function writer(format, t)
  if format ~= nil then
    local ok, sample
    if type(format) == "string" then ok, sample = pcall(string.format, format, 1.5) end
    if not ok or sample == format then
      check.fail(2, "format must be one for a number, as '%%.2f', got %s", check.kind(format))
    end
  else
    local finite = t:masked_select(t:isfinite())
    local most = finite:numel() > 0 and finite:abs():max():item() or 0
    local whole = most < 1e6 and finite:eq(finite:round()):all():item() == 1
    format = whole and "%.0f" or (most < 1000 and most >= 0.01) and "%.2f" or "%.2g"
  end
  return function(v)
    local word = format:format(v):gsub("^%-(0%.?0*)$", "%1") -- no minus before 0
    return (word:gsub("%c", " "))
  end
end

-- A figure whose cells are squares has no use for the usual breadth.
local function with_size(o, given, t)
  local rows, columns = t:shape()
  if o.square == nil then
    o.square = rows <= NARROW * columns and columns <= NARROW * rows
  end
  local square = o.square and rows > 0 and columns > 0
  o.width = o.width or (square and not given.height) and 500 or 640
  o.height = o.height or 400
  return square
end

-- ==}

--- A matrix in colours, row 1 on top. What is NaN or infinite (or, where the colours are logarithmic,
-- not positive) is grey and struck through. Of a matrix with more cells than pixels, each pixel shows
-- the mean of a block, and the figure says of how many values.
-- @param values tensor [rows, columns], or list of rows of numbers
-- @param options table: x_names = of the columns (none); y_names = of the rows (none); low, high =
-- values at the ends of the colours (the smallest, the largest); log = logarithmic colours (false);
-- colormap = "sequential", or "diverging" around 0 (diverging where there are both signs); values =
-- write the numbers into the cells (where they fit); format = of the numbers, for string.format (by
-- their size); colorbar (true); label = what the values are, beside the colour bar (none); square =
-- cells are squares (unless the matrix is far from it); title, xlabel, ylabel = words (none);
-- width = pixels (640; 500 with squares); height = pixels (400)
-- @return figure
-- @raise things that are no matrix, unknown options
-- @example ssl.plot.heatmap(ssl.eye(3), {title = "CKA"}) --> CKA...
-- @example ssl.plot.heatmap({{5, 1}, {0, 4}}, {x_names = {"cat", "dog"}}):svg():find(">dog<") ~= nil --> true
local function heatmap(values, options)
  local t = matrix.read(1, "matrix", values)
  local o = check.options(2, options, { colorbar = true }, MORE)
  for _, name in ipairs { "log", "values", "colorbar", "square" } do check_flag(name, o[name]) end
  local rows, columns = t:shape()
  local filled = rows * columns > 0
  local self = setmetatable({
    t = t, tight = true, y_down = true, values = o.values,
    square = with_size(o, options or {}, t), write = writer(o.format, t),
    x_names = names_of("x_names", o.x_names, columns, filled),
    y_names = names_of("y_names", o.y_names, rows, filled),
  }, Heat)
  local low, high = matrix.range(t, o.log)
  self.shade = shade.new(2, low, high, o)
  if o.colorbar and filled then self.colorbar = self.shade.colorbar end
  return (figure.new(self, {
    title = o.title, xlabel = o.xlabel, ylabel = o.ylabel, width = o.width, height = o.height,
  }, 2))
end

function Heat:extent(visit)
  local rows, columns = self.t:shape()
  if rows * columns == 0 then return end
  visit(0.5, 0.5)
  visit(columns + 0.5, rows + 0.5)
end

-- The colours of a reduced matrix; false where there is none.
local function colors_of(self, grid)
  local colors = {}
  for i = 1, grid.rows * grid.columns do colors[i] = self.shade:color(grid[i]) or false end
  return colors
end

-- {== Pictures =============================================================================

-- Strokes through the cells that have no colour.
local function struck(grid, colors, box, area)
  local wide, tall = (box.right - box.left) / grid.columns, (box.bottom - box.top) / grid.rows
  local strokes = {}
  for i = 1, grid.rows * grid.columns do
    if not colors[i] then
      local x = box.left + (i - 1) % grid.columns * wide
      local y = box.top + (i - 1) // grid.columns * tall
      strokes[#strokes + 1] = ("M%s %sL%s %s"):format(
        svg.number(x), svg.number(y + tall), svg.number(x + wide), svg.number(y))
    end
  end
  if #strokes == 0 then return nil end
  return svg.element("path",
    { d = table.concat(strokes), stroke = area.paint "frame", stroke_width = 1 })
end

-- The size of numbers that fit into the cells, or nil; and the numbers.
local function numbers_for(self, grid, wide, tall)
  if self.values == false or grid.rows * grid.columns > WRITTEN then return nil end
  local words, widest = {}, 0
  for i = 1, grid.rows * grid.columns do
    words[i] = self.shade:share(grid[i]) and self.write(grid[i]) or ""
    widest = math.max(widest, svg.width(words[i], 1))
  end
  local size = math.min(LARGEST, 0.6 * tall, 0.9 * wide / math.max(widest, 1))
  if size < (self.values and 1 or SMALLEST) then return nil end
  return size, words
end

local function write_numbers(self, grid, colors, box, out)
  local wide, tall = (box.right - box.left) / grid.columns, (box.bottom - box.top) / grid.rows
  local size, words = numbers_for(self, grid, wide, tall)
  for i, word in ipairs(words or {}) do
    if word ~= "" then
      local x = box.left + ((i - 1) % grid.columns + 0.5) * wide
      local y = box.top + ((i - 1) // grid.columns + 0.5) * tall + 0.36 * size
      out[#out + 1] = svg.text(x, y, word,
        { font_size = size, text_anchor = "middle", fill = colormap.ink(colors[i]) })
    end
  end
end

function Heat:svg(place, out, area)
  local rows, columns = self.t:shape()
  if rows * columns == 0 then return end
  local box = {}
  box.left, box.top = place(0.5, 0.5)
  box.right, box.bottom = place(columns + 0.5, rows + 0.5)
  local grid = raster.fit(self.t, box.right - box.left, box.bottom - box.top)
  local colors = colors_of(self, grid)
  out[#out + 1] = svg.element("rect", {
    x = box.left, y = box.top, width = box.right - box.left, height = box.bottom - box.top,
    fill = area.paint "grid",
  })
  raster.draw(grid, colors, box, out)
  if not raster.is_large(grid) then out[#out + 1] = struck(grid, colors, box, area) end
  if grid.down * grid.across == 1 then
    write_numbers(self, grid, colors, box, out)
  else
    out[#out + 1] = raster.note(grid, area)
  end
end

-- ==}

-- {== Terminals ============================================================================

local function write_cells(self, grid, place, canvas)
  if self.values == false then return end
  local words, widest = {}, 0
  for i = 1, grid.rows * grid.columns do
    words[i] = self.shade:share(grid[i]) and self.write(grid[i]) or "-"
    widest = math.max(widest, text.width(words[i]))
  end
  if canvas.columns / grid.columns < widest + 2 or canvas.rows / grid.rows < 1 then return end
  for i, word in ipairs(words) do
    local x, y = place((i - 1) % grid.columns + 1, (i - 1) // grid.columns + 1)
    -- a number stands on its cell's colour; without colours, in a gap of the shade
    local color = canvas.colored and self.shade:color(grid[i])
    local ink = color and colormap.ink(color) or nil
    if not canvas.colored then word = " " .. word .. " " end
    if ink == "#000000" then ink = "#010101" end -- black would be the terminal's own colour
    x = x / (canvas.width - 1) * canvas.columns -- cells fill the field from edge to edge
    y = y / (canvas.height - 1) * canvas.rows // 1 * canvas.dy
    canvas:text((x - text.width(word) / 2 + 0.5) // 1 * canvas.dx, y, word, ink)
  end
end

function Heat:terminal(place, canvas)
  local grid = raster.reduce(self.t, 2 * canvas.rows, canvas.columns)
  for i = 1, grid.rows * grid.columns do
    local row, column = (i - 1) // grid.columns, (i - 1) % grid.columns
    local color = self.shade:color(grid[i])
    if color then
      local x1, y1 = place(column * grid.across + 0.5, row * grid.down + 0.5)
      local x2, y2 = place(math.min((column + 1) * grid.across, grid.width) + 0.5,
        math.min((row + 1) * grid.down, grid.height) + 0.5)
      canvas:fill(x1, y1, x2, y2, color, self.shade:share(grid[i]))
    end
  end
  if grid.down * grid.across == 1 then write_cells(self, grid, place, canvas) end
end

-- ==}

-- Names that are all different: a column of a table each.
local function distinct(names, n)
  local out, seen = { "row" }, { row = true }
  for i = 1, n do
    local name, k = tostring(names and names[i] or i), 1
    local unique = name
    while seen[unique] do
      k = k + 1
      unique = ("%s (%d)"):format(name, k)
    end
    out[i + 1], seen[unique] = unique, true
  end
  return out
end

function Heat:data()
  local rows = self.t:totable()
  for i, row in ipairs(rows) do
    table.insert(row, 1, self.y_names and tostring(self.y_names[i]) or i)
  end
  return distinct(self.x_names, (self.t:size(2))), rows
end

return heatmap
