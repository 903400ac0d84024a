-- Scales: where a value stands between the two ends of an axis, and which values are worth a tick.

local text = require "sslkit.text"

local scale = {}

local PAD = 0.04          -- the share of the data's span that is left free at both ends
local PLAIN = 7           -- longer labels become powers of ten where that is shorter
-- The ends of what can be shown: beyond HUGE a step may overflow, below TINY digits get lost.
local HUGE, TINY = 1e307, 1e-300
local RAISED = {
  ["-"] = "⁻", ["0"] = "⁰", ["1"] = "¹", ["2"] = "²", ["3"] = "³", ["4"] = "⁴", ["5"] = "⁵",
  ["6"] = "⁶", ["7"] = "⁷", ["8"] = "⁸", ["9"] = "⁹",
}

local Linear = {}
Linear.__index = Linear

local Log = {}
Log.__index = Log

-- The power of ten at or below v > 0; the last correction is for log10's own rounding.
local function decade(v)
  local power = math.floor(math.log(v, 10))
  if 10.0 ^ (power + 1) <= v then return power + 1 end
  return 10.0 ^ power > v and power - 1 or power
end

local function power_text(mantissa, power)
  local raised = ("10" .. ("%d"):format(power):gsub(".", RAISED))
  return mantissa == "1" and raised or mantissa .. "×" .. raised
end

local function fixed(v, decimals)
  return ("%%.%df"):format(math.max(0, math.min(decimals, 99))):format(v)
end

local function longest(labels)
  local width = 0
  for _, label in ipairs(labels) do width = math.max(width, text.width(label)) end
  return width
end

-- Labels of evenly spaced values, all down to the digit (a power of ten) that their distance needs.
local function linear_labels(values, fine)
  local plain, powers, largest = {}, {}, 0
  for _, v in ipairs(values) do largest = math.max(largest, math.abs(v)) end
  local top = largest > 0 and decade(largest) or 0
  for i, v in ipairs(values) do
    plain[i] = fixed(v, -fine)
    local mantissa = fixed(v / 10.0 ^ top, top - fine)
    powers[i] = v == 0 and "0" or power_text(mantissa, top)
  end
  local short = longest(plain) <= PLAIN or longest(plain) <= longest(powers)
  return short and plain or powers
end

local function labelled(self, values, labels)
  local ticks = {}
  for i, v in ipairs(values) do
    ticks[i] = { value = v, label = labels[i], at = self:place(v) }
  end
  return ticks
end

--- Has a value a place on an axis? NaN and what is infinite have none, nor has 0 or less where the
-- axis is logarithmic.
-- @param log true for a logarithmic scale
-- @param v number
-- @return true or false
function scale.can_show(log, v)
  if log then return v >= TINY and v <= HUGE end
  return v >= -HUGE and v <= HUGE
end

--- The place of a value: 0 at the low end, 1 at the high one.
-- @param v number
-- @return number, or nil for a value that has no place
function Linear:at(v)
  return scale.can_show(false, v) and self:place(v) or nil
end

function Linear:place(v)
  local share = (v - self.low) / (self.high - self.low)
  return self.down and 1 - share or share
end

--- At most so many values at distances of 1, 2, 2.5 or 5 times a power of ten.
-- @param most count, 1 or more
-- @return list of {value=, label=, at = its place}
function Linear:ticks(most)
  local power = decade((self.high - self.low) / most)
  local step, first, last, fine
  for _, factor in ipairs { 1, 2, 2.5, 5, 10 } do
    step, fine = factor * 10.0 ^ power, power - (factor == 2.5 and 1 or factor == 10 and -1 or 0)
    first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
    if last - first + 1 <= most then break end
  end
  local values = {}
  for k = first, last do values[#values + 1] = k * step end
  return labelled(self, values, linear_labels(values, fine))
end

--- The place of a value: 0 at the low end, 1 at the high one.
-- @param v number
-- @return number, or nil for a value that has no place
function Log:at(v)
  return scale.can_show(true, v) and self:place(v) or nil
end

function Log:place(v)
  local share = (math.log(v, 10) - self.from) / (self.to - self.from)
  return self.down and 1 - share or share
end

local function log_labels(values)
  local plain, powers = {}, {}
  for i, v in ipairs(values) do
    local power = decade(v)
    plain[i] = fixed(v, -power)
    powers[i] = power_text(fixed(v / 10.0 ^ power, 0), power)
  end
  return longest(plain) <= 5 and plain or powers
end

--- At most so many values: powers of ten, or their multiples by 2 and 5 where the span is short.
-- @param most count, 1 or more
-- @return list of {value=, label=, at = its place}
function Log:ticks(most)
  local function collect(factors, every)
    local values = {}
    for power = math.floor(self.from), math.ceil(self.to) do
      for _, factor in ipairs(power % every == 0 and factors or {}) do
        local v = factor * 10.0 ^ power
        local at = self:place(v)
        if at >= -1e-9 and at <= 1 + 1e-9 then values[#values + 1] = v end
      end
    end
    return values
  end
  local values = collect({ 1, 2, 5 }, 1)
  local every = 1
  while #values > most and every < 1000 do
    values = collect({ 1 }, every)
    every = every + 1
  end
  if #values < 2 then return Linear.ticks(self, most) end
  return labelled(self, values, log_labels(values))
end

local function linear(low, high, tight, zero)
  local largest = math.max(math.abs(low), math.abs(high))
  local below, above = not tight, not tight -- where room is left free
  if zero and low >= 0 then
    low, below = 0, false
  elseif zero and high <= 0 then
    high, above = 0, false
  end
  if high - low <= math.max(1e-12 * largest, TINY) then -- one value only
    local room = largest <= TINY and 1 or 0.1 * largest
    low, high = zero and low >= 0 and low or low - room, high + room
  else
    local room = high * PAD - low * PAD
    low, high = below and low - room or low, above and high + room or high
  end
  return setmetatable({ low = math.max(low, -HUGE), high = math.min(high, HUGE) }, Linear)
end

local function logarithmic(low, high, tight, zero)
  local from, to = math.log(low, 10), math.log(high, 10)
  local room = to - from <= 1e-12 and 0.3 or tight and 0 or (to - from) * PAD
  -- what would stand on 0 stands on a power of ten, not as high as the lowest
  from, to = zero and math.ceil(from) - 1 or from - room, to + room
  low, high = math.max(10.0 ^ from, TINY), math.min(10.0 ^ to, HUGE)
  return setmetatable({ low = low, high = high, from = from, to = to }, Log)
end

--- A scale that shows values from low to high with a little room around them.
-- @param log true for a logarithmic scale
-- @param low, high the smallest and the largest value that has a place on it; nil when there is none
-- @param options table: tight = no room around them, zero = it begins at 0, or, where
-- it is logarithmic, at a power of ten below all, down = the low end is on top
-- @return scale with at(v) and ticks(most)
function scale.new(log, low, high, options)
  options = options or {}
  local self = log and logarithmic(low or 1, high or 10, options.tight, options.zero)
    or linear(low or 0, high or 1, options.tight, options.zero)
  self.down = options.down
  return self
end

return scale
