-- Fisher's criterion: how far classes lie apart in units of their own spread, in every direction.

local core = require "sslkit.core"
local check = require "sslkit.check"
local separation = require "sslkit.metrics.engine.separation"

local SINGULAR = 2.0 ^ -52

-- The lower Cholesky factor of the scatter within and a ridge, or nil where that is singular.
local function factor(c, ridge)
  local a = c.scatter:t():clone()
  a:diagonal():add_(ridge)
  local ok, lower = pcall(core.cholesky, a)
  if not ok then
    if not tostring(lower):find("positive", 1, true) then error(lower, 0) end
    return nil
  end
  local pivots = lower:diagonal():square()
  local least, most = core.item(core.amin(pivots)), core.item(core.amax(pivots))
  return least > c.d * SINGULAR * most and lower or nil
end

local function value_of(c, o)
  local share = check.number(3, "ridge", o.ridge, 0)
  local within, rows = core.item(core.sum(c.square)), c:between()
  local between = core.item(core.sum(core.square(rows)))
  local ridge = share * within / c.d
  local info = {
    ridge = ridge, trace_ratio = between / within, eta_squared = between / (between + within),
  }
  if between + within == 0 then
    info.undefined = "all rows are the same"
    return 0 / 0, info
  elseif within == 0 then
    info.warn = "no row differs from its class mean"
    return math.huge, info
  end
  local lower = factor(c, ridge)
  if not lower then
    info.undefined = "the scatter within classes is singular; see the option ridge"
    return 0 / 0, info
  end
  local solved = core.solve_triangular(lower, rows:t():contiguous(), false)
  if o.full then
    info.eigenvalues = {}
    for i, s in ipairs(core.svdvals(solved):totable()) do
      if i < c.k then info.eigenvalues[i] = s * s end
    end
  end
  return core.item(core.sum(core.square(solved))), info
end

--- Fisher's criterion: the trace of (S_W + r I)^-1 S_B, the scatter between classes in units of the
-- scatter within them. It does not change under linear maps of the features but for the ridge r.
-- @param z float tensor [N,D], or an accumulator with classes
-- @param y int64 [N], the labels (nil with an accumulator)
-- @param options {ridge=1e-6 (r in units of trace(S_W) / D), nan="error", "skip" or "propagate",
-- full=false}
-- @return number, 0 and more; NaN for one class; with full a table {value=, trace_ratio= (trace S_B /
-- trace S_W), eta_squared=, eigenvalues= (of linear discriminant analysis, which add up to the value),
-- ridge= (r), n=, d=, n_classes=, ...}
-- @raise on NaN or Inf, naming the row, and on labels that are not int64 or not one a row
-- @source Fukunaga 1990, "Introduction to Statistical Pattern Recognition", section 10.2
-- @example local z = ssl.tensor{{0, 1}, {0, -1}, {2, 1}, {2, -1}, {-2, 1}, {-2, -1}, {0, 1}, {0, -1}}; return ssl.metrics.fisher(z, ssl.tensor({1, 1, 1, 1, 2, 2, 2, 2}, "int64"), {ridge=0}) --> 1.0
local function fisher(z, y, options)
  local answer = separation.of("fisher", z, y, options, { ridge = 1e-6 }, true, value_of)
  return answer
end

return fisher
