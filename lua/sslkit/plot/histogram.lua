-- Histograms of one or several series over common bins.

local bins = require "sslkit.plot.bins"
local boxes = require "sslkit.plot.boxes"
local check = require "sslkit.check"
local figure = require "sslkit.plot.figure"
local series = require "sslkit.plot.series"
local style = require "sslkit.plot.style"
local svg = require "sslkit.plot.svg"
local T = require "sslkit.tensor"

local Histogram = {}
Histogram.__index = Histogram

local MORE = { bins = true, density = true }

-- The members of a list of series, or the one given: any tensor is one, whatever its shape.
local function split(x)
  if type(x) ~= "table" then return { check.tensor(1, x, nil, "x") } end
  return (type(x[1]) == "number" or next(x) == nil) and { x } or series.plain(x)
end

-- The values that an axis can show, as float64, how many others there were, and whether they came
-- as whole numbers.
local function read(given, i)
  local values
  if type(given) == "table" then
    values = T.tensor(series.numbers(1, ("series %d"):format(i), given), "float64")
  else
    values = check.tensor(1, given, nil, "x"):to "float64":detach():reshape(-1)
  end
  local whole = type(given) ~= "table" and not given:dtype():find "float"
  local shown = values:isfinite():bit_and(values:abs():le(1e307))
  local kept = values:masked_select(shown)
  return kept, #values - #kept, whole
end

--- A histogram, or several in one figure as outlines over common bins. NaN and infinite values are
-- left out: fig.dropped counts them.
-- @param x tensor of any shape or list of numbers; or a list of those, one series each
-- @param options table: bins = a count, or ascending edges as list or tensor, of which only the last
-- bin holds its upper one; else the narrower of Freedman and Diaconis's and Sturges's rule, as in
-- NumPy ("auto"); density = areas of 1 (false); labels = names of the series (none);
-- title, xlabel, ylabel = words (none);
-- log = "x", "y" or "xy": logarithmic axes (none); width = pixels (640); height = pixels (400)
-- @return figure, with dropped, edges and counts (one list a series)
-- @raise unknown options, edges that do not ascend
-- @example ssl.plot.histogram({1, 2, 2, 3}, {bins = 2}).counts[1][2] --> 3
-- @example #ssl.plot.histogram(ssl.randn(1000)).edges --> 26
local function histogram(x, options)
  local o = figure.options(2, options, MORE)
  local self = setmetatable({ heights = {} }, Histogram)
  local lists, counts, dropped, all_whole = {}, {}, 0, true
  for i, one in ipairs(split(x)) do
    local lost, whole
    lists[i], lost, whole = read(one, i)
    dropped, all_whole = dropped + lost, all_whole and whole
  end
  self.labels = series.labels(2, o.labels, #lists)
  local all = #lists == 0 and T.zeros(0, "float64") or #lists == 1 and lists[1] or T.cat(lists)
  self.edges = bins.edges(2, o.bins == nil and "auto" or o.bins, all, all_whole)
  for i, values in ipairs(lists) do
    counts[i] = bins.counts(self.edges, values)
    local total = 0
    for _, count in ipairs(counts[i]) do total = total + count end
    self.heights[i] = {}
    for k, count in ipairs(counts[i]) do
      local area = total * (self.edges[k + 1] - self.edges[k])
      self.heights[i][k] = not o.density and count or total > 0 and count / area or 0
    end
  end
  self.counts, self.zero = counts, "y"
  self.empty = #all == 0
  if o.ylabel == nil then o.ylabel = o.density and "density" or "count" end
  local fig = figure.new(self, o, 2, MORE)
  fig.dropped, fig.edges, fig.counts = dropped, self.edges, counts
  return fig
end

local function highest(heights)
  local top = 0
  for _, height in ipairs(heights) do top = math.max(top, height) end
  return top
end

-- Calls f(box) for the bars of a series.
local function each_box(self, i, f)
  for k, height in ipairs(self.heights[i]) do
    if height > 0 then
      f {
        x1 = self.edges[k], y1 = 0, x2 = self.edges[k + 1], y2 = height, color = style.color(i),
        opacity = #self.heights > 1 and 0.25 or nil, edge = #self.heights == 1,
      }
    end
  end
end

function Histogram:extent(visit)
  if self.empty then return end
  for i = 1, #self.heights do
    each_box(self, i, function(box) boxes.extent(box, visit) end)
  end
  -- empty bins at the ends are shown, too
  for _, heights in ipairs(self.heights) do
    visit(self.edges[1], highest(heights))
    visit(self.edges[#self.edges], highest(heights))
  end
end

-- The places of a series' outline, from the axis up and down to it again; where it has no height it
-- runs along the foot of the field.
local function outline(heights, edges, place, foot)
  local points = {}
  local top = math.max(1, highest(heights))
  local function add(x, y)
    local px, py = place(x, y)
    if not px then px, py = place(x, top), foot end
    if px then points[#points + 1] = { px, py } end -- but an edge beside a logarithmic axis
  end
  add(edges[1], 0)
  for k, height in ipairs(heights) do
    add(edges[k], height)
    add(edges[k + 1], height)
  end
  add(edges[#edges], 0)
  return points
end

function Histogram:svg(place, out, area)
  for i, heights in ipairs(self.heights) do
    each_box(self, i, function(box) boxes.svg(box, place, out, area) end)
    if #self.heights > 1 then
      local parts = {}
      for k, p in ipairs(outline(heights, self.edges, place, area.bottom)) do
        parts[k] = svg.number(p[1]) .. " " .. svg.number(p[2])
      end
      out[#out + 1] = svg.element("path", {
        d = "M" .. table.concat(parts, "L"), fill = "none", stroke = area.paint(style.color(i)),
        stroke_width = 1.6, stroke_linejoin = "round", stroke_dasharray = style.dash(i),
      })
    end
  end
end

function Histogram:legend()
  local entries = {}
  for i, label in ipairs(self.labels or {}) do
    local several = #self.heights > 1
    entries[i] = {
      label = label, color = style.color(i), dash = several and style.dash(i) or nil,
      mark = several and "line" or "box", series = i, y = 0,
    }
  end
  return entries
end

function Histogram:terminal(place, canvas)
  for i, heights in ipairs(self.heights) do
    if #self.heights == 1 then
      each_box(self, i, function(box) boxes.terminal(box, place, canvas) end)
    else
      local list = outline(heights, self.edges, place, canvas.height - 1)
      for k = 2, #list do
        local from, to = list[k - 1], list[k]
        canvas:line(from[1], from[2], to[1], to[2], style.color(i), i)
      end
    end
  end
end

function Histogram:data()
  local columns, rows = { "from", "to" }, {}
  for i = 1, #self.heights do
    columns[#columns + 1] = self.labels and tostring(self.labels[i])
      or #self.heights > 1 and "height " .. i or "height"
  end
  for k = 1, #self.edges - 1 do
    rows[k] = { self.edges[k], self.edges[k + 1] }
    for i, heights in ipairs(self.heights) do rows[k][i + 2] = heights[k] end
  end
  return columns, rows
end

return histogram
