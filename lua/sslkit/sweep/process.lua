-- A trial's process, seen from the one that watches over it: a process group of its own, a log for what
-- it prints, and a channel of lines of JSON.

local codec = require "sslkit.sweep.codec"
local core = require "sslkit.core"

local process = {}
local Process = {}
Process.__index = Process

local LAST_WORDS = 4096 -- bytes of the log that are kept with a failure, and
local LAST_LINES = 20
local PATIENCE = 0.3    -- seconds in which what is left in the channel must arrive
local DEEPEST = 8       -- generations of processes whose memory is counted

--- Starts a trial.
-- @param uv the library luv
-- @param command of launch.command
-- @param trial table
-- @param folder path
-- @param settings table that the trial gets too
-- @return process, or nil and a message
function process.start(uv, command, trial, folder, settings)
  local self = setmetatable({
    uv = uv, trial = trial, log = folder .. "/log.txt", begun = core.clock(), text = "", peak = 0,
  }, Process)
  local out, message = uv.fs_open(self.log, "w", 420) -- rw-r--r--
  if not out then return nil, message end
  self.channel = uv.new_pipe(false)
  local function on_exit(code, signal)
    self.code, self.signal, self.over = code, signal, core.clock()
  end
  self.handle, self.pid = uv.spawn(command.program, {
    args = command.args, env = command.env, stdio = { nil, out, out, self.channel },
    detached = true, -- a group of its own: Ctrl-C does not reach it, and what it starts ends with it
  }, on_exit)
  uv.fs_close(out)
  if not self.handle then
    self.channel:close()
    return nil, ("%s: %s"):format(command.program, self.pid)
  end
  self.channel:read_start(function(err, text)
    if text then self.text = self.text .. text end
    if err or not text then self.ended = true end
  end)
  settings.trial, settings.folder = trial, folder
  self:send(settings)
  return self
end

--- Sends a line.
-- @param message table
function Process:send(message) self.channel:write(codec.encode(message)) end

--- The messages that have come since.
-- @return iterator
function Process:messages()
  local whole, rest = self.text:match "^(.*\n)([^\n]*)$"
  if not whole then return function() end end
  self.text = rest
  local next_line = whole:gmatch "[^\n]+"
  return function()
    for line in next_line do
      local message = codec.decode(line)
      if message then return message end -- anything else is not from us
    end
  end
end

--- Is it over, and has all that it said arrived? What it has started holds the channel open, too, and
-- is ended with it.
-- @return true or false
function Process:is_over()
  if not self.over then return false end
  if not self.swept then
    self.swept = true
    self:kill "sigkill"
  end
  return self.ended or core.clock() - self.over > PATIENCE
end

--- Sends a signal to the process and all that it has started.
-- @param signal name
function Process:kill(signal) self.uv.kill(-self.pid, signal) end

-- Bytes of memory that a process and its descendants have in use.
local function memory_of(pid, depth)
  local file = io.open(("/proc/%d/status"):format(pid), "rb")
  if not file then return 0 end
  local kib = (file:read "a" or ""):match "VmRSS:%s*(%d+)"
  file:close()
  local sum = (tonumber(kib) or 0) * 1024
  local list = depth > 0 and io.open(("/proc/%d/task/%d/children"):format(pid, pid), "rb")
  if list then
    for child in (list:read "a" or ""):gmatch "%d+" do
      sum = sum + memory_of(math.tointeger(child), depth - 1)
    end
    list:close()
  end
  return math.tointeger(sum)
end

--- The memory in use.
-- @return bytes
function Process:memory()
  local now = memory_of(self.pid, DEEPEST)
  self.peak = math.max(self.peak, now)
  return now
end

--- The last lines of what it has printed.
-- @return string
function Process:last_words()
  local file <close> = io.open(self.log, "rb")
  local size = file and file:seek "end" or 0
  local text = file and core.read_at(file, math.max(0, size - LAST_WORDS), LAST_WORDS) or ""
  local lines = {}
  for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
  return table.concat(lines, "\n", math.max(1, #lines - LAST_LINES + 1))
end

--- Gives back what the system has lent us; the process must be over.
function Process:close()
  if not self.channel:is_closing() then self.channel:close() end
  if not self.handle:is_closing() then self.handle:close() end
end

return process
