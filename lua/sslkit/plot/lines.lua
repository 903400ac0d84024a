-- The layer of lines, bands and markers.

local marks = require "sslkit.plot.marks"
local style = require "sslkit.plot.style"
local svg = require "sslkit.plot.svg"

local lines = {}

local Lines = {}
Lines.__index = Lines

local WIDTH = 1.8       -- of a line, in pixels
local MANY = 2000       -- points from which those of one pixel column are drawn as one stroke
local FEW = 16          -- points up to which a line shows where they are

--- A layer.
-- @param list of series {x=, y=, low=, high=, label=, color=, dash=, markers= (few points)}, lists
-- of one length; color and dash default to those of the series' number
-- @return layer
function lines.new(list)
  for i, series in ipairs(list) do
    series.color = series.color or style.color(i)
    series.dash = series.dash or style.dash(i)
    series.shape = style.shape(i)
    if series.markers == nil then series.markers = #series.x <= FEW end
  end
  return setmetatable(list, Lines)
end

--- Calls visit(x, y) for every point, those of the bands too.
function Lines:extent(visit)
  for _, series in ipairs(self) do
    for i, x in ipairs(series.x) do
      visit(x, series.y[i])
      if series.low then
        visit(x, series.low[i])
        visit(x, series.high[i])
      end
    end
  end
end

-- The runs of points that have a place, each a list of {px, py}.
local function runs_of(series, place)
  local runs, run = {}, nil
  for i, x in ipairs(series.x) do
    local px, py = place(x, series.y[i])
    if px then
      if not run then
        run = {}
        runs[#runs + 1] = run
      end
      run[#run + 1] = { px, py }
    else
      run = nil
    end
  end
  return runs
end

-- A run with the points that share a pixel column reduced to the first, the lowest, the highest and
-- the last of them: the picture is the same.
local function thinned(run)
  if #run <= MANY then return run end
  local out, first = {}, 1
  while first <= #run do
    local column, last, low, high = math.floor(run[first][1]), first, first, first
    while run[last + 1] and math.floor(run[last + 1][1]) == column do
      last = last + 1
      if run[last][2] < run[low][2] then low = last end
      if run[last][2] > run[high][2] then high = last end
    end
    local keep = { first, math.min(low, high), math.max(low, high), last }
    for k, at in ipairs(keep) do
      if at ~= keep[k - 1] then out[#out + 1] = run[at] end
    end
    first = last + 1
  end
  return out
end

local function path_text(points)
  local parts = {}
  for i, p in ipairs(points) do parts[i] = svg.number(p[1]) .. " " .. svg.number(p[2]) end
  return "M" .. table.concat(parts, "L")
end

local function band(series, color, place, out)
  local upper, lower
  local function finish()
    if upper and #upper > 1 then
      for k = #lower, 1, -1 do upper[#upper + 1] = lower[k] end
      out[#out + 1] = svg.element("path",
        { d = path_text(upper) .. "Z", fill = color, fill_opacity = 0.18 })
    end
    upper, lower = nil, nil
  end
  for i, x in ipairs(series.x) do
    local px, low = place(x, series.low[i])
    local _, high = place(x, series.high[i])
    if low and high then
      upper, lower = upper or {}, lower or {}
      upper[#upper + 1], lower[#lower + 1] = { px, high }, { px, low }
    else
      finish()
    end
  end
  finish()
end

-- The points of a run as small shapes: where they are few, and where one stands alone.
local function markers(series, run, color, out)
  local parts = {}
  for i, p in ipairs(run) do parts[i] = marks.path(series.shape, p[1], p[2], 1.8 * WIDTH) end
  out[#out + 1] = svg.element("path", { d = table.concat(parts), fill = color })
end

--- Appends the elements that show the lines to `out`.
-- @param place function(x, y) -> pixel x, pixel y; nothing for a point without a place
-- @param out list of strings
-- @param area {paint=}
function Lines:svg(place, out, area)
  for _, series in ipairs(self) do
    if series.low then band(series, area.paint(series.color), place, out) end
  end
  for _, series in ipairs(self) do
    local color = area.paint(series.color)
    for _, run in ipairs(runs_of(series, place)) do
      if #run > 1 then
        out[#out + 1] = svg.element("path", {
          d = path_text(thinned(run)), fill = "none", stroke = color, stroke_width = WIDTH,
          stroke_linejoin = "round", stroke_linecap = "round", stroke_dasharray = series.dash,
        })
      end
      if #run == 1 or series.markers then markers(series, run, color, out) end
    end
  end
end

--- What the legend says: one entry for each series that has a label.
-- @param place as for svg
-- @return list of {label=, color=, dash=, series=, y = pixel row of its last point, or nil}
function Lines:legend(place)
  local entries = {}
  for i, series in ipairs(self) do
    if series.label ~= nil then
      local y
      for k = #series.x, 1, -1 do
        local _, row = place(series.x[k], series.y[k])
        if row then
          y = row
          break
        end
      end
      entries[#entries + 1] = {
        label = series.label, color = series.color, dash = series.dash, mark = "line",
        series = i, y = y,
      }
    end
  end
  return entries
end

--- Draws the lines as dots.
-- @param place as for svg, in dots
-- @param canvas see plot/canvas.lua
function Lines:terminal(place, canvas)
  for i, series in ipairs(self) do
    for _, run in ipairs(runs_of(series, place)) do
      for k = 1, math.max(#run - 1, 1) do
        local from, to = run[k], run[k + 1] or run[k]
        canvas:line(from[1], from[2], to[1], to[2], series.color, i)
      end
    end
  end
end

--- The points, one a row.
-- @return names, rows
function Lines:data()
  local names, rows, banded = { "series", "x", "y" }, {}, false
  for i, series in ipairs(self) do
    banded = banded or series.low ~= nil
    for k, x in ipairs(series.x) do
      rows[#rows + 1] = {
        series.label ~= nil and tostring(series.label) or i, x, series.y[k],
        series.low and series.low[k], series.high and series.high[k],
      }
    end
  end
  if banded then names[4], names[5] = "low", "high" end
  return names, rows
end

return lines
