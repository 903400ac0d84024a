-- The shapes of points, as SVG path data around a place.

local svg = require "sslkit.plot.svg"

local marks = {}

local number = svg.number

local SHAPES = {}

function SHAPES.circle(x, y, r)
  local d = number(2 * r)
  r = number(r)
  return ("M%s %sa%s %s 0 1 0 %s 0a%s %s 0 1 0 -%s 0z"):format(
    number(x - r), number(y), r, r, d, r, r, d)
end

function SHAPES.square(x, y, r)
  local side = number(1.8 * r)
  return ("M%s %sh%sv%sh-%sz"):format(number(x - 0.9 * r), number(y - 0.9 * r), side, side, side)
end

function SHAPES.triangle(x, y, r)
  local w, h = number(1.1 * r), number(1.9 * r)
  return ("M%s %sl%s %sh-%sz"):format(number(x), number(y - 1.15 * r), w, h, number(2.2 * r))
end

function SHAPES.diamond(x, y, r)
  local d = number(1.25 * r)
  return ("M%s %sl%s %sl-%s %sl-%s -%sz"):format(
    number(x), number(y - 1.25 * r), d, d, d, d, d, d)
end

-- A plus whose arms are as broad as they can be read.
function SHAPES.cross(x, y, r)
  local a, b = number(0.72 * r), number(0.7 * r)
  return ("M%s %sh%sv%sh%sv%sh-%sv%sh-%sv-%sh-%sv-%sh%sz"):format(number(x - 0.35 * r),
    number(y - 1.07 * r), b, a, a, b, a, a, b, a, a, b, a)
end

--- The outline of a shape.
-- @param shape "circle", "square", "triangle", "diamond" or "cross"
-- @param x, y its middle
-- @param r about half its width: shapes of one r look equally large
-- @return string, path data
function marks.path(shape, x, y, r) return SHAPES[shape](x, y, r) end

return marks
