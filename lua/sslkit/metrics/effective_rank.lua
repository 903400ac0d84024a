-- The effective rank of the variances.

local check = require "sslkit.check"
local entropy = require "sslkit.metrics.engine.entropy"
local read = require "sslkit.metrics.engine.reader"
local tape = require "sslkit.metrics.engine.tape"
local tape_spectrum = require "sslkit.metrics.engine.tape_spectrum"

local SPECTRA = { "singular", "variance" }
local KNOWN = { full = true, nan = true, tensor = true, tolerance = true }

--- Effective rank: exp of the entropy of the shares of variance along the principal axes, between 1
-- and min(N,D); 0 where there is no variance.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {center=true, spectrum="variance" or "singular" (with center=false RankMe), tolerance=1e-6, nan="error",
-- full=false, tensor=false (true: a loss, from a float tensor)}
-- @return number; with full a table {value=, entropy=, fraction=, n=, d=, ...}; with tensor a 0-dim float64
-- tensor on the tape
-- @raise on NaN or Inf, naming the row
-- @source Roy, Vetterli 2007, "The effective rank", EUSIPCO
-- @example ssl.metrics.effective_rank(ssl.tensor{{3, 1}, {3, -1}, {-3, 1}, {-3, -1}}) --> 1.384145
local function effective_rank(z, options)
  local singular = type(options) == "table" and options.spectrum == "singular"
  local need = singular and "entropy" or "variance"
  local defaults = { center = true, spectrum = "variance" }
  if tape.wanted(2, options) then
    local o = check.options(2, options, defaults, KNOWN)
    check.one_of(2, "spectrum", o.spectrum, SPECTRA)
    return (tape_spectrum.entropy_rank(z, o))
  end
  local answer = read("effective_rank", z, options, defaults, need, function(s, o)
    check.one_of(2, "spectrum", o.spectrum, SPECTRA)
    local h = entropy.shannon(s, singular and 1 or 2)
    local value = s[1] == 0 and 0 or math.exp(h)
    return value, { entropy = h, fraction = value / #s, spectrum = o.spectrum }
  end, { "tensor" })
  return answer
end

return effective_rank
