-- Values as the prompt shows them: tensors and objects as they print, tables as short Lua tables,
-- strings in quotes.

local check = require "sslkit.check"
local core = require "sslkit.core"
local text = require "sslkit.text"
local tokens = require "sslkit.repl.tokens"

local show = {}

local DEPTH = 4      -- tables within tables
local ITEMS = 40     -- of one table
local BUDGET = 600   -- of all tables together
local LONGEST = 1000 -- bytes of a string
local WIDTH = 80

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\", ['"'] = '\\"' }

local function escape(c) return ESCAPES[c] or ("\\x%02X"):format(c:byte()) end

--- A string in quotes, cut when it is long.
-- @param s string
-- @param longest bytes (1000)
-- @return string
function show.quote(s, longest)
  longest = longest or LONGEST
  local part = s
  if #s > longest then
    local stop = longest
    while stop > 1 and s:find("^[\x80-\xbf]", stop + 1) do stop = stop - 1 end
    part = s:sub(1, stop)
  end
  local quoted = part:gsub('[%c\\"]', escape)
  if not utf8.len(part) then quoted = quoted:gsub("[\x80-\xff]", escape) end
  if #part == #s then return '"' .. quoted .. '"' end
  return ('"%s"... (%d bytes)'):format(quoted, #s)
end

-- tostring, whatever an object's own may do; nil when it has none.
local function own_text(v)
  local meta = getmetatable(v)
  if type(meta) ~= "table" or rawget(meta, "__tostring") == nil then return nil end
  local ok, shown = pcall(tostring, v)
  if ok then return shown end
  shown = type(shown) == "string" and shown:match "^[^\n]*" or type(shown)
  return ("<%s: error in __tostring: %s>"):format(type(v), shown)
end

local function of_function(f)
  local info = debug and debug.getinfo(f, "Su")
  if not info or info.what == "C" then return "function: builtin" end
  local names = {}
  for i = 1, info.nparams do names[i] = debug.getlocal(f, i) end
  if info.isvararg then names[#names + 1] = "..." end
  local place = show.path(info.short_src) .. ":" .. info.linedefined
  return ("function(%s) <%s>"):format(table.concat(names, ", "), place)
end

local root = debug and debug.getinfo(1, "S").source:match "^@(.*/)sslkit/repl/show%.lua$"

--- A path made short: our own files begin with sslkit/, those of the user's home with ~.
-- @param path string
-- @return string
function show.path(path)
  local home = os.getenv "HOME"
  if root and path:sub(1, #root) == root then return path:sub(#root + 1) end
  if home and #home > 1 and path:sub(1, #home + 1) == home .. "/" then
    return "~" .. path:sub(#home + 1)
  end
  return path
end

local function is_name(key)
  return type(key) == "string" and key:find "^[%a_][%w_]*$" and not tokens.keywords[key]
end

-- The name under which a table was loaded, when it is a module.
local function module_name(t)
  for name, loaded in pairs(package.loaded) do
    if rawequal(loaded, t) and type(name) == "string" and name ~= "_G" then return name end
  end
end

-- A module is shown by its names, those that load something included.
local function of_module(t, name, width)
  local names, meta = {}, getmetatable(t)
  local lazy = type(meta) == "table" and rawget(meta, "lazy") or {}
  for _, set in ipairs { t, table.unpack(lazy) } do
    for key in next, set do
      if is_name(key) and key:sub(1, 1) ~= "_" then names[key] = true end
    end
  end
  local sorted = {}
  for key in next, names do sorted[#sorted + 1] = key end
  table.sort(sorted)
  local lines, line = {}, ("module %s:"):format(name)
  for _, key in ipairs(sorted) do
    if #line + 1 + #key > width then lines[#lines + 1], line = line, " " end
    line = line .. " " .. key
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

local RANK = { number = 1, string = 2 }

local function before(a, b)
  local x, y = RANK[type(a)] or 3, RANK[type(b)] or 3
  if x ~= y then return x < y end
  if x == 3 then return ("%s %p"):format(type(a), a) < ("%s %p"):format(type(b), b) end
  return a < b
end

local value -- (v, state, depth, room, indent): a string

-- {first, second, name = third}: on one line where it fits.
local function of_table(t, state, depth, indent)
  if state.within[t] then return "<itself>" end
  if next(t) == nil then return "{}" end
  if depth > DEPTH or state.left <= 0 then return "{...}" end
  state.within[t] = true
  local pieces, last, plain, keys = {}, 0, true, {}
  local function add(piece)
    pieces[#pieces + 1] = piece
    plain = plain and not piece:find "[\n{]"
    state.left = state.left - 1
  end

  local count = rawlen(t)
  while last < count and last < ITEMS and state.left > 0 do
    last = last + 1
    add(value(rawget(t, last), state, depth + 1, indent .. "  "))
  end
  local more = count - last
  for key in next, t do
    local listed = math.type(key) == "integer" and key >= 1 and key <= count
    if not listed then keys[#keys + 1] = key end
  end
  table.sort(keys, before)
  for i, key in ipairs(keys) do
    if i > ITEMS or state.left <= 0 then
      more = more + #keys - i + 1
      break
    end
    local name = is_name(key) and key or "[" .. value(key, state, DEPTH + 1, "") .. "]"
    add(name .. " = " .. value(rawget(t, key), state, depth + 1, indent .. "  "))
    plain = false
  end
  if more > 0 then pieces[#pieces + 1] = ("... %d more"):format(more) end
  state.within[t] = nil

  local line = "{" .. table.concat(pieces, ", ") .. "}"
  if not line:find "\n" and text.width(line) + #indent <= state.width then return line end
  local gap = ",\n" .. indent .. "  "
  if plain then -- a list of numbers fills its lines
    local lines, at = {}, ""
    for i, piece in ipairs(pieces) do
      local longer = at .. piece .. (i < #pieces and ", " or "")
      if at ~= "" and text.width(longer) + #indent + 2 > state.width then
        lines[#lines + 1] = at:gsub(" $", "")
        longer = piece .. (i < #pieces and ", " or "")
      end
      at = longer
    end
    lines[#lines + 1] = at
    return "{\n" .. indent .. "  " .. table.concat(lines, gap:sub(2)) .. "\n" .. indent .. "}"
  end
  return "{\n" .. indent .. "  " .. table.concat(pieces, gap) .. "\n" .. indent .. "}"
end

function value(v, state, depth, indent)
  local kind = type(v)
  if kind == "string" then return show.quote(v, depth > 1 and 200 or nil) end
  if v ~= v then return "nan" end -- not -nan
  if kind == "function" then return of_function(v) end
  if core.is_tensor(v) and depth > 1 then
    return v:dim() == 0 and ("%s (0-dim)"):format(v:item()) or check.kind(v)
  end
  local shown = own_text(v)
  if shown and depth > 1 and shown:find "\n" then -- inside of a table there is room for its name
    local line = shown:match("^[^\n]*"):gsub("[%s({%[:]+$", "")
    return "<" .. (text.width(line) > 50 and text.cut(line, 47) .. "..." or line) .. ">"
  end
  if shown then return shown end
  local module = kind == "table" and module_name(v)
  if module and depth > 1 then return ("<module %s>"):format(module) end
  if module then return of_module(v, module, state.width) end
  if kind == "table" then return of_table(v, state, depth, indent) end
  local ok, plain = pcall(tostring, v)
  return ok and plain or kind
end

--- A value as the prompt shows it. Never raises, whatever the value's metamethods do.
-- @param v anything
-- @param width columns (80)
-- @return string
function show.value(v, width)
  local state = { within = {}, left = BUDGET, width = math.max(20, width or WIDTH) }
  return value(v, state, 1, "")
end

--- Several values: on one line where they fit, else one below the other.
-- @param values list with n
-- @param width columns (80)
-- @return string
function show.values(values, width)
  local shown = {}
  for i = 1, values.n do shown[i] = show.value(values[i], width) end
  local line = table.concat(shown, "  ")
  if not line:find "\n" and text.width(line) <= (width or WIDTH) then return line end
  return table.concat(shown, "\n")
end

--- What was raised, in one line.
-- @param problem anything
-- @return string
function show.problem(problem)
  local kind = type(problem)
  if kind == "string" or kind == "number" then return tostring(problem) end
  return own_text(problem) or show.value(problem)
end

return show
