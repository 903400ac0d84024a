-- Windows, sizes and places of pixels.

local range = require "sslkit.augment.range"

local ops = {}

-- {== Sizes ================================================================================

local INTERP = { nearest = 0, nearest_exact = 1, bilinear = 2, bicubic = 3 }

local function check_resampling(o, fail)
  if not INTERP[o.interp] then
    fail("interp must be one of nearest, nearest_exact, bilinear, bicubic, got %s",
      range.show(o.interp))
  end
  for _, name in ipairs { "antialias", "clip" } do
    if type(o[name]) ~= "boolean" then
      fail("%s must be true or false, got %s", name, range.show(o[name]))
    end
  end
end

local function resized(o, c) return c, o.size[1], o.size[2] end

-- What the engine's tables of pixels and weights take, at most.
local function room(o, c, h, w)
  local out_h, out_w = o.size[1], o.size[2]
  local tables = 2 * (4 * math.max(h, out_h) + 3 * out_h + 4 * math.max(w, out_w) + 3 * out_w)
  return math.max(c * h * w, c * out_h * out_w, w + tables)
end

local function flag(v) return v and 1 or 0 end

local function resampling(o)
  return o.size[1], o.size[2], INTERP[o.interp], flag(o.antialias), flag(o.clip)
end

ops.resize = {
  doc = "another size",
  options = { { "size" }, { "interp", "bilinear" }, { "antialias", false }, { "clip", false },
    { "p", 1 } },
  image = true,
  check = check_resampling,
  shape = resized,
  room = room,
  rows = function(o) return { { "resize", resampling(o) } } end,
}

local MOST = 10000 -- attempts

ops.random_resized_crop = {
  doc = "a random window, resized: its area is a share of the image's, its shape near a square",
  options = { { "size" }, { "scale", { 0.08, 1 } }, { "ratio", { 3 / 4, 4 / 3 } },
    { "interp", "bilinear" }, { "antialias", false }, { "clip", false }, { "sampler", "tv" },
    { "attempts", 0 }, { "p", 1 } },
  image = true,
  check = function(o, fail)
    check_resampling(o, fail)
    range.check(fail, "scale", o.scale, 1e-6, 1)
    range.check(fail, "ratio", o.ratio, 1e-3, 1e3)
    if o.sampler ~= "tv" and o.sampler ~= "tf" then
      fail("sampler must be one of tv, tf, got %s", range.show(o.sampler))
    end
    local attempts = type(o.attempts) == "number" and math.tointeger(o.attempts)
    if not attempts or attempts < 0 or attempts > MOST then
      fail("attempts must be a whole number in 1..%d, or 0 for the sampler's own, got %s", MOST,
        range.show(o.attempts))
    end
  end,
  shape = resized,
  room = room,
  rows = function(o)
    local height, width, interp, antialias, clip = resampling(o)
    local least, most = range.ends(o.scale)
    local low, high = range.ends(o.ratio)
    return { { "random_resized_crop", height, width, interp, antialias, clip, least, most, low,
      high, o.attempts, flag(o.sampler == "tf") } }
  end,
}

-- ==}

-- {== Windows as they are ==================================================================

local function fits(o, c, h, w, padding)
  local high, wide = o.size[1], o.size[2]
  if high > h + 2 * padding or wide > w + 2 * padding then
    return nil, ("a window of %dx%d does not fit into an image of %dx%d%s"):format(high, wide, h, w,
      padding > 0 and (" with a padding of %d"):format(padding) or "")
  end
  return c, high, wide
end

ops.center_crop = {
  doc = "the middle",
  options = { { "size" }, { "p", 1 } },
  image = true,
  shape = function(o, c, h, w) return fits(o, c, h, w, 0) end,
  rows = function(o) return { { "center_crop", o.size[1], o.size[2] } } end,
}

local PADDING = 4096

ops.random_crop = {
  doc = "a random window of the image, which may be padded before",
  options = { { "size" }, { "padding", 0 }, { "fill", 0 }, { "mode", "constant" }, { "p", 1 } },
  image = true,
  check = function(o, fail)
    local padding = type(o.padding) == "number" and math.tointeger(o.padding)
    if not padding or padding < 0 or padding > PADDING then
      fail("padding must be a whole number in 0..%d, got %s", PADDING, range.show(o.padding))
    end
    if type(o.fill) ~= "number" then fail("fill must be a number, got %s", range.show(o.fill)) end
    if o.mode ~= "constant" and o.mode ~= "reflect" then
      fail("mode must be one of constant, reflect, got %s", range.show(o.mode))
    end
  end,
  shape = function(o, c, h, w) return fits(o, c, h, w, o.padding) end,
  rows = function(o)
    return { { "random_crop", o.size[1], o.size[2], o.padding, o.fill, flag(o.mode == "reflect") } }
  end,
}

-- ==}

-- {== Places ===============================================================================

-- How pixels between pixels are taken, and what lies outside.
local function check_places(o, fail)
  if o.interp ~= "nearest" and o.interp ~= "bilinear" then
    fail("interp must be one of nearest, bilinear, got %s", range.show(o.interp))
  end
  if type(o.fill) ~= "number" then fail("fill must be a number, got %s", range.show(o.fill)) end
end

-- A number x stands for -x..x.
local function both_ways(v)
  if type(v) == "table" then return v[1], v[2] end
  return -v, v
end

-- An operation with one number, drawn from both ways; `scaled` gives the factor from its unit to the
-- engine's, of the sizes.
local function moving(doc, option, default, most, scaled)
  return function(name)
    return {
      doc = doc,
      options = { { option, default }, { "interp", "nearest" }, { "fill", 0 }, { "p", 1 } },
      image = true,
      check = function(o, fail)
        range.check(fail, option, o[option], -most, most)
        check_places(o, fail)
      end,
      rows = function(o, _, h, w)
        local lo, hi = both_ways(o[option])
        local k = scaled and scaled(h, w) or 1
        return { { name, lo * k, hi * k, 0, 0, 0, flag(o.interp == "bilinear"), o.fill } }
      end,
    }
  end
end

ops.rotate = moving("turns about the middle, by degrees against the clock", "degrees", 30, 360)
  "rotate"
ops.shear_x = moving("moves rows sideways, by so many pixels for each one down", "shear", 0.3, 100)
  "shear_x"
ops.shear_y = moving("moves columns down, by so many pixels for each one sideways", "shear", 0.3,
  100) "shear_y"
ops.translate_x = moving("moves right by a share of the width, in whole pixels", "share", 0.45, 1,
  function(_, w) return w end) "translate_x"
ops.translate_y = moving("moves down by a share of the height, in whole pixels", "share", 0.45, 1,
  function(h) return h end) "translate_y"

ops.affine = {
  doc = "turns (degrees with the clock), moves (shares), scales and shears (degrees)",
  options = { { "degrees", 15 }, { "translate", { 0, 0 } }, { "scale", { 1, 1 } }, { "shear_x", 0 },
    { "shear_y", 0 }, { "interp", "nearest" }, { "fill", 0 }, { "p", 1 } },
  image = true,
  check = function(o, fail)
    range.check(fail, "degrees", o.degrees, -360, 360)
    local t = o.translate
    if type(t) ~= "table" or rawlen(t) ~= 2 or not (type(t[1]) == "number" and t[1] >= 0
      and t[1] <= 1 and type(t[2]) == "number" and t[2] >= 0 and t[2] <= 1) then
      fail("translate must be {share of the width, of the height} in 0..1, got %s", range.show(t))
    end
    range.check(fail, "scale", o.scale, 1e-3, 1e3)
    range.check(fail, "shear_x", o.shear_x, -89, 89)
    range.check(fail, "shear_y", o.shear_y, -89, 89)
    check_places(o, fail)
  end,
  rows = function(o)
    local turn_lo, turn_hi = both_ways(o.degrees)
    local scale_lo, scale_hi = range.ends(o.scale)
    local x_lo, x_hi = both_ways(o.shear_x)
    local y_lo, y_hi = both_ways(o.shear_y)
    return { { "affine", turn_lo, turn_hi, o.translate[1], o.translate[2], scale_lo, scale_hi, x_lo,
      x_hi, y_lo, y_hi, flag(o.interp == "bilinear"), o.fill } }
  end,
}

-- ==}

return ops
