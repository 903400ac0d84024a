-- What a run measures: means over the steps since the last record, kept in its history and written
-- to its log.

local check = require "sslkit.check"
local core = require "sslkit.core"
local log = require "sslkit.log"

local record = {}

local TAKEN = { step = true, epoch = true, time = true, lr = true }

-- A number, from a number or a tensor of one element.
local function number(name, v)
  if type(name) ~= "string" or TAKEN[name] then
    check.raise("'%s' cannot be the name of a value: step, epoch, time and lr are taken",
      tostring(name))
  end
  if core.is_tensor(v) and core.numel(v) == 1 then v = core.item(v) end
  if type(v) ~= "number" then
    check.raise("'%s' must be a number or a tensor of one element, got %s", name, check.kind(v))
  end
  return v
end

--- The numbers of a table by name, that of nothing empty.
-- @param values table of numbers and tensors of one element, or nil
-- @return table of numbers
function record.numbers(values)
  local out = {}
  for name, v in pairs(values or {}) do out[name] = number(name, v) end
  return out
end

--- Nothing measured yet.
-- @return table of sums and counts by name: plain data
function record.new() return { sum = {}, count = {} } end

--- Adds the values of a step.
-- @param means table that record.new gave
-- @param values table of numbers
function record.add(means, values)
  for name, v in pairs(values) do
    means.sum[name] = (means.sum[name] or 0.0) + v
    means.count[name] = (means.count[name] or 0) + 1
  end
end

--- Ends a record: it goes to the history and the log, and the means begin anew.
-- @param run table: step, epoch, optimizer, means, history, log
-- @param extra table of numbers that stand in this record alone
function record.put(run, extra)
  local entry = { step = run.step, epoch = run.epoch, lr = run.optimizer.lr }
  for name, sum in pairs(run.means.sum) do entry[name] = sum / run.means.count[name] end
  for name, v in pairs(extra) do entry[name] = v end
  run.means = record.new()
  run.history[#run.history + 1] = entry
  if run.log then run.log:write(entry) end
end

-- Takes the records behind a step out of a log of JSON lines: a run that was killed had come further
-- than the checkpoint from which it goes on. True, or nil and a message.
local function rewind(path, step)
  local file = io.open(path, "rb")
  if not file then return true end -- it is begun anew
  local text, message = file:read "a"
  file:close()
  if not text then return nil, ("%s: %s"):format(path, message) end
  local kept = {}
  for line in text:gmatch "[^\n]*\n" do
    local at = tonumber(line:match '^{"step":(%-?%d+)')
    if not at or at <= step then kept[#kept + 1] = line end
  end
  kept = table.concat(kept)
  return #kept == #text or core.write_atomic(path, { kept })
end

--- Opens the log of a run, which goes on behind a step (0: from the beginning).
-- @param given path, log or nil
-- @param step number of the last step that is done
-- @return log, and whether it is ours to close; nil where there is none; or nil and a message
function record.open(given, step)
  if type(given) ~= "string" then return given, false end
  local ok, message = true, nil
  if step > 0 then ok, message = rewind(given, step) end
  if not ok then return nil, message end
  local opened
  opened, message = log.jsonl(given, { append = step > 0 })
  if not opened then return nil, message end
  return opened, true
end

return record
