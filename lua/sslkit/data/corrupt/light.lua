-- Corruptions of light and colour.

local plasma = require "sslkit.data.corrupt.plasma"
local T = require "sslkit.tensor"

local light = {}

-- The lightness of HSV is the largest channel; hue and saturation do not change.
light.brightness = {
  severities = { 0.05, 0.1, 0.15, 0.2, 0.3 },
  make = function(more)
    return function(x)
      local value = x:amax(2, true)
      local black = value:eq(0)
      local lighter = (value + more):clamp(0, 1)
      return T.where(black, lighter, x * (lighter / value:masked_fill(black, 1)))
    end
  end,
}

light.contrast = {
  severities = { 0.75, 0.5, 0.4, 0.3, 0.15 },
  make = function(factor)
    return function(x)
      local mean = x:mean({ 3, 4 }, true)
      return (x - mean) * factor + mean
    end
  end,
}

-- In HSV a channel is value (1 - saturation r), where r depends on the hue alone: that of red, (0, 1,
-- 1), where there is no colour.
light.saturate = {
  severities = { { 0.3, 0 }, { 0.1, 0 }, { 1.5, 0 }, { 2, 0.1 }, { 2.5, 0.2 } },
  channels = 3,
  make = function(c)
    local red = T.tensor { 0, 1, 1 }:view(1, 3, 1, 1)
    return function(x)
      local value, least = x:amax(2, true), x:amin(2, true)
      local range = value - least
      local grey = range:eq(0)
      local hue = T.where(grey, red, (value - x) / range:masked_fill(grey, 1))
      local saturation = range / value:masked_fill(value:eq(0), 1)
      return value * (1 - hue * (saturation * c[1] + c[2]):clamp(0, 1))
    end
  end,
}

light.fog = {
  severities = { { 0.2, 3 }, { 0.5, 3 }, { 0.75, 2.5 }, { 1, 2 }, { 1.5, 1.75 } },
  make = function(c, about)
    return function(x, draws)
      local cloud = plasma(#x, math.max(about.height, about.width), c[2], draws)
      cloud = cloud:narrow(2, 1, about.height):narrow(3, 1, about.width):unsqueeze(2)
      local most = x:amax({ 2, 3, 4 }, true)
      return (x + cloud * c[1]) * (most / (most + c[1]))
    end
  end,
}

return light
