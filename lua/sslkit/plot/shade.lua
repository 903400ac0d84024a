-- Which colour stands for which value: two ends, and a colour map between them.

local check = require "sslkit.check"
local colormap = require "sslkit.plot.colormap"
local scale = require "sslkit.plot.scale"

local shade = {}

local Shade = {}
Shade.__index = Shade

local SMALL = 1e-6 -- so small a share of the values may lie beyond 0 by rounding

-- The map that shows signs where there are both.
local function chosen(low, high)
  local both = low < -SMALL * high and high > -SMALL * low
  return both and "diverging" or "sequential"
end

local function check_ends(argn, low, high, log)
  for name, v in pairs { low = low, high = high } do
    check.number(argn, name, v)
    if log and v <= 0 then
      check.fail(argn, "%s must be above 0 on a logarithmic scale, got %g", name, v)
    end
  end
  if low and high and low >= high then
    check.fail(argn, "low must be below high, got %g and %g", low, high)
  end
end

--- Colours for values between two ends; those beyond have the colour of the nearer end.
-- @param argn the options' place among the caller's arguments
-- @param low, high the smallest and the largest value that can be shown; nil where there is none
-- @param o {low=, high= (the caller's own ends), colormap=, log=, label=}, each perhaps nil
-- @return shade
function shade.new(argn, low, high, o)
  check_ends(argn, o.low, o.high, o.log)
  if o.colormap ~= nil then check.one_of(argn, "colormap", o.colormap, colormap.names) end
  low, high = o.low or low, o.high or high
  low = low or high or o.log and 1 or 0
  high = high or low
  if low > high then -- one of them is the caller's, and beyond all values
    if o.low then high = low else low = high end
  end
  local name = o.colormap or o.log and "sequential" or chosen(low, high)
  local self = setmetatable({
    low = low, high = high, log = o.log or false, map = colormap.of(name),
    middle = name == "diverging" and not o.log or nil,
  }, Shade)
  self.reach = math.max(math.abs(low), math.abs(high))
  self.colorbar = {
    low = low, high = high, log = self.log,
    label = o.label ~= nil and tostring(o.label):gsub("%s", " ") or nil,
    color = function(share) return self:color(self:value(share)) end,
  }
  return self
end

--- Where a value stands: 0 at the low end, 1 at the high one.
-- @param v number
-- @return 0..1, or nil for a value that has no place
function Shade:share(v)
  if not scale.can_show(self.log, v) then return nil end
  local low, high = self.low, self.high
  if not (low < high) then return 0.5 end
  if self.log then
    low, high, v = math.log(low), math.log(high), math.log(v)
  else
    low, high, v = low / 2, high / 2, v / 2 -- their distance may be too large for a number
  end
  return math.max(0, math.min((v - low) / (high - low), 1))
end

--- The value at a share of the way from the low end to the high one.
-- @param share 0..1
-- @return number
function Shade:value(share)
  if self.log then return self.low ^ (1 - share) * self.high ^ share end
  return self.low * (1 - share) + self.high * share
end

--- The colour of a value.
-- @param v number
-- @return "#rrggbb", or nil for a value that has no place
function Shade:color(v)
  local share = self:share(v)
  if not share then return nil end
  -- 0 has the middle of a diverging map, and equal colours are equally far from it
  if self.middle then share = self.reach > 0 and 0.5 + v / self.reach / 2 or 0.5 end
  return self.map(share)
end

return shade
