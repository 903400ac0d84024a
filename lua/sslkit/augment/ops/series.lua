-- Operations on series [N,C,T]; a vector [N,D] is a series of one channel. What they do to time, they
-- do to all channels alike.

local check = require "sslkit.check"
local range = require "sslkit.augment.range"

local ops = {}

local KNOTS, SEGMENTS, FACTORS, MASKS = 30, 32, 11, 64 -- that the rows have room for

local function check_whole(fail, name, v, least, most)
  local whole = type(v) == "number" and math.tointeger(v)
  if not whole or whole < least or whole > most then
    fail("%s must be a whole number in %d..%d, got %s", name, least, most, range.show(v))
  end
end

local function check_number(fail, name, v, least, most)
  if type(v) ~= "number" or not (v >= least and v <= most) then
    fail("%s must be a number from %g to %g, got %s", name, least, most, range.show(v))
  end
end

local function check_boolean(fail, name, v)
  if type(v) ~= "boolean" then fail("%s must be true or false, got %s", name, check.kind(v)) end
end

local function check_sigma(o, fail) check_number(fail, "sigma", o.sigma, 0, 1000) end

local function define(name, op)
  op.series, op.vector = true, true
  ops[name] = op
end

-- {== Values ============================================================================

define("ts_jitter", {
  doc = "Gaussian noise on each value",
  options = { { "sigma", 0.03 }, { "p", 1 } },
  check = function(o, fail) range.check(fail, "sigma", o.sigma, 0, 1000) end,
  rows = function(o)
    local lo, hi = range.ends(o.sigma)
    return { { "noise", lo, hi, 0 } }
  end,
})

define("ts_scale", {
  doc = "each channel times a number of mean 1 and standard deviation sigma",
  options = { { "sigma", 0.1 }, { "p", 1 } },
  check = check_sigma,
  rows = function(o) return { { "ts_scale", o.sigma } } end,
})

define("ts_rotate", {
  doc = "each channel with a random sign, and the channels in random order",
  options = { { "order", true }, { "p", 1 } },
  check = function(o, fail) check_boolean(fail, "order", o.order) end,
  rows = function(o) return { { "ts_rotate", o.order and 1 or 0 } } end,
})

-- ==}

-- {== Smooth curves =====================================================================

-- Um et al. 2017: a cubic spline ("not a knot") through `knots` values at equal distances and one at
-- each end, of mean 1 and standard deviation sigma.
local function by_curve(name, doc)
  define(name, {
    doc = doc,
    options = { { "sigma", 0.2 }, { "knots", 4 }, { "p", 1 } },
    check = function(o, fail)
      check_sigma(o, fail)
      check_whole(fail, "knots", o.knots, 0, KNOTS)
    end,
    rows = function(o) return { { name, o.knots, o.sigma } } end,
  })
end

by_curve("magnitude_warp", "each channel times a smooth curve about 1")
by_curve("time_warp", "time runs at the speed of a smooth curve about 1, never below 0.1")

-- ==}

-- {== Pieces of time ====================================================================

define("permute", {
  doc = "cut into segments of equal length, or anywhere, that change places",
  options = { { "segments", { 1, 5 } }, { "cuts", "equal" }, { "p", 1 } },
  check = function(o, fail)
    range.check(fail, "segments", o.segments, 1, SEGMENTS)
    local lo, hi = range.ends(o.segments)
    if not math.tointeger(lo) or not math.tointeger(hi) then
      fail("segments must be whole numbers, got %s", range.show(o.segments))
    end
    if o.cuts ~= "equal" and o.cuts ~= "random" then
      fail("cuts must be one of equal, random, got %s", range.show(o.cuts))
    end
  end,
  rows = function(o)
    local lo, hi = range.ends(o.segments)
    return { { "permute", lo, hi, o.cuts == "random" and 1 or 0 } }
  end,
})

define("window_slice", {
  doc = "a share of the series, stretched to its length",
  options = { { "share", 0.9 }, { "p", 1 } },
  check = function(o, fail) range.check(fail, "share", o.share, 0, 1) end,
  rows = function(o) return { { "window_slice", range.ends(o.share) } } end,
})

define("window_warp", {
  doc = "a window of that share becomes longer by one of the factors, the whole keeps its length",
  options = { { "share", 0.1 }, { "factors", { 0.5, 2 } }, { "p", 1 } },
  check = function(o, fail)
    range.check(fail, "share", o.share, 0, 1)
    local n = type(o.factors) == "table" and rawlen(o.factors) or 0
    if n < 1 or n > FACTORS then
      fail("factors must be a list of 1 to %d numbers, got %s", FACTORS, range.show(o.factors))
    end
    for _, factor in ipairs(o.factors) do check_number(fail, "each factor", factor, 0.01, 100) end
  end,
  rows = function(o)
    local lo, hi = range.ends(o.share)
    return { { "window_warp", lo, hi, #o.factors, table.unpack(o.factors) } }
  end,
})

-- ==}

-- {== Masks =============================================================================

local function check_value(o, fail) check_number(fail, "value", o.value, -1e30, 1e30) end

define("ts_mask", {
  doc = "spans of time, each of that share of the series, get one value",
  options = { { "count", 1 }, { "share", { 0, 0.2 } }, { "value", 0 }, { "p", 1 } },
  check = function(o, fail)
    check_whole(fail, "count", o.count, 0, MASKS)
    range.check(fail, "share", o.share, 0, 1)
    check_value(o, fail)
  end,
  rows = function(o)
    local lo, hi = range.ends(o.share)
    return { { "ts_mask", o.count, lo, hi, o.value } }
  end,
})

define("freq_mask", {
  doc = "a band of that share of the Fourier spectrum is taken out, of all channels alike",
  options = { { "share", { 0, 0.1 } }, { "p", 1 } },
  check = function(o, fail) range.check(fail, "share", o.share, 0, 1) end,
  rows = function(o) return { { "freq_mask", range.ends(o.share) } } end,
})

-- Park et al. 2019, policy LD, on spectrograms [N,F,T] or [N,C,F,T], all channels alike. Their widths are meant for 80 frequencies and speech of seconds;
-- `bound` keeps them from covering what is smaller.
ops.spec_augment = {
  doc = "masks of frequencies and times, and a warp of time, each at most the share `bound` of its "
    .. "axis",
  options = {
    { "freq_masks", 2 }, { "freq", 27 }, { "time_masks", 2 }, { "time", 100 }, { "warp", 80 },
    { "bound", 0.35 }, { "value", 0 }, { "p", 1 },
  },
  series = true,
  image = true,
  check = function(o, fail)
    check_whole(fail, "freq_masks", o.freq_masks, 0, MASKS)
    check_whole(fail, "time_masks", o.time_masks, 0, MASKS)
    for _, name in ipairs { "freq", "time", "warp" } do
      check_whole(fail, name, o[name], 0, 1000000)
    end
    check_number(fail, "bound", o.bound, 0, 1)
    check_value(o, fail)
  end,
  rows = function(o)
    return { { "spec_augment", o.freq_masks, o.freq, o.time_masks, o.time, o.warp, o.bound,
      o.value } }
  end,
}

-- ==}

return ops
