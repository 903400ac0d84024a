-- Policies that draw their operations: of many, each image goes through a few.
-- How strong each can be is torchvision's.

local colour = require "sslkit.augment.ops.colour"
local filter = require "sslkit.augment.ops.filter"
local geometry = require "sslkit.augment.ops.geometry"
local near = require "sslkit.near"
local tables = require "sslkit.augment.tables"

local ops = {}

-- {== How strong ===========================================================================

local single = {}
for _, family in ipairs { colour, filter, geometry } do
  for name, op in pairs(family) do single[name] = op end
end

-- A strength is base, which changes nothing, plus m or, where it is signed, minus m as often; m goes
-- from 0 to most. Moves are in pixels, of which the engine takes whole ones.
local function space(shear, translate_x, translate_y, rotate, colours, bits)
  local function to(most, base, signed) return { most = most, base = base, signed = signed } end
  return {
    shear_x = to(shear, 0, true), shear_y = to(shear, 0, true),
    translate_x = to(translate_x, 0, true), translate_y = to(translate_y, 0, true),
    rotate = to(rotate, 0, true), brightness = to(colours, 1, true),
    saturation = to(colours, 1, true), contrast = to(colours, 1, true),
    sharpness = to(colours, 1, true), posterize = to(-bits, 8), solarize = to(-1, 1),
  }
end

local function usual_space(h, w)
  return space(0.3, 150 / 331 * w, 150 / 331 * h, 30, 0.9, 4)
end

local WIDE = space(0.99, 32, 32, 135, 0.99, 6)

-- In torchvision's order.
local NAMES = {
  "identity", "shear_x", "shear_y", "translate_x", "translate_y", "rotate", "brightness",
  "saturation", "contrast", "sharpness", "posterize", "solarize", "autocontrast", "equalize",
}

-- The row of an operation with m from lo to hi, in shares of the most. `levels` as the engine has them
-- (src/augment.h): so many values, 0 for any, -1 and -2 for what follows the sample's strength.
local function row(name, s, o, size, lo, hi, levels)
  if name == "identity" then return nil end
  local op, own = single[name], { p = 1 }
  for _, option in ipairs(op.options) do own[option[1]] = option[2] end
  if own.interp ~= nil then own.interp = o.interp end
  if own.fill ~= nil then own.fill = o.fill end
  local out = op.rows(own, table.unpack(size))[1]
  local how = s[name]
  if how then
    out[2], out[3], out[4] = how.most * lo, how.most * hi, levels or 0
    out[5], out[6] = how.signed and 1 or 0, how.base
  end
  return out
end

-- Of all operations, one, whose list of rows f(name) gives.
local function any(f)
  local choice = { "choose" }
  for i, name in ipairs(NAMES) do choice[i + 1] = f(name) end
  return choice
end

-- ==}

-- {== Operations ===========================================================================

local function is_whole(v, least, most)
  return type(v) == "number" and math.tointeger(v) and v >= least and v <= most
end

local function check_common(o, fail)
  if o.interp ~= "nearest" and o.interp ~= "bilinear" then
    fail("interp must be nearest or bilinear, got %s", tostring(o.interp))
  end
  if type(o.fill) ~= "number" then fail("fill must be a number, got %s", tostring(o.fill)) end
  if o.bins ~= nil and not is_whole(o.bins, 2, 1000) then
    fail("bins must be a whole number in 2..1000, got %s", tostring(o.bins))
  end
end

local function bin(v, bins, fail)
  if type(v) ~= "number" or not (v >= 0 and v <= bins - 1) then
    fail("magnitude must be in 0..%d, or a range of these, got %s", bins - 1, tostring(v))
  end
  return v / (bins - 1)
end

ops.randaugment = {
  doc = "operations one after the other, each drawn from 14, all as strong",
  options = {
    { "num_ops", 2 }, { "magnitude", 9 }, { "bins", 31 }, { "follow", false },
    { "interp", "nearest" }, { "fill", 0 }, { "p", 1 },
  },
  image = true,
  check = function(o, fail)
    check_common(o, fail)
    if not is_whole(o.num_ops, 1, 14) then
      fail("num_ops must be a whole number in 1..14, got %s", tostring(o.num_ops))
    end
    local range = type(o.magnitude) == "table" and o.magnitude or { o.magnitude, o.magnitude }
    if #range ~= 2 or bin(range[1], o.bins, fail) > bin(range[2], o.bins, fail) then
      fail("magnitude must be a number or {low, high}")
    end
    if type(o.follow) ~= "boolean" then
      fail("follow must be true or false, got %s", tostring(o.follow))
    end
  end,
  shape = colour.jitter.shape,
  rows = function(o, c, h, w)
    local s, size, out = usual_space(h, w), { c, h, w }, {}
    local range = type(o.magnitude) == "table" and o.magnitude or { o.magnitude, o.magnitude }
    local lo, hi = range[1] / (o.bins - 1), range[2] / (o.bins - 1)
    local levels = o.follow and (o.num_ops > 1 and -2 or -1) or 0
    for i = 1, o.num_ops do
      out[i] = any(function(name) return { row(name, s, o, size, lo, hi, levels) } end)
    end
    return out
  end,
}

ops.trivialaugment = {
  doc = "one operation of 14, any strength of a wide range",
  options = { { "bins", 31 }, { "interp", "nearest" }, { "fill", 0 }, { "p", 1 } },
  image = true,
  check = check_common,
  shape = colour.jitter.shape,
  rows = function(o, c, h, w)
    local size = { c, h, w }
    return { any(function(name) return { row(name, WIDE, o, size, 0, 1, o.bins) } end) }
  end,
}

ops.autoaugment = {
  doc = "one of 25 pairs of operations, as a search found them",
  options = { { "table", "cifar10" }, { "interp", "nearest" }, { "fill", 0 }, { "p", 1 } },
  image = true,
  check = function(o, fail)
    check_common(o, fail)
    if not tables.by_name[o.table] then
      fail("table must be one of cifar10, imagenet, svhn, got %s%s", tostring(o.table),
        near.hint(tostring(o.table), { "cifar10", "imagenet", "svhn" }))
    end
  end,
  shape = colour.jitter.shape,
  rows = function(o, c, h, w)
    local s, size, choice = usual_space(h, w), { c, h, w }, { "choose" }
    for i, pair in ipairs(tables.by_name[o.table]) do
      local group = {}
      for k, step in ipairs(pair) do
        local share = (step.magnitude or 0) / (tables.BINS - 1)
        group[k] = row(step.op, s, o, size, share, share)
        group[k].p = step.p
      end
      choice[i + 1] = group
    end
    return { choice }
  end,
}

-- ==}

return ops
