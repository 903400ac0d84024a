-- What ssl.train returns, and how it prints.

local core = require "sslkit.core"

local result = {}

--- What a run has come to.
-- @kind Training, training
-- @field steps integer
-- @field epochs integer: those that were completed
-- @field history list of records
-- @field seconds number: those before a resume included
-- @field peak_memory integer: bytes, of tensors and all else in Lua, garbage included
-- @field peak_rss integer: bytes, of the process since its start
-- @field skipped integer: steps left out because something was not finite
-- @field interrupted boolean: by Ctrl-C or SIGTERM
-- @field stopped boolean: by a hook
-- @field checkpoint string: path, or nil
-- @field ema ema: the moving average of the model, or nil
local Result = { __name = "sslkit.train.result" }

local function plural(n, word) return ("%d %s%s"):format(n, word, n == 1 and "" or "s") end

local function size_text(bytes) return ("%.1f MiB"):format(bytes / 2 ^ 20) end

-- Adds to a list {name, "first -> last"} for each value, from the first and the last record that
-- have it.
local function add_changes(list, history)
  local first, last, names = {}, {}, {}
  for _, entry in ipairs(history) do
    for name, v in pairs(entry) do
      if first[name] == nil and name ~= "step" and name ~= "epoch" then
        first[name], names[#names + 1] = v, name
      end
      last[name] = v
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    list[#list + 1] = { name, ("%.4g -> %.4g"):format(first[name], last[name]) }
  end
end

function Result:__tostring()
  local ending = self.interrupted and ", interrupted" or self.stopped and ", stopped" or ""
  local lines = {
    ("training: %s, %s, %.1f s%s"):format(plural(self.steps, "step"),
      plural(self.epochs, "epoch"), self.seconds, ending),
  }
  local list, width = {}, 0
  add_changes(list, self.history)
  if self.skipped > 0 then list[#list + 1] = { "skipped", plural(self.skipped, "step") } end
  list[#list + 1] = { "peak memory", ("%s (%s resident)"):format(size_text(self.peak_memory),
    size_text(self.peak_rss)) }
  if self.checkpoint then list[#list + 1] = { "checkpoint", self.checkpoint } end
  for _, entry in ipairs(list) do width = math.max(width, #entry[1]) end
  for _, entry in ipairs(list) do
    lines[#lines + 1] = ("  %s%s  %s"):format(entry[1], (" "):rep(width - #entry[1]), entry[2])
  end
  return table.concat(lines, "\n")
end

--- The result of a run that has ended.
-- @param run table
-- @return training
function result.new(run)
  return setmetatable({
    steps = run.step, epochs = run.epoch - 1, history = run.history,
    seconds = run.seconds + core.clock() - run.started,
    peak_memory = core.peak_memory(), peak_rss = core.peak_rss(),
    skipped = run.skipped, interrupted = run.interrupted, stopped = run.stopped,
    checkpoint = run.checkpoint, ema = run.ema,
  }, Result)
end

return result
