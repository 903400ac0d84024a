-- Lines over x, one or several, each perhaps with a band around it.

local check = require "sslkit.check"
local figure = require "sslkit.plot.figure"
local lines = require "sslkit.plot.lines"
local series = require "sslkit.plot.series"

local RECORD = {
  y = true, mean = true, low = true, high = true, x = true, label = true, color = true,
}

local function is_record(y) return y.y ~= nil or y.mean ~= nil end

-- {x=, y=, low=, high=, label=, color=} of one series.
local function make_series(given, i, shared_x, labels)
  local record = { y = given }
  if type(given) == "table" and is_record(given) then
    record = check.options(2, given, {}, RECORD)
  end
  if record.color ~= nil and type(record.color) ~= "string" then
    check.fail(2, "color must be a string such as '#0072B2', got %s", check.kind(record.color))
  end
  local name = ("series %d"):format(i)
  local y = record.y or record.mean
  local out = { y = series.numbers(2, name, y), color = record.color }
  out.x = record.x and series.numbers(2, "x", record.x) or shared_x
  if not out.x then
    out.x = {}
    for k = 1, #out.y do out.x[k] = k end
  end
  series.same_length(2, name, out.y, "x", out.x)
  if (record.low == nil) ~= (record.high == nil) then
    check.fail(2, "a band needs both low and high")
  end
  if record.low ~= nil then
    for _, side in ipairs { "low", "high" } do
      out[side] = series.same_length(2, side, series.numbers(2, side, record[side]), "x", out.x)
    end
  end
  out.label = record.label or labels and labels[i]
  return out
end

--- Lines. A point that is NaN, infinite, or not positive on a logarithmic axis breaks the line.
-- @param x 1-D tensor or list of numbers; nil counts from 1
-- @param y 1-D tensor or list of numbers; 2-D tensor, one series a row; or a list of series, each a
-- 1-D tensor, a list of numbers, or a table {y= or mean=, low=, high=, x=, label=, color=} where
-- low and high bound a band
-- @param options table: labels = list of the series' names (none); markers = with points (true for
-- at most 16 of them); title, xlabel, ylabel = words (none);
-- log = "x", "y" or "xy": logarithmic axes (none); width = pixels (640); height = pixels (400)
-- @return figure
-- @raise sizes that differ, things that are no numbers, unknown options
-- @example #ssl.plot.line({1, 2, 3}, {4, 9, 2}, {title = "t"}):svg() > 1000 --> true
-- @example ssl.plot.line(nil, {{1, 2}, {2, 1}}, {title = "test", labels = {"a", "b"}}) --> test...
local function line(x, y, options)
  local shared_x = x ~= nil and series.numbers(1, "x", x) or nil
  local given = series.split(2, "y", y, is_record)
  local o = figure.options(3, options, { markers = true })
  local labels = series.labels(3, o.labels, #given)
  if o.markers ~= nil and type(o.markers) ~= "boolean" then
    check.fail(3, "markers must be true or false, got %s", check.kind(o.markers))
  end
  local list = {}
  for i, one in ipairs(given) do
    list[i] = make_series(one, i, shared_x, labels)
    list[i].markers = o.markers
  end
  return (figure.new(lines.new(list), o, 3, { markers = true }))
end

return line
