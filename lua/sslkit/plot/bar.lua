-- Bars over names, one or several series.

local boxes = require "sslkit.plot.boxes"
local check = require "sslkit.check"
local figure = require "sslkit.plot.figure"
local scale = require "sslkit.plot.scale"
local series = require "sslkit.plot.series"
local style = require "sslkit.plot.style"
local svg = require "sslkit.plot.svg"

local Bars = {}
Bars.__index = Bars

local BROAD = 0.8 -- of the distance of two names
local SHARES = { [0] = 1, 0.5, 0.25, 0.75 } -- of darkness, where there are no colours
local MORE = { error = true, horizontal = true, stacked = true }

local function is_list(argn, what, v)
  if type(v) == "table" then return series.plain(v) end
  return (check.tensor(argn, v, { dim = 1 }, what)):totable()
end

-- The lists of one or several series, each as long as the first.
local function lists(argn, what, v)
  local out = {}
  for i, one in ipairs(series.split(argn, what, v)) do
    out[i] = series.numbers(argn, what, one)
    series.same_length(argn, ("series %d of %s"):format(i, what), out[i], "series 1", out[1])
  end
  return out
end

local function check_errors(errors, values)
  if #errors ~= #values or errors[1] and #errors[1] ~= #values[1] then
    check.fail(3, "error must have the form of the values: %d series of %d, got %d of %d",
      #values, values[1] and #values[1] or 0, #errors, errors[1] and #errors[1] or 0)
  end
  for _, list in ipairs(errors) do
    for i, e in ipairs(list) do
      if e < 0 then check.fail(3, "error must not be negative, got %g at %d", e, i) end
    end
  end
end

-- The box of value i of series k, in data: the names' axis runs through 1, 2, ...
local function make_box(self, k, i, from, to)
  local count = self.stacked and 1 or self.count
  local broad = BROAD / count
  local first = i - BROAD / 2 + (self.stacked and 0 or k - 1) * broad
  local box = { color = self.colors[k], share = SHARES[(k - 1) % 4], across = self.horizontal }
  if self.horizontal then
    box.x1, box.y1, box.x2, box.y2 = from, first, to, first + broad
  else
    box.x1, box.y1, box.x2, box.y2 = first, from, first + broad, to
  end
  return box
end

local function make_boxes(self)
  for i = 1, #self.names do
    local above, below = 0, 0 -- the ends of the stack
    for k = 1, self.count do
      local v = self.values[k][i]
      if scale.can_show(false, v) then
        local from = self.stacked and (v < 0 and below or above) or 0
        local box = make_box(self, k, i, from, from + v)
        self.boxes[#self.boxes + 1] = box
        if v < 0 then below = from + v else above = from + v end
        local e = self.errors and self.errors[k][i]
        if e and e == e then
          self.whiskers[#self.whiskers + 1] = { box = box, from = v - e, to = v + e }
        end
      end
    end
  end
end

-- The ends of a whisker and half its head, in data.
local function whisker_ends(whisker)
  local box = whisker.box
  if box.across then
    local y = (box.y1 + box.y2) / 2
    return whisker.from, y, whisker.to, y
  end
  local x = (box.x1 + box.x2) / 2
  return x, whisker.from, x, whisker.to
end

--- Bars, one a name; those of several series side by side, or on each other. NaN and what is
-- infinite have none.
-- @param names list of the bars' names, or 1-D tensor; nil counts from 1
-- @param values 1-D tensor or list of numbers; 2-D tensor, one series a row; or list of series
-- @param options table: labels = names of the series (none); error = half lengths of error bars, in
-- the form of the values (none); horizontal (false); stacked = on each other (false); title, xlabel, ylabel = words (none);
-- log = "x", "y" or "xy": logarithmic axes (none); width = pixels (640); height = pixels (400)
-- @return figure
-- @raise sizes that differ, unknown options
-- @example ssl.plot.bar({"a", "b"}, {1, 3}, {title = "bars"}) --> bars...
-- @example #ssl.plot.bar(nil, ssl.ones(2, 3), {stacked = true}):svg() > 1000 --> true
local function bar(names, values, options)
  local o = figure.options(3, options, MORE)
  local self = setmetatable({ boxes = {}, whiskers = {}, colors = {} }, Bars)
  self.values = lists(2, "values", values)
  self.count = #self.values
  local n = self.values[1] and #self.values[1] or 0
  self.names = names ~= nil and is_list(1, "list of names", names) or {}
  if names == nil then
    for i = 1, n do self.names[i] = tostring(i) end
  elseif #self.names ~= n then
    check.fail(2, "values has %d points, but there are %d names", n, #self.names)
  end
  self.labels = series.labels(3, o.labels, self.count)
  self.horizontal, self.stacked = o.horizontal == true, o.stacked == true
  if o.error ~= nil then
    if self.stacked then check.fail(3, "error bars need bars side by side, not stacked") end
    self.errors = lists(3, "error", o.error)
    check_errors(self.errors, self.values)
  end
  for k = 1, self.count do self.colors[k] = style.color(k) end
  make_boxes(self)
  local at_left = self.horizontal
  self.x_names, self.y_names = not at_left and self.names or nil, at_left and self.names or nil
  self.y_down, self.tight, self.zero = at_left, at_left and "y" or "x", at_left and "x" or "y"
  return (figure.new(self, o, 3, MORE))
end

function Bars:extent(visit)
  for _, box in ipairs(self.boxes) do
    boxes.extent(box, visit)
    -- half a slot beside the first and the last bar
    for _, edge in ipairs { 0.5, #self.names + 0.5 } do
      if box.across then visit(box.x2, edge) else visit(edge, box.y2) end
    end
  end
  for _, whisker in ipairs(self.whiskers) do
    local x1, y1, x2, y2 = whisker_ends(whisker)
    visit(x1, y1)
    visit(x2, y2)
  end
end

-- The line at 0, where bars stand on both sides of it.
local function zero_line(self, place, out, area)
  local low = 0
  for _, box in ipairs(self.boxes) do low = math.min(low, box.across and box.x2 or box.y2) end
  if low == 0 then return end
  local line = { stroke = area.paint "frame", stroke_width = 1 }
  if self.horizontal then
    local x = place(0, 1)
    if x then out[#out + 1] = svg.line(x, area.top, x, area.bottom, line) end
  else
    local _, y = place(1, 0)
    if y then out[#out + 1] = svg.line(area.left, y, area.right, y, line) end
  end
end

function Bars:svg(place, out, area)
  for _, box in ipairs(self.boxes) do boxes.svg(box, place, out, area) end
  zero_line(self, place, out, area)
  local ink = { stroke = area.paint "ink", stroke_width = 1.3 }
  for _, whisker in ipairs(self.whiskers) do
    local x1, y1, x2, y2 = whisker_ends(whisker)
    local px1, py1 = place(x1, y1)
    local px2, py2 = place(x2, y2)
    if px2 then
      local foot = px1 ~= nil
      if not foot then -- reaches below a logarithmic axis
        px1, py1 = self.horizontal and area.left or px2, self.horizontal and py2 or area.bottom
      end
      out[#out + 1] = svg.line(px1, py1, px2, py2, ink)
      local dx, dy = self.horizontal and 0 or 3, self.horizontal and 3 or 0
      out[#out + 1] = svg.line(px2 - dx, py2 - dy, px2 + dx, py2 + dy, ink)
      if foot then out[#out + 1] = svg.line(px1 - dx, py1 - dy, px1 + dx, py1 + dy, ink) end
    end
  end
end

function Bars:legend()
  local entries = {}
  for k, label in ipairs(self.labels or {}) do
    entries[k] = {
      label = label, color = self.colors[k], mark = "box", series = k, y = 0,
      share = SHARES[(k - 1) % 4],
    }
  end
  return entries
end

function Bars:terminal(place, canvas)
  for _, box in ipairs(self.boxes) do boxes.terminal(box, place, canvas) end
  for _, whisker in ipairs(self.whiskers) do
    local x1, y1, x2, y2 = whisker_ends(whisker)
    local px1, py1 = place(x1, y1)
    local px2, py2 = place(x2, y2)
    if px1 and px2 then canvas:line(px1, py1, px2, py2, nil, 1) end
  end
end

function Bars:data()
  local columns, rows = { "name" }, {}
  for k = 1, self.count do
    local label = self.labels and tostring(self.labels[k]) or self.count > 1 and "value " .. k
    columns[#columns + 1] = label or "value"
    if self.errors then columns[#columns + 1] = (label and label .. " " or "") .. "error" end
  end
  for i, name in ipairs(self.names) do
    local row = { tostring(name) }
    for k = 1, self.count do
      row[#row + 1] = self.values[k][i]
      if self.errors then row[#row + 1] = self.errors[k][i] end
    end
    rows[i] = row
  end
  return columns, rows
end

return bar
