-- The legend: names of the series, beside the data where each ends.

local marks = require "sslkit.plot.marks"
local style = require "sslkit.plot.style"
local svg = require "sslkit.plot.svg"

local legend = {}

local SWATCH = 20
local LONGEST_LABEL = 180
local SHARE = 0.45 -- of the figure's width, at most

--- What the legends of all layers say.
-- @param fig figure
-- @param place function(x, y) -> px, py
-- @return list of {label=, color=, dash=, mark=, shape=, series=, y=}, new
function legend.entries(fig, place)
  local all = {}
  for _, layer in ipairs(fig.layers) do
    for _, entry in ipairs(layer.legend and layer:legend(place) or {}) do
      local own = { order = #all + 1 }
      for key, value in pairs(entry) do own[key] = value end
      own.label = tostring(entry.label):gsub("%s", " ")
      own.series = entry.series or #all + 1
      all[#all + 1] = own
    end
  end
  return all
end

local function longest(fig)
  return math.min(LONGEST_LABEL, SHARE * fig.width - SWATCH - 2 * style.GAP)
end

--- The room that the legend takes at the right.
-- @param fig figure
-- @return pixels, 0 where there is none
function legend.width(fig)
  local width, most = 0, longest(fig)
  local entries = legend.entries(fig, function() end)
  if #entries * style.LINE_HEIGHT > fig.height / 2 then -- perhaps not all have room
    entries[#entries + 1] = { label = ("and %d more"):format(#entries) }
  end
  for _, entry in ipairs(entries) do
    local label = math.min(svg.width(entry.label, style.SIZE), most)
    width = math.max(width, SWATCH + 2 * style.GAP + label)
  end
  return width
end

--- Entries by the heights at which they would like to stand, those without one last; where there is
-- no room for all, the last ones become one that counts them.
-- @param entries list; changed
-- @param most how many have room
-- @return list
function legend.sorted(entries, most)
  table.sort(entries, function(a, b)
    local ya, yb = a.y or math.huge, b.y or math.huge
    if ya ~= yb then return ya < yb end
    return a.order < b.order
  end)
  most = math.max(1, most)
  if #entries <= most then return entries end
  local rest = { label = ("and %d more"):format(#entries - most + 1), mark = "none", series = 1 }
  return table.move({ rest }, 1, 1, most, table.move(entries, 1, most - 1, 1, {}))
end

--- Rows for labels that would like to stand at given heights: in the same order, at least `gap`
-- apart where there is room, between top and bottom.
-- @param entries list of {y=}, ascending, those without one last; changed
-- @param top, bottom, gap numbers
function legend.spread(entries, top, bottom, gap)
  gap = math.min(gap, (bottom - top) / math.max(#entries - 1, 1))
  for i, entry in ipairs(entries) do
    local wanted = math.min(entry.y or bottom, bottom)
    entry.y = math.max(wanted, i > 1 and entries[i - 1].y + gap or top)
  end
  local limit = bottom
  for i = #entries, 1, -1 do
    entries[i].y = math.min(entries[i].y, limit)
    limit = entries[i].y - gap
  end
end

local function swatch(entry, x, paint)
  local color, y = paint(entry.color), entry.y
  if entry.mark == "box" then
    return svg.element("rect", { x = x + 2, y = y - 5, width = 11, height = 11, fill = color })
  elseif entry.mark == "dot" then
    return svg.element("path",
      { d = marks.path(entry.shape or "circle", x + 8, y, 4.5), fill = color })
  end
  return svg.line(x, y, x + SWATCH - 4, y,
    { stroke = color, stroke_width = 2.5, stroke_dasharray = entry.dash })
end

--- Appends the legend.
-- @param fig figure
-- @param area as plot/axes.lua lays it out
-- @param place function(x, y) -> px, py
-- @param out list of elements
-- @param paint as style.painter makes it
function legend.draw(fig, area, place, out, paint)
  local room = area.bottom - area.top - 8
  local entries = legend.sorted(legend.entries(fig, place), room // style.LINE_HEIGHT + 1)
  legend.spread(entries, area.top + 4, area.bottom - 4, style.LINE_HEIGHT)
  local x = area.right + area.bar_width + style.GAP
  for _, entry in ipairs(entries) do
    if entry.mark ~= "none" then out[#out + 1] = swatch(entry, x, paint) end
    local label = svg.fit(entry.label, longest(fig), style.SIZE)
    out[#out + 1] = svg.text(x + SWATCH, entry.y + 4, label)
  end
end

return legend
