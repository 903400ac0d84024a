-- Completion: what may stand at the end of a line. No code of the user's runs for it: tables are
-- read raw, and only our own modules and objects are asked for what they load or find on demand.

local core = require "sslkit.core"
local commands = require "sslkit.repl.commands"
local files = require "sslkit.repl.files"
local index = require "sslkit.help.index"
local help = require "sslkit.help"
local tokens = require "sslkit.repl.tokens"

local DEPTH = 20 -- tables behind tables by __index

-- {== What values hold =====================================================================

local function index_of(v)
  local meta = getmetatable(v)
  return type(meta) == "table" and rawget(meta, "__index") or nil
end

local function is_module(t)
  for unit, loaded in pairs(package.loaded) do
    local ours = type(unit) == "string" and unit:find "^sslkit%f[%z.]"
    if ours and rawequal(loaded, t) then return true end
  end
  return false
end

-- May the function that finds the fields of a value be called? Ours may.
local function is_ours(v)
  return type(v) == "table" and (is_module(v) or index.kind_of(v) ~= nil)
end

local function field(owner, key, depth)
  depth = depth or 1
  if depth > DEPTH or owner == nil then return nil end
  if type(owner) == "string" then return rawget(string, key) end
  if core.is_tensor(owner) then
    return type(key) == "number" and owner or rawget(core.methods, key)
  end
  if type(owner) == "table" then
    local value = rawget(owner, key)
    if value ~= nil then return value end
  end
  local behind = index_of(owner)
  if type(behind) == "table" then return field(behind, key, depth + 1) end
  if type(behind) == "function" and is_ours(owner) then
    local ok, value = pcall(function() return owner[key] end)
    return ok and value or nil
  end
  return nil
end

local function is_callable(v)
  local meta = type(v) == "table" and getmetatable(v)
  return type(v) == "function" or type(meta) == "table" and rawget(meta, "__call") ~= nil
end

-- Adds the names of an owner's fields to a set; after a colon only what can be called.
local function add_fields(set, owner, methods, depth)
  depth = depth or 1
  if depth > DEPTH then return end
  if type(owner) == "string" then owner = string end
  if core.is_tensor(owner) then
    local kind = index.of(core.methods)
    for _, entry in ipairs(kind and kind.members or {}) do set[entry.name] = true end
    return
  end
  if type(owner) == "table" then
    for name, value in next, owner do
      if not methods or is_callable(value) then set[name] = true end
    end
  end
  local meta, behind = getmetatable(owner), index_of(owner)
  if type(behind) == "table" then return add_fields(set, behind, methods, depth + 1) end
  if type(behind) ~= "function" or not is_ours(owner) then return end
  for _, lazy in ipairs(rawget(meta, "lazy") or {}) do
    for name in pairs(lazy) do set[name] = true end
  end
  local kind = index.kind_of(owner)
  for _, entry in ipairs(kind and kind.members or {}) do set[entry.name] = true end
end

-- ==}

-- {== What code means ======================================================================

local function text_at(list, i) return list[i] and list[i].text end

-- The value of the expression that ends at list[i], as far as it is names and constant indices.
local function value_at(env, list, i)
  local token = list[i]
  if not token then return nil end
  if token.kind == "name" then
    local link = text_at(list, i - 1)
    if link ~= "." and link ~= ":" then return field(env, token.text) end
    return field(value_at(env, list, i - 2), token.text)
  elseif token.text == "]" and text_at(list, i - 2) == "[" then
    local key = list[i - 1]
    local constant = tonumber(key.text) or key.kind == "string" and key.text:match "^['\"](.*).$"
    return constant and field(value_at(env, list, i - 3), constant)
  elseif token.text == ")" and list[i - 1] and list[i - 1].kind == "string"
    and text_at(list, i - 2) == "(" then
    return "" -- any string has the same methods
  end
end

local OPEN = { ["("] = ")", ["{"] = "}", ["["] = "]" }
local CLOSE = { [")"] = true, ["}"] = true, ["]"] = true }

-- Does list[i], the last one before the cursor, leave it where the key of a table in a call stands?
-- Gives the function that is called, and the keys that the table has already.
local function call_at(env, list, i)
  local stack = {}
  for at = 1, i do
    local mark = list[at].kind == "mark" and list[at].text
    if OPEN[mark] then stack[#stack + 1] = at elseif CLOSE[mark] then stack[#stack] = nil end
  end
  local brace = stack[#stack]
  if text_at(list, brace) ~= "{" then return nil end
  local last = text_at(list, i)
  if last ~= "{" and last ~= "," and last ~= ";" then return nil end
  local f = value_at(env, list, brace - 1)
  local round = stack[#stack - 1]
  if not f and text_at(list, round) == "(" then f = value_at(env, list, round - 1) end
  local given = {}
  for at = brace + 1, i - 1 do
    if list[at].kind == "name" and text_at(list, at + 1) == "=" then given[list[at].text] = true end
  end
  return f, given
end

-- ==}

local function sorted(set, fragment, tail)
  local list = {}
  for name in pairs(set) do
    if type(name) == "string" and name:find "^[%a_][%w_]*$" and not tokens.keywords[name]
      and name:sub(1, #fragment) == fragment
      and (name:sub(1, 1) ~= "_" or fragment:sub(1, 1) == "_") then
      list[#list + 1] = name .. (tail or "")
    end
  end
  table.sort(list)
  return list
end

-- The keys of a table that a string stands for: t["na
local function complete_key(env, list, line)
  local open = list[#list]
  local set, keys = {}, {}
  add_fields(set, value_at(env, list, #list - 2))
  local fragment, quote = line:sub(open.from + 1), open.text:sub(1, 1)
  for key in pairs(set) do
    if type(key) == "string" and key:sub(1, #fragment) == fragment and not key:find "[%c'\"\\]" then
      keys[#keys + 1] = key .. quote .. "]"
    end
  end
  table.sort(keys)
  return keys, open.from + 1
end

local function complete_name(env, list, line)
  local last, fragment = list[#list], ""
  if last and last.to == #line and (last.kind == "name" or last.kind == "keyword") then
    fragment = last.text
    list[#list] = nil
  elseif last and last.to == #line and last.kind == "number" then
    return {}, #line + 1
  end
  local start = #line + 1 - #fragment
  local link, set = text_at(list, #list), {}
  if link == "." or link == ":" then
    add_fields(set, value_at(env, list, #list - 1), link == ":")
    return sorted(set, fragment), start
  end
  local found = {}
  local f, given = call_at(env, list, #list)
  if f then
    local options = {}
    for _, name in ipairs((help.options(f))) do options[name] = not given[name] or nil end
    found = sorted(options, fragment, "=")
  end
  if fragment ~= "" and #found == 0 then
    add_fields(set, env)
    found = sorted(set, fragment)
    for word in pairs(tokens.keywords) do
      if word:sub(1, #fragment) == fragment then found[#found + 1] = word end
    end
  end
  return found, start
end

--- What may stand at the end of a line.
-- @param env table of variables
-- @param line string up to the cursor
-- @return list of candidates, and the first byte of the line that they replace
return function(env, line)
  local word = line:match "^%s*%%(%a*)$"
  if word then
    local set = {}
    for _, name in ipairs(commands.names) do set[name] = true end
    return sorted(set, word), #line + 1 - #word
  end
  local path = line:match "^%s*%%run%s+(%S*)$"
  if path then return files(path, #line + 1 - #path) end
  local code = line:gsub("^%s*%%%a+", function(s) return (" "):rep(#s) end)
  code = code:gsub("^%s*%?+", function(s) return (" "):rep(#s) end)

  local list = {}
  for _, token in ipairs(tokens.split(code)) do
    if token.kind ~= "comment" then
      list[#list + 1] = token
    elseif token.open then
      return {}, #line + 1
    end
  end
  local last = list[#list]
  if last and last.open then
    if last.text:find "^%[" then return {}, #line + 1 end
    if text_at(list, #list - 1) == "[" then return complete_key(env, list, code) end
    return files(code:sub(last.from + 1), last.from + 1)
  end
  return complete_name(env, list, code)
end
