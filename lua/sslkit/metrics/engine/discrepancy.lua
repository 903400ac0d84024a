-- Differences of two sets by the means of a function over pairs within them and between them. A
-- kernel is a function that makes one of panels (see panels.lua) of two sets.

local core = require "sslkit.core"
local panels = require "sslkit.metrics.engine.panels"
local rows = require "sslkit.metrics.engine.rows"

local discrepancy = {}

local SMALL = 64 -- rows of a panel of which only the diagonal is wanted

--- Both sets after options.max_rows, and in info what was used.
function discrepancy.sampled(x, y, options, info)
  local a = rows.sample({ x }, options.max_rows, options.seed)[1]
  local b = rows.sample({ y }, options.max_rows, options.seed + 1)[1]
  info.used_x, info.used_y = core.len(a), core.len(b)
  if info.used_x < info.n_x or info.used_y < info.n_y then info.seed = options.seed end
  return a, b
end

-- The sum over i < j, and that over all i, of one set.
local function within(x, kernel)
  local of, n, diagonal = kernel(x, x), core.len(x), 0
  local sum = 0
  panels.each(n, nil, function(i0, i1, j0, j1, first)
    local panel = of(i0, i1, j0, j1)
    if first then diagonal = diagonal + core.item(core.sum(core.diagonal(panel))) end
    sum = sum + core.item(core.sum(panels.upper(panel, first)))
  end)
  return sum, diagonal
end

local function between(x, y, kernel)
  local n, m = core.len(x), core.len(y)
  return panels.sum(n, m, kernel(x, y)) / (n * m)
end

--- The means over all pairs of x, of y, and of both: a row with itself included.
function discrepancy.means(x, y, kernel)
  local a, b = { within(x, kernel) }, { within(y, kernel) }
  local n, m = core.len(x), core.len(y)
  return (2 * a[1] + a[2]) / (n * n), (2 * b[1] + b[2]) / (m * m), between(x, y, kernel)
end

--- The squared discrepancy from all pairs.
function discrepancy.biased(x, y, kernel)
  local a, b, both = discrepancy.means(x, y, kernel)
  return math.max(0.0, a + b - 2 * both)
end

--- The unbiased one: no row with itself.
function discrepancy.unbiased(x, y, kernel)
  local n, m = core.len(x), core.len(y)
  local a, b = within(x, kernel), within(y, kernel)
  return 2 * a / (n * (n - 1)) + 2 * b / (m * (m - 1)) - 2 * between(x, y, kernel)
end

-- The sum of a kernel over rows i of a with rows i of b: the diagonals of small panels.
local function paired(a, b, kernel)
  local of, n, sum = kernel(a, b), core.len(a), 0
  for i0 = 1, n, SMALL do
    local i1 = math.min(n, i0 + SMALL - 1)
    sum = sum + core.item(core.sum(core.diagonal(of(i0, i1, i0, i1))))
  end
  return sum
end

--- The unbiased one from pairs of neighbours alone: in linear time.
function discrepancy.linear(x, y, kernel)
  local half = math.min(core.len(x), core.len(y)) // 2
  local function every_other(z, first)
    return core.contiguous(z[{ { first, 2 * half, 2 } }])
  end
  local x1, x2, y1, y2 = every_other(x, 1), every_other(x, 2), every_other(y, 1), every_other(y, 2)
  return (paired(x1, x2, kernel) + paired(y1, y2, kernel) - paired(x1, y2, kernel)
    - paired(x2, y1, kernel)) / half
end

--- For the kernel x.y, from sums alone.
function discrepancy.of_products(x, y, biased)
  local n, m = core.len(x), core.len(y)
  local a, b = core.mean(x, 1), core.mean(y, 1)
  if biased then return (a - b):square():sum():item() end
  local function apart(z, mean, count)
    local square = mean:square():sum():item() * count - z:square():sum():item() / count
    return square / (count - 1)
  end
  return apart(x, a, n) + apart(y, b, m) - 2 * a:dot(b):item()
end

return discrepancy
