-- PWCCA: canonical correlations, each with the weight that it has in the representation itself.

local core = require "sslkit.core"
local check = require "sslkit.check"
local canonical = require "sslkit.metrics.engine.canonical"
local result = require "sslkit.metrics.engine.result"

-- How much of the columns of one side lies along each canonical variate: sums of absolute inner
-- products, with shares of 1.
local function weights_of(side, variates)
  local columns = side.s:unsqueeze(2) * side.vh -- of the side, on its singular vectors
  local alpha = core.abs(variates:t():matmul(columns)):sum(2)
  return (alpha / alpha:sum()):totable()
end

--- PWCCA: the mean canonical correlation of two representations of the same samples, weighted by how
-- much of one of them each canonical direction accounts for. Not symmetric.
-- @param x float tensor [N,D1]; or an accumulator made with pair, and then y is nil
-- @param y float tensor [N,D2], row i of the same sample as row i of x
-- @param options {side="smaller" (that of fewer independent directions gives the weights; x of equal
-- ones), "x" or "y", rtol= (see cca), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, side= (that was used), weights= (list), mean= (without
-- weights), r2=, rho=, rank_x=, rank_y=, n=, warn=, ...}
-- @raise where the numbers of rows differ; on NaN or Inf, naming the row
-- @source Morcos, Raghu, Bengio 2018, "Insights on representational similarity in neural networks with canonical correlation", NeurIPS, eq. 2
-- @example local x = ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}; return ssl.metrics.pwcca(x, ssl.tensor{{1, 1}, {0, 1}, {-1, 0}, {0, -2}}) --> 0.952267016867
local function pwcca(x, y, options)
  options = check.options(3, options, { side = "smaller", nan = "error", full = false },
    { rtol = true })
  check.one_of(3, "side", options.side, { "smaller", "x", "y" })
  local found, reason, tried = canonical.of(x, y, options)
  local self = found or tried
  local info = self and canonical.info(self, options) or {}
  if not found then
    info.undefined = reason
    return result.of("pwcca", options.full, 0 / 0, info)
  end
  local of_y = options.side == "y" or options.side == "smaller" and found.y.rank < found.x.rank
  info.side = of_y and "y" or "x"
  info.weights = of_y and weights_of(found.y, found.z) or weights_of(found.x, found.w)
  info.mean, info.r2 = canonical.means(found.rho)
  local value = 0
  for i, rho in ipairs(found.rho) do value = value + info.weights[i] * rho end
  return result.of("pwcca", options.full, math.min(1.0, value), info)
end

return pwcca
