-- A sweep that has been run, or is to be gone on with: what its trials have found.

local check = require "sslkit.check"
local conductor = require "sslkit.sweep.conductor"
local query = require "sslkit.sweep.query"
local rank = require "sslkit.sweep.rank"
local space = require "sslkit.sweep.space"
local text = require "sslkit.text"

local M = {}

--- A sweep's results.
-- @kind Study
-- @field name string
-- @field path folder of the store; nil in memory
-- @field objective string: name of the value that the sweep is about
-- @field direction "maximize" or "minimize"
-- @field interrupted was it ended by Ctrl-C?
-- @field stopped why it was stopped before its end: too many failures; or nil
-- @field reports table from a trial's id to a list of {step, value}
local Study = { __name = "sslkit.sweep.study" }
Study.__index = Study

local ROW = {
  "id", "number", "replicate", "state", "config", "seed", "values", "value", "seconds", "host",
  "error", "log", "started", "finished", "peak_memory", "artefacts", "reports",
}
local SHOWN = 10 -- rows of the table

-- A study of a sweep with these options, which nobody has run yet.
function M.new(options)
  return setmetatable({
    name = options.name, path = options.store, objective = options.objective,
    direction = options.direction, interrupted = false, _options = options,
  }, Study)
end

-- Shows what a store knows, from now on.
function Study:_show(opened)
  self._store = opened
  self._options.kept = not opened.path and opened or nil -- a sweep in memory goes on where it is
  self.reports = setmetatable({}, {
    __index = function(_, id)
      local trial = opened.known.by_id[id]
      return trial and trial.reports
    end,
    __pairs = function()
      local all = {}
      for _, trial in ipairs(opened.known.trials) do all[trial.id] = trial.reports end
      return next, all, nil
    end,
  })
end

local function row_of(trial)
  local row = {}
  for _, name in ipairs(ROW) do row[name] = trial[name] end
  row.values = row.values or {}
  return row
end

--- All trials, in the order in which they were started.
-- @param options table: state = only these, such as "ok", "pruned", "error", "timeout", "oom",
-- "killed", "running", "interrupted", or "failed" for all that have gone wrong; by = name of a value
-- to sort by, best first ("value" is the objective); most = at most so many
-- @return list of {id, state, config, seed, values, value, seconds, host, error, log, reports, ...}
-- @raise unknown options
-- @example #ssl.sweep{ space = { lr = { 1, 2 } }, workers = 0, run = function(c) return c.lr end }:trials() --> 2
-- @example ssl.sweep{ space = { lr = { 1, 2 } }, workers = 0, run = function(c) return c.lr end }:trials{ by = "value", most = 1 }[1].value --> 2.0
function Study:trials(options)
  options = check.options(2, options, {}, { state = true, by = true, most = true })
  if options.most ~= nil then check.integer(2, "most", options.most, 0) end
  local rows = {}
  for _, trial in ipairs(query.select(self, options)) do
    rows[#rows + 1] = row_of(trial)
  end
  return rows
end

--- The best config: by the mean over its seeds, where there are several.
-- @return row of its first trial as of `trials`, with value = the mean, std = the deviation over the
-- seeds, trials = how many; nil when no trial has succeeded
-- @example ssl.sweep{ space = { lr = { 1, 3, 2 } }, workers = 0, run = function(c) return c.lr end }:best().config.lr --> 3
function Study:best()
  return (rank.best(self:trials(), self.direction, space.canonical))
end

--- The config that a metric would choose without labels, beside the one that labels choose.
-- @param metric name of a value of the trials
-- @param options table: oracle = name of the value that needs labels ("accuracy"); labels = names of
-- all values that need them ({"accuracy", "knn", "linear", "ridge"})
-- @return table of the choice, its regret, and the correlations of all metrics with the oracle; it
-- prints well
-- @raise values that the trials do not have
-- @example pcall(function() ssl.sweep{ space = { lr = 1 }, workers = 0, run = function() return 1 end }:select() end) --> false
function Study:select(metric, options)
  return (require("sslkit.sweep.select").select(self:trials(), metric, options))
end

local function runnable(self)
  if not self._options.run then check.raise "this study was opened to be looked at" end
end

--- Runs the trials again that have failed.
-- @return the study; or nil and a message when another process runs the sweep
-- @example local n = 0; return ssl.sweep{ space = { lr = 1 }, workers = 0, run = function() n = n + 1; return n > 1 and n or error "no" end }:retry_failed():best().value --> 2.0
function Study:retry_failed()
  runnable(self)
  local ok, message = require("sslkit.sweep.engine").run(self._options, self, true)
  if not ok then return nil, message end
  return self
end

--- Makes the journal and the results in the folders whole again, each from the other, and the index
-- anew. To be called after damage that no kill can do: files that were lost.
-- @return table {taken = results that the journal lacked, written = results that a folder lacked}; or
-- nil and a message
-- @raise a sweep without a store
-- @example pcall(function() ssl.sweep{ space = { lr = { 1 } }, workers = 0, run = function(c) return 1 end }:recover() end) --> false
function Study:recover()
  if not self.path then check.raise "the sweep has no store" end
  local opened, message = require("sslkit.sweep.store").open(self.path)
  if not opened then return nil, message end
  local _ <close> = setmetatable({}, { __close = function() opened:close() end })
  local counts = opened:recover()
  self:_show(opened)
  require("sslkit.sweep.index").rebuild(opened)
  return counts
end

--- Writes all trials as a table.
-- @param path string: .csv, .json or .jsonl
-- @return true, or nil and a message
-- @raise another extension
-- @example pcall(function() ssl.sweep{ space = { lr = 1 }, workers = 0, run = function() return 1 end }:export("x.doc") end) --> false
function Study:export(path)
  local ok, message = require("sslkit.sweep.export")(self:trials(), path)
  return ok, message
end

--- Writes the sweep's report as an HTML page.
-- @param path string
-- @return true, or nil and a message
-- @raise a path that is no string
-- @example pcall(function() ssl.sweep{ space = { lr = { 1 } }, workers = 0, run = function(c) return 1 end }:report() end) --> false
function Study:report(path)
  if type(path) ~= "string" then check.fail(2, "path expected, got %s", check.kind(path)) end
  local ok, message = require("sslkit.sweep.report")(self, path)
  return ok, message
end

--- The latest session of the sweep: who has run it, where, and with what.
-- @return table {host, pid, time, script, arguments, directory, commit, versions, ...}
-- @example ssl.sweep{ space = { lr = { 1 } }, workers = 0, run = function(c) return 1 end }:session().version --> 1
function Study:session()
  local sessions = self._store.known.sessions
  return sessions[#sessions] or {}
end

-- {== Printing =============================================================================

local function counts_of(trials)
  local counts, names, parts = {}, {}, {}
  for _, trial in ipairs(trials) do
    if not counts[trial.state] then names[#names + 1] = trial.state end
    counts[trial.state] = (counts[trial.state] or 0) + 1
  end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = ("%d %s"):format(counts[name], name) end
  return #trials == 0 and "no trials" or table.concat(parts, ", ")
end

local function config_text(config)
  return (space.canonical(config):gsub('"', ""):gsub("^{(.*)}$", "%1"))
end

function Study:__tostring()
  local known = self._store.known
  local lines = { ("sweep %s: %s"):format(self.name, counts_of(known.trials)) }
  if self._store.owner then lines[1] = lines[1] .. ("; run by %s"):format(self._store.owner) end
  local cells = {}
  local best = { by = "value", most = SHOWN }
  for i, row in ipairs(query.plain(known.trials, best, self.direction == "minimize")) do
    local value = row.value and ("%.6g"):format(row.value) or "-"
    local seconds = row.seconds and ("%.3g"):format(row.seconds) or "-"
    cells[i] = { row.id, row.state, value, seconds, config_text(row.config) }
  end
  if #cells > 0 then
    local header = { "id", "state", self.objective, "seconds", "config" }
    lines[2] = text.table { header = header, rows = cells }
  end
  local first
  for _, trial in ipairs(known.trials) do
    first = first or conductor.failed(trial.state) and trial
  end
  if first then
    lines[#lines + 1] = ("the first failure, %s: %s"):format(first.id, first.error or first.state)
  end
  if self.stopped then lines[#lines + 1] = "stopped: " .. self.stopped end
  return table.concat(lines, "\n")
end

-- ==}

return M
