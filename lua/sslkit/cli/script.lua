-- Running a user's script in this process, as `lua5.4 script.lua` does.

local script = {}

-- What went wrong, in one line: a module that is not found, say, takes many.
local function one_line(err)
  local ok, message = pcall(tostring, err)
  return ok and message:match "^[^\n]*":gsub(":$", "") or "an error that cannot be shown"
end

--- Runs a script.
-- @param out ui
-- @param path string
-- @param arguments list: the script's `arg` and `...`
-- @return exit code, after an error has been told; problems with the values of its config end the
-- command
function script.run(out, path, arguments)
  local problem = require "sslkit.config.problem"
  local file, message = io.open(path, "rb")
  if not file then out:fail("%s", message) end
  file:close()
  local chunk
  chunk, message = loadfile(path, "bt")
  if not chunk then out:fail("%s", message) end
  local list = table.move(arguments, 1, #arguments, 1, { [0] = path, [-1] = "sslkit" })
  rawset(_G, "arg", list)
  local trace
  local ok, err = xpcall(chunk, function(err)
    trace = debug.traceback(nil, 2):gsub("\n%s*%[C%]: in function 'xpcall'.*", "") -- ours
    return err
  end, table.unpack(arguments))
  if ok then return 0 end
  message = one_line(err)
  if message:find "interrupted!$" then out.stop(out.INTERRUPTED, "interrupted") end
  local said = problem.last
  if said and message:sub(-#said) == said then
    out:usage("%s: %s", path, said)
  end
  out:complain(message)
  if out.verbose then io.stderr:write(trace, "\n") end
  return out.FAILED
end

return script
