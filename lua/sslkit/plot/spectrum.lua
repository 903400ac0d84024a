-- The spectrum of representations: variances by rank, on logarithmic axes.

local check = require "sslkit.check"
local core = require "sslkit.core"
local figure = require "sslkit.plot.figure"
local lines = require "sslkit.plot.lines"
local power_law = require "sslkit.metrics.engine.power_law"
local series = require "sslkit.plot.series"
local style = require "sslkit.plot.style"

local TAIL = 1e-10 -- of the largest eigenvalue: what is smaller is rounding
local MORE = { fit = true, window = true, share = true }

-- The singular values of one representation, descending, and the number of its rows, if known.
local function singular_values(z, i)
  local what = ("spectrum %d"):format(i)
  if core.is_tensor(z) and z:dim() == 2 then
    -- loaded here: a list of values needs no metrics
    local s = require("sslkit.metrics.spectrum")(z, { center = true })
    return s, s.n
  end
  local list = series.numbers(1, what, z)
  local values = table.move(list, 1, #list, 1, {})
  for k, v in ipairs(values) do
    if not (v >= 0 and v < math.huge) then
      check.fail(1, "%s must hold singular values, got %s at %d", what, check.kind(v), k)
    end
  end
  table.sort(values, function(a, b) return a > b end)
  return values, type(z) == "table" and z.n or nil
end

-- Variances: squares of the singular values, over n - 1 where the n rows are known.
local function variances(z, i, share)
  local sigma, n = singular_values(z, i)
  local values, total = {}, 0
  for j, s in ipairs(sigma) do
    values[j] = s * s / math.max((n or 2) - 1, 1)
    total = total + values[j]
  end
  if share and total > 0 then
    for j, v in ipairs(values) do values[j] = v / total end
  end
  return values
end

local function split(z)
  if type(z) ~= "table" then return { check.tensor(1, z, nil, "z") } end
  return (type(z[1]) == "number" or next(z) == nil) and { z } or series.plain(z)
end

local function check_window(window)
  if window == nil then return nil end
  if type(window) ~= "table" or #window ~= 2 then
    check.fail(2, "window must be {first rank, last rank}, got %s", check.kind(window))
  end
  local first = check.integer(2, "first rank of the window", window[1], 1)
  local last = check.integer(2, "last rank of the window", window[2], first + 1)
  return { lo = first, hi = last, floor = TAIL }
end

--- The eigenvalues of the covariance by rank, on logarithmic axes, with the power law rank^-alpha
-- fitted to them, dashed and named in the legend. Each eigenvalue of a tensor's centred rows is a
-- squared singular value over N - 1; given singular values are squared and taken as they are (those
-- of ssl.metrics.spectrum over n - 1, centred or not, as they were made). The fit is that of
-- alpha-ReQ: least squares of the logarithms, weights 1/rank, ranks 11 to 100 (at most 0.9 of the
-- eigenvalues above 1e-10 of the largest; all of these where that leaves less than 5).
-- @param z float tensor [N,D]; list or 1-D tensor of singular values; what ssl.metrics.spectrum
-- gives; or a list of these
-- @param options table: labels = names of the series (none); fit = with the power law (true); window =
-- {first, last}: the ranks that are fitted (as above); share = divide by the total variance (false);
-- title, xlabel, ylabel = words (none); log = "x", "y" or "xy": logarithmic axes ("xy");
-- width = pixels (640); height = pixels (400)
-- @return figure, with fits = list of {alpha=, first=, last=}, false where there is none
-- @raise values that are negative or not finite, unknown options
-- @source Agrawal et al., alpha-ReQ, NeurIPS 2022; Stringer et al., Nature 2019
-- @example ssl.plot.spectrum({4, 2, 1}, {window = {1, 3}}).fits[1].alpha --> 2.37254...
-- @example ssl.plot.spectrum(ssl.randn(50, 8), {title = "spectrum"}) --> spectrum...
local function spectrum(z, options)
  local o = figure.options(2, options, MORE)
  local window = check_window(o.window)
  local given, list, fits = split(z), {}, {}
  local labels = series.labels(2, o.labels, #given)
  for i, one in ipairs(given) do
    local values, ranks = variances(one, i, o.share), {}
    for j = 1, #values do ranks[j] = j end
    local fit = o.fit ~= false and power_law.fit(values, window)
    fit = fit and fit.alpha and fit
    local name = fit and ("alpha = %.2f"):format(fit.alpha) or nil
    local label = labels and tostring(labels[i]) or nil
    -- one entry a series; where the series needs no name, its fit has one
    if label and name then label = label .. ", " .. name end
    list[#list + 1] = {
      x = ranks, y = values, color = style.color(i), dash = style.dash(i), label = label,
    }
    fits[i] = fit and { alpha = fit.alpha, first = fit.lo, last = fit.hi } or false
    if fit then
      fits[i].line = {
        x = { fit.lo, fit.hi }, y = { fit.at(fit.lo), fit.at(fit.hi) },
        color = #given == 1 and style.color(2) or style.color(i), dash = "6 4", markers = false,
        label = not label and #given == 1 and name or nil,
      }
    end
  end
  for i = 1, #given do -- behind all series, whose numbers are those of their labels
    if fits[i] then
      list[#list + 1], fits[i].line = fits[i].line, nil
    end
  end
  o.log = o.log or "xy"
  o.xlabel = o.xlabel or "rank"
  o.ylabel = o.ylabel or o.share and "share of variance" or "variance"
  local fig = figure.new(lines.new(list), o, 2, MORE)
  fig.fits = fits
  return fig
end

return spectrum
