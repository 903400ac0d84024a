-- Loss landscapes: a surface over a plane of the weights, and what lies on it.

local check = require "sslkit.check"
local contours = require "sslkit.plot.contours"
local core = require "sslkit.core"
local figure = require "sslkit.plot.figure"
local matrix = require "sslkit.plot.matrix"
local trail = require "sslkit.plot.trail"

local DECADES = 100 -- from so large a ratio of the values on, their logarithms are shown

local function with_trail()
  local more = { points = true, path = true }
  for name in pairs(contours.MORE) do more[name] = true end
  return more
end

local MORE = with_trail()

-- {x=, y=, z=}, the options and the arguments' places: of (surface, options) or (x, y, z, options).
local function read(x, y, z, options)
  local surface = type(x) == "table" and not core.is_tensor(x) and x.z ~= nil
  if surface then
    return x.x, x.y, x.z, y, { x = 1, y = 1, z = 1, options = 2 }
  end
  if z == nil then
    check.fail(x == nil and 1 or 3, "surface {x=, y=, z=}, or x, y and z expected, got %s",
      check.kind(x == nil and x or z))
  end
  return x, y, z, options, { x = 1, y = 2, z = 3, options = 4 }
end

-- Do the values above 0 span decades, and are there none below?
local function spans_decades(argn, z)
  local t = matrix.read(argn, "z", z)
  local least = matrix.range(t, false)
  local low, high = matrix.range(t, true)
  return low ~= nil and least >= 0 and high / low >= DECADES
end

--- A landscape: the bands and lines of a surface over two directions, as ssl.plot.contour draws
-- them, logarithmic where the values span two decades and more, with a path and points on it.
-- @param x surface {x=, y=, z=}, and the options follow; or 1-D tensor or list: the columns' places
-- @param y the rows' places
-- @param z tensor [ny, nx], or list of rows: z[i][j] stands at y[i], x[j]
-- @param options table: points = list of {x=, y=, label=}, or tensor [n,2], such as minima (none);
-- path = list of {x=, y=} or {x, y}, or tensor [n,2], such as the steps of an optimiser (none);
-- log = logarithmic levels (where the values span decades); levels = how many at most,
-- at round numbers, or list of values (8); filled (true); labels = write the levels into the lines
-- (true); low, high = values at the ends of the colours (the smallest, the largest); colormap =
-- "sequential", or "diverging" around 0 (diverging where there are both signs); colorbar (true);
-- label = what z is, beside the colour bar (none); log_axes = "x", "y" or "xy" (none); square = one
-- scale on both axes (false); title, xlabel, ylabel = words (none); width = pixels (640); height =
-- pixels (400)
-- @return figure
-- @raise as ssl.plot.contour; places that are none
-- @source H. Li, Z. Xu, G. Taylor, C. Studer, T. Goldstein, Visualizing the Loss Landscape of Neural Nets, NeurIPS 2018
-- @example ssl.plot.landscape({x = {0, 1}, y = {0, 1}, z = {{3, 2}, {2, 1}}}, {title = "loss"}) --> loss...
-- @example ssl.plot.landscape({0, 1}, {0, 1}, {{3, 2}, {2, 1}}, {path = {{0, 0}, {1, 1}}}):svg():sub(1, 4) --> <svg
local function landscape(x, y, z, options)
  local given, argn
  x, y, z, given, argn = read(x, y, z, options)
  local o = check.options(argn.options, given, contours.DEFAULTS, MORE)
  if o.log == nil then o.log = spans_decades(argn.z, z) end
  local surface = contours.new(argn, x, y, z, o)
  local layers = { surface, trail.new(argn.options, o.path, o.points) }
  return (figure.new(layers, contours.frame(o), argn.options))
end

return landscape
