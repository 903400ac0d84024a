-- alpha-ReQ: how fast the spectrum of a representation falls.

local decay = require "sslkit.metrics.engine.decay"

--- alpha-ReQ, the exponent of the power law lambda_j ~ j^-alpha through the eigenvalues of the
-- covariance: about 1 is the sweet spot that was published, far less is noise, far more dimensional
-- collapse. Least squares of ln lambda_j over -ln j; the exponent depends on the window of ranks, so
-- report it with the value (lo and hi in full). Other implementations fit singular values (half the
-- exponent), all ranks, or a linear ramp in place of ln j.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {lo=, hi= (ranks of the window; 11 .. 100, at most 0.9 of the eigenvalues above 1e-10
-- of the largest; all these where that leaves less than 5), weight="1/j" or "none", robust="none" or
-- "theil-sen" (the median of the slopes between two points, without weights), center=true,
-- tolerance=1e-6, nan="error", full=false}
-- @return number, NaN for less than two eigenvalues; with full a table {value=, lo=, hi=, points=, r2=
-- (on the window, without weights), intercept=, rank_eff=, fallback= (was the window too small?), n=,
-- d=, warn=, ...}
-- @raise on NaN or Inf, naming the row
-- @source Agrawal, Mondal, Ghosh, Richards 2022, "alpha-ReQ", NeurIPS; the fit is that of Stringer et al. 2019, Nature
-- @example ssl.metrics.alpha_req(ssl.tensor{{4, 2}, {4, -2}, {-4, 2}, {-4, -2}}) --> 2.0
-- @example ssl.metrics.alpha_req(ssl.tensor{{4, 2}, {4, -2}, {-4, 2}, {-4, -2}}, {full=true}).hi --> 2
local function alpha_req(z, options)
  local answer = decay("alpha_req", z, options)
  return answer
end

return alpha_req
