-- Where and with what a sweep is run: for its records.

local sha256 = require "sslkit.sweep.sha256"
local T = require "sslkit.tensor"

local session = {}

-- The first line that a command prints, or nil.
local function line_of(command)
  local pipe = io.popen(command .. " 2>/dev/null")
  local line = pipe and pipe:read "l"
  if pipe then pipe:close() end
  return line ~= "" and line or nil
end

local function host()
  local file <close> = io.open("/proc/sys/kernel/hostname", "rb")
  return file and file:read "l" or line_of "hostname" or "localhost"
end

-- The number of this process, as its own children see it.
local function pid()
  local file <close> = io.open("/proc/self/stat", "rb")
  return file and math.tointeger(file:read "n") or math.tointeger(tonumber(line_of "echo $PPID"))
end

-- Where the script is run, so that it can be run there again.
local function directory()
  local found, lfs = pcall(require, "lfs")
  return found and lfs.currentdir() or nil
end

-- Short enough to be read, long enough to tell two texts apart.
local function hash_of(text) return text and sha256(text):sub(1, 12) end

local function words_of_command() return type(arg) == "table" and arg[-1] and arg or {} end

--- The text of the script that runs the sweep.
-- @return string; nil without a script
function session.script()
  local path = words_of_command()[0]
  local file <close> = path and io.open(path, "rb") or nil
  return file and file:read "a"
end

--- What is known of this process.
-- @return table: host, pid, time, script, code = a hash of its text, arguments, directory, commit (with
-- -dirty where files have changed), versions
function session.new()
  local build = T.build()
  local words, text = words_of_command(), session.script()
  return {
    version = 1, directory = directory(), host = host(), pid = pid(), time = os.time(),
    script = words[0], code = hash_of(text), arguments = table.move(words, 1, #words, 1, {}),
    commit = line_of "git describe --always --dirty --abbrev=40 --exclude '*'",
    versions = {
      sslkit = build.version, lua = build.lua, blas = build.blas, lapack = build.lapack,
      simd = build.simd, compiler = build.compiler,
    },
  }
end

--- The same with another text of its script.
-- @param before what was known
-- @param text of the script; nil when it is gone
-- @return table
function session.again(before, text)
  local now = {}
  for name, v in pairs(before) do now[name] = v end
  now.time, now.code = os.time(), hash_of(text)
  return now
end

return session
