-- Logs of JSON lines, back as tables.

local check = require "sslkit.check"
local json = require "sslkit.log.json"
local sink = require "sslkit.log.sink"
local T = require "sslkit.tensor"

local NAN = -(0 / 0)

--- The records of a log: a list that can be called for the next one, and so stand in a `for`.
-- @kind Records, records
local Records = { __name = "sslkit.log.records" }
Records.__index = Records

local read = {}

--- Reads a log of JSON lines: `for record in assert(ssl.log.read(path)) do print(record.loss) end`. A
-- last line without an end, which a kill has cut off or which is just being written, is left out
-- unless it is whole. null becomes NaN; numbers are floats but for the step, and those above 2^53 are
-- rounded.
-- @param path string
-- @return records: a list of tables, which can be called for the next one, and whose `:column(name)`
-- gives a field of all; or nil and a message when the file is missing, or another line is no JSON object
-- @raise a path that is no string
-- @example ssl.log.read "/nowhere/a.jsonl" --> nil
-- @example local p = os.tmpname(); ssl.log.jsonl(p):write{loss = 0.5}:close(); local r = ssl.log.read(p); os.remove(p); return r[1].loss --> 0.5
function read.read(path)
  local file <close>, message = io.open(sink.check_path(1, path), "rb")
  if not file then return nil, message end
  local list, place, number = {}, {}, 0
  local text
  text, message = file:read "a"
  if not text then return nil, ("%s: %s"):format(path, message) end
  for line, stop in text:gmatch "([^\n]*)(\n?)" do
    number = number + 1
    local record = json.decode(line)
    if record then
      list[#list + 1] = record
      place[record] = #list
    elseif stop == "\n" and line:find "%S" then
      return nil, ("%s: line %d is no JSON object"):format(path, number)
    end
  end
  return setmetatable(list, {
    __index = Records, __name = Records.__name, __tostring = Records.__tostring,
    __call = function(self, _, last) return self[(place[last] or 0) + 1] end,
  })
end

function Records:__tostring()
  local last = self[#self]
  return ("%d record%s%s"):format(#self, #self == 1 and "" or "s",
    last and last.step and (", last step %s"):format(last.step) or "")
end

-- The field of a table, "outer/inner" in nested ones; names may hold slashes of their own.
local function field(t, name)
  local v = t[name]
  if v == nil then v = t[math.tointeger(tonumber(name))] end
  if v ~= nil then return v end
  for at in name:gmatch "()/" do
    local outer = field(t, name:sub(1, at - 1))
    v = type(outer) == "table" and field(outer, name:sub(at + 1)) or nil
    if v ~= nil then return v end
  end
end

--- A field of all records.
-- @param name string; of a nested field "outer/inner"
-- @return float64 tensor with as many elements as there are records, NaN where one has no such number
-- @raise a name that no record has
-- @example local p = os.tmpname(); ssl.log.jsonl(p):write{a = 1}:write{b = 2}:close(); local r = ssl.log.read(p); os.remove(p); return r:column("a"):isnan():sum():item() --> 1
function Records:column(name)
  if type(name) ~= "string" then check.fail(2, "name expected, got %s", check.kind(name)) end
  local column, found = {}, false
  for i, record in ipairs(self) do
    local v = field(record, name)
    found = found or v ~= nil
    if type(v) == "boolean" then v = v and 1 or 0 end
    column[i] = type(v) == "number" and v or NAN
  end
  if not found and #self > 0 then check.fail(2, "no record has a field '%s'", name) end
  return (#column > 0 and T.tensor(column, "float64") or T.zeros({ 0 }, "float64"))
end

return read
