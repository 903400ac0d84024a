-- Operations on colours. Where code bases differ, "tv" is torchvision's way.

local range = require "sslkit.augment.range"

local MOST = 1000 -- a factor; what is beyond it is a mistake

local ops = {}

local function one_or_three(_, c, h, w)
  if c ~= 1 and c ~= 3 then return nil, ("1 or 3 channels expected, got %d"):format(c) end
  return c, h, w
end

-- Factors: x is 1-x..1+x but never negative. Shifts: x is -x..x.
local function factor(v) return range.around(v, 1, 0) end
local function shift(v) return range.around(v, 0, -math.huge) end

local function check_factor(fail, name, v) range.check(fail, name, v, 0, MOST) end

local function check_hue(fail, name, v)
  range.check(fail, name, v, type(v) == "table" and -0.5 or 0, 0.5)
end

-- {"name", lo, hi, levels, signed, base}
local function strength_row(name, lo, hi) return { { name, lo, hi, 0, 0, 0 } } end

-- {== Jitter ============================================================================

-- How the rows number them, and whether the brightness is added.
local DIALECTS = {
  tv = { 0, false },
  simclr = { 1, false },
  simclr1 = { 2, true },
  byol = { 2, true },
}

local NAN = 0 / 0

local function unless_zero(lo_hi, v)
  if v == 0 then return NAN, NAN end
  return lo_hi(v)
end

ops.jitter = {
  doc = "brightness, contrast, saturation and hue by random factors in random order",
  options = { { "b", 0 }, { "c", 0 }, { "s", 0 }, { "h", 0 }, { "dialect", "tv" }, { "p", 1 } },
  aliases = { brightness = "b", contrast = "c", saturation = "s", hue = "h" },
  image = true,
  check = function(o, fail)
    local dialect = DIALECTS[o.dialect]
    if not dialect then
      fail("dialect must be one of byol, simclr, simclr1, tv, got %s", range.show(o.dialect))
    end
    if dialect[2] then
      range.check(fail, "b", o.b, type(o.b) == "table" and -1 or 0, 1)
    else
      check_factor(fail, "b", o.b)
    end
    check_factor(fail, "c", o.c)
    check_factor(fail, "s", o.s)
    check_hue(fail, "h", o.h)
  end,
  shape = one_or_three,
  rows = function(o)
    local code, added = table.unpack(DIALECTS[o.dialect])
    local b_lo, b_hi = unless_zero(added and shift or factor, o.b)
    local c_lo, c_hi = unless_zero(factor, o.c)
    local s_lo, s_hi = unless_zero(factor, o.s)
    local h_lo, h_hi = unless_zero(shift, o.h)
    return { { "jitter", code, b_lo, b_hi, c_lo, c_hi, s_lo, s_hi, h_lo, h_hi } }
  end,
}

-- ==}

-- {== One at a time =====================================================================

local function by_factor(name, doc)
  ops[name] = {
    doc = doc,
    options = { { "strength", 0.4 }, { "p", 1 } },
    image = true,
    check = function(o, fail) check_factor(fail, "strength", o.strength) end,
    shape = name ~= "brightness" and one_or_three or nil,
    rows = function(o) return strength_row(name, factor(o.strength)) end,
  }
end

by_factor("brightness", "values times a factor")
by_factor("contrast", "a blend with the mean of the gray image")
by_factor("saturation", "a blend with the gray image")

ops.hue = {
  doc = "colours turned along the circle, of which 1 is the whole",
  options = { { "strength", 0.1 }, { "p", 1 } },
  image = true,
  check = function(o, fail) check_hue(fail, "strength", o.strength) end,
  shape = one_or_three,
  rows = function(o) return strength_row("hue", shift(o.strength)) end,
}

ops.gray = {
  doc = "no colours; the channels stay, all alike",
  options = { { "dialect", "tv" }, { "p", 1 } },
  image = true,
  check = function(o, fail)
    if o.dialect ~= "tv" and o.dialect ~= "pil" then
      fail("dialect must be one of pil, tv, got %s", range.show(o.dialect))
    end
  end,
  shape = one_or_three,
  rows = function(o) return { { "gray", o.dialect == "pil" and 1 or 0 } } end,
}

ops.invert = {
  doc = "black for white",
  options = { { "p", 1 } },
  image = true,
  rows = function() return { { "invert" } } end,
}

-- ==}

-- {== Normalisation =====================================================================

-- Means and standard deviations of the training sets' pixels.
local PRESETS = {
  cifar10 = { { 0.4914, 0.4822, 0.4465 }, { 0.2470, 0.2435, 0.2616 } },
  cifar100 = { { 0.5071, 0.4865, 0.4409 }, { 0.2673, 0.2564, 0.2762 } },
  imagenet = { { 0.485, 0.456, 0.406 }, { 0.229, 0.224, 0.225 } },
  mnist = { 0.1307, 0.3081 },
  fashion_mnist = { 0.2860, 0.3530 },
}
local PRESET_NAMES = "cifar10, cifar100, fashion_mnist, imagenet, mnist"

local CHANNELS = 6 -- that a row has room for

-- A number or a list of them?
local function check_list(fail, name, v, least)
  local list = type(v) == "table" and v or { v }
  local n = rawlen(list)
  local good = n >= 1 and n <= CHANNELS and next(list, n) == nil
  for i = 1, n do
    local e = list[i]
    good = good and type(e) == "number" and e > least and e < math.huge
  end
  if not good then
    fail("%s must be a number%s or a list of up to %d, got %s", name,
      least == 0 and " above 0" or "", CHANNELS, range.show(v))
  end
  return n
end

-- How many channels, the list of their means, and of their standard deviations.
local function statistics(o)
  local mean, std = o.mean, o.std
  if o.preset then mean, std = table.unpack(PRESETS[o.preset]) end
  local n = math.max(type(mean) == "table" and #mean or 1, type(std) == "table" and #std or 1)
  local means, stds = {}, {}
  for i = 1, n do
    means[i] = type(mean) == "table" and (mean[i] or mean[1]) or mean
    stds[i] = type(std) == "table" and (std[i] or std[1]) or std
  end
  return n, means, stds
end

ops.normalize = {
  doc = "(value - mean) / std of each channel",
  options = { { "mean", false }, { "std", false }, { "preset", false }, { "p", 1 } },
  image = true,
  check = function(o, fail)
    if o.preset then
      if not PRESETS[o.preset] then
        fail("preset must be one of %s, got %s", PRESET_NAMES, range.show(o.preset))
      elseif o.mean or o.std then
        fail "a preset has its own mean and std"
      end
      return
    end
    if not o.mean or not o.std then
      fail("mean and std, or a preset (%s) expected", PRESET_NAMES)
    end
    local n, m = check_list(fail, "mean", o.mean, -math.huge), check_list(fail, "std", o.std, 0)
    if n ~= m and n > 1 and m > 1 then fail("there are %d means, but %d of std", n, m) end
  end,
  shape = function(o, c, h, w)
    local n = statistics(o)
    if n > 1 and n ~= c then
      return nil, ("there are %d means, but %d channels"):format(n, c)
    end
    return c, h, w
  end,
  rows = function(o)
    local n, means, stds = statistics(o)
    local row = { "normalize", n, table.unpack(means) }
    return { table.move(stds, 1, n, #row + 1, row) }
  end,
}

-- ==}

return ops
