-- Second moments of pairs of rows, one from each of two sets: x^T x, y^T y and x^T y about the means,
-- in float64. Of float32 data in memory also by float32 products, with a measured bound on what these
-- are off. What comes in blocks is put together by Chan's update, and parts made apart merge; with it
-- come the moments of engine.lengths.

local core = require "sslkit.core"
local check = require "sslkit.check"
local lengths = require "sslkit.metrics.engine.lengths"
local moments = require "sslkit.metrics.engine.moments"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local two_sets = {}

local SIGMAS = 6  -- by which 8 probes miss a mean in one case of 2000
local SAFETY = 16 -- and 8 squares fall below that part of theirs in one of 8000
local SEED = 1    -- of the probes

--- A set of rows as the products want it: brought into range, with its means and the power of two,
-- `scale`, that brings the largest deviation from them to about 1. `unit` undoes both; `constant`:
-- there is no deviation.
function two_sets.side(z)
  local kept, power = rows.in_range(z)
  local mean, reach = core.column_center(kept)
  local most = core.item(core.amax(reach))
  local exponent = most > 0 and math.floor(math.log(most, 2)) or 0
  local scale = 2.0 ^ -math.max(-1000, math.min(1000, exponent))
  return {
    z = kept, n = core.len(z), d = core.size(z, 2), dtype = core.dtype(z), mean = mean,
    scale = scale, unit = scale / power, constant = most == 0,
  }
end

--- The squared lengths of the centred and scaled rows [n].
function two_sets.squares(side) return core.side_squares(side.z, side.mean, side.scale) end

--- The centred and scaled rows themselves, float64 [n,d].
function two_sets.centered(side)
  local z = core.to(side.z, "float64") - side.mean
  return z:mul_(side.scale)
end

local function zeros(high, wide) return T.zeros({ high, wide }, "float64") end

local function mirrored(u) return u:triu():add_(u:triu(1):t()) end

-- By how much the sum of squares of a product C may be wrong that is off by E: 2 <C, E> + |E|^2. For a
-- random v, (C v).(E v) is <C, E> in the mean, and |E v|^2 is |E|^2; C v is known, and what it should
-- be too.
local function doubt(product, v, want)
  local got = product:matmul(v:narrow(1, 1, core.size(product, 2)))
  local off = got - want
  local each = (got * off):sum(1)
  local mean, spread = each:mean():item(), each:std():item()
  return 2 * (math.abs(mean) + SIGMAS * spread / math.sqrt(core.PROBES))
    + SAFETY * off:square():sum():item() / core.PROBES
end

--- The products named in `wanted`, {xx=true, yy=true, xy=true}, of centred and scaled sides (y may be
-- nil), as a table of float64 matrices. `single`: from float32 products, and then the second result
-- tells for each by how much the sum of its squares may be wrong.
function two_sets.products(x, y, wanted, single)
  local sums, errors, probes = {}, {}, {}
  local dy = y and y.d
  local high, wide = { xx = x.d, xy = x.d, yy = dy }, { xx = x.d, xy = dy, yy = dy }
  for name in pairs(wanted) do
    sums[name] = zeros(high[name], wide[name])
    errors[name] = 0
  end
  local other = y or {}
  core.cross_add(x.z, x.mean, x.scale, other.z, other.mean, other.scale, single, sums.xx, sums.yy,
    sums.xy)
  for _, name in ipairs { "xx", "yy" } do sums[name] = sums[name] and mirrored(sums[name]) end
  if not single then return sums, errors end
  local v = T.randn({ math.max(x.d, dy or 0), core.PROBES },
    { dtype = "float64", generator = T.generator(SEED) })
  for name in pairs(wanted) do probes[name] = zeros(high[name], core.PROBES) end
  core.cross_probe(x.z, x.mean, x.scale, other.z, other.mean, other.scale, v, probes.xx, probes.yy,
    probes.xy)
  for name in pairs(wanted) do errors[name] = doubt(sums[name], v, probes[name]) end
  return sums, errors
end

-- {== Rows that come in blocks ==============================================================

local TwoSets = { __name = "sslkit.TwoSets" }
TwoSets.__index = TwoSets

function TwoSets:__tostring()
  return ("moments of %d pairs of rows of widths %d and %d"):format(self.n, self.dx, self.dy)
end

--- Nothing as yet, of rows of widths dx and dy. Fields: n pairs so far, mean_x, mean_y, xx, yy, xy, and
-- those of engine.lengths.
function two_sets.new(dx, dy)
  local self = {
    n = 0, dx = dx, dy = dy, mean_x = T.zeros({ dx }, "float64"),
    mean_y = T.zeros({ dy }, "float64"), xx = zeros(dx, dx), yy = zeros(dy, dy), xy = zeros(dx, dy),
  }
  lengths.clear(self, dx, dy)
  return setmetatable(self, TwoSets)
end

--- Is it one?
function two_sets.is(v) return getmetatable(v) == TwoSets end

--- Adds pairs of finite rows.
function TwoSets:add_finite(x, y)
  local a, b = two_sets.side(x), two_sets.side(y)
  local block = two_sets.products(a, b, { xx = true, yy = true, xy = true })
  block.xx:div_(a.unit):div_(a.unit)
  block.yy:div_(b.unit):div_(b.unit)
  block.xy:div_(a.unit):div_(b.unit)
  lengths.measure(block, a, b)
  block.n, block.dx, block.dy = a.n, a.d, b.d
  block.mean_x, block.mean_y = a.mean * (a.scale / a.unit), b.mean * (b.scale / b.unit)
  return self:merge(setmetatable(block, TwoSets))
end

--- Adds what another one has seen.
function TwoSets:merge(other)
  if not two_sets.is(other) or other.dx ~= self.dx or other.dy ~= self.dy then
    local got = two_sets.is(other) and tostring(other) or check.kind(other)
    check.fail(2, "moments of widths %d and %d expected, got %s", self.dx, self.dy, got)
  end
  if other.n == 0 then return self end
  local n = self.n + other.n
  local share = other.n / n
  local x, y = other.mean_x - self.mean_x, other.mean_y - self.mean_y
  local weight = self.n * share
  lengths.merge(self, other, x * -share, y * -share, x * (1 - share), y * (1 - share))
  local outer = { xx = { x, x }, yy = { y, y }, xy = { x, y } }
  for name, step in pairs(outer) do
    self[name]:add_(other[name]):add_((step[1] * weight):unsqueeze(2) * step[2]:unsqueeze(1))
  end
  self.mean_x:add_(x:mul_(share))
  self.mean_y:add_(y:mul_(share))
  self.n = n
  return self
end

--- Where the first argument is an accumulator, made with pair: what it knows of its pairs. Then there
-- is no second one, and the options are the third as ever.
function two_sets.of_accumulator(x, y)
  if not moments.is(x) then return nil end
  if not x.pair then
    check.fail(1, "rows, or an accumulator with pair, expected, got %s", tostring(x))
  end
  if y ~= nil then
    check.fail(2, "nil expected behind an accumulator of pairs, got %s", check.kind(y))
  end
  if x.n == 0 then check.fail(1, "%s: no rows yet", tostring(x)) end
  return x.pair
end

--- A matrix and the power of two that it was divided by to have elements of about 1.
function two_sets.leveled(m)
  local most = core.item(core.amax(core.abs(m)))
  if most == 0 then return m, 1.0 end
  local power = 2.0 ^ math.floor(math.log(most, 2))
  return core.div(m, power), power
end

-- ==}

return two_sets
