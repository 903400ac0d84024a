-- Uniformity: how evenly unit rows cover the sphere.

local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local tape = require "sslkit.metrics.engine.tape"
local T = require "sslkit.tensor"

local EXACT = 4096    -- rows up to which products are float64
local COLLAPSED = 0.1 -- |value| below which they are again

-- The value of the uniform distribution on the sphere in d dimensions: -2t + ln 0F1(; d/2; t^2), its
-- series summed in logarithms.
local function bound_of(d, t)
  if t == 0 then return 0.0 end
  local sum, term, k = 0, 0, 0
  repeat
    k = k + 1
    term = term + 2 * math.log(t) - math.log(d / 2 + k - 1) - math.log(k)
    local large, small = math.max(sum, term), math.min(sum, term)
    sum = large + math.log(1 + math.exp(small - large))
  until k > t and term < sum - 40
  return sum - 2 * t
end

local function log1p(x)
  local y = 1 + x
  return y == 1 and x or math.log(y) * x / (y - 1) -- what rounding lost in y, it lost in y - 1 too
end

-- ln of the mean over pairs; near collapse from the sum of expm1, which keeps its digits there.
local function value_of(z, t, single, diagonal)
  local n = core.len(z)
  local exp, expm1, zeros = core.uniformity(z, t, single)
  local count = n * (n - 1) / 2
  if diagonal then exp, expm1, count = 2 * exp + n, 2 * expm1, n * n end
  local mean = exp / count
  return mean > 0.5 and log1p(expm1 / count) or math.log(mean), zeros
end

local function sample(z, options) return rows.sample({ z }, options.max_rows, options.seed)[1] end

-- The same on the tape: exact, from the products of all pairs.
local function taped(z, options)
  local kept = tape.rows(1, z, options.nan)
  local n = kept and core.len(kept) or 0
  if n < 2 then return tape.constant(z, 0 / 0) end
  local u = tape.units(sample(kept, options))
  n = core.len(u)
  local off = 1 - T.eye(n, "float64")
  local square = T.sum(T.square(u), 2, true)
  local distance = square + T.transpose(square, 1, 2) - T.matmul(u, T.transpose(u, 1, 2)) * 2
  local power = distance * off * -options.t
  local count = options.include_diagonal and n * n or n * (n - 1)
  local mean = (T.sum(T.exp(power) * off) + (options.include_diagonal and n or 0)) / count
  if core.item(mean) > 0.5 then return T.log1p(T.sum(T.expm1(power)) / count) end
  return T.log(mean)
end

--- Uniformity: ln of the mean of exp(-t |u_i - u_j|^2) over pairs of distinct unit rows: 0 when they
-- all coincide, down to `bound` when they cover the sphere evenly.
-- @param z float tensor [N,D]
-- @param options {t=2, include_diagonal=false, max_rows=20000 (more are sampled), seed=0,
-- precision="auto" (float32 products from 4096 rows on, unless near collapse) or "float64",
-- nan="error", "skip" or "propagate", full=false, tensor=false (true: a loss)}
-- @return number; with full a table {value=, bound=, gap=, n=, n_used=, n_zero=, precision=, t=, d=, ...};
-- with tensor a 0-dim float64 tensor on the tape, which holds several matrices [N,N]
-- @raise on NaN or Inf, naming the row
-- @source Wang, Isola 2020, "Understanding contrastive representation learning through alignment and uniformity on the hypersphere", ICML
-- @example ssl.metrics.uniformity(ssl.tensor{{1, 0}, {-1, 0}}) --> -8.0
-- @example ssl.metrics.uniformity(ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}) --> -4.39634896723
local function uniformity(z, options)
  options = check.options(2, options, {
    t = 2, include_diagonal = false, max_rows = 20000, seed = 0, precision = "auto", nan = "error",
    full = false, tensor = false,
  })
  local t = check.number(2, "t", options.t, 0, 170) -- exp(-4 t) is still a number
  options.max_rows = check.integer(2, "max_rows", options.max_rows, 2)
  check.one_of(2, "precision", options.precision, { "auto", "float64" })
  options.seed = check.integer(2, "seed", options.seed)
  if tape.wanted(2, options) then return (taped(z, options)) end
  local kept, skipped = rows.finite(1, z, options.nan)
  local info = { t = t, include_diagonal = options.include_diagonal }
  if not kept then
    info.undefined = skipped
    return result.of("uniformity", options.full, 0 / 0, info)
  end
  local used = sample(kept, options)
  info.n, info.d, info.n_used = core.len(kept), core.size(kept, 2), core.len(used)
  if skipped > 0 then info.n_skipped = skipped end
  if info.n_used < info.n then info.seed = options.seed end
  if info.n == 1 then
    info.undefined = "one row makes no pair"
    return result.of("uniformity", options.full, 0 / 0, info)
  end
  local single = options.precision == "auto" and info.n_used > EXACT
  local value, zeros = value_of(used, t, single, options.include_diagonal)
  if single and value > -COLLAPSED then
    single = false
    value, zeros = value_of(used, t, single, options.include_diagonal)
  end
  info.precision, info.n_zero = single and "float32" or "float64", zeros
  info.bound = bound_of(info.d, t)
  info.gap = value - info.bound
  return result.of("uniformity", options.full, value, info)
end

return uniformity
