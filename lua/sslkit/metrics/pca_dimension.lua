-- How many principal components a representation needs.

local check = require "sslkit.check"
local entropy = require "sslkit.metrics.engine.entropy"
local read = require "sslkit.metrics.engine.reader"

-- The fewest components with that share of the variance; a hair below the threshold counts, so that a
-- share which is exactly it does whatever the rounding.
local function components(s, share)
  if s[1] == 0 then return 0 end
  local enough, sum = share * entropy.total(s, 2) * (1 - 1e-12), 0
  for k, v in ipairs(s) do
    sum = sum + (v / s[1]) ^ 2
    if sum >= enough then return k end
  end
  return #s
end

local function count(s, least)
  local n = 0
  for _, v in ipairs(s) do
    if v > 0 and (v / s[1]) ^ 2 > least then n = n + 1 end
  end
  return n
end

--- The fewest principal components that hold a share of the variance; 0 where there is none.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {threshold=0.95 (share of the variance), relative=0.05 (of the largest eigenvalue, for
-- fukunaga_olsen), center=true, tolerance=1e-6, nan="error", full=false}
-- @return whole number; with full a table {value=, threshold=, n90=, n95=, n99=, fukunaga_olsen= (the
-- eigenvalues above 0.05 of the largest), kaiser= (those above the mean), participation=, n=, d=, ...}
-- @raise on NaN or Inf, naming the row
-- @source Fukunaga, Olsen 1971, "An algorithm for finding intrinsic dimensionality of data", IEEE Trans. Computers; Kaiser 1960
-- @example ssl.metrics.pca_dimension(ssl.tensor{{3, 1}, {3, -1}, {-3, 1}, {-3, -1}}, {threshold=0.9}) --> 1
-- @example ssl.metrics.pca_dimension(ssl.tensor{{3, 1}, {3, -1}, {-3, 1}, {-3, -1}}) --> 2
local function pca_dimension(z, options)
  local defaults = { center = true, threshold = 0.95, relative = 0.05 }
  local answer = read("pca_dimension", z, options, defaults, "variance", function(s, o)
    local threshold = check.number(2, "threshold", o.threshold, 0, 1)
    local relative = check.number(2, "relative", o.relative, 0, 1)
    local total = s[1] > 0 and entropy.total(s, 2) or 0
    return components(s, threshold), {
      threshold = threshold, n90 = components(s, 0.9), n95 = components(s, 0.95),
      n99 = components(s, 0.99), fukunaga_olsen = count(s, relative),
      kaiser = count(s, total / #s),
      participation = total > 0 and total ^ 2 / entropy.total(s, 4) or 0,
    }
  end)
  return answer
end

return pca_dimension
