-- What the datasets of points in the plane have in common.

local check = require "sslkit.check"
local dataset = require "sslkit.data.dataset"
local T = require "sslkit.tensor"

local plane = {}

--- Two classes in turn along two curves.
-- @param options the caller's table: n = samples (1000), noise = standard deviation (0.1), seed (0),
-- and what `more` has defaults for
-- @param name of the dataset
-- @param curve function(share, options): the coordinates of both classes, x1, y1, x2, y2, for a
-- float64 tensor of shares 0..1 of the way along them
-- @return dataset
function plane.two(options, name, more, curve)
  local defaults = { n = 1000, noise = 0.1, seed = 0 }
  for option, value in pairs(more) do defaults[option] = value end
  local o = check.options(1, options, defaults)
  local n = check.integer(1, "n", o.n, 2)
  local noise = check.number(1, "noise", o.noise, 0)
  local generator = T.generator(check.integer(1, "seed", o.seed))
  local half = (n + 1) // 2
  local x1, y1, x2, y2 = curve(T.linspace(0, 1, half, "float64"), o)
  local points = T.stack({ T.stack({ x1, y1 }, 2), T.stack({ x2, y2 }, 2) }, 2)
  points = points:reshape(2 * half, 2):narrow(1, 1, n)
  local shaken = points + noise * T.randn(n, 2, { generator = generator, dtype = "float64" })
  return dataset.new {
    x = shaken:to "float32",
    y = T.arange(0, n - 1, 1, "int64") % 2 + 1,
    classes = { "1", "2" },
    name = name,
  }
end

return plane
