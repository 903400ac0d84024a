-- Points, perhaps in the colours of their classes or of a value.

local check = require "sslkit.check"
local core = require "sslkit.core"
local figure = require "sslkit.plot.figure"
local points = require "sslkit.plot.points"
local scale = require "sslkit.plot.scale"
local series = require "sslkit.plot.series"

local LEVELS = 48 -- colours that stand for values
local MORE = {
  names = true, values = true, value_label = true, size = true, alpha = true, equal = true,
  colormap = true,
}

-- x and y as lists, the options, and their place among the arguments.
local function read(x, y, options)
  if core.is_tensor(x) and x:dim() == 2 then
    if x:size(2) ~= 2 then
      check.fail(1, "points [N,2] expected, got %s", check.kind(x))
    end
    return x:select(2, 1):totable(), x:select(2, 2):totable(), y, 2
  end
  local xs = series.numbers(1, "x", x)
  return xs, series.same_length(2, "y", series.numbers(2, "y", y), "x", xs), options, 3
end

local function as_list(argn, what, v, n)
  v = type(v) == "table" and series.plain(v)
    or check.tensor(argn, v, { dim = 1 }, what):totable()
  if #v ~= n then check.fail(argn, "%s for %d points expected, got %d", what, n, #v) end
  return v
end

-- Numbers by size, then all else by its name.
local function before(a, b)
  if type(a) == "number" and type(b) == "number" then return a < b end
  if type(a) ~= type(b) then return type(a) == "number" end
  return tostring(a) < tostring(b)
end

-- Groups by class: each point's, and their looks.
local function by_class(argn, labels, names)
  local classes, number = {}, {}
  for i, label in ipairs(labels) do
    if label ~= label or type(label) == "table" then
      check.fail(argn, "labels must be numbers or strings, got %s at %d", check.kind(label), i)
    end
    if not number[label] then
      classes[#classes + 1] = label
      number[label] = true
    end
  end
  table.sort(classes, before)
  local groups, group = {}, {}
  for g, class in ipairs(classes) do
    number[class] = g
    groups[g] = points.group(g)
    local name = names and names[class]
    groups[g].label = tostring(name == nil and class or name)
  end
  for i, label in ipairs(labels) do group[i] = number[label] end
  return group, groups
end

-- Groups by value: one for each of the colours, and the colour bar.
local function by_value(values, o)
  local low, high = math.huge, -math.huge
  for _, v in ipairs(values) do low, high = math.min(low, v), math.max(high, v) end
  if low > high then low, high = 0, 1 end
  local map = require("sslkit.plot.colormap").of(o.colormap or "sequential")
  local groups, group = {}, {}
  for g = 1, LEVELS do
    groups[g] = { color = map((g - 1) / (LEVELS - 1)), shape = "circle" }
  end
  local span = high / 2 - low / 2
  for i, v in ipairs(values) do
    local share = span > 0 and (v / 2 - low / 2) / span or 0.5
    group[i] = math.floor(share * (LEVELS - 1) + 0.5) + 1
  end
  return group, groups, { low = low, high = high, color = map, label = o.value_label }
end

-- Without the points that have no place; gives how many those are.
local function drop(self, o)
  local log_x, log_y = o.log == "x" or o.log == "xy", o.log == "y" or o.log == "xy"
  local x, y, tags = {}, {}, self.tags and {}
  for i, v in ipairs(self.x) do
    local tag = tags and self.tags[i]
    local shown = not self.by_value or scale.can_show(false, tag)
    if shown and scale.can_show(log_x, v) and scale.can_show(log_y, self.y[i]) then
      x[#x + 1], y[#y + 1] = v, self.y[i]
      if tags then tags[#x] = tag end
    end
  end
  local dropped = #self.x - #x
  self.x, self.y, self.tags = x, y, tags
  return dropped
end

local function check_options(argn, o)
  if o.labels ~= nil and o.values ~= nil then
    check.fail(argn, "either labels or values, not both")
  end
  if o.names ~= nil and type(o.names) ~= "table" then
    check.fail(argn, "names must be a table of class = name, got %s", check.kind(o.names))
  end
  if o.size ~= nil then check.number(argn, "size", o.size, 0.1, 100) end
  if o.alpha ~= nil then check.number(argn, "alpha", o.alpha, 0.01, 1) end
  if o.equal ~= nil and type(o.equal) ~= "boolean" then
    check.fail(argn, "equal must be true or false, got %s", check.kind(o.equal))
  end
end

--- Points. More than 2000 of them are drawn as piles: those that share a pixel are one mark, more
-- opaque, and where that leaves more than 100000 marks larger squares count as pixels; the picture
-- stays below 3 MB. Points that are NaN, infinite, or not positive on a logarithmic axis are left
-- out: fig.dropped counts them.
-- @param x 1-D tensor or list of numbers; or tensor [N,2], and the options follow
-- @param y 1-D tensor or list of numbers
-- @param options table: labels = class of each point, int64 tensor or list of numbers or strings: a
-- colour each, and a legend (none); names = table of class = name (none); values = a number for each
-- point, tensor or list: a colour bar (none); value_label = what they are (none); colormap
-- ("sequential"); size = width of a point in pixels (by their number); alpha = opacity (by their
-- number); equal = one scale on both axes (false); title, xlabel, ylabel = words (none);
-- log = "x", "y" or "xy": logarithmic axes (none); width = pixels (640); height = pixels (400)
-- @return figure, with dropped
-- @raise sizes that differ, unknown options
-- @example ssl.plot.scatter({1, 2, 0 / 0}, {1, 2, 3}).dropped --> 1
-- @example ssl.plot.scatter(ssl.randn(9, 2), {labels = ssl.randint(1, 3, 9), title = "z"}) --> z...
local function scatter(x, y, options)
  local xs, ys, given, argn = read(x, y, options)
  local o = figure.options(argn, given, MORE)
  check_options(argn, o)
  local self = { x = xs, y = ys, size = o.size, alpha = o.alpha, square = o.equal }
  self.by_value = o.values ~= nil
  if o.labels ~= nil then
    self.tags, self.tag_name = as_list(argn, "labels", o.labels, #xs), "label"
  elseif o.values ~= nil then
    self.tags = series.numbers(argn, "values", as_list(argn, "values", o.values, #xs))
    self.tag_name = "value"
  end
  local dropped = drop(self, o)
  if self.by_value then
    self.group, self.groups, self.colorbar = by_value(self.tags, o)
  elseif self.tags then
    self.group, self.groups = by_class(argn, self.tags, o.names)
    self.several = #self.groups > 1
  else
    self.groups = { points.group(1) }
  end
  local fig = figure.new(points.new(self), o, argn, MORE)
  fig.dropped = dropped
  return fig
end

return scatter
