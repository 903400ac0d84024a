-- How a function is called: its name and its arguments with their defaults.

local options = require "sslkit.help.options"

local signature = {}

-- {a=1, out=}
local function braces(items)
  local list = {}
  for i, item in ipairs(items) do
    list[i] = item.name .. "=" .. (item.default and options.value(item.default) or "")
  end
  return "{" .. table.concat(list, ", ") .. "}"
end

local function argument(param, place, items)
  if param.name == "..." then return "..." end
  if #items > 0 then return braces(items) end
  local optional, default = options.optional(param, place)
  if default and default ~= "nil" then return param.name .. "=" .. default end
  return param.name .. (optional and "?" or "")
end

--- The arguments of a function, without a `self`.
-- @param doc docstring
-- @param items its options
-- @param skip how many of the first are left out (0)
-- @return list of strings
function signature.arguments(doc, items, skip)
  local list, last = {}, #doc.params
  for place, param in ipairs(doc.params) do
    if place > (skip or 0) and param.name ~= "self" then
      list[#list + 1] = argument(param, place, place == last and items or {})
    end
  end
  return list
end

--- The ways of calling what an entry is about.
-- @param entry of the index
-- @param items its options
-- @return list of {name, list of arguments}
function signature.calls(entry, items)
  local doc = entry.doc
  if not doc then return { { entry.path, { "..." } } } end
  if entry.what == "method" then
    local object = entry.parent.name
    object = object == "Tensor" and "t" or object:sub(1, 1):lower() .. object:sub(2)
    local skip = doc.colon and 0 or 1 -- function Kind.name(object, ...)
    return { { object .. ":" .. entry.name, signature.arguments(doc, items, skip) } }
  end
  local calls = { { entry.path, signature.arguments(doc, items) } }
  if entry.method then
    calls[2] = { doc.params[1].name .. ":" .. entry.name, signature.arguments(doc, items, 1) }
  end
  return calls
end

return signature
