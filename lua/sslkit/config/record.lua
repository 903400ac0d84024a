-- What a run was: its config and all that is needed to repeat it, written before it starts.

local core = require "sslkit.core"
local json = require "sslkit.text.json"
local T = require "sslkit.tensor"

local record = {}

local MISSING = "--out needs the library LuaFileSystem; apt-get install lua-filesystem, or "
  .. "luarocks install luafilesystem"

-- Makes a folder and those around it; true, or nil and a message.
local function make_folder(path)
  local found, lfs = pcall(require, "lfs")
  if not found then return nil, MISSING end
  if lfs.attributes(path, "mode") == "directory" then return true end
  local outer = path:match "^(.*[^/])/+[^/]+/*$"
  if outer then
    local ok, message = make_folder(outer)
    if not ok then return nil, message end
  end
  local ok, message = lfs.mkdir(path)
  if not ok and lfs.attributes(path, "mode") ~= "directory" then
    return nil, path .. ": " .. message
  end
  return true
end

--- Writes config.json.
-- @param config table
-- @param run out = folder, which is made; script, arguments, seed
-- @return true, or nil and a message
function record.write(config, run)
  local ok, message = make_folder(run.out)
  if not ok then return nil, message end
  local build = T.build()
  local text = json.encode({
    config = json.speakable(config), -- words that a config file may hold, too
    script = run.script, arguments = run.arguments, seed = run.seed,
    threads = build.threads, started = os.date "!%Y-%m-%dT%H:%M:%SZ",
    versions = {
      sslkit = build.version, lua = build.lua, compiler = build.compiler, blas = build.blas,
      lapack = build.lapack, simd = build.simd,
    },
  }, { indent = 2 })
  return core.write_atomic(run.out:gsub("/*$", "") .. "/config.json", { text, "\n" })
end

return record
