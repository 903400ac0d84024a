-- Accumulators back from files.

local check = require "sslkit.check"
local state = require "sslkit.metrics.engine.state"

--- Reads an accumulator that A:save(path) wrote, on this machine or another.
-- @param path string
-- @return accumulator; or nil and a message when the file is missing, damaged or something else
-- @raise a path that is no string
-- @example select(2, ssl.metrics.load_accumulator("nowhere.acc")) --> nowhere.acc: No such file or directory
local function load_accumulator(path)
  if type(path) ~= "string" then check.fail(1, "path expected, got %s", check.kind(path)) end
  if path:find("\0", 1, true) then check.fail(1, "a path cannot hold a zero byte") end
  local accumulator, message = state.decode(path)
  if not accumulator then return nil, path .. ": " .. message end
  return accumulator
end

return load_accumulator
