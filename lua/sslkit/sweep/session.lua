-- Where and with what a sweep is run: for its records.

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

--- What is known of this process.
-- @return table: host, pid, time, script, arguments, directory, commit (with -dirty where files have
-- changed), versions
function session.new()
  local build = T.build()
  local words = type(arg) == "table" and arg[-1] and arg or {}
  return {
    version = 1, directory = directory(), host = host(), pid = pid(), time = os.time(),
    script = words[0], arguments = table.move(words, 1, #words, 1, {}),
    commit = line_of "git describe --always --dirty --abbrev=40 --exclude '*'",
    versions = {
      sslkit = build.version, lua = build.lua, blas = build.blas, lapack = build.lapack,
      simd = build.simd, compiler = build.compiler,
    },
  }
end

return session
