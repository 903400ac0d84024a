-- Singular values for all to read.

local check = require "sslkit.check"
local engine = require "sslkit.metrics.engine.spectrum"
local moments = require "sslkit.metrics.engine.moments"

--- The singular values, worked out once: every spectral metric takes the table in place of the tensor.
-- @param z float tensor [N,D], an accumulator, or an opened .npy file, which is read once or twice
-- @param options {center=false, tolerance=1e-6, nan="error" or "skip"}
-- @return table of min(N,D) numbers, descending, with n, d, center, route, bound and certified
-- @raise on NaN or Inf, naming the row
-- @example ssl.metrics.spectrum(ssl.tensor{{3, 0}, {0, 1}})[1] --> 3.0
-- @example ssl.metrics.spectrum(ssl.tensor{{3, 0}, {0, 1}}) --> 2 singular values of 2 x 2, not centred: 3 1
-- @example local s = ssl.metrics.spectrum(ssl.eye(3)); return ssl.metrics.rankme(s) --> 3.0
local function spectrum(z, options)
  local center = moments.center(z, false)
  options = check.options(2, options, { center = center }, { tolerance = true, nan = true })
  if options.nan == "propagate" then
    check.fail(2, "nan must be one of error, skip for a spectrum, got string 'propagate'")
  end
  return (engine.of(1, z, options))
end

return spectrum
