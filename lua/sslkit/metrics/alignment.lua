-- Alignment: how close the two views of a sample lie.

local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"

-- Rows that are finite in both, and how many were not.
local function both_finite(u, v, policy)
  local bad = core.nonfinite_row(u) or core.nonfinite_row(v)
  if not bad or policy ~= "skip" then
    local reason
    u, reason = rows.finite(1, u, policy, 3)
    if u then v, reason = rows.finite(2, v, policy, 3) end
    return u and v and u, v, reason
  end
  local keep = core.logical_and(rows.which_finite(u), rows.which_finite(v))
  local kept = core.masked_select(u, keep)
  if core.len(kept) == 0 then check.fail(1, "no row is finite in both views") end
  return kept, core.masked_select(v, keep), core.len(u) - core.len(kept)
end

--- Alignment: the mean of |u - v|^alpha over pairs of unit rows, 0 (the views agree) .. 2^alpha. Read
-- it beside uniformity: collapsed views are aligned too.
-- @param u float tensor [N,D], one view of each sample
-- @param v tensor like u, the other view
-- @param options {alpha=2, nan="error", "skip" (drops the pair) or "propagate", full=false}
-- @return number; with full a table {value=, alpha=, n=, d=}
-- @raise where shapes or dtypes differ; on NaN or Inf, naming the row
-- @source Wang, Isola 2020, "Understanding contrastive representation learning through alignment and uniformity on the hypersphere", ICML
-- @example ssl.metrics.alignment(ssl.tensor{{1, 0}}, ssl.tensor{{0, 1}}) --> 2.0
local function alignment(u, v, options)
  options = check.options(3, options, { alpha = 2, nan = "error", full = false })
  local alpha = check.number(3, "alpha", options.alpha, 0)
  u = rows.matrix(1, u)
  v = rows.matrix(2, v)
  if core.describe(u) ~= core.describe(v) then
    check.fail(2, "tensor like the first, %s, expected, got %s", core.describe(u), core.describe(v))
  end
  local info = { alpha = alpha, n = core.len(u), d = core.size(u, 2) }
  local a, b, skipped = both_finite(u, v, options.nan)
  if not a then
    info.undefined = skipped
    return result.of("alignment", options.full, 0 / 0, info)
  end
  if skipped > 0 then info.n, info.n_skipped = core.len(a), skipped end
  return result.of("alignment", options.full, core.alignment(a, b, alpha), info)
end

return alignment
