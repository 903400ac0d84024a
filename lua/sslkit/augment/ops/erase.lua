-- Parts that are taken out of an image.

local range = require "sslkit.augment.range"

local ops = {}

local VALUES = 6

-- One number, one for each channel, or "random"; as the engine has it: how many, and which.
local function values_of(v)
  if v == "random" then return { 0 } end
  if type(v) == "number" then return { 1, v } end
  local out = { type(v) == "table" and rawlen(v) or 0 }
  if out[1] < 1 or out[1] > VALUES then return nil end
  for i, each in ipairs(v) do
    if type(each) ~= "number" then return nil end
    out[i + 1] = each
  end
  return out
end

ops.erase = {
  doc = "fills a random rectangle with a value, or with normal noise (value = \"random\")",
  options = { { "scale", { 0.02, 0.33 } }, { "ratio", { 0.3, 3.3 } }, { "value", 0 },
    { "p", 0.5 } },
  image = true,
  check = function(o, fail)
    range.check(fail, "scale", o.scale, 0, 1)
    range.check(fail, "ratio", o.ratio, 1e-3, 1e3)
    if not values_of(o.value) then
      fail("value must be a number, a list of one for each of at most %d channels, or 'random', "
        .. "got %s", VALUES, range.show(o.value))
    end
  end,
  shape = function(o, c, h, w)
    local count = type(o.value) == "table" and #o.value or 1
    if count > 1 and count ~= c then
      return nil, ("value has %d numbers for %d channels"):format(count, c)
    end
    return c, h, w
  end,
  rows = function(o)
    local least, most = range.ends(o.scale)
    local low, high = range.ends(o.ratio)
    return { { "erase", least, most, low, high, table.unpack(values_of(o.value)) } }
  end,
}

ops.cutout = {
  doc = "fills a square, or {height, width}, about a random pixel; a part of it may lie outside",
  options = { { "size", 16 }, { "value", 0 }, { "p", 1 } },
  image = true,
  check = function(o, fail)
    local size = o.size
    local both = type(size) == "table" and rawlen(size) == 2 and size or { size, size }
    for i = 1, 2 do
      local whole = type(both[i]) == "number" and math.tointeger(both[i])
      if not whole or whole < 1 or whole > 1 << 20 then
        fail("size must be a whole number from 1, or {height, width}, got %s", range.show(size))
      end
    end
    if type(o.value) ~= "number" then
      fail("value must be a number, got %s", range.show(o.value))
    end
  end,
  rows = function(o)
    local high, wide = range.ends(o.size)
    return { { "cutout", high, wide, o.value } }
  end,
}

return ops
