-- Progress of loops on stderr: a live bar on a terminal, now and then a plain line elsewhere, so
-- that logs stay readable. The conventions are tqdm's.

local check = require "sslkit.check"
local core = require "sslkit.core"
local text = require "sslkit.text"

local progress = {}

--- A progress bar; `for ... in bar do` moves one that ssl.progress made of something to run through.
-- @kind Bar
-- @field n number: what is done
-- @field total number: the count that is everything, or nil
-- @luals operator len: integer
-- @luals overload fun(...): ...
local Bar = {}
Bar.__index = Bar

local FRAME = 0.1       -- seconds between two drawings of a bar
local LINE = 30         -- seconds between two lines, and
local SHARE = 0.05      -- the share of the whole that must be done between them
local SMOOTHING = 0.3   -- weight of the newest interval in the rate
local COLUMNS = 80      -- where neither terminal nor environment tells the width
local BLOCKS = { "▏", "▎", "▍", "▌", "▋", "▊", "▉" }

-- The bars on a terminal, by line from 1: an inner loop's bar stands below its outer one's. Weak,
-- so that the line of a bar that was forgotten unclosed becomes free again.
local open = setmetatable({}, { __mode = "v" })
local last_line = 0

-- How the environment wants progress shown, for a stream: SSLKIT_PROGRESS, or else by the terminal.
local function mode_of(stream)
  local wish = os.getenv "SSLKIT_PROGRESS"
  if wish == nil or wish == "" then wish = "auto" end
  check.one_of(2, "SSLKIT_PROGRESS", wish, { "auto", "bar", "lines", "off" })
  if wish ~= "auto" then return wish end
  return io.type(stream) == "file" and core.isatty(stream) and os.getenv "TERM" ~= "dumb"
    and "bar" or "lines"
end

-- 75 -> "01:15", 3675 -> "1:01:15"
local function clock_text(seconds)
  local s = math.floor(seconds)
  if s < 3600 then return ("%02d:%02d"):format(s // 60, s % 60) end
  return ("%d:%02d:%02d"):format(s // 3600, s // 60 % 60, s % 60)
end

-- 1234567 -> "1.23M" where counts are scaled, "1234567" where not.
local function count_text(bar, n)
  if not bar.scale then return (math.type(n) == "integer" and "%d" or "%.4g"):format(n) end
  local sign = n < 0 and "-" or ""
  n = math.abs(n)
  for _, prefix in ipairs { "", "k", "M", "G", "T", "P" } do
    if n < 999.5 then
      local digits = prefix == "" and n % 1 == 0 and 0 or n < 9.995 and 2 or n < 99.95 and 1 or 0
      return ("%s%." .. digits .. "f%s"):format(sign, n, prefix)
    end
    n = n / 1000
  end
  return ("%s%.3gE"):format(sign, n)
end

local function rate_text(bar, rate)
  if not rate or rate <= 0 or rate == math.huge then return "?" .. bar.unit .. "/s" end
  if rate < 1 then return ("%5.2fs/%s"):format(1 / rate, bar.unit) end
  if bar.scale then return count_text(bar, rate) .. bar.unit .. "/s" end
  return ("%5.2f%s/s"):format(rate, bar.unit)
end

-- ", loss=0.41": the fields by name
local function fields_text(bar)
  local names, parts = {}, {}
  for name in pairs(bar.fields) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    local value = bar.fields[name]
    local shown = math.type(value) == "float" and ("%.4g"):format(value) or tostring(value)
    parts[i] = (", %s=%s"):format(name, shown)
  end
  return table.concat(parts)
end

local function share_of(bar)
  if not bar.total then return nil end
  return bar.total > 0 and math.max(0, math.min(bar.n / bar.total, 1)) or 1
end

-- "37/100 [00:12<00:20,  3.05it/s, loss=0.41]", or "37it [00:12,  3.05it/s]" with an unknown total
local function status_text(bar, now, rate)
  local elapsed = clock_text(now - bar.started)
  local counts, times
  if bar.total then
    local left = rate and rate > 0 and clock_text(math.max(bar.total - bar.n, 0) / rate) or "?"
    counts = count_text(bar, bar.n) .. "/" .. count_text(bar, bar.total)
    times = elapsed .. "<" .. left
  else
    counts, times = count_text(bar, bar.n) .. bar.unit, elapsed
  end
  return ("%s [%s, %s%s]"):format(counts, times, rate_text(bar, rate), fields_text(bar))
end

local function blocks(bar, share, width)
  if not bar.unicode then
    local full = math.floor(share * width)
    return ("#"):rep(full) .. (" "):rep(width - full)
  end
  local eighths = math.floor(share * width * 8)
  local full, part = eighths // 8, eighths % 8
  local partial = BLOCKS[part] or ""
  return ("█"):rep(full) .. partial .. (" "):rep(width - full - (part > 0 and 1 or 0))
end

-- The whole line, one column narrower than the terminal, which might wrap after its last one.
local function bar_text(bar, now, rate)
  local columns = bar.columns or io.type(bar.stream) == "file" and core.columns(bar.stream)
  columns = (columns or tonumber(os.getenv "COLUMNS") or COLUMNS) - 1
  local label = bar.label ~= "" and bar.label .. ": " or ""
  local status = status_text(bar, now, rate)
  local share = share_of(bar)
  if not share then return text.cut(label .. status, columns) end
  local left, right = ("%s%3d%%|"):format(label, math.floor(share * 100)), "| " .. status
  local width = columns - text.width(left) - text.width(right)
  if width < 1 then return text.cut(left:sub(1, -2) .. right:sub(2), columns) end
  return left .. blocks(bar, share, width) .. right
end

-- Draws a bar on its own line and brings the cursor back to the first one.
local function draw(bar, now, rate)
  local down = bar.line - 1
  bar.stream:write(("\n"):rep(down), "\r", bar_text(bar, now, rate), "\x1b[K",
    down > 0 and ("\x1b[%dA\r"):format(down) or "")
  bar.stream:flush()
end

-- Wipes all bars, puts a line in their place (when there is one), and draws them again below it.
local function redraw(stream, line)
  stream:write("\r\x1b[J", line and line .. "\n" or "")
  for at = 1, last_line do
    local bar = open[at]
    if bar and bar.stream == stream then draw(bar, bar.clock(), bar.rate) end
  end
  stream:flush()
end

local function print_line(bar, line)
  local stamp = os.date "%Y-%m-%d %H:%M:%S"
  local label = bar.label ~= "" and bar.label .. ": " or ""
  bar.stream:write(stamp, " ", label, line, "\n")
  bar.stream:flush()
end

-- The rate over the latest intervals. Both averages carry the same weights, which their ratio
-- cancels.
local function observe(bar, now)
  bar.mean_n = SMOOTHING * (bar.n - bar.seen_n) + (1 - SMOOTHING) * bar.mean_n
  bar.mean_t = SMOOTHING * (now - bar.seen_t) + (1 - SMOOTHING) * bar.mean_t
  bar.seen_n, bar.seen_t = bar.n, now
  bar.rate = bar.mean_t > 0 and bar.mean_n / bar.mean_t or nil
end

local function show(bar, now)
  observe(bar, now)
  if bar.mode == "bar" then
    draw(bar, now, bar.rate)
    bar.due = now + FRAME
  elseif bar.n >= bar.due_n then
    local share = share_of(bar)
    local percent = share and ("%d%% "):format(math.floor(share * 100)) or ""
    print_line(bar, percent .. status_text(bar, now, bar.rate))
    bar.due, bar.due_n = now + LINE, bar.n + SHARE * (bar.total or 0)
  end
end

local function begin(bar)
  local now = bar.clock()
  bar.n, bar.started, bar.closed = 0, now, false
  bar.seen_n, bar.seen_t, bar.mean_n, bar.mean_t, bar.rate = 0, now, 0, 0, nil
  bar.due = bar.mode == "off" and math.huge or now + (bar.mode == "lines" and LINE or FRAME)
  bar.due_n = SHARE * (bar.total or 0)
  if bar.mode == "bar" then
    bar.line = 1
    while open[bar.line] do bar.line = bar.line + 1 end
    open[bar.line] = bar
    last_line = math.max(last_line, bar.line)
    draw(bar, now, nil)
  end
  return bar
end

local function check_options(total, options)
  local self = check.options(2, options,
    { label = "", unit = "it", scale = false, clock = core.clock },
    { stream = true, leave = true, columns = true, total = true })
  self.stream = self.stream or io.stderr
  if total == nil then total = self.total end
  if total ~= nil then check.number(1, "total", total, 0) end
  self.total, self.fields, self.label = total, {}, tostring(self.label)
  self.mode, self.unicode = mode_of(self.stream), text.unicode()
  return setmetatable(self, Bar)
end

--- A bar to be moved by hand.
-- @param total the count that is everything (unknown: no percentage, no end in sight)
-- @param options table: label (""); unit ("it"); scale = counts as 1.2k, 3.4M (false); stream
-- (stderr); leave = does the finished bar stay on the terminal (true for an outermost bar); columns
-- = width (the terminal's); clock = function that tells seconds (the system's); total = the same as
-- the argument (unknown)
-- @return bar: bar:update(n), bar:set{name = value}, bar:write(line), bar:close(), also by <close>
-- @raise unknown options
-- @example ssl.progress.new(3, {stream = io.tmpfile()}):update(2):close().n --> 2
function progress.new(total, options)
  return begin(check_options(total, options))
end

--- Moves on.
-- @param by count (1)
-- @return the bar
-- @example ssl.progress.new(9, {stream = io.tmpfile()}):update(4):update().n --> 5
function Bar:update(by)
  self.n = self.n + (by or 1)
  local now = self.clock()
  if now >= self.due and not self.closed then show(self, now) end
  return self
end

--- Sets values that are shown behind the rate.
-- @param fields table of name = value; floats are shown with 4 digits
-- @return the bar
-- @example ssl.progress.new(9, {stream = io.tmpfile()}):set{ loss = 0.41 }.fields.loss --> 0.41
function Bar:set(fields)
  if type(fields) ~= "table" then
    check.fail(2, "table of fields expected, got %s", check.kind(fields))
  end
  for name, value in pairs(fields) do self.fields[tostring(name)] = value end
  return self
end

--- Writes a line above the bars.
-- @param line string
-- @return the bar
-- @example ssl.progress.new(9, {stream = io.tmpfile()}):write("halfway").n --> 0
function Bar:write(line)
  if self.mode == "bar" then
    redraw(self.stream, tostring(line))
  else
    self.stream:write(tostring(line), "\n")
    self.stream:flush()
  end
  return self
end

--- Ends the bar with its average rate; a second call does nothing.
-- @return the bar
-- @example ssl.progress.new(9, {stream = io.tmpfile()}):close().closed --> true
function Bar:close()
  if self.closed then return self end
  self.closed = true
  local now = self.clock()
  local rate = now > self.started and self.n / (now - self.started) or nil
  if self.mode == "bar" then
    local leave = self.leave
    if leave == nil then leave = self.line == 1 end
    open[self.line] = nil
    redraw(self.stream, leave and bar_text(self, now, rate) or nil)
  elseif self.mode == "lines" then
    local counts = count_text(self, self.n)
    counts = self.total and counts .. "/" .. count_text(self, self.total) or counts .. self.unit
    local took, speed = clock_text(now - self.started), rate_text(self, rate):match "^ *(.*)"
    print_line(self, ("%s in %s, %s%s"):format(counts, took, speed, fields_text(self)))
  end
  return self
end

function Bar:__close() self:close() end

function Bar:__len() return self.total or 0 end

local function deliver(bar, first, ...)
  if first == nil then
    bar:close()
    return nil
  end
  return first, ...
end

-- The generic for calls the bar with no control value when it begins; every later call tells that
-- the step before is done.
function Bar:__call(state, control)
  if control ~= nil then
    self:update(1)
  elseif self.closed then
    begin(self)
  end
  return deliver(self, self.iterate(state, control))
end

-- The iterator over a count, a list, or what is an iterator already; and its length where known.
local function iterator_of(what)
  if math.type(what) == "integer" or type(what) == "number" and math.tointeger(what) then
    local last = check.integer(1, "count", what, 0)
    return function(_, i)
      i = (i or 0) + 1
      if i <= last then return i end
    end, last
  end
  local meta = getmetatable(what)
  if type(what) == "function" or type(meta) == "table" and meta.__call then
    return what, type(meta) == "table" and meta.__len and #what or nil
  end
  if type(what) == "table" then
    return function(_, i)
      i = (i or 0) + 1
      if what[i] ~= nil then return i, what[i] end
    end, #what
  end
  check.fail(1, "count, list or iterator expected, got %s", check.kind(what))
end

--- Progress of a loop: `for i in progress(100) do`, `for i, v in progress(list) do`, and
-- `for x, y in progress(loader) do`, which gives what the loader gives. To show values, keep the
-- bar: `local bar = progress(loader, {label = "train"}); for x, y in bar do ... bar:set{loss = l}
-- end`. SSLKIT_PROGRESS = auto | bar | lines | off overrides what the terminal suggests.
-- @param what count, list, loader or other iterator function
-- @param options table: total = count, where `what` cannot tell it; and those of `progress.new`
-- @return bar, to stand in a generic for
-- @raise something that cannot be run through, unknown options
-- @example for i in ssl.progress(9, {stream = io.tmpfile()}) do return i end --> 1
local function run(_, what, options)
  local iterate, total = iterator_of(what)
  local bar = check_options(total, options)
  bar.iterate = iterate
  begin(bar)
  return bar, nil, nil, bar -- the last one is closed by the for, on break and on errors too
end

return setmetatable(progress, { __call = run })
