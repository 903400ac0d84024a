-- Records as lines of JSON, with their fields always in the same order: step, time, the others by
-- name; and back.

local cjson = require("cjson").new()
local record = require "sslkit.log.record"
local text = require "sslkit.text.json"

local NAN = -(0 / 0) -- the one that prints without a sign

-- Is a table 1, 2, ..., n and nothing else?
local function is_list(t)
  local count = 0
  for _ in pairs(t) do count = count + 1 end
  return count > 0 and count == rawlen(t)
end

local members

local function value_text(v, name, depth)
  local kind = type(v)
  if kind ~= "table" then return (text.encode(v)) end
  local list = is_list(v)
  local parts = members(v, name .. "/", depth + 1, {}, list)
  return (list and "[" or "{") .. table.concat(parts, ",") .. (list and "]" or "}")
end

-- Adds the members of a table to a list of texts.
function members(t, prefix, depth, parts, list)
  local names, values = record.fields(t, prefix, depth)
  for at, name in ipairs(names) do
    if list then name = tostring(at) end -- by name, 10 comes before 2
    local value = value_text(values[name], prefix .. name, depth)
    parts[#parts + 1] = list and value or text.encode(name) .. ":" .. value
  end
  return parts
end

local json = {}

-- The line, without its end.
function json.encode(step, time, fields)
  local parts = members(fields, "", 1, { '"step":' .. step, '"time":' .. text.encode(time) })
  return "{" .. table.concat(parts, ",") .. "}"
end

local function with_nan(t)
  for key, v in pairs(t) do
    if v == cjson.null then
      t[key] = NAN
    elseif type(v) == "table" then
      with_nan(v)
    end
  end
  return t
end

-- The record in a line; nil where that is something else. null is NaN, a whole step an integer.
function json.decode(line)
  if not line:find "^%s*{" then return nil end
  local ok, fields = pcall(cjson.decode, line)
  if not ok then return nil end
  fields.step = math.tointeger(fields.step) or fields.step
  return with_nan(fields)
end

return json
