-- The loop: steps, and what comes with them: hooks, records, checkpoints, the end.

local check = require "sslkit.check"
local core = require "sslkit.core"
local guard = require "sslkit.train.guard"
local progress = require "sslkit.progress"
local record = require "sslkit.train.record"
local result = require "sslkit.train.result"
local step = require "sslkit.train.step"
local store = require "sslkit.train.store"

local run = {}

-- Calls a hook. What it returns: false stops the run, a table of numbers goes into the record. The
-- model is in training mode again behind it.
local function call_hook(self, name, ...)
  local hook = self.hooks[name]
  if not hook then return nil end
  local answer = core.callback(hook, self, ...)
  if not self.model.training then self.model:train() end
  if answer == false then self.stopped = true end
  if answer == nil or type(answer) == "boolean" then return nil end
  if type(answer) ~= "table" then
    check.raise("hook '%s' must return nothing, false or a table of numbers, got %s", name,
      check.kind(answer))
  end
  return record.numbers(answer)
end

local function save(self)
  store.save(self)
  call_hook(self, "checkpoint", self.checkpoint)
end

local function due(every, count) return every ~= "epoch" and count % every == 0 end

-- Behind a step: its hook, and a record where it is time for one, or the hook has something to say.
local function after_step(self, values)
  self.loss, self.values = values.loss, values
  record.add(self.means, values)
  local extra = call_hook(self, "step")
  if extra or due(self.log_every, self.step) then record.put(self, extra or {}) end
  if self.bar then self.bar:update(1):set { loss = values.loss } end
end

local function after_epoch(self)
  if self.batch == 0 then check.raise("data gave no batch in epoch %d", self.epoch) end
  local extra = call_hook(self, "epoch")
  if extra or self.log_every == "epoch" then record.put(self, extra or {}) end
  self.epoch, self.batch = self.epoch + 1, 0
end

-- A step, or the end of an epoch, or both.
local function advance(self)
  local values = step.take(self)
  local over = step.is_over(self)
  if values then after_step(self, values) end
  if over then after_epoch(self) end
  if self.checkpoint then
    local at_epoch = over and self.checkpoint_every == "epoch"
    if at_epoch or values and due(self.checkpoint_every, self.step) then save(self) end
  end
  if self.interrupt and core.interrupted() then self.interrupted = true end
end

local function is_done(self)
  return self.interrupted or self.stopped or self.steps and self.step >= self.steps
    or self.epochs and self.epoch > self.epochs
end

-- What the user is told after Ctrl-C or SIGTERM.
local function report_interrupt(self)
  local line = ("interrupted after step %d; "):format(self.step) .. (self.checkpoint
    and ("saved in %s: resume = true goes on from there"):format(self.checkpoint)
    or "not saved, for want of checkpoint = path")
  if self.bar then self.bar:write(line) else io.stderr:write(line, "\n") end
end

local function loop(self)
  while not is_done(self) do advance(self) end
  -- an interrupted run goes on where it is, in the middle of a record
  if not self.interrupted and next(self.means.sum) then record.put(self, {}) end
  if self.checkpoint and self.saved ~= store.place(self) then save(self) end
  if self.interrupted then report_interrupt(self) end
end

local function close(self)
  if self.bar then self.bar:close() end
  if self.log_is_ours then self.log:close() end
end

--- Runs to the end.
-- @param self run: options as options.read gives them, and the state that store.begin or store.load
-- has set
-- @return training, or nil and a message where the log cannot be opened
function run.go(self)
  local opened, ours = record.open(self.log, self.step)
  if self.log and not opened then return nil, ours end
  self.log, self.log_is_ours = opened, ours
  self.interrupted, self.stopped = false, false
  self.loss_of, self.loss, self.values = self.loss, nil, {}
  self.started = core.clock()
  core.peak_memory()
  local _ <close> = setmetatable({}, { __close = function() close(self) end })
  if not self.model.training then self.model:train() end
  if self.progress then
    local left = self.total and math.max(0, self.total - self.step)
    self.bar = progress.new(left, { label = "train", unit = "step" })
  end
  if self.interrupt then guard.deferring(loop, self) else loop(self) end
  self.model:eval()
  return result.new(self)
end

return run
