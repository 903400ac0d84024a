-- What a prompt works on: variables, the last results, the last error. Nothing here knows of
-- terminals.

local core = require "sslkit.core"
local show = require "sslkit.repl.show"
local source = require "sslkit.repl.source"

local Session = {}
Session.__index = Session

local INPUT = "=input" -- name of what is typed, in messages "input:1:"

-- What is raised to leave. A table that only this file has.
local LEAVE = setmetatable({}, { __tostring = function() return "exit() was called" end })

-- A function of the prompt's own: a word that says what to do when it is typed without ().
local function command(word, f)
  return setmetatable({}, {
    __call = f, __tostring = function() return ("%s() or Ctrl-D leaves"):format(word) end,
  })
end

--- A session. Its variables live in a table of their own, behind which the globals stand.
-- @param env table of variables (new)
-- @return session: .env; .ended after exit()
function Session.new(env)
  local self = setmetatable({ env = env, ended = false }, Session)
  if not env then
    self.env = setmetatable({}, { __index = _G })
    self.env._G = self.env
  end
  local function leave() error(LEAVE, 0) end
  local function preset(name, make)
    if rawget(self.env, name) == nil then rawset(self.env, name, make()) end
  end
  preset("ssl", function() return require "sslkit" end)
  preset("help", function() return require "sslkit.help" end)
  preset("exit", function() return command("exit", leave) end)
  preset("quit", function() return command("quit", leave) end)
  self.presets = {}
  for _, name in ipairs { "_G", "ssl", "help", "exit", "quit", "_", "__" } do
    self.presets[name] = self.env[name] or true
  end
  return self
end

local function indent(path) return "  " .. show.path(path) end

-- The frames of a traceback that are not the prompt's own, with short paths.
local function cut_traceback(traceback)
  local lines = {}
  for line in traceback:gmatch "[^\n]+" do
    if line:find("sslkit/repl/session.lua:", 1, true) then break end
    lines[#lines + 1] = line:gsub("^%s+(/[^:]+)", indent):gsub("^\t", "  ")
  end
  local last = lines[#lines]:match "^  (.*)" or "" -- what called the code
  if last == "(...tail calls...)" or last:find "^%[C%]" then lines[#lines] = nil end
  return table.concat(lines, "\n")
end

-- An error handler may give one thing only: {text=, traceback=}.
local function on_error(problem)
  if problem == LEAVE then return problem end
  local text = show.problem(problem)
  return { text = text, traceback = debug and debug.traceback(text, 2) or text }
end

-- A message in one line, without the place where there is but one line that it can be, and with
-- short paths.
local function shorten(message, lines)
  message = message:gsub("^input:(%d+): ", lines == 1 and "" or "line %1: ")
  message = message:gsub("^%[string \"[^\"]*\"%]:%d+: ", "")
  message = message:gsub("^%S*sslkit/repl/session%.lua:%d+: ", "")
  local path, rest = message:match "^(/[^:\n]*)(:%d+: .*)$"
  return path and show.path(path) .. rest or message
end

--- Calls a function such that it may fail, and Ctrl-C ends it.
-- @param f function
-- @param ... its arguments
-- @return true and its results; or false and a message, nil after exit()
function Session:call(f, ...)
  return self:finish(1, core.interruptible(on_error, f, ...))
end

-- After core.interruptible.
function Session:finish(lines, ok, problem, ...)
  if ok then return true, problem, ... end
  if problem == LEAVE then
    self.ended = true
    return false, nil
  end
  if type(problem) ~= "table" then -- raised while an error was handled
    problem = { text = tostring(problem), traceback = tostring(problem) }
  end
  self.traceback = cut_traceback(problem.traceback)
  return false, shorten(problem.text, lines)
end

local function lines_of(text) return select(2, text:gsub("\n", "")) + 1 end

-- Calls f, remembers its first result in _ and the one before in __, and gives all as text.
local function results(self, f, quiet, width)
  local values = table.pack(f())
  if values.n == 0 then return nil end
  if values[1] ~= nil then
    rawset(self.env, "__", rawget(self.env, "_"))
    rawset(self.env, "_", values[1])
  end
  return not quiet and show.values(values, width) or nil
end

--- Runs what was typed.
-- @param text string
-- @param width columns for the results (80)
-- @return true and the results as a string (nil for none); false and a message (nil after exit());
-- or nil when more lines are needed
function Session:run(text, width)
  local f, message = source.compile(text, self.env, INPUT)
  if not f and not message then return nil end
  local lines = lines_of(text:match "^(.-)%s*$")
  if not f then
    self.traceback = message
    return false, shorten(message, lines)
  end
  local quiet = message == "quiet"
  return self:finish(lines, core.interruptible(on_error, results, self, f, quiet, width))
end

--- Runs a file in the session, whose outermost locals stay as variables.
-- @param path string
-- @param arguments list of strings, for `arg` (none)
-- @return true; or false and a message
function Session:run_file(path, arguments)
  local file, problem = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  if not text then return false, problem or path .. ": cannot be read" end
  text = text:gsub("^#[^\n]*", "")
  local f, message = load(source.keep_locals(text), "@" .. path, "t", self.env)
  if not f then return false, shorten(message, 2) end
  local arg = table.move(arguments or {}, 1, #(arguments or {}), 1, { [0] = path })
  rawset(self.env, "arg", arg)
  local ok, why = self:call(f, table.unpack(arg))
  return ok, not ok and why or nil
end

--- The variables that were made here, by name.
-- @return sorted list of names
function Session:names()
  local names = {}
  for name, value in next, self.env do
    if type(name) == "string" and self.presets[name] ~= value and not name:find "^__?$" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

return Session
