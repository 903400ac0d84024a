-- One step of training: gradients of one batch or several, made sure of, scaled, and followed.

local check = require "sslkit.check"
local clip = require "sslkit.optim.clip"
local core = require "sslkit.core"
local record = require "sslkit.train.record"
local T = require "sslkit.tensor"

local step = {}

-- {== Batches =============================================================================

-- What an iterator gives, as one table: its values in order, and by name. A function may give a table
-- of its own.
local function batch_of(data, ...)
  local first = ...
  if type(first) == "table" then return first end
  local batch = { ... }
  local views = type(data) == "table" and math.type(data.views) == "integer" and data.views or 1
  for v = 1, views do batch["x" .. v] = batch[v] end
  batch.x, batch.y, batch.index = first, batch[views + 1], batch[views + 2]
  return batch
end

-- The next batch, or nil at the end of an epoch. Iterators are called as the generic for calls them.
local function next_batch(run)
  local function given(first, ...)
    run.control = first
    if first == nil then return nil end
    run.batch = run.batch + 1
    return batch_of(run.data, first, ...)
  end
  return given(run.data(nil, run.control))
end

-- ==}

-- {== Gradients ===========================================================================

-- The loss on the tape, and all values as numbers.
local function evaluate(run, batch)
  local out = core.callback(run.loss_of, run.model, batch)
  local loss = out
  if type(out) == "table" then loss = out.loss end
  if not core.is_tensor(loss) or core.numel(loss) ~= 1 or not core.node(loss) then
    check.raise("the loss must be a tensor of one element that depends on parameters, got %s",
      core.is_tensor(loss) and core.numel(loss) == 1 and check.kind(loss) .. " off the tape"
        or check.kind(loss))
  end
  local values = record.numbers(type(out) == "table" and out or { loss = loss })
  return loss, values
end

local function is_finite(v) return v - v == 0 end

-- Adds up the gradients of up to `accumulate` batches, as `following` gives them. Gives their number
-- (0 at the end of an epoch), the means of the values, and whether the loss was finite.
local function add_gradients(run, following)
  local means, n = record.new(), 0
  while n < run.accumulate do
    local batch = following()
    if not batch then break end
    n = n + 1
    local loss, values = evaluate(run, batch)
    record.add(means, values)
    if not is_finite(values.loss) then break end
    loss:backward()
  end
  local values = {}
  for name, sum in pairs(means.sum) do values[name] = sum / means.count[name] end
  return n, values, n == 0 or is_finite(values.loss)
end

-- Gradients of n batches become those of their mean, no longer than `clip`. Gives their norm where
-- that is asked for.
local function scale(run, n)
  for _, p in ipairs(n > 1 and run.parameters or {}) do
    local g = T.grad(p)
    if g then core.mul_(g, 1 / n) end
  end
  return run.clip and clip.clip_grad_norm(run.parameters, run.clip)
end

-- The optimiser's step, with the gradients of the batches once more where it asks for them (sam).
local function advance(run, batches)
  if not run.optimizer.second_step then return (run.optimizer:step()) end
  return (run.optimizer:step(function()
    local i = 0
    local n = add_gradients(run, function()
      i = i + 1
      return batches[i]
    end)
    scale(run, n)
  end))
end

-- ==}

-- A step that came to nothing: an error, or counted.
local function not_finite(run, what, value)
  if run.on_nan == "skip" then
    run.skipped = run.skipped + 1
    return
  end
  local last = #run.recent > 0 and table.concat(run.recent, ", ") or "none"
  if value ~= value then value = "nan" end -- not -nan
  check.raise("%s is %s in step %d (epoch %d, lr %g); the losses before it: %s. "
    .. 'on_nan = "skip" passes over such steps', what, value, run.step, run.epoch,
    run.optimizer.lr, last)
end

local function remember(run, loss)
  table.insert(run.recent, ("%.6g"):format(loss))
  if #run.recent > 5 then table.remove(run.recent, 1) end
end

--- Takes a step, where the epoch has a batch left.
-- @param run table
-- @return the values of the step by name, or nil at the end of the epoch
function step.take(run)
  local batches = {}
  run.optimizer:zero_grad()
  local n, values, finite = add_gradients(run, function()
    local batch = next_batch(run)
    if run.optimizer.second_step then table.insert(batches, batch) end
    return batch
  end)
  if n == 0 then return nil end
  run.step = run.step + 1
  if not finite then
    not_finite(run, "the loss", values.loss)
    return {}
  end
  values.grad_norm = scale(run, n)
  if advance(run, batches) == false then
    not_finite(run, "a gradient", "not finite")
    return {}
  end
  if run.ema then run.ema:update() end
  remember(run, values.loss)
  return values
end

--- Is the epoch over? Where data tell their length this is known behind the last batch; the loader is
-- then told, too.
-- @param run table
-- @return boolean
function step.is_over(run)
  if run.control == nil then return true end
  if run.batch ~= run.length then return false end
  if next_batch(run) then check.raise("data gave more batches than #data, %d", run.length) end
  return true
end

return step
