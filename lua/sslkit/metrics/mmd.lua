-- Maximum mean discrepancy: do two sets of rows come from one distribution?

local core = require "sslkit.core"
local check = require "sslkit.check"
local discrepancy = require "sslkit.metrics.engine.discrepancy"
local panels = require "sslkit.metrics.engine.panels"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local DRAWN = 2000 -- rows for the median where the estimate itself is to take linear time

local function check_scales(scales)
  if type(scales) ~= "table" or #scales == 0 then
    check.fail(3, "scales must be a list of numbers, got %s", check.kind(scales))
  end
  for _, v in ipairs(scales) do
    if check.number(3, "a scale", v, 0) == 0 then check.fail(3, "a scale must be above 0") end
  end
end

local function check_all(options)
  check.one_of(3, "kernel", options.kernel, { "rbf", "linear" })
  check.one_of(3, "estimator", options.estimator, { "unbiased", "biased", "linear" })
  check.integer(3, "max_rows", options.max_rows, 2)
  check.integer(3, "seed", options.seed)
  for _, name in ipairs { "sigma", "scales" } do
    if options[name] ~= nil and options.kernel ~= "rbf" then
      check.fail(3, "%s is of the kernel 'rbf'", name)
    end
  end
  if options.sigma and check.number(3, "sigma", options.sigma, 0) == 0 then
    check.fail(3, "sigma must be above 0")
  end
  if options.scales then check_scales(options.scales) end
end

-- The gaussian kernel as a function of two sets, and its sigma: nil and 0 where the median is.
local function gaussian(x, y, options)
  local sigma = options.sigma
  if not sigma then
    local pooled = T.cat { x, y }
    if options.estimator == "linear" then
      pooled = rows.sample({ pooled }, DRAWN, options.seed)[1]
    end
    sigma = panels.median(pooled)
  end
  if sigma == 0 then return nil, sigma end
  local sigmas = {}
  for i, scale in ipairs(options.scales or { 1 }) do sigmas[i] = scale * sigma end
  return function(a, b) return panels.gaussian(a, b, sigmas) end, sigma
end

-- With the kernel x.y; a common shift changes nothing, and keeps digits.
local function linear(x, y, estimator)
  local power
  x, y, power = rows.in_common_range(x, y)
  local center = core.column_center(T.cat { x, y })
  x, y = x - center, y - center
  local value = estimator == "linear" and discrepancy.linear(x, y, panels.linear)
    or discrepancy.of_products(x, y, estimator == "biased")
  return value * power * power
end

--- The square of the maximum mean discrepancy of two sets of rows.
-- @param x float tensor [N1,D]
-- @param y float tensor [N2,D]
-- @param options {kernel="rbf" or "linear", sigma= (rbf; by default the median distance of two rows of
-- either set), scales={1} (rbf: the mean of kernels of these multiples of sigma),
-- estimator="unbiased" (may be below 0), "biased" or "linear" (unbiased too, in linear time and with
-- more variance), max_rows=20000 (rbf, of a set; more are
-- sampled where all pairs are looked at), seed=0, nan="error", "skip" or
-- "propagate", full=false}
-- @return number; with full a table {value=, kernel=, sigma=, estimator=, n_x=, n_y=, used_x=, used_y=,
-- ...}
-- @raise where the widths differ; on NaN or Inf, naming the row
-- @source Gretton, Borgwardt, Rasch, Schoelkopf, Smola 2012, "A kernel two-sample test", JMLR, lemma 6 and eq. 3 and 5
-- @example ssl.metrics.mmd(ssl.tensor{{0}, {1}}, ssl.tensor{{1}, {2}}, {sigma=1}) --> 0.0388630180943
-- @example ssl.metrics.mmd(ssl.tensor{{0}, {1}}, ssl.tensor{{1}, {2}}, {sigma=1, estimator="biased"}) --> 0.432332358382
local function mmd(x, y, options)
  options = check.options(3, options, {
    kernel = "rbf", estimator = "unbiased", max_rows = 20000, seed = 0, nan = "error",
    full = false,
  }, { sigma = true, scales = true })
  check_all(options)
  local info = { kernel = options.kernel, estimator = options.estimator }
  local skipped
  x, y, skipped = rows.two(x, y, options.nan)
  if not x then
    info.undefined = y
    return result.of("mmd", options.full, 0 / 0, info)
  end
  info.n_x, info.n_y = core.len(x), core.len(y)
  if skipped > 0 then info.n_skipped = skipped end
  if options.estimator ~= "biased" and (info.n_x < 2 or info.n_y < 2) then
    info.undefined = "the unbiased estimate needs two rows of each"
    return result.of("mmd", options.full, 0 / 0, info)
  end
  if options.kernel == "linear" then
    local value = linear(core.to(x, "float64"), core.to(y, "float64"), options.estimator)
    return result.of("mmd", options.full, value, info)
  end
  if options.estimator ~= "linear" then x, y = discrepancy.sampled(x, y, options, info) end
  x, y = core.to(x, "float64"), core.to(y, "float64")
  local kernel, sigma = gaussian(x, y, options)
  info.sigma = sigma
  if not kernel then
    info.undefined = "the median distance is 0"
    return result.of("mmd", options.full, 0 / 0, info)
  end
  return result.of("mmd", options.full, discrepancy[options.estimator](x, y, kernel), info)
end

return mmd
