-- What draws pictures side by side: in an SVG each is a PNG; in a terminal, cells of half blocks.

local canvas = require "sslkit.plot.canvas"
local raster = require "sslkit.plot.raster"
local svg = require "sslkit.plot.svg"
local text = require "sslkit.text"

local Pictures = {}
Pictures.__index = Pictures

local pictures = {}

local SIZE = 11             -- of the words' font, in pixels
local LABEL, HEADING = 17, 18 -- pixels that a line of them takes
local LINES = 60            -- of a drawing of characters, about
local NARROW = 8            -- columns that a picture there has at least, if it has as many pixels

--- @param self {given = [N,C,H,W], bytes = the same as uint8, columns=, count=, channels=, tall=,
-- wide=, pad=, scale=, labels=, titles=}
-- @return painter
function pictures.new(self) return setmetatable(self, Pictures) end

-- {== Pictures =============================================================================

-- The distance from one picture to the next, across and down.
local function steps(self)
  return self.wide * self.scale + self.pad,
    self.tall * self.scale + self.pad + (self.labels and LABEL or 0)
end

--- The pixels that all pictures and words take.
-- @return width, height
function Pictures:size()
  local across, down = steps(self)
  local rows = -(-self.count // self.columns)
  return self.columns * across - self.pad, rows * down - self.pad + (self.titles and HEADING or 0)
end

function Pictures:svg(out, _, area)
  local across, down = steps(self)
  local wide, tall = self.wide * self.scale, self.tall * self.scale
  local top = area.top + (self.titles and HEADING or 0)
  local function word(x, y, s, attributes)
    attributes.text_anchor, attributes.font_size = "middle", SIZE
    out[#out + 1] = svg.text(x + wide / 2, y, svg.fit(s, across, SIZE), attributes)
  end
  for column, title in ipairs(self.titles or {}) do
    word(area.left + (column - 1) * across, area.top + 10, title, { font_weight = "600" })
  end
  for i = 1, self.count do
    local x = area.left + (i - 1) % self.columns * across
    local y = top + (i - 1) // self.columns * down
    out[#out + 1] = svg.element("image", {
      x = x, y = y, width = wide, height = tall,
      href = raster.uri(self.bytes:select(1, i), self.scale),
      preserveAspectRatio = "none", style = self.scale >= 1 and "image-rendering:pixelated" or nil,
    })
    if self.labels then
      word(x, y + tall + 12, self.labels[i], { fill = area.paint "muted" })
    end
  end
end

-- ==}

-- {== Terminals ============================================================================

-- The grids of a picture's red, green, blue and alpha, or grey and alpha, reduced by blocks.
local function planes(self, i, rows, columns)
  local list = {}
  for c = 1, self.channels do
    list[c] = raster.reduce(self.bytes:select(1, i):select(1, c):to "float64", rows, columns)
  end
  return list
end

-- A pixel's colour, and its lightness 0..1; what is transparent shows the black of a terminal.
local function pixel(list, k)
  local n = #list
  local alpha = n % 2 == 0 and list[n][k] / 255 or 1
  local r = list[1][k] * alpha
  local g, b = n > 2 and list[2][k] * alpha or r, n > 2 and list[3][k] * alpha or r
  local color = ("#%02x%02x%02x"):format((r + 0.5) // 1 | 0, (g + 0.5) // 1 | 0, (b + 0.5) // 1 | 0)
  return color, (0.299 * r + 0.587 * g + 0.114 * b) / 255
end

-- How pictures stand in a terminal: how many side by side, and the columns and half rows of each.
local function arrange(self, columns)
  local count = self.columns
  if not self.titles then -- fewer side by side, and larger, where they would be tiny
    count = math.min(count, math.max(1, (columns + 1) // (math.min(self.wide, NARROW) + 1)))
  end
  local most = math.max(1, (columns + 1) // count - 1)
  -- whole pixels to a cell, equally many down and across
  local block = math.max(-(-self.wide // most), -(-self.tall // (2 * LINES)), 1)
  return math.min(count, columns), -(-self.wide // block), -(-self.tall // block)
end

local function draw(self, field, i, left, line, wide, tall)
  local list = planes(self, i, tall, wide)
  local grid = list[1]
  for k = 1, grid.rows * grid.columns do
    local color, lightness = pixel(list, k)
    raster.cell(field, left + (k - 1) % grid.columns, 2 * line + (k - 1) // grid.columns, color,
      lightness)
  end
end

-- A word in the middle of some columns.
local function put(field, left, line, wide, word)
  word = text.cut(word, wide)
  local x = left + (wide - text.width(word)) // 2
  field:text(x * field.dx, line * field.dy, word)
end

function Pictures:terminal(columns, _, unicode, colored)
  local count, wide, tall = arrange(self, columns)
  local step = -(-tall // 2) + (self.labels and 1 or 0)
  local gap = self.pad > 0 and not self.labels and 1 or 0 -- a blank line between rows
  local rows = -(-self.count // count)
  local shown = math.min(rows, math.max(1, LINES // (step + gap)))
  local top = self.titles and 1 or 0
  local across = math.max(wide + 1, self.labels and columns // count or 0)
  across = math.min(across, 2 * wide + 2)
  local field = canvas.new(columns, top + shown * (step + gap) - gap, unicode, colored)
  for column, title in ipairs(self.titles or {}) do
    if column <= count then put(field, (column - 1) * across, 0, across - 1, title) end
  end
  for i = 1, math.min(shown * count, self.count) do
    local left = (i - 1) % count * across
    local line = top + (i - 1) // count * (step + gap)
    draw(self, field, i, left, line, wide, tall)
    local below = line + step - 1
    if self.labels then put(field, left, below, math.max(across - 1, 1), self.labels[i]) end
  end
  local lines = {}
  for row = 1, field.rows do lines[row] = field:row(row):gsub(" +$", "") end
  local rest = self.count - shown * count
  if rest > 0 then lines[#lines + 1] = ("and %d more"):format(rest) end
  return table.concat(lines, "\n")
end

-- ==}

function Pictures:data()
  local size = self.channels * self.tall * self.wide
  local names, rows = { "image", "label" }, {}
  for k = 1, size do names[k + 2] = "p" .. k end
  local flat = self.given:reshape(self.count, size)
  for i = 1, self.count do
    rows[i] = table.move(flat:select(1, i):totable(), 1, size, 3,
      { i, self.labels and self.labels[i] })
  end
  return names, rows
end

return pictures
