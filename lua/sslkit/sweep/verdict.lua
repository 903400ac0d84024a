-- What has become of a trial's process: how it ended, and its last words.

local core = require "sslkit.core"

local verdict = {}

local SIGNALS = {
  [4] = "an illegal instruction", [6] = "an abort", [7] = "a bus error", [8] = "a division by zero",
  [11] = "a segmentation fault", [15] = "a request to end",
}

local function signal_text(signal)
  if signal == 9 then return "killed (signal 9), perhaps by the system for want of memory" end
  return ("ended by %s (signal %d)"):format(SIGNALS[signal] or "a signal", signal)
end

--- Does a message say that memory was wanting, the system's or what sslkit may use?
-- @param text string
-- @return true or false
-- @example require("sslkit.sweep.verdict").is_memory "x.lua:1: not enough memory" --> true
function verdict.is_memory(text)
  return (text:find "not enough memory" or text:find "ssl%.set_memory_limit") ~= nil
end

-- The line of a log that says most: that which the interpreter puts before the traceback, or the last.
local function line_that_matters(log)
  local before = log:match "^(.-)\n?stack traceback:"
  local said = before and ("\n" .. before):match ".*\n(lua[%d.]*: [^\n]+)"
  return said or (before or log):match "([^\n]+)\n*$"
end

local function exit_text(p, log)
  local how = p.code == 0 and "ended before run returned: did the script get to ssl.sweep?"
    or ("ended with exit code %d before run returned"):format(p.code)
  local line = line_that_matters(log)
  return line and ("%s; its last words: %s"):format(how, line) or how
end

local function end_of(p, options, log)
  if p.stopped == "timeout" then
    return "timeout", ("ran for more than %g s"):format(options.timeout)
  elseif p.stopped == "oom" then
    return "oom", ("used more than %.0f MiB of memory"):format(options.memory / 2 ^ 20)
  elseif p.signal ~= 0 then
    return "killed", signal_text(p.signal)
  elseif options.memory and verdict.is_memory(log) then
    return "oom", line_that_matters(log)
  end
  return "error", exit_text(p, log)
end

--- The result of a process that is over.
-- @param p process
-- @param options of the sweep
-- @return table {state, value, values, seconds, peak_memory, error, log}
function verdict.of(p, options)
  local result = p.result
  if not result then
    local log = p:last_words()
    local state, message = end_of(p, options, log)
    result = { state = state, error = message, log = log ~= "" and log or nil }
  end
  result.seconds = result.seconds or core.clock() - p.begun
  result.peak_memory = result.peak_memory or p.peak
  return result
end

return verdict
