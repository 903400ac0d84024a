-- Singular values below this share of the largest count as rounding: NumPy's max(m, n) eps.

local core = require "sslkit.core"

local EPSILON = { float32 = 2.0 ^ -23, float64 = 2.0 ^ -52 }

return function(a)
  return math.max(core.size(a, -1), core.size(a, -2)) * EPSILON[core.dtype(a)]
end
