-- Principal components.

local check = require "sslkit.check"
local principal = require "sslkit.postprocess.axes"
local transform = require "sslkit.postprocess.transform"

local NOISE = 1e-26 -- of the largest eigenvalue: what rounding leaves of one that is 0

-- The fewest components with that share of the variance.
local function enough(values, share)
  local total, sum = values:sum():item(), 0
  for k, v in ipairs(values:totable()) do
    sum = sum + v
    if sum >= share * total * (1 - 1e-12) then return k end
  end
  return #values
end

local function fit(argn, z, o, policy)
  local a = principal(argn, z, NOISE, policy)
  local k = o.dims and math.min(o.dims, a.r) or o.threshold and enough(a.values, o.threshold) or a.r
  return { n = a.n, d = a.d, mean = a.mean, matrix = a.axis:narrow(2, 1, k):contiguous(),
    values = a.values:narrow(1, 1, k):clone() }
end

--- Principal components of the centred rows, the largest variance first; the largest element of each axis
-- is positive.
-- @param options {dims= (how many; all with variance), threshold= (or as many as hold that share of it)}
-- @return transform: fit(Z) returns itself, apply(Z)
-- @raise both options at once, unknown ones; fit: fewer than two rows, no variance
-- @example ssl.postprocess.pca{dims=1}:fit(ssl.tensor{{3, 1}, {3, -1}, {-3, 1}, {-3, -1}}):apply(ssl.tensor{{2, 7}}):item() --> 2.0
local function pca(options)
  local o = check.options(1, options, {}, { dims = true, threshold = true })
  if o.dims and o.threshold then check.fail(1, "dims or threshold expected, got both") end
  if o.dims then check.integer(1, "dims", o.dims, 1) end
  if o.threshold then check.number(1, "threshold", o.threshold, 0, 1) end
  return (transform.new("pca", o, fit))
end

return pca
