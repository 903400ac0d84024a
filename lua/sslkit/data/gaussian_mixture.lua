-- Gaussian classes whose distance is known.

local check = require "sslkit.check"
local dataset = require "sslkit.data.dataset"
local linalg = require "sslkit.linalg"
local T = require "sslkit.tensor"

local DEFAULTS = { n = 1000, classes = 3, dim = 16, separation = 4, seed = 0 }

-- Orthonormal rows while there are dimensions for them, then random directions.
local function directions(classes, dim, generator)
  local random = T.randn(classes, dim, { generator = generator, dtype = "float64" })
  if classes <= dim then return (linalg.qr(random:t())):t() end
  return random / random:norm(2, 2, true)
end

--- Samples of Gaussian classes with unit variance in every direction. While classes <= dim, all
-- means are `separation` from each other, so that the best classifier's accuracy is known (for two
-- classes the normal distribution function at separation / 2); beyond that, about so far.
-- @param options table: n = samples (1000); classes = count (3); dim = width (16); separation =
-- distance of two means in standard deviations (4); seed = whole number (0)
-- @return dataset: x = float32 [n,dim], y = int64 [n], the classes in turn: 1, 2, ..., 1, 2, ...
-- @raise unknown options, counts below 1
-- @example ssl.data.gaussian_mixture{ n = 6, classes = 3, dim = 2 }.y --> [1, 2, 3, 1, 2, 3] (6) int64
local function gaussian_mixture(options)
  local o = check.options(1, options, DEFAULTS)
  local n = check.integer(1, "n", o.n, 1)
  local classes = check.integer(1, "classes", o.classes, 1)
  local dim = check.integer(1, "dim", o.dim, 1)
  local separation = check.number(1, "separation", o.separation, 0)
  local generator = T.generator(check.integer(1, "seed", o.seed))
  local means = directions(classes, dim, generator) * (separation / math.sqrt(2))
  local y = T.arange(0, n - 1, 1, "int64") % classes + 1
  local names = {}
  for k = 1, classes do names[k] = tostring(k) end
  return dataset.new {
    x = T.randn(n, dim, { generator = generator }) + means:to("float32"):index(1, y),
    y = y, classes = names, name = "gaussian mixture",
  }
end

return gaussian_mixture
