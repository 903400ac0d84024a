-- The decay of a spectrum between collapsed and whitened.

local decay = require "sslkit.metrics.engine.decay"

--- The exponent beta of lambda_j ~ j^-beta through the eigenvalues of the covariance: 0 is whitened,
-- large is collapsed. It is the same fit as `alpha_req`, which says more of it; `postprocess.postman_pat`
-- gives rows the beta that one wants.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {lo=, hi= (ranks of the window; see alpha_req), weight="1/j" or "none", robust="none"
-- or "theil-sen", center=true, tolerance=1e-6, nan="error", full=false}
-- @return number, NaN for less than two eigenvalues; with full a table {value=, lo=, hi=, points=, r2=,
-- intercept=, rank_eff=, fallback=, n=, d=, warn=, ...}
-- @raise on NaN or Inf, naming the row
-- @source He, Ozay 2022, "Exploring the gap between collapsed and whitened features", ICML
-- @example ssl.metrics.spectrum_decay(ssl.tensor{{4, 2}, {4, -2}, {-4, 2}, {-4, -2}}) --> 2.0
local function spectrum_decay(z, options)
  local answer = decay("spectrum_decay", z, options)
  return answer
end

return spectrum_decay
