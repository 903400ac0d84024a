-- Boxes that stand on an axis: what bars and histograms are drawn with.

local svg = require "sslkit.plot.svg"

local boxes = {}

-- The corners of a box in pixels or dots; nil where it has no place. Where its foot has none (0 on a
-- logarithmic axis) it stands on the edge of the field.
local function corners(box, place, foot)
  local x, y = place(box.x2, box.y2)
  if not x then return nil end
  if box.across then -- grows to the right
    local _, side = place(box.x2, box.y1)
    return place(box.x1, box.y1) or foot, side, x, y
  end
  local _, start = place(box.x1, box.y1)
  return place(box.x1, box.y2), start or foot, x, y
end

--- Calls visit for the corners of a box: also with its end's height at its foot, which a logarithmic
-- axis does not show.
-- @param box {x1=, y1=, x2=, y2=, across=}: from its foot to its end
-- @param visit function(x, y)
function boxes.extent(box, visit)
  visit(box.x1, box.y1)
  visit(box.x2, box.y2)
  if box.across then visit(box.x2, box.y1) else visit(box.x1, box.y2) end
end

--- Appends a box.
-- @param box as above, with color= and perhaps opacity=, edge=
-- @param place function(x, y) -> px, py
-- @param out list of elements
-- @param area {left=, bottom=, paint=}
function boxes.svg(box, place, out, area)
  local x1, y1, x2, y2 = corners(box, place, box.across and area.left or area.bottom)
  if not x1 then return end
  out[#out + 1] = svg.element("rect", {
    x = math.min(x1, x2), y = math.min(y1, y2), width = math.abs(x2 - x1),
    height = math.abs(y2 - y1), fill = area.paint(box.color), fill_opacity = box.opacity,
    stroke = box.edge and area.paint "paper" or nil, stroke_width = box.edge and 0.5 or nil,
  })
end

--- Fills a box.
-- @param box as above, with share= of darkness
-- @param place function(x, y) -> dots
-- @param canvas see plot/canvas.lua
function boxes.terminal(box, place, canvas)
  local x1, y1, x2, y2 = corners(box, place, box.across and 0 or canvas.height - 1)
  if x1 then canvas:fill(x1, y1, x2, y2, box.color, box.share) end
end

return boxes
