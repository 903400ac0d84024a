-- A log of one JSON object a line: the one to keep, since it holds every field as it is, whatever
-- fields other records have, and survives a process that is killed.

local check = require "sslkit.check"
local core = require "sslkit.core"
local json = require "sslkit.log.json"
local record = require "sslkit.log.record"
local sink = require "sslkit.log.sink"

--- A log of JSON lines.
-- @kind JsonlLog, jsonl
-- @field step integer: that of the last record
-- @field path string
local Jsonl = sink.prototype "jsonl"

local LONGEST = 1 << 20 -- bytes in which the last line is looked for
local BLANKS = (" "):rep(4096)

-- What a kill in the middle of a write has left of a line is blanked, and the next one follows the
-- blanks: so every line is JSON, and none of those before is touched.
local function blank(self, from, size)
  local file <close>, message = io.open(self.path, "r+b")
  if not file then return nil, message end
  local ok
  ok, message = file:seek("set", from)
  while ok and from < size do
    ok, message = file:write(BLANKS:sub(1, size - from))
    from = from + #BLANKS
  end
  if ok then ok, message = file:flush() end
  if not ok then return nil, ("%s: %s"):format(self.path, message) end
  return true
end

-- Looks at the end of a log that is there. Gives its last record, or false, and where a cut line
-- begins, or false when the end is whole, or nil when it lacks no more than its line break. Or nil
-- and a message.
local function last_record(self, size)
  local file <close>, message = io.open(self.path, "rb")
  if not file then return nil, message end
  local from = math.max(0, size - LONGEST)
  local tail, why = core.read_at(file, from, LONGEST)
  if not tail then return nil, ("%s: %s"):format(self.path, why) end
  local lines, rest = tail:match "^(.*\n)(.*)$"
  if not lines then lines, rest = "", tail end
  local whole = json.decode(rest)
  if whole then return whole, nil end
  local line = ("\n" .. lines):match "^.*\n([^\n]*%S[^\n]*)\n"
  local last = line and json.decode(line)
  local cut = rest:find "%S" and from + #lines
  local ours = not cut or rest:find "^%s*{" and (lines ~= "" or from == 0)
  if line and not last or not ours then
    return nil, self.path .. ": its last line is no JSON object; is this a log?"
  end
  return last or false, cut or false
end

-- Opens the file to go on behind its last step.
function Jsonl:_reopen()
  local size = core.file_size(self.path) or 0
  local ok, message, last, cut = true, nil, false, false
  if size > 0 then last, cut = last_record(self, size) end
  if last == nil then return nil, cut end
  if last then self.step = math.tointeger(last.step) or self.step end
  if cut then ok, message = blank(self, cut, size) end
  if ok then ok, message = sink.open(self, "ab") end
  if ok and cut == nil then self.file:write "\n" end
  return ok, message
end

local jsonl = {}

--- A log of JSON lines (JSON Lines, ndjson): one object a line, `step` and `time` first, the other
-- fields by name. A line is in the file before `write` returns. NaN and infinity, which JSON has no
-- words for, are null. pandas reads it by `read_json(path, lines=True)`, sslkit by `ssl.log.read`.
-- @param path string
-- @param options {append=true (go on with a file that is there, behind its last step, and wipe out
-- what a kill has left of a last line, false begins anew)}
-- @return jsonl log: `log:write{step = 10, loss = 0.4}`, where step (the last one plus 1) and time
-- (now, in Unix seconds) may be left out, values are numbers, strings, booleans, tensors of one
-- element and tables of them; `log:close()`, also by `<close>`. Or nil and a message when the file
-- cannot be written, or holds something else
-- @raise a path that is no string, unknown options; `write` raises for values that are none of
-- those, and when the disk is full
-- @example select(2, ssl.log.jsonl "/nowhere/a.jsonl") --> /nowhere/a.jsonl: No such file or directory
-- @example local p = os.tmpname(); local l = ssl.log.jsonl(p):write{loss = 0.5}:write{loss = 0.25}; os.remove(p); return l.step --> 2
function jsonl.jsonl(path, options)
  local self = setmetatable({ path = sink.check_path(1, path) }, Jsonl)
  options = check.options(2, options, { append = true })
  if options.append then return self:_reopen() end
  return sink.open(self, "wb")
end

--- Writes a record.
-- @param fields table of names and values
-- @return the jsonl log
-- @raise values that a log cannot hold; when the file cannot be written
-- @example local p = os.tmpname(); local l = ssl.log.jsonl(p):write{step = 7, loss = 1}; os.remove(p); return l.step --> 7
function Jsonl:write(fields)
  local step, time = record.head(self, fields)
  local line = json.encode(step, time, fields)
  sink.ready(self)
  sink.put(self, line .. "\n")
  self.step = step
  return self
end

--- Closes the log; a second call does nothing.
-- @return the jsonl log
-- @example local p = os.tmpname(); local l = ssl.log.jsonl(p):close():close(); os.remove(p); return io.type(l.file) --> nil
function Jsonl:close() return sink.close(self) end

return jsonl
