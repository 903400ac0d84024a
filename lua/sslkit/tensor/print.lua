-- Printing: a tensor looks like NumPy's, with four decimals, aligned columns, the middle of large
-- ones left out, and shape and dtype last. A 0-dim tensor prints like a number.

local core = require "sslkit.core"
local check = require "sslkit.check"

local T = core.methods

-- The scientific form is taken for numbers from LARGE on, and where more than a few lie below SMALL:
-- one tiny number does not turn a whole matrix of readable ones into powers of ten.
local LARGE, SMALL, RARE = 1e8, 1e-4, 0.05

local settings -- names and meaning as in torch.set_printoptions

local function defaults()
  return { precision = 4, threshold = 1000, edgeitems = 3, linewidth = false, sci_mode = "auto" }
end

settings = defaults()

-- Columns of a line, one fewer than the terminal has, which might wrap after its last one.
local function line_width()
  return settings.linewidth
    or (core.columns(1) or tonumber(os.getenv "COLUMNS") or 80) - 1
end

local function is_whole(x) return x == math.floor(x) end

-- NaN and infinities, whatever the C library calls them; otherwise nil.
local function special(x)
  if x ~= x then return "nan" end
  if x == math.huge then return "inf" end
  if x == -math.huge then return "-inf" end
end

-- One format for all elements shown: whole numbers plainly, the rest with a few decimals or, where
-- those would say nothing, in scientific form.
local function formatter(values, integer)
  if integer then return function(x) return ("%d"):format(x) end end
  local whole, large, tiny = true, 0.0, 0
  for _, x in ipairs(values) do
    local a = math.abs(x)
    if not special(x) then
      whole = whole and is_whole(x)
      large = math.max(large, a)
      if a > 0 and a < SMALL then tiny = tiny + 1 end
    end
  end
  local scientific = settings.sci_mode
  if scientific == "auto" then scientific = large >= LARGE or tiny > RARE * #values end
  local form = ("%%.%d%s"):format(settings.precision, scientific and "e" or "f")
  if whole and not scientific then form = "%.0f." end
  return function(x) return special(x) or form:format(x) end
end

-- The indices of a dimension that are shown; false stands for the dots.
local function shown(n, shorten)
  local at = {}
  local edge = settings.edgeitems
  local cut = shorten and n > 2 * edge
  for i = 1, cut and edge or n do at[i] = i end
  if cut then
    at[edge + 1] = false
    for i = n - edge + 1, n do at[#at + 1] = i end
  end
  return at
end

local function collect(t, shorten, values)
  if core.dim(t) == 0 then values[#values + 1] = core.item(t) return end
  for _, i in ipairs(shown(core.len(t), shorten)) do
    if i then collect(core.select(t, 1, i), shorten, values) end
  end
end

local function row_text(cells, indent, width)
  local lines, line = {}, ""
  for k, cell in ipairs(cells) do
    local piece = cell .. (k < #cells and "," or "")
    if #line > 0 and #indent + #line + 1 + #piece >= width then
      lines[#lines + 1], line = line, piece
    else line = #line > 0 and line .. " " .. piece or piece end
  end
  lines[#lines + 1] = line
  return "[" .. table.concat(lines, "\n" .. indent .. " ") .. "]"
end

local function render(t, shorten, text, indent, width)
  local cells = {}
  for k, i in ipairs(shown(core.len(t), shorten)) do
    if not i then cells[k] = "..."
    elseif core.dim(t) == 1 then cells[k] = text(core.at(t, i))
    else cells[k] = render(core.select(t, 1, i), shorten, text, indent .. " ", width) end
  end
  if core.dim(t) == 1 then return row_text(cells, indent, width) end
  local gap = ",\n" .. ("\n"):rep(core.dim(t) - 2) .. indent .. " "
  return "[" .. table.concat(cells, gap) .. "]"
end

--- The tensor as text, as print shows it.
-- @param t tensor
-- @return string
-- @example tostring(ssl.tensor(2.5)) --> 2.5
function T.tostring(t)
  local integer = core.dtype(t) == "int64" or core.dtype(t) == "uint8"
  if core.dim(t) == 0 then
    local x = core.item(t)
    if integer then return tostring(x) end
    local number = special(x) or (core.dtype(t) == "float32" and "%.7g" or "%.14g"):format(x)
    return number:find "^-?%d+$" and number .. ".0" or number
  end
  if core.numel(t) == 0 then return "[] " .. core.describe(t) end
  local shorten = core.numel(t) > settings.threshold
  local values, width = {}, 0
  collect(t, shorten, values)
  local form = formatter(values, integer)
  for _, x in ipairs(values) do width = math.max(width, #form(x)) end
  local function text(x)
    local s = form(x)
    return (" "):rep(width - #s) .. s
  end
  return render(t, shorten, text, "", line_width()) .. " " .. core.describe(t)
end

local function check_setting(name, value)
  if name == "sci_mode" then
    if value ~= "auto" and type(value) ~= "boolean" then
      check.fail(1, "sci_mode must be true, false or 'auto', got %s", check.kind(value))
    end
  elseif name == "linewidth" then
    if value then check.integer(1, name, value, 20, 1 << 20) end
  elseif name == "threshold" then check.integer(1, name, value, 0, 1 << 30)
  elseif name == "precision" then check.integer(1, name, value, 0, 30)
  else check.integer(1, name, value, 1, 1000) end
end

--- How tensors are printed, in this Lua state; names as in torch.set_printoptions. What is not named
-- stays as it is; without an argument everything is as at the start.
-- @param options {precision=4 decimals, threshold=1000 elements from which long dimensions are
-- shortened, edgeitems=3 that are then left at either end, linewidth=false (the terminal's),
-- sci_mode="auto" | true | false}
-- @return table of the settings before, which can be given back
-- @example local old = ssl.set_printoptions{precision = 2}; local s = tostring(ssl.tensor{1 / 3}); ssl.set_printoptions(old); return s --> [0.33] (1) float32
function T.set_printoptions(options)
  local old = settings
  local new = options == nil and defaults() or check.options(1, options, old)
  for name, value in pairs(new) do check_setting(name, value) end
  settings = new
  return old
end

return T
