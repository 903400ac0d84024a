-- The participation ratio of the principal axes.

local check = require "sslkit.check"
local entropy = require "sslkit.metrics.engine.entropy"
local read = require "sslkit.metrics.engine.reader"
local tape = require "sslkit.metrics.engine.tape"
local tape_spectrum = require "sslkit.metrics.engine.tape_spectrum"

local KNOWN = { full = true, nan = true, tensor = true, tolerance = true }

--- Participation ratio (sum lambda)^2 / sum lambda^2 of the variances along the principal axes, between
-- 1 and min(N,D); 0 where there is no variance.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {center=true, tolerance=1e-6, nan="error",
-- full=false, tensor=false (true: a loss, from a float tensor)}
-- @return number; with full a table {value=, fraction=, n=, d=, ...}; with tensor a 0-dim float64 tensor on
-- the tape
-- @raise on NaN or Inf, naming the row
-- @source Gao, Ganguli 2015, "On simplicity and complexity in the brave new world of large-scale neuroscience"
-- @example ssl.metrics.participation_ratio(ssl.tensor{{3, 0}, {0, 1}}, {center=false}) --> 1.219512
local function participation_ratio(z, options)
  local defaults = { center = true }
  if tape.wanted(2, options) then
    local o = check.options(2, options, defaults, KNOWN)
    return (tape_spectrum.participation_ratio(z, o))
  end
  local answer = read("participation_ratio", z, options, defaults, "variance", function(s)
    local value = s[1] > 0 and entropy.total(s, 2) ^ 2 / entropy.total(s, 4) or 0
    return value, { fraction = value / #s }
  end, { "tensor" })
  return answer
end

return participation_ratio
