-- Self-clustering: do unit rows bunch along a few lines?

local core = require "sslkit.core"
local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"
local result = require "sslkit.metrics.engine.result"
local stream = require "sslkit.metrics.engine.stream"
local T = require "sslkit.tensor"

local ROWS = 1024 -- at a time, where rows are compared with rows

-- The mean of rows as that of one row and of the differences to it: exact where all are alike.
local function mean_of(source)
  local first, sum, n = nil, 0, 0
  local ok, reason = source:each(function(block)
    first = first or core.narrow(block, 1, 1, 1):double()
    sum, n = (block:double() - first):sum(1) + sum, n + core.len(block)
  end)
  if not ok then return nil, reason end
  return first, sum / n
end

-- The sum of (u_i . u_j)^2 over all pairs of unit rows, how many rows there are, and how many are 0.
local function squares(source, center)
  local first, mean
  if center then
    first, mean = mean_of(source)
    if not first then return nil, mean end
  end
  local m, zeros, total = moments.new(source.d), 0, 0
  local few = source.z and core.len(source.z) < source.d
  local unit = {}
  local ok, reason = source:each(function(block)
    if center then block = (block:double() - first) - mean end
    local scale = core.row_units(core.contiguous(block))
    zeros = zeros + math.tointeger(core.item(core.sum(core.eq(scale, 0))))
    block = block:double() * scale:unsqueeze(2)
    if few then unit[#unit + 1] = block else m:add_finite(block) end
    total = total + core.len(block)
  end)
  if not ok then return nil, reason end
  local sum = 0
  if few then -- rows against rows are the smaller matrix
    local u = T.cat(unit)
    for i = 1, total, ROWS do
      local part = u:narrow(1, i, math.min(i + ROWS - 1, total))
      sum = sum + part:matmul(u:t()):square():sum():item()
    end
  else
    local gram = core.triu(m.mean:unsqueeze(2) * m.mean:unsqueeze(1) * m.n + m.scatter, 0)
    sum = 2 * gram:square():sum():item() - gram:diagonal():square():sum():item()
  end
  return sum, total, zeros
end

--- Self-clustering: how far the rows, taken as directions, bunch along few lines through 0 (u and -u are
-- one): 1 when all lie on one, about 0 when they are uniform on the sphere, and down to -1/(N-1) (or
-- -1/(D-1) for N < D) when they are spread more evenly than that. Rows of zeros are left out.
-- @param z float tensor [N,D], or an opened .npy file
-- @param options {center=false (take the mean off before), nan="error", "skip" or "propagate",
-- full=false}
-- @return number, NaN for less than two rows that are not zero, 1 for one column; with full a table
-- {value=, sum= (of the squared cosines of all pairs), expected= (for uniform rows), n=, d=, n_used=,
-- n_zero=, center=, ...}
-- @raise on NaN or Inf, naming the row
-- @source Tsitsulin, Munkhoeva, Perozzi 2023, "Unsupervised embedding quality evaluation", arXiv 2305.16562
-- @example ssl.metrics.self_cluster(ssl.eye(4)) --> -0.333333
-- @example ssl.metrics.self_cluster(ssl.ones(4, 3)) --> 1.0
local function self_cluster(z, options)
  local o = check.options(2, options, { center = false, nan = "error", full = false })
  local source, reason = stream.source(1, z, o.nan)
  local sum, n, zeros
  if source then
    sum, n, zeros = squares(source, o.center)
    reason = n
  end
  if not sum then return result.of("self_cluster", o.full, 0 / 0, { undefined = reason }) end
  local d, used = source.d, n - zeros
  local expected = used + used * (used - 1) / d
  local info = { sum = sum, expected = expected, n = n, d = d, n_used = used, n_zero = zeros,
    center = o.center }
  if source.skipped > 0 then info.n_skipped = source.skipped end
  local value
  if used < 2 then
    value, info.undefined = 0 / 0, "fewer than two rows that are not zero"
  elseif d == 1 then
    value = 1.0
  else
    value = math.min(1.0, (sum - expected) / (used * used - expected))
  end
  return result.of("self_cluster", o.full, value, info)
end

return self_cluster
