-- Several logs as one.

local check = require "sslkit.check"
local record = require "sslkit.log.record"

--- Several logs as one.
-- @kind JointLog, joint
-- @field step integer: that of the last record
-- @field logs list of logs
local All = { __name = "sslkit.log.all" }
All.__index = All

function All:__tostring()
  local parts = {}
  for i, log in ipairs(self.logs) do parts[i] = tostring(log) end
  return table.concat(parts, "\n")
end

local all = {}

--- One log that writes to several, with the same step and time in all of them.
-- @param logs list of logs, or of anything with `write` and `close`; a nil with a message, from a log
-- that did not open, is not let pass
-- @return joint log with `write`, `close`, and `histogram`, `image` and `text`, which go to those of the logs
-- that have them
-- @raise a list that holds something else, or nothing
-- @example ssl.log.all{ ssl.log.text(io.tmpfile()), ssl.log.text(io.tmpfile()) }:write{loss = 1}.step --> 1
function all.all(logs)
  if type(logs) ~= "table" then check.fail(1, "list of logs expected, got %s", check.kind(logs)) end
  local self, last = setmetatable({ logs = {} }, All), 0
  for at in pairs(logs) do
    if math.type(at) ~= "integer" or at < 1 then
      check.fail(1, "a list of logs holds logs only, got the key %s", check.kind(at))
    end
    last = math.max(last, at)
  end
  if last == 0 then check.fail(1, "list of logs expected, got an empty one") end
  for i = 1, last do
    local log = logs[i]
    if type(log) ~= "table" or type(log.write) ~= "function" or type(log.close) ~= "function" then
      check.fail(1, "log %d must be a log, got %s", i, check.kind(log))
    end
    self.logs[i] = log
    self.step = log.step and math.max(log.step, self.step or log.step) or self.step
  end
  return self
end

--- Writes a record to each log.
-- @param fields table of names and values
-- @return the joint log
-- @raise as the `write` of each
-- @example ssl.log.all{ ssl.log.text(io.tmpfile()) }:write{step = 9, loss = 1}:write{loss = 1}.step --> 10
function All:write(fields)
  local step, time = record.head(self, fields)
  local dated = { step = step, time = time }
  for name, v in pairs(fields) do
    if dated[name] == nil then dated[name] = v end
  end
  for _, log in ipairs(self.logs) do log:write(dated) end
  self.step = step
  return self
end

--- Closes all of them.
-- @return the joint log
-- @example local l = ssl.log.all{ ssl.log.text(io.tmpfile()) }; return rawequal(l, l:close()) --> true
function All:close()
  for _, log in ipairs(self.logs) do log:close() end
  return self
end

All.__close = All.close

-- Calls a method of the logs that have it.
local function pass(self, method, tag, value, step)
  local found = false
  if step == nil then step = self.step or 1 end
  for _, log in ipairs(self.logs) do
    if type(log[method]) == "function" then
      found = true
      log[method](log, tag, value, step)
    end
  end
  if not found then check.raise("none of these logs can hold this; ssl.log.tensorboard can") end
  return self
end

--- Hands a histogram to the logs that can hold it; see `ssl.log.tensorboard`.
-- @param tag string
-- @param t tensor
-- @param step integer (that of the last record)
-- @return the joint log
-- @raise when none of them can hold it
-- @example pcall(function() ssl.log.all{ ssl.log.text() }:histogram("w", ssl.ones(3)) end) --> false
function All:histogram(tag, t, step) return (pass(self, "histogram", tag, t, step)) end

--- Hands a picture to the logs that can hold it; see `ssl.log.tensorboard`.
-- @param tag string
-- @param t tensor [C,H,W], [H,W] or [N,C,H,W]
-- @param step integer (that of the last record)
-- @return the joint log
-- @raise when none of them can hold it
-- @example pcall(function() ssl.log.all{ ssl.log.text() }:image("x", ssl.ones(3, 3)) end) --> false
function All:image(tag, t, step) return (pass(self, "image", tag, t, step)) end

--- Hands a text to the logs that can hold it; see `ssl.log.tensorboard`.
-- @param tag string
-- @param s string
-- @param step integer (that of the last record)
-- @return the joint log
-- @raise when none of them can hold it
-- @example pcall(function() ssl.log.all{ ssl.log.text() }:text("note", "x") end) --> false
function All:text(tag, s, step) return (pass(self, "text", tag, s, step)) end

return all
