-- SVCCA: canonical correlations of what varies most.

local check = require "sslkit.check"
local canonical = require "sslkit.metrics.engine.canonical"
local result = require "sslkit.metrics.engine.result"

-- How many leading singular values hold that share of the sum of squares.
local function holding(values, share)
  local total, sum = 0, 0
  for _, v in ipairs(values) do total = total + v * v end
  for i, v in ipairs(values) do
    sum = sum + v * v
    if sum >= share * total * (1 - 2.0 ^ -46) then return i end
  end
  return #values
end

--- SVCCA: the mean canonical correlation of the leading singular directions of two representations of
-- the same samples.
-- @param x float tensor [N,D1]; or an accumulator made with pair, and then y is nil
-- @param y float tensor [N,D2], row i of the same sample as row i of x
-- @param options {variance=0.99 (share that the kept directions of each side hold), components= (that
-- many instead), squared=false (true: the mean of the squares), rtol= (see cca), nan="error", "skip"
-- or "propagate", full=false}
-- @return number; with full a table {value=, mean=, r2=, rho=, rank_x=, rank_y= (directions kept),
-- share_x=, share_y= (of the variance, that they hold), n=, warn=, ...}
-- @raise where the numbers of rows differ; on NaN or Inf, naming the row
-- @source Raghu, Gilmer, Yosinski, Sohl-Dickstein 2017, "SVCCA", NeurIPS, section 2.1
-- @example local x = ssl.tensor{{9, 0}, {0, 0.1}, {-9, 0}, {0, -0.1}}; return ssl.metrics.svcca(x, x * 2, {full=true}).rank_x --> 1
local function svcca(x, y, options)
  options = check.options(3, options, { squared = false, nan = "error", full = false },
    { rtol = true, variance = true, components = true })
  local components = options.components and check.integer(3, "components", options.components, 1)
  local share = check.number(3, "variance", options.variance or 0.99, 0, 1)
  if components and options.variance then
    check.fail(3, "variance and components exclude each other")
  end
  local found, reason, tried = canonical.of(x, y, options, function(values)
    return components or holding(values, share)
  end)
  local self = found or tried
  local info = self and canonical.info(self, options) or {}
  if not found then
    info.undefined = reason
    return result.of("svcca", options.full, 0 / 0, info)
  end
  info.components, info.variance = components, not components and share or nil
  info.share_x, info.share_y = found.x.kept / found.x.total, found.y.kept / found.y.total
  info.mean, info.r2 = canonical.means(found.rho)
  return result.of("svcca", options.full, options.squared and info.r2 or info.mean, info)
end

return svcca
