-- The records of a journal, folded into what is known of each trial.

local fold = {}
local Known = {}
Known.__index = Known

-- What the start of a trial tells, and its end.
fold.START = { "id", "number", "replicate", "seed", "config", "plan", "host", "started" }
fold.END = {
  "id", "state", "value", "values", "reports", "seconds", "peak_memory", "error", "log",
  "artefacts", "finished",
}

-- What of its session belongs into a trial's own result.
local SESSION = { "name", "versions", "commit", "script", "code", "objective", "direction" }

--- What records tell.
-- @param records list
-- @return known: trials in the order of their starts, by_id, history (what has finished, in that
-- order), sessions
function fold.new(records)
  local self = { trials = {}, by_id = {}, history = {}, sessions = {} }
  setmetatable(self, Known)
  for _, record in ipairs(records) do self:add(record) end
  return self
end

-- The value of a trial that has ended, which another objective may have been measured for.
local function value_of(self, trial)
  local session, values = trial.session or {}, trial.values or {}
  if not self.objective or session.objective == nil or session.objective == self.objective then
    return trial.value
  end
  if values[self.objective] ~= nil then return values[self.objective] end
  return values.value
end

--- Values are those of this objective from now on, also of trials that were run for another one.
-- @param objective name of a value
function Known:about(objective)
  self.objective = objective
  for _, trial in ipairs(self.trials) do
    local session = trial.session or {}
    if trial.finished and session.objective ~= nil and session.objective ~= objective then
      trial.value, self.mixed = value_of(self, trial), true
      local entry, v = self.history[trial.place], trial.value
      if entry then entry.value = v == v and v or nil end
    end
  end
end

local add = {}

function add.sweep(self, record) self.sessions[#self.sessions + 1] = record end

function add.start(self, record)
  local trial = self.by_id[record.id]
  if not trial then
    trial = {}
    self.trials[#self.trials + 1], self.by_id[record.id] = trial, trial
  end
  for _, name in ipairs(fold.END) do trial[name] = nil end -- of a run before this one
  for _, name in ipairs(fold.START) do trial[name] = record[name] end
  trial.state, trial.session = "running", self.sessions[#self.sessions]
end

add["end"] = function(self, record)
  local trial = self.by_id[record.id]
  if not trial then return end -- its start was on a line that is damaged: the folder tells
  for _, name in ipairs(fold.END) do trial[name] = record[name] end
  trial.value = value_of(self, trial)
  local value = trial.value
  local entry = {
    id = trial.id, number = trial.number, config = trial.config, state = trial.state,
    value = value == value and value or nil, values = trial.values or {},
  }
  self.history[trial.place or #self.history + 1] = entry
  trial.place = trial.place or #self.history
end

--- Adds a record; one of a later version's kind is nothing to us.
-- @param record table
function Known:add(record)
  local f = add[record.kind]
  if f then f(self, record) end
end

--- Nobody runs them: what has no end was interrupted.
function Known:interrupt()
  for _, trial in ipairs(self.trials) do
    if not trial.finished then trial.state = "interrupted" end
  end
end

--- All that is to be kept of a trial.
-- @param id string
-- @param ending its end, where that is not known yet
-- @return table
function Known:result(id, ending)
  local trial, record = self.by_id[id], {}
  for _, name in ipairs(SESSION) do record[name] = (trial.session or {})[name] end
  for _, name in ipairs(fold.START) do record[name] = trial[name] end
  for _, name in ipairs(fold.END) do record[name] = (ending or trial)[name] end
  return record
end

return fold
