-- The options that a docstring describes, in either of two forms:
--
--   {dim=1, nan="error", "skip" or "propagate", out=tensor}
--   table: dim = what it is (1); nan, other = what these are ("error"); shuffle (true)
--
-- In the first, what follows `=` is the default, or, where that is no value, what it is. `as of
-- `name`` and `those of `name`` stand for the options of another function.

local options = {}

-- The text cut at commas and semicolons that stand in no brackets, quotes or backticks.
local function pieces(text)
  local list, depth, from, i = {}, 0, 1, 1
  while i <= #text do
    local c = text:sub(i, i)
    local close = (c == '"' or c == "`") and text:find(c, i + 1, true)
    if close then
      i = close
    elseif c:find "[%(%[{]" then
      depth = depth + 1
    elseif c:find "[%)%]}]" then
      depth = depth - 1
    elseif depth <= 0 and c:find "[,;]" then
      list[#list + 1] = text:sub(from, i - 1):match "^%s*(.-)%s*$"
      from = i + 1
    end
    i = i + 1
  end
  list[#list + 1] = text:sub(from):match "^%s*(.-)%s*$"
  return list
end

--- The value at the beginning of a text: a number, a string, a truth, a table.
-- @param text string
-- @return string, or nil where it begins with something else
function options.value(text)
  local found = text:match '^"[^"]*"' or text:match "^%b{}" or text:match "^[%a]+"
    or text:match "^-?%d[%w.+-]*"
  if not found or text:sub(#found + 1):find "^[%w_./*^(]" then return nil end
  local first = found:sub(1, 1)
  local word = first:find "%a" and found ~= "true" and found ~= "false" and found ~= "nil"
  if word or first:find "[%d-]" and not tonumber(found) then return nil end
  return found
end

-- Words that defaults begin with where they are no values.
local WORDS = {}
for word in ([[
  all as black create_graph drawn none stderr stdout the told t's unknown what]]):gmatch "%S+" do
  WORDS[word] = true
end

--- What stands in the last parentheses of a description, where that is a default: a value, or words
-- such as "the last", "all", "none".
-- @param text string
-- @return string or nil
function options.default(text)
  local found
  for group in text:gmatch "%b()" do
    local inner = group:sub(2, -2)
    local plain = WORDS[inner:match "^[%w_']+"] or inner:find "^%$"
    local several = inner:find "^[%d.]+,? [%w.]+," or inner:find "^[%d.]+ %a" -- (1, 2, ...)
    if plain or options.value(inner) and not several then found = inner end
  end
  return found
end

local function add(list, name, text, default)
  list[#list + 1] = { name = name, text = text, default = default }
end

-- {name=default, name=default}
local function braced(inside)
  local list = {}
  for _, piece in ipairs(pieces(inside)) do
    local name, rest = piece:match "^([%a_][%w_]*)%s*=%s*(.*)$"
    if name then
      add(list, name, rest, (options.value(rest)))
    elseif list[1] then -- the second of several choices
      list[#list].text = list[#list].text .. ", " .. piece
    end
  end
  return list
end

-- name = text (default); name (default); name, name = text
local function listed(text)
  local list, bare, taken = {}, {}, {}
  local function named(name, rest)
    for _, other in ipairs(bare) do add(list, other, rest, options.default(rest)) end
    bare = {}
    add(list, name, rest, options.default(rest))
    local more, after = rest:match "%f[%w]and ([%a_][%w_]*) (%(.*)$"
    if not more then more, after = rest:match "%f[%w]and ([%a_][%w_]*) = (.*)$" end
    if more then
      list[#list].text = rest:match("^(.-)%s*%f[%w]and " .. more)
      list[#list].default = options.default(list[#list].text)
      named(more, after)
    end
  end
  for _, piece in ipairs(pieces(text)) do
    piece = piece:gsub("^and ", "")
    local name, rest = piece:match "^([%a_][%w_]*)%s*=%s*(.*)$"
    if not name then name, rest = piece:match "^([%a_][%w_]*)%s*(%(.*)$" end
    if name then
      named(name, rest)
    elseif piece:find "^[%a_][%w_]*$" then
      bare[#bare + 1] = piece
    elseif piece:find "^those of " then -- taken over: these are no part of the item before
      taken[#taken + 1] = piece
    elseif list[1] then
      bare = {}
      local last = list[#list]
      last.text = last.text .. ", " .. piece
      last.default = last.default or options.default(piece)
    end
  end
  for _, name in ipairs(bare) do add(list, name, "", nil) end
  return list, table.concat(taken, "; ")
end

--- The options in the description of a parameter.
-- @param text string
-- @return table: items = list of {name=, text=, default=}, empty where it describes none; form =
-- "braces", "table" or nil; before and after = what else it says; refers = names of the functions
-- whose options it takes over
function options.parse(text)
  local found = { items = {}, before = text, after = "", refers = {} }
  for _, form in ipairs { "as of `([%w_.]+)`", "those of `?([%w_.]+)" } do
    for name in text:gmatch(form) do table.insert(found.refers, name) end
  end
  local list = text:match "^table:%s*(.*)$"
  if list then
    local stop = list:find "%.%s+%u"
    found.items, found.after = listed(stop and list:sub(1, stop - 1) or list)
    found.form, found.before = "table", ""
    if stop then found.after = list:sub(stop + 1):match "^%s*(.*)$" end
    return found
  end
  local from = text:find "{%s*[%a_][%w_]*%s*="
  if from then
    local stop = select(2, text:find("%b{}", from)) or #text
    found.items, found.form = braced(text:sub(from + 1, stop - 1)), "braces"
    found.before = text:sub(1, from - 1)
    found.after = text:sub(stop + 1):gsub("^[;:,]%s*", "")
  end
  return found
end

--- May an argument be left out, and what is it then?
-- @param param one of a docstring's
-- @param place its place, from 1
-- @return true or false, and the default where it is a value
function options.optional(param, place)
  local default = options.default(param.text)
  if default then return true, options.value(default) end
  if param.text:find "%f[%w]or nil%f[%W]" or param.text:find "%f[%w]or nothing" then return true end
  local found = options.parse(param.text)
  if param.name == "options" or found.form == "braces" and found.before == "" then
    if place > 1 then return true end
    for _, item in ipairs(found.items) do
      if not item.default then return false end
    end
    return true
  end
  return false
end

return options
