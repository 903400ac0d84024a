-- NESum: how much variance there is in units of the largest direction's.

local core = require "sslkit.core"
local check = require "sslkit.check"
local entropy = require "sslkit.metrics.engine.entropy"
local moments = require "sslkit.metrics.engine.moments"
local read = require "sslkit.metrics.engine.reader"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local stream = require "sslkit.metrics.engine.stream"

-- Of the correlation matrix: its trace is the number of columns that vary.
local function of_correlations(z, options)
  local reason
  if stream.is(z) then
    local m, skipped = stream.moments(1, z, options.nan)
    z, reason = m, not m and skipped or nil
  elseif not moments.is(z) then
    local kept, skipped = rows.finite(1, z, options.nan)
    if kept then z = moments.new(core.size(kept, 2)):add_finite((rows.in_range(kept)))
    else reason = skipped end
  end
  local value, info = 0 / 0, { corr = true, center = true, undefined = reason }
  if not reason then
    info.n, info.d, info.columns = z.n, z.d, 0
    local columns = core.nonzero(core.ne(z.lo, z.hi)):squeeze(2)
    info.columns = core.len(columns)
    if z.n == 1 then info.undefined = "one row has no variance"
    elseif info.columns == 0 then value = 0
    else
      local lower = z.scatter:t():index(1, columns):index(2, columns)
      local std = lower:diagonal():sqrt()
      local w = core.eigvalsh(lower / (std:unsqueeze(2) * std:unsqueeze(1)))
      value = info.columns / w[-1]
    end
  end
  return result.of("nesum", options.full, value, info)
end

--- NESum: the eigenvalues of the covariance, summed, over the largest: 1 .. min(N,D), D when whitened;
-- 0 where there is no variance.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {corr=false (of the correlation matrix, without constant columns), center=true,
-- tolerance=1e-6, nan="error", full=false}
-- @return number; with full a table {value=, fraction=, n=, d=, ...}
-- @raise on NaN or Inf, naming the row
-- @source He, Ozay 2022, "Exploring the gap between collapsed and whitened features", ICML, definition 4.1
-- @example ssl.metrics.nesum(ssl.tensor{{3, 1}, {3, -1}, {-3, 1}, {-3, -1}}) --> 1.111111
-- @example ssl.metrics.nesum(ssl.tensor{{3, 1}, {3, -1}, {-3, 1}, {-3, -1}}, {corr=true}) --> 2.0
local function nesum(z, options)
  local defaults = { center = true, corr = false }
  if type(options) == "table" and options.corr then
    local given = check.options(2, options, defaults, { full = true, nan = true })
    if not given.center then check.fail(2, "correlations are of centred data, got center=false") end
    local answer = of_correlations(z, given)
    return answer
  end
  local answer = read("nesum", z, options, defaults, "variance", function(s)
    local value = entropy.total(s, 2)
    return value, { fraction = value / #s, corr = false }
  end)
  return answer
end

return nesum
