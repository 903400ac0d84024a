-- How the squared lengths of rows go with the rows, beyond what second moments tell: what the unbiased
-- estimates of linear kernels need, kept for pairs of rows that come in blocks. With a = |x|^2 and
-- b = |y|^2, all about the means: along_x [dx,2], the sums over the rows of a x and b x; along_y [dy,2],
-- those of a y and b y; and squares [2,2], the sums of aa, ab and ba, bb. Means that move with every
-- block take these along exactly (see `move`), so that one pass is enough and parts merge.

local core = require "sslkit.core"
local T = require "sslkit.tensor"

local lengths = {}

local NAMES = { "along_x", "along_y", "squares" }
local LEAST, MOST = 1e-140, 1e140 -- mean squares of lengths whose squares float64 has room for

--- Adds zeros under these names to a table, of rows of widths dx and dy.
function lengths.clear(into, dx, dy)
  into.along_x, into.along_y = T.zeros({ dx, 2 }, "float64"), T.zeros({ dy, 2 }, "float64")
  into.squares = T.zeros({ 2, 2 }, "float64")
end

--- Adds those of two sides (see two_sets.side), in the units of the data.
function lengths.measure(into, x, y)
  local none = T.zeros({ 2 }, "float64")
  local both = T.stack({ core.side_squares(x.z, x.mean, x.scale),
    core.side_squares(y.z, y.mean, y.scale) }, 2)
  lengths.clear(into, x.d, y.d)
  core.cross_add(x.z, x.mean, x.scale, both, none, 1.0, false, nil, nil, into.along_x)
  core.cross_add(y.z, y.mean, y.scale, both, none, 1.0, false, nil, nil, into.along_y)
  into.squares:add_(both:t():matmul(both))
  -- one factor after the other: their product may leave the range where the result does not
  local units = T.tensor({ x.unit, y.unit }, "float64")
  local factors = { along_x = { x.unit, units, units }, along_y = { y.unit, units, units },
    squares = { units, units, units:unsqueeze(2), units:unsqueeze(2) } }
  for name, list in pairs(factors) do
    for _, factor in ipairs(list) do into[name]:div_(factor) end
  end
end

-- The trace of a matrix, the sum of the squared lengths where it is that of products.
local function trace(m) return core.sum(m:diagonal()):item() end

local function square(v) return core.sum(core.square(v)):item() end

--- What is in `sums` once all its rows, n of them, are e and f further from the means: the expansions of
-- |x + e|^2 (x + e) and the like, where the sums of x and y themselves are 0.
function lengths.move(sums, n, e, f)
  local xy = sums.xy
  local totals = T.tensor({ trace(sums.xx), trace(sums.yy) }, "float64")
  local steps = T.tensor({ square(e), square(f) }, "float64")
  local shift = totals + steps * n
  local xe, xf = sums.xx:matmul(e), xy:matmul(f)
  local ye, yf = xy:t():matmul(e), sums.yy:matmul(f)
  local across = T.stack({ e:matmul(sums.along_x), f:matmul(sums.along_y) }, 1)
  local outer = totals:unsqueeze(2) * steps
  local quadratic = T.stack({ T.stack({ e:dot(xe), e:dot(xf) }, 1),
    T.stack({ f:dot(ye), f:dot(yf) }, 1) }, 1)
  return {
    along_x = sums.along_x + e:unsqueeze(2) * shift + T.stack({ xe, xf }, 2) * 2,
    along_y = sums.along_y + f:unsqueeze(2) * shift + T.stack({ ye, yf }, 2) * 2,
    squares = sums.squares + (across + across:t()) * 2 + outer + outer:t() + quadratic * 4
      + steps:unsqueeze(2) * steps * n,
  }
end

--- Adds what another one has, both moved to the mean of all: by e and f, and by `other_e` and `other_f`.
function lengths.merge(into, other, e, f, other_e, other_f)
  local own, more = lengths.move(into, into.n, e, f), lengths.move(other, other.n, other_e, other_f)
  for _, name in ipairs(NAMES) do into[name] = own[name]:add_(more[name]) end
end

--- May the squares be trusted, or have they left the range of float64? And the mean squared lengths.
function lengths.in_range(sums)
  local x, y = trace(sums.xx) / sums.n, trace(sums.yy) / sums.n
  local function fits(a) return a == 0 or a > LEAST and a < MOST end
  return fits(x) and fits(y), x, y
end

return lengths
