-- sslkit sweep: runs a sweep's script, and looks after what it leaves.

local place = require "sslkit.sweep.place"
local script = require "sslkit.cli.script"

local sweep = {
  name = "sweep",
  summary = "Run a sweep, go on with it, look at it",
  description = "Runs a script that calls ssl.sweep, goes on with a sweep that was stopped or "
    .. "killed, and shows what its trials have found. FOLDER is the sweep's store. Ctrl-C lets "
    .. "running trials end, a second one ends them; the sweep can go on afterwards.\n\n"
    .. "  run SCRIPT [KEY=VALUE ...]   run the script; run may be left out\n"
    .. "  status FOLDER                what is known so far\n"
    .. "  resume FOLDER                run the sweep's script again\n"
    .. "  retry-failed FOLDER          the same, and what has failed, too\n"
    .. "  export FOLDER FILE           all trials, as .csv, .json or .jsonl\n"
    .. "  report FOLDER FILE.html      a page with tables and plots",
  examples = {
    "sslkit sweep rankme.lua --workers 2",
    "sslkit sweep status sweeps/rankme",
    "sslkit sweep export sweeps/rankme trials.csv",
  },
}

function sweep.define(command)
  command:argument "action"
    :description "run, status, resume, retry-failed, export or report; or a script to be run."
  command:argument "words"
    :args "*"
    :description "The script and its words, or the folder and a file."
  command:option "--workers"
    :argname "<n>"
    :description "Trials at a time; 0 for one after the other, in this process."
  command:option "--interrupt"
    :argname "<what>"
    :choices { "drain", "stop" }
    :description "What Ctrl-C does first: drain lets running trials end, stop ends them (drain)."
  command:flag "--resume"
    :description "Fail where there is nothing to go on from, instead of beginning."
end

-- Runs a script with wishes for its sweeps.
local function run(given, out, path, words, retry)
  local wishes = require "sslkit.sweep.wishes"
  if given.workers then
    wishes.workers = math.tointeger(tonumber(given.workers))
    if not wishes.workers or wishes.workers < 0 then
      out:usage("--workers %s; a whole number expected", given.workers)
    end
  end
  wishes.commanded = true
  wishes.interrupt, wishes.resume, wishes.retry = given.interrupt, given.resume, retry
  return (script.run(out, path, words))
end

local function open(out, path)
  local study, message = require("sslkit").sweep.open(path)
  if not study then out:fail("%s", message) end
  return study
end

-- Runs the script of a sweep again, where it was run.
local function again(given, out, retry)
  local only = place.absolute(given.words[1])
  local session = open(out, given.words[1]):session()
  if not session.script then
    out:fail("%s: the sweep was run without a script; call ssl.sweep again", given.words[1])
  end
  local ok, message = require("lfs").chdir(session.directory or ".")
  if not ok then out:fail("%s", message) end
  out:note("%s in %s", session.script, session.directory or ".")
  given.resume = true
  require("sslkit.sweep.wishes").only = only
  return (run(given, out, session.script, session.arguments or {}, retry))
end

local function write(out, study, method, path)
  local ok, message = out:try(function(text) return path .. ": " .. text end,
    study[method], study, path)
  if not ok then out:fail("%s", message) end
  out:note("wrote %s", path)
end

-- By name: how many words it takes at least and at most, what they are, and what it does.
local ACTIONS = {
  run = { 1, math.huge, "a script", function(given, out)
    return (run(given, out, given.words[1], { table.unpack(given.words, 2) }))
  end },
  status = { 1, 1, "a folder", function(given, out)
    out:write(tostring(open(out, given.words[1])) .. "\n")
  end },
  resume = { 1, 1, "a folder", function(given, out) return (again(given, out, false)) end },
  ["retry-failed"] = { 1, 1, "a folder", function(given, out)
    return (again(given, out, true))
  end },
  export = { 2, 2, "a folder and a file", function(given, out)
    write(out, open(out, given.words[1]), "export", given.words[2])
  end },
  report = { 2, 2, "a folder and a file", function(given, out)
    write(out, open(out, given.words[1]), "report", given.words[2])
  end },
}

function sweep.run(given, out)
  local action = ACTIONS[given.action]
  if not action then -- it is the script itself
    table.insert(given.words, 1, given.action)
    action = ACTIONS.run
  end
  local least, most, what, f = table.unpack(action)
  if #given.words < least or #given.words > most then
    out:usage("%s takes %s, got %d words", given.action, what, #given.words)
  end
  return (f(given, out))
end

return sweep
