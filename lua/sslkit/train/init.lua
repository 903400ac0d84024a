-- Training: the loop that everybody writes, once and for all, with records, checkpoints that resume
-- to the bit, and an end that can be told from a failure.

local check = require "sslkit.check"
local read = require("sslkit.train.options").read
local run = require "sslkit.train.run"
local store = require "sslkit.train.store"
local T = require "sslkit.tensor"

local M = {}

-- The parameters that the optimiser moves.
local function parameters_of(self)
  local list = {}
  for _, group in ipairs(self.optimizer.groups or { { params = self.model:parameters() } }) do
    for _, p in ipairs(group.params) do list[#list + 1] = p end
  end
  return list
end

-- The checkpoint to resume from, or nil where there is none yet, and a run that may have been killed
-- before its first one begins anew.
local function resume_path(self)
  if self.resume ~= true then return self.resume or nil end
  local file, _, code = io.open(self.checkpoint, "rb")
  if file then file:close() end
  return (file or code ~= 2) and self.checkpoint or nil -- 2: there is no such file
end

--- Trains a model: for each batch of the data the loss, its gradients, a step of the optimiser.
-- The loss is called with the model and the batch, a table of what the data gave in their order, of
-- which the first is also `batch.x`; a loader's views are `x1`, `x2`, ..., its labels `y`, its numbers
-- of samples `index`. A function may give a table, which is the batch then. A run that was killed, or
-- interrupted, and is called again with resume goes on to the bit as if it had not been: weights,
-- optimiser, schedule, random numbers, order of the batches, average, history and log; a function
-- that gives batches and counts them itself has its count in `state`. A hook is called
-- with the run, a table of step, epoch, batch (its number in the epoch), loss, values, model,
-- optimizer, ema and history; where it returns false the run stops, and a table of numbers makes a
-- record. The model is left in evaluation mode.
-- @param options table: model = module; data = loader, or a function that gives the next batch and nil
-- at the end of an epoch; loss = function of model and batch that returns a tensor of one element, or a
-- table {loss = tensor, name = value, ...} of values to be recorded; optimizer = one, a function of the
-- parameters that makes one, a name, or {name, lr = number, ...}; schedule = function of the step, a
-- name, or {name, warmup = number, ...}, which knows lr and steps of the run; steps = when to end;
-- epochs = when to end, whichever comes first; accumulate = batches a step, whose gradients are averaged
-- (1); clip = largest norm of all gradients together; ema = one, or its momentum; hooks = {step=, epoch=,
-- checkpoint=} of functions, the last with the path behind the run; log = path for JSON lines, or a
-- log; log_every = steps in a record, which holds means over them, or "epoch" (10); checkpoint = path;
-- checkpoint_every = steps, or "epoch", and at the end in any case ("epoch"); keep = how many
-- checkpoints stay under their numbers, such as run-300.ckpt beside run.ckpt (0); resume = true, where
-- the file need not be there yet, or a path (false); state = {name = object} of what else belongs to
-- checkpoints, each with functions state and load_state; seed = of the default generator at the
-- beginning; on_nan = "raise" or "skip" where loss or gradients are not finite ("raise"); interrupt =
-- Ctrl-C or SIGTERM ends the run behind the step in progress, saves and returns (false); progress = show a bar (on a terminal)
-- @return training {steps, epochs, history = { {step=, epoch=, lr=, loss=, ...}, ... }, seconds,
-- peak_memory, peak_rss (bytes), skipped, interrupted, stopped, checkpoint, ema}; or nil and a message
-- when the checkpoint to resume from is damaged or does not fit, or the log cannot be opened
-- @raise wrong options; a loss that is not finite, with its step; a full disk
-- @example ssl.train{ model = ssl.nn.Linear(2, 1), data = function() return ssl.ones(3, 2) end, loss = function(m, b) return m(b.x):mean() end, optimizer = "sgd", steps = 7 }.steps --> 7
function M.train(options)
  local self = read(options)
  self.parameters = parameters_of(self)
  if self.schedule then
    if not self.optimizer.set_schedule then
      check.fail(1, "this optimizer takes no schedule: %s", check.kind(self.optimizer))
    end
    self.optimizer:set_schedule(self.schedule)
  end
  if self.seed then T.seed(self.seed) end
  store.begin(self)
  local path = resume_path(self)
  if path then
    local ok, message = store.load(self, path)
    if not ok then return nil, message end
  end
  local result, message = run.go(self)
  return result, message
end

return M
