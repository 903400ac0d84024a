-- Filters, and what is done to values whatever their colour.

local range = require "sslkit.augment.range"

local ops = {}

-- {== Blur ==============================================================================

local KERNEL = 1023 -- the largest

-- SimCLR's and BYOL's rule: of a tenth of the height, half to both sides of the pixel.
local function kernel_size(kernel, h)
  if type(kernel) == "number" then return math.tointeger(kernel) end
  local radius = math.floor(kernel * h + 1e-9) // 2
  return math.min(2 * math.tointeger(radius) + 1, KERNEL)
end

local function is_kernel(k)
  if type(k) == "string" then
    local share = tonumber(k)
    return share and share > 0 and share <= 1
  end
  local whole = type(k) == "number" and math.tointeger(k)
  return whole and whole >= 1 and whole <= KERNEL and whole % 2 == 1
end

ops.blur = {
  doc = "Gaussian blur; mirrored at the edges (as often as a small image needs), or black outside",
  options = { { "kernel", "0.1" }, { "sigma", { 0.1, 2 } }, { "pad", "reflect" }, { "p", 1 } },
  aliases = { k = "kernel", kernel_size = "kernel" },
  image = true,
  check = function(o, fail)
    if not is_kernel(o.kernel) then
      fail('kernel must be an odd number up to %d, or a share of the height such as "0.1", got %s',
        KERNEL, range.show(o.kernel))
    end
    range.check(fail, "sigma", o.sigma, 1e-3, 1000)
    if o.pad ~= "reflect" and o.pad ~= "zero" then
      fail("pad must be one of reflect, zero, got %s", range.show(o.pad))
    end
  end,
  room = function(o, c, h, w) return math.max(c * h * w, h * (w + kernel_size(o.kernel, h))) end,
  rows = function(o, _, h)
    local lo, hi = range.ends(o.sigma)
    return { { "blur", kernel_size(o.kernel, h), lo, hi, o.pad == "zero" and 1 or 0 } }
  end,
}

ops.pil_blur = {
  doc = "Pillow's GaussianBlur, on bytes: three box blurs in each direction",
  options = { { "radius", { 0.1, 2 } }, { "p", 1 } },
  image = true,
  check = function(o, fail) range.check(fail, "radius", o.radius, 0, 1000) end,
  rows = function(o) return { { "pil_blur", range.ends(o.radius) } } end,
}

-- ==}

-- {== Strengths: "name", lo, hi, levels, signed, base ===================================

ops.sharpness = {
  doc = "a blend with the image that a 3x3 filter has smoothed",
  options = { { "strength", 0.9 }, { "p", 1 } },
  image = true,
  check = function(o, fail) range.check(fail, "strength", o.strength, 0, 1000) end,
  rows = function(o)
    local lo, hi = range.around(o.strength, 1, 0)
    return { { "sharpness", lo, hi, 0, 0, 0 } }
  end,
}

ops.solarize = {
  doc = "values from the threshold on are inverted",
  options = { { "threshold", 0.5 }, { "p", 1 } },
  aliases = { t = "threshold" },
  image = true,
  check = function(o, fail) range.check(fail, "threshold", o.threshold, 0, 1) end,
  rows = function(o)
    local lo, hi = range.ends(o.threshold)
    return { { "solarize", lo, hi, 0, 0, 0 } }
  end,
}

ops.posterize = {
  doc = "the highest bits only, of bytes; of a range, each number of bits is as likely",
  options = { { "bits", 4 }, { "p", 1 } },
  image = true,
  check = function(o, fail)
    range.check(fail, "bits", o.bits, 1, 8)
    local lo, hi = range.ends(o.bits)
    if not math.tointeger(lo) or not math.tointeger(hi) then
      fail("bits must be whole numbers, got %s", range.show(o.bits))
    end
  end,
  rows = function(o)
    local lo, hi = range.ends(o.bits)
    return { { "posterize", lo, hi, hi - lo + 1, 0, 0 } }
  end,
}

-- ==}

-- {== Histograms, noise =================================================================

ops.equalize = {
  doc = "the histogram of each channel as flat as it gets, of bytes",
  options = { { "p", 1 } },
  image = true,
  rows = function() return { { "equalize" } } end,
}

ops.autocontrast = {
  doc = "each channel stretched from black to white",
  options = { { "p", 1 } },
  image = true,
  rows = function() return { { "autocontrast" } } end,
}

ops.noise = {
  doc = "Gaussian noise on each value",
  options = { { "sigma", 0.1 }, { "clip", true }, { "p", 1 } },
  image = true,
  check = function(o, fail)
    range.check(fail, "sigma", o.sigma, 0, 1000)
    if type(o.clip) ~= "boolean" then
      fail("clip must be true or false, got %s", range.show(o.clip))
    end
  end,
  rows = function(o)
    local lo, hi = range.ends(o.sigma)
    return { { "noise", lo, hi, o.clip and 1 or 0 } }
  end,
}

-- ==}

return ops
