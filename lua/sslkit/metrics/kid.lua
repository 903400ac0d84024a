-- KID: the discrepancy of two sets of features under a cubic kernel.

local core = require "sslkit.core"
local check = require "sslkit.check"
local discrepancy = require "sslkit.metrics.engine.discrepancy"
local panels = require "sslkit.metrics.engine.panels"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local DEGREE = 3

-- `size` rows of z, in the order in which they were drawn; all of them where there are no more.
local function draw(z, size, generator)
  if core.len(z) <= size then return z end
  return z[T.randperm(core.len(z), { generator = generator }):narrow(1, 1, size)]
end

--- KID, the kernel Inception distance: the unbiased squared maximum mean discrepancy of two sets of
-- features under the kernel (x.y / D + 1)^3, mean over random subsets; of the sets themselves where
-- neither is larger than a subset. May be below 0.
-- @param x float tensor [N1,D]
-- @param y float tensor [N2,D]
-- @param options {subset=1000 (rows), subsets=100, seed=0, nan="error", "skip" or "propagate",
-- full=false}
-- @return number; with full a table {value=, std= (of the subsets' values, of subsets - 1; absent for
-- one), subset=, subsets= (that were used), n_x=, n_y=, d=, seed=, ...}
-- @raise where the widths differ; on NaN or Inf, naming the row
-- @source Binkowski, Sutherland, Arbel, Gretton 2018, "Demystifying MMD GANs", ICLR, section 4
-- @example ssl.metrics.kid(ssl.tensor{{0}, {1}}, ssl.tensor{{1}, {2}}) --> 9.5
local function kid(x, y, options)
  options = check.options(3, options, {
    subset = 1000, subsets = 100, seed = 0, nan = "error", full = false,
  })
  local size = check.integer(3, "subset", options.subset, 2)
  local count = check.integer(3, "subsets", options.subsets, 1)
  check.integer(3, "seed", options.seed)
  local info = {}
  local skipped
  x, y, skipped = rows.two(x, y, options.nan)
  if not x then return result.of("kid", options.full, 0 / 0, { undefined = y }) end
  info.n_x, info.n_y, info.d = core.len(x), core.len(y), core.size(x, 2)
  if skipped > 0 then info.n_skipped = skipped end
  if info.n_x < 2 or info.n_y < 2 then
    info.undefined = "the unbiased estimate needs two rows of each"
    return result.of("kid", options.full, 0 / 0, info)
  end
  if info.n_x <= size and info.n_y <= size then count = 1 else info.seed = options.seed end
  info.subset, info.subsets = math.min(size, math.max(info.n_x, info.n_y)), count
  local generator = T.generator(options.seed)
  local function kernel(a, b) return panels.polynomial(a, b, 1 / info.d, DEGREE) end
  x, y = core.to(x, "float64"), core.to(y, "float64")
  local mean, squares = 0, 0
  for i = 1, count do
    local v = discrepancy.unbiased(draw(x, size, generator), draw(y, size, generator), kernel)
    local step = v - mean
    mean = mean + step / i
    squares = squares + step * (v - mean)
  end
  if count > 1 then info.std = math.sqrt(squares / (count - 1)) end
  return result.of("kid", options.full, mean, info)
end

return kid
