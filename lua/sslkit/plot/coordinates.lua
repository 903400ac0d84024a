-- What draws parallel coordinates.

local canvas = require "sslkit.plot.canvas"
local color = require "sslkit.text.color"
local colorbar = require "sslkit.plot.colorbar"
local style = require "sslkit.plot.style"
local svg = require "sslkit.plot.svg"
local text = require "sslkit.text"

local Coordinates = {}
Coordinates.__index = Coordinates

local coordinates = {}

local MOST = 2000        -- lines that are drawn
local SIZE = 11          -- of the axes' numbers, in pixels
local HEAD, FOOT = 26, 6 -- pixels for the columns' names, and below the axes
local LEGEND = 120       -- pixels of a legend at most
local NEUTRAL = "#7f7f7f" -- a row without a value in the column that gives the colours

local function one_line(s) return (s:gsub("%s", " ")) end

--- @param self {columns=, count=, highlighted=, colors=, colorbar= or legend=}
-- @return painter
function coordinates.new(self) return setmetatable(self, Coordinates) end

-- The rows to draw, those above all others last, and each which of them.
local function rows_of(self)
  local every = math.max(1, -(-self.count // MOST))
  local rows, above = {}, {}
  for i = 1, self.count do
    if self.highlighted[i] then
      above[#above + 1] = i
    elseif (i - 1) % every == 0 then
      rows[#rows + 1] = i
    end
  end
  return table.move(above, 1, #above, #rows + 1, rows), every
end

-- The runs of a row between missing values: lists of x1, y1, x2, y2, ...
local function runs_of(self, row, at_column)
  local runs, run = {}, nil
  for c, column in ipairs(self.columns) do
    local v = column.values[row]
    local share = v and column.scale:at(v)
    if share then
      if not run then
        run = {}
        runs[#runs + 1] = run
      end
      run[#run + 1], run[#run + 2] = at_column(c, share)
    else
      run = nil
    end
  end
  return runs
end

local function color_of(self, row)
  if not (self.colorbar or self.legend) then return style.color(1) end
  return self.colors[row] or NEUTRAL
end

-- {== Pictures =============================================================================

-- The ticks of a column, from words or numbers.
local function ticks_of(column, height)
  if not column.words then
    return column.low and column.scale:ticks(math.max(2, math.min(8, height // 38))) or {}
  end
  local ticks, last = {}, nil
  for i, word in ipairs(column.words) do
    local at = column.scale:at(i)
    if not last or math.abs(at - last) * height >= SIZE + 2 then
      ticks[#ticks + 1], last = { at = at, label = word }, at
    end
  end
  return ticks
end

-- The room at the left that the first axis's labels need, and that at the right for colours.
local function layout(self, area)
  local frame = { top = area.top + HEAD, bottom = area.bottom - FOOT, left = area.left }
  local first, widest = self.columns[1], 0
  for _, tick in ipairs(first and ticks_of(first, frame.bottom - frame.top) or {}) do
    widest = math.max(widest, svg.width(tick.label, SIZE))
  end
  local half = first and svg.width(first.name, style.TICK_SIZE) / 2 or 0
  local most = 0.3 * (area.right - area.left)
  frame.left = frame.left + math.min(math.max(widest + 4, half - 16), most)
  local right = 16
  if self.colorbar then
    frame.bar_ticks = colorbar.ticks(self.colorbar, frame.bottom - frame.top)
    right = colorbar.width(self.colorbar, frame.bar_ticks) + 24
  end
  for _, entry in ipairs(self.legend or {}) do
    right = math.max(right, 36 + math.min(svg.width(entry.label, style.TICK_SIZE), LEGEND))
  end
  frame.right = math.max(area.right - right, frame.left + 20)
  return frame
end

local function axis_place(self, frame)
  local n = #self.columns
  return function(c, share)
    local x = n > 1 and frame.left + (c - 1) / (n - 1) * (frame.right - frame.left)
      or (frame.left + frame.right) / 2
    return x, frame.bottom - share * (frame.bottom - frame.top)
  end
end

-- The path data of a row, and the elements of its values that have no neighbour.
local function shapes_of(self, row, at_column, ink)
  local data, dots = {}, {}
  for _, run in ipairs(runs_of(self, row, at_column)) do
    local parts = {}
    for k = 1, #run, 2 do
      parts[#parts + 1] = svg.number(run[k]) .. " " .. svg.number(run[k + 1])
    end
    if #parts > 1 then
      data[#data + 1] = "M" .. table.concat(parts, "L")
    else
      dots[#dots + 1] = svg.element("circle", { cx = run[1], cy = run[2], r = 3, fill = ink })
    end
  end
  return table.concat(data), dots
end

local function draw_rows(self, at_column, out, area)
  local rows, every = rows_of(self)
  local opacity = #rows <= 30 and 0.9 or #rows <= 100 and 0.6 or #rows <= 500 and 0.4 or 0.2
  local others = next(self.highlighted) ~= nil and opacity / 2 or opacity
  for _, row in ipairs(rows) do
    local ink, strong = area.paint(color_of(self, row)), self.highlighted[row]
    local data, dots = shapes_of(self, row, at_column, ink)
    local function stroke(its_ink, width, its_opacity)
      out[#out + 1] = svg.element("path", {
        d = data, fill = "none", stroke = its_ink, stroke_width = width,
        stroke_opacity = its_opacity, stroke_linejoin = "round", stroke_linecap = "round",
      })
    end
    if data ~= "" and strong then
      stroke(area.paint "ink", 5)
      stroke(ink, 3)
    elseif data ~= "" then
      stroke(ink, 1.4, others)
    end
    table.move(dots, 1, #dots, #out + 1, out)
  end
  return every
end

local function draw_axes(self, at_column, frame, out, area)
  local room = (frame.right - frame.left) / math.max(#self.columns - 1, 1)
  for c, column in ipairs(self.columns) do
    local x = at_column(c, 0)
    out[#out + 1] = svg.line(x, frame.top, x, frame.bottom,
      { stroke = area.paint "frame", stroke_width = 1.2 })
    local name = svg.fit(one_line(column.name), math.max(room - 6, 24), style.TICK_SIZE)
    local middle = math.min(math.max(x, svg.width(name, style.TICK_SIZE) / 2 + 2),
      area.right + 14 - svg.width(name, style.TICK_SIZE) / 2)
    out[#out + 1] = svg.text(middle, frame.top - 10, name,
      { font_size = style.TICK_SIZE, font_weight = "600", text_anchor = "middle" })
    for _, tick in ipairs(ticks_of(column, frame.bottom - frame.top)) do
      local y = frame.bottom - tick.at * (frame.bottom - frame.top)
      out[#out + 1] = svg.line(x - 3, y, x, y, { stroke = area.paint "frame", stroke_width = 1.2 })
      -- a rim in the paper's colour keeps it legible on the lines
      local label = svg.fit(tick.label, c == 1 and frame.left - 8 or math.max(room - 12, 24), SIZE)
      out[#out + 1] = svg.text(x - 5, y + 4, label, {
        font_size = SIZE, text_anchor = "end", fill = area.paint "muted",
        stroke = area.paint "paper", stroke_width = 3, stroke_linejoin = "round",
        paint_order = "stroke",
      })
    end
  end
end

local function draw_legend(self, frame, out)
  local line = math.min(style.LINE_HEIGHT,
    (frame.bottom - frame.top) / math.max(#self.legend, 1))
  if line < 9 then return end -- more names than can be read
  for i, entry in ipairs(self.legend) do
    local x, y = frame.right + 20, frame.top + (i - 0.5) * line
    out[#out + 1] = svg.element("rect",
      { x = x, y = y - 5, width = 10, height = 10, fill = entry.color })
    out[#out + 1] = svg.text(x + 15, y + 4, svg.fit(entry.label, LEGEND, style.TICK_SIZE),
      { font_size = math.min(style.TICK_SIZE, line) })
  end
end

function Coordinates:svg(out, _, area)
  if self.count == 0 or #self.columns == 0 then
    out[#out + 1] = svg.text((area.left + area.right) / 2, (area.top + area.bottom) / 2, "no data",
      { text_anchor = "middle", fill = area.paint "frame" })
    return
  end
  local frame = layout(self, area)
  local at_column = axis_place(self, frame)
  local every = draw_rows(self, at_column, out, area)
  draw_axes(self, at_column, frame, out, area)
  if self.colorbar then
    colorbar.draw(self.colorbar, frame, out, area.paint)
  elseif self.legend then
    draw_legend(self, frame, out)
  end
  if every > 1 then
    out[#out + 1] = svg.text(area.right, area.bottom + 10, ("one of %d rows"):format(every),
      { font_size = SIZE, fill = area.paint "muted", text_anchor = "end" })
  end
end

-- ==}

-- {== Terminals ============================================================================

-- A line of words around places: those that do not fit are cut.
local function spread(words, places, columns)
  local parts, used = {}, 0
  for c, word in ipairs(words) do
    local next_place = places[c + 1] or columns + (columns - (places[c - 1] or 0)) // 2
    word = text.cut(word, math.max(1, next_place - places[c] - 1))
    local start = math.max(used, places[c] - text.width(word) // 2)
    start = math.max(used, math.min(start, columns - text.width(word)))
    parts[#parts + 1] = (" "):rep(start - used) .. word
    used = start + text.width(word)
    if c < #words then
      parts[#parts + 1] = " "
      used = used + 1
    end
  end
  return (table.concat(parts):gsub(" +$", ""))
end

-- The words at the ends of the axes: the high ones on top.
local function ends_of(self)
  local top, bottom = {}, {}
  for c, column in ipairs(self.columns) do
    local numbers = not column.words and column.low
    bottom[c] = numbers and ("%.4g"):format(column.low) or ""
    top[c] = numbers and ("%.4g"):format(column.high) or ""
  end
  return top, bottom
end

local function draw_field(self, field, places, rows)
  local function at_column(c, share)
    return places[c] * field.dx, (1 - share) * (rows - 1) * field.dy
  end
  for _, row in ipairs((rows_of(self))) do
    for _, run in ipairs(runs_of(self, row, at_column)) do
      for k = 1, #run, 2 do
        local x, y = run[k], run[k + 1]
        local x2, y2 = run[k + 2] or x, run[k + 3] or y
        field:line(x, y, x2, y2, color_of(self, row), 1)
      end
    end
  end
  for c, column in ipairs(self.columns) do
    for row = 0, rows - 1 do
      field:text(places[c] * field.dx, row * field.dy, field.unicode and "│" or "|", "#888888")
    end
    local room = (places[c + 1] or field.columns) - places[c] - 2
    for i, word in ipairs(column.words or {}) do
      local x, y = at_column(c, column.scale:at(i))
      field:text(x + field.dx, y, text.cut(word, math.max(room, 1)))
    end
  end
end

function Coordinates:terminal(columns, rows, unicode, colored)
  if self.count == 0 or #self.columns == 0 then return "no data" end
  local n, places = #self.columns, {}
  local last = self.columns[n].words and columns - 10 or columns - 4
  for c = 1, n do places[c] = n > 1 and 3 + (c - 1) * (last - 3) // (n - 1) or columns // 2 end
  local names = {}
  for c, column in ipairs(self.columns) do names[c] = one_line(column.name) end
  rows = math.max(rows - 2, 4)
  local field = canvas.new(columns, rows, unicode, colored)
  draw_field(self, field, places, rows)
  local top, bottom = ends_of(self)
  local lines = { spread(names, places, columns), spread(top, places, columns) }
  for row = 1, rows do lines[#lines + 1] = field:row(row):gsub(" +$", "") end
  lines[#lines + 1] = spread(bottom, places, columns)
  if self.colorbar then
    lines[#lines + 1] = "   " .. colorbar.line(self.colorbar, unicode, colored)
  elseif self.legend and colored then
    local parts = {}
    for i, entry in ipairs(self.legend) do
      parts[i] = color.paint((unicode and "━ " or "- ") .. entry.label, canvas.color(entry.color))
    end
    lines[#lines + 1] = "   " .. table.concat(parts, "  ")
  end
  return table.concat(lines, "\n")
end

-- ==}

function Coordinates:data()
  local names, rows = {}, {}
  for c, column in ipairs(self.columns) do names[c] = column.name end
  for i = 1, self.count do
    rows[i] = {}
    for c, column in ipairs(self.columns) do rows[i][c] = column.given[i] end
  end
  return names, rows
end

return coordinates
