-- Standard normal numbers from uniform ones.

local T = require "sslkit.tensor"

--- Box and Muller's way, computed in the dtype of the result: 1 - u is 2^-32 at least, which float32
-- has room for.
-- @param u float64 [n,2k], multiples of 2^-32 in [0,1)
-- @param dtype of the result
-- @return [n,k]
return function(u, dtype)
  local k = u:size(2) // 2
  local radius = T.sqrt(T.log((1 - u:narrow(2, 1, k)):to(dtype)) * -2)
  return radius * T.cos((u:narrow(2, k + 1, 2 * k) * (2 * math.pi)):to(dtype))
end
