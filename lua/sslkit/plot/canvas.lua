-- A field of characters to draw on: Braille dots and half blocks where the locale has them, one
-- ASCII sign a series and shades where not. Places are dots from the top left corner, 2 x 4 of them
-- a cell with Braille, one a cell without.

local color = require "sslkit.text.color"
local style = require "sslkit.plot.style"
local text = require "sslkit.text"

local canvas = {}

local Canvas = {}
Canvas.__index = Canvas

-- The bit of each dot of a Braille cell, by row and column.
local DOTS = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } }
local SHADES = { " ", "░", "▒", "▓", "█" }
-- Dots of a line that show out of each six: what tells series apart where there are no colours.
local STROKES = { [0] = 6, 3, 1 }
local ASCII_SHADES = { " ", ".", ":", "-", "=", "+", "*", "#", "%", "@" }

--- The sign for a share of darkness.
-- @param share 0..1
-- @param unicode may it be a block?
-- @return one character
function canvas.shade(share, unicode)
  local shades = unicode and SHADES or ASCII_SHADES
  share = share >= 0 and math.min(share, 1) or 0 -- NaN is 0, too
  return shades[math.floor(share * (#shades - 1) + 0.5) + 1]
end

--- A colour that a terminal can show: black, which a dark one hides, is the terminal's own, and so
-- is what only SVG understands.
-- @param c any colour of SVG, or nil
-- @return "#rrggbb", or nil for the terminal's own
function canvas.color(c)
  if type(c) ~= "string" or c == "#000000" then return nil end
  local r, g, b = c:match "^#(%x)(%x)(%x)$"
  if r then c = ("#%s%s%s%s%s%s"):format(r, r, g, g, b, b) end
  return c:find "^#%x%x%x%x%x%x$" and c or nil
end

--- A blank field.
-- @param columns, rows of characters
-- @param unicode true for Braille dots and blocks
-- @param colored true for colours
-- @return canvas, its size in dots in width and height
function canvas.new(columns, rows, unicode, colored)
  local dx, dy = unicode and 2 or 1, unicode and 4 or 1
  return setmetatable({
    columns = columns, rows = rows, unicode = unicode, colored = colored, dx = dx, dy = dy,
    width = columns * dx, height = rows * dy,
    bits = {}, signs = {}, inks = {}, -- of cells
    halves = {}, shares = {},         -- colours and shares of the upper and lower halves of cells
  }, Canvas)
end

-- The number of the cell that holds a dot, or nil beside the field.
local function cell_of(self, x, y)
  if not (x >= 0 and x < self.width and y >= 0 and y < self.height) then return nil end
  return (y // self.dy) * self.columns + x // self.dx + 1
end

local function round(v) return math.floor(v + 0.5) end

--- One dot.
-- @param x, y in dots
-- @param ink "#rrggbb"
-- @param sign number of the series, for ASCII
function Canvas:dot(x, y, ink, sign)
  if not (math.abs(x) < 1e6 and math.abs(y) < 1e6) then return end
  x, y = round(x), round(y)
  local at = cell_of(self, x, y)
  if not at then return end
  if self.unicode then
    self.bits[at] = (self.bits[at] or 0) | DOTS[y % 4 + 1][x % 2 + 1]
  else
    self.signs[at] = style.sign(sign or 1)
  end
  self.inks[at] = canvas.color(ink)
end

--- One point of a series that must be told from others: where there are no colours, its sign.
-- @param x, y in dots
-- @param ink "#rrggbb"
-- @param sign number of the series; nil when it is the only one
function Canvas:mark(x, y, ink, sign)
  if self.colored or not sign then return self:dot(x, y, ink, sign) end
  self:text(x, y, style.sign(sign), ink)
end

--- A text that begins in the cell of a dot and is cut at the field's end.
-- @param x, y in dots
-- @param s string
-- @param ink "#rrggbb"
function Canvas:text(x, y, s, ink)
  if not (math.abs(x) < 1e6 and math.abs(y) < 1e6) then return end
  x, y = round(x), round(y)
  for _, code in utf8.codes(utf8.len(s) and s or s:gsub("[\x80-\xff]", "?")) do
    local at, letter = cell_of(self, x, y), utf8.char(code)
    if at and text.width(letter) == 1 then
      self.signs[at], self.inks[at] = letter, canvas.color(ink)
    end
    x = x + self.dx
  end
end

-- The part of a line that lies within the field, by L. Barsky and Y. Liang's parameters: nil where
-- there is none.
local function clipped(self, x1, y1, x2, y2)
  local from, to = 0, 1
  local dx, dy = x2 - x1, y2 - y1
  local edges = { { -dx, x1 + 1 }, { dx, self.width - x1 }, { -dy, y1 + 1 },
    { dy, self.height - y1 } }
  for _, edge in ipairs(edges) do
    local speed, room = edge[1], edge[2]
    if speed == 0 and room < 0 then return nil end
    if speed < 0 then from = math.max(from, room / speed) end
    if speed > 0 then to = math.min(to, room / speed) end
  end
  if not (from <= to) then return nil end
  return x1 + from * dx, y1 + from * dy, x1 + to * dx, y1 + to * dy
end

--- Dots along a straight line, broken in the way of its series where there are no colours.
-- @param x1, y1, x2, y2 its ends in dots
-- @param ink "#rrggbb"
-- @param sign number of the series
function Canvas:line(x1, y1, x2, y2, ink, sign)
  x1, y1, x2, y2 = clipped(self, x1, y1, x2, y2)
  if not x1 then return end
  local steps = math.ceil(math.max(math.abs(x2 - x1), math.abs(y2 - y1), 1))
  local flat = math.abs(x2 - x1) >= math.abs(y2 - y1)
  local shown = self.unicode and not self.colored and STROKES[((sign or 1) - 1) % 3] or 6
  for k = 0, steps do
    local x, y = x1 + (x2 - x1) * k / steps, y1 + (y2 - y1) * k / steps
    if shown == 6 or round(flat and x or y) % (shown == 1 and 3 or 6) < shown then
      self:dot(x, y, ink, sign)
    end
  end
end

-- First and last cell of those whose middle lies between two ends, or the one in the middle; nil
-- beside the field. The dots from 0 to size - 1 stand for the whole of `count` cells.
local function span(from, to, size, count)
  if from > to then from, to = to, from end
  from, to = from / math.max(size - 1, 1) * count, to / math.max(size - 1, 1) * count
  if not (from < to) or to <= 0 or from >= count then return 1, 0 end
  from, to = math.max(from, 0), math.min(to, count)
  local first, last = math.ceil(from - 0.5), math.ceil(to - 0.5) - 1
  if first > last then
    first = math.min(math.floor((from + to) / 2), count - 1)
    last = first
  end
  return first, last
end

--- A filled rectangle of cells, or of half cells: at least one of them, unless it is no rectangle.
-- @param x1, y1, x2, y2 two opposite corners in dots; the field reaches from 0 to width - 1
-- @param ink "#rrggbb"
-- @param share darkness 0..1 where there are no colours (1)
function Canvas:fill(x1, y1, x2, y2, ink, share)
  local first, last = span(x1, x2, self.width, self.columns)
  local top, bottom = span(y1, y2, self.height, 2 * self.rows)
  for half = top, bottom do
    for column = first, last do
      local at = half * self.columns + column + 1
      self.halves[at], self.shares[at] = ink or "", share or 1
    end
  end
end

-- The character of two halves, its colour and its ground.
local function block(self, upper, lower, share)
  if not self.unicode then return canvas.shade(share, false), upper or lower end
  if not upper and not lower then return " " end
  if self.colored then
    if upper == lower then return "█", upper end
    if upper and lower then return "▀", upper, lower end
    return upper and "▀" or "▄", upper or lower
  end
  if not upper or not lower then
    -- half a cell of something dark is half a block, of something light a lighter shade
    if share > 0.4 then return upper and "▀" or "▄" end
  end
  return canvas.shade(share, true)
end

-- What stands in a cell: the character, its colour, its ground.
local function cell(self, row, column)
  local at = (row - 1) * self.columns + column
  local up = 2 * (row - 1) * self.columns + column
  local down = up + self.columns
  local upper, lower = self.halves[up], self.halves[down]
  local sign = self.signs[at]
  if not sign and self.bits[at] then sign = utf8.char(0x2800 + self.bits[at]) end
  if sign then return sign, self.inks[at], upper or lower end
  return block(self, upper, lower, ((self.shares[up] or 0) + (self.shares[down] or 0)) / 2)
end

--- A row as text.
-- @param row from 1 on top
-- @return string of as many columns as the canvas has
function Canvas:row(row)
  local parts, run, ink, ground = {}, {}, nil, nil
  local function flush()
    local s = table.concat(run)
    parts[#parts + 1] = self.colored and #run > 0 and color.paint(s, ink, ground) or s
    run = {}
  end
  for column = 1, self.columns do
    local sign, its_ink, its_ground = cell(self, row, column)
    its_ink = its_ink ~= "" and its_ink or nil
    its_ground = its_ground ~= "" and its_ground or nil
    if its_ink ~= ink or its_ground ~= ground then
      flush()
      ink, ground = its_ink, its_ground
    end
    run[#run + 1] = sign
  end
  flush()
  return table.concat(parts)
end

return canvas
