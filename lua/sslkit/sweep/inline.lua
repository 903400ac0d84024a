-- Trials one after the other in this process: nothing to start, and nothing between them and us.

local check = require "sslkit.check"
local codec = require "sslkit.sweep.codec"
local core = require "sslkit.core"
local outcome = require "sslkit.sweep.outcome"
local T = require "sslkit.tensor"
local trials = require "sslkit.sweep.trial"
local verdict = require "sslkit.sweep.verdict"

local inline = {}

-- An error's first line, and where it came from.
local function explain(err)
  local ok, text = pcall(tostring, err)
  if not ok then text = "an error that cannot be shown" end
  return { text = text:match "^[^\n]*", trace = debug.traceback(text, 2) }
end

--- Runs a trial's function.
-- @param run function of config and trial
-- @param trial as `run` gets it
-- @param options of the sweep: objective, metrics
-- @return result {state, value, values, seconds, error, log}
function inline.call(run, trial, options)
  T.seed(trial.seed)
  local start = core.clock()
  local ok, value, values = xpcall(function()
    local result = core.callback(run, trial.config, trial)
    if result == nil then result = trial:_left() end
    local v, others = outcome.read(result, options.objective, options.metrics)
    if not v then error(others, 0) end
    return v, others
  end, explain)
  local result = { seconds = core.clock() - start, peak_memory = core.peak_rss() }
  if ok then
    result.state, result.value, result.values = "ok", value, values
  else
    result.state, result.error, result.log = "error", value.text, value.trace
    if verdict.is_memory(value.text) then result.state = "oom" end
  end
  return result
end

-- The function that is meant: itself, or "module.function".
function inline.resolve(run)
  if type(run) == "function" then return run end
  local module, name = run:match "^(.+)%.([^.]+)$"
  local f = require(module)[name]
  if type(f) ~= "function" then
    check.raise("run names '%s', and module '%s' has no function '%s'", run, module, name)
  end
  return f
end

-- Not what says so of something else: the whole message, behind the line.
local function is_interrupt(message)
  return message:find "^interrupted!?$" or message:find "^[^\n]*:%d+: interrupted!?$"
end

local function go(conductor, run)
  for trial, folder in conductor.next, conductor do
    local link = {
      report = function(step, value) conductor:report(trial, step, value) end,
      stop = function() return (conductor:judge(trial)) end,
      artefact = function(name) conductor:artefact(trial, name) end,
    }
    local mine = trials.new(trial, folder, link)
    mine.config = codec.config(mine.config) -- a copy, for `run` may change it
    local result = inline.call(run, mine, conductor.options)
    if result.state == "error" and is_interrupt(result.error) then -- the trial has no end then, and is run again
      conductor.interrupted = true
      if not conductor.options.interrupt then error(result.error, 0) end
      break
    end
    conductor:finish(trial, result, true)
  end
end

local function same(err) return err end

--- Runs what there is. Ctrl-C, where the sweep may have it, ends the trial at hand and the sweep.
-- @param conductor who keeps the books
function inline.run(conductor)
  local run = inline.resolve(conductor.options.run)
  local generator = T.generator()
  local before = generator:state()
  local taken = conductor.options.interrupt and core.interrupts(true)
  local _ <close> = setmetatable({}, {
    __close = function()
      if taken then core.interrupts(false) end
      generator:load_state(before)
    end,
  })
  if not conductor.options.interrupt then return (go(conductor, run)) end
  local ok, err = core.interruptible(same, go, conductor, run)
  if ok then return end
  if not is_interrupt(tostring(err)) then error(err, 0) end
  conductor.interrupted = true -- between two trials
end

return inline
