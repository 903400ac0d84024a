-- What alpha_req and spectrum_decay have in common: the power law of a spectrum, with its window.

local check = require "sslkit.check"
local power_law = require "sslkit.metrics.engine.power_law"
local read = require "sslkit.metrics.engine.reader"

local EPS = 2.0 ^ -52

local function squares(s)
  local values = {}
  for j, v in ipairs(s) do values[j] = (v / s[1]) ^ 2 end
  return values
end

-- What rounding leaves of an eigenvalue that is 0, in units of the largest.
local function rounding(s) return (math.max(s.n, s.d) * EPS) ^ 2 end

local function value_of(s, o)
  local fit = power_law.fit(s[1] > 0 and squares(s) or {}, {
    lo = o.lo, hi = o.hi, weight = o.weight, robust = o.robust, floor = rounding(s),
  })
  local info = {
    lo = fit.lo, hi = fit.hi, points = fit.points, rank_eff = fit.rank_eff, r2 = fit.r2,
    fallback = fit.fallback, weight = o.robust == "none" and o.weight or "none", robust = o.robust,
  }
  if fit.intercept then info.intercept = fit.intercept + 2 * math.log(s[1]) end
  if not fit.alpha then
    info.undefined = ("%d eigenvalues in the window %d..%d, of which a line needs 2"):format(
      fit.points, fit.lo, fit.hi)
  elseif s.n < 4 * fit.hi then
    info.warn = ("N = %d is less than 4 times rank %d: the spectrum of a sample falls too steeply")
      :format(s.n, fit.hi)
  end
  return fit.alpha or 0 / 0, info
end

-- Does a spectrum, known down to eigenvalues of `least`, give the end of the window to enough digits?
local function resolved(lo, hi)
  return function(values, n, d, least)
    if not values[1] or values[1] == 0 then return true end
    local lambda = squares(values)
    local _, last = power_law.window(lambda, lo, hi, (math.max(n, d) * EPS) ^ 2)
    -- a window that ends where the digits give out might reach further by the exact values
    if hi and last < hi and last < #values then return false end
    return last < 1 or lambda[last] * values[1] ^ 2 >= least
  end
end

--- Reads the exponent off z for the metric `name`.
return function(name, z, options)
  local given = type(options) == "table" and options or {}
  local lo = given.lo and check.integer(2, "lo", given.lo, 1)
  local hi = given.hi and check.integer(2, "hi", given.hi, (lo or 1) + 1)
  local defaults = { center = true, weight = "1/j", robust = "none" }
  local answer = read(name, z, options, defaults, resolved(lo, hi), function(s, o)
    check.one_of(2, "weight", o.weight, { "1/j", "none" })
    check.one_of(2, "robust", o.robust, { "none", "theil-sen" })
    return value_of(s, o)
  end, { "lo", "hi" })
  return answer
end
