-- What holds while a run lasts, and is put back however it ends: how much garbage may wait, and who
-- answers Ctrl-C.

local core = require "sslkit.core"

local guard = {}

local SPARE = 32 * 1024 -- KiB of garbage that may always wait: collecting a small heap more often
                        -- would cost more time than memory is worth

--- Until it is closed garbage may grow to a fifth of the heap, or 32 MiB where that is more: by
-- default it would grow as large as all that is kept, which are images mostly.
-- @return value to be closed
function guard.thrifty()
  local heap = collectgarbage "count"
  local share = math.max(0.2, SPARE / heap)
  local pause = collectgarbage("setpause", math.min(1000, math.ceil(100 * (1 + share))))
  return setmetatable({}, { __close = function() collectgarbage("setpause", pause) end })
end

local function same(message) return message end

local function passed(ok, ...)
  if not ok then error((...), 0) end
  return ...
end

--- Calls f so that Ctrl-C ends nothing, and core.interrupted() tells of it. A prompt that has it
-- already has it back afterwards, and so has whoever had it before.
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
