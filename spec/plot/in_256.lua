-- in_256(f): what f() gives where a terminal has 256 colours, whatever the one here has.

local color = require "sslkit.text.color"

return function(f)
  local depth = color.depth
  color.depth = function() return 8 end
  local ok, result = pcall(f)
  color.depth = depth
  return assert(ok and result, result)
end
