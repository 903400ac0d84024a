-- The file behind a log: opened, or nil and a message; afterwards every record is in the file before
-- `put` returns, and what goes wrong is raised.

local check = require "sslkit.check"

local sink = {}

-- A path that the system can take.
function sink.check_path(argn, path)
  if type(path) ~= "string" then check.fail(argn, "path expected, got %s", check.kind(path)) end
  if path:find("\0", 1, true) then check.fail(argn, "a path cannot hold a zero byte") end
  return path
end

-- Opens the file of a log, whose path is in the field `path`. The log, or nil and a message.
function sink.open(log, mode)
  local message
  log.file, message = io.open(log.path, mode)
  if not log.file then return nil, message end
  log.broken = false
  return log
end

-- Raises unless the log can be written to. After a write that failed halfway (the disk was full) its
-- file is opened as after a kill: by log:_reopen(), which mends the end.
function sink.ready(log)
  local ok, message = true, nil
  if log.broken then ok, message = log:_reopen() end
  if not ok then check.raise("%s", message) end
  if not log.file then check.raise("the log %s is closed", log.path) end
end

-- Writes the bytes of a record.
function sink.put(log, bytes)
  local ok, message = log.file:write(bytes)
  if ok then ok, message = log.file:flush() end
  if ok then return end
  sink.close(log)
  log.broken = true
  check.raise("%s: %s", log.path, message)
end

-- Closes the file; a second call does nothing.
function sink.close(log)
  if log.file then log.file:close() end
  log.file, log.broken = nil, false
  return log
end

-- A prototype of logs that write to files; `kind` is what they are called.
function sink.prototype(kind)
  local Log = { __name = "sslkit.log." .. kind, __close = sink.close }
  Log.__index = Log

  function Log:__tostring()
    local last = self.step and (", last step %d"):format(self.step) or ""
    return ("%s log %s%s"):format(kind, self.path, last)
  end

  return Log
end

return sink
