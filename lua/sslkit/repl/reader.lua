-- Where inputs come from: a terminal with or without an editor for its lines, or a pipe.

local core = require "sslkit.core"

local reader = {}

-- complete(text) -> candidates, start: for the whole input, of which `before` was typed on earlier
-- lines.
local function completer(complete, before)
  return function(line)
    local list, start = complete(before .. line)
    return list, start - #before
  end
end

-- Escapes take no room in a prompt: readline is told by these marks.
local function marked(prompt) return (prompt:gsub("\x1b%[[%d;]*m", "\1%0\2")) end

--- Lines edited by readline.
-- @param complete function(text) -> candidates, first byte that they replace
-- @param history list of entries
-- @return function(prompt, lines of the same input so far) -> line; nil at the end; nil, "interrupted"
function reader.edited(complete, history)
  return function(prompt, before)
    return core.edit(marked(prompt), completer(complete, before), history)
  end
end

--- Lines as the terminal gives them.
-- @return the same kind of function
function reader.plain()
  return function(prompt)
    io.stdout:write(prompt)
    io.stdout:flush()
    if not core.wait_input() then
      io.stdout:write "\n"
      return nil, "interrupted"
    end
    local line = io.read "l"
    if not line then io.stdout:write "\n" end
    return line
  end
end

--- Lines of a pipe or file; there is nobody to be prompted.
-- @return the same kind of function
function reader.piped()
  return function()
    local line = io.read "l" -- a second value would be a reason to go on
    return line
  end
end

--- Can lines be edited here?
-- @return true or false
function reader.can_edit()
  return core.isatty(io.stdin) and core.isatty(io.stdout) and os.getenv "TERM" ~= "dumb"
    and core.can_edit()
end

return reader
