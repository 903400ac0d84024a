-- Arguments that fit convolutions (spec/fuzz/arguments.lua).

local ssl = require "sslkit"

return function(fitting, kit)
  local pick, random = kit.pick, math.random

  fitting.conv2d = function()
    local dtype, groups = pick { "float32", "float64" }, pick { 1, 1, 2, 3 }
    local per, out = random(1, 3), groups * random(1, 2)
    local x = ssl.randn({ random(0, 3), groups * per, random(1, 9), random(1, 9) }, dtype)
    local w = ssl.randn({ out, per, random(1, 3), random(1, 3) }, dtype)
    return x, w, pick { nil, ssl.randn({ out }, dtype) }, {
      groups = groups, stride = pick { 1, 2, { 1, 3 } }, padding = pick { 0, 1, { 2, 0 } },
      dilation = pick { nil, 2 },
    }
  end
end
