-- A sweep that has been run, or is to be gone on with: what its trials have found.

local check = require "sslkit.check"
local conductor = require "sslkit.sweep.conductor"
local query = require "sslkit.sweep.query"
local rank = require "sslkit.sweep.rank"
local settings = require "sslkit.sweep.settings"
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
local WIDEST = 100 -- columns of its settings, which differ between so many trials:
local LOOKED_AT = 500

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
  opened.known:about(self.objective)
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
-- to sort by, best first as `select` has it ("value" is the objective); most = at most so many
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
  local first, by = rows[1], options.by -- those that have the value come first
  if first and by and by ~= "value" and first.values[by] == nil then
    check.fail(2, "no trial has a value '%s' to sort by", by)
  end
  return rows
end

--- The best config: by the mean over its seeds, where there are several. One of whose trials some have
-- failed comes behind those of which none has.
-- @return row of its first trial as of `trials`, with value = the mean, std = the deviation over the
-- seeds, trials = how many; nil when no trial has succeeded
-- @example ssl.sweep{ space = { lr = { 1, 3, 2 } }, workers = 0, run = function(c) return c.lr end }:best().config.lr --> 3
function Study:best()
  return (rank.best(self:trials(), self.direction, space.canonical))
end

--- The config that a metric would choose without labels, beside the one that labels choose.
-- @param metric name of a value of the trials
-- @param options table: oracle = name of the value that needs labels ("accuracy"); labels = names of
-- all values that need them ({"accuracy", "knn", "linear", "ridge"}). Less is better of losses, errors,
-- alignment, uniformity, coherence, and of the objective where the sweep minimizes it
-- @return table of the choice, its regret, and the correlations of all metrics with the oracle; it
-- prints well
-- @raise values that the trials do not have
-- @example pcall(function() ssl.sweep{ space = { lr = 1 }, workers = 0, run = function() return 1 end }:select() end) --> false
function Study:select(metric, options)
  local less = { [self.objective] = self.direction == "minimize" }
  return (require("sslkit.sweep.select").select(self:trials(), metric, options, less))
end

--- Which settings matter: the share of a value's variance over finished trials that goes along with each
-- setting by itself. A setting's values are its levels, of more than eight numbers parts of as many
-- trials each. What settings do only together is not seen.
-- @param value name of a value of the trials, or "value" for the objective ("value")
-- @return list, most important first, of {name, importance = share 0..1, NaN where each trial has a level
-- of its own; spearman = rank correlation of a number with the value, NaN for others}; it prints well
-- @raise when no finished trial has such a value
-- @source Kelley 1935 (epsilon squared); the marginals alone of Hutter, Hoos, Leyton-Brown 2014, "An
-- efficient approach for assessing hyperparameter importance"
-- @example ssl.sweep{ space = { a = { 1, 2, 3 }, b = { 1, 2, 3 } }, workers = 0, run = function(c) return 9 * c.a + c.b end }:importance()[1].name --> a
function Study:importance(value)
  return (require("sslkit.sweep.importance")(self:trials(), value or "value"))
end

--- What is lost on average by other values of a setting than the best one, a learning rate's above all;
-- for each group of trials that have all else in common, with three values or more. A trial that has
-- failed, or ended with NaN or infinity, counts as one that has learned nothing.
-- @param name path of a setting that is a number ("lr")
-- @param options table: value = name of a value of the trials ("value", the objective); minimize = is
-- less better (as the sweep's direction); start = the value before training, than which none counts as
-- worse (the worst of the group); per = list of paths of the settings that make a group (all others)
-- @return list of {group = table of those settings, best = the best value of the setting, value = what
-- comes of it, sensitivity = mean loss, count = of values, interior = lies the best one between others};
-- it prints well
-- @raise settings that no trial has
-- @source Wortsman et al. 2023, "Small-scale proxies for large-scale Transformer training
-- instabilities", section 2: E[min(l(lr), l_0) - l*]
-- @example ssl.sweep{ space = { lr = { 1, 2, 3 } }, workers = 0, direction = "minimize", run = function(c) return (c.lr - 2) ^ 2 end }:sensitivity()[1].best --> 2
function Study:sensitivity(name, options)
  name = name or "lr"
  if type(name) ~= "string" then
    check.fail(2, "path of a setting expected, got %s", check.kind(name))
  end
  local o = check.options(3, options, { value = "value", minimize = self.direction == "minimize" },
    { start = true, per = true })
  if o.start ~= nil then check.number(3, "start", o.start) end
  return (require("sslkit.sweep.sensitivity")(self:trials(), name, o))
end

local function runnable(self)
  if not self._options.run then check.raise "this study was opened to be looked at" end
end

--- Runs the trials again that have failed.
-- @return the study; or nil and a message when another process runs the sweep
-- @example local n = 0; return ssl.sweep{ space = { lr = 1 }, workers = 0, run = function() n = n + 1; return n > 1 and n or error "no" end }:retry_failed():best().value --> 2.0
function Study:retry_failed()
  if os.getenv "SSLKIT_SWEEP_STORE" then return self end -- a trial of another sweep passes by
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
  if os.getenv "SSLKIT_SWEEP_STORE" then return { taken = 0, written = 0 } end
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

-- What of a config tells it from the others: "lr=0.1 k=2"; of one that is alone, all of it.
local function config_text(flat, paths, replicate)
  local words = {}
  for _, path in ipairs(paths) do
    if flat[path] ~= nil then words[#words + 1] = path .. "=" .. settings.show(flat[path]) end
  end
  if replicate then words[#words + 1] = "replicate=" .. replicate end
  return text.cut(table.concat(words, " "), WIDEST)
end

-- The settings of some trials, and the paths that are worth being shown.
local function settings_of(trials, all)
  local flats, every = {}, {}
  for i, trial in ipairs(trials) do flats[i] = settings.flat(trial.config) end
  for i = 1, math.min(#all, LOOKED_AT) do every[i] = settings.flat(all[i].config) end
  local paths = settings.varying(every)
  if #paths == 0 and flats[1] then
    for path in pairs(flats[1]) do paths[#paths + 1] = path end
    table.sort(paths)
  end
  return flats, paths
end

function Study:__tostring()
  local known = self._store.known
  local lines = { ("sweep %s: %s"):format(self.name, counts_of(known.trials)) }
  if self._store.owner then lines[1] = lines[1] .. ("; run by %s"):format(self._store.owner) end
  local cells = {}
  local best = { by = "value", most = SHOWN }
  local rows = query.plain(known.trials, best, self.direction == "minimize")
  local flats, paths = settings_of(rows, known.trials)
  local several = false -- seeds of a config
  for _, row in ipairs(rows) do several = several or (row.replicate or 1) > 1 end
  for i, row in ipairs(rows) do
    local value = row.value and ("%.6g"):format(row.value) or "-"
    local seconds = row.seconds and ("%.3g"):format(row.seconds) or "-"
    local config = config_text(flats[i], paths, several and row.replicate)
    cells[i] = { row.id, row.state, value, seconds, config }
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
  if self.interrupted then lines[#lines + 1] = "interrupted: run again, it goes on" end
  return table.concat(lines, "\n")
end

-- ==}

return M
