-- CKA of data that come in batches, from the mean of what each batch says.

local core = require "sslkit.core"
local check = require "sslkit.check"
local engine = require "sslkit.metrics.engine.cka"
local rows = require "sslkit.metrics.engine.rows"
local two_sets = require "sslkit.metrics.engine.two_sets"

local NAN = 0 / 0
local TERMS = { "xy", "xx", "yy" }

--- The linear CKA of two representations whose rows come in batches.
-- @kind CkaAccumulator
-- @field batches integer: so far
-- @field n integer: rows so far
local CkaAccumulator = { __name = "sslkit.CkaAccumulator" }
CkaAccumulator.__index = CkaAccumulator

function CkaAccumulator:__tostring()
  return ("CKA of %d rows in %d batches"):format(self.n, self.batches)
end

function CkaAccumulator:__len() return self.batches end

--- Adds a batch of four rows or more without looking for NaN and infinity in it.
-- @param x float tensor [n,D1]
-- @param y float tensor [n,D2], of the same samples
-- @return the accumulator
-- @example ssl.metrics.cka_accumulator():add_finite(ssl.eye(5), ssl.eye(5)).batches --> 1
function CkaAccumulator:add_finite(x, y)
  local a, b = two_sets.side(x), two_sets.side(y)
  local terms = engine.linear(a, b, { unbiased = true, precision = "float64" })
  local unit = { x = a.unit, y = b.unit }
  for _, name in ipairs(TERMS) do
    local scale = unit[name:sub(1, 1)] * unit[name:sub(2, 2)]
    self[name] = self[name] + terms[name].unbiased / scale / scale
  end
  self.batches, self.n = self.batches + 1, self.n + a.n
  return self
end

--- Adds a batch.
-- @param x float tensor [n,D1], four rows at least
-- @param y float tensor [n,D2], of the same samples
-- @return the accumulator
-- @raise fewer rows, other numbers of rows, NaN or infinity; nothing is added then
-- @example ssl.metrics.cka_accumulator():add(ssl.eye(5), ssl.eye(5)).n --> 5
function CkaAccumulator:add(x, y)
  x, y = rows.pair(x, y)
  if core.len(x) < 4 then
    check.fail(1, "a batch needs four rows at least, got %s", core.describe(x))
  end
  return self:add_finite(x, y)
end

--- Adds what another one has seen, of other batches: of a shard, or another process.
-- @param other accumulator of the same kind; it stays as it is
-- @return the accumulator
-- @raise something else
-- @example ssl.metrics.cka_accumulator():merge(ssl.metrics.cka_accumulator()).batches --> 0
function CkaAccumulator:merge(other)
  if getmetatable(other) ~= CkaAccumulator then
    check.fail(2, "CKA accumulator expected, got %s", check.kind(other))
  end
  for _, name in ipairs { "batches", "n", "xy", "xx", "yy" } do
    self[name] = self[name] + other[name]
  end
  return self
end

--- The estimate from all batches so far: the ratio of the means of their unbiased criteria (the mean
-- of the batches' ratios would be another number, and a worse one).
-- @return number; NaN and the reason where it is not defined
-- @example ssl.metrics.cka_accumulator():add(ssl.eye(5), ssl.eye(5)):value() --> 1.0
function CkaAccumulator:value()
  if self.batches == 0 then return NAN, "no batches yet" end
  local function of(name) return { unbiased = self[name] / self.batches } end
  local value, reason = engine.value(of "xy", of "xx", of "yy", true, self.n)
  return value, reason
end

--- An accumulator of the linear CKA of rows that come in batches, and are never in memory at once.
-- What it estimates does not depend on how large the batches are (of four rows at least): it is the
-- debiased CKA.
-- @return accumulator A: A:add(X, Y) and A:merge(B) give A back, A:value() the number
-- @source Nguyen, Raghu, Kornblith 2021, "Do wide and deep networks learn the same things?", ICLR, eq. 4
-- @example local a = ssl.metrics.cka_accumulator(); for i = 1, 3 do a:add(ssl.eye(6):narrow(1, 1, 4), ssl.eye(6):narrow(1, 3, 6)) end; return a --> CKA of 12 rows in 3 batches
local function cka_accumulator()
  return setmetatable({ batches = 0, n = 0, xy = 0.0, xx = 0.0, yy = 0.0 }, CkaAccumulator)
end

return cka_accumulator
