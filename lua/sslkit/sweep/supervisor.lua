-- Trials in processes of their own, several at a time: whatever becomes of one, it is a trial with an
-- end, and the sweep goes on.

local core = require "sslkit.core"
local guard = require "sslkit.train.guard"
local launch = require "sslkit.sweep.launch"
local process = require "sslkit.sweep.process"
local verdict = require "sslkit.sweep.verdict"

local supervisor = {}

local TICK = 100   -- milliseconds between looks at clocks, memory and Ctrl-C
local GRACE = 5    -- seconds from being asked to end to being ended

-- {== Messages =============================================================================

local handle = {}

function handle.report(self, p, message)
  self.conductor:report(p.trial, math.tointeger(message.step) or message.step, message.value)
end

function handle.ask(self, p) p:send { stop = self.conductor:judge(p.trial) } end

function handle.artefact(self, p, message) self.conductor:artefact(p.trial, message.name) end

function handle.result(_, p, message) p.result = message end

local function listen(self, p)
  for message in p:messages() do
    local f = handle[message.kind]
    if f then f(self, p, message) end
  end
end

-- ==}

-- {== Starting and ending ===================================================================

-- Starts the next trial; false when there is none.
local function start(self)
  self.conductor:look()
  local trial, folder = self.conductor:next()
  if not trial then return false end
  local options = self.conductor.options
  local settings = {
    run = type(options.run) == "string" and options.run or nil, objective = options.objective,
    metrics = options.metrics, threads = options.threads, memory = options.memory,
  }
  local p, message = process.start(self.uv, self.command, trial, folder, settings)
  if p then
    self.running[#self.running + 1] = p
  else
    self.conductor:finish(trial, { state = "error", error = message, seconds = 0 })
  end
  return true
end

local function fill(self)
  while #self.running < self.conductor.options.workers and not self.conductor.interrupted do
    if not start(self) then break end
  end
end

-- Ends a process that has gone too far: first it is asked to, then it has no choice.
local function stop(p, why)
  if not p.stopped then
    p.stopped, p.stopped_at = why, core.clock()
    p:kill "sigterm"
  elseif core.clock() - p.stopped_at > GRACE then
    p:kill "sigkill"
  end
end

local function watch(self, p)
  local options = self.conductor.options
  if p.over then return end
  if p.stopped then return stop(p) end
  if options.timeout and core.clock() - p.begun > options.timeout then return stop(p, "timeout") end
  local used = p:memory()
  if options.memory and used > options.memory then stop(p, "oom") end
end

-- Enters those that are over. One that was stopped by Ctrl-C has no end, and is run again some day.
local function reap(self)
  for i = #self.running, 1, -1 do
    local p = self.running[i]
    listen(self, p)
    if p:is_over() then
      listen(self, p)
      table.remove(self.running, i)
      p:close()
      if p.stopped ~= "interrupt" or p.result then
        self.conductor:finish(p.trial, verdict.of(p, self.conductor.options))
      end
    end
  end
end

-- ==}

-- {== Ctrl-C ===============================================================================

-- The first lets the running trials end, or asks them to; the second ends them.
local function press(self)
  local work = self.conductor
  self.pressed = self.pressed + 1
  work.interrupted = true
  if self.pressed == 1 and work.options.interrupt == "drain" then
    work.view:note(("%s: no more trials are started; Ctrl-C again ends those that run"):format(
      work.options.name))
    return
  end
  for _, p in ipairs(self.running) do
    p.stopped, p.stopped_at = p.stopped or "interrupt", core.clock()
    p:kill(self.pressed == 1 and "sigterm" or "sigkill")
  end
end

-- ==}

local function loop(self)
  local seen = 0
  fill(self)
  while #self.running > 0 do
    self.uv.run "once"
    reap(self)
    if self.ticks > seen then
      seen = self.ticks
      for _, p in ipairs(self.running) do watch(self, p) end
      local pressed = self.conductor.options.interrupt and core.interrupted() or 0
      for _ = 1, pressed do press(self) end
      self.conductor.view:tick()
    end
    fill(self)
  end
end

-- Leaves nothing behind, not even after an error.
local function close(self)
  for _, p in ipairs(self.running) do p:kill "sigkill" end
  for _, p in ipairs(self.running) do
    while not p.over do self.uv.run "once" end
    p:close()
  end
  self.timer:close()
  self.pipe:close()
  self.uv.run "nowait" -- what is closed is gone after one more turn
end

--- Runs what there is.
-- @param work the conductor, who keeps the books
function supervisor.run(work)
  local uv = assert(launch.library())
  local self = {
    uv = uv, conductor = work, command = launch.command(work.options), running = {}, ticks = 0,
    pressed = 0, timer = uv.new_timer(), pipe = uv.new_signal(),
  }
  local _ <close> = setmetatable({}, { __close = function() close(self) end })
  self.timer:start(TICK, TICK, function() self.ticks = self.ticks + 1 end)
  self.pipe:start("sigpipe", function() end) -- a trial may be gone when it is answered
  self.pipe:unref()
  if work.options.interrupt then guard.deferring(loop, self) else loop(self) end
end

return supervisor
