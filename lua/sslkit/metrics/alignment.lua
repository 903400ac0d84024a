-- Alignment: how close the two views of a sample lie.

local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local tape = require "sslkit.metrics.engine.tape"
local T = require "sslkit.tensor"

-- The same on the tape. Where views agree, distances have no slope below alpha = 2: 0 is given.
local function taped(u, v, options)
  local alpha = options.alpha
  local a, b = tape.pair(u, v, options.nan)
  if not a then return tape.constant(u + v, 0 / 0) end
  local apart = T.sum(T.square(tape.units(a) - tape.units(b)), 2)
  if alpha == 2 then return T.mean(apart) end
  local none = core.eq(core.detach(apart), 0)
  return T.mean(T.where(none, 0.0 ^ alpha, T.where(none, 1, apart) ^ (alpha / 2)))
end

-- Rows of zeros, which have no direction.
local function zeros(z) return core.item(core.sum(core.eq(core.row_units(z), 0))) end

--- Alignment: the mean of |u - v|^alpha over pairs of unit rows, 0 (the views agree) .. 2^alpha. Read
-- it beside uniformity: collapsed views are aligned too.
-- @param u float tensor [N,D], one view of each sample
-- @param v tensor like u, the other view
-- @param options {alpha=2, nan="error", "skip" (drops the pair) or "propagate", full=false,
-- tensor=false (true: a loss)}
-- @return number; with full a table {value=, alpha=, n=, d=, n_zero= (zero rows of both views)};
-- with tensor a 0-dim float64 tensor on the tape
-- @raise where shapes or dtypes differ; on NaN or Inf, naming the row
-- @source Wang, Isola 2020, "Understanding contrastive representation learning through alignment and uniformity on the hypersphere", ICML
-- @example ssl.metrics.alignment(ssl.tensor{{1, 0}}, ssl.tensor{{0, 1}}) --> 2.0
local function alignment(u, v, options)
  options = check.options(3, options, {
    alpha = 2, nan = "error", full = false, tensor = false,
  })
  local alpha = check.number(3, "alpha", options.alpha, 0)
  local first, second = rows.matrix(1, u), rows.matrix(2, v)
  if core.describe(first) ~= core.describe(second) then
    check.fail(2, "tensor like the first, %s, expected, got %s", core.describe(u), core.describe(v))
  end
  if tape.wanted(3, options) then return (taped(u, v, options)) end
  u, v = first, second
  local info = { alpha = alpha, n = core.len(u), d = core.size(u, 2) }
  local a, b, skipped = rows.pair(u, v, options.nan)
  if not a then
    info.undefined = b
    return result.of("alignment", options.full, 0 / 0, info)
  end
  if skipped > 0 then info.n, info.n_skipped = core.len(a), skipped end
  if options.full then info.n_zero = zeros(a) + zeros(b) end
  return result.of("alignment", options.full, core.alignment(a, b, alpha), info)
end

return alignment
