-- Config files: JSON, or Lua that can do nothing but compute its values.

local kinds = require "sslkit.config.kinds"

local file = {}

local STEPS = 1000000 -- instructions that a Lua file may take
local ROOM = 16384 -- KiB that it may fill
local LARGEST = 1 << 24 -- bytes of a file
local TOO_LONG = ("takes more than %d steps"):format(STEPS)
local TOO_LARGE = ("takes more than %d KiB"):format(ROOM)

local function read(path)
  local handle, message = io.open(path, "rb")
  if not handle then return nil, (message:gsub("^.*: ", "")) end
  local text
  text, message = handle:read(LARGEST + 1)
  handle:close()
  if not text then
    if message then return nil, message end
    return "" -- an empty file
  end
  if #text > LARGEST then return nil, ("larger than %d bytes"):format(LARGEST) end
  return text
end

-- Runs a chunk of which nothing is known: no globals, no methods of strings, limits for its
-- instructions and its memory. The collector waits meanwhile, since finalisers of others may need
-- the methods.
local function run_limited(chunk)
  local strings = getmetatable ""
  local methods, steps = strings.__index, 0
  local room = collectgarbage "count" + ROOM
  local hook, mask, count = debug.gethook()
  local running = collectgarbage "isrunning"
  collectgarbage "stop"
  debug.sethook(function()
    steps = steps + 1
    local reason = steps > STEPS and TOO_LONG or collectgarbage "count" > room and TOO_LARGE
    if reason then
      debug.sethook() -- or it would meet what undoes all this, below
      error(reason, 0)
    end
  end, "", 1)
  strings.__index = nil
  local ok, value = pcall(chunk)
  strings.__index = methods
  debug.sethook(type(hook) == "function" and hook or nil, mask, count)
  if running then collectgarbage "restart" end
  return ok, value
end

-- return { ... }, or assignments to globals.
local function decode_lua(text)
  if not debug then return nil, "a config in Lua needs Lua's debug library; JSON does not" end
  local values = {}
  local chunk, result = load(text, "=line", "t", values)
  local ok = chunk
  if ok then ok, result = run_limited(chunk) end
  if not ok then return nil, (tostring(result):gsub("^line:(%d+)", "line %1")) end
  if result == nil then return values end
  if type(result) ~= "table" then return nil, ("returns a %s, not a table"):format(type(result)) end
  if next(values) then return nil, "returns a table and assigns to names; one of them expected" end
  return result
end

local function decode_json(text)
  local value, message = kinds.of_json(text)
  if type(value) == "table" and #value == 0 then return value end
  return nil, message or "a JSON object expected"
end

--- The values in a file: what `--out` wrote gives its config.
-- @param path string: .json, or Lua, `return {lr = 0.1}` or `lr = 0.1`
-- @param schema of the config
-- @return table, or nil and a message
function file.read(path, schema)
  local text, message = read(path)
  if not text then return nil, message end
  local values
  if path:lower():find "%.json$" then
    values, message = decode_json(text)
  else
    values, message = decode_lua(text)
  end
  if not values then return nil, message end
  local record = type(values.config) == "table" and type(values.versions) == "table"
  if record and not schema.kinds.config then return values.config end
  return values
end

return file
