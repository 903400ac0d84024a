-- The trials as a table in a file, for other programs.

local check = require "sslkit.check"
local codec = require "sslkit.sweep.codec"
local core = require "sslkit.core"
local csv = require "sslkit.text.csv"
local settings = require "sslkit.sweep.settings"

local FIRST = { "id", "state", "value", "seed", "replicate", "seconds", "peak_memory", "host" }

-- The settings or values of a row, by their paths under a first name.
local function below(prefix, t)
  local out = {}
  for path, v in pairs(settings.flat(t)) do out[prefix .. path] = v end
  return out
end

local function names_of(tables)
  local names, seen = {}, {}
  for _, t in ipairs(tables) do
    for name in pairs(t) do
      if not seen[name] then
        names[#names + 1], seen[name] = name, true
      end
    end
  end
  table.sort(names)
  return names
end

local function as_csv(rows)
  local configs, values = {}, {}
  for i, row in ipairs(rows) do
    configs[i], values[i] = below("config.", row.config), below("values.", row.values)
  end
  local config_names, value_names = names_of(configs), names_of(values)
  local names = table.move(FIRST, 1, #FIRST, 1, {})
  table.move(config_names, 1, #config_names, #names + 1, names)
  table.move(value_names, 1, #value_names, #names + 1, names)
  names[#names + 1] = "error"
  local cells = {}
  for i, row in ipairs(rows) do
    cells[i] = {}
    for k, name in ipairs(names) do
      local v = configs[i][name]
      if v == nil then v = values[i][name] end
      if v == nil then v = row[name] end
      cells[i][k] = v
    end
  end
  return csv.table(names, cells)
end

local function as_lines(rows)
  local lines = {}
  for i, row in ipairs(rows) do lines[i] = codec.encode(row) end
  return table.concat(lines)
end

local function as_json(rows)
  return "[\n" .. as_lines(rows):gsub("\n$", ""):gsub("\n", ",\n") .. "\n]\n"
end

local FORMATS = { csv = as_csv, json = as_json, jsonl = as_lines }

-- Writes rows of a study to a .csv, .json or .jsonl; true, or nil and a message.
return function(rows, path)
  if type(path) ~= "string" then check.fail(2, "path expected, got %s", check.kind(path)) end
  local format = FORMATS[path:match "%.(%w+)$"]
  if not format then check.fail(2, "a .csv, .json or .jsonl expected, got '%s'", path) end
  local ok, message = core.write_atomic(path, { format(rows) })
  return ok, message
end
