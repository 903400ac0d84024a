-- What lies on a landscape: a path over it, and points with names.

local check = require "sslkit.check"
local core = require "sslkit.core"
local marks = require "sslkit.plot.marks"
local svg = require "sslkit.plot.svg"

local Trail = {}
Trail.__index = Trail

local trail = {}

local WIDTH, RADIUS, SIZE = 2, 4.5, 12 -- of the path, the points, the font, in pixels
local COLOR = "#D55E00"

-- {== Arguments ============================================================================

-- A place {x, y} or {x=, y=}, perhaps with a label.
local function read_place(argn, what, v)
  if core.is_tensor(v) and v:dim() == 1 and v:numel() == 2 then v = v:totable() end
  if type(v) ~= "table" then
    check.fail(argn, "%s must be {x, y} or {x=, y=}, got %s", what, check.kind(v))
  end
  local x, y = v.x or v[1], v.y or v[2]
  for name, value in pairs { x = x or false, y = y or false } do
    if type(value) ~= "number" then
      check.fail(argn, "%s must be {x, y} or {x=, y=} of numbers, and its %s is %s", what, name,
        check.kind(value or nil))
    end
  end
  return { x = x, y = y, label = v.label ~= nil and tostring(v.label):gsub("%s", " ") or nil }
end

local function read_places(argn, what, v)
  if v == nil then return {} end
  if core.is_tensor(v) then
    if v:dim() ~= 2 or v:size(2) ~= 2 then
      check.fail(argn, "%s as tensor [n,2] expected, got %s", what, check.kind(v))
    end
    v = v:totable()
  elseif type(v) ~= "table" then
    check.fail(argn, "%s must be a list of places or tensor [n,2], got %s", what, check.kind(v))
  end
  local list = {}
  for i, place in ipairs(v) do
    list[i] = read_place(argn, ("place %d of %s"):format(i, what), place)
  end
  if #list == 0 and next(v) ~= nil then
    check.fail(argn, "%s must be a list of places {x=, y=}", what)
  end
  return list
end

-- ==}

--- The layer, or nil where there is nothing on it.
-- @param argn the options' place among the caller's arguments
-- @param path, points as of ssl.plot.landscape
-- @return layer or nil
function trail.new(argn, path, points)
  local self = {
    path = read_places(argn, "path", path), points = read_places(argn, "points", points),
  }
  if #self.path + #self.points == 0 then return nil end
  return setmetatable(self, Trail)
end

-- A path may lead beyond the surface: the axes show where.
function Trail:extent(visit)
  for _, list in ipairs { self.path, self.points } do
    for _, at in ipairs(list) do visit(at.x, at.y) end
  end
end

-- Calls visit(x1, y1, x2, y2) for the pieces of the path that have a place.
local function each_step(self, place, visit)
  local x, y
  for _, at in ipairs(self.path) do
    local x2, y2 = place(at.x, at.y)
    if x and x2 then visit(x, y, x2, y2) end
    x, y = x2, y2
  end
end

local function mark(x, y, shape, radius, area)
  return svg.element("path", {
    d = marks.path(shape, x, y, radius), fill = area.paint(COLOR), stroke = "#ffffff",
    stroke_width = 1.2,
  })
end

-- A label beside a point, on the side where there is room, with a rim that any ground shows.
local function name_of(x, y, label, area)
  local width = svg.width(label, SIZE)
  local left = x + RADIUS + 4 + width > area.right and x - RADIUS - 4 - width > area.left
  return svg.text(left and x - RADIUS - 4 or x + RADIUS + 4, y + 0.36 * SIZE, label, {
    font_size = SIZE, font_weight = "600", fill = "#000000", stroke = "#ffffff",
    stroke_width = 3, stroke_linejoin = "round", paint_order = "stroke",
    text_anchor = left and "end" or "start",
  })
end

function Trail:svg(place, out, area)
  local steps = {}
  each_step(self, place, function(x1, y1, x2, y2)
    steps[#steps + 1] = ("M%s %sL%s %s"):format(
      svg.number(x1), svg.number(y1), svg.number(x2), svg.number(y2))
  end)
  for _, stroke in ipairs { { "#ffffff", WIDTH + 2 }, { COLOR, WIDTH } } do
    out[#out + 1] = #steps > 0 and svg.element("path", {
      d = table.concat(steps), fill = "none", stroke = stroke[1], stroke_width = stroke[2],
      stroke_linecap = "round",
    }) or nil
  end
  local first = self.path[1]
  local x, y
  if first then x, y = place(first.x, first.y) end
  if x then out[#out + 1] = mark(x, y, "circle", 0.8 * RADIUS, area) end -- where it sets out
  local names = {}
  for _, list in ipairs { self.path, self.points } do
    for _, at in ipairs(list) do
      local px, py = place(at.x, at.y)
      if px and list == self.points then out[#out + 1] = mark(px, py, "diamond", RADIUS, area) end
      if px and at.label then names[#names + 1] = name_of(px, py, at.label, area) end
    end
  end
  table.move(names, 1, #names, #out + 1, out)
end

function Trail:terminal(place, canvas)
  each_step(self, place, function(x1, y1, x2, y2)
    canvas:line(x1, y1, x2, y2, COLOR, 1)
  end)
  for _, list in ipairs { self.points, self.path } do
    for _, at in ipairs(list) do
      local x, y = place(at.x, at.y)
      local word = (list == self.points and "x" or "") .. (at.label and " " .. at.label or "")
      if x and word ~= "" then canvas:text(x, y, word, COLOR) end
    end
  end
end

function Trail:data()
  local rows = {}
  for _, name in ipairs { "path", "points" } do
    for _, at in ipairs(self[name]) do rows[#rows + 1] = { name, at.x, at.y, at.label } end
  end
  return { "part", "x", "y", "label" }, rows
end

return trail
