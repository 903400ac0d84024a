-- Records of a sweep as lines of JSON. JSON has one kind of number and no infinities: a whole number in
-- a config is an integer, and NaN and the infinities are words.

local cjson = require("cjson").new()
local json = require "sslkit.text.json"

local codec = {}

local WORDS = { nan = -(0 / 0), inf = math.huge, ["-inf"] = -math.huge }

--- A record as a line, with its end.
-- @param record table of plain data
-- @return string
-- @example require("sslkit.sweep.codec").encode{ value = 0/0 } --> {"value": "nan"}
function codec.encode(record) return json.encode(json.speakable(record)) .. "\n" end

local function numbers(t)
  for key, v in pairs(t) do
    if type(v) == "table" then numbers(v) else t[key] = WORDS[v] or v end
  end
  return t
end

--- A config as every trial gets it, wherever it runs: a new table, in which whole numbers are
-- integers.
-- @param config table of plain data
-- @return table
-- @example math.type(require("sslkit.sweep.codec").config{ k = 20.0 }.k) --> integer
function codec.config(config)
  local out = {}
  for key, v in pairs(config) do
    local digit = type(key) == "string" and key:byte()
    if digit and digit >= 48 and digit <= 57 and key:find "^%d+$" then -- of {"adam", lr = 0.1}, which JSON has not
      key = math.tointeger(tonumber(key)) or key
    end
    if type(v) == "table" then
      out[key] = codec.config(v)
    else
      out[key] = type(v) == "number" and math.tointeger(v) or v
    end
  end
  return out
end

local TABLES, NONE = { "values", "reports", "config" }, {}
local WHOLE = {
  "number", "replicate", "seed", "pid", "peak_memory", "started", "finished", "time", "version",
}

--- The record in a line.
-- @param line string
-- @return table, or nil where that is something else
-- @example require("sslkit.sweep.codec").decode('{"value": "inf"}').value --> inf
function codec.decode(line)
  if not line:find "^%s*{" then return nil end
  local ok, record = pcall(cjson.decode, line)
  if not ok then return nil end
  for _, name in ipairs(WHOLE) do record[name] = math.tointeger(record[name]) or record[name] end
  record.value = WORDS[record.value] or record.value
  for _, name in ipairs(TABLES) do
    if record[name] ~= nil and type(record[name]) ~= "table" then return nil end
  end
  if record.values then numbers(record.values) end
  for _, report in ipairs(record.reports or NONE) do
    if type(report) ~= "table" then return nil end
    numbers(report)
    report[1] = math.tointeger(report[1]) or report[1]
  end
  if record.config then record.config = codec.config(record.config) end
  return record
end

return codec
