-- A config as the Lua file that gives it, for people and for `--config`.

local text = require "sslkit.text"

local show = {}

local INDENT = "  "

local function number(v)
  if math.type(v) == "integer" then return tostring(v) end
  if v ~= v then return "0/0" end
  if v == math.huge then return "1/0" end
  if v == -math.huge then return "-1/0" end
  for digits = 15, 17 do
    local s = ("%." .. digits .. "g"):format(v)
    if tonumber(s) == v then return s:find "[.e]" and s or s .. ".0" end
  end
end

local function quote(s) return (("%q"):format(s):gsub("\\\n", "\\n"):gsub("\r", "\\r")) end

local function names_of(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    if type(a) ~= type(b) then return type(a) == "number" end
    return a < b
  end)
  return names
end

local function key_of(name)
  if type(name) == "string" and name:find "^[%a_][%w_]*$" and load("local " .. name) then
    return name
  end
  return "[" .. (type(name) == "string" and quote(name) or tostring(name)) .. "]"
end

-- A value in one line.
local function value_of(v)
  if type(v) == "number" then return number(v) end
  if type(v) == "string" then return quote(v) end
  if type(v) ~= "table" then return tostring(v) end
  local parts, count = {}, rawlen(v)
  for i = 1, count do parts[i] = value_of(v[i]) end
  for _, name in ipairs(names_of(v)) do
    if not (math.type(name) == "integer" and name >= 1 and name <= count) then
      parts[#parts + 1] = key_of(name) .. " = " .. value_of(v[name])
    end
  end
  return #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
end

--- A value as Lua writes it, in one line.
-- @param v plain value
-- @return string
show.value = value_of

-- Adds the lines of a group: {text, comment}.
local function add_lines(lines, values, schema, prefix, depth, note)
  for _, name in ipairs(names_of(values)) do
    local path, margin = prefix .. name, INDENT:rep(depth)
    local behind = depth > 0 and "," or ""
    if schema.kinds[path] == "group" then
      lines[#lines + 1] = { margin .. name .. " = {" }
      add_lines(lines, values[name], schema, path .. ".", depth + 1, note)
      lines[#lines + 1] = { margin .. "}" .. behind }
    else
      local line = margin .. key_of(name) .. " = " .. value_of(values[name]) .. behind
      lines[#lines + 1] = { line, note and note(path) }
    end
  end
end

--- The text of a Lua file.
-- @param values the config
-- @param schema of it
-- @param note function(path) that gives a comment to stand behind the line, or nil (none)
-- @return string without a newline at its end
function show.lua(values, schema, note)
  local lines, width = {}, 0
  add_lines(lines, values, schema, "", 0, note)
  for _, line in ipairs(lines) do
    if line[2] then width = math.max(width, math.min(text.width(line[1]), 40)) end
  end
  for i, line in ipairs(lines) do
    lines[i] = line[2] and text.pad(line[1], width) .. "  -- " .. line[2] or line[1]
  end
  return table.concat(lines, "\n")
end

return show
