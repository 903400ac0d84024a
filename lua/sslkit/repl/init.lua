-- The prompt: Lua with sslkit at hand, help, completion and history.

local check = require "sslkit.check"
local color = require "sslkit.text.color"
local commands = require "sslkit.repl.commands"
local core = require "sslkit.core"
local History = require "sslkit.repl.history"
local reader = require "sslkit.repl.reader"
local Session = require "sslkit.repl.session"
local show = require "sslkit.repl.show"
local timing = require "sslkit.repl.timing"
local version = require "sslkit.version"

local repl = {}

local function columns()
  return core.columns(io.stdout) or math.tointeger(tonumber(os.getenv "COLUMNS")) or 80
end

local function banner(edited)
  local build = core.build()
  local blas = build.blas:match "^%S+ %S+" or build.blas
  return ("sslkit %s, %s, %s, %d thread%s\n?name helps, %sCtrl-D leaves"):format(
    version, build.lua, blas, build.threads, build.threads == 1 and "" or "s",
    edited and "Tab completes, " or "")
end

-- What is shown, and where: results on standard output, what went wrong on standard error.
local Screen = {}
Screen.__index = Screen

function Screen.new()
  return setmetatable({ color = color.on(io.stdout) }, Screen)
end

function Screen:paint(s, style) return self.color and color.paint(s, style) or s end

function Screen.result(_, text)
  if text then io.stdout:write(text, "\n") end
end

function Screen.failure(_, message)
  io.stdout:flush()
  local word = "error:"
  if color.on(io.stderr) then word = color.paint(word, "red") end
  local interrupted = message:find "interrupted$" -- the terminal has shown ^C
  io.stderr:write(interrupted and "\n" or word .. " ", message, "\n")
end

-- Takes one input, as far as it has come. Gives "more" when it needs more lines, or whether it went
-- well.
local function take(session, text, screen, settings)
  local context = { width = columns(), color = screen.color, history = settings.history }
  local start = core.clock()
  local ok, shown = commands.run(session, text, context)
  if ok == nil then ok, shown = session:run(text, context.width) end
  if ok == nil then return "more" end
  if ok then
    screen:result(shown)
  elseif shown then
    screen:failure(shown)
  end
  local took = core.clock() - start
  if settings.interactive and took >= settings.time and not text:find "^%s*%%time" then
    screen:result(screen:paint(timing.text(took), "dim"))
  end
  return ok or session.ended
end

-- Reads and runs inputs until they end, or one of a pipe fails.
local function loop(session, read, screen, settings)
  local lines, fine = "", true
  local first, next_one = screen:paint("> ", "green"), screen:paint(">> ", "green")
  while not session.ended do
    local line, why = read(lines == "" and first or next_one, lines)
    if line then
      local text = lines .. line
      local done = take(session, text, screen, settings)
      lines = done == "more" and text .. "\n" or ""
      if done ~= "more" then settings.history:add(text) end
      if not done and not settings.interactive then return false end
    else
      settings.history:add(lines)
      if not why then
        fine = lines == "" or settings.interactive
        if not fine then screen:failure "the last input ends too early" end
        break
      end
      lines = ""
    end
  end
  return fine
end

--- An interactive prompt. Expressions show their values; `name?` shows help, Tab completes names,
-- methods, options and files, the arrow keys bring back earlier inputs (kept in
-- $XDG_STATE_HOME/sslkit/history; SSLKIT_HISTORY names another file, or "" none), Ctrl-C ends a
-- computation, `%help` lists commands such as %timeit. Variables live in a table of their own. From
-- a pipe the same inputs are read without a prompt, up to the first error.
-- @param options table: env = table of variables (a new one behind which the globals stand);
-- banner = say at the beginning what this is (true); history = path of a file, or "" (see above);
-- script = path of a Lua file to run first; arguments = list of strings for that file; time =
-- seconds from which an input is told how long it took (1); edit = may lines be edited (true)
-- @return true, or false after an error in a pipe
-- @raise unknown options
-- @example type(ssl.repl) --> table
local function run(_, options)
  local settings = check.options(1, options, { banner = true, time = 1, edit = true },
    { env = true, history = true, script = true, arguments = true })
  check.number(1, "time", settings.time, 0)
  for _, name in ipairs { "env", "arguments" } do
    if settings[name] ~= nil and type(settings[name]) ~= "table" then
      check.fail(1, "%s must be a table, got %s", name, check.kind(settings[name]))
    end
  end
  for _, name in ipairs { "history", "script" } do
    if settings[name] ~= nil and type(settings[name]) ~= "string" then
      check.fail(1, "%s must be a path, got %s", name, check.kind(settings[name]))
    end
  end
  settings.interactive = core.isatty(io.stdin)
  local path = settings.history or History.path()
  settings.history = History.open(settings.interactive and path ~= "" and path or nil)

  local session, screen = Session.new(settings.env), Screen.new()
  local edited = settings.edit and reader.can_edit()
  local read = settings.interactive and reader.plain() or reader.piped()
  if edited then
    local complete = require "sslkit.repl.complete"
    read = reader.edited(function(text) return complete(session.env, text) end, settings.history)
  end
  if settings.interactive and settings.banner then screen:result(banner(edited)) end

  local taken = settings.interactive and core.interrupts(true)
  local _ <close> = setmetatable({}, {
    __close = function() return taken and core.interrupts(false) end,
  })
  if settings.script then
    local ok, message = session:run_file(settings.script, settings.arguments)
    if not ok and message then screen:failure(message) end
    if not ok and not settings.interactive then return session.ended end
  end
  return loop(session, read, screen, settings)
end

--- A value as the prompt shows it: tables as Lua source in short, strings in quotes.
-- @param value anything
-- @param width columns (80)
-- @return string
-- @example ssl.repl.show{ 1, "two", three = {3} } --> {1, "two", three = {3}}
function repl.show(value, width)
  if width ~= nil then check.integer(2, "width", width, 1) end
  return (show.value(value, width))
end

return setmetatable(repl, { __call = run })
