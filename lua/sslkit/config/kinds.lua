-- The kinds of values that a config has, each told by its default: what may stand there, and how a
-- word of the command line becomes one.

local cjson = require("cjson").new()

local kinds = {}

cjson.decode_max_depth(50)
cjson.decode_invalid_numbers(false)

local TRUTHS = {
  ["true"] = true, yes = true, on = true, ["1"] = true,
  ["false"] = false, no = false, off = false, ["0"] = false,
}
local SPECIAL = { inf = math.huge, ["-inf"] = -math.huge, nan = 0 / 0 } -- JSON has no word for them

-- The library gives floats only.
local function with_integers(v)
  if type(v) == "number" then return math.tointeger(v) or v end
  if type(v) == "table" then
    for key, inner in pairs(v) do v[key] = with_integers(inner) end
  end
  return v
end

-- What is behind a JSON text; nil, and a message, when it is none. Null alone is nil too.
local function of_json(text)
  local ok, value = pcall(cjson.decode, text)
  if not ok then return nil, value end
  if value ~= cjson.null then return with_integers(value) end
end

-- A word whose kind nothing tells.
local function guess(text)
  local value = tonumber(text)
  if value == nil then value = of_json(text) end
  if value == nil then value = text end
  return value
end

local function is_plain(v, depth)
  local kind = type(v)
  if kind == "number" or kind == "string" or kind == "boolean" then return true end
  if kind ~= "table" or depth > 20 then return false end
  for key, inner in pairs(v) do
    if type(key) ~= "string" and math.type(key) ~= "integer" or not is_plain(inner, depth + 1) then
      return false
    end
  end
  return true
end

local function copy(v)
  if type(v) ~= "table" then return v end
  local out = {}
  for key, inner in pairs(v) do out[key] = copy(inner) end
  return out
end

local function is_list(v)
  local count = 0
  for _ in pairs(v) do count = count + 1 end
  return count == rawlen(v)
end

-- name = how messages call it; accept(value, element) = the value as this kind has it, or nil;
-- parse(text, element) = what a word may mean, to be accepted then. element: the kind of a list's
-- elements, where they have one.
local KINDS = {
  boolean = {
    name = "true or false",
    accept = function(v) if type(v) == "boolean" then return v end end,
    parse = function(text) return TRUTHS[text:lower()] end,
  },
  integer = {
    name = "a whole number",
    accept = function(v) return type(v) == "number" and math.tointeger(v) or nil end,
    parse = tonumber,
  },
  number = {
    name = "a number",
    accept = function(v)
      v = SPECIAL[v] or v
      return type(v) == "number" and v + 0.0 or nil
    end,
    parse = function(text) return tonumber(text) or SPECIAL[text:lower()] end,
  },
  string = {
    name = "a string",
    accept = function(v) if type(v) == "string" then return v end end,
    parse = function(text) return text end,
  },
  table = {
    name = "a table of plain values",
    accept = function(v) return type(v) == "table" and is_plain(v, 0) and copy(v) or nil end,
    parse = of_json,
  },
  any = {
    name = "a plain value",
    accept = function(v) if is_plain(v, 0) then return copy(v) end end,
    parse = guess,
  },
}

KINDS.list = {
  name = "a list",
  accept = function(v, element)
    if type(v) ~= "table" or not is_list(v) then return nil end
    local out = {}
    for i, inner in ipairs(v) do
      out[i] = KINDS[element or "any"].accept(inner)
      if out[i] == nil then return nil end
    end
    return out
  end,
  -- [64, 128], or 64,128
  parse = function(text, element)
    if text:find "^%s*%[" then return of_json(text) end
    local out = {}
    for word in text:gmatch "[^,]+" do
      local value = KINDS[element or "any"].parse(word:match "^%s*(.*)":match "^(.-)%s*$")
      if value == nil then return nil end
      out[#out + 1] = value
    end
    return out
  end,
}

local PLURALS = {
  boolean = "true and false", integer = "whole numbers", number = "numbers", string = "strings",
}

kinds.names = { "any", "boolean", "integer", "list", "number", "string", "table" }

--- The kind that a default tells.
-- @param v value
-- @return "boolean", "integer", "number", "string", "list", "table" (an empty one: anything may be
-- in it) or "group" (of named values); for a list also the kind of its elements, where they have
-- one; or nil for what a config cannot hold
function kinds.of(v)
  local kind = type(v)
  if kind == "number" then return math.type(v) == "integer" and "integer" or "number" end
  if kind == "boolean" or kind == "string" then return kind end
  if kind ~= "table" then return nil end
  if next(v) == nil then return "table" end
  if not is_list(v) then return rawlen(v) == 0 and "group" or nil end
  if not is_plain(v, 0) then return nil end
  local element = kinds.of(v[1])
  for i = 2, #v do
    local other = kinds.of(v[i])
    if element == "integer" and other == "number" then element = "number"
    elseif other ~= element and not (element == "number" and other == "integer") then
      element = nil
      break
    end
  end
  return "list", KINDS[element] and element ~= "list" and element ~= "table" and element or nil
end

--- What a kind is called in messages.
-- @param kind of `of`
-- @param element kind of a list's elements
-- @return string
function kinds.describe(kind, element)
  if kind == "list" and element then return "a list, of " .. PLURALS[element] end
  return KINDS[kind].name
end

--- A value as its kind has it: a copy.
-- @param kind of `of`, no group
-- @param element kind of a list's elements
-- @param v value
-- @return value, or nil where it is of another kind
function kinds.accept(kind, element, v) return (KINDS[kind].accept(v, element)) end

--- What a word means where a kind is expected.
-- @param kind of `of`, no group
-- @param element kind of a list's elements
-- @param text string
-- @return value, or nil when it means nothing of that kind
function kinds.parse(kind, element, text)
  local v = KINDS[kind].parse(text, element)
  if v == nil then return nil end
  return (KINDS[kind].accept(v, element))
end

kinds.of_json, kinds.null = of_json, cjson.null

return kinds
