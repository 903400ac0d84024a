-- LiDAR: how many directions tell samples apart in spite of their augmentations.

local core = require "sslkit.core"
local check = require "sslkit.check"
local entropy = require "sslkit.metrics.engine.entropy"
local moments = require "sslkit.metrics.engine.moments"
local result = require "sslkit.metrics.engine.result"
local spectrum = require "sslkit.metrics.engine.spectrum"
local T = require "sslkit.tensor"
local views = require "sslkit.metrics.engine.views"

local MOST = 1e200 -- a delta so large that nothing else counts

-- The samples of an accumulator are its classes, which need not have equally many views.
local function from_classes(z)
  local c = z.by_class
  if not c then
    check.fail(1, "an accumulator with classes=true, the samples, expected, got %s", tostring(z))
  elseif c.k == 0 then
    check.fail(1, "%s: no rows yet", tostring(z))
  elseif c.n == c.k then
    check.fail(1, "at least one sample of two views expected, got %d rows of %d samples", c.n, c.k)
  end
  return { means = c.mean, within = c.scatter, n = c.k, q = c.n / c.k, d = c.d, unit = 1,
    skipped = 0 }
end

-- The singular values of the centred means in the metric of the scatter within: squared and over n - 1
-- they are the eigenvalues of S_w^-1/2 S_b S_w^-1/2.
local function whitened(s, within)
  local found, factor = pcall(core.cholesky, within)
  if not found then
    if not tostring(factor):find("positive", 1, true) then error(factor, 0) end
    check.raise("the scatter within samples is singular: delta must be larger, to regularise it")
  end
  local first = s.means:narrow(1, 1, 1)
  local means = s.means - first -- exactly 0 where all are alike
  means = means - means:mean(1)
  local across = core.solve_triangular(factor, means:t():contiguous(), false)
  return spectrum.of(1, across:t():contiguous(), { center = false, need = "variance" })
end

local function entropy_with(values, d, eps)
  if eps == 0 then return entropy.shannon(values, 2) end
  local total, sum = entropy.total(values, 2), 0
  for i = 1, d do
    local p = (i <= #values and (values[i] / values[1]) ^ 2 / total or 0) + eps
    sum = sum - p * math.log(p)
  end
  return sum
end

local function value_of(s, o, info)
  local dof = o.biased and s.n * s.q or s.n * (s.q - 1)
  -- in units whose squares need not be numbers
  local trace = core.item(core.sum(s.within:diagonal())) / dof
  local delta = o.delta_rel and o.delta_rel * trace / s.d
    or math.min(o.delta / s.unit / s.unit, MOST)
  info.trace_w = trace * s.unit * s.unit
  info.delta_effective = o.delta_rel and delta * s.unit * s.unit or o.delta
  local within = s.within:t() / dof + T.eye(s.d, "float64") * delta
  local across = whitened(s, within)
  local n, eigenvalues = o.biased and s.n or s.n - 1, {}
  for i, v in ipairs(across) do eigenvalues[i] = v * v / n end
  info.eigenvalues, info.lambda_max = eigenvalues, eigenvalues[1]
  if across[1] == 0 then return 0 end
  return math.exp(entropy_with(across, s.d, o.eps))
end

--- LiDAR: exp of the entropy of the eigenvalues of S_w^-1/2 S_b S_w^-1/2, between 1 and min(D, samples -
-- 1), where S_b is the covariance of the samples' means and S_w that of their views about them (plus delta
-- I); 0 where all means coincide. It reads eigenvalues, RankMe singular values: their sizes do not
-- compare.
-- @param z float tensor [samples,views,D], or [samples*views,D] and the option q, the views of a sample
-- next to each other; an opened .npy file of that shape; or an accumulator with classes, the samples
-- @param options {q= (views a sample), delta=1e-4, delta_rel= (in place of delta: share of the mean variance
-- within, which makes the value independent of scale; 1e-4 is good), eps=0 (added to the shares),
-- biased=false (denominators n and nq), nan="error", "skip" (whole samples) or "propagate", full=false}
-- @return number, NaN for one sample; with full a table {value=, fraction=, eigenvalues= (a list,
-- descending), lambda_max=, delta_effective=, trace_w=, n= (samples), q=, d=, warn=, ...}
-- @raise on NaN or Inf, naming the row; fewer than two views; a singular S_w with delta=0
-- @source Thilak et al. 2024, "LiDAR: Sensing linear probing performance in joint embedding SSL architectures", ICLR, arXiv 2312.04000
-- @example ssl.metrics.lidar(ssl.tensor{{{1, 1}, {1, -1}}, {{-1, 1}, {-1, -1}}}) --> 1.0
-- @example ssl.metrics.lidar(ssl.tensor{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}}, {q=2, full=true}).lambda_max --> 20000.0
local function lidar(z, options)
  local o = check.options(2, options, {
    delta = 1e-4, eps = 0, biased = false, nan = "error", full = false,
  }, { q = true, delta_rel = true })
  check.number(2, "delta", o.delta, 0)
  check.number(2, "eps", o.eps, 0)
  if o.delta_rel then check.number(2, "delta_rel", o.delta_rel, 0) end
  local s, reason
  if moments.is(z) then s = from_classes(z) else s, reason = views.of(1, z, o.q, o.nan) end
  if not s then return result.of("lidar", o.full, 0 / 0, { undefined = reason }) end
  local info = { n = s.n, q = s.q, d = s.d, eps = o.eps, biased = o.biased }
  if s.skipped > 0 then info.n_skipped = s.skipped end
  local value = 0 / 0
  if s.n == 1 then
    info.undefined = "one sample has no other"
  else
    value = value_of(s, o, info)
    info.fraction = value / math.min(s.d, s.n - 1)
    if s.n <= s.d then
      info.warn = ("%d samples for %d dimensions: the value is limited by the samples"):format(
        s.n, s.d)
    end
  end
  return result.of("lidar", o.full, value, info)
end

return lidar
