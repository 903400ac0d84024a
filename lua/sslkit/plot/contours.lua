-- The layer of a contour plot: bands between levels, lines on them, and the lines' labels.

local check = require "sslkit.check"
local colormap = require "sslkit.plot.colormap"
local marching = require "sslkit.plot.marching"
local matrix = require "sslkit.plot.matrix"
local raster = require "sslkit.plot.raster"
local scale = require "sslkit.plot.scale"
local series = require "sslkit.plot.series"
local shade = require "sslkit.plot.shade"
local svg = require "sslkit.plot.svg"
local tags = require "sslkit.plot.contour_labels"

local Contours = {}
Contours.__index = Contours

local contours = {}

local FINEST = 128 -- rows and columns that are traced
local LEVELS = 8
local MOST = 100   -- levels
local NEAR = 0.3   -- points of a line that are closer than so many pixels are one

--- The options of contour plots, and their defaults.
contours.DEFAULTS = { filled = true, labels = true, colorbar = true, width = 640, height = 400 }
contours.MORE = {
  levels = true, log = true, low = true, high = true, colormap = true, label = true,
  log_axes = true, square = true, title = true, xlabel = true, ylabel = true,
}

--- What the figure around a contour plot is told.
-- @param o options as above
-- @return table
function contours.frame(o)
  return {
    title = o.title, xlabel = o.xlabel, ylabel = o.ylabel, width = o.width, height = o.height,
    log = o.log_axes,
  }
end

-- {== Arguments ============================================================================

-- n places that rise or fall: the caller's, or 1, 2, ...
local function axis(argn, what, v, n, side)
  local list = {}
  if v == nil then
    for i = 1, n do list[i] = i end
    return list
  end
  list = series.numbers(argn, what, v)
  if #list ~= n then
    check.fail(argn, "%s has %d values, but z has %d %s", what, #list, n, side)
  end
  for i, x in ipairs(list) do
    if not scale.can_show(false, x) then
      check.fail(argn, "%s must be finite, got %s at %d", what, check.kind(x), i)
    end
    local falls = i > 2 and (list[2] > list[1]) ~= (x > list[i - 1])
    if i > 1 and (falls or x == list[i - 1]) then
      check.fail(argn, "%s must rise or fall all the way, got %g after %g at %d", what, x,
        list[i - 1], i)
    end
  end
  return list
end

-- The means of blocks of k of a list.
local function thinned(list, k)
  if k == 1 then return list end
  local out = {}
  for first = 1, #list, k do
    local last, sum = math.min(first + k - 1, #list), 0
    for i = first, last do sum = sum + list[i] / (last - first + 1) end
    out[#out + 1] = sum
  end
  return out
end

-- The levels: round numbers, or the caller's; {value=, label=, share=} rising, without those that
-- no value lies on both sides of.
local function levels_of(argn, given, colors)
  local list = {}
  if given == nil or type(given) == "number" then
    local most = check.integer(argn, "levels", given or LEVELS, 1, MOST)
    list = scale.new(colors.log, colors.low, colors.high, { tight = true }):ticks(most)
  else
    for _, v in ipairs(series.numbers(argn, "levels", given)) do
      list[#list + 1] = { value = v, label = ("%.4g"):format(v) }
    end
    if #list > MOST then check.fail(argn, "at most %d levels, got %d", MOST, #list) end
  end
  local out = {}
  for _, level in ipairs(list) do
    level.share = colors:share(level.value)
    if level.share and level.value > colors.low and level.value < colors.high then
      out[#out + 1] = level
    end
  end
  table.sort(out, function(p, q) return p.share < q.share end)
  return out
end

-- ==}

--- The layer.
-- @param argn the places of x, y, z and the options among the caller's arguments
-- @param x, y, z as of ssl.plot.contour
-- @param o options, known and with defaults
-- @return layer
function contours.new(argn, x, y, z, o)
  local t = matrix.read(argn.z, "z", z)
  local rows, columns = t:shape()
  if rows < 2 or columns < 2 then
    check.fail(argn.z, "z with at least 2 rows and 2 columns expected, got (%d,%d)", rows, columns)
  end
  for _, name in ipairs { "filled", "labels", "colorbar", "log", "square" } do
    if o[name] ~= nil and type(o[name]) ~= "boolean" then
      check.fail(argn.options, "%s must be true or false, got %s", name, check.kind(o[name]))
    end
  end
  x, y = axis(argn.x, "x", x, columns, "columns"), axis(argn.y, "y", y, rows, "rows")
  local self = setmetatable({ tight = true, filled = o.filled, square = o.square }, Contours)
  self.written = raster.reduce(t, FINEST, FINEST)
  self.x, self.y = thinned(x, self.written.across), thinned(y, self.written.down)
  local low, high = matrix.range(t, o.log)
  self.shade = shade.new(argn.options, low, high, o)
  self.labels = o.labels
  self.levels = levels_of(argn.options, o.levels, self.shade)
  self.grid = { columns = self.written.columns, rows = self.written.rows }
  for i, v in ipairs(self.written) do
    -- the logarithm of what is not above 0 is below all others
    if o.log and scale.can_show(false, v) then v = math.max(v, self.shade.low) end
    self.grid[i] = self.shade:share(v) or false
  end
  if o.colorbar then
    local bar = self.shade.colorbar
    self.colorbar = {
      low = bar.low, high = bar.high, log = bar.log, label = bar.label,
      color = function(share)
        return o.filled and self:band(share) or colormap.legible(bar.color(share))
      end,
    }
  end
  return self
end

function Contours:extent(visit)
  for _, x in ipairs(self.x) do
    for _, y in ipairs(self.y) do visit(x, y) end
  end
end

-- The colour of the band that holds a share: that of its middle; and the middle.
function Contours:band(share)
  local low, high = 0, 1
  for _, level in ipairs(self.levels) do
    if level.share <= share then low = level.share else high = math.min(high, level.share) end
  end
  local middle = (low + high) / 2
  return self.shade:color(self.shade:value(middle)), middle
end

-- Between two neighbours of a list.
local function between(list, at)
  local i = math.min(math.floor(at), #list - 1)
  return list[i] + (at - i) * (list[i + 1] - list[i])
end

-- {== Pictures =============================================================================

-- A line in pixels, without points that are hardly apart.
local function placed(self, line, place)
  local out = { closed = line.closed }
  for k = 1, #line, 2 do
    local x, y = place(between(self.x, line[k]), between(self.y, line[k + 1]))
    local n = #out
    local apart = n == 0 or math.abs(out[n - 1] - x) + math.abs(out[n] - y) >= NEAR
    if x and (apart or k == #line - 1 and not line.closed) then out[n + 1], out[n + 2] = x, y end
  end
  return out
end

local function path_data(line)
  local parts = {}
  for k = 1, #line, 2 do
    parts[#parts + 1] = svg.number(line[k]) .. " " .. svg.number(line[k + 1])
  end
  return "M" .. table.concat(parts, "L") .. (line.closed and "Z" or "")
end

-- Each band lies on those below it, so that no seam shows between them.
local function bands(self, place, out, area)
  out[#out + 1] = svg.element("rect", { -- shows where there is no value
    x = area.left, y = area.top, width = area.right - area.left, height = area.bottom - area.top,
    fill = area.paint "grid",
  })
  local shares = { -1 }
  for _, level in ipairs(self.levels) do shares[#shares + 1] = level.share end
  for _, share in ipairs(shares) do
    local data = {}
    for _, line in ipairs(marching.trace(self.grid, share, true)) do
      local points = placed(self, line, place)
      if #points >= 6 then data[#data + 1] = path_data(points) end
    end
    if #data > 0 then
      out[#out + 1] = svg.element("path", {
        d = table.concat(data), fill = self:band(math.max(share, 0)), fill_rule = "evenodd",
      })
    end
  end
end

function Contours:svg(place, out, area)
  if self.filled then bands(self, place, out, area) end
  local taken, written = {}, {}
  for _, level in ipairs(self.levels) do
    local color = self.shade:color(level.value)
    local ink = self.filled and colormap.ink(color) or colormap.legible(color)
    local data = {}
    for _, line in ipairs(marching.trace(self.grid, level.share)) do
      local points = placed(self, line, place)
      if #points >= 4 then
        local label = self.labels and tags.find(points, level.label, area, taken)
        for _, part in ipairs(label and tags.cut(points, label) or { points }) do
          data[#data + 1] = path_data(part)
        end
        if label then
          written[#written + 1] = tags.element(label, self.filled and ink or area.paint "ink")
        end
      end
    end
    if #data > 0 then
      out[#out + 1] = svg.element("path", {
        d = table.concat(data), fill = "none", stroke = ink, stroke_linejoin = "round",
        stroke_width = self.filled and 0.8 or 1.6, stroke_opacity = self.filled and 0.55 or nil,
      })
    end
  end
  table.move(written, 1, #written, #out + 1, out)
  if self.written.down * self.written.across > 1 then
    out[#out + 1] = raster.note(self.written, area)
  end
end

-- ==}

-- {== Terminals ============================================================================

-- The share at a place in columns and rows, or nil.
local function share_at(grid, column, row)
  local i, j = math.min(column // 1, grid.columns - 1), math.min(row // 1, grid.rows - 1)
  local u, v, at = column - i, row - j, ((j - 1) * grid.columns + i) // 1
  local a, b = grid[at], grid[at + 1]
  local d, c = grid[at + grid.columns], grid[at + grid.columns + 1]
  if not (a and b and c and d) then return nil end
  return (a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v
end

-- For each of n cells along a field of some length in dots, where its middle lies between the
-- places of an axis: 1 to their count.
local function inverse(places, n, length)
  local out, m = {}, #places
  for k = 1, n do
    local dot = (k - 0.5) / n * (length - 1)
    for i = 1, m - 1 do
      local from, to = places[i], places[i + 1]
      if (dot - from) * (dot - to) <= 0 then
        out[k] = i + (from == to and 0 or (dot - from) / (to - from))
        break
      end
    end
  end
  return out
end

local function fill_cells(self, place, canvas)
  local across, down = {}, {}
  for i, x in ipairs(self.x) do across[i] = (place(x, self.y[1])) end
  for j, y in ipairs(self.y) do down[j] = select(2, place(self.x[1], y)) end
  local columns, rows = canvas.columns, 2 * canvas.rows
  local at_column = inverse(across, columns, canvas.width)
  local at_row = inverse(down, rows, canvas.height)
  for row = 1, rows do
    for column = 1, columns do
      local known = at_column[column] and at_row[row]
      local share = known and share_at(self.grid, at_column[column], at_row[row])
      if share then
        local color, middle = self:band(share)
        raster.cell(canvas, column - 1, row - 1, color, middle)
      end
    end
  end
end

function Contours:terminal(place, canvas)
  if self.filled then return fill_cells(self, place, canvas) end
  for k, level in ipairs(self.levels) do
    local color = colormap.legible(self.shade:color(level.value))
    for _, line in ipairs(marching.trace(self.grid, level.share)) do
      local points = placed(self, line, place)
      if points.closed then points[#points + 1], points[#points + 2] = points[1], points[2] end
      for i = 1, #points - 3, 2 do
        -- unbroken, but in ASCII each level has its sign
        canvas:line(points[i], points[i + 1], points[i + 2], points[i + 3], color,
          canvas.unicode and 1 or k)
      end
    end
  end
end

-- ==}

function Contours:data()
  local rows = {}
  for j, y in ipairs(self.y) do
    local before = (j - 1) * #self.x
    for i, x in ipairs(self.x) do rows[#rows + 1] = { x, y, self.written[before + i] } end
  end
  return { "x", "y", "z" }, rows
end

return contours
