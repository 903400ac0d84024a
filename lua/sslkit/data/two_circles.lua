-- A circle inside another.

local check = require "sslkit.check"
local plane = require "sslkit.data.plane"

local function curve(share, options)
  local factor = check.number(1, "factor", options.factor, 0, 1)
  local n = #share
  local angle = share * (2 * math.pi * (n - 1) / n) -- the last is not the first again
  local x, y = angle:cos(), angle:sin()
  return x, y, factor * x, factor * y
end

--- A circle of radius 1 and a smaller one inside it, with Gaussian noise around them.
-- @param options table: n = samples (1000); noise = its standard deviation (0.1); factor = radius of
-- the smaller one, in 0..1 (0.5); seed = whole number (0)
-- @return dataset: x = float32 [n,2], y = int64 [n], the two in turn: 1, 2, 1, 2, ...
-- @raise unknown options, fewer than two samples
-- @source scikit-learn, make_circles
-- @example ssl.data.two_circles{ n = 2, noise = 0 }.x --> [[1.0000, 0.0000], [0.5000, 0.0000]] (2,2) float32
local function two_circles(options)
  return (plane.two(options, "two circles", { factor = 0.5 }, curve))
end

return two_circles
