-- The Lua files of sslkit as sources of docstrings: which are there, and which docstring belongs to
-- which function.

local docstring = require "sslkit.help.docstring"

local sources = {}

local getinfo = debug and debug.getinfo

-- Where a unit's source is: beside this file, or where require finds it.
local function path_of(unit)
  local root = getinfo and getinfo(1, "S").source:match "^@(.*)help[/\\]sources%.lua$"
  if root then
    local below = unit:gsub("^sslkit%.?", ""):gsub("%.", "/")
    for _, tail in ipairs { ".lua", "/init.lua" } do
      local path = root .. (below == "" and "init.lua" or below .. tail)
      local file = io.open(path)
      if file then
        file:close()
        return path
      end
    end
  end
  local path = package.searchpath(unit, package.path)
  return path
end

-- Adds the docstrings of a unit to those that are known; gives the units that its file speaks of, which
-- it may load on some first use.
local function add_unit(all, unit, path)
  local docs, head, required = docstring.read(path)
  all.files[path] = unit
  for _, doc in ipairs(docs or {}) do
    doc.unit = unit
    all.docs[#all.docs + 1] = doc
    all.at[path .. ":" .. doc.line] = doc
  end
  all.heads[unit] = docs and head
  return required or {}
end

--- The docstrings of all units that are loaded, or that these load on some first use.
-- @return table: docs = list of them, by_name, at = by "path:line" of what they are above, heads =
-- the comment at the head of each unit, files = unit by path
function sources.read()
  local all = { docs = {}, by_name = {}, at = {}, heads = {}, files = {} }
  local queue, seen = {}, {}
  local function want(unit)
    if type(unit) ~= "string" or seen[unit] or not unit:find "^sslkit%f[%z.]" then return end
    queue[#queue + 1], seen[unit] = unit, true
  end
  for unit in pairs(package.loaded) do want(unit) end
  while queue[1] do
    local unit = table.remove(queue)
    local path = path_of(unit)
    if path and not all.files[path] then
      for _, other in ipairs(add_unit(all, unit, path)) do want(other) end
    end
  end
  table.sort(all.docs, function(a, b)
    if a.path ~= b.path then return a.path < b.path end
    return a.line < b.line
  end)
  for _, doc in ipairs(all.docs) do
    local name = doc.name or ""
    all.by_name[name] = all.by_name[name] or {}
    table.insert(all.by_name[name], doc)
  end
  return all
end

--- Where a Lua function is defined.
-- @param f function
-- @return "path:line", or nil
function sources.place(f)
  local info = getinfo and getinfo(f, "S")
  return info and info.what ~= "C" and info.source:sub(2) .. ":" .. info.linedefined or nil
end

-- How well a docstring would fit a function of that name in a unit; nil when not at all.
local function fitness(doc, name, unit, tensor)
  if doc.name ~= name or #doc.examples == 0 then return nil end
  local is_tensor = doc.owner == "T" or doc.owner == "random"
  if tensor then return is_tensor and 2 or nil end
  local inside = doc.unit == unit or doc.unit:sub(1, #unit + 1) == unit .. "."
  return inside and (doc.owner and doc.owner:find "^%u%l" and 1 or 2) or not unit and 1 or nil
end

--- The docstring of a function. One that is defined under its own name has it there; one from C, or
-- made by another function, where the name is given to it.
-- @param all what sources.read gave
-- @param f function
-- @param name under which it is public
-- @param unit of the module that it is in (any)
-- @param tensor true for a function of tensors
-- @return docstring or nil
function sources.doc_of(all, f, name, unit, tensor)
  local own = all.at[sources.place(f) or ""]
  if own and own.name == name then return own end
  local best, mark = nil, 0
  for _, doc in ipairs(all.by_name[name] or {}) do
    local fits = fitness(doc, name, unit, tensor)
    if fits and fits > mark then best, mark = doc, fits end
  end
  return best or own
end

return sources
