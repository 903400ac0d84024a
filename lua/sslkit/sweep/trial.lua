-- What a trial's function gets beside its config.

local check = require "sslkit.check"
local core = require "sslkit.core"

local M = {}

--- A trial at work: who it is, and how it tells what it finds.
-- @kind Trial
-- @field id string: follows from the config
-- @field config table
-- @field seed integer: the default generator has begun with it
-- @field replicate integer: 1 to the sweep's seeds
-- @field number integer: that of the sampler's suggestion; 0 for a config of the caller's own
-- @field folder path: for what the trial leaves; nil for a sweep without a store
local Trial = { __name = "sslkit.sweep.trial" }
Trial.__index = Trial

-- A trial from its record, and a link to whoever keeps its books: {report = f(step, value), stop = f,
-- artefact = f(name)}.
function M.new(record, folder, link)
  return setmetatable({
    id = record.id, number = record.number, replicate = record.replicate, seed = record.seed,
    config = record.config, folder = folder, _link = link,
  }, Trial)
end

--- Reports an intermediate value of the objective, for pruners and curves.
-- @param step number
-- @param value number, or a tensor of one element
-- @return the trial
-- @raise anything else
-- @example ssl.sweep{ space = { lr = { 1, 2 } }, workers = 0, run = function(c, t) t:report(1, c.lr); return c.lr end }:trials()[1].reports[1][2] --> 1.0
function Trial:report(step, value)
  step = check.number(2, "step", step)
  if core.is_tensor(value) and core.numel(value) == 1 then value = core.item(value) end
  if type(value) ~= "number" then
    check.fail(3, "value must be a number or a tensor of one element, got %s", check.kind(value))
  end
  self._last = value
  self._link.report(math.tointeger(step) or step, value)
  return self
end

--- Does the sweep's pruner want the trial to end? Then `run` should return what it has; if it returns
-- nothing, the last report stands for it.
-- @return true or false
-- @example ssl.sweep{ space = { lr = { 1, 2 } }, workers = 0, run = function(c, t) return t:should_stop() and 0 or c.lr end }:best().value --> 2.0
function Trial:should_stop()
  self._stopped = self._link.stop()
  return self._stopped
end

--- What a trial that was asked to stop, and has returned nothing, stands for.
-- @return number or nil
function Trial:_left() return self._stopped and self._last or nil end

--- Keeps tensors, such as the weights of a model, in the trial's folder.
-- @param name of the file; without an extension it is a .npy for one tensor, a .safetensors for others
-- @param tensors tensor, or whatever else `ssl.save` takes: a table of tensors, a model
-- @return path
-- @raise a name that leads out of the folder, a sweep without a store, a file that cannot be written
-- @example ssl.sweep{ space = { lr = { 1 } }, workers = 0, run = function(c, t) return pcall(t.save, t, "w", ssl.ones(1)) and 1 or 0 end }:best().value --> 0.0
function Trial:save(name, tensors)
  if type(name) ~= "string" or name == "" or name:find "[/%z]" or name:find "^%." then
    check.fail(2, "name of a file expected, got %s", check.kind(name))
  end
  if not self.folder then check.raise "the sweep has no store to keep it in" end
  if not name:find "%.%w+$" then
    name = name .. (core.is_tensor(tensors) and ".npy" or ".safetensors")
  end
  local path = self.folder .. "/" .. name
  local ok, message = require("sslkit.io").save(path, tensors)
  if not ok then check.raise("%s", message) end
  self._link.artefact(name)
  return path
end

return M
