-- What holds while a run lasts, and is put back however it ends: who answers Ctrl-C and SIGTERM.

local core = require "sslkit.core"

local guard = {}

local function same(message) return message end

local function passed(ok, ...)
  if not ok then error((...), 0) end
  return ...
end

--- Calls f so that Ctrl-C and SIGTERM end nothing, and core.interrupted() tells of them. A prompt that
-- has Ctrl-C already has it back afterwards, and so has whoever had them before.
-- @param f function
-- @param ... its arguments
-- @return what f returns
function guard.deferring(f, ...)
  local taken = core.interrupts(true)
  local _ <close> = setmetatable({}, {
    __close = function() if taken then core.interrupts(false) end end,
  })
  return passed(core.deferring(same, f, ...))
end

return guard
