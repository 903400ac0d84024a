-- The layer of points: few as they are, many as piles.

local marks = require "sslkit.plot.marks"
local style = require "sslkit.plot.style"
local svg = require "sslkit.plot.svg"

local points = {}

local Points = {}
Points.__index = Points

local FEW = 2000      -- points up to which each is an element of its own
local MOST = 100000   -- marks in a picture: a mebibyte of SVG
local CHUNK = 500     -- marks a path

-- By the number of points: the radius in pixels and the opacity of one.
local LOOKS = { { 100, 4, 0.9 }, { 1000, 3, 0.75 }, { 10000, 2, 0.5 }, { math.huge, 1.3, 0.35 } }

--- A layer.
-- @param self {x=, y= lists of finite numbers, group= list of each point's group (all 1), groups=
-- list of {color=, shape=, label=}, size=, alpha=, several= (does a group need a sign of its own)}
-- @return layer
function points.new(self)
  for _, look in ipairs(LOOKS) do
    if #self.x <= look[1] then
      self.radius = self.size and self.size / 2 or look[2]
      self.alpha = self.alpha or look[3]
      break
    end
  end
  return setmetatable(self, Points)
end

function Points:extent(visit)
  for i, x in ipairs(self.x) do visit(x, self.y[i]) end
end

local function gcd(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end

-- Calls f(x, y, group) for all points in an order that mixes them, so that the group that comes
-- last does not cover the others.
local function each(self, f)
  local n = #self.x
  local stride = math.max(1, math.floor(n * 0.618))
  while gcd(stride, n) > 1 do stride = stride + 1 end
  local at = 0
  for _ = 1, n do
    at = (at + stride) % n
    f(self.x[at + 1], self.y[at + 1], self.group and self.group[at + 1] or 1)
  end
end

local function draw_few(self, place, out, area)
  each(self, function(x, y, g)
    local px, py = place(x, y)
    if not px then return end
    local group = self.groups[g]
    out[#out + 1] = svg.element("path", {
      d = marks.path(group.shape, px, py, self.radius), fill = area.paint(group.color),
      fill_opacity = self.alpha,
    })
  end)
end

-- Points of one group that share a pixel, or the smallest square of pixels with which there are few
-- enough of them: a list of {px, py, group, count}.
local function piles_of(self, place)
  local grid = 1
  while true do
    local list, seen = {}, {}
    each(self, function(x, y, g)
      local px, py = place(x, y)
      if not px then return end
      local column, row = math.floor(px / grid + 0.5), math.floor(py / grid + 0.5)
      local key = (g * 10007 + column) * 10009 + row -- powers of two would share hash buckets
      if seen[key] then
        seen[key][4] = seen[key][4] + 1
      elseif #list <= MOST then
        seen[key] = { column * grid, row * grid, g, 1 }
        list[#list + 1] = seen[key]
      end
    end)
    if #list <= MOST then return list end
    grid = 2 * grid
  end
end

-- A pile is one mark, as opaque as its points on each other would be, in powers of two. Marks of one
-- look are a path; there, circles are strokes of no length with round ends.
local function draw_many(self, place, out, area)
  local buffers = {}
  local function flush(buffer)
    local group = self.groups[buffer.group]
    local color = area.paint(group.color)
    local opacity = 1 - (1 - self.alpha) ^ (1 << buffer.level)
    local round = group.shape == "circle"
    out[#out + 1] = svg.element("path", {
      d = table.concat(buffer), fill = round and "none" or color,
      fill_opacity = not round and opacity or nil, stroke = round and color or nil,
      stroke_opacity = round and opacity or nil, stroke_linecap = round and "round" or nil,
      stroke_width = round and 2 * self.radius or nil,
    })
  end
  for _, pile in ipairs(piles_of(self, place)) do
    local px, py, g, count = table.unpack(pile)
    local level = math.min(math.floor(math.log(count, 2)), 5)
    local key = g * 8 + level
    local buffer = buffers[key] or { group = g, level = level }
    local shape = self.groups[g].shape
    buffers[key] = buffer
    buffer[#buffer + 1] = shape == "circle" and ("M%d %dh0"):format(px, py)
      or marks.path(shape, px, py, self.radius)
    if #buffer == CHUNK then
      flush(buffer)
      buffers[key] = nil
    end
  end
  local left = {}
  for key in pairs(buffers) do left[#left + 1] = key end
  table.sort(left)
  for _, key in ipairs(left) do flush(buffers[key]) end
end

function Points:svg(place, out, area)
  local draw = #self.x <= FEW and draw_few or draw_many
  draw(self, place, out, area)
end

function Points:legend()
  local entries = {}
  for g, group in ipairs(self.groups) do
    if group.label ~= nil then
      entries[#entries + 1] = {
        label = group.label, color = group.color, shape = group.shape, mark = "dot", series = g,
        y = 0,
      }
    end
  end
  return entries
end

function Points:terminal(place, canvas)
  each(self, function(x, y, g)
    local px, py = place(x, y)
    if px then canvas:mark(px, py, self.groups[g].color, self.several and g or nil) end
  end)
end

--- The points, one a row, with their labels or values.
function Points:data()
  local names, rows = { "x", "y" }, {}
  if self.tags then names[3] = self.tag_name end
  for i, x in ipairs(self.x) do
    rows[i] = { x, self.y[i], self.tags and self.tags[i] }
  end
  return names, rows
end

--- The look of group g.
-- @param g number from 1
-- @return {color=, shape=}
function points.group(g) return { color = style.color(g), shape = style.shape(g) } end

return points
