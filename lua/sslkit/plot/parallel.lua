-- Parallel coordinates: many columns at once, an axis each, a line for each row.

local check = require "sslkit.check"
local colormap = require "sslkit.plot.colormap"
local coordinates = require "sslkit.plot.coordinates"
local core = require "sslkit.core"
local figure = require "sslkit.plot.figure"
local near = require "sslkit.near"
local records = require "sslkit.plot.records"
local scale = require "sslkit.plot.scale"
local shade = require "sslkit.plot.shade"
local style = require "sslkit.plot.style"

-- A list of names as a set.
local function name_set(log)
  if log == nil then return {} end
  if type(log) == "string" then log = { log } end
  if type(log) ~= "table" then
    check.fail(2, "log must be a list of columns' names, got %s", check.kind(log))
  end
  local set = {}
  for _, name in ipairs(log) do set[name] = true end
  return set
end

-- The rows to draw above all others, as a set.
local function row_set(highlight, n)
  if highlight == nil then return {} end
  if core.is_tensor(highlight) then
    highlight = check.tensor(2, highlight, { dim = 1 }, "highlight"):totable()
  end
  if type(highlight) ~= "table" then highlight = { highlight } end
  local set = {}
  for _, row in ipairs(highlight) do
    set[check.integer(2, "a row to highlight", row, 1, n)] = true
  end
  return set
end

-- The column that gives the colours, or nil.
local function color_column(columns, name)
  if name == nil then return nil end
  local names = {}
  for i, column in ipairs(columns) do
    if column.name == name then return column end
    names[i] = column.name
  end
  check.fail(2, "color must be a column's name, got %s%s", check.kind(name),
    near.hint(tostring(name), names))
end

-- Adds to the painter the rows' colours, and a colour bar or the words of a legend.
local function paint_rows(self, column, o)
  self.colors = {}
  if not column then return end
  if column.words then
    self.legend = {}
    for i, word in ipairs(column.words) do
      self.legend[i] = { label = word, color = style.color(i) }
    end
    for i in pairs(column.values) do self.colors[i] = style.color(column.values[i]) end
    return
  end
  local colors = shade.new(2, column.low, column.high,
    { log = column.log, colormap = o.colormap, label = column.name })
  for i, v in pairs(column.values) do self.colors[i] = colormap.legible(colors:color(v)) end
  local bar = colors.colorbar
  self.colorbar = {
    low = bar.low, high = bar.high, log = bar.log, label = bar.label,
    color = function(share) return colormap.legible(bar.color(share)) end,
  }
end

--- Parallel coordinates: an axis for each column, and for each row a line through its values. A line
-- breaks where a value is missing, NaN or infinite, or not positive on a logarithmic axis. Of more
-- than 2000 rows each second, third... is drawn, and the figure says so.
-- @param rows list of records such as {lr = 0.1, norm = "batch"}; table of columns, each a list or
-- 1-D tensor; or tensor [rows, columns] or list of lists. Columns that hold strings or booleans have names on their
-- axis
-- @param options table: columns = list of the names of columns to show, in order; of a tensor
-- or lists, what they are called (all, by name); color = name of the column that gives the lines' colours (none);
-- highlight = number of a row, or list of such, drawn thick above the others (none); log = name or
-- list of names of columns with logarithmic axes (none); colormap = "sequential", or "diverging"
-- around 0 (diverging where there are both signs); title = words (none); width = pixels (640);
-- height = pixels (400)
-- @return figure
-- @raise names that no column has, cells that are tables, unknown options
-- @source A. Inselberg, The Plane with Parallel Coordinates, The Visual Computer 1985
-- @example ssl.plot.parallel({{lr = 0.1, acc = 0.9}, {lr = 0.01, acc = 0.8}}, {title = "runs"}) --> runs...
-- @example #ssl.plot.parallel({lr = {0.1, 0.01}, norm = {"batch", "none"}}, {log = "lr", color = "norm"}):svg() > 1000 --> true
local function parallel(rows, options)
  local o = check.options(2, options, { width = 640, height = 400 }, {
    title = true, columns = true, color = true, highlight = true, log = true, colormap = true,
  })
  local columns, n = records.read(2, rows, o.columns, name_set(o.log))
  for _, column in ipairs(columns) do
    if column.words then
      column.scale = scale.new(false, 0.5, #column.words + 0.5, { tight = true, down = true })
    else
      column.scale = scale.new(column.log, column.low, column.high)
    end
  end
  local self = coordinates.new {
    columns = columns, count = n, highlighted = row_set(o.highlight, n),
  }
  paint_rows(self, color_column(columns, o.color), o)
  return (figure.free(self, { title = o.title, width = o.width, height = o.height }, 2))
end

return parallel
