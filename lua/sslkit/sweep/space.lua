-- The space of configs of a sweep: a table in which a list is a choice, a table another part of the
-- config, and anything else a constant.

local check = require "sslkit.check"
local json = require "sslkit.text.json"

local space = { constructors = {} }

local function is_list(v) return type(v) == "table" and #v > 0 end

local function check_part(v, name)
  local kind = type(v)
  if kind == "number" or kind == "string" or kind == "boolean" then return v end
  if kind ~= "table" then
    check.fail(1, "space.%s must be a list, a table or a constant, got %s", name, check.kind(v))
  end
  local out = {}
  for key, inner in pairs(v) do
    out[key] = check_part(inner, name == "" and tostring(key) or name .. "." .. tostring(key))
  end
  return out
end

--- A space, checked.
-- @param t table
-- @return table of the same form
function space.check(t)
  if type(t) ~= "table" then check.fail(1, "space must be a table, got %s", check.kind(t)) end
  return (check_part(t, ""))
end

-- Calls f for each config: the last name of a table changes fastest.
local function each(t, f)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  local config = {}
  local function go(at)
    local name = names[at]
    if name == nil then
      local copy = {}
      for key, v in pairs(config) do copy[key] = v end
      return f(copy)
    end
    local function try(v)
      config[name] = v
      go(at + 1)
    end
    if is_list(t[name]) then
      for _, v in ipairs(t[name]) do try(v) end
    elseif type(t[name]) == "table" then
      each(t[name], try)
    else
      try(t[name])
    end
  end
  go(1)
end

--- All configs of a space.
-- @param t table
-- @return list of tables
-- @example #require("sslkit.sweep.space").grid { a = { 1, 2 }, b = { c = { 1, 2, 3 } } } --> 6
function space.grid(t)
  local list = {}
  each(t, function(config) list[#list + 1] = config end)
  return list
end

--- A config as JSON that is the same for the same config.
-- @param config table
-- @return string
-- @example require("sslkit.sweep.space").canonical { b = 1, a = "x" } --> {"a": "x", "b": 1}
function space.canonical(config) return (json.encode(config)) end

return space
