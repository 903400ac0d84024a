-- What is known of a sweep's trials, kept in a folder: journal.jsonl, in which every trial has a line
-- for its start and one for its end, and trials/<id>/result.json, which says all of one trial again. Each
-- can be made from the other, so that losing either loses nothing. Without a folder it is all in memory.

local check = require "sslkit.check"
local codec = require "sslkit.sweep.codec"
local core = require "sslkit.core"
local fold = require "sslkit.sweep.fold"
local journal = require "sslkit.sweep.journal"
local place = require "sslkit.sweep.place"

local store = {}
local Store = {}
Store.__index = Store

local SYNC = 0.01 -- seconds in which a lazy line of the journal may be lost

-- {== Folders ==============================================================================

-- Makes a folder and those around it; true, or nil and a message.
local function make_folder(path)
  local lfs = place.lfs()
  local mode = lfs.attributes(path, "mode")
  if mode == "directory" then return true end
  if mode then return nil, ("%s is no folder"):format(path) end
  local outer = path:match "^(.+)/[^/]+$"
  if outer then
    local ok, message = make_folder(outer)
    if not ok then return nil, message end
  end
  local ok, message = lfs.mkdir(path)
  if ok or lfs.attributes(path, "mode") == "directory" then return true end
  return nil, ("%s: %s"):format(path, message)
end

--- The folder of a trial, made where there is none; nil in memory.
-- @param id string
-- @return path
function Store:folder(id)
  if not self.path then return nil end
  local path = ("%s/trials/%s"):format(self.path, id)
  local ok, message = make_folder(path)
  if not ok then check.raise("%s", message) end
  return path
end

local function result_path(self, id) return ("%s/trials/%s/result.json"):format(self.path, id) end

-- Removes what a kill in the middle of a write has left in a trial's folder.
local function tidy(self, id)
  local path, lfs = ("%s/trials/%s"):format(self.path, id), place.lfs()
  if lfs.attributes(path, "mode") ~= "directory" then return end
  for name in lfs.dir(path) do
    if name:find "^%.sslkit%-.*%.tmp$" then os.remove(path .. "/" .. name) end
  end
end

-- The record in a trial's result.json; nil where there is none, or a broken one.
local function read_result(self, id)
  local file <close> = io.open(result_path(self, id), "rb")
  local record = file and codec.decode(file:read "a" or "")
  return record and record.id == id and record.state and record.config and record or nil
end

-- ==}

-- {== Opening ==============================================================================

local function new(path, records)
  local self = setmetatable({ path = path, damaged = 0, synced = 0 }, Store)
  self.known = fold.new(records or {})
  return self
end

--- A store in memory.
-- @return store
function store.memory() return new() end

--- Opens a folder to be looked at; trials without an end are running where somebody runs them.
-- @param path string
-- @return store, or nil and a message
function store.read(path)
  path = place.absolute(path)
  local opened, message = journal.read(path .. "/journal.jsonl")
  if not opened then return nil, message end
  local self = new(path, opened.records)
  self.damaged, self.size, self.owner = opened.damaged, opened.size, opened.owner
  if not self.owner then self.known:interrupt() end
  return self
end

--- Opens a folder to run trials in, which is made where there is none. Trials that have left a result
-- but no end in the journal get theirs; after damage to the journal every folder is looked at.
-- @param path string
-- @return store, to be closed; or nil and a message, as where another process runs it
function store.open(path)
  path = place.absolute(path)
  local ok, message = make_folder(path .. "/trials")
  if not ok then return nil, message end
  local opened
  opened, message = journal.open(path .. "/journal.jsonl")
  if not opened then return nil, message end
  local self = new(path, opened.records)
  self.journal, self.damaged = opened, opened.damaged
  self.known:interrupt()
  for _, trial in ipairs(self.known.trials) do
    if trial.state == "interrupted" then
      tidy(self, trial.id)
      local result = read_result(self, trial.id)
      if result then self:_take(result) end
    end
  end
  if #opened.records == 0 or self.damaged > 0 then self:recover() end
  return self
end

--- Lets others run it; everything is on the disk then.
function Store:close()
  if self.journal then self.journal:close() end
end

-- ==}

-- {== Writing ==============================================================================

-- What cannot be written, a disk that is full, ends the sweep; what is on the disk is whole.
local function must(ok, message)
  if not ok then check.raise("%s", message) end
end

local function append(self, record, sync)
  if self.journal then must(self.journal:append(record, sync)) end
  self.known:add(record)
end

--- A new session: who runs what, and where.
-- @param session table: name, plan, pid, host, ...
function Store:begin(session)
  session.kind = "sweep"
  append(self, session, true)
end

--- A trial begins.
-- @param trial table {id, number, replicate, seed, config, plan, host, started}
function Store:start(trial)
  if self.path and self.known.by_id[trial.id] then
    os.remove(result_path(self, trial.id)) -- of a run before this one, which must not be its end
  end
  local record = { kind = "start" }
  for _, name in ipairs(fold.START) do record[name] = trial[name] end
  append(self, record, false)
end

local function end_of(result)
  local record = { kind = "end" }
  for _, name in ipairs(fold.END) do record[name] = result[name] end
  return record
end

-- Writes a trial's result.json; `ending` is its end where the journal has none yet.
local function write_result(self, id, ending, lazy)
  self:folder(id)
  local text = codec.encode(self.known:result(id, ending))
  must(core.write_atomic(result_path(self, id), { text }, lazy))
end

-- Shall the journal's next line wait for the disk? With `lazy` no more often than the disk may take:
-- a power cut then undoes what was done in those moments, and a kill nothing.
local function is_due(self, lazy)
  local now = core.clock()
  if lazy and now - self.synced < SYNC then return false end
  self.synced = now
  return true
end

--- A trial is over: its result is written, then its end into the journal, and both are on the disk.
-- @param id of the trial
-- @param result table {state, value, values, reports, seconds, ...}
-- @param lazy may they reach it some moments later? For trials that are shorter than that takes
function Store:finish(id, result, lazy)
  result.id = id
  local record = end_of(result)
  if self.path then write_result(self, id, record, lazy) end
  append(self, record, is_due(self, lazy))
end

-- Takes in a result that the journal has no end of, and perhaps no start.
function Store:_take(result)
  if not self.known.by_id[result.id] then self:start(result) end
  append(self, end_of(result), true)
end

--- Looks at every trial's folder: takes in results that the journal lacks, and writes again what the
-- journal has and a folder lacks.
-- @return table {taken = results taken in, written = results written}
function Store:recover()
  local counts = { taken = 0, written = 0 }
  for name in place.lfs().dir(self.path .. "/trials") do
    local trial = self.known.by_id[name]
    local result = not (trial and trial.finished) and read_result(self, name)
    if result then
      self:_take(result)
      counts.taken = counts.taken + 1
    end
  end
  for _, trial in ipairs(self.known.trials) do
    if trial.finished and not read_result(self, trial.id) then
      write_result(self, trial.id)
      counts.written = counts.written + 1
    end
  end
  return counts
end

-- ==}

return store
