-- Sweeps: many runs of one experiment, over a space of configs, that survive anything.

local check = require "sslkit.check"

-- What spaces are made of is loaded by its first use.
local sweep = require("sslkit.lazy").module("sslkit.sweep",
  "choice=range constant=range int=range log=range uniform=range")

-- A study of a store that is only looked at.
local function look(path)
  local opened, message = require("sslkit.sweep.store").read(path)
  if not opened then return nil, message end
  local last = opened.known.sessions[#opened.known.sessions] or {}
  local study = require("sslkit.sweep.study").new {
    name = last.name or path:match "([^/]+)/*$", store = opened.path, session = last,
    objective = last.objective or "value", direction = last.direction or "maximize",
  }
  study:_show(opened)
  return study
end

-- What a script is to get in the process of a trial, where it is run again: the trial, if it is one of
-- this sweep, and then it does not return; or a look at another sweep, which has run before. Nothing
-- more is loaded than the trial needs.
local function within_trial(options)
  if type(options) ~= "table" then return nil end
  local worker = require "sslkit.sweep.worker"
  local path, turn = require("sslkit.sweep.place").of(options)
  if path == worker.store() and turn == worker.turn() then worker.serve(options.run) end
  return path
end

--- Opens the store of a sweep to look at what is known so far, while it runs or afterwards.
-- @param path string: the folder
-- @return study; or nil and a message when there is none
-- @raise a path that is no string
-- @example select(2, ssl.sweep.open "/nowhere") --> /nowhere/journal.jsonl: No such file or directory
function sweep.open(path)
  if type(path) ~= "string" then check.fail(1, "path expected, got %s", check.kind(path)) end
  local study, message = look(path)
  return study, message
end

--- Runs an experiment for many configs, and keeps what it finds. A trial is a process of its own, which
-- runs the sweep's own script again up to here (arg[0]; nothing that the script does before may be
-- only for once) and then `run` for its config: so a crash, an error, a trial that takes too long or
-- too much memory is one trial that has failed, with its last words, and the sweep goes on. With
-- workers = 0 trials run in this process. Called again on the same store a sweep goes on where it was,
-- however it ended: what has finished is not run again, a grid that has grown runs what is new, and
-- what was interrupted begins anew (in the same folder, so that a checkpoint there can be resumed).
-- What a trial has started ends with it; only where the sweep itself is killed may it live on.
--
-- `run` gets a config and the trial, whose methods are `report`, `should_stop` and `save`. It returns a
-- number; or a table of numbers, with the objective among them; or embeddings, alone or
-- as `embeddings` in the table, which are measured by the metric that is the objective. A trial's
-- default generator begins with the trial's seed. In a config whole numbers are integers.
--
-- The store is a folder: journal.jsonl has a line for the start and the end of each trial,
-- trials/<id>/ holds result.json, log.txt with what the trial has printed, and the files that it has
-- left; index.db is an index of these, in SQLite, where LuaDBI is installed.
-- @param options table: space = table of what a config holds: lists of choices, `ssl.sweep.uniform`
-- and the like, constants, nested tables; run = function of config and trial, or "module.function";
-- name = string, what it is called (the script's name); sampler = "grid", "random", "sobol", "lhs"
-- or "tpe", or a table with a function ask(self, i, history) that gives a config or nil ("grid",
-- and "random" with trials); trials = how many configs (all of a grid); seeds = number of runs of
-- each config (1); pruner = "none", "median", "asha" or "hyperband", or a table with a function
-- judge(self, id, step, value, reports) that is true to stop ("none"); workers = number of
-- processes at a time, or 0 (as many as there are cores); store = folder ("sweeps/" and the name;
-- none with workers = 0, and then nothing is kept); objective = name of the value to be optimised
-- ("rankme"); direction = "maximize" or "minimize" ("maximize"); metrics = names of more metrics to
-- measure embeddings by ({}); timeout = number of seconds that a trial may take (no limit); memory
-- = number of bytes that a trial may use (no limit); threads = number of each trial's (1); seed =
-- what samplers and the trials' seeds follow from (0); constraint = function of a config that is
-- false or nil where it should not be tried; enqueue = list of configs to be tried first ({});
-- breaker = so many failures with which a sweep begins stop it, 0 for none (5); interrupt = "drain"
-- (Ctrl-C lets running trials end) or "stop" (it ends them, and they are run again some day), true
-- for "drain"; a second Ctrl-C ends them in any case (false: Ctrl-C is not ours); progress = show
-- it on stderr (true where there is a store); launcher = "local"
-- @return study; or nil and a message when the store cannot be opened, as while another process runs
-- the sweep
-- @raise wrong options; a missing library; a store that cannot be written any more
-- @example ssl.sweep{ space = { lr = { 0.1, 0.2 }, k = { 1, 2 } }, workers = 0, run = function(c) return c.lr * c.k end }:best().value --> 0.4
-- @example ssl.sweep{ space = { d = { 2, 3 } }, workers = 0, run = function(c) return ssl.eye(c.d) end }:best().values.rankme --> 3.0
local function run(_, options)
  local path = os.getenv "SSLKIT_SWEEP_STORE" and within_trial(options)
  if path then
    local study = look(path)
    if study then return study end
    check.raise("this is a process of a trial in %s, for which the script was run again; but this "
      .. "time it has named the store %s", os.getenv "SSLKIT_SWEEP_STORE", path)
  end
  local engine = require "sslkit.sweep.engine"
  local self = require("sslkit.sweep.options").read(options)
  engine.check(self)
  local study = require("sslkit.sweep.study").new(self)
  local ok, message = engine.run(self, study)
  if not ok then return nil, message end
  return study
end

getmetatable(sweep).__call = run

return sweep
