-- Which folder a sweep is kept in, and what it is called: the same in the process that runs it and in
-- those of its trials.

local check = require "sslkit.check"
local json = require "sslkit.text.json"
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
  if name:find "[/%c]" or name:find "^%.%.?$" then
    check.fail(1, "name must be that of a folder, without slashes and control characters, got %s",
      check.kind(name))
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

-- What this process has asked for so far: by folder, a list of spaces.
local asked = {}

-- The place of a space among those that were asked for in a folder.
local function turn_of(path, given)
  local ok, name = pcall(json.encode, given)
  local spaces = asked[path] or {}
  asked[path] = spaces
  for i, known in ipairs(spaces) do
    if known == (ok and name) then return i end
  end
  spaces[#spaces + 1] = ok and name
  return #spaces
end

--- The folder: trials in other processes need one; without them and without a name for it, nothing is
-- kept. A script's second sweep, one with another space, has a folder of its own unless that is named;
-- where it is named, the two have it in turn.
-- @param given options of the caller
-- @return absolute path, and the turn; or nil
function place.of(given)
  local path = given.store
  if path == nil and (given.workers ~= 0 or place.workers(given) ~= 0) then
    path = "sweeps/" .. place.name(given)
    local turn = given.name == nil and turn_of(place.absolute(path), given.space) or 1
    if turn > 1 then path = ("%s-%d"):format(path, turn) end
  end
  if path == nil then return nil end
  path = place.absolute(check_string("store", path))
  return path, turn_of(path, given.space)
end

return place
