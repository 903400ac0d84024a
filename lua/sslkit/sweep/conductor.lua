-- What happens around every trial, in whatever process it runs: it is entered into the books, watched by
-- the pruner, and counted by the breaker, which stops a sweep whose first trials all fail.

local session = require "sslkit.sweep.session"

local conductor = {}
local Conductor = {}
Conductor.__index = Conductor

local FAILED = { error = true, timeout = true, oom = true, killed = true }

--- Has a trial failed?
-- @param state string
-- @return true or false
-- @example require("sslkit.sweep.conductor").failed "oom" --> true
function conductor.failed(state) return FAILED[state] or false end

--- One who conducts.
-- @param options of the sweep
-- @param store opened to be written
-- @param plan of what to run
-- @param view that shows it
-- @param now what is known of this session
-- @return conductor; stopped = why no more trials are started, or nil
function conductor.new(options, store, plan, view, now)
  local self = setmetatable({
    options = options, store = store, plan = plan, view = view, now = now,
    script = session.script(),
    reports = {}, stopping = {}, artefacts = {}, ended = 0, good = 0,
  }, Conductor)
  for _, trial in ipairs(store.known.trials) do
    self.reports[trial.id] = trial.reports
    if trial.state == "ok" or trial.state == "pruned" then self.good = self.good + 1 end
  end
  return self
end

--- Looks whether the script has been edited since: trials that are started from now on run the new one,
-- and the books must say so.
function Conductor:look()
  local text = session.script()
  if text == self.script then return end
  self.script = text
  self.now = session.again(self.now, text)
  self.store:begin(self.now)
  self.view:note(("%s: the script has changed; trials run the new one from now on"):format(
    self.options.name))
end

--- The next trial, entered as begun; nil when there is none, or no more shall be.
-- @return trial table, path of its folder (nil in memory)
function Conductor:next()
  local trial = not self.stopped and self.plan:next()
  if not trial then return nil end
  trial.host, trial.started = self.now.host, os.time()
  local folder = self.store:folder(trial.id)
  self.store:start(trial)
  self.reports[trial.id], self.stopping[trial.id], self.artefacts[trial.id] = {}, nil, {}
  self.view:started(trial)
  return trial, folder
end

--- An intermediate value.
function Conductor:report(trial, step, value)
  local list = self.reports[trial.id]
  list[#list + 1] = { step, value + 0.0 }
  self.view:reported(trial, step, value)
end

--- Shall the trial end early?
-- @return true or false
function Conductor:judge(trial)
  local list = self.reports[trial.id]
  local last = list[#list]
  if last and not self.stopping[trial.id] then
    local pruner = self.options.pruner
    self.stopping[trial.id] = pruner:judge(trial.id, last[1], last[2], self.reports) or nil
  end
  return self.stopping[trial.id] or false
end

--- A file that the trial has left.
function Conductor:artefact(trial, name)
  local list = self.artefacts[trial.id]
  for _, known in ipairs(list) do
    if known == name then return end
  end
  list[#list + 1] = name
end

--- The trial is over.
-- @param trial table
-- @param result {state, value, values, seconds, peak_memory, error, log}
-- @param lazy as for the store
function Conductor:finish(trial, result, lazy)
  local id = trial.id
  if result.state == "ok" and self.stopping[id] then result.state = "pruned" end
  result.reports, result.artefacts = self.reports[id], self.artefacts[id]
  result.finished = os.time()
  self.ended = self.ended + 1
  if not FAILED[result.state] then self.good = self.good + 1 end
  local breaker = self.options.breaker
  if self.good == 0 and breaker > 0 and self.ended >= breaker and not self.stopped then
    self.stopped = ("the first %d trials all failed: %s"):format(self.ended, result.error or "?")
  end
  self.store:finish(id, result, lazy)
  self.view:finished(self.store.known.by_id[id], FAILED[result.state])
end

return conductor
