-- How a tensor looks: like NumPy's, with four decimals, aligned columns, the middle of large ones
-- left out, and shape and dtype last. A 0-dim tensor prints like a number.

local core = require "sslkit.core"

local T = core.methods

local EDGE = 3        -- items shown at either end of a long dimension
local LONG = 1000     -- elements from which long dimensions are shortened
local WIDTH = 78

local function is_whole(x) return x == math.floor(x) end

-- NaN and infinities, whatever the C library calls them; otherwise nil.
local function special(x)
  if x ~= x then return "nan" end
  if x == math.huge then return "inf" end
  if x == -math.huge then return "-inf" end
end

-- One format for all elements shown: whole numbers plainly, the rest with 4 decimals or in
-- scientific form.
local function formatter(values, integer)
  if integer then return function(x) return ("%d"):format(x) end end
  local whole, large, small = true, 0.0, math.huge
  for _, x in ipairs(values) do
    local a = math.abs(x)
    if not special(x) then
      whole = whole and is_whole(x)
      large = math.max(large, a)
      if a > 0 then small = math.min(small, a) end
    end
  end
  local form = "%.4f"
  if large >= 1e8 or small < 1e-4 or large / small > 1e8 then form = "%.4e"
  elseif whole then form = "%.0f." end
  return function(x) return special(x) or form:format(x) end
end

-- The indices of a dimension that are shown; false stands for the dots.
local function shown(n, shorten)
  local at = {}
  local cut = shorten and n > 2 * EDGE
  for i = 1, cut and EDGE or n do at[i] = i end
  if cut then
    at[EDGE + 1] = false
    for i = n - EDGE + 1, n do at[#at + 1] = i end
  end
  return at
end

local function collect(t, shorten, values)
  if core.dim(t) == 0 then values[#values + 1] = core.item(t) return end
  for _, i in ipairs(shown(core.len(t), shorten)) do
    if i then collect(core.select(t, 1, i), shorten, values) end
  end
end

local function row_text(cells, indent)
  local lines, line = {}, ""
  for k, cell in ipairs(cells) do
    local piece = cell .. (k < #cells and "," or "")
    if #line > 0 and #indent + #line + 1 + #piece > WIDTH then
      lines[#lines + 1], line = line, piece
    else line = #line > 0 and line .. " " .. piece or piece end
  end
  lines[#lines + 1] = line
  return "[" .. table.concat(lines, "\n" .. indent .. " ") .. "]"
end

local function render(t, shorten, text, indent)
  local cells = {}
  for k, i in ipairs(shown(core.len(t), shorten)) do
    if not i then cells[k] = "..."
    elseif core.dim(t) == 1 then cells[k] = text(core.at(t, i))
    else cells[k] = render(core.select(t, 1, i), shorten, text, indent .. " ") end
  end
  if core.dim(t) == 1 then return row_text(cells, indent) end
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
    return special(x) or (core.dtype(t) == "float32" and "%.7g" or "%.14g"):format(x)
  end
  if core.numel(t) == 0 then return "[] " .. core.describe(t) end
  local shorten = core.numel(t) > LONG
  local values, width = {}, 0
  collect(t, shorten, values)
  local form = formatter(values, integer)
  for _, x in ipairs(values) do width = math.max(width, #form(x)) end
  local function text(x)
    local s = form(x)
    return (" "):rep(width - #s) .. s
  end
  return render(t, shorten, text, "") .. " " .. core.describe(t)
end

return T
