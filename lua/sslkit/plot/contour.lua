-- Contour plots.

local check = require "sslkit.check"
local contours = require "sslkit.plot.contours"
local figure = require "sslkit.plot.figure"

--- Lines on which a function of the plane has a given value, found by marching squares between the
-- points of a grid, with the bands between them filled. What is NaN or infinite stays grey, with the
-- cells around it; where the levels are logarithmic, what is not above 0 counts as lowest. Of a finer
-- grid than 128x128 the means of blocks are drawn, and the figure says so.
-- @param x 1-D tensor or list of numbers that rise or fall: the columns' places; nil counts from 1
-- @param y the same of the rows
-- @param z tensor [ny, nx], or list of rows: z[i][j] stands at y[i], x[j]
-- @param options table: levels = how many at most, at round numbers, or list of values (8); filled
-- (true); labels = write the levels into the lines (true); log = logarithmic levels
-- (false); low, high = values at the ends of the colours (the smallest, the largest); colormap =
-- "sequential", or "diverging" around 0 (diverging where there are both signs); colorbar (true);
-- label = what z is, beside the colour bar (none); log_axes = "x", "y" or "xy" (none); square = one
-- scale on both axes (false); title, xlabel, ylabel = words (none); width = pixels (640); height =
-- pixels (400)
-- @return figure
-- @raise a grid with less than 2 rows or columns, sizes that differ, unknown options
-- @source W. E. Lorensen and H. E. Cline, Marching Cubes, SIGGRAPH 1987; G. M. Nielson and B. Hamann, The Asymptotic Decider, Visualization 1991
-- @example ssl.plot.contour(nil, nil, {{0, 1}, {1, 2}}, {title = "plane"}) --> plane...
-- @example ssl.plot.contour({1, 2}, {1, 2}, {{0, 1}, {1, 2}}, {levels = {0.5}}):svg():find(">0.5<") ~= nil --> true
local function contour(x, y, z, options)
  local o = check.options(4, options, contours.DEFAULTS, contours.MORE)
  local layer = contours.new({ x = 1, y = 2, z = 3, options = 4 }, x, y, z, o)
  return (figure.new(layer, contours.frame(o), 4))
end

return contour
