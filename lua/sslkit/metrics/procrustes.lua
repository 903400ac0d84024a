-- Orthogonal Procrustes: how far two representations are apart after the best rotation.

local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local two_sets = require "sslkit.metrics.engine.two_sets"

local DISTANCES = { "squared", "root", "angular", "similarity" }

-- The sum of the singular values of x^T y. With fewer rows than columns the columns are turned so
-- that only as many as rows are left.
local function nuclear(x, y)
  local product
  if x.n < math.min(x.d, y.d) then
    local a = core.qr(two_sets.centered(x):t(), false, true)
    local b = core.qr(two_sets.centered(y):t(), false, true)
    product = a:matmul(b:t())
  else
    product = two_sets.products(x, y, { xy = true }).xy
  end
  return core.svdvals(product):sum():item()
end

-- The norms of both, and what their nuclear product is of the product of these.
local function of_rows(x, y)
  x, y = two_sets.side(x), two_sets.side(y)
  local a = math.sqrt(two_sets.squares(x):sum():item())
  local b = math.sqrt(two_sets.squares(y):sum():item())
  return {
    n = x.n, dx = x.d, dy = y.d, x = a / x.unit, y = b / y.unit,
    cosine = a > 0 and b > 0 and math.min(1.0, nuclear(x, y) / a / b) or 0.0,
  }
end

local function of_moments(sets)
  local product, power = two_sets.leveled(sets.xy)
  local a = math.sqrt(core.item(core.sum(core.diagonal(sets.xx))))
  local b = math.sqrt(core.item(core.sum(core.diagonal(sets.yy))))
  local nu = core.svdvals(product):sum():item()
  return {
    n = sets.n, dx = sets.dx, dy = sets.dy, x = a, y = b, skipped = 0,
    cosine = a > 0 and b > 0 and math.min(1.0, nu * (power / a / b)) or 0.0,
  }
end

local function known_of(x, y, policy)
  local sets = two_sets.of_accumulator(x, y)
  if sets then return of_moments(sets) end
  local skipped
  x, y, skipped = rows.pair(x, y, policy)
  if not x then return nil, y end
  local known = of_rows(x, y)
  known.skipped = skipped
  return known
end

--- The distance of two representations of the same samples after the best rotation, reflection
-- included, of one onto the other: 0 for the same up to that. Both are centred and, unless told
-- otherwise, brought to unit (Frobenius) norm; then the squared distance is in 0..2.
-- @param x float tensor [N,D1]; or an accumulator made with pair, and then y is nil
-- @param y float tensor [N,D2], row i of the same sample as row i of x; zeros stand for columns that
-- the narrower lacks
-- @param options {distance="squared", "root" (its root), "angular" (of 0..pi/2) or "similarity" (the
-- nuclear norm of X^T Y, 1 for the same), normalize=true (false: also size counts; not with "angular"
-- and "similarity"), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, squared=, root=, angular=, similarity=, n=, dx=, dy=, ...}
-- @raise where the numbers of rows differ; on NaN or Inf, naming the row
-- @source Ding, Denain, Steinhardt 2021, "Grounding representation similarity with statistical testing",
-- NeurIPS, section 2; Williams, Kunz, Kornblith, Linderman 2021, "Generalized shape metrics on neural representations", NeurIPS
-- @example local x = ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}; return ssl.metrics.procrustes(x, x:narrow(2, 1, 1)) --> 0.585786437627
local function procrustes(x, y, options)
  options = check.options(3, options, {
    distance = "squared", normalize = true, nan = "error", full = false,
  })
  local form, normalize = options.distance, options.normalize
  check.one_of(3, "distance", form, DISTANCES)
  if not normalize and (form == "angular" or form == "similarity") then
    check.fail(3, "the distance '%s' is that of normalized representations", form)
  end
  local known, reason = known_of(x, y, options.nan)
  if not known then
    return result.of("procrustes", options.full, 0 / 0, { undefined = reason })
  end
  local info = { normalize = normalize, n = known.n, dx = known.dx, dy = known.dy }
  if known.skipped > 0 then info.n_skipped = known.skipped end
  local u, v, cosine = known.x, known.y, known.cosine
  if known.n < 2 or normalize and (u == 0 or v == 0) then
    info.undefined = known.n < 2 and "one row has no variance" or "a side has no variance"
    return result.of("procrustes", options.full, 0 / 0, info)
  end
  if normalize then
    info.similarity, info.angular = cosine, math.acos(cosine)
    info.squared = 2 - 2 * cosine
  else -- squares of the larger norm last, so that nothing leaves the range before it must
    local most = math.max(u, v)
    local p, q = most > 0 and u / most or 0, most > 0 and v / most or 0
    info.squared = math.max(0.0, p * p + q * q - 2 * cosine * p * q) * most * most
  end
  info.root = math.sqrt(info.squared)
  return result.of("procrustes", options.full, info[form], info)
end

return procrustes
