-- A log that TensorBoard shows: an event file in a folder of its own for each run.

local check = require "sslkit.check"
local core = require "sslkit.core"
local event = require "sslkit.log.event"
local image = require "sslkit.image"
local plain = require "sslkit.text.plain"
local record = require "sslkit.log.record"
local sink = require "sslkit.log.sink"

--- A log that TensorBoard shows.
-- @kind TensorboardLog, tensorboard
-- @field step integer: that of the last record
-- @field path string: the event file
-- @field folder string
local Board = sink.prototype "tensorboard"

local BUCKETS = 64
local NO_FOLDERS = "%s: making the folder needs LuaFileSystem (apt-get install lua-filesystem, or "
  .. "luarocks install luafilesystem)"

-- {== The file =============================================================================

-- Makes a folder and those above it. True, or nil and a message.
local function make_folder(path)
  local found, lfs = pcall(require, "lfs")
  if not found then return nil, NO_FOLDERS:format(path) end
  for stop in (path .. "/"):gmatch "()/" do
    local part = path:sub(1, stop - 1)
    if part ~= "" then
      local ok, message = lfs.mkdir(part)
      if not ok and lfs.attributes(part, "mode") ~= "directory" then
        return nil, ("%s: %s"):format(part, message)
      end
    end
  end
  return true
end

-- What a small file of the system says, or nil.
local function read_system(path, format)
  local file = io.open(path, "rb")
  local value = file and file:read(format)
  if file then file:close() end
  return value
end

-- TensorBoard wants "tfevents" in the name and reads the files of a folder by name: time, machine,
-- process, and a number that no file there bears yet.
local function new_path(folder)
  local host = read_system("/proc/sys/kernel/hostname", "l") or os.getenv "HOSTNAME" or "localhost"
  local process = read_system("/proc/self/stat", "n") or 0
  local stem = ("%s/events.out.tfevents.%010d.%s.%d."):format(folder, os.time(),
    host:gsub("[^%w.-]", "_"):sub(1, 64), process)
  local number = 0
  while core.file_size(stem .. number) do number = number + 1 end
  return stem .. number
end

-- Begins a file. After a write that failed, too: the end of the old one cannot be trusted.
function Board:_reopen()
  self.path = new_path(self.folder)
  local ok, message = sink.open(self, "wb")
  if not ok then return nil, message end
  ok, message = self.file:write(event.first(record.now()))
  if ok then ok, message = self.file:flush() end
  if ok then return self end
  sink.close(self)
  return nil, ("%s: %s"):format(self.path, message)
end

-- ==}

local tensorboard = {}

--- A log for TensorBoard (`tensorboard --logdir dir`): numbers and booleans of a record are scalars
-- in float32, strings are texts, and a nested field has the tag "outer/inner". A folder for each run;
-- each log begins a file of its own there.
-- @param dir string: the folder, which is made where it is missing
-- @return tensorboard log with `write` and `close`, as of `ssl.log.jsonl`, and `histogram`, `image`, `text`; or
-- nil and a message when there can be no such folder or file
-- @raise a dir that is no string; `write` raises for values that a log cannot hold, and when the disk
-- is full
-- @example select(2, ssl.log.tensorboard "/proc/none") --> /proc/none: No such file or directory
function tensorboard.tensorboard(dir)
  local self = setmetatable({ folder = sink.check_path(1, dir):gsub("(.)/+$", "%1") }, Board)
  if self.folder == "" then check.fail(1, "a folder expected, got an empty string") end
  local ok, message = make_folder(self.folder)
  if not ok then return nil, message end
  return self:_reopen()
end

--- Writes the fields of a record, each under its name.
-- @param fields table of names and values
-- @return the tensorboard log
-- @raise values that a log cannot hold; when the file cannot be written
-- @example local d = os.tmpname(); os.remove(d); local l = ssl.log.tensorboard(d):write{loss = 1}; os.remove(l.path); os.remove(d); return l.step --> 1
function Board:write(fields)
  local step, time = record.head(self, fields)
  local names, values = record.flat(fields)
  local parts = {}
  for i, name in ipairs(names) do
    local v, tag = values[name], plain.utf8(name)
    if type(v) == "boolean" then v = v and 1 or 0 end
    parts[i] = type(v) == "string" and event.text(tag, plain.utf8(v)) or event.scalar(tag, v)
  end
  sink.ready(self)
  if #parts > 0 then sink.put(self, event.values(time, step, table.concat(parts))) end
  self.step = step
  return self
end

--- Closes the log; a second call does nothing.
-- @return the tensorboard log
-- @example local d = os.tmpname(); os.remove(d); local l = ssl.log.tensorboard(d):close():close(); os.remove(l.path); os.remove(d); return io.type(l.file) --> nil
function Board:close() return sink.close(self) end

-- {== More than numbers ====================================================================

local function check_tag(tag)
  if type(tag) ~= "string" or tag == "" then
    check.fail(2, "tag must be a string, got %s", tag == "" and "an empty one" or check.kind(tag))
  end
  return plain.utf8(tag)
end

local function check_step(self, step)
  if step == nil then return self.step or 1 end
  return record.step(4, step)
end

local function put(self, step, value)
  sink.ready(self)
  sink.put(self, event.values(record.now(), step, value))
  return self
end

-- The elements that are finite, as float64 [n].
local function finite(t)
  t = core.detach(t):double():flatten()
  return (t:masked_select(core.isfinite(t)))
end

local function histogram_of(x)
  local least, most = x:amin():item(), x:amax():item()
  local unit = most - least < math.huge and 1 or 0.25 -- the width, too, must be a number
  local limits, counts = { most }, { #x }
  if least < most then
    local width = (most * unit - least * unit) / BUCKETS
    counts = x:mul(unit):histc(BUCKETS, least * unit, most * unit):totable()
    for i = 1, BUCKETS do limits[i] = (least * unit + i * width) / unit end
    limits[BUCKETS] = most
  end
  return {
    least = least, most = most, count = #x, sum = x:sum():item(), squares = x:dot(x):item(),
    limits = limits, counts = counts,
  }
end

--- Logs how the elements of a tensor are distributed: 64 buckets of one width.
-- @param tag string
-- @param t tensor of any shape and dtype; NaN and infinity are left out, and where nothing else is
-- left, nothing is written
-- @param step integer (that of the last record)
-- @return the tensorboard log
-- @raise a tag that is no string, something that is no tensor, a step that is no integer
-- @example local d = os.tmpname(); os.remove(d); local l = ssl.log.tensorboard(d):histogram("weights", ssl.randn(100)); os.remove(l.path); os.remove(d); return l.step --> nil
function Board:histogram(tag, t, step)
  tag, step = check_tag(tag), check_step(self, step)
  local x = finite(check.tensor(3, t))
  if #x == 0 then return self end
  return (put(self, step, event.histogram(tag, histogram_of(x))))
end

--- Logs a picture, or several side by side.
-- @param tag string
-- @param t tensor [C,H,W], [H,W] or [N,C,H,W], uint8, or float in 0..1, as of `ssl.image.save`
-- @param step integer (that of the last record)
-- @return the tensorboard log
-- @raise as ssl.image.save
-- @example local d = os.tmpname(); os.remove(d); local l = ssl.log.tensorboard(d):image("digits", ssl.rand(4, 1, 8, 8), 10); os.remove(l.path); os.remove(d); return l --> tensorboard log...
function Board:image(tag, t, step)
  tag, step = check_tag(tag), check_step(self, step)
  local ok, png = pcall(image.encode, t)
  if not ok then
    local why = tostring(png):match "bad [^(]*%((.*)%)$" -- argument, or self
    if why then check.fail(3, "%s", why) end
    error(png, 0)
  end
  return (put(self, step, event.image(tag, png)))
end

--- Logs a text, which TensorBoard shows as Markdown.
-- @param tag string
-- @param s string
-- @param step integer (that of the last record)
-- @return the tensorboard log
-- @raise a tag or text that is no string, a step that is no integer
-- @example local d = os.tmpname(); os.remove(d); local l = ssl.log.tensorboard(d):text("note", "lr **halved**", 10); os.remove(l.path); os.remove(d); return l --> tensorboard log...
function Board:text(tag, s, step)
  tag, step = check_tag(tag), check_step(self, step)
  if type(s) ~= "string" then check.fail(3, "string expected, got %s", check.kind(s)) end
  return (put(self, step, event.text(tag, plain.utf8(s))))
end

-- ==}

return tensorboard
