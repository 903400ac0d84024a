-- Plain Lua data as JSON: names in order, so that two files compare line by line; numbers that read
-- back as they were; always valid, whatever bytes a string holds.

local check = require "sslkit.check"
local plain = require "sslkit.text.plain"

local json = {}

local DEEPEST = 100 -- tables in tables; more are a cycle
local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function quote(s)
  return '"' .. plain.utf8(s):gsub('[%c"\\\x7f]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

local function number(v)
  if v ~= v or v == math.huge or v == -math.huge then return "null" end
  return plain.number(v)
end

local function names_of(t)
  local names, by_name = {}, {}
  for key in pairs(t) do
    local name = tostring(key)
    names[#names + 1], by_name[name] = name, key
  end
  table.sort(names)
  return names, by_name
end

local function is_list(t)
  local count = 0
  for _ in pairs(t) do count = count + 1 end
  return count == rawlen(t)
end

local encode

-- Elements between brackets, in one line, or one a line where they are indented.
local function join(open, parts, close, indent, depth)
  if #parts == 0 then return open .. close end
  if not indent then return open .. table.concat(parts, ", ") .. close end
  local inner = "\n" .. (" "):rep(indent * (depth + 1))
  return open .. inner .. table.concat(parts, "," .. inner) .. "\n" .. (" "):rep(indent * depth)
    .. close
end

local function encode_table(t, indent, depth)
  if depth >= DEEPEST then check.fail(1, "tables are nested more than %d deep", DEEPEST) end
  local parts = {}
  if is_list(t) then
    for i = 1, rawlen(t) do
      -- a list of numbers or words reads best in one line
      if type(t[i]) == "table" then parts.tables = true end
      parts[i] = encode(t[i], indent, depth + 1)
    end
    return join("[", parts, "]", parts.tables and indent, depth)
  end
  local names, by_name = names_of(t)
  for i, name in ipairs(names) do
    parts[i] = quote(name) .. ": " .. encode(t[by_name[name]], indent, depth + 1)
  end
  return join("{", parts, "}", indent, depth)
end

function encode(v, indent, depth)
  local kind = type(v)
  if kind == "number" then return number(v) end
  if kind == "string" then return quote(v) end
  if kind == "boolean" then return tostring(v) end
  if kind == "table" then return encode_table(v, indent, depth) end
  check.fail(1, "a %s has no place in JSON", check.kind(v))
end

--- Plain data as JSON.
-- @param value number, string, boolean, or a table of these; an empty table is a list; NaN and the
-- infinities are null; bytes that are no UTF-8 become U+FFFD
-- @param options table: indent = spaces a level (none: all in one line)
-- @return string without a newline at its end
-- @raise functions, tensors and other values that JSON cannot hold
-- @example require("sslkit.text.json").encode{ lr = 0.1, sizes = {64, 10} } --> {"lr": 0.1, "sizes": [64, 10]}
-- @example require("sslkit.text.json").encode(0/0) --> null
function json.encode(value, options)
  local indent = check.options(2, options, {}, { indent = true }).indent
  return (encode(value, indent and check.integer(2, "indent", indent, 0, 8), 0))
end

--- Plain data in which NaN and the infinities, which JSON has not, are words.
-- @param value as for encode
-- @return a copy with "nan", "inf" and "-inf" in their places
-- @example require("sslkit.text.json").speakable{ 1, 1/0 }[2] --> inf
function json.speakable(value)
  if type(value) == "table" then
    local out = {}
    for key, inner in pairs(value) do out[key] = json.speakable(inner) end
    return out
  end
  if value ~= value then return "nan" end
  return value == math.huge and "inf" or value == -math.huge and "-inf" or value
end

return json
