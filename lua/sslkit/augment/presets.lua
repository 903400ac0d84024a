-- The policies of well-known works, with the numbers that they published.

local check = require "sslkit.check"
local near = require "sslkit.near"

local presets = {}

local LARGE = 64 -- pixels: from here on SimCLR's form for ImageNet

-- {== Parts ================================================================================

local function crop(size, lo, hi, interp)
  return { "random_resized_crop", size = size, scale = { lo, hi }, interp = interp }
end

local function jitter(b, c, s, h) return { "jitter", p = 0.8, b = b, c = c, s = s, h = h } end

local function pil_blur(p) return { "pil_blur", p = p, radius = { 0.1, 2 } } end

local function solarize(p) return p > 0 and { "solarize", p = p, threshold = 128 / 255 } end

local FLIP, GRAY = { "hflip", p = 0.5 }, { "gray", p = 0.2 }

-- The operations given that are there: false stands for one that is left out.
local function view(n, ...)
  local out = { n = n }
  for i = 1, select("#", ...) do
    local op = select(i, ...)
    if op then out[#out + 1] = op end
  end
  return out
end

-- BYOL's jitter, blur and solarisation as others have taken them over, on Pillow images.
local function byol_view(n, size, lo, hi, blur, solar)
  return view(n, crop(size, lo, hi, "bicubic"), FLIP, jitter(0.4, 0.4, 0.2, 0.1), GRAY,
    pil_blur(blur), solarize(solar))
end

-- solo-learn's order: colours behind the crop, the mirror last.
local function solo_view(n, size, colour, gray, blur, solar)
  return view(n, crop(size, 0.08, 1, "bicubic"), colour, gray and GRAY,
    blur > 0 and pil_blur(blur), solarize(solar), FLIP)
end

-- ==}

-- {== Policies =============================================================================

-- name -> {dialect, options = {name = default}, make = function(options) -> list of views}
local known = {}

known.simclr = {
  dialect = "simclr",
  options = { strength = true, blur = true },
  make = function(o)
    local large = type(o.size) == "number" and o.size >= LARGE
    local s, blur = o.strength or (large and 1 or 0.5), o.blur
    if blur == nil then blur = large end
    return { view(2, crop(o.size, 0.08, 1), FLIP, jitter(0.8 * s, 0.8 * s, 0.8 * s, 0.2 * s), GRAY,
      blur and { "blur", p = 0.5, kernel = "0.1", sigma = { 0.1, 2 } }) }
  end,
}

known.moco = {
  dialect = "pil",
  make = function(o)
    return { view(2, crop(o.size, 0.2, 1, "bilinear"), jitter(0.4, 0.4, 0.4, 0.1), GRAY,
      pil_blur(0.5), FLIP) }
  end,
}

known.byol = {
  dialect = "byol",
  make = function(o)
    local function half(blur, solar)
      return view(1, crop(o.size, 0.08, 1), FLIP, jitter(0.4, 0.4, 0.2, 0.1), GRAY,
        { "blur", p = blur, kernel = "0.1", sigma = { 0.1, 2 } },
        solar > 0 and { "solarize", p = solar, threshold = 0.5 })
    end
    return { half(1, 0), half(0.1, 0.2) }
  end,
}

known.barlow = {
  dialect = "pil",
  make = function(o)
    return { byol_view(1, o.size, 0.08, 1, 1, 0), byol_view(1, o.size, 0.08, 1, 0.1, 0.2) }
  end,
}

known.vicreg = known.barlow

known.dino = {
  dialect = "pil",
  options = { locals = 8, local_size = true },
  make = function(o)
    local lo = o.locals > 0 and 0.4 or 0.14
    local views = {
      byol_view(1, o.size, lo, 1, 1, 0), byol_view(1, o.size, lo, 1, 0.1, 0.2),
    }
    local size = o.local_size
    if size == nil then
      size = type(o.size) == "number" and math.floor(o.size * 96 / 224 + 0.5) or "0.43"
    end
    if o.locals > 0 then views[3] = byol_view(o.locals, size, 0.05, 0.4, 0.5, 0) end
    return views
  end,
}

local cifar = {
  symmetric = function(size)
    return { solo_view(2, size, jitter(0.8, 0.8, 0.8, 0.2), true, 0.5, 0) }
  end,
  symmetric_weak = function(size)
    return { solo_view(2, size, jitter(0.4, 0.4, 0.4, 0.1), true, 0.5, 0) }
  end,
  asymmetric = function(size)
    local colour = jitter(0.4, 0.4, 0.2, 0.1)
    return { solo_view(1, size, colour, true, 0, 0), solo_view(1, size, colour, true, 0, 0.2) }
  end,
  ressl = function(size)
    return { solo_view(1, size, jitter(0.4, 0.4, 0.2, 0.1), true, 0.5, 0),
      solo_view(1, size, false, false, 0, 0) }
  end,
  reconstruction = function(size) return { solo_view(1, size, false, false, 0, 0) } end,
}

known.cifar = {
  dialect = "pil",
  options = { form = "symmetric" },
  make = function(o, fail)
    if not cifar[o.form] then
      fail("form must be one of symmetric, symmetric_weak, asymmetric, ressl, reconstruction, "
        .. "got %s", check.kind(o.form))
    end
    return cifar[o.form](o.size)
  end,
}

known.mae = {
  dialect = "pil",
  make = function(o) return { view(1, crop(o.size, 0.2, 1, "bicubic"), FLIP) } end,
}

known.mnist = {
  dialect = "tv",
  make = function(o) return { view(2, crop(o.size, 0.4, 1)) } end,
}

known.none = { dialect = "tv", make = function() return { { n = 1, "identity" } } end }

known.randaugment = {
  dialect = "tv",
  options = { num_ops = 2, magnitude = 9 },
  make = function(o)
    return { { n = 1, { "randaugment", num_ops = o.num_ops, magnitude = o.magnitude } } }
  end,
}

known.trivial = { dialect = "tv", make = function() return { { n = 1, "trivialaugment" } } end }

known.autoaugment = {
  dialect = "tv",
  options = { table = "cifar10" },
  make = function(o) return { { n = 1, { "autoaugment", table = o.table } } } end,
}

known.bcl = {
  dialect = "tv",
  options = { num_ops = 1 },
  make = function(o)
    return { view(2, { "randaugment", num_ops = o.num_ops, follow = true,
      magnitude = { o.num_ops > 1 and 5 or 10, 30 } }, crop(o.size, 0.2, 1), FLIP,
      jitter(0.4, 0.4, 0.4, 0.1), GRAY) }
  end,
}

-- ==}

local function names()
  local list = {}
  for name in pairs(known) do list[#list + 1] = name end
  table.sort(list)
  return list
end

--- The policies that have a name: see ssl.augment.policy.
-- @return list of names
-- @example #ssl.augment.presets() > 10 --> true
function presets.presets() return names() end

--- A policy by its name, in brief form; options as in ssl.augment.policy.
-- @param argn of the public function whose argument the name is
function presets.make(argn, name, options)
  local preset = known[name]
  if not preset then
    local all = names()
    check.fail(argn, "no policy '%s'%s; known: %s", name, near.hint(name, all),
      table.concat(all, ", "))
  end
  local defaults, more = { size = "input", normalize = false }, { dialect = true }
  for option, default in pairs(preset.options or {}) do
    if default == true then more[option] = true else defaults[option] = default end
  end
  local o = check.options(argn + 1, options, defaults, more)
  local function fail(text, ...) check.fail(argn + 1, text, ...) end
  local views = preset.make(o, fail)
  if o.normalize then
    for _, each in ipairs(views) do each[#each + 1] = { "normalize", preset = o.normalize } end
  end
  return { name = name, dialect = o.dialect or preset.dialect, views = views }
end

return presets
