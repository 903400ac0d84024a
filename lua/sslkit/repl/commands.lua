-- The commands of the prompt, %name: what is not Lua.

local check = require "sslkit.check"
local core = require "sslkit.core"
local near = require "sslkit.near"
local show = require "sslkit.repl.show"
local source = require "sslkit.repl.source"
local text = require "sslkit.text"
local timing = require "sslkit.repl.timing"

local commands = {}

-- By name: {usage, what it does, f(session, argument, context) -> true and what to print (or nil),
-- or false and a message}.
local known = {}

local names = {}

local function define(name, usage, about, f)
  known[name] = { usage = usage, about = about, call = f }
  names[#names + 1] = name
end

--- The names of all commands, in the order of %help.
commands.names = names

local function compile(session, code)
  if not code:find "%S" then return nil, "code expected" end
  local f, message = source.compile(code, session.env)
  if f then return f end
  return nil, (message or "the code ends too early"):gsub("^input:1: ", "")
end

local function time(session, code, context)
  local start = core.clock()
  local ok, result = session:run(code, context.width)
  local shown = timing.text(core.clock() - start)
  if ok == nil then return false, "the code ends too early" end
  if not ok then return false, result end
  return true, result and result .. "\n" .. shown or shown
end

define("time", "%time code", "run it once and tell how long that took", time)

define("timeit", "%timeit code", "run it often and tell the median", function(session, code)
  local f, message = compile(session, code)
  if not f then return false, message end
  local ok, measured = session:call(timing.measure, f)
  if not ok then return false, measured end
  return true, timing.report(measured)
end)

define("who", "%who", "the variables made here", function(session)
  local rows = {}
  for i, name in ipairs(session:names()) do
    local value = rawget(session.env, name)
    local kind = check.kind(value):match "^%a*"
    local about = core.is_tensor(value) and core.describe(value)
      or show.value(value):match "^[^\n]*"
    if kind == "number" or kind == "string" or kind == "boolean" then about = show.value(value) end
    rows[i] = { name, type(value) == "userdata" and kind or type(value), text.cut(about, 60) }
  end
  if #rows == 0 then return true, "no variables yet" end
  return true, text.table { header = { "name", "kind", "value" }, rows = rows, align = "lll" }
end)

local function run(session, line)
  local words = {}
  for word in line:gmatch "%S+" do words[#words + 1] = word end
  local path = table.remove(words, 1)
  if not path then return false, "name of a file expected" end
  return session:run_file(path, words)
end

define("run", "%run file.lua [arguments]", "run a file here: its variables stay", run)

define("tb", "%tb", "the traceback of the last error", function(session)
  return true, session.traceback or "no error yet"
end)

define("history", "%history [n]", "the latest n inputs (20)", function(_, argument, context)
  local n = argument == "" and 20 or math.tointeger(tonumber(argument))
  if not n or n < 1 then return false, "a count from 1 expected, got " .. argument end
  local list = context.history
  return true, #list > 0 and table.concat(list, "\n", math.max(1, #list - n + 1)) or nil
end)

define("quit", "%quit", "leave, as Ctrl-D and exit() do", function(session)
  session.ended = true
  return true
end)

define("help", "%help", "this list", function()
  local rows = {}
  for i, name in ipairs(names) do rows[i] = { known[name].usage, known[name].about } end
  for _, row in ipairs {
    { "name? or ?name", "help on a function, module or object; name?? shows its source" },
    { "?", "help on everything; ? words searches" },
    { "code;", "run an expression without showing its value" },
    { "_, __", "the last result, and the one before" },
  } do
    rows[#rows + 1] = row
  end
  return true, text.table { rows = rows, align = "ll" }
end)

-- Help on an expression's value, or on a name.
local function help(session, what, context)
  local page = require("sslkit.help").text
  local options = { width = math.max(20, math.min(context.width, 100)), color = context.color }
  if what == "" then return true, page(nil, options) end
  local plain = what:find "^[%a_][%w_.%[%]\"']*$" -- which calls nothing
  local f = plain and load("return " .. what, "=input", "t", session.env)
  local ok, value = false, nil
  if f then ok, value = session:call(f) end
  local shown, message
  if ok and value ~= nil and type(value) ~= "string" then shown, message = page(value, options) end
  if not shown then
    local found, why = page(what, options)
    shown, message = found, message or why
  end
  if not shown and ok and value ~= nil then return true, show.value(value, context.width) end
  if not shown then return false, message end
  return true, shown
end

-- The lines of the file where a function is written.
local function source_of(session, what)
  local f = load("return " .. what, "=input", "t", session.env)
  local ok, value = false, nil
  if f then ok, value = session:call(f) end
  local meta = ok and getmetatable(value)
  if type(value) ~= "function" and type(meta) == "table" then value = rawget(meta, "__call") end
  local info = ok and type(value) == "function" and debug and debug.getinfo(value, "S")
  if not info then return false, what .. " is no function" end
  local path = info.source:match "^@(.*)"
  local file = path and io.open(path)
  if not file then
    return false, what .. (info.what == "C" and " is written in C" or " was not read from a file")
  end
  local lines, number = { ("-- %s:%d"):format(show.path(path), info.linedefined) }, 0
  for line in file:lines() do
    number = number + 1
    if number >= info.linedefined and number <= info.lastlinedefined then
      lines[#lines + 1] = line
    end
  end
  file:close()
  return true, table.concat(lines, "\n")
end

--- Runs an input that is a command, or asks for help.
-- @param session Session
-- @param line string
-- @param context table: width = columns, color = may pages be coloured, history = list of inputs
-- @return nil where it is Lua; else true and what to print (or nil), or false and a message
function commands.run(session, line, context)
  local name, argument = line:match "^%s*%%(%a+)%s*(.-)%s*$"
  if name then
    local command = known[name]
    if command then return command.call(session, argument, context) end
    return false, ("no command %%%s%s; %%help lists them"):format(name, near.hint(name, names))
  end
  local bare = line:match "^%s*(.-)%s*$"
  if bare == "exit" or bare == "quit" then
    if session.presets[bare] == session.env[bare] then return known.quit.call(session) end
  end
  local what = bare:match "^([^?'\"]+)%?%?$" or bare:match "^%?%?%s*([^?]+)$"
  if what and not what:find "\n" then return source_of(session, what:match "^%s*(.-)%s*$") end
  what = bare:match "^%?+%s*(.*)$" or bare:match "^([%w_.:%[%]\"']+)%?$"
  if what and not what:find "\n" then return help(session, what, context) end
  return nil
end

return commands
