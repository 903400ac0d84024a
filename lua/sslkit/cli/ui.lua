-- What a command says: results to stdout, everything else to stderr; and how it ends.

local color = require "sslkit.text.color"
local core = require "sslkit.core"

local ui = {}
ui.__index = ui

ui.FAILED, ui.USAGE, ui.INTERRUPTED = 1, 2, 130

local WIDEST = 100 -- columns: longer lines are hard to read

--- What a command has at hand.
-- @param name "sslkit", or "sslkit report"
-- @return ui: name, verbose, quiet
function ui.new(name) return setmetatable({ name = name }, ui) end

--- Columns of the terminal.
-- @param most that many at most (what reads well in lines of prose)
-- @return integer
function ui.columns(most)
  return math.max(40, math.min(core.columns(io.stdout) or 80, most or WIDEST))
end

--- May stdout be coloured?
-- @return true or false
function ui.colored() return (color.on(io.stdout)) end

--- One line, in which no byte of a file's name steers the terminal.
-- @param text string
-- @return string
function ui.clean(text) return (text:gsub("%s*\n%s*", "; "):gsub("[%c\x7f]", "?")) end

--- Ends the command.
-- @param code exit code
-- @param message format of one line for stderr, or nil for none
function ui.stop(code, message, ...)
  if message and select("#", ...) > 0 then message = message:format(...) end
  error({ code = code, message = message }, 0)
end

--- Ends the command: it could not do what was asked.
function ui.fail(_, message, ...) ui.stop(ui.FAILED, message, ...) end

--- Ends the command: it was asked in the wrong way.
function ui.usage(_, message, ...) ui.stop(ui.USAGE, message, ...) end

-- An error as a person reads it: without the place in our files, and the function's name.
local function plain(err)
  local ok, message = pcall(tostring, err)
  if not ok then return "an error that cannot be shown" end
  message = message:match "^[^\n]*":gsub("^[^%s:]+:%d+: ", "", 1)
  local missing = message:match "^module '(.-)' not found"
  if missing then return ("%s is missing; sslkit doctor tells how to get it"):format(missing) end
  local inner = message:match "^bad argument #%d+ to '[^']*' %((.*)%)$"
  return inner or (message:gsub("^[%w_.]+: ", "", 1))
end

--- Runs f. An error ends the command; one that was no end of it before is put into words.
-- @param explain function from a plain message to the line for stderr
-- @param f function
-- @param ... its arguments
-- @return what f returns
function ui.try(_, explain, f, ...)
  local results = table.pack(xpcall(f, function(err)
    if type(err) == "table" and err.code then return err end
    local message = plain(err)
    if message:find "interrupted!$" then
      return { code = ui.INTERRUPTED, message = "interrupted" }
    end
    local trace = debug.traceback(nil, 2)
    return { code = ui.FAILED, message = explain(message), trace = trace }
  end, ...))
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

-- Stdout is gone: `| head` has seen enough, or the disk is full.
local function lost(message)
  if message:find "[Bb]roken pipe" then ui.stop(ui.FAILED) end
  ui.stop(ui.FAILED, "cannot write: %s", message)
end

--- Writes to stdout.
-- @param text string
function ui.write(_, text)
  local ok, message = io.stdout:write(text)
  if not ok then lost(message) end
end

--- Makes sure that what was written has left.
function ui.flush(_)
  local ok, message = io.stdout:flush()
  if not ok then lost(message) end
end

--- A line on stderr, unless -q.
-- @param message format
function ui:note(message, ...)
  if self.quiet then return end
  if select("#", ...) > 0 then message = message:format(...) end
  io.stdout:flush()
  io.stderr:write(self.name, ": ", ui.clean(message), "\n")
end

--- An error's line on stderr.
-- @param message string
function ui:complain(message)
  io.stdout:flush()
  io.stderr:write(self.name, ": ", ui.clean(message), "\n")
end

return ui
