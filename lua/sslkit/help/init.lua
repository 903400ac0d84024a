-- Help: the docstrings of the Lua files, found by name or by the thing itself.

local check = require "sslkit.check"
local color = require "sslkit.text.color"
local core = require "sslkit.core"
local index = require "sslkit.help.index"
local lookup = require "sslkit.help.lookup"
local page = require "sslkit.help.page"

local help = {}

local WIDEST = 100 -- columns: longer lines are hard to read

local function check_width(width)
  return width ~= nil and math.max(20, check.integer(2, "width", width, 1)) or nil
end

local function page_of(entry, settings, others)
  if entry.what == "module" then
    if entry.path == "ssl" then return page.overview(settings) end
    return page.of_module(entry, settings)
  elseif entry.what == "kind" then
    return page.of_kind(entry, settings)
  end
  return page.of_function(entry, settings, others)
end

local function page_of_name(name, settings)
  if name == "ssl" or name == "sslkit" or name:find "^%s*$" then return page.overview(settings) end
  local found, others = lookup.find(name)
  if #found == 1 then return page_of(found[1], settings, others) end
  if #found > 1 then
    return page.list(("'%s' may be one of these:"):format(name), found, settings)
  end
  local close = lookup.near(name)
  local shown = #name > 60 and "that" or ("'%s'"):format(name:gsub("%c", "?"))
  local nothing = ("nothing is called %s; "):format(shown)
  if #close == 0 then return nil, nothing .. "ssl.help() shows what there is" end
  return nil, page.list(nothing .. "near to it:", close, settings)
end

-- What an object is, in one line.
local function one_line(object)
  if core.is_tensor(object) then return check.kind(object) end
  local ok, text = pcall(tostring, object)
  return ok and text:match "^[^\n]*" or check.kind(object)
end

local function page_of_object(object, settings)
  local kind = index.kind_of(object)
  if kind then return page.of_kind(kind, settings, one_line(object)) end
  local meta = type(object) == "table" and getmetatable(object)
  if type(meta) == "table" and type(meta.__name) == "string" and meta.__name:find "^sslkit%." then
    return page.of_table(object, settings, one_line(object))
  end
  return nil, ("help knows nothing about this %s"):format(check.kind(object))
end

--- The page about something, as a string.
-- @param what anything: a function, module, object or name, see ssl.help
-- @param options table: width = columns (80); color = may it hold escapes (false)
-- @return string; or nil and a message, with names that are near, when nothing is known of it
-- @raise unknown options
-- @example ssl.help.text("metrics.rankme"):match "^ssl[%w.]+" --> ssl.metrics.rankme
-- @example select(2, ssl.help.text "rankmee"):match "^[^;]*" --> nothing is called 'rankmee'
function help.text(what, options)
  local settings = check.options(2, options, { color = false }, { width = true })
  settings.width = check_width(settings.width) or 80
  local known, message = index.get()
  if not known then return nil, message end
  if what == nil then return page.overview(settings) end
  if type(what) == "string" then return page_of_name(what, settings) end
  local entry = index.of(what)
  if entry then return page_of(entry, settings) end
  return page_of_object(what, settings)
end

--- The names of the options that a function takes in a table.
-- @param what function or its name
-- @return list of names in the order of its page, empty where there are none; and a table from name
-- to {default = source of a value or nil, text = what it is}
-- @example table.concat(ssl.help.options(ssl.metrics.condition), " ") --> center tolerance nan full
-- @example select(2, ssl.help.options "metrics.alignment").alpha.default --> 2
function help.options(what)
  local entry = index.of(what)
  if type(what) == "string" and index.get() then entry = lookup.find(what)[1] end
  local names, about = {}, {}
  for i, item in ipairs(entry and index.options(entry) or {}) do
    names[i] = item.name
    about[item.name] = { default = item.default, text = item.text }
  end
  return names, about
end

--- Everything that has a page.
-- @return list of {name = "ssl.metrics.rankme" or "Tensor:sum", what = "function" | "module" |
-- "kind" | "method", summary = one line}, sorted by name
-- @example ssl.help.names()[1].what --> kind
function help.names()
  local list = {}
  local function add(name, what, entry)
    list[#list + 1] = { name = name, what = what, summary = entry.summary }
  end
  for _, entry in ipairs((index.get() or { entries = {} }).entries) do
    add(entry.path, entry.what, entry)
    for _, path in ipairs(entry.also) do add(path, entry.what, entry) end
    if entry.method and entry.what == "function" then
      add("Tensor:" .. entry.name, "method", entry)
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

--- Prints what there is to know about something: `ssl.help "rankme"`, `ssl.help(ssl.nn)`,
-- `ssl.help(x)` for a tensor or any other object, `ssl.help "Tensor:sum"`; without an argument what
-- there is at all. A word that nothing is called lists what speaks of it.
-- @param what anything: a function, module, object or name (nil)
-- @param options table: stream = file to print to (stdout); width = columns (the terminal's, at
-- most 100)
-- @raise unknown options
-- @example ssl.help("rankme", {stream = io.tmpfile()}) --> nil
local function show(_, what, options)
  options = check.options(2, options, { stream = io.stdout }, { width = true })
  local stream = options.stream
  if io.type(stream) ~= "file" then
    check.fail(2, "stream must be an open file, got %s", check.kind(stream))
  end
  local width = check_width(options.width)
    or math.max(20, math.min(core.columns(stream) or 80, WIDEST))
  local text, message = help.text(what, { width = width, color = color.on(stream) })
  stream:write(text or message, "\n")
end

return setmetatable(help, { __call = show })
