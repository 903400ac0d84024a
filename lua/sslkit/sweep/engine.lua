-- One session of a sweep: the store is opened, trials run until there are none left or somebody stops
-- them, and the store is let go of, however that ends.

local check = require "sslkit.check"
local conductor = require "sslkit.sweep.conductor"
local json = require "sslkit.text.json"
local plan = require "sslkit.sweep.plan"
local rank = require "sslkit.sweep.rank"
local session = require "sslkit.sweep.session"
local sha256 = require "sslkit.sweep.sha256"
local store = require "sslkit.sweep.store"
local view = require "sslkit.sweep.view"
local wishes = require "sslkit.sweep.wishes"

local engine = {}

-- Names what the sampler's suggestions follow from: after a change they are made afresh.
local function hash_of(options)
  return (sha256(json.encode {
    space = options.space, sampler = options.sampler.name or "own", seed = options.seed,
    trials = options.sampler.name == "lhs" and options.trials or nil, -- another hypercube
  }):sub(1, 12))
end

-- What is not as it was when the store was last written: nothing is lost by it, but what is there was
-- found under other terms.
local function changes(before, now)
  local list = {}
  for _, name in ipairs { "name", "objective", "direction" } do
    if before[name] ~= now[name] then
      list[#list + 1] = ("%s was %s and is %s"):format(name, before[name], now[name])
    end
  end
  if before.plan ~= now.plan then list[#list + 1] = "space, sampler or seed have changed" end
  if before.code ~= now.code then list[#list + 1] = "the script has changed" end
  return table.concat(list, ", ")
end

local function begin(options, opened, hash, shown)
  local now = session.new()
  for _, name in ipairs { "name", "seed", "seeds", "trials", "objective", "direction" } do
    now[name] = options[name]
  end
  now.space, now.sampler, now.plan = options.space, options.sampler.name or "own", hash
  now.workers = options.workers
  local sessions = opened.known.sessions
  local changed = #sessions > 0 and changes(sessions[#sessions], now) or ""
  if changed ~= "" then
    shown:note(("%s: %s; the %d trials that are there stay"):format(
      options.name, changed, #opened.known.trials))
  end
  opened:begin(now)
  return now
end

-- The trials that have failed, as ones that wait.
local function failed_of(known)
  local list = {}
  for _, trial in ipairs(known.trials) do
    if conductor.failed(trial.state) then list[#list + 1] = trial end
  end
  return list
end

-- What is run: everything that the plan has, with `retry` failed trials too; or, with `only_failed`,
-- nothing else.
local function plan_of(options, known, hash, only_failed)
  if only_failed then return plan.again(failed_of(known)) end
  local made = plan.new(options, known, hash)
  if wishes.are("retry", options.store) then
    for _, trial in ipairs(failed_of(known)) do made:wait(trial) end
  end
  return made
end

-- The sweep's store: its folder, or one in memory, which goes on where it is.
local function open(options)
  if options.store then return store.open(options.store) end
  return options.kept or store.memory()
end

--- Runs what is to be run.
-- @param options of the sweep
-- @param study to be brought up to date
-- @param only_failed run what has failed, and nothing else?
-- @return true, or nil and a message when the store cannot be opened
function engine.run(options, study, only_failed)
  local how = options.workers == 0 and "inline" or "supervisor"
  local runner = require("sslkit.sweep." .. how)
  local opened, message = open(options)
  if not opened then return nil, message end
  local shown = view.new(options.name, options.progress)
  local _ <close> = setmetatable({}, {
    __close = function()
      opened.known:interrupt()
      shown:close()
      opened:close()
    end,
  })
  if wishes.are("resume", options.store) and #opened.known.trials == 0 then
    return nil, ("%s: there is no trial to go on from"):format(options.store or options.name)
  end
  study:_show(opened)
  local hash = hash_of(options)
  local now = begin(options, opened, hash, shown)
  local work = conductor.new(
    options, opened, plan_of(options, opened.known, hash, only_failed), shown, now)
  shown:watch(work.plan, function() return rank.leader(opened.known.history, options.direction) end)
  runner.run(work)
  study.interrupted, study.stopped = work.interrupted or false, work.stopped
  local left = options.trials and not work.stopped and not work.interrupted
    and work.plan:missing() or 0
  if left > 0 then
    shown:note(("%s: %d of %d configs: there are no more that are new and allowed"):format(
      options.name, options.trials - left, options.trials))
  end
  if work.stopped then shown:note(("%s: %s"):format(options.name, work.stopped)) end
  return true
end

--- Raises unless trials can be started in processes of their own.
-- @param options of the sweep
function engine.check(options)
  require("sslkit.sweep.inline").resolve(options.run) -- the module and the function must be there
  if options.workers == 0 then return end
  local ok, message = require("sslkit.sweep.launch").check(options)
  if not ok then check.raise("%s", message) end
end

return engine
