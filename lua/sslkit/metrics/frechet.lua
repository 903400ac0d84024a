-- The Frechet distance of two sets of rows, of which only means and covariances count.

local core = require "sslkit.core"
local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local tsqr = require "sslkit.metrics.engine.tsqr"

local EPS = 2.0 ^ -52
local CLOSE = 1e-10 -- of its norm: what an error of a factor may be

-- A set as its mean and a factor: a matrix whose rows have the scatter of the centred rows. From
-- moments, and then also what share of its norm it may be wrong by: the root of an eigenvalue that
-- is off by e is off by e / 2 root, or by the root of e.
local function of_moments(m)
  local w, v = core.eigh(m.scatter + m.scatter:triu(1):t())
  local root = w:clamp(0, math.huge):sqrt()
  local e = math.max(8, math.sqrt(m.d) / 3) * EPS * core.item(core.amax(w:abs()))
  local off, norm = 0, 0
  for _, r in ipairs(root:totable()) do
    off = off + (r * r <= e and e or (e / (2 * r)) ^ 2)
    norm = norm + r * r
  end
  return { n = m.n, d = m.d, mean = m.mean, factor = root:unsqueeze(2) * v:t() },
    norm > 0 and math.sqrt(off / norm) or 0
end

-- Where the moments do not tell it closely, what is nearly singular keeps its digits in a triangular
-- factor of the rows.
local function of_rows(z)
  local n, d = core.shape(z)
  if n <= d + 1 then
    local mean = core.column_center(z)
    return { n = n, d = d, mean = mean, factor = core.to(z, "float64") - mean }
  end
  local self, off = of_moments(moments.new(d):add_finite(z))
  if off > CLOSE then self.factor = tsqr.new(d, self.mean):add_finite(z):factor(true) end
  return self
end

local function check_moments(argn, m)
  if m.n == 0 then check.fail(argn, "%s: no rows yet", tostring(m)) end
  return (of_moments(m))
end

-- Both sets, and the power of two by which they were brought into range; nil and the reason for what
-- is not finite. An accumulator may stand for either.
local function both(x, y, policy)
  if moments.is(x) or moments.is(y) then
    local side = {}
    for argn, v in ipairs { x, y } do
      if moments.is(v) then
        side[argn] = check_moments(argn, v)
      else
        local z, reason = rows.finite(argn, v, policy, 3)
        if not z then return nil, reason end
        side[argn] = of_rows(z)
      end
    end
    if side[1].d ~= side[2].d then
      check.fail(2, "width %d expected, as the first has, got %d", side[1].d, side[2].d)
    end
    return side[1], side[2], 1.0
  end
  local skipped, power
  x, y, skipped = rows.two(x, y, policy)
  if not x then return nil, y end
  x, y, power = rows.in_common_range(x, y)
  return of_rows(x), of_rows(y), power, skipped
end

local function trace(side) return side.factor:square():sum():item() / (side.n - 1) end

--- The squared Frechet (2-Wasserstein) distance of the Gaussians with the means and covariances (of
-- N - 1) of two sets of rows: of features of images, the FID.
-- @param x float tensor [N1,D], or an accumulator
-- @param y float tensor [N2,D], or an accumulator
-- @param options {nan="error", "skip" (drops rows of each) or "propagate", full=false}
-- @return number, 0 or above; with full a table {value=, mean_term=, trace_term=, n_x=, n_y=, d=,
-- warn=, ...}
-- @raise where the widths differ; on NaN or Inf, naming the row
-- @source Dowson, Landau 1982, "The Frechet distance between multivariate normal distributions",
-- Journal of Multivariate Analysis; Heusel et al. 2017, "GANs trained by a two time-scale update rule", NeurIPS, eq. 6
-- @example local x = ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}; return ssl.metrics.frechet(x, x + 3) --> 18.0
-- @example local x = ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}; return ssl.metrics.frechet(x, 2 * x) --> 1.33333333333
local function frechet(x, y, options)
  options = check.options(3, options, { nan = "error", full = false })
  local a, b, power, skipped = both(x, y, options.nan)
  if not a then return result.of("frechet", options.full, 0 / 0, { undefined = b }) end
  local info = { n_x = a.n, n_y = b.n, d = a.d }
  if skipped and skipped > 0 then info.n_skipped = skipped end
  if a.n < 2 or b.n < 2 then
    info.undefined = "one row has no covariance"
    return result.of("frechet", options.full, 0 / 0, info)
  end
  local least = math.min(a.n, b.n)
  if least <= a.d then
    local text = "N = %d is not above D = %d: the value is too large, compare only at equal N"
    info.warn = text:format(least, a.d)
  end
  local shared = core.svdvals(a.factor:matmul(b.factor:t())):sum():item()
    / math.sqrt((a.n - 1) * (b.n - 1))
  local spread = math.max(0.0, trace(a) + trace(b) - 2 * shared)
  info.mean_term = (a.mean - b.mean):square():sum():item() * power * power
  info.trace_term = spread * power * power
  return result.of("frechet", options.full, info.mean_term + info.trace_term, info)
end

return frechet
