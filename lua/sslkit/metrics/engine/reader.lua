-- A spectral metric is a function of singular values; what is the same for all of them is here.
-- (Metrics do not tail-call it: in an error, it is their own frame that has the name.)

local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"
local result = require "sslkit.metrics.engine.result"
local spectrum = require "sslkit.metrics.engine.spectrum"

local NAN = 0 / 0

--- Reads the metric `name` off z. `defaults` are its options besides full, nan and tolerance (with
-- center among them), `need` is what it reads (see spectrum.of), `more` a list of options without a
-- default. value(s, options) gives the number and a table of what else is known.
return function(name, z, options, defaults, need, value, more)
  local names = { full = true, nan = true, tolerance = true }
  for _, key in ipairs(more or {}) do names[key] = true end
  defaults.center = moments.center(z, defaults.center)
  options = check.options(2, options, defaults, names)
  local s, reason = spectrum.of(1, z, {
    center = options.center, nan = options.nan, tolerance = options.tolerance, need = need,
  })
  if not s then return result.of(name, options.full, NAN, { undefined = reason }) end
  local number, info
  if s.center and s.n == 1 then
    number, info = NAN, { undefined = "one row has no variance" }
  else
    number, info = value(s, options)
    info = info or {}
  end
  if not options.full then return number end
  info.n, info.d, info.center, info.route = s.n, s.d, s.center, s.route
  info.bound, info.certified = s.bound, s.certified
  if s.skipped > 0 then info.n_skipped = s.skipped end
  return result.of(name, true, number, info)
end
