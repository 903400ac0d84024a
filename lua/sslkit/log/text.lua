-- Records as plain lines for people to read, on stderr or another stream.

local check = require "sslkit.check"
local plain = require "sslkit.text.plain"
local record = require "sslkit.log.record"

--- A log of lines to be read while they come.
-- @kind TextLog, plain
-- @field step integer: that of the last record
-- @field stream file or progress bar
local Text = { __name = "sslkit.log.text" }
Text.__index = Text

function Text:__tostring()
  return "text log" .. (self.step and (", last step %d"):format(self.step) or "")
end

local function value_text(v)
  if v ~= v then return "nan" end
  if math.type(v) == "float" then return ("%.4g"):format(v) end
  return (tostring(v):gsub("%c+", " "))
end

local text = {}

--- A log of lines to be read while they come: `2026-01-31 12:00:00  step 10  acc/top1 0.93  loss 0.41`,
-- floats with 4 digits. It never closes the stream.
-- @param stream open file, or a progress bar, above which the lines then stand (stderr)
-- @return plain log with `write` and `close`, as of `ssl.log.jsonl`
-- @raise something that is no open file; `write` raises for values that a log cannot hold, and where
-- the stream cannot be written
-- @example local f = io.tmpfile(); ssl.log.text(f):write{step = 10, time = 0, loss = 0.41}; f:seek("set"); return f:read():sub(22) --> step 10 loss 0.41
function text.text(stream)
  if stream == nil then stream = io.stderr end
  local kind = io.type(stream)
  local bar = not kind and type(stream) == "table" and type(stream.write) == "function"
  if kind == "closed file" then check.fail(1, "open file expected, got a closed one") end
  if kind ~= "file" and not bar then
    check.fail(1, "open file or progress bar expected, got %s", check.kind(stream))
  end
  return setmetatable({ stream = stream, bar = bar }, Text)
end

--- Writes a record as a line.
-- @param fields table of names and values
-- @return the plain log
-- @raise values that a log cannot hold; when the stream cannot be written
-- @example local f = io.tmpfile(); return ssl.log.text(f):write{loss = 0.41}.step --> 1
function Text:write(fields)
  local step, time = record.head(self, fields)
  local names, values = record.flat(fields)
  local parts = { os.date("%Y-%m-%d %H:%M:%S", time // 1 | 0), "step " .. step }
  for i, name in ipairs(names) do
    parts[i + 2] = plain.utf8(name):gsub("%c+", " ") .. " " .. value_text(values[name])
  end
  local line = table.concat(parts, "  ")
  if self.bar then
    self.stream:write(line)
  else
    if io.type(self.stream) ~= "file" then check.raise "the stream is closed" end
    local ok, message = self.stream:write(line, "\n")
    if ok then ok, message = self.stream:flush() end
    if not ok then check.raise("%s", message) end
  end
  self.step = step
  return self
end

--- Does nothing: the stream is not the log's to close.
-- @return the plain log
-- @example io.type(ssl.log.text(io.stderr):close().stream) --> file
function Text:close() return self end

Text.__close = Text.close

return text
