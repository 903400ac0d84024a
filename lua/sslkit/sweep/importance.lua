-- Which settings matter: how much of the variance of a value over the trials goes along with each
-- setting alone.

local check = require "sslkit.check"
local correlation = require "sslkit.sweep.correlation"
local settings = require "sslkit.sweep.settings"
local text = require "sslkit.text"

local MOST_LEVELS = 8 -- a number with more values than this is cut into parts of as many trials each
local PART = 5        -- trials at least that such a part should have

-- The parts of a number's values, by their places among the sorted ones: of each trial in `order`, which
-- has the trials with a value.
local function cut(values, order)
  table.sort(order, function(a, b)
    if values[a] == values[b] then return a < b end
    return values[a] < values[b]
  end)
  local count = math.max(2, math.min(MOST_LEVELS, #order // PART))
  local levels = {}
  for place, i in ipairs(order) do
    local before = order[place - 1]
    local same = before and values[before] == values[i]
    levels[i] = same and levels[before] or (place - 1) * count // #order
  end
  return levels
end

-- The level of each trial in a setting: its value; the part that this falls in, of many numbers; "none"
-- without a value. And the trials that have one, where all of these are numbers.
local function levels_of(flats, path)
  local values, order, seen, distinct, numeric = {}, {}, {}, 0, true
  for i, flat in ipairs(flats) do
    local v = flat[path]
    if v ~= nil then
      if not seen[v] then seen[v], distinct = true, distinct + 1 end
      numeric = numeric and type(v) == "number"
      values[i], order[#order + 1] = v, i
    end
  end
  local levels = numeric and distinct > MOST_LEVELS and cut(values, order) or values
  for i in ipairs(flats) do
    if levels[i] == nil then levels[i] = "(none)" end
  end
  return levels, numeric and order or nil
end

-- Spearman's correlation of a number with the value, over the trials that have it.
local function correlated(flats, path, y, order)
  local a, b = {}, {}
  for k, i in ipairs(order) do a[k], b[k] = flats[i][path], y[i] end
  return correlation.spearman(a, b)
end

-- Kelley's epsilon squared of values over levels: what their means explain of the variance, less what
-- as many levels would explain of noise.
local function explained(levels, y)
  local n, mean, total, first = #y, 0, 0, y[1]
  for _, v in ipairs(y) do mean = mean + (v - first) / n end -- exact where all are equal
  mean = mean + first
  for _, v in ipairs(y) do total = total + (v - mean) ^ 2 end
  local sums, counts, k = {}, {}, 0
  for i, level in ipairs(levels) do
    if not sums[level] then sums[level], counts[level], k = 0, 0, k + 1 end
    sums[level], counts[level] = sums[level] + y[i] - mean, counts[level] + 1
  end
  local between = 0
  for level, sum in pairs(sums) do between = between + sum ^ 2 / counts[level] end
  if total == 0 or n <= k then return 0 / 0 end
  local within = (total - between) / (n - k)
  return math.max(0, (between - (k - 1) * within) / total)
end

local Importance = {}

function Importance.__tostring(self)
  local rows = {}
  local function cell(format, v) return v == v and format:format(v) or "-" end
  for i, row in ipairs(self) do
    rows[i] = { row.name, cell("%.2f", row.importance), cell("%+.2f", row.spearman) }
  end
  if #rows == 0 then return "nothing differs between the trials" end
  return text.table { header = { "setting", "explains", "Spearman" }, rows = rows }
end

--- How much of a value's variance over finished trials goes along with each setting that differs
-- between them. A setting's values are its levels, of more than eight numbers parts of as many trials
-- each; a trial without it is a level, too. What several do only together is not seen.
-- @param rows of study:trials()
-- @param value name of a value of theirs, or "value" for the objective
-- @return list, most important first, of {name, importance = share 0..1 (NaN where each trial has a
-- level of its own), spearman = rank correlation of a number with the value (NaN for others)}, which
-- prints well
-- @raise when no trial has such a value
-- @source Kelley 1935, "An unbiased correlation ratio measure" (epsilon squared); the marginals alone of
-- Hutter, Hoos, Leyton-Brown 2014, "An efficient approach for assessing hyperparameter importance"
-- @example require("sslkit.sweep.importance")({}, "value") --> nothing differs between the trials
return function(rows, value)
  if type(value) ~= "string" then
    check.fail(2, "name of a value expected, got %s", check.kind(value))
  end
  local flats, y = {}, {}
  for _, row in ipairs(rows) do
    local v = value == "value" and row.value or row.values[value]
    if row.state == "ok" and type(v) == "number" and v - v == 0 then
      flats[#flats + 1], y[#y + 1] = settings.flat(row.config), v
    end
  end
  if #y == 0 and #rows > 0 then check.fail(2, "no finished trial has a value '%s'", value) end
  local self = {}
  for _, path in ipairs(settings.varying(flats)) do
    local levels, order = levels_of(flats, path)
    self[#self + 1] = { name = path, importance = explained(levels, y),
      spearman = order and correlated(flats, path, y, order) or 0 / 0 }
  end
  table.sort(self, function(a, b)
    local x, z = a.importance, b.importance
    if x ~= z and (x == x or z == z) then return z ~= z or x == x and x > z end
    return a.name < b.name
  end)
  return setmetatable(self, Importance)
end
