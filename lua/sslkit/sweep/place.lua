-- Which folder a sweep is kept in, and what it is called: the same in the process that runs it and in
-- those of its trials.

local check = require "sslkit.check"
local wishes = require "sslkit.sweep.wishes"

local place = {}

local MISSING = "a sweep's folder needs the library LuaFileSystem; apt-get install lua-filesystem, "
  .. "or luarocks install luafilesystem"

-- The script's name without its folder and ending.
local function default_name()
  local script = type(arg) == "table" and arg[-1] and arg[0]
  return script and script:match "([^/]+)$":gsub("%.lua$", "") or "sweep"
end

local function check_string(what, v)
  if type(v) ~= "string" or v == "" or v:find "%z" then
    check.fail(1, "%s must be a string, got %s", what, check.kind(v))
  end
  return v
end

--- The library for folders; raises where it is missing.
-- @return module
function place.lfs()
  local found, lfs = pcall(require, "lfs")
  if found then return lfs end
  check.raise(MISSING)
end

--- A path that means the same from wherever it is looked at.
-- @param path string
-- @return string
function place.absolute(path)
  if path:sub(1, 1) ~= "/" then path = place.lfs().currentdir() .. "/" .. path end
  return (path:gsub("/%.%f[/%z]", ""):gsub("/+", "/"):gsub("(.)/$", "%1"))
end

--- The name of a sweep.
-- @param given options of the caller
-- @return string
function place.name(given)
  local name = check_string("name", given.name == nil and default_name() or given.name)
  if name:find "[/%c]" then
    check.fail(1, "name must be without slashes and control characters, got %s", check.kind(name))
  end
  return name
end

--- How many processes there shall be, where that is said: by the command line, the environment, or the
-- caller.
-- @param given options of the caller
-- @return number or nil
function place.workers(given)
  local said = os.getenv "SSLKIT_SWEEP_WORKERS"
  return wishes.workers or said and tonumber(said) or given.workers
end

--- The folder: trials in other processes need one; without them and without a name for it, nothing is
-- kept.
-- @param given options of the caller
-- @return absolute path, or nil
function place.of(given)
  local path = given.store
  if path == nil and place.workers(given) ~= 0 then path = "sweeps/" .. place.name(given) end
  if path == nil then return nil end
  return (place.absolute(check_string("store", path)))
end

return place
