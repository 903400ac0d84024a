-- How a trial's process is started: the script that runs the sweep is run again, or, for a function that
-- is given by name, no script at all; with limits that the system keeps, where it has the tools.

local wishes = require "sslkit.sweep.wishes"

local launch = {}

local MISSING = "trials in processes of their own need the library luv; apt-get install lua-luv, "
  .. "or luarocks install luv; workers = 0 works without"
local NO_SCRIPT = "there is no script that a trial's process could run again: give run = "
  .. "\"module.function\", or workers = 0"

-- What a process may map beside the memory that a trial may use: libraries, and the stacks and
-- buffers of each thread of the BLAS. OpenBLAS hangs where it cannot have them.
local SPARE, A_THREAD = 256 << 20, 72 << 20

-- Kept, since luv crashes when it is collected and loaded again.
local luv

--- The library for processes.
-- @return module, or nil and a message
function launch.library()
  if luv then return luv end
  local found, module = pcall(require, "luv")
  if not found then return nil, MISSING end
  luv = module
  return luv
end

-- The words that come before and after the script's name on the command line; nil without a script.
local function script_of()
  local words = type(arg) == "table" and arg or {}
  local file = words[-1] and words[0] and io.open(words[0], "rb")
  if not file then return nil end
  file:close()
  local first, list = -1, {}
  while words[first - 1] do first = first - 1 end
  for i = first + 1, #words do list[#list + 1] = words[i] end -- but for the interpreter's name
  return list
end

--- Can trials be started?
-- @param options of the sweep
-- @return true, or nil and a message
function launch.check(options)
  local uv, message = launch.library()
  if not uv then return nil, message end
  if type(options.run) == "string" or script_of() then return true end
  return nil, NO_SCRIPT
end

--- How many trials there may be at a time.
-- @param threads of each
-- @return integer
function launch.workers(threads)
  local uv = launch.library()
  return uv and math.max(1, uv.available_parallelism() // threads) or 1
end

local function program(name)
  for folder in (os.getenv "PATH" or ""):gmatch "[^:]+" do
    local file = io.open(folder .. "/" .. name, "rb")
    if file then
      file:close()
      return folder .. "/" .. name
    end
  end
end

-- The tools that keep limits, as words in front of the command: a trial does not outlive the process
-- that watches over it, and cannot take more memory than it may.
local function limits(options)
  local words = {}
  local function add(tool, ...)
    local path = program(tool)
    if path then table.move({ path, ... }, 1, 1 + select("#", ...), #words + 1, words) end
  end
  if options.memory then
    local most = math.ceil(options.memory) + SPARE + A_THREAD * options.threads
    add("prlimit", ("--as=%d"):format(most), "--")
  end
  add("setpriv", "--pdeathsig", "KILL", "--")
  return words
end

local function environment(uv, options)
  local set = uv.os_environ()
  for _, name in ipairs { "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS" } do
    set[name] = tostring(options.threads)
  end
  set.LUA_PATH_5_4, set.LUA_CPATH_5_4 = package.path, package.cpath
  set.SSLKIT_SWEEP_STORE, set.SSLKIT_SWEEP_TURN = options.store, tostring(options.turn)
  if wishes.workers then set.SSLKIT_SWEEP_WORKERS = tostring(wishes.workers) end
  local list = {}
  for name, value in pairs(set) do list[#list + 1] = name .. "=" .. value end
  return list
end

--- The command of a trial's process; which trial it is, it is told over its channel.
-- @param options of the sweep
-- @return table {program, args = list, env = list}
function launch.command(options)
  local uv = assert(launch.library())
  local words = limits(options)
  words[#words + 1] = uv.exepath()
  local rest = type(options.run) == "string"
    and { "-e", "require('sslkit.sweep.worker').named()" } or script_of()
  table.move(rest, 1, #rest, #words + 1, words)
  return {
    program = words[1], args = table.move(words, 2, #words, 1, {}),
    env = environment(uv, options),
  }
end

return launch
