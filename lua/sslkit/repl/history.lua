-- The inputs of earlier sessions, in a file that only its user can read: one a line, with \n for the
-- line breaks inside of one and \\ for a backslash. Whatever goes wrong with it is no matter.

local core = require "sslkit.core"

local History = {}
History.__index = History

local MOST = 2000 -- entries that are kept

--- Where it is: SSLKIT_HISTORY ("" for none), or by the XDG convention for state.
-- @return path, or nil for none
function History.path()
  local path = os.getenv "SSLKIT_HISTORY"
  if path then return path ~= "" and path or nil end
  local state, home = os.getenv "XDG_STATE_HOME", os.getenv "HOME"
  if state and state:find "^/" then return state .. "/sslkit/history" end
  return home and home ~= "" and home .. "/.local/state/sslkit/history" or nil
end

local function encode(entry)
  return (entry:gsub("[\\\n%z]", { ["\\"] = "\\\\", ["\n"] = "\\n", ["\0"] = "" }))
end

local function decode(line)
  return (line:gsub("\\(.)", function(c) return c == "n" and "\n" or c end))
end

-- The last entries of a file, and how many it holds in all.
local function read(path)
  local entries, count = {}, 0
  local file = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  for line in (text or ""):gmatch "[^\n]+" do
    count = count + 1
    entries[count] = decode(line)
  end
  return table.move(entries, math.max(1, count - MOST + 1), count, 1, {}), count
end

--- Reads the history, and cuts the file when it has grown long.
-- @param path string, or nil for one that is kept in memory
-- @return list of entries with methods
function History.open(path)
  local entries, count = {}, 0
  if path then entries, count = read(path) end
  if count > 2 * MOST then
    local lines = {}
    for i, entry in ipairs(entries) do lines[i] = encode(entry) .. "\n" end
    core.write_atomic(path, lines)
  end
  entries.file = path
  return setmetatable(entries, History)
end

--- Adds an input, unless it repeats the one before, is blank, or begins with a space (which keeps it
-- from the file, and from the arrow keys).
-- @param entry string
function History:add(entry)
  entry = entry:gsub("%s+$", "")
  if entry == "" or entry:find "^%s" or entry == self[#self] then return end
  self[#self + 1] = entry
  if #self > MOST then table.remove(self, 1) end
  if self.file then core.append_private(self.file, encode(entry) .. "\n") end
end

return History
