-- PostMan-Pat: representations between collapsed and whitened.

local check = require "sslkit.check"
local principal = require "sslkit.postprocess.axes"
local T = require "sslkit.tensor"
local transform = require "sslkit.postprocess.transform"

local function fit(argn, z, o, policy)
  local a = principal(argn, z, o.floor, policy)
  local wanted = T.arange(1, a.r):double() ^ -o.beta
  if o.trace then wanted = wanted * (a.values:sum() / wanted:sum()) end
  local matrix = a.axis * (wanted:sqrt() / a.deviations)
  if o.rotate then matrix = matrix:matmul(a.axis:t()) end
  return { n = a.n, d = a.d, mean = a.mean, matrix = matrix, values = a.values }
end

--- PostMan-Pat: the fitted rows get a covariance whose eigenvalues fall as j^-beta. 0 whitens; see
-- `metrics.spectrum_decay` for the beta that rows have.
-- @param options {beta= (0 or more; it must be given), trace=true (keep the total variance; false: the
-- first eigenvalue becomes 1), rotate=false (turn back from the principal axes), floor=1e-12 (share of the
-- largest eigenvalue below which a direction is left out)}
-- @return transform: fit(Z) returns itself, apply(Z)
-- @raise no beta, unknown options; fit: fewer than two rows, no variance
-- @source He, Ozay 2022, "Exploring the gap between collapsed and whitened features", ICML
-- @example local z = ssl.randn(50, 4); return ssl.metrics.spectrum_decay(ssl.postprocess.postman_pat{beta=1.5}:fit(z):apply(z)) --> 1.5
local function postman_pat(options)
  local o = check.options(1, options, { trace = true, rotate = false, floor = 1e-12 },
    { beta = true })
  check.number(1, "beta", o.beta, 0)
  check.number(1, "floor", o.floor, 0, 1)
  return (transform.new("postman_pat", o, fit))
end

return postman_pat
