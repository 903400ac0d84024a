-- A trial's own process: it is told over its channel which trial it is, runs that one, and ends.

local check = require "sslkit.check"
local codec = require "sslkit.sweep.codec"
local inline = require "sslkit.sweep.inline"
local T = require "sslkit.tensor"
local trials = require "sslkit.sweep.trial"

local worker = {}

local CHANNEL = 3 -- the file descriptor

--- The store of the sweep whose trial this process is.
-- @return path, or nil in any other process
function worker.store() return (os.getenv "SSLKIT_SWEEP_STORE") end

--- The turn of that sweep among those that the script has in this store.
-- @return integer
function worker.turn() return math.tointeger(tonumber(os.getenv "SSLKIT_SWEEP_TURN")) or 1 end

local function send(uv, message)
  local text = codec.encode(message)
  while #text > 0 do
    local n = uv.fs_write(CHANNEL, text, -1)
    if not n then os.exit(false) end -- whoever watched over us is gone
    text = text:sub(n + 1)
  end
end

-- The next line from the channel, which is short and answers what we have asked.
local function receive(uv)
  local text = ""
  while not text:find "\n$" do
    local part = uv.fs_read(CHANNEL, 65536, -1)
    if not part or part == "" then os.exit(false) end
    text = text .. part
  end
  return codec.decode(text)
end

local function link_to(uv)
  return {
    report = function(step, value) send(uv, { kind = "report", step = step, value = value }) end,
    stop = function()
      send(uv, { kind = "ask" })
      return receive(uv).stop
    end,
    artefact = function(name) send(uv, { kind = "artefact", name = name }) end,
  }
end

-- So that, when memory runs out, the system ends this process and not the one that watches.
local function volunteer()
  local file <close> = io.open("/proc/self/oom_score_adj", "wb")
  if file then file:write "500" end
end

-- Runs the trial that the channel tells of, and ends the process.
local function serve(run)
  local uv = require "luv"
  for _, name in ipairs { "SSLKIT_SWEEP_STORE", "SSLKIT_SWEEP_TURN", "SSLKIT_SWEEP_WORKERS" } do
    uv.os_unsetenv(name) -- a sweep within the trial is its own affair
  end
  local settings = receive(uv)
  volunteer()
  T.set_threads(settings.threads)
  if settings.memory then T.set_memory_limit(math.ceil(settings.memory)) end
  local record = codec.decode(codec.encode(settings.trial))
  math.randomseed(record.seed)
  local trial = trials.new(record, settings.folder, link_to(uv))
  local result = inline.call(inline.resolve(run or settings.run), trial, settings)
  io.stdout:flush()
  if result.error then io.stderr:write(result.error, "\n") end
  result.kind = "result"
  send(uv, result)
  os.exit(result.state == "ok")
end

--- Runs this process's trial; does not return.
-- @param run the sweep's function
function worker.serve(run) serve(run) end

--- Runs this process's trial where its function is given by name; does not return.
function worker.named()
  if not worker.store() then check.raise "this is not a process of a trial" end
  serve()
end

return worker
