-- Centred kernel alignment: what cka, cka_matrix and cka_accumulator share.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hsic = require "sslkit.metrics.engine.hsic"
local panels = require "sslkit.metrics.engine.panels"
local two_sets = require "sslkit.metrics.engine.two_sets"

local cka = {}

local NAN = 0 / 0
local SINGLE = 1e8 -- multiply-adds from which float32 products are worth their probes

cka.KERNELS = { "linear", "rbf" }
cka.PRECISIONS = { "auto", "float64" }

--- Is there something amiss with the options about kernels?
function cka.check_kernel(argn, options)
  check.one_of(argn, "kernel", options.kernel, cka.KERNELS)
  for _, name in ipairs { "sigma", "fraction" } do
    local v = options[name]
    if v ~= nil then
      if options.kernel ~= "rbf" then check.fail(argn, "%s is of the kernel 'rbf'", name) end
      if check.number(argn, name, v, 0) == 0 then check.fail(argn, "%s must be above 0", name) end
    end
  end
  if options.sigma and options.fraction then
    check.fail(argn, "sigma and fraction (of the median distance) exclude each other")
  end
end

--- The alignment from the criterion of both kernels and of each with itself, and where it is not
-- defined the reason.
function cka.value(xy, xx, yy, debiased, n)
  if n < 2 then return NAN, "one row has no variance" end
  if not debiased then
    if xx.biased <= 0 or yy.biased <= 0 then return NAN, "a side has no variance" end
    return math.min(1.0, xy.biased / math.sqrt(xx.biased) / math.sqrt(yy.biased))
  end
  if n < 4 then return NAN, "the unbiased estimate needs four rows" end
  if xx.unbiased <= 0 or yy.unbiased <= 0 then
    return NAN, "the unbiased estimate of a side with itself is not above 0"
  end
  return xy.unbiased / math.sqrt(xx.unbiased) / math.sqrt(yy.unbiased)
end

-- {== Linear ================================================================================

-- What an alignment may be off for products whose sums of squares are off by `errors`.
local function bound_of(errors, terms, debiased, n)
  local key, factor = "biased", 1
  if debiased then key, factor = "unbiased", 1 / (n * (n - 3)) end
  local xx, yy = terms.xx[key], terms.yy[key]
  local scale = math.sqrt(xx) * math.sqrt(yy)
  return factor * (errors.xy / scale
    + math.abs(terms.xy[key]) / scale / 2 * (errors.xx / xx + errors.yy / yy))
end

local ALL = { xx = true, yy = true, xy = true }

local function by_columns(x, y, single, squares)
  local sums, errors = two_sets.products(x, y, ALL, single)
  local a, b
  if squares then a, b = two_sets.squares(x), two_sets.squares(y) end
  local terms = {
    xy = hsic.of_product(sums.xy, x.n, a, b), xx = hsic.of_product(sums.xx, x.n, a, a),
    yy = hsic.of_product(sums.yy, x.n, b, b),
  }
  return terms, errors
end

--- The criteria of linear kernels of two sides: {xy=, xx=, yy=} of {biased=, unbiased=}, in the scale
-- of the sides, and how they were found: {route=, precision=, bound= (of the alignment)}. Options:
-- unbiased (is it wanted?), debiased (of which estimate is the bound?), precision, tolerance.
function cka.linear(x, y, options)
  local how = { route = "features", precision = "float64", bound = 0.0 }
  if x.constant or y.constant then
    local zero = { biased = 0.0, unbiased = 0.0 }
    return { xy = zero, xx = zero, yy = zero }, how
  end
  if hsic.by_rows(x.n, x.d, y.d) then
    how.route = "gram"
    local kernels = { hsic.linear(x), hsic.linear(y) }
    local list = hsic.of_kernels(x.n, kernels, { { 1, 2 }, { 1, 1 }, { 2, 2 } })
    return { xy = list[1], xx = list[2], yy = list[3] }, how
  end
  local single = options.precision == "auto" and x.dtype == "float32"
    and x.n * (x.d * y.d + x.d * x.d + y.d * y.d) >= SINGLE
  local terms, errors = by_columns(x, y, single, options.unbiased)
  if single then
    local bound = bound_of(errors, terms, options.debiased, x.n)
    if bound <= options.tolerance then
      how.precision, how.bound = "float32", bound
    else
      terms = by_columns(x, y, false, options.unbiased)
    end
  end
  return terms, how
end

-- ==}

-- {== Gaussian ==============================================================================

--- The Gaussian kernel of rows z, by the options sigma, or fraction of the median distance; and that
-- sigma, 0 where the median is.
function cka.gaussian(z, options)
  z = core.to(z, "float64")
  local sigma = options.sigma or core.len(z) < 2 and 0
    or (options.fraction or 1) * panels.median(z)
  return sigma > 0 and hsic.gaussian(z, sigma) or nil, sigma
end

-- ==}

return cka
