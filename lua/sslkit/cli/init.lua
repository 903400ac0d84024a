-- The command `sslkit`: finds the command that is meant and runs it. Exit codes: 0 done, 1 failed, 2
-- asked in the wrong way, 124 out of time, 130 interrupted.

local parser = require "sslkit.cli.parser"
local ui = require "sslkit.cli.ui"
local version = require "sslkit.version"

local cli = {}

-- Each is a file: name, summary, description, examples, define(command) that adds its options, and
-- run(given, ui) that does the work, of which only the work is expensive to load.
local VERBS = { "report", "compare", "run", "sweep", "repl", "help", "doctor", "completion" }

local function load_verbs()
  local verbs = {}
  for i, name in ipairs(VERBS) do
    verbs[i] = require("sslkit.cli." .. name)
    verbs[name] = verbs[i]
  end
  return verbs
end

-- Runs f; the exit code. Errors become one line, with the way to them on request.
local function guarded(out, f, ...)
  local ok, result = pcall(out.try, out, function(message) return message end, f, ...)
  if ok then return result or 0 end
  if result.message then out:complain(result.message) end
  if out.verbose and result.trace then io.stderr:write(result.trace, "\n") end
  return result.code
end

local function say(out, text)
  out:write(text)
  out:flush()
end

--- Runs a command line.
-- @param list of the words behind "sslkit"
-- @return exit code
function cli.main(list)
  local out = ui.new "sslkit"
  local ok, message = parser.library()
  if not ok then
    out:complain(message)
    return ui.FAILED
  end
  local verbs = load_verbs()
  local root = parser.new(verbs)
  if #list == 0 then
    io.stderr:write(root:get_help(), "\n")
    return ui.USAGE
  end
  local given, instead = parser.parse(root, list)
  if not given then
    if instead.version then return guarded(out, say, out, "sslkit " .. version .. "\n") end
    if instead.help then return guarded(out, say, out, instead.help:get_help() .. "\n") end
    out.name = instead.name
    out:complain(("%s (try: %s --help)"):format(instead.wrong, instead.name))
    return ui.USAGE
  end
  out.name = "sslkit " .. given.verb
  out.verbose, out.quiet = given.verbose, given.quiet
  out.root, out.verbs = root, verbs
  return (guarded(out, function()
    local code = verbs[given.verb].run(given, out)
    out:flush()
    return code
  end))
end

return cli
