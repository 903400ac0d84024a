-- The journal of a sweep: lines of JSON, added at the end and never changed, by the one process that
-- holds the kernel's lock on it. The lock dies with the process, so that none is ever left over.

local codec = require "sslkit.sweep.codec"
local core = require "sslkit.core"

local journal = {}
local Journal = {}

Journal.__index = Journal

local PATIENCE = 1000 -- attempts at the lock: a millisecond, where a question takes microseconds

-- All whole lines. What a kill in the middle of a write has left of a last one is not counted in the
-- size; lines that are no records (a damaged disk) are counted.
local function read(file)
  local records, size, damaged = {}, 0, 0
  local pause = collectgarbage("setpause", 1000) -- nearly all that is made here is kept
  local _ <close> = setmetatable({}, { __close = function() collectgarbage("setpause", pause) end })
  file:seek "set"
  for line in (file:read "a" or ""):gmatch "[^\n]*\n" do
    size = size + #line
    local record = codec.decode(line)
    if record then records[#records + 1] = record else damaged = damaged + 1 end
  end
  return records, size, damaged
end

-- Who holds the lock, as the journal's last session tells.
local function owner_of(records)
  for i = #records, 1, -1 do
    local record = records[i]
    if record.kind == "sweep" then
      return ("process %s on %s"):format(record.pid or "?", record.host or "an unknown host")
    end
  end
  return "another process"
end

-- Does somebody write it? Asked by taking the lock for a moment.
local function is_written(path)
  local probe <close> = io.open(path, "rb")
  return probe and core.lock(probe) == false
end

-- Takes the lock as core.lock does, but passes over the moments in which others ask.
local function take_lock(file)
  local locked, message
  for _ = 1, PATIENCE do
    locked, message = core.lock(file)
    if locked ~= false then break end
  end
  return locked, message
end

--- Opens a journal to be read.
-- @param path string
-- @return journal {records, size, damaged, owner = who writes it now, or nil}; or nil and a message
function journal.read(path)
  local file <close>, message = io.open(path, "rb")
  if not file then return nil, message end
  local written = is_written(path) -- before it is read: one that ends in between has said all
  local records, size, damaged = read(file)
  local self = { path = path, records = records, size = size, damaged = damaged }
  if written then self.owner = owner_of(records) end
  return self
end

--- Opens a journal to be written, and made where there is none.
-- @param path string
-- @return journal {records, size, damaged}, to be closed; or nil and a message
function journal.open(path)
  local file, message = io.open(path, "a+b")
  if not file then return nil, message end
  local locked
  locked, message = take_lock(file)
  local records, size, damaged = read(file)
  if locked then
    locked, message = core.truncate(file, size)
  elseif locked == false then
    message = ("the sweep is being run by %s"):format(owner_of(records))
  end
  if not locked then
    file:close()
    return nil, ("%s: %s"):format(path, message)
  end
  local self = { path = path, file = file, records = records, size = size, damaged = damaged }
  return setmetatable(self, Journal)
end

--- Adds a record.
-- @param record table of plain data
-- @param sync wait until it is on the disk?
-- @return true, or nil and a message
function Journal:append(record, sync)
  local line = codec.encode(record)
  local ok, message = core.append(self.file, line, sync)
  if not ok then return nil, ("%s: %s"):format(self.path, message) end
  self.size = self.size + #line
  return true
end

--- Waits for the disk and lets go of the lock; a second call does nothing.
function Journal:close()
  if not self.file then return end
  core.append(self.file, "", true) -- what it cannot do now was said where it mattered
  self.file:close()
  self.file = nil
end

return journal
