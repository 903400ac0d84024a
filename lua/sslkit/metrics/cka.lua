-- CKA: do two representations agree about which samples are alike?

local core = require "sslkit.core"
local check = require "sslkit.check"
local engine = require "sslkit.metrics.engine.cka"
local hsic = require "sslkit.metrics.engine.hsic"
local lengths = require "sslkit.metrics.engine.lengths"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local tape = require "sslkit.metrics.engine.tape"
local tape_cka = require "sslkit.metrics.engine.tape_cka"
local two_sets = require "sslkit.metrics.engine.two_sets"
local accumulator = require "sslkit.metrics.cka_accumulator"

local NAN = 0 / 0
local INNER = { xy = { 1, 2 }, xx = { 1, 1 }, yy = { 2, 2 } } -- places in `squares`, see engine.lengths

local function warning(n, dx, dy)
  local d = math.max(dx, dy)
  if n >= 4 * d then return nil end
  local text = "N = %d is less than 4 D = %d: the biased value grows to 1 with D / N, see debiased"
  return text:format(n, 4 * d)
end

local function linear(x, y, options, info)
  x, y = two_sets.side(x), two_sets.side(y)
  local terms, how = engine.linear(x, y, {
    unbiased = options.full or options.debiased, debiased = options.debiased,
    precision = options.precision, tolerance = options.tolerance,
  })
  info.route, info.precision, info.bound = how.route, how.precision, how.bound
  if not options.debiased then info.warn = warning(x.n, x.d, y.d) end
  local units = { xy = x.unit * y.unit, xx = x.unit * x.unit, yy = y.unit * y.unit }
  return terms, units
end

local function gaussian(x, y, options, info)
  local sampled = rows.sample({ x, y }, options.max_rows, options.seed)
  if core.len(sampled[1]) < info.n then info.seed = options.seed end
  info.n_used, info.route = core.len(sampled[1]), "gram"
  local kernels = {}
  kernels[1], info.sigma_x = engine.gaussian(sampled[1], options)
  kernels[2], info.sigma_y = engine.gaussian(sampled[2], options)
  if not (kernels[1] and kernels[2]) then
    local reason = "the median distance of a side is 0"
    return nil, info.n_used < 2 and "one row has no variance" or reason
  end
  local list = hsic.of_kernels(info.n_used, kernels, { { 1, 2 }, { 1, 1 }, { 2, 2 } })
  return { xy = list[1], xx = list[2], yy = list[3] }, { xy = 1, xx = 1, yy = 1 }
end

-- The power of two that brings the rows with that scatter to about 1.
local function unit_of(scatter)
  local most = core.item(core.amax(scatter:diagonal()))
  return most > 0 and 2.0 ^ -(math.floor(math.log(most, 2)) // 2) or 1.0
end

-- From moments of pairs alone.
local function of_moments(sets, options, info)
  if options.kernel ~= "linear" or options.batch then
    check.fail(3, "from an accumulator there is the CKA of linear kernels and all rows only")
  end
  local trusted, square_x, square_y = lengths.in_range(sets)
  if options.debiased and not trusted then
    check.fail(1, "%s: mean squared lengths of %.3g and %.3g, whose squares leave the range of "
      .. "float64", tostring(sets), square_x, square_y)
  end
  local n, unit, terms, units = sets.n, { x = unit_of(sets.xx), y = unit_of(sets.yy) }, {}, {}
  local total = { x = square_x * n, y = square_y * n }
  for name, at in pairs(INNER) do
    local s, t = name:sub(1, 1), name:sub(2, 2)
    units[name] = unit[s] * unit[t]
    local inner, a, b
    if trusted and options.full or options.debiased then
      inner = sets.squares:at(at[1], at[2]) * units[name] * units[name]
      a, b = total[s] * unit[s] * unit[s], total[t] * unit[t] * unit[t]
    end
    terms[name] = hsic.of_sums(sets[name] * unit[s] * unit[t], n, inner, a, b)
  end
  info.n, info.dx, info.dy, info.route = n, sets.dx, sets.dy, "accumulator"
  if not options.debiased then info.warn = warning(n, sets.dx, sets.dy) end
  return terms, units
end

-- The mean of the criteria of batches, which follow each other; a last short one is left out.
local function batches(x, y, options, info)
  local a, n = accumulator(), core.len(x)
  for first = 1, n, options.batch do
    local last = math.min(n, first + options.batch - 1)
    if last - first + 1 >= math.min(options.batch, n) then
      a:add_finite(core.narrow(x, 1, first, last), core.narrow(y, 1, first, last))
    end
  end
  info.batches, info.batch, info.route = a.batches, options.batch, "batches"
  info.n_used = a.n
  local value, reason = a:value()
  info.undefined = reason
  return value
end

-- The alignment from the criteria in those units of both sides, with what else is known of it.
local function value_of(options, info, terms, units)
  local n = info.n_used or info.n
  local value, reason = engine.value(terms.xy, terms.xx, terms.yy, options.debiased, n)
  info.undefined = reason
  if not options.full then return value end
  info.biased = engine.value(terms.xy, terms.xx, terms.yy, false, n)
  if terms.xy.unbiased then
    info.debiased = engine.value(terms.xy, terms.xx, terms.yy, true, n)
  end
  for name, unit in pairs(units) do
    local t = terms[name]
    info["hsic_" .. name] = (options.debiased and t.unbiased or t.biased / (n - 1) ^ 2)
      / unit / unit
  end
  return value
end

--- CKA, centred kernel alignment: how far two representations of the same samples agree about which
-- samples are alike, from 0 to 1. It does not see rotations, shifts, or a common scale of either.
-- @param x float tensor [N,D1]; or an accumulator made with pair, and then y is nil (linear kernels)
-- @param y float tensor [N,D2], row i of the same sample as row i of x
-- @param options {kernel="linear" or "rbf", debiased=false (true: from unbiased estimates, and then it
-- may leave 0..1; for few samples of many dimensions), sigma= (rbf), fraction=1 (rbf: sigma as a
-- fraction of the median distance of two samples, in each representation), batch= (the estimate from
-- batches of that many rows, see cka_accumulator), precision="auto" (float32 data by float32 products
-- where these prove good to tolerance) or "float64", tolerance=1e-6, max_rows=20000 (rbf: more are
-- sampled), seed=0, nan="error", "skip" (drops the row from both) or "propagate", full=false,
-- tensor=false (true: a loss; sigma is a constant there)}
-- @return number; with full a table {value=, biased=, debiased=, hsic_xy=, hsic_xx=, hsic_yy= (of the
-- form asked for), kernel=, route=, n=, precision=, bound=, sigma_x=, sigma_y=, warn=, ...}; with tensor a 0-dim float64 tensor on the tape
-- @raise where the numbers of rows differ; on NaN or Inf, naming the row
-- @source Kornblith, Norouzi, Lee, Hinton 2019, "Similarity of neural network representations revisited", ICML, eq. 3
-- and 4; Song, Smola, Gretton, Bedo, Borgwardt 2012, "Feature selection via dependence maximization", JMLR, eq. 4
-- @example local x = ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}; return ssl.metrics.cka(x, x:narrow(2, 1, 1)) --> 0.707106781187
-- @example local x = ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}; return ssl.metrics.cka(x, x:narrow(2, 1, 1), {kernel="rbf"}) --> 0.709380171681
local function cka(x, y, options)
  options = check.options(3, options, {
    kernel = "linear", debiased = false, precision = "auto", tolerance = 1e-6, max_rows = 20000,
    seed = 0, nan = "error", full = false, tensor = false,
  }, { sigma = true, fraction = true, batch = true })
  engine.check_kernel(3, options)
  check.one_of(3, "precision", options.precision, engine.PRECISIONS)
  check.number(3, "tolerance", options.tolerance, 0)
  check.integer(3, "max_rows", options.max_rows, 2)
  check.integer(3, "seed", options.seed)
  if options.batch then
    check.integer(3, "batch", options.batch, 4)
    if options.kernel ~= "linear" then check.fail(3, "batch is of the kernel 'linear'") end
  end
  if tape.wanted(3, options) then
    if options.batch then check.fail(3, "batch has no tensor=true") end
    return (tape_cka(x, y, options))
  end
  local info = { kernel = options.kernel }
  local sets = two_sets.of_accumulator(x, y)
  if sets then
    local value = value_of(options, info, of_moments(sets, options, info))
    return result.of("cka", options.full, value, info)
  end
  local skipped
  x, y, skipped = rows.pair(x, y, options.nan)
  if not x then
    info.undefined = y
    return result.of("cka", options.full, NAN, info)
  end
  info.n, info.dx, info.dy = core.len(x), core.size(x, 2), core.size(y, 2)
  if skipped > 0 then info.n_skipped = skipped end
  if options.batch then
    return result.of("cka", options.full, batches(x, y, options, info), info)
  end
  local of = options.kernel == "linear" and linear or gaussian
  local terms, units = of(x, y, options, info)
  if not terms then
    info.undefined = units
    return result.of("cka", options.full, NAN, info)
  end
  return result.of("cka", options.full, value_of(options, info, terms, units), info)
end

return cka
