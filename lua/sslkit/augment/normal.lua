-- Standard normal numbers from uniform ones.

local T = require "sslkit.tensor"

--- Box and Muller's way.
-- @param u float64 [n,2k] in [0,1)
-- @param dtype of the result
-- @return [n,k]
return function(u, dtype)
  local k = u:size(2) // 2
  local radius = T.sqrt(T.log(1 - u:narrow(2, 1, k)) * -2)
  return (radius * T.cos(u:narrow(2, k + 1, 2 * k) * (2 * math.pi))):to(dtype)
end
