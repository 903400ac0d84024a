-- Figures in characters: Braille dots where the locale has them, one ASCII sign a series where not.

local core = require "sslkit.core"
local text = require "sslkit.text"

local terminal = {}

local SIGNS = { "*", "+", "o", "x", "#", "@", "%", "&" }
-- The bit of each dot of a Braille cell, by row and column.
local DOTS = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } }
local WIDEST, NARROWEST, HEIGHT, LOWEST = 100, 30, 20, 6
local LONGEST_LABEL = 18

-- A field of dots, `columns` x `rows` cells of dx x dy dots each.
local function canvas(columns, rows, unicode)
  local dx, dy = unicode and 2 or 1, unicode and 4 or 1
  local cells = {}
  local self = { width = columns * dx, height = rows * dy }

  local function dot(x, y, series)
    local column, row = x // dx + 1, y // dy + 1
    if column < 1 or column > columns or row < 1 or row > rows then return end
    local at = (row - 1) * columns + column
    if unicode then
      cells[at] = (cells[at] or 0) | DOTS[y % dy + 1][x % dx + 1]
    else
      cells[at] = SIGNS[(series - 1) % #SIGNS + 1]
    end
  end

  -- Dots along a straight line; its ends are in dots from the top left corner.
  function self.line(x1, y1, x2, y2, series)
    local steps = math.ceil(math.max(math.abs(x2 - x1), math.abs(y2 - y1), 1))
    for k = 0, steps do
      local x, y = x1 + (x2 - x1) * k / steps, y1 + (y2 - y1) * k / steps
      dot(math.floor(x + 0.5), math.floor(y + 0.5), series)
    end
  end

  function self.row(row)
    local parts = {}
    for column = 1, columns do
      local cell = cells[(row - 1) * columns + column]
      parts[column] = cell and (unicode and utf8.char(0x2800 + cell) or cell) or " "
    end
    return table.concat(parts)
  end

  return self
end

-- Labels by the cell row at which they stand.
local function by_row(ticks, rows)
  local out = {}
  for _, tick in ipairs(ticks) do
    out[math.floor((1 - tick.at) * (rows - 1) + 0.5) + 1] = tick.label
  end
  return out
end

-- The legend's labels, each in a row of its own near the end of its line.
local function legend_rows(fig, place, rows, dots_per_row, unicode)
  local entries, out = fig.layer:legend(place), {}
  table.sort(entries, function(a, b)
    local ya, yb = a.y or math.huge, b.y or math.huge
    if ya ~= yb then return ya < yb end
    return a.series < b.series
  end)
  local last = 0
  for i, entry in ipairs(entries) do
    local wanted = entry.y and math.floor(entry.y / dots_per_row) + 1 or rows
    local row = math.max(last + 1, math.min(wanted, rows - (#entries - i)))
    local label = text.cut(entry.label, LONGEST_LABEL)
    if label ~= entry.label then
      label = text.cut(label, LONGEST_LABEL - 1) .. (unicode and "…" or ".")
    end
    out[row] = unicode and label or SIGNS[(entry.series - 1) % #SIGNS + 1] .. " " .. label
    last = row
  end
  return out
end

-- The two lines below the plot: the axis with its marks, and the numbers.
local function x_axis(fig, columns, unicode)
  local ticks = fig.x:ticks(math.max(2, columns // 12))
  local marks, numbers = {}, {}
  for c = 1, columns do marks[c] = unicode and "─" or "-" end
  local used = 0
  for _, tick in ipairs(ticks) do
    local column = math.floor(tick.at * (columns - 1) + 0.5) + 1
    local start = column - text.width(tick.label) // 2
    start = math.max(1, math.min(start, columns - text.width(tick.label) + 1))
    if start > used then
      marks[column] = unicode and "┬" or "+"
      numbers[#numbers + 1] = (" "):rep(start - used - 1) .. tick.label
      used = start + text.width(tick.label)
      numbers[#numbers + 1] = " "
    end
  end
  return table.concat(marks), table.concat(numbers)
end

--- Draws a figure.
-- @param fig figure
-- @param options table: width, height in characters, unicode = true | false; each may be missing
-- @return string without a newline at its end
function terminal.draw(fig, options)
  local unicode = options.unicode
  if unicode == nil then unicode = text.unicode() end
  local width = options.width
    or math.min(core.columns(1) or tonumber(os.getenv "COLUMNS") or 80, WIDEST)
  local rows = math.max(options.height or HEIGHT, LOWEST) - 2
  local lines = {}
  if fig.title then lines[1] = tostring(fig.title) end
  if fig.ylabel then lines[#lines + 1] = tostring(fig.ylabel) end

  local y_ticks = fig.y:ticks(math.max(2, rows // 3))
  local margin, legend_width = 0, 0
  for _, tick in ipairs(y_ticks) do margin = math.max(margin, text.width(tick.label)) end
  for _, entry in ipairs(fig.layer:legend(function() end)) do
    legend_width = math.max(legend_width, math.min(text.width(entry.label), LONGEST_LABEL) + 3)
  end
  local columns = math.max(width, NARROWEST) - margin - 2 - legend_width
  columns = math.max(columns, 10)

  local field = canvas(columns, rows, unicode)
  local function place(x, y)
    local across, up = fig.x:at(x), fig.y:at(y)
    if not across or not up then return nil end
    return across * (field.width - 1), (1 - up) * (field.height - 1)
  end
  fig.layer:terminal(place, field.line)

  local labels = by_row(y_ticks, rows)
  local legend = legend_rows(fig, place, rows, field.height / rows, unicode)
  for row = 1, rows do
    local tick = labels[row]
    local bar = unicode and (tick and "┤" or "│") or (tick and "+" or "|")
    local line = text.pad(tick or "", margin, "right") .. " " .. bar .. field.row(row)
    if legend[row] then line = line .. " " .. legend[row] end
    lines[#lines + 1] = (line:gsub(" +$", ""))
  end
  local marks, numbers = x_axis(fig, columns, unicode)
  lines[#lines + 1] = (" "):rep(margin + 1) .. (unicode and "└" or "+") .. marks
  lines[#lines + 1] = ((" "):rep(margin + 2) .. numbers):gsub(" +$", "")
  if fig.xlabel then
    local label = tostring(fig.xlabel)
    local space = margin + 2 + math.max(columns - text.width(label), 0) // 2
    lines[#lines + 1] = (" "):rep(space) .. label
  end
  return table.concat(lines, "\n")
end

return terminal
