-- Figures in characters: the frame, the ticks and the legend around a canvas.

local axes = require "sslkit.plot.axes"
local canvas = require "sslkit.plot.canvas"
local color = require "sslkit.text.color"
local colorbar = require "sslkit.plot.colorbar"
local core = require "sslkit.core"
local legend = require "sslkit.plot.legend"
local style = require "sslkit.plot.style"
local text = require "sslkit.text"

local terminal = {}

local WIDEST, NARROWEST, HEIGHT, LOWEST = 100, 30, 20, 6
local LONGEST_LABEL = 24
local LONGEST_NAME = 24  -- of a place on the axis at the left
local SHORTEST_NAME = 10 -- of one at the bottom, before names are left out
local STROKES = { [0] = "─", "╌", "┈" } -- as canvas:line breaks the lines of series

local function fit(s, width, unicode)
  if text.width(s) <= width then return s end
  return text.cut(s, width - 1) .. (unicode and "…" or ".")
end

local function painted(self, s, ...)
  return self.colored and color.paint(s, ...) or s
end

-- The ticks at the left by the row at which they stand, and the columns of the longest.
local function left_labels(fig, rows, width, unicode)
  local ticks = fig.y_names and axes.name_ticks(fig.y, fig.y_names, rows, 1)
    or fig.y:ticks(math.max(2, rows // 3))
  local labels, margin = {}, 0
  for _, tick in ipairs(ticks) do
    local label = tick.label
    if fig.y_names then label = fit(label, math.min(LONGEST_NAME, width // 3), unicode) end
    -- a name stands in the middle of its slot, a number at its height
    local row = fig.y_names and math.floor((1 - tick.at) * rows)
      or math.floor((1 - tick.at) * (rows - 1) + 0.5)
    labels[row + 1] = labels[row + 1] or label
    margin = math.max(margin, text.width(label))
  end
  return labels, margin
end

-- What stands before a series' name: the sign that the series is drawn with, if any.
local function sign_of(self, entry)
  if entry.mark == "none" then return "" end
  local unicode = self.unicode
  if entry.mark == "box" then
    return (self.colored and unicode and "■" or canvas.shade(entry.share or 1, unicode)) .. " "
  elseif self.colored and unicode then
    return (entry.mark == "dot" and "●" or "━") .. " "
  elseif unicode and entry.mark ~= "dot" then
    return STROKES[(entry.series - 1) % 3] .. " "
  end
  return style.sign(entry.series) .. " "
end

-- The legend's labels, each in a row of its own near the end of its line.
local function legend_rows(self, fig, place, field)
  local rows = field.rows
  local entries, out = legend.sorted(legend.entries(fig, place), rows), {}
  local last = 0
  for i, entry in ipairs(entries) do
    local y = entry.y and math.max(0, math.min(entry.y, field.height - 1))
    local wanted = y and math.floor(y / field.dy) + 1 or rows
    local row = math.max(last + 1, math.min(wanted, rows - (#entries - i)))
    local label = sign_of(self, entry) .. fit(entry.label, LONGEST_LABEL, self.unicode)
    out[row] = painted(self, label, canvas.color(entry.color))
    last = row
  end
  return out
end

local function legend_width(fig)
  local width = 0
  for _, entry in ipairs(legend.entries(fig, function() end)) do
    width = math.max(width, math.min(text.width(entry.label), LONGEST_LABEL) + 3)
  end
  return width
end

-- The ticks at the bottom: numbers, or names cut to their slots, or each second, third... name.
local function bottom_labels(fig, columns, unicode)
  if not fig.x_names then return fig.x:ticks(math.max(3, columns // 12)) end
  local slot = columns / math.max(#fig.x_names, 1)
  local longest = 0
  for _, name in ipairs(fig.x_names) do
    longest = math.max(longest, text.width(tostring(name)))
  end
  local gap = math.max(slot, math.min(longest + 1, SHORTEST_NAME))
  local ticks = axes.name_ticks(fig.x, fig.x_names, columns, gap)
  local every = math.ceil(gap / slot)
  for _, tick in ipairs(ticks) do
    tick.label = fit(tick.label, math.max(math.floor(every * slot) - 1, 1), unicode)
  end
  return ticks
end

-- The two lines below the field: the axis with its marks, and the numbers or names.
local function x_axis(fig, columns, unicode)
  local marks, labels = {}, {}
  for c = 1, columns do marks[c] = unicode and "─" or "-" end
  local used = 0
  for _, tick in ipairs(bottom_labels(fig, columns, unicode)) do
    local column = fig.x_names and math.min(math.floor(tick.at * columns) + 1, columns)
      or math.floor(tick.at * (columns - 1) + 0.5) + 1
    local start = column - text.width(tick.label) // 2
    start = math.max(1, math.min(start, columns - text.width(tick.label) + 1))
    if start > used then
      marks[column] = unicode and "┬" or "+"
      labels[#labels + 1] = (" "):rep(start - used - 1) .. tick.label .. " "
      used = start + text.width(tick.label)
    end
  end
  return table.concat(marks), table.concat(labels)
end

local function centred(label, margin, columns)
  return (" "):rep(margin + 2 + math.max(columns - text.width(label), 0) // 2) .. label
end

-- The lines of a figure with axes.
local function with_axes(self, fig, width, rows, lines)
  local labels, margin = left_labels(fig, rows, width, self.unicode)
  local columns = math.max(width - margin - 2 - legend_width(fig), 10)
  if fig.is_square then
    local across, up = axes.square(fig, columns, 2 * rows) -- a character is twice as high as broad
    columns, rows = math.max(math.floor(across), 10), math.max(math.floor(up / 2 + 0.5), 3)
    labels, margin = left_labels(fig, rows, width, self.unicode)
  end
  local field = canvas.new(columns, rows, self.unicode, self.colored)
  local function place(x, y)
    local across, up = fig.x:at(x), fig.y:at(y)
    if not across or not up then return nil end
    return across * (field.width - 1), (1 - up) * (field.height - 1)
  end
  for _, layer in ipairs(fig.layers) do layer:terminal(place, field) end

  local names = legend_rows(self, fig, place, field)
  for row = 1, rows do
    local label = labels[row]
    local bar = self.unicode and (label and "┤" or "│") or (label and "+" or "|")
    local line = text.pad(label or "", margin, "right") .. " " .. bar .. field:row(row)
    if names[row] then line = line .. " " .. names[row] end
    lines[#lines + 1] = (line:gsub(" +$", ""))
  end
  local marks, numbers = x_axis(fig, columns, self.unicode)
  lines[#lines + 1] = (" "):rep(margin + 1) .. (self.unicode and "└" or "+") .. marks
  lines[#lines + 1] = ((" "):rep(margin + 2) .. numbers):gsub(" +$", "")
  if fig.xlabel then
    lines[#lines + 1] = centred(fit(fig.xlabel, width - margin - 2, self.unicode), margin, columns)
  end
  if fig.colorbar then
    local bar = colorbar.line(fig.colorbar, self.unicode, self.colored)
    lines[#lines + 1] = (" "):rep(margin + 2) .. bar
  end
end

local function columns_there()
  local given = math.tointeger(tonumber(os.getenv "COLUMNS") or 80)
  return math.min(core.columns(1) or given and given > 0 and given or 80, WIDEST)
end

--- Draws a figure.
-- @param fig figure
-- @param options table: width, height in characters, unicode, color = true | false; each may be
-- missing
-- @return string without a newline at its end
function terminal.draw(fig, options)
  local self = { unicode = options.unicode, colored = options.color }
  if self.unicode == nil then self.unicode = text.unicode() end
  if self.colored == nil then self.colored = color.on() end
  local width = math.max(options.width or columns_there(), NARROWEST)
  local rows = math.max(options.height or HEIGHT, LOWEST) - 2
  -- each name at the left gets a row where it is ours to choose
  if not options.height and fig.y_names then rows = math.max(rows, math.min(#fig.y_names, 60)) end
  local lines = {}
  if fig.title then lines[1] = painted(self, fit(fig.title, width, self.unicode), "bold") end
  if fig.painter then
    lines[#lines + 1] = fig.painter:terminal(width, rows, self.unicode, self.colored)
    return table.concat(lines, "\n")
  end
  if fig.ylabel then lines[#lines + 1] = fit(fig.ylabel, width, self.unicode) end
  with_axes(self, fig, width, rows, lines)
  return table.concat(lines, "\n")
end

return terminal
