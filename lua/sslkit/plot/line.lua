-- Lines over x, one or several, each perhaps with a band around it.

local check = require "sslkit.check"
local figure = require "sslkit.plot.figure"
local svg = require "sslkit.plot.svg"

local Lines = {}
Lines.__index = Lines

local WIDTH = 1.8       -- of a line, in pixels
local MANY = 2000       -- points from which those of one pixel column are drawn as one stroke
local RECORD = {
  y = true, mean = true, low = true, high = true, x = true, label = true, color = true,
}

-- A 1-D tensor or a list of numbers as a list.
local function numbers(argn, what, v)
  if type(v) ~= "table" then return check.tensor(argn, v, { dim = 1 }, what):totable() end
  for i, value in ipairs(v) do
    if type(value) ~= "number" then
      check.fail(argn, "%s must hold numbers, got %s at %d", what, check.kind(value), i)
    end
  end
  return v
end

local function is_record(y) return y.y ~= nil or y.mean ~= nil end

-- The rows of a 2-D tensor, or the members of a list of series, or the one series given.
local function split_series(y)
  if type(y) ~= "table" then
    check.tensor(2, y, nil, "y")
    if y:dim() == 1 then return { y } end
    if y:dim() ~= 2 then
      check.fail(2, "y with 1 or 2 dimensions expected, got %s", check.kind(y))
    end
    local rows = {}
    for i = 1, #y do rows[i] = y:select(1, i) end
    return rows
  end
  if is_record(y) or type(y[1]) == "number" or next(y) == nil then return { y } end
  return y
end

local function same_length(what, list, x)
  if #list ~= #x then check.fail(2, "%s has %d points, but x has %d", what, #list, #x) end
  return list
end

-- {x=, y=, low=, high=, label=, color=} of one series.
local function make_series(given, i, shared_x, labels)
  local record = { y = given }
  if type(given) == "table" and is_record(given) then
    record = check.options(2, given, {}, RECORD)
  end
  local y = record.y or record.mean
  local out = { y = numbers(2, ("series %d"):format(i), y), color = record.color }
  out.x = record.x and numbers(2, "x", record.x) or shared_x
  if not out.x then
    out.x = {}
    for k = 1, #out.y do out.x[k] = k end
  end
  same_length(("series %d"):format(i), out.y, out.x)
  if (record.low == nil) ~= (record.high == nil) then
    check.fail(2, "a band needs both low and high")
  end
  if record.low ~= nil then
    out.low = same_length("low", numbers(2, "low", record.low), out.x)
    out.high = same_length("high", numbers(2, "high", record.high), out.x)
  end
  out.label = record.label or labels and labels[i]
  return out
end

--- Lines. A point that is NaN, infinite, or not positive on a logarithmic axis breaks the line.
-- @param x 1-D tensor or list of numbers; nil counts from 1
-- @param y 1-D tensor or list of numbers; 2-D tensor, one series a row; or a list of series, each a
-- 1-D tensor, a list of numbers, or a table {y= or mean=, low=, high=, x=, label=, color=} where
-- low and high bound a band
-- @param options table: title, xlabel, ylabel, labels = list of the series' names, log = "x" | "y"
-- | "xy", width (640) and height (400) in pixels
-- @return figure: fig:save(path), fig:svg(), tostring(fig)
-- @raise sizes that differ, things that are no numbers, unknown options
-- @example #ssl.plot.line({1, 2, 3}, {4, 9, 2}, {title = "t"}):svg() > 1000 --> true
-- @example ssl.plot.line(nil, {{1, 2}, {2, 1}}, {title = "test", labels = {"a", "b"}}) --> test...
local function line(x, y, options)
  local shared_x = x ~= nil and numbers(1, "x", x) or nil
  local given = split_series(y)
  local labels = options and type(options) == "table" and options.labels or nil
  if labels ~= nil and (type(labels) ~= "table" or #labels ~= #given) then
    check.fail(3, "labels must be a list of %d names, got %s", #given,
      type(labels) == "table" and #labels or check.kind(labels))
  end
  local self = setmetatable({}, Lines)
  for i, series in ipairs(given) do
    self[i] = make_series(series, i, shared_x, labels)
    self[i].color = self[i].color or figure.color(i)
    self[i].dash = figure.dash(i)
  end
  local fig = figure.new(self, options, 3)
  return fig -- no tail call: an error about the options names this function
end

--- Calls visit(x, y) for every point, those of the bands too.
function Lines:points(visit)
  for _, series in ipairs(self) do
    for i, x in ipairs(series.x) do
      visit(x, series.y[i])
      if series.low then
        visit(x, series.low[i])
        visit(x, series.high[i])
      end
    end
  end
end

-- The runs of points that have a place, each a list of {px, py}.
local function runs_of(series, place)
  local runs, run = {}, nil
  for i, x in ipairs(series.x) do
    local px, py = place(x, series.y[i])
    if px then
      if not run then
        run = {}
        runs[#runs + 1] = run
      end
      run[#run + 1] = { px, py }
    else
      run = nil
    end
  end
  return runs
end

-- A run with the points that share a pixel column reduced to the first, the lowest, the highest and
-- the last of them: the picture is the same.
local function thinned(run)
  if #run <= MANY then return run end
  local out, first = {}, 1
  while first <= #run do
    local column, last, low, high = math.floor(run[first][1]), first, first, first
    while run[last + 1] and math.floor(run[last + 1][1]) == column do
      last = last + 1
      if run[last][2] < run[low][2] then low = last end
      if run[last][2] > run[high][2] then high = last end
    end
    local keep = { first, math.min(low, high), math.max(low, high), last }
    for k, at in ipairs(keep) do
      if at ~= keep[k - 1] then out[#out + 1] = run[at] end
    end
    first = last + 1
  end
  return out
end

local function path_text(points)
  local parts = {}
  for i, p in ipairs(points) do parts[i] = svg.number(p[1]) .. " " .. svg.number(p[2]) end
  return "M" .. table.concat(parts, "L")
end

local function band(series, place, out)
  local upper, lower
  local function finish()
    if upper and #upper > 1 then
      for k = #lower, 1, -1 do upper[#upper + 1] = lower[k] end
      out[#out + 1] = svg.element("path",
        { d = path_text(upper) .. "Z", fill = series.color, fill_opacity = 0.18 })
    end
    upper, lower = nil, nil
  end
  for i, x in ipairs(series.x) do
    local px, low = place(x, series.low[i])
    local _, high = place(x, series.high[i])
    if low and high then
      upper, lower = upper or {}, lower or {}
      upper[#upper + 1], lower[#lower + 1] = { px, high }, { px, low }
    else
      finish()
    end
  end
  finish()
end

--- Appends the elements that show the lines to `out`.
-- @param place function(x, y) -> pixel x, pixel y; nothing for a point without a place
-- @param out list of strings
function Lines:svg(place, out)
  for _, series in ipairs(self) do
    if series.low then band(series, place, out) end
  end
  for _, series in ipairs(self) do
    for _, run in ipairs(runs_of(series, place)) do
      if #run == 1 then
        out[#out + 1] = svg.element("circle",
          { cx = run[1][1], cy = run[1][2], r = 1.5 * WIDTH, fill = series.color })
      else
        out[#out + 1] = svg.element("path", {
          d = path_text(thinned(run)), fill = "none", stroke = series.color, stroke_width = WIDTH,
          stroke_linejoin = "round", stroke_linecap = "round", stroke_dasharray = series.dash,
        })
      end
    end
  end
end

--- What the legend says: one entry for each series that has a label.
-- @param place as for svg
-- @return list of {label=, color=, dash=, series=, y = pixel row of its last point, or nil}
function Lines:legend(place)
  local entries = {}
  for i, series in ipairs(self) do
    local runs = runs_of(series, place)
    local last = runs[#runs]
    if series.label then
      entries[#entries + 1] = {
        label = tostring(series.label), color = series.color, dash = series.dash, series = i,
        y = last and last[#last][2],
      }
    end
  end
  return entries
end

--- Draws the lines as dots.
-- @param place as for svg, in dots
-- @param draw function(x1, y1, x2, y2, series)
function Lines:terminal(place, draw)
  for i, series in ipairs(self) do
    for _, run in ipairs(runs_of(series, place)) do
      for k = 1, math.max(#run - 1, 1) do
        local from, to = run[k], run[k + 1] or run[k]
        draw(from[1], from[2], to[1], to[2], i)
      end
    end
  end
end

return line
