-- Two half circles that reach into each other.

local plane = require "sslkit.data.plane"

local function curve(share)
  local angle = share * math.pi
  local x, y = angle:cos(), angle:sin()
  return x, y, 1 - x, 0.5 - y
end

--- Two half circles of radius 1 that reach into each other, with Gaussian noise around them.
-- @param options table: n = samples (1000); noise = its standard deviation (0.1); seed = whole number
-- (0)
-- @return dataset: x = float32 [n,2], y = int64 [n], the two in turn: 1, 2, 1, 2, ...
-- @raise unknown options, fewer than two samples
-- @source scikit-learn, make_moons
-- @example ssl.data.moons{ n = 2, noise = 0 }.x --> [[1.0000, 0.0000], [0.0000, 0.5000]] (2,2) float32
local function moons(options)
  return (plane.two(options, "moons", {}, curve))
end

return moons
