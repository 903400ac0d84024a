-- What a sweep shows while it runs, on stderr: on a terminal a summary and a line for each trial at
-- work, drawn in place; elsewhere a plain line now and then, and one for every failure.

local core = require "sslkit.core"
local text = require "sslkit.text"

local view = {}
local View = {}
View.__index = View

local FRAME = 0.1  -- seconds between two drawings
local LINE = 30    -- seconds between two lines, and
local SHARE = 0.05 -- the share of all trials that must have ended between them
local COLUMNS = 80

-- How to show it: as the caller wishes, or SSLKIT_PROGRESS, or by the stream.
local function mode_of(progress, stream)
  if progress == false then return "off" end
  local wish = os.getenv "SSLKIT_PROGRESS"
  if wish == "off" or wish == "lines" then return wish end
  local live = wish == "bar"
    or io.type(stream) == "file" and core.isatty(stream) and os.getenv "TERM" ~= "dumb"
  return live and "live" or "lines"
end

--- A view of a sweep that begins.
-- @param name of the sweep
-- @param progress false for none
-- @param stream file (stderr)
-- @return view
function view.new(name, progress, stream)
  stream = stream or io.stderr
  local now = core.clock()
  return setmetatable({
    name = name, stream = stream, mode = mode_of(progress, stream), running = {}, drawn = 0,
    ended = 0, failed = 0, begun = now, due = now + LINE, due_count = 0,
  }, View)
end

--- What it shows the state of.
-- @param plan of what to run
-- @param best function that gives the best trial so far, or nil
function View:watch(plan, best) self.plan, self.best = plan, best end

local function clock_text(seconds)
  local s = math.floor(seconds)
  if s < 3600 then return ("%02d:%02d"):format(s // 60, s % 60) end
  return ("%d:%02d:%02d"):format(s // 3600, s // 60 % 60, s % 60)
end

-- "12 done, 2 failed, 1 running, 25 left, best 41.2 (3fa2...), ETA 01:20"
local function summary(self)
  local parts = { ("%d done"):format(self.ended - self.failed) }
  local function add(format, ...) parts[#parts + 1] = format:format(...) end
  if self.failed > 0 then add("%d failed", self.failed) end
  if #self.running > 0 then add("%d running", #self.running) end
  local left = self.plan and self.plan:left()
  if left and left > 0 then add("%d left", left) end
  local best = self.best and self.best()
  if best then add("best %.6g (%s)", best.value, best.id) end
  local took = core.clock() - self.begun
  if left and left > 0 and self.ended > 0 then
    add("ETA %s", clock_text(took / self.ended * left))
  end
  return ("%s: %s"):format(self.name, table.concat(parts, ", "))
end

local function config_text(config)
  local names = {}
  for name in pairs(config) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for i, name in ipairs(names) do
    local v = config[name]
    local shown = math.type(v) == "float" and ("%.4g"):format(v) or tostring(v)
    names[i] = name .. "=" .. (type(v) == "table" and "..." or shown)
  end
  return table.concat(names, " ")
end

local function trial_text(entry)
  local at = entry.step and ("step %g: %.6g "):format(entry.step, entry.value) or ""
  return ("  %s %s %s%s"):format(
    entry.trial.id, clock_text(core.clock() - entry.begun), at, config_text(entry.trial.config))
end

local function wipe(self)
  if self.drawn > 0 then self.stream:write(("\x1b[%dA\r\x1b[J"):format(self.drawn)) end
  self.drawn = 0
end

local function draw(self)
  local columns = (io.type(self.stream) == "file" and core.columns(self.stream) or COLUMNS) - 1
  wipe(self)
  self.stream:write(text.cut(summary(self), columns), "\n")
  for _, entry in ipairs(self.running) do
    self.stream:write(text.cut(trial_text(entry), columns), "\n")
  end
  self.stream:flush()
  self.drawn = #self.running + 1
end

--- Draws it again when that is due.
function View:tick()
  local now = core.clock()
  if self.mode ~= "live" or now < (self.frame or 0) then return end
  self.frame = now + FRAME
  draw(self)
end

--- A line of its own.
-- @param line string
function View:note(line)
  if self.mode == "off" then return end
  wipe(self)
  local stamp = self.mode == "lines" and os.date "%Y-%m-%d %H:%M:%S " or ""
  self.stream:write(stamp, line, "\n")
  self.stream:flush()
end

--- A trial begins.
function View:started(trial)
  if self.mode == "off" then return end
  self.running[#self.running + 1] = { trial = trial, begun = core.clock() }
  self:tick()
end

--- A trial has told an intermediate value.
function View:reported(trial, step, value)
  for _, entry in ipairs(self.running) do
    if entry.trial.id == trial.id then entry.step, entry.value = step, value end
  end
  self:tick()
end

--- A trial has ended.
-- @param trial with its end
-- @param failed has it?
function View:finished(trial, failed)
  self.ended = self.ended + 1
  if failed then self.failed = self.failed + 1 end
  if self.mode == "off" then return end
  for i = #self.running, 1, -1 do
    if self.running[i].trial.id == trial.id then table.remove(self.running, i) end
  end
  if failed then
    self:note(("%s: trial %s: %s: %s"):format(self.name, trial.id, trial.state, trial.error or "?"))
  end
  local now = core.clock()
  if self.mode == "lines" and now >= self.due and self.ended >= self.due_count then
    self:note(summary(self))
    self.due = now + LINE
    self.due_count = self.ended + SHARE * (self.plan and self.plan:left() or 0)
  end
  self:tick()
end

--- The last word.
function View:close()
  if self.mode == "off" or self.closed then return end
  self.closed = true
  wipe(self)
  if self.ended > 0 then
    self:note(("%s in %s"):format(summary(self), clock_text(core.clock() - self.begun)))
  end
end

return view
