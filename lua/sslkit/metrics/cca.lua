-- CCA: how well directions of one representation can be read off another, linearly.

local check = require "sslkit.check"
local canonical = require "sslkit.metrics.engine.canonical"
local result = require "sslkit.metrics.engine.result"

--- Mean canonical correlation of two representations of the same samples: 1 where one is a linear map
-- of the other, whatever it does to the weak directions. See svcca and pwcca, which let those count
-- less.
-- @param x float tensor [N,D1]; or an accumulator made with pair, and then y is nil
-- @param y float tensor [N,D2], row i of the same sample as row i of x
-- @param options {squared=false (true: the mean of the squares, R^2_CCA), rtol= (directions whose
-- singular value is below that share of the largest are dropped; by default what rounding of the
-- stored numbers leaves), ridge=0 (added to the covariances' eigenvalues), nan="error", "skip" or
-- "propagate", full=false}
-- @return number; with full a table {value=, mean=, r2=, rho= (list, descending), rank_x=, rank_y=, n=,
-- dx=, dy=, rtol=, warn=, ...}
-- @raise where the numbers of rows differ; on NaN or Inf, naming the row
-- @source Hotelling 1936, "Relations between two sets of variates", Biometrika; Kornblith, Norouzi, Lee, Hinton 2019, "Similarity of neural network representations revisited", ICML, eq. 5 and 6
-- @example local x = ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}; return ssl.metrics.cca(x, ssl.tensor{{1, 1}, {0, 1}, {-1, 0}, {0, -2}}) --> 0.952267016867
local function cca(x, y, options)
  options = check.options(3, options, { squared = false, ridge = 0, nan = "error", full = false },
    { rtol = true })
  local found, reason, tried = canonical.of(x, y, options)
  local self = found or tried
  local info = self and canonical.info(self, options) or {}
  if not found then
    info.undefined = reason
    return result.of("cca", options.full, 0 / 0, info)
  end
  info.mean, info.r2 = canonical.means(found.rho)
  return result.of("cca", options.full, options.squared and info.r2 or info.mean, info)
end

return cca
